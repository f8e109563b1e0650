//go:build linux

package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

func connect(t *testing.T, s *harness.Server) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func exec(t *testing.T, c *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func number(t *testing.T, c *pgx.Conn, sql string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := c.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// run executes a statement and drops what it returns.
func run(ctx context.Context, c *pgx.Conn, sql string) error {
	_, err := c.PgConn().Exec(ctx, sql).ReadAll()
	return err
}

// wantCode checks the SQLSTATE of an error.
func wantCode(t *testing.T, what string, err error, codes ...string) {
	t.Helper()
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		t.Errorf("%s: got %v, want an error %v", what, err, codes)
		return
	}
	for _, code := range codes {
		if e.Code == code {
			return
		}
	}
	t.Errorf("%s: got %s %s (%s), want %v", what, e.Code, e.Message, e.Detail, codes)
}

// fill appends events of two types to some streams.
func fill(t *testing.T, c *pgx.Conn, n int) {
	t.Helper()
	_, err := c.CopyFrom(t.Context(), pgx.Identifier{"events"}, []string{"stream", "type", "payload"},
		pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			return []any{fmt.Sprintf("s-%d", i%100), []string{"A", "B"}[i%2], fmt.Sprintf(`{"n": %d, "text": "%064d"}`, i, i)}, nil
		}))
	if err != nil {
		t.Fatal(err)
	}
}

// workerPID finds the worker among the server's children.
func workerPID(t *testing.T, s *harness.Server) int {
	t.Helper()
	pid := 0
	harness.Await(t, "the worker runs", func() bool {
		children, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.PID))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range children {
			b, err := os.ReadFile(name)
			if err != nil {
				continue // the thread has ended
			}
			for _, field := range strings.Fields(string(b)) {
				pid, _ = strconv.Atoi(field)
			}
		}
		return pid != 0
	})
	return pid
}

// killWorker ends the worker and waits until the process is gone.
func killWorker(t *testing.T, s *harness.Server) {
	t.Helper()
	pid := workerPID(t, s)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// Until it is reaped its sockets may still be open, and take statements.
	harness.Await(t, "the worker is gone", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
		return err != nil
	})
}

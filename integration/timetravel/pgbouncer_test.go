//go:build unix

package timetravel

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/integration/postgres"
)

// bouncer starts PgBouncer before a server, with one connection that it gives away by the transaction, and returns an address.
func bouncer(t *testing.T, server *harness.Server) string {
	t.Helper()
	program := harness.Need(t, "pgbouncer")
	port, err := postgres.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "eventgres-bouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "ini")
	config := fmt.Sprintf("[databases]\nevents = host=127.0.0.1 port=%d user=test\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 1\n",
		server.Port, port)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{file}
	if os.Getuid() == 0 { // it refuses to run as root
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, err := strconv.Atoi(nobody.Uid)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{dir, file} {
			if err := os.Chown(name, uid, -1); err != nil {
				t.Fatal(err)
			}
		}
		args = append([]string{"-u", "nobody"}, args...)
	}
	var log strings.Builder
	cmd := exec.Command(program, args...)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for begin := time.Now(); ; <-poll.C {
		nc, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			nc.Close()
			return fmt.Sprintf("postgres://127.0.0.1:%d/events?sslmode=disable&user=test&default_query_exec_mode=simple_protocol", port)
		}
		if time.Since(begin) > time.Minute {
			t.Fatal(err)
		}
	}
}

// TestPool: clients that share one connection by the transaction read each as of its own moment, and nobody's stays behind.
func TestPool(t *testing.T) {
	server := harness.Eventgres(t)
	url := bouncer(t, server)
	setup := connect(t, url, "")
	must(t, setup, "INSERT INTO events (stream, type) VALUES ('s', 'A'), ('s', 'A'), ('s', 'A'), ('s', 'A')")
	var clients sync.WaitGroup
	for client := range 4 {
		conn := connect(t, url, "")
		clients.Go(func() {
			for i := range 30 {
				p := (client + i) % 4
				for _, sql := range []string{
					fmt.Sprintf("BEGIN; SET LOCAL eventgres.as_of = %d; SELECT count(*) FROM events; COMMIT", p),
					fmt.Sprintf("BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '%d'; SELECT count(*) FROM events; COMMIT", p),
					fmt.Sprintf("BEGIN; SET LOCAL eventgres.as_of = %d; SELECT count(*) FROM events; ROLLBACK", p),
				} {
					if got, err := count(t, conn, sql); err != nil || got != strconv.Itoa(p+1) {
						t.Errorf("%s: %s, %v", sql, got, err)
					}
				}
				if got, err := count(t, conn, "SELECT count(*) FROM events"); err != nil || got != "4" {
					t.Errorf("between: %s, %v", got, err)
				}
			}
		})
	}
	clients.Wait()
}

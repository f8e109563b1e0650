package messagedb

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// modules is the directory of the programs for Node.js, with what they need.
func modules(t *testing.T) string {
	dir, err := filepath.Abs("testdata/node")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules/message-db-connector")); err != nil {
		harness.Missing(t, fmt.Errorf("sh integration/messagedb/install.sh was not run: %w", err))
	}
	return dir
}

// asStore is the server's address for the role message_store.
func asStore(s *harness.Server) string {
	return "postgresql://message_store@" + s.Address() + "/message_store"
}

// TestNode runs clients of Message DB's for Node.js, as npm has them.
func TestNode(t *testing.T) {
	node, dir := harness.Need(t, "node"), modules(t)
	s := harness.Eventgres(t)
	for _, program := range []string{"connector.js", "store.js"} {
		t.Run(program, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), node, program)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "DATABASE_URL="+asStore(s))
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "ok") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestToldPositions: a position that was told in a transaction block is the message's, whoever writes to the category meanwhile, and COMMIT does not fail.
func TestToldPositions(t *testing.T) {
	s := harness.Eventgres(t)
	const rounds = 20
	var wg sync.WaitGroup
	fail := make(chan error, 8)
	write := func(c *pgx.Conn, expected any) (position int64, err error) {
		err = c.QueryRow(t.Context(), "SELECT write_message(gen_random_uuid()::varchar, 'race-1', 'A', '{}', NULL, $1::bigint)", expected).Scan(&position)
		return position, err
	}
	for i := range 4 {
		conn, err := pgx.Connect(t.Context(), asStore(s))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		wg.Go(func() {
			for range rounds {
				if i%2 == 0 { // at once
					if _, err := write(conn, nil); err != nil {
						fail <- err
						return
					}
					continue
				}
				if err := inBlock(t, conn, write); err != nil {
					fail <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(fail)
	for err := range fail {
		t.Error(err)
	}
	conn, err := pgx.Connect(t.Context(), asStore(s))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var version int64
	if err := conn.QueryRow(t.Context(), "SELECT stream_version('race-1')").Scan(&version); err != nil || version != 6*rounds-1 {
		t.Errorf("the stream is at %d, %v", version, err)
	}
}

// inBlock writes two messages in a transaction and looks whether they are where it was told.
func inBlock(t *testing.T, conn *pgx.Conn, write func(*pgx.Conn, any) (int64, error)) error {
	if _, err := conn.Exec(t.Context(), "BEGIN"); err != nil {
		return err
	}
	first, err := write(conn, nil)
	if err != nil {
		return err
	}
	if second, err := write(conn, first); err != nil || second != first+1 {
		return fmt.Errorf("%d behind %d: %w", second, first, err)
	}
	if _, err := conn.Exec(t.Context(), "COMMIT"); err != nil {
		return err
	}
	var n int
	err = conn.QueryRow(t.Context(), "SELECT count(*) FROM get_stream_messages('race-1', $1::bigint, 2)", first).Scan(&n)
	if err == nil && n != 2 {
		err = fmt.Errorf("%d messages from %d on", n, first)
	}
	return err
}

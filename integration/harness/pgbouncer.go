package harness

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/postgres"
)

// pool are PgBouncer's settings where a test has none of its own.
const pool = `[databases]
events = host=%s port=%d dbname=%s user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = %s
default_pool_size = %d
server_reset_query = DISCARD ALL
ignore_startup_parameters = extra_float_digits
`

// Pool starts PgBouncer before a server, with so many connections that it gives away by the transaction or by the session, and returns the pool's
// address.
func Pool(t testing.TB, url, mode string, size int) string {
	t.Helper()
	server, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	port := PgBouncer(t, nil, func(_ string, port int) string {
		return fmt.Sprintf(pool, server.Host, server.Port, server.Database, server.User, port, mode, size)
	})
	return fmt.Sprintf("postgres://127.0.0.1:%d/events?sslmode=disable&user=%s", port, server.User)
}

// PgBouncer starts PgBouncer, and returns its port. What it is to do says settings, which is told the port, and the directory where the files are
// that they name.
func PgBouncer(t testing.TB, files map[string][]byte, settings func(dir string, port int) string) (port int) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	program := Need(t, "pgbouncer")
	port, err := postgres.FreePort()
	must(err)
	dir, err := os.MkdirTemp("", "eventgres-pgbouncer-")
	must(err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(os.Chmod(dir, 0o755))
	ini := filepath.Join(dir, "pgbouncer.ini")
	must(os.WriteFile(ini, []byte(settings(dir, port)), 0o600))
	for name, text := range files {
		must(os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	args := []string{ini}
	if os.Getuid() == 0 { // it refuses to run as root
		args = append([]string{"-u", "nobody"}, args...)
		must(give(dir, "nobody"))
	}
	said := newLog()
	cmd := exec.Command(program, args...)
	cmd.Stderr = said
	must(cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("pgbouncer:\n%s", said)
		}
	})
	if !said.has("process up", startTime) { // which it says when it listens
		t.Fatal("PgBouncer does not start")
	}
	return port
}

// give gives the files of a directory to a user.
func give(dir, name string) error {
	to, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(to.Uid)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, file := range files {
		if err == nil {
			err = os.Chown(file, uid, -1)
		}
	}
	return err
}

//go:build unix

package cli

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestModes: whatever umask the server is started with, each file and directory of a data directory is its
// owner's alone, while the server runs, in the middle of a query that spills, when it has stopped, and in
// what backup, restore and repair make.
func TestModes(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o777); err != nil { // empty, so that it may be mended
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	if err := os.Mkdir(socket, 0o700); err != nil {
		t.Fatal(err)
	}
	unmasked := harness.WithCommand("/bin/sh", "-c", `umask 0; exec "$@"`, "sh")
	server := harness.Eventgres(t, unmasked, harness.WithData(data),
		harness.WithArgs("--segment-bytes", "65536", "--sample", "--socket", socket, "--worker-memory", "134217728"))
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range []string{"CREATE VIEW v AS SELECT 1", "SELECT sum(length(payload::text)) FROM events GROUP BY type"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	private(t, "while it runs", data)
	private(t, "while it runs", socket)
	// More than the worker's memory: it spills, and what it spills is looked at when the first row has come.
	rows, err := conn.Query(t.Context(), "SELECT e.payload::text || f.n FROM events e, generate_series(1, 400) f(n) ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	rows.Next() // or it has run out of memory, after it has spilled
	if spilled, _ := os.ReadDir(filepath.Join(data, "analytics.tmp")); len(spilled) == 0 {
		t.Error("the query does not spill")
	}
	private(t, "while a query spills", data)
	conn.Close(t.Context())
	old := filepath.Join(data, "analytics.duckdb")
	server.Stop()
	private(t, "after it has stopped", data)

	// Of earlier releases the projection was everybody's to read.
	if err := os.Chmod(old, 0o644); err != nil {
		t.Fatal(err)
	}
	server.Restart()
	again, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close(t.Context())
	if _, err := again.Exec(t.Context(), "SELECT sum(length(payload::text)) FROM events GROUP BY type"); err != nil {
		t.Fatal(err)
	}
	private(t, "after a restart", data)
	server.Stop()

	run := func(args ...string) {
		t.Helper()
		argv := append([]string{"-c", `umask 0; exec "$@"`, "sh", harness.Binary(t)}, args...)
		if out, err := exec.Command("/bin/sh", argv...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	backup, restored := filepath.Join(dir, "backup"), filepath.Join(dir, "restored")
	run("backup", backup, "--data", data)
	private(t, "a backup", backup)
	run("restore", backup, "--data", restored)
	private(t, "what is restored", restored)
	run("repair", "--data", restored, "--cut-at", "1000")
	private(t, "what is repaired", restored)

	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"serve", "--listen", "127.0.0.1:0"}, {"verify"}, {"backup", filepath.Join(dir, "other")}, {"repair", "--indexes"},
	} {
		out, err := exec.Command(harness.Binary(t), append(args, "--data", data)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "chmod -R go-rwx "+data) {
			t.Errorf("%s of a directory that others can read: %v\n%s", args[0], err, out)
		}
	}
}

// private looks at every file below a directory.
func private(t *testing.T, when, dir string) {
	t.Helper()
	n := 0
	if err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if os.IsNotExist(err) {
			return nil // it has gone meanwhile
		}
		if err != nil {
			return err
		}
		if n++; info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %s is %v", when, name, info.Mode())
		}
		return nil
	}); err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
	if n < 2 {
		t.Errorf("%s: %d files in %s", when, n, dir)
	}
	t.Logf("%s: %d files", when, n)
}

package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// A backup of a served store, brought up to date after more appends, makes the same store
// elsewhere; a second server serves it.
func TestBackupAndRestore(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--segment-bytes", "100000"))
	lines := must(t, "", "sample")
	must(t, lines, "import", "-", "--url", server.URL())
	backup := filepath.Join(t.TempDir(), "backup")
	first := must(t, "", "backup", backup, "--data", server.Data, "--url", server.URL())
	if !strings.Contains(first, "sealed") {
		t.Fatal(first)
	}
	if out := must(t, "", "verify", "--data", server.Data, "--url", server.URL()); !strings.Contains(out, "no damage") {
		t.Errorf("verified while it is served:\n%s", out)
	}
	must(t, `{"stream":"more","type":"Came"}`+"\n", "import", "-", "--url", server.URL())
	second := must(t, "", "backup", backup, "--data", server.Data, "--url", server.URL())
	if !regexp.MustCompile(`segments +[1-9]\d* sealed, 0 of them new`).MatchString(second) {
		t.Errorf("the second backup copied segments anew:\n%s", second)
	}
	want := dump(t, server)
	restored := filepath.Join(t.TempDir(), "restored")
	must(t, "", "restore", backup, "--data", restored)
	other := harness.Eventgres(t, harness.WithData(restored))
	equal(t, "export of the restored store", dump(t, other), want)

	// The server at the URL must be the one that has the directory.
	third := harness.Eventgres(t)
	out := refused(t, "backup", filepath.Join(t.TempDir(), "b"), "--data", server.Data, "--url", third.URL())
	if !strings.Contains(out, "another store") {
		t.Error(out)
	}
	if out := refused(t, "restore", backup, "--data", restored); !strings.Contains(out, "is not empty") {
		t.Error(out)
	}
	manifest := filepath.Join(backup, "BACKUP")
	b, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifest, b[:len(b)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	if out := refused(t, "restore", backup, "--data", filepath.Join(t.TempDir(), "r")); !strings.Contains(out, "BACKUP") {
		t.Error(out)
	}
}

// Who makes backups need not be a superuser: a role does that reads all, past policies, too.
func TestBackupRole(t *testing.T) {
	server := harness.Eventgres(t)
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, server.URL()+"&user=postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range []string{
		"INSERT INTO events (stream, type) VALUES ('a-1', 'A'), ('a-2', 'A')",
		"CREATE ROLE keeper LOGIN BYPASSRLS", "GRANT pg_read_all_data TO keeper",
		"CREATE ROLE reader LOGIN", "GRANT pg_read_all_data TO reader",
		"CREATE ROLE bypass LOGIN BYPASSRLS", "CREATE ROLE monitor LOGIN", "GRANT pg_monitor TO monitor",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	var told, store string
	if err := conn.QueryRow(ctx, "SELECT eventgres_backup_start()::text, store_id::text FROM eventgres_health").Scan(&told, &store); err != nil {
		t.Fatal(err)
	}
	if want := regexp.MustCompile(`^\{"events": 2, "changes": [1-9]\d*, "store_id": "` + store + `"\}$`); !want.MatchString(told) {
		t.Errorf("eventgres_backup_start tells %s", told)
	}
	as := func(role string) string {
		return "postgres://" + role + "@" + server.Address() + "/events?sslmode=disable"
	}
	backup := filepath.Join(t.TempDir(), "backup")
	must(t, "", "backup", backup, "--data", server.Data, "--url", as("keeper"))
	must(t, "", "verify", "--data", server.Data, "--url", as("keeper"))
	for _, role := range []string{"reader", "bypass", "monitor"} {
		if out := refused(t, "backup", filepath.Join(t.TempDir(), "b"), "--data", server.Data, "--url", as(role)); !strings.Contains(out, "permission denied for function eventgres_backup_start") {
			t.Errorf("%s: %s", role, out)
		}
	}
}

// Damage keeps a server from starting; repair cuts where it is told and keeps what it cuts.
func TestRepair(t *testing.T) {
	server := harness.Eventgres(t)
	must(t, must(t, "", "sample"), "import", "-", "--url", server.URL())
	server.Stop()
	segments, err := filepath.Glob(filepath.Join(server.Data, "log", "*.seg"))
	if err != nil || len(segments) == 0 {
		t.Fatal(segments, err)
	}
	segment := segments[len(segments)-1] // which a start reads
	b, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(segment, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := refused(t, "verify", "--data", server.Data); !strings.Contains(out, segment) {
		t.Errorf("verify:\n%s", out)
	}
	if err := server.Start(); err == nil {
		t.Fatal("a server starts on a damaged log")
	}
	out := refused(t, "repair", "--data", server.Data, "--cut-at", "1000000")
	m := regexp.MustCompile(`events before position (\d+) are intact`).FindStringSubmatch(out)
	if m == nil {
		t.Fatal(out)
	}
	out = must(t, "", "repair", "--data", server.Data, "--cut-at", m[1])
	if !strings.Contains(out, "kept in "+filepath.Join(server.Data, "taken-out-")) {
		t.Errorf("repair:\n%s", out)
	}
	server.Restart()
	if got := strconv.Itoa(number(t, server, "SELECT count(*) FROM events")); got != m[1] {
		t.Errorf("%s events instead of %s", got, m[1])
	}
	if out := refused(t, "repair", "--data", server.Data); !strings.Contains(out, "nothing to do") {
		t.Error(out)
	}
}

// What analytical statements read is compared with the log, and made anew when it is taken out.
func TestVerifyProjection(t *testing.T) {
	server := harness.Eventgres(t)
	must(t, must(t, "", "sample"), "import", "-", "--url", server.URL())
	const sum = "SELECT sum(length(payload::text))::int FROM events"
	want := number(t, server, sum)
	if out := must(t, "", "verify", "--data", server.Data, "--url", server.URL()); !strings.Contains(out, "projection a server has it open") {
		t.Errorf("verify beside a server:\n%s", out)
	}
	server.Stop()
	if out := must(t, "", "verify", "--data", server.Data); !regexp.MustCompile(`projection \d+ events, the same as in the log`).MatchString(out) {
		t.Errorf("verify:\n%s", out)
	}
	if out := must(t, "", "repair", "--data", server.Data, "--projection"); !strings.Contains(out, "1 file kept in") {
		t.Errorf("repair:\n%s", out)
	}
	if out := must(t, "", "verify", "--data", server.Data); !strings.Contains(out, "projection none") {
		t.Errorf("verify without a projection:\n%s", out)
	}
	server.Restart()
	if got := number(t, server, sum); got != want {
		t.Errorf("%d instead of %d", got, want)
	}
}

// refused runs a command that has to fail, and returns what it says.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	r := eventgres(t, "", args...)
	if r.status == 0 {
		t.Fatalf("eventgres %s: exit status 0\n%s", strings.Join(args, " "), r.stdout)
	}
	return r.stdout + r.stderr
}

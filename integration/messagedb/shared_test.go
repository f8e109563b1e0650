package messagedb

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestShared runs the statements of the acceptance suite, where that is beside the checkout, and compares with what the real one has answered.
func TestShared(t *testing.T) {
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(root, "..", "shared", "messagedb", "run.sh")
	if dir := os.Getenv("EVENTGRES_SHARED"); dir != "" {
		script = filepath.Join(dir, "messagedb", "run.sh")
	}
	if _, err := os.Stat(script); err != nil {
		t.Skipf("the acceptance suite is not beside the checkout: %v", err)
	}
	harness.Need(t, "psql")
	s := harness.Eventgres(t)
	_, port, _ := splitAddress(s.Address())
	conn, err := pgx.Connect(t.Context(), asStore(s))
	if err == nil { // the script gives each of its cases a minute: the worker starts before
		_, err = conn.Exec(t.Context(), "SELECT * FROM stream_summary")
		_ = conn.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", script, port)
	cmd.Env = append(os.Environ(), "OUT="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	var differ, declared []string
	for _, m := range regexp.MustCompile(`(?m)^differs, accepted: (\S+)`).FindAllSubmatch(out, -1) {
		differ = append(differ, string(m[1]))
	}
	for _, d := range Accepted {
		declared = append(declared, d.Cases...)
	}
	slices.Sort(differ)
	slices.Sort(declared)
	if !slices.Equal(differ, declared) {
		t.Errorf("these differ:          %q\nthese are declared to: %q", differ, declared)
	}
	t.Logf("%s", regexp.MustCompile(`(?m)^.* identical$`).FindAll(out, -1))
}

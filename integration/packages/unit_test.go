//go:build linux

package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

const unit = "deploy/systemd/eventgres.service"

// unitValues are what the unit gives a name, in order.
func unitValues(t *testing.T, name string) (values []string) {
	t.Helper()
	for line := range strings.Lines(harness.Document(t, unit)) {
		if value, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), name+"="); ok {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		t.Fatalf("the unit has no %s", name)
	}
	return values
}

// analyze runs systemd-analyze, which needs no systemd that runs.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), harness.Need(t, "systemd-analyze"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestUnit: systemd finds nothing wrong with the unit, and little that it might do to the machine.
func TestUnit(t *testing.T) {
	text := harness.Document(t, unit)
	file := filepath.Join(t.TempDir(), "eventgres.service")
	// The program is not installed here.
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "/usr/bin/eventgres ", harness.Binary(t)+" ")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := analyze(t, "verify", "--man=no", file); out != "" {
		t.Errorf("systemd-analyze verify says\n%s", out)
	}
	// In tenths, of ten, which is a unit without any of it.
	analyze(t, "security", "--offline=yes", "--threshold=20", "--no-pager", file)
}

// TestUnitFlags: the flags of the command that the unit starts are there.
func TestUnitFlags(t *testing.T) {
	serve := usage(t)["serve"]
	for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(unitValues(t, "ExecStart")[0], -1) {
		if !slices.Contains(serve, flag) {
			t.Errorf("serve has no %s", flag)
		}
	}
}

// filterSet are the system calls of one of systemd's sets.
func filterSet(t *testing.T, name string) map[string]bool {
	t.Helper()
	calls := map[string]bool{}
	for line := range strings.Lines(analyze(t, "syscall-filter", name)) {
		switch line = strings.TrimSpace(line); {
		case line == name || line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "@"):
			for call := range filterSet(t, line) {
				calls[call] = true
			}
		default:
			calls[line] = true
		}
	}
	if len(calls) == 0 {
		t.Fatalf("%s is empty", name)
	}
	return calls
}

var (
	systemCall = regexp.MustCompile(`(?m)^\d+ +([a-z_0-9]+)\(([^\n]*)`)
	family     = regexp.MustCompile(`^(AF_[A-Z0-9]+)`)
)

// TestUnitAllows: what the server and its worker ask of the kernel, from start to end, the unit allows.
func TestUnitAllows(t *testing.T) {
	allowed := map[string]bool{"restart_syscall": true} // the kernel's own
	for _, filter := range unitValues(t, "SystemCallFilter") {
		set, denies := strings.CutPrefix(filter, "~")
		for call := range filterSet(t, set) {
			allowed[call] = !denies
		}
	}
	families := strings.Fields(unitValues(t, "RestrictAddressFamilies")[0])
	strace := harness.Need(t, "strace")
	if out, err := exec.CommandContext(t.Context(), strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace: %v\n%s", err, out)
	}
	file := filepath.Join(t.TempDir(), "trace")
	server := harness.Eventgres(t, harness.WithCommand(strace, "-D", "-f", "-qq", "-s", "0", "-e", "signal=none", "-o", file),
		harness.WithArgs("--sample", "--socket", t.TempDir(), "--tls-self-signed", "--http", "127.0.0.1:0"))
	work(t, server)
	if err := syscall.Kill(server.PID, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	server.AwaitLog("reloading")
	server.Stop()
	traced, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, m := range systemCall.FindAllStringSubmatch(string(traced), -1) {
		call, args := m[1], m[2]
		complaint := ""
		switch of := family.FindString(args); {
		case !allowed[call]:
			complaint = call
		case call == "socket" && !slices.Contains(families, of):
			complaint = call + " " + of
		case strings.Contains(args, "PROT_EXEC") && (strings.Contains(args, "PROT_WRITE") || call != "mmap"):
			complaint = call + " that makes memory executable"
		}
		if complaint != "" && !told[complaint] {
			t.Errorf("the unit denies %s(%s", complaint, args)
		}
		told[call], told[complaint] = true, true
	}
	for _, call := range []string{"fdatasync", "execve", "accept4", "sched_setattr"} {
		if !told[call] {
			t.Errorf("the trace has no %s", call)
		}
	}
}

// work has a server do a little of everything.
func work(t *testing.T, server *harness.Server) {
	t.Helper()
	server.AwaitLog("the analytics worker is ready")
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range []string{
		"INSERT INTO events (stream, type) VALUES ('account-ada', 'Opened')",
		"CREATE VIEW v AS SELECT count(DISTINCT type) FROM events",
		"SELECT * FROM v",
		"SELECT * FROM events WHERE stream = 'account-ada'",
		"SELECT e.payload::text || n FROM events e, generate_series(1, 3) n ORDER BY 1",
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

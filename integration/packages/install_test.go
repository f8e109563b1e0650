//go:build linux

package packages

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	module "github.com/eventgres/eventgres"
)

// A service is the installed server, started as systemd starts it.
type service struct {
	listener
	cmd    *exec.Cmd
	log    strings.Builder
	status string // of READY
}

// start runs ExecStart's line as the unit's user, and waits until it says that it is ready. The port is one that is free.
func (r root) start(t *testing.T) *service {
	t.Helper()
	const socket = "/run/notify"
	s := &service{listener: listenAt(t, r.path(socket))}
	if err := os.Chmod(r.path(socket), 0o777); err != nil {
		t.Fatal(err)
	}
	r.run(t, "install", "-d", "-o", "eventgres", "-g", "eventgres", "/run/eventgres") // RuntimeDirectory
	user := unitValues(t, "User")[0]
	argv := []string{"/usr/bin/setpriv", "--reuid=" + user, "--regid=" + unitValues(t, "Group")[0], "--clear-groups", "--no-new-privs", "--bounding-set=-all"}
	s.cmd = r.command(t, append(argv, strings.Fields(unitValues(t, "ExecStart")[0])...)...)
	s.cmd.Env = append(s.cmd.Env, "NOTIFY_SOCKET="+socket, "EVENTGRES_LISTEN=127.0.0.1:0")
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		if t.Failed() {
			t.Log(s.log.String())
		}
	})
	var b [4096]byte
	_ = s.SetReadDeadline(time.Now().Add(patience))
	n, err := s.Read(b[:])
	if err != nil || !strings.HasPrefix(string(b[:n]), "READY=1\n") {
		t.Fatalf("told %q, %v; want READY=1", b[:n], err)
	}
	s.status = string(b[:n])
	return s
}

// events counts what is in the log, after it has appended an event.
func (s *service) events(t *testing.T) (n int) {
	t.Helper()
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(s.status)
	conn, err := pgx.Connect(t.Context(), "postgres://test@"+address+"/events?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "INSERT INTO events (stream, type) VALUES ('account-ada', 'Opened')"); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// stop ends it as systemd does.
func (s *service) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.expect(t, "STOPPING=1")
	if err := s.cmd.Wait(); err != nil {
		t.Error(err)
	}
	s.Close()
}

// serve starts the service, has it append one more event than there were, reload and end.
func (r root) serve(t *testing.T, before int) {
	t.Helper()
	s := r.start(t)
	if n := s.events(t); n != before+1 {
		t.Errorf("%d events, want %d", n, before+1)
	}
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil { // ExecReload
		t.Fatal(err)
	}
	s.expect(t, "RELOADING=1")
	s.expect(t, "READY=1")
	s.stop(t)
	_ = os.Remove(r.path("/run/notify"))
}

// checkInstalled looks at what every package brings.
func (r root) checkInstalled(t *testing.T) {
	t.Helper()
	if got := r.run(t, "eventgres", "version"); got != "eventgres "+module.Version+"\n" {
		t.Errorf("eventgres version: %s", got)
	}
	account := strings.Split(strings.TrimSpace(r.run(t, "getent", "passwd", "eventgres")), ":")
	if account[5] != "/var/lib/eventgres" || !strings.HasSuffix(account[6], "/nologin") {
		t.Errorf("the account is %v", account)
	}
	if got := strings.TrimSpace(r.run(t, "stat", "-c", "%a %U %G", "/var/lib/eventgres")); got != "700 eventgres eventgres" {
		t.Errorf("the data directory is %s", got)
	}
	r.run(t, "eventgres", "config", "--check", "/etc/eventgres/eventgres.toml")
	if out := r.run(t, "systemd-analyze", "verify", "--man=no", "eventgres.service"); strings.Contains(out, "eventgres") {
		t.Errorf("systemd-analyze verify says\n%s", out)
	}
	for _, file := range []string{"/usr/share/man/man1/eventgres.1.gz", "/usr/share/bash-completion/completions/eventgres"} {
		if !r.exists(file) {
			t.Errorf("there is no %s", file)
		}
	}
}

// checkRemoved: the program is gone, what it has written and whose that is are not.
func (r root) checkRemoved(t *testing.T) {
	t.Helper()
	if r.exists("/usr/bin/eventgres") {
		t.Error("the program is still there")
	}
	if !r.exists("/var/lib/eventgres/STORE") {
		t.Error("the store is gone")
	}
	r.run(t, "getent", "passwd", "eventgres")
}

func (r root) expectAsked(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := r.asked(t); !slices.Equal(got, want) {
		t.Errorf("%s: systemctl was asked to %v, want %v", when, got, want)
	}
}

// TestDebian installs the .deb as docs/installing.md says, runs the server, upgrades, removes and purges it.
func TestDebian(t *testing.T) {
	r := newRoot(t)
	// Without lists, apt-get finds what the package needs among what is installed, or not at all.
	install := []string{"apt-get", "install", "-y", "-q"}
	r.run(t, append(install, r.copyIn(t, made(t, "*.deb")))...)
	r.expectAsked(t, "installation", "preset", "daemon-reload", "start")
	r.checkInstalled(t)
	if !r.exists("/etc/systemd/system/multi-user.target.wants/eventgres.service") {
		t.Error("the service is not enabled")
	}
	r.serve(t, 0)

	next := r.copyIn(t, made(t, "next/*.deb"))
	r.write(t, "/etc/eventgres/eventgres.toml", 0o644, "# ours\ndata = \"/var/lib/eventgres\"\n")
	r.run(t, append(install, "-o", "Dpkg::Options::=--force-confold", next)...)
	r.expectAsked(t, "upgrade", "daemon-reload", "restart")
	if text, err := os.ReadFile(r.path("/etc/eventgres/eventgres.toml")); err != nil || !strings.HasPrefix(string(text), "# ours\n") {
		t.Errorf("the configuration is\n%s%v", text, err)
	}
	r.serve(t, 1)

	// Somebody has disabled it: it stays so.
	r.run(t, realSystemctl, "--root=/", "disable", "eventgres.service")
	r.run(t, "apt-get", "install", "-y", "-q", "--reinstall", next)
	r.expectAsked(t, "upgrade of a service that is disabled", "daemon-reload")
	if r.exists("/etc/systemd/system/multi-user.target.wants/eventgres.service") {
		t.Error("the upgrade has enabled the service")
	}

	r.run(t, "apt-get", "remove", "-y", "-q", "eventgres")
	r.expectAsked(t, "removal", "stop", "daemon-reload")
	r.checkRemoved(t)
	out := r.run(t, "apt-get", "purge", "-y", "-q", "eventgres")
	if !strings.Contains(out, "/var/lib/eventgres is kept") || r.exists("/etc/eventgres/eventgres.toml") {
		t.Errorf("purge says\n%s", out)
	}
	r.checkRemoved(t)
	r.run(t, append(install, next)...)
	r.serve(t, 2)
}

// TestPolicy: where policy-rc.d forbids it, as in a container, nothing is started.
func TestPolicy(t *testing.T) {
	r := newRoot(t)
	r.write(t, "/usr/sbin/policy-rc.d", 0o755, "#!/bin/sh\nexit 101\n")
	r.run(t, "apt-get", "install", "-y", "-q", r.copyIn(t, made(t, "*.deb")))
	r.expectAsked(t, "installation", "preset", "daemon-reload")
}

// TestRPM does the same with rpm, whose own scripts run in Debian's root too; what it needs, Debian calls otherwise.
func TestRPM(t *testing.T) {
	r := newRoot(t)
	r.run(t, "rpm", "-i", "--nodeps", r.copyIn(t, made(t, "*.rpm")))
	r.expectAsked(t, "installation", "daemon-reload", "preset")
	r.checkInstalled(t)
	r.serve(t, 0)
	r.run(t, "rpm", "-U", "--nodeps", r.copyIn(t, made(t, "next/*.rpm")))
	r.expectAsked(t, "upgrade", "daemon-reload", "daemon-reload", "try-restart")
	r.serve(t, 1)
	r.run(t, "rpm", "-e", "eventgres")
	r.expectAsked(t, "removal", "disable", "daemon-reload")
	r.checkRemoved(t)
}

// TestNeeds: the packages ask for the libraries whose symbols the program asks for.
func TestNeeds(t *testing.T) {
	needed := symbolVersions(t, made(t, "eventgres"))
	text, err := os.ReadFile("../../deploy/packages/nfpm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"libc.so.6(GLIBC_` + needed["GLIBC"] + `)(64bit)"`, `"libc6 (>= ` + needed["GLIBC"] + `)"`,
		`"libstdc++.so.6(GLIBCXX_` + needed["GLIBCXX"] + `)(64bit)"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("nfpm.yaml does not say %s", want)
		}
	}
}

//go:build linux

package packages

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/integration/postgres"
)

const deploying = "docs/deploying.md"

// askManager is what stands for systemctl: it asks the test, which does what systemd would.
const askManager = `#!/bin/sh
for word; do case $word in -*) ;; *) path=$path/$word ;; esac done
exec curl -fsS --unix-socket '%s' "http://manager$path"
`

// A manager starts and stops services on request, as systemd does; the methods are called one after the other, by the page's shell.
type manager struct {
	t       *testing.T
	units   string                                       // where units are
	start   func(argv []string, env ...string) *exec.Cmd // a command of a unit, as its user
	main    string                                       // of eventgres.service
	first   []string                                     // the environment of its first start
	ear     func() (listener, string)                    // where the server tells how it is
	service *exec.Cmd
	told    listener
	asked   []string
	log     *os.File // of the services
}

// ServeHTTP does what systemctl was asked, /VERB/UNIT.
func (m *manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	verb, unit, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	unit = strings.TrimSuffix(unit, ".service")
	if verb == "is-active" { // which changes nothing, and installing asks too
		if unit != "eventgres" || m.service == nil {
			http.Error(w, "inactive", http.StatusNotFound)
			return
		}
		fmt.Fprintln(w, "active")
		return
	}
	m.asked = append(m.asked, strings.TrimSpace(verb+" "+unit))
	var err error
	switch {
	case verb == "daemon-reload" || verb == "enable" && strings.HasSuffix(unit, ".timer"):
	case unit != "eventgres" && verb == "start":
		err = m.oneshot(unit)
	case unit == "eventgres" && verb == "start":
		err = m.up()
	case unit == "eventgres" && verb == "stop":
		err = m.down()
	case unit == "eventgres" && verb == "restart":
		if err = m.down(); err == nil {
			err = m.up()
		}
	case unit == "eventgres" && verb == "reload":
		if err = m.service.Process.Signal(syscall.SIGHUP); err == nil {
			m.told.expect(m.t, "RELOADING=1")
			m.told.expect(m.t, "READY=1")
		}
	default:
		err = fmt.Errorf("systemctl %s %s is not known here", verb, unit)
	}
	if err != nil {
		m.t.Error(err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (m *manager) up() error {
	var socket string
	m.told, socket = m.ear()
	m.service = m.start(strings.Fields(m.main), append(m.first, "NOTIFY_SOCKET="+socket)...)
	m.first = nil
	if err := m.service.Start(); err != nil {
		return err
	}
	m.told.expect(m.t, "READY=1")
	return nil
}

func (m *manager) down() error {
	if m.service == nil {
		return nil
	}
	if err := m.service.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := m.service.Wait()
	m.service = nil
	m.told.Close()
	return err
}

var execStart = regexp.MustCompile(`(?m)^ExecStart=(.*)$`)

// oneshot runs the commands of a unit that the page has made.
func (m *manager) oneshot(unit string) error {
	text, err := os.ReadFile(filepath.Join(m.units, unit+".service"))
	if err != nil {
		return err
	}
	for _, line := range execStart.FindAllStringSubmatch(string(text), -1) {
		if err := m.start(strings.Fields(line[1])).Run(); err != nil {
			return fmt.Errorf("%s: %w", line[1], err)
		}
	}
	return nil
}

// listenAtSocket has the manager answer who speaks to a socket.
func (m *manager) listenAtSocket(path string) {
	m.t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		m.t.Fatal(err)
	}
	server := &http.Server{Handler: m}
	go func() { _ = server.Serve(l) }()
	m.t.Cleanup(func() {
		server.Close()
		if m.service != nil {
			_ = m.service.Process.Kill()
			_ = m.service.Wait()
		}
	})
}

// freePorts are two, of which another program may take one before it is used; it would be an error, and no wrong result.
func freePorts(t *testing.T) (database, metrics string) {
	t.Helper()
	a, err := postgres.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	b := a
	for b == a {
		if b, err = postgres.FreePort(); err != nil {
			t.Fatal(err)
		}
	}
	return strconv.Itoa(a), strconv.Itoa(b)
}

// program writes one to run.
func program(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// packaged writes the settings as the package has them.
func packaged(t *testing.T, dir string) {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), harness.Binary(t), "config", "--example").Output()
	if err != nil {
		t.Fatal(err)
	}
	settings := regexp.MustCompile(`(?m)^#data = .*$`).ReplaceAllString(string(text), fmt.Sprintf("data = %q", dir+"/data"))
	settings = regexp.MustCompile(`(?m)^#socket = .*$`).ReplaceAllString(settings, fmt.Sprintf("socket = %q", dir+"/run"))
	if err := os.WriteFile(dir+"/etc/eventgres.toml", []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
}

// certificates makes those that the page takes for somebody's own.
func certificates(t *testing.T, dir string) {
	t.Helper()
	const make = `
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ours -keyout root.key -out root.crt
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
echo subjectAltName=DNS:localhost > names
openssl x509 -req -days 2 -in server.csr -CA root.crt -CAkey root.key -CAcreateserial -extfile names -out server.crt
`
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", make)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// script is the page's.
func script(t *testing.T) string {
	t.Helper()
	return strings.Join(harness.Blocks(harness.Document(t, deploying), "sh"), "")
}

// check looks at what the page has printed, and at what it has asked systemctl for.
func (m *manager) check(out string, err error, installation ...string) {
	m.t.Helper()
	if err != nil {
		m.t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{"active\n", "INSERT 0 1", "permission denied for table events", "eventgres_log_events 1\n"} {
		if !strings.Contains(out, want) {
			m.t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
	want := append(installation, "restart eventgres", "daemon-reload", "enable eventgres-backup.timer",
		"start eventgres-backup", "stop eventgres", "start eventgres", "reload eventgres")
	if !slices.Equal(m.asked, want) {
		m.t.Errorf("systemctl was asked to %s", strings.Join(m.asked, ", "))
	}
	if m.t.Failed() {
		text, err := os.ReadFile(m.log.Name())
		m.t.Logf("%s%v", text, err)
	}
}

// TestDeploying runs docs/deploying.md from top to bottom, in one shell, with its directories and ports elsewhere and this process's user
// instead of the service's. What it asks of apt-get TestDebian tries.
func TestDeploying(t *testing.T) {
	for _, name := range []string{"sh", "curl", "psql", "openssl"} {
		harness.Need(t, name)
	}
	dir, err := os.MkdirTemp("", "deploying") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range []string{"etc", "run", "bin", "units", "here"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	database, metrics := freePorts(t)
	elsewhere := strings.NewReplacer(
		"/etc/eventgres", dir+"/etc", "/var/lib/eventgres", dir+"/data", "/run/eventgres", dir+"/run", "/var/backups", dir+"/backups",
		"/etc/systemd/system", dir+"/units", "/usr/bin/eventgres", harness.Binary(t), "5433", database, "9433", metrics,
		"runuser -u eventgres -- ", "", "-o eventgres -g eventgres ", "", "-m 0640 -g eventgres ", "-m 0600 ",
	)
	log, err := os.Create(dir + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	m := &manager{
		t: t, log: log, units: dir + "/units", main: elsewhere.Replace(unitValues(t, "ExecStart")[0]),
		first: []string{"EVENTGRES_LISTEN=127.0.0.1:" + database},
		start: func(argv []string, env ...string) *exec.Cmd {
			cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
			cmd.Env = append(os.Environ(), env...)
			cmd.Stdout, cmd.Stderr = log, log
			return cmd
		},
		ear: func() (listener, string) { return listen(t) },
	}
	m.listenAtSocket(dir + "/manager")
	program(t, dir+"/bin/systemctl", fmt.Sprintf(askManager, dir+"/manager"))
	program(t, dir+"/bin/apt-get", "#!/bin/sh\n")
	if err := os.Symlink(harness.Binary(t), dir+"/bin/eventgres"); err != nil {
		t.Fatal(err)
	}
	packaged(t, dir)
	if err := m.up(); err != nil { // as the package's installation does
		t.Fatal(err)
	}
	certificates(t, dir+"/here")
	program(t, dir+"/page", elsewhere.Replace(script(t)))
	cmd := exec.CommandContext(t.Context(), "sh", "-e", dir+"/page")
	cmd.Dir = dir + "/here"
	cmd.Env = append(os.Environ(), "PATH="+dir+"/bin"+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+dir, "PGPASSFILE="+dir+"/none")
	out, err := cmd.CombinedOutput()
	m.check(string(out), err)
	if err := m.down(); err != nil {
		t.Error(err)
	}
	verify := append([]string{"verify", "--man=no"}, dir+"/units/eventgres-backup.service", dir+"/units/eventgres-backup.timer")
	if out := analyze(t, verify...); out != "" {
		t.Errorf("systemd-analyze verify says\n%s", out)
	}
}

// withManager has the root's systemctl ask the test, but for what changes links alone.
func (r root) withManager(t *testing.T, log *os.File, database string) *manager {
	t.Helper()
	const notify, socket = "/run/notify", "/run/manager"
	user, group := unitValues(t, "User")[0], unitValues(t, "Group")[0]
	m := &manager{
		t: t, log: log, units: r.path("/etc/systemd/system"), main: unitValues(t, "ExecStart")[0],
		first: []string{"EVENTGRES_LISTEN=127.0.0.1:" + database},
		start: func(argv []string, env ...string) *exec.Cmd {
			as := []string{"/usr/bin/setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups", "--no-new-privs", "--bounding-set=-all"}
			cmd := r.command(t, append(as, argv...)...)
			cmd.Env = append(cmd.Env, env...)
			cmd.Stdout, cmd.Stderr = log, log
			return cmd
		},
		ear: func() (listener, string) {
			_ = os.Remove(r.path(notify)) // or it was not there
			l := listenAt(t, r.path(notify))
			if err := os.Chmod(r.path(notify), 0o777); err != nil {
				t.Error(err)
			}
			r.run(t, "install", "-d", "-o", user, "-g", group, "/run/eventgres") // RuntimeDirectory
			return l, notify
		},
	}
	m.listenAtSocket(r.path(socket))
	shim := "#!/bin/sh\ncase \" $* \" in *' is-enabled '* | *' preset '*) exec " + realSystemctl + " --root=/ \"$@\" ;; esac\n"
	r.write(t, "/usr/bin/systemctl", 0o755, shim+strings.TrimPrefix(fmt.Sprintf(askManager, socket), "#!/bin/sh\n"))
	return m
}

// TestDeployingInstalled runs the page as it stands, but for its ports, in a root where the package is installed by it.
func TestDeployingInstalled(t *testing.T) {
	r := newRoot(t)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	database, metrics := freePorts(t)
	m := r.withManager(t, log, database)
	// What the page needs is in the root, and apt-get without lists knows nothing else.
	r.write(t, "/usr/local/sbin/apt-get", 0o755, "#!/bin/sh\ntest \"$1\" = update || exec /usr/bin/apt-get \"$@\"\n")
	r.write(t, "/etc/hosts", 0o644, "127.0.0.1 localhost\n::1 localhost\n")
	here := filepath.Join("/root", "here")
	if err := os.Mkdir(r.path(here), 0o700); err != nil {
		t.Fatal(err)
	}
	certificates(t, r.path(here))
	r.run(t, "mv", r.copyIn(t, made(t, "*.deb")), here)
	r.write(t, "/root/page", 0o600, strings.NewReplacer("5433", database, "9433", metrics).Replace(script(t)))
	out, err := r.command(t, "sh", "-c", "cd "+here+" && exec sh -e /root/page").CombinedOutput()
	m.check(string(out), err, "daemon-reload", "start eventgres")
	if err := m.down(); err != nil {
		t.Error(err)
	}
}

//go:build linux

package packages

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A root is a directory with Debian in it, in which commands run with the network of this machine and processes of their own.
// Nothing is mounted outside of the command's own view.
type root struct{ dir string }

// made is a file that make packages-test has made.
func made(t *testing.T, pattern string) string {
	t.Helper()
	dir := os.Getenv("EVENTGRES_PACKAGES")
	if dir == "" {
		t.Skip("make packages-test makes the packages, and a root to install them in")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can install a package")
	}
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	return found[0]
}

// newRoot unpacks a root in which systemd seems to run: its systemctl is one that writes down what it is asked for.
func newRoot(t *testing.T) root {
	t.Helper()
	tarball := made(t, "root.tar")
	dir, err := os.MkdirTemp("", "root")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if out, err := exec.CommandContext(t.Context(), "tar", "-C", dir, "-xf", tarball).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r := root{dir}
	if err := os.MkdirAll(r.path("/run/systemd/system"), 0o755); err != nil {
		t.Fatal(err)
	}
	// In its place, since neither dpkg nor rpm look for it elsewhere.
	if err := os.Rename(r.path("/usr/bin/systemctl"), r.path(realSystemctl)); err != nil {
		t.Fatal(err)
	}
	r.write(t, "/usr/bin/systemctl", 0o755, fakeSystemctl)
	return r
}

const realSystemctl = "/usr/bin/systemctl.real"

// What changes links it leaves to the real one, which needs no systemd for them where it is given a root.
const fakeSystemctl = `#!/bin/sh
echo "$*" >>/tmp/systemctl.log
case " $* " in
*' is-enabled '* | *' preset '*) exec ` + realSystemctl + ` --root=/ "$@" ;;
*' disable --now '*) exec ` + realSystemctl + ` --root=/ disable eventgres.service ;;
*' is-active '*) exit 3 ;;
esac
`

// path is a path's of the root, from outside.
func (r root) path(inside string) string { return filepath.Join(r.dir, inside) }

func (r root) write(t *testing.T, inside string, mode os.FileMode, text string) {
	t.Helper()
	if err := os.WriteFile(r.path(inside), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(r.path(inside), mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

func (r root) exists(inside string) bool {
	_, err := os.Lstat(r.path(inside))
	return !errors.Is(err, os.ErrNotExist)
}

// copyIn brings a file into the root's /tmp, and gives its path there.
func (r root) copyIn(t *testing.T, file string) string {
	t.Helper()
	inside := filepath.Join("/tmp", filepath.Base(file))
	if out, err := exec.CommandContext(t.Context(), "cp", file, r.path(inside)).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return inside
}

// command is one in the root. It becomes the program itself, so that signals reach it.
func (r root) command(t *testing.T, argv ...string) *exec.Cmd {
	t.Helper()
	const enter = `mount -t proc proc "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"`
	cmd := exec.CommandContext(t.Context(), "unshare", append([]string{"--mount", "sh", "-c", enter, "sh", r.dir}, argv...)...)
	cmd.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// run runs a command to its end, and gives what it prints.
func (r root) run(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := r.command(t, argv...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// asked is what systemctl was asked to do since it was looked at last.
func (r root) asked(t *testing.T) (verbs []string) {
	t.Helper()
	text, err := os.ReadFile(r.path("/tmp/systemctl.log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	_ = os.Remove(r.path("/tmp/systemctl.log")) // or it was not there
	for line := range strings.Lines(string(text)) {
		words := slices.DeleteFunc(strings.Fields(line), func(word string) bool { return strings.HasPrefix(word, "-") })
		if !strings.HasPrefix(words[0], "is-") {
			verbs = append(verbs, words[0])
		}
	}
	return verbs
}

//go:build linux

package faults

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// A disk is a tmpfs in user and mount namespaces of its own, which a holder
// process keeps while servers come and go, and die with.
type disk struct {
	dir    string // where it is mounted
	holder int
}

// newDisk mounts a disk of so many bytes. It needs no privilege but the one to
// make user namespaces.
func newDisk(t *testing.T, size int) *disk {
	t.Helper()
	unshare := harness.Need(t, "unshare")
	harness.Need(t, "nsenter")
	d := &disk{dir: t.TempDir()}
	// The shell ends when the pipe does, whatever becomes of the test process.
	script := `mount -t tmpfs -o "size=$1" none "$2" && echo ready && exec cat`
	holder := exec.Command(unshare, "-Urm", "sh", "-c", script, "sh", fmt.Sprint(size), d.dir)
	var said bytes.Buffer
	holder.Stderr = &said
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = holder.Wait()
	})
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		in.Close()
		_ = holder.Wait()
		harness.Missing(t, fmt.Errorf("no namespace with a tmpfs in it: %v: %s", holder.ProcessState, said.String()))
	}
	d.holder = holder.Process.Pid
	return d
}

// enter is the command that runs others where the disk is mounted. It replaces
// itself, so the process is theirs.
func (d *disk) enter() []string {
	return []string{"nsenter", "--preserve-credentials", "-U", "-m", "-t", fmt.Sprint(d.holder), "--"}
}

// path is how this process reaches a file of the disk.
func (d *disk) path(name string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/root", d.holder), d.dir, name)
}

func (d *disk) data() string { return filepath.Join(d.dir, "data") }

// run runs a command where the disk is mounted.
func (d *disk) run(t *testing.T, command ...string) {
	t.Helper()
	argv := append(d.enter(), command...)
	if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
}

// server starts a server on the disk.
func (d *disk) server(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Eventgres(t, harness.WithData(d.data()), harness.WithCommand(d.enter()...), harness.WithArgs(args...))
}

// ballast takes so much room that room is made by removing it.
func (d *disk) ballast(t *testing.T, size int) (remove func()) {
	t.Helper()
	file := d.path("ballast")
	if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// A real disk gets full. Appends are refused and reads go on, also after a
// restart on the full disk; when there is room again appends go on, and after a
// kill everything acknowledged is there (I1, I2).
func TestFullDisk(t *testing.T) {
	for name, args := range map[string][]string{
		"small segments": {"--no-analytics", "--segment-bytes", "65536"},
		// More is reserved than there is room for.
		"one segment":     {"--no-analytics"},
		"with the worker": nil,
	} {
		t.Run(name, func(t *testing.T) { fillDisk(t, args) })
	}
}

func fillDisk(t *testing.T, args []string) {
	const room = 4 << 20
	d := newDisk(t, 2*room)
	removed := d.ballast(t, room)
	server := d.server(t, args...)
	j := newJournal()
	clients := j.connect(t, server, 4, 20_000)
	run(t, clients, 400)
	full(t, j, clients)
	// One that is small may find room where a large one did not, and then no more.
	run(t, j.connect(t, server, 1, 0), 100)
	j.onlyAnswers(t, diskFull)
	j.sees(t, server)

	// A kill finds it full and so does the start.
	server.Kill()
	server.Restart()
	j.judge(t, server)
	clients = j.connect(t, server, 4, 20_000)
	run(t, clients, 400)
	full(t, j, clients)
	j.sees(t, server)

	removed()
	j.takesAll(t, clients, 5, "there was room again")
	j.sees(t, server)
	j.survives(t, server, d.enter()...)
}

// full wants every client to be refused.
func full(t *testing.T, j *journal, clients []*client) {
	t.Helper()
	j.onlyAnswers(t, diskFull)
	if n := j.count(diskFull); n < len(clients) {
		t.Errorf("%d appends were refused, by a disk that is too small for them", n)
	}
}

// The worker writes to the disk as well. On a full one its statements are
// answered rightly or end with an error, the log is not disturbed, and when
// there is room again they are answered.
func TestFullDiskWorker(t *testing.T) {
	t.Parallel() // a worker that fails is started again after a while
	const room, projection = 4 << 20, 40 << 20
	d := newDisk(t, room+projection)
	removed := d.ballast(t, projection)
	server := d.server(t, "--segment-bytes", "65536")
	j := newJournal()
	clients := j.connect(t, server, 4, 20_000)
	run(t, clients, 400)
	full(t, j, clients)

	conn := connect(t, server)
	ask := func() string {
		var n int
		err := conn.QueryRow(t.Context(), "SELECT count(DISTINCT event_id) FROM events WHERE payload->>'of' IS NOT NULL").Scan(&n)
		if err == nil && n != j.events() {
			t.Errorf("the worker counts %d events, %d were acknowledged", n, j.events())
		}
		return answer(err)
	}
	code := ask()
	if !slices.Contains([]string{acknowledged, diskFull, "53200", "57P03", "58000", ioError}, code) {
		t.Errorf("analytical statement on a full disk: %s", code)
	}
	t.Logf("analytical statement on a full disk: %s", code)
	j.onlyAnswers(t, diskFull)
	j.sees(t, server)

	removed()
	j.takesAll(t, clients, 5, "there was room again")
	eventually(t, "the worker answers again", func() bool { return ask() == acknowledged })
	server.Kill()
	server.Restart()
	j.judge(t, server)
	verify(t, server, d.enter()...)
}

//go:build linux

package packages

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// patience bounds a wait; far more than it takes, for machines under load.
const patience = time.Minute

// A listener is a service manager's ear.
type listener struct{ *net.UnixConn }

// listen makes a socket that takes what a server tells; its path is short enough for one.
func listen(t *testing.T) (listener, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	return listenAt(t, path), path
}

func listenAt(t *testing.T, path string) listener {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return listener{conn}
}

// expect takes the next datagram, which has to hold a word.
func (l listener) expect(t *testing.T, word string) {
	t.Helper()
	var b [4096]byte
	_ = l.SetReadDeadline(time.Now().Add(patience))
	n, err := l.Read(b[:])
	if err != nil || !slices.Contains(strings.Split(string(b[:n]), "\n"), word) {
		t.Fatalf("told %q, %v; want %s", b[:n], err, word)
	}
}

// TestNotify: a server tells what starts it when it serves, reloads and ends, and its worker could not.
func TestNotify(t *testing.T) {
	for _, kind := range []string{"path", "abstract"} {
		t.Run(kind, func(t *testing.T) {
			var ear listener
			var socket string
			if kind == "path" {
				ear, socket = listen(t)
			} else {
				socket = "@eventgres-packages-" + strconv.Itoa(os.Getpid())
				ear = listenAt(t, socket)
			}
			server := harness.Eventgres(t, harness.WithEnv("NOTIFY_SOCKET="+socket))
			ear.expect(t, "READY=1")
			server.AwaitLog("the analytics worker is ready")
			for _, worker := range children(t, server.PID) {
				environment, err := os.ReadFile(filepath.Join("/proc", worker, "environ"))
				if err != nil || strings.Contains(string(environment), "NOTIFY_SOCKET") {
					t.Errorf("the worker's environment: %q, %v", environment, err)
				}
			}
			if err := syscall.Kill(server.PID, syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			ear.expect(t, "RELOADING=1")
			ear.expect(t, "READY=1")
			server.Stop()
			ear.expect(t, "STOPPING=1")
		})
	}
}

// TestReadyAccepts: who was told that the server is ready can connect, while nothing was logged yet perhaps.
func TestReadyAccepts(t *testing.T) {
	ear, socket := listen(t)
	server := harness.Eventgres(t, harness.WithEnv("NOTIFY_SOCKET="+socket))
	port := server.Port
	server.Stop()
	ear.expect(t, "READY=1")
	ear.expect(t, "STOPPING=1")
	accepted := make(chan error, 1)
	go func() {
		var b [4096]byte
		_ = ear.SetReadDeadline(time.Now().Add(patience))
		if _, err := ear.Read(b[:]); err != nil {
			accepted <- err
			return
		}
		conn, err := net.Dial("tcp", net.JoinHostPort(server.Host, strconv.Itoa(port)))
		if err == nil {
			err = conn.Close()
		}
		accepted <- err
	}()
	server.Restart()
	if err := <-accepted; err != nil {
		t.Error(err)
	}
}

// children are the processes that a process has started.
func children(t *testing.T, pid int) []string {
	t.Helper()
	lists, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/children"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that has ended
		}
		found = append(found, strings.Fields(string(b))...)
	}
	if len(found) == 0 {
		t.Fatal("the server has no child")
	}
	return found
}

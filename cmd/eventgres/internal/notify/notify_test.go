//go:build linux

package notify

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	dir, err := os.MkdirTemp("", "notify") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, socket := range map[string]string{
		"path":     filepath.Join(dir, "socket"),
		"abstract": "@eventgres-notify-" + strconv.Itoa(os.Getpid()),
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			t.Setenv(variable, socket)
			var log bytes.Buffer
			m := FromEnvironment(slog.New(slog.NewTextHandler(&log, nil)))
			if _, left := os.LookupEnv(variable); left {
				t.Error("the variable is still there")
			}
			m.Ready("listening")
			m.Reloading()
			m.Stopping()
			for _, want := range []string{"READY=1\nSTATUS=listening", "RELOADING=1", "STOPPING=1\nSTATUS=shutting down"} {
				var b [256]byte
				if n, err := listener.Read(b[:]); err != nil || string(b[:n]) != want {
					t.Errorf("%q, %v; want %q", b[:n], err, want)
				}
			}
			if log.Len() > 0 {
				t.Error(log.String())
			}
		})
	}
}

func TestNobody(t *testing.T) {
	t.Setenv(variable, "")
	m := FromEnvironment(slog.New(slog.DiscardHandler))
	if m != nil {
		t.Errorf("%+v of nothing", m)
	}
	m.Ready("")
	m.Stopping()

	var log bytes.Buffer
	t.Setenv(variable, filepath.Join(t.TempDir(), "none"))
	FromEnvironment(slog.New(slog.NewTextHandler(&log, nil))).Ready("")
	if !strings.Contains(log.String(), "the service manager was not told") {
		t.Errorf("a socket that is not there: %q", log.String())
	}
}

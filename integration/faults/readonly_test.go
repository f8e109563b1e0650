//go:build linux

package faults

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// readOnly makes a directory of the disk read-only. What is open stays
// writable, as a file system that is written to cannot be remounted: it is the
// next segment, index and checkpoint that cannot be made.
func (d *disk) readOnly(t *testing.T, dir string) {
	t.Helper()
	d.run(t, "mount", "--bind", dir, dir)
	d.run(t, "mount", "-o", "remount,ro,bind", dir)
}

func (d *disk) writable(t *testing.T, dir string) {
	t.Helper()
	d.run(t, "umount", dir)
}

// The data directory becomes read-only under a running server. Appends go on in
// the segment that is open; the one that needs another is refused, and reads go
// on. When it is writable again, appends go on after a restart at the latest,
// and everything acknowledged is there.
func TestReadOnly(t *testing.T) {
	for _, part := range []string{"", "log", "index"} {
		t.Run("data/"+part, func(t *testing.T) {
			d := newDisk(t, 8<<20)
			server := d.server(t, "--no-analytics", "--segment-bytes", "65536")
			j := newJournal()
			clients := j.connect(t, server, 4, 1000)
			run(t, clients, 30)
			j.onlyAnswers(t)
			d.readOnly(t, filepath.Join(d.data(), part))
			run(t, clients, 60)
			j.onlyAnswers(t, ioError)
			if refused := j.count(ioError); refused == 0 && part != "index" {
				t.Error("nothing was refused")
			} else if refused > 0 && part == "index" {
				t.Errorf("%d appends were refused for an index, which is derived", refused)
			}
			j.sees(t, server)
			d.writable(t, filepath.Join(d.data(), part))
			code := clients[0].append(t)
			t.Logf("writable again, without a restart: %s", code)
			j.onlyAnswers(t, ioError)
			j.sees(t, server)
			j.survives(t, server, d.enter()...)
		})
	}
}

// A server does not start on a read-only data directory, and leaves it as it is.
func TestStartReadOnly(t *testing.T) {
	d := newDisk(t, 8<<20)
	server := d.server(t, "--no-analytics", "--segment-bytes", "65536")
	j := newJournal()
	run(t, j.connect(t, server, 4, 1000), 30)
	j.onlyAnswers(t)
	server.Kill()
	d.readOnly(t, d.data())
	if err := server.Start(); err == nil {
		t.Error("it started")
	} else {
		t.Logf("refused: %v", err)
	}
	d.writable(t, d.data())
	server.Restart()
	j.judge(t, server)
	j.appends(t, server)
	verify(t, server, d.enter()...)
}

// The disk takes no more writes, as when it has been made read-only for an error
// or is gone. Appends are refused, reads go on. Where the calls did nothing because
// they may not write, appends go on once they may; where nobody knows what they did,
// after a restart.
func TestDiskGone(t *testing.T) {
	strace(t)
	for _, errno := range []string{"EROFS", "EIO", "ENODEV"} {
		t.Run(errno, func(t *testing.T) {
			server := harness.Eventgres(t, harness.WithArgs("--no-analytics", "--segment-bytes", "65536"))
			j := newJournal()
			clients := j.connect(t, server, 4, 1000)
			run(t, clients, 30)
			j.onlyAnswers(t)
			var faults []string
			for _, call := range []string{"pwrite64", "fdatasync", "fsync", "renameat", "ftruncate", "fallocate"} {
				faults = append(faults, fmt.Sprintf("%s:error=%s:when=1+", call, errno))
			}
			tr := attach(t, server, faults...)
			for range 2 {
				for _, c := range clients {
					if code := c.append(t); code != ioError {
						t.Errorf("answered %s, want %s", code, ioError)
					}
				}
			}
			j.sees(t, server)
			tr.detach(t)
			want := ioError
			if errno == "EROFS" {
				want = "00000"
			}
			if code := clients[0].append(t); code != want {
				t.Errorf("answered %s before a restart, want %s", code, want)
			}
			j.sees(t, server)
			j.survives(t, server)
		})
	}
}

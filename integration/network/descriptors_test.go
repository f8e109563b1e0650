//go:build linux

package network

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Sockets that say nothing take all the descriptors that connections may have. The session
// that is there appends and reads. When they go, new sessions can come.
func TestNoDescriptorsLeft(t *testing.T) {
	s := besiege(t, nil)
	leave := s.takeDescriptors()
	s.endure()
	leave()
	s.lift()
}

// The same, and the log needs another file.
func TestNoDescriptorForASegment(t *testing.T) {
	s := besiege(t, nil, "--segment-bytes", "1048576")
	large := s.session(nil)
	sql := fmt.Sprintf(`INSERT INTO events (stream, type, payload) VALUES ('large', 'A', '{"pad": "%s"}')`, padding(100_000))
	const appends, segments = 40, 4
	leave := s.takeDescriptors()
	for range appends {
		if _, err := large.ask(sql); err != nil {
			t.Fatal(err)
		}
	}
	s.endure()
	leave()
	files, err := os.ReadDir(s.server.Data + "/log")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < segments {
		t.Errorf("%d segments: the log did not need another", len(files))
	}
	s.before.descriptors += 3 * len(files) // which may be open, with the index and the keys of each
	s.lift()
}

// reserved is how many descriptors the server keeps from connections.
const reserved = 16

// takeDescriptors lowers the server's limit and connects until it has reached it. Leave
// ends that, and waits until a new session is admitted.
func (s *siege) takeDescriptors() (leave func()) {
	s.t.Helper()
	spare := uint64(s.use().descriptors) + 40
	var old unix.Rlimit
	if err := unix.Prlimit(s.server.PID, unix.RLIMIT_NOFILE, nil, &old); err != nil {
		s.t.Fatal(err)
	}
	if err := unix.Prlimit(s.server.PID, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: spare, Max: old.Max}, nil); err != nil {
		s.t.Skip(err)
	}
	var sockets []*raw
	for range 200 {
		r, err := dial(s.server.Address())
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { r.Close() })
		sockets = append(sockets, r)
	}
	s.await("no descriptor is left for a connection", patience, func() bool {
		return s.use().descriptors >= int(spare)-reserved
	})
	return func() {
		s.t.Helper()
		for _, r := range sockets {
			r.Close()
		}
		s.await("a new session", patience, func() bool {
			r, err := start(s.server, nil)
			if err == nil {
				r.Close()
			}
			return err == nil
		})
	}
}

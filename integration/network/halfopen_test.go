//go:build linux

package network

import (
	"net"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5/pgproto3"
	"golang.org/x/sys/unix"
)

// The network stops under sessions that are doing all there is to do, and nobody closes
// anything. Nobody else notices; the timeouts that sessions have asked for end them; what
// was not committed is not there; and when the connections break at last, nothing is left.
func TestHalfOpen(t *testing.T) {
	s := besiege(t, fill(50_000))
	network := newProxy(t, s.server.Address())
	const each = 10
	const timeout = "500" // ms
	begun := s.use().descriptors
	for range each {
		s.through(network, map[string]string{"idle_session_timeout": timeout})
		inBlock := s.through(network, map[string]string{"idle_in_transaction_session_timeout": timeout})
		staged := "BEGIN; INSERT INTO events (stream, type) VALUES ('half-open', 'Staged')"
		if _, err := inBlock.ask(staged); err != nil {
			t.Fatal(err)
		}
	}
	for range each {
		s.through(network, nil)
		copying := s.through(network, nil)
		if err := copying.send(&pgproto3.Query{String: "BEGIN"}); err != nil {
			t.Fatal(err)
		}
		if err := copying.ready(); err != nil {
			t.Fatal(err)
		}
		s.copyIn(copying)
		rows := encode(&pgproto3.CopyData{Data: []byte("half-open\tCopied\t{}\nhalf-open\tCopied\t{}\n")})
		if _, err := copying.Write(rows[:len(rows)-10]); err != nil {
			t.Fatal(err)
		}
		reading := s.through(network, nil)
		if err := reading.send(&pgproto3.Query{String: "SELECT * FROM events"}); err != nil {
			t.Fatal(err)
		}
	}
	network.freeze()
	s.await("idle sessions that asked for a timeout are ended", patience, func() bool {
		return s.use().descriptors <= begun+3*each
	})
	s.endure()
	if got, err := s.session(nil).ask("SELECT count(*) FROM events WHERE stream = 'half-open'"); got != "0" || err != nil {
		t.Errorf("%s events that nobody committed (%v)", got, err)
	}
	s.bounded(moreMemory)
	network.close()
	s.lift()
}

// through opens a session through the proxy.
func (s *siege) through(p *proxy, parameters map[string]string) *raw {
	s.t.Helper()
	r, err := startAt(p.address(), parameters)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { r.Close() })
	return r
}

// Peers vanish without a FIN, as a machine does whose power is cut. The server finds out
// by itself: it asks whether they are there. That takes its time, so only the long form
// waits for it.
func TestVanishedPeers(t *testing.T) {
	if !harness.Long() {
		t.Skip("waits a minute or more: EVENTGRES_LONG=1")
	}
	s := besiege(t, nil)
	const peers = 50
	for range peers {
		r := s.session(nil)
		if err := vanish(r.Conn); err != nil {
			t.Skipf("a socket cannot be made to vanish here: %v", err)
		}
	}
	begun := time.Now()
	if got := s.use().descriptors; got < s.before.descriptors+peers {
		t.Fatalf("%d descriptors, %d before: the server heard of it", got, s.before.descriptors)
	}
	s.endure()
	s.awaitRelease("the server notices", 5*time.Minute)
	t.Logf("noticed after %v", time.Since(begun).Round(time.Second))
	s.lift()
}

// vanish closes a socket without a word to the other side: Linux does so with one that
// is under repair.
func vanish(conn net.Conn) error {
	system, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	if err := system.Control(func(fd uintptr) {
		failure = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_REPAIR, 1)
	}); err != nil {
		return err
	}
	if failure != nil {
		return failure
	}
	return conn.Close()
}

package peer

import (
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/engine/replica"
)

// TestAdmit: a certificate is for a name, and what a node says of its number must go with that.
func TestAdmit(t *testing.T) {
	tr := &Transport{
		hello: Hello{Node: 1, Name: "n1", Store: "s"}, links: map[string]*link{}, byID: map[uint64]*link{}, peers: map[uint64]replica.Peer{},
		gone: map[uint64]bool{}, left: map[string]bool{}, log: slog.New(slog.DiscardHandler),
	}
	tr.ctx, tr.stop = t.Context(), func() {}
	tr.identity = &identity{}
	know := func(members ...replica.Member) {
		for _, m := range members {
			if m.Name != "n1" && tr.links[m.Name] == nil {
				tr.links[m.Name] = &link{name: m.Name, address: m.Peer, stop: func() {}}
			}
		}
		tr.Know(members)
	}
	n1, n2, n3 := replica.Member{ID: 1, Name: "n1", Peer: "a:1"}, replica.Member{ID: 2, Name: "n2", Peer: "b:1"}, replica.Member{ID: 3, Name: "n3", Peer: "c:1"}
	know(n1, n2, n3)
	admits := func(node uint64, name string) bool {
		_, err := tr.admit(Hello{Node: node, Name: name, To: "n1", Store: "s", Peer: "x:1", Purpose: "messages", Formats: [2]int{Format, Format}})
		return err == nil
	}
	if !admits(2, "n2") || !admits(3, "n3") {
		t.Error("a member is refused")
	}
	if admits(2, "n4") || admits(2, "n3") {
		t.Error("the certificate of another is taken for a member's")
	}
	know(n1, n2)
	if admits(3, "n3") || admits(7, "n3") {
		t.Error("a node that was removed is let in")
	}
	know(n1, n2, replica.Member{ID: 9, Name: "n3", Peer: "c:1"})
	if !admits(9, "n3") {
		t.Error("who took the place of a node that was removed is refused")
	}
	if admits(3, "n3") {
		t.Error("whose place was taken is let in")
	}
}

// deaf is a listener that fails for a while.
type deaf struct {
	net.Listener
	errors chan error
}

func (d *deaf) Accept() (net.Conn, error) {
	select {
	case err := <-d.errors:
		return nil, err
	default:
		return d.Listener.Accept()
	}
}

// TestAccept: a node takes connections again after the system has refused it some.
func TestAccept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &deaf{l, make(chan error, 3)}
	for range cap(d.errors) {
		d.errors <- syscall.EMFILE
	}
	tr := &Transport{listener: d, ctx: t.Context(), log: slog.New(slog.DiscardHandler), identity: &identity{}, conns: map[net.Conn]struct{}{}}
	done := make(chan struct{})
	go func() {
		tr.accept()
		close(done)
	}()
	conn, err := net.DialTimeout("tcp", l.Addr().String(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("this is no TLS\n")); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Read(make([]byte, 1)); err != nil && !isEnd(err) {
		t.Errorf("nobody has taken the connection: %v", err)
	}
	l.Close()
	<-done
}

// isEnd tells that the other side has ended the connection.
func isEnd(err error) bool {
	e, ok := err.(net.Error)
	return !ok || !e.Timeout()
}

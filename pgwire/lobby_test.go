package pgwire

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

type fromConn struct {
	net.Conn
	addr net.Addr
}

func (c fromConn) RemoteAddr() net.Addr { return c.addr }

// Whoever comes gets in, the bounds hold, and who makes room is of the address that has most.
func TestLobby(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		room := 1 + rng.IntN(40)
		l := newLobby(room, rng.IntN(20))
		var all []*Conn
		for range 500 {
			if len(all) > 0 && rng.IntN(4) == 0 {
				l.leave(all[rng.IntN(len(all))])
				continue
			}
			c := &Conn{raw: fromConn{addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, byte(rng.IntN(6)*rng.IntN(6)))}}}
			most := 0
			for _, list := range l.from {
				most = max(most, len(list))
			}
			own := len(l.from[origin(c.raw.RemoteAddr())])
			out := l.enter(c)
			all = append(all, c)
			if !c.waits || c.late {
				t.Fatal("who comes does not get in")
			}
			if out != nil && (!out.late || out.waits || out.origin != c.origin && len(l.from[out.origin]) != most-1) {
				t.Fatalf("%s made room", out.origin)
			}
			if out != nil && out.origin == c.origin && own < l.each && own < most {
				t.Fatalf("the newcomer's address has %d, another %d, and it made room", own, most)
			}
			n := 0
			for address, list := range l.from {
				n += len(list)
				if len(list) == 0 || len(list) > l.each {
					t.Fatalf("%s has %d of %d", address, len(list), l.each)
				}
			}
			if n != l.n || n > room {
				t.Fatalf("%d connections, counted as %d, in room for %d", n, l.n, room)
			}
		}
	}
}

// Of addresses that have as many, the connection makes room that has waited longest, of all.
func TestLobbyOrder(t *testing.T) {
	const room = 64
	l := newLobby(room, 0)
	var all []*Conn
	for i := range 3 * room {
		c := &Conn{raw: fromConn{addr: &net.TCPAddr{IP: net.IPv4(10, 0, byte(i/room), byte(i%room))}}}
		all = append(all, c)
		if out := l.enter(c); i >= room && out != all[i-room] {
			t.Fatalf("%d: another than the first makes room", i)
		}
	}
}

func TestOrigin(t *testing.T) {
	for address, want := range map[string]string{
		"10.1.2.3:4": "10.1.2.3", "[::ffff:10.1.2.3]:4": "10.1.2.3", "[2001:db8:1:2:3:4:5:6]:7": "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::1]:7": "2001:db8:1:2::/64", "[fe80::1%eth0]:1": "fe80::/64",
	} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := origin(a); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
	if origin(&net.UnixAddr{Name: "x"}) != "" {
		t.Error("Unix sockets are not one address")
	}
}

// 1,300 sockets that say nothing, from the same address, keep nobody out.
func TestHalfOpenSockets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	s := &Server{Handler: echoHandler{}, MaxConnections: 100}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		<-served
	}()
	for i := range 1300 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Skip(fmt.Errorf("socket %d: %w", i, err))
		}
		defer c.Close()
	}
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := c.Write([]byte(startup(protocol30, "user", "u"))); err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 1)
		if _, err := c.Read(first); err != nil || first[0] != 'R' {
			t.Fatalf("an honest client is answered %q, %v", first, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lobby.n > s.lobby.each {
		t.Errorf("%d sockets of one address wait", s.lobby.n)
	}
}

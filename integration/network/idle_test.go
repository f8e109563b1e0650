//go:build linux

package network

import (
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5/pgproto3"
)

// reapTime is when the server must have closed a connection that does not start up. Like
// PostgreSQL's authentication_timeout its deadline is a minute.
const reapTime = 90 * time.Second

// Thousands of sockets say nothing, or nothing more after a few bytes. They take no
// session's place, and cost the server a few kilobytes each. It closes those that are too many for one
// address, the oldest first, and whoever comes to say something gets in; in the long form it is left to it
// to close the others as well.
func TestIdleSockets(t *testing.T) {
	n := size(1_000, 10_000)
	s := besiege(t, nil)
	s.descriptorsFor(n)
	half := startup(nil)
	half = half[:len(half)/2]
	sockets := make([]*raw, n)
	var gone atomic.Int64 // closed by the server
	for i := range sockets {
		r, err := dial(s.server.Address())
		if err != nil {
			t.Fatalf("socket %d: %v", i, err)
		}
		defer r.Close()
		sockets[i] = r
		switch i % 3 { // that it is closed already is no fault
		case 1:
			_ = r.send(&pgproto3.SSLRequest{}) // and stays with the answer
		case 2:
			_, _ = r.Write(half)
		}
		if err := r.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.Copy(io.Discard, r.Conn)
			gone.Add(1)
		}()
	}
	begun := time.Now()
	// Or else the attack is a queue that the kernel keeps.
	s.await("the server has accepted or closed all sockets", patience, func() bool {
		return s.use().descriptors-s.before.descriptors+int(gone.Load()) >= n
	})
	s.endure()
	s.bounded(int64(n)*32<<10 + moreMemory)
	left := n - int(gone.Load())
	t.Logf("%d sockets are left of %d", left, n)
	if left < 200 {
		t.Errorf("%d sockets are no attack", left)
	}
	newcomer, err := start(s.server, nil)
	if err != nil {
		t.Errorf("a new session beside %d sockets: %v", n, err)
	} else {
		defer newcomer.Close()
	}
	if harness.Long() {
		s.await("the server closes all sockets", reapTime-time.Since(begun), func() bool {
			return int(gone.Load()) == n
		})
		t.Logf("reaped after %v", time.Since(begun).Round(time.Second))
	}
	for _, r := range sockets {
		r.Close()
	}
	if newcomer != nil {
		if got, err := newcomer.ask("SELECT 1"); err != nil || got != "1" {
			t.Errorf("an idle session got %q after %v (%v)", got, time.Since(begun), err)
		}
		newcomer.Close()
	}
	s.lift()
}

// More sessions than there are places: the others are told, and none of those that are
// there is disturbed. Their places are free when they go.
func TestTooManySessions(t *testing.T) {
	const places, others = 50, 200
	s := besiege(t, nil, "--max-connections", fmt.Sprint(places))
	var taken []*raw
	for range places - 1 { // one is the victim's
		r, err := start(s.server, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		taken = append(taken, r)
	}
	refuse := func() {
		t.Helper()
		for range others {
			r, err := start(s.server, nil)
			if code(err) != "53300" {
				t.Fatalf("a session beyond %d: %v", places, err)
			}
			if r != nil {
				r.Close()
			}
		}
	}
	refuse()
	s.endure()
	refuse()
	for _, r := range taken {
		if got, err := r.ask("SELECT 1"); err != nil || got != "1" {
			t.Errorf("a session that has its place got %q (%v)", got, err)
		}
		r.Close()
	}
	s.lift()
}

//go:build linux

package network

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5/pgproto3"
)

// A hundred clients send a byte a second: half of them a startup packet, half a query
// after it. The former run into the server's deadline for all of the startup, as one for
// each byte would let them stay for as long as they like: the long form waits for that.
func TestByteASecond(t *testing.T) {
	s := besiege(t, nil)
	const clients = 100
	begun := time.Now()
	reaped := make(chan time.Duration, clients)
	trickled := make(chan struct{}, clients)
	stop := s.attack(clients, func(ctx context.Context, number int) error {
		if number%2 == 0 {
			r, err := dial(s.server.Address())
			if err != nil {
				return err
			}
			defer r.Close()
			// Long enough for hours.
			text := startup(map[string]string{"application_name": padding(8_000)})
			if r.trickle(ctx, text, trickled) {
				reaped <- time.Since(begun)
			}
			return nil
		}
		r, err := start(s.server, nil)
		if err != nil {
			return err
		}
		defer r.Close()
		text := encode(&pgproto3.Query{String: "SELECT '" + padding(8_000) + "'"})
		if r.trickle(ctx, text, trickled) {
			return fmt.Errorf("session closed after %v in the middle of a message", time.Since(begun))
		}
		return nil
	})
	for range clients {
		select {
		case <-trickled:
		case <-time.After(patience):
			t.Fatal("the clients do not send")
		}
	}
	s.endure()
	if harness.Long() {
		for range clients / 2 {
			select {
			case after := <-reaped:
				if after > reapTime {
					t.Errorf("a startup that takes its time was ended after %v", after)
				}
			case <-time.After(reapTime):
				t.Fatalf("startups that take their time are still there after %v", time.Since(begun))
			}
		}
		t.Logf("reaped after %v", time.Since(begun).Round(time.Second))
	}
	stop()
	s.lift()
}

func padding(n int) string { return strings.Repeat("x", n) }

// trickle sends a byte a second until the server closes the connection, and says that it
// did, or until the test has seen enough. It tells when some bytes are sent.
func (r *raw) trickle(ctx context.Context, text []byte, begun chan<- struct{}) bool {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for i := range text {
		if _, err := r.Write(text[i : i+1]); err != nil || r.closed() {
			return true
		}
		if i == 1 {
			begun <- struct{}{}
		}
		// A byte a second is the attack itself.
		select {
		case <-second.C:
		case <-ctx.Done():
			return false
		}
		_ = r.SetWriteDeadline(time.Now().Add(patience))
	}
	return false
}

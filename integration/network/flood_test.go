//go:build linux

package network

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Clients come and go, a thousand a second, in all the ways to go. No more: they are to wear
// out the server and not the processors, which they share with it.
func TestConnectionFlood(t *testing.T) {
	for _, flood := range []struct {
		name  string
		visit func(s *siege) error
	}{
		{"connect and close", func(s *siege) error {
			r, err := dial(s.server.Address())
			if err != nil {
				return err
			}
			return r.Close()
		}},
		{"connect and reset", func(s *siege) error {
			r, err := dial(s.server.Address())
			if err != nil {
				return err
			}
			return r.reset()
		}},
		{"start and reset", func(s *siege) error {
			r, err := dial(s.server.Address())
			if err != nil {
				return err
			}
			if _, err := r.Write(startup(nil)); err != nil {
				return err
			}
			return r.reset()
		}},
		{"sessions", func(s *siege) error {
			r, err := start(s.server, nil)
			if err != nil {
				return err
			}
			return r.Close() // without Terminate
		}},
		{"cancel requests", func(s *siege) error {
			r, err := dial(s.server.Address())
			if err != nil {
				return err
			}
			defer r.Close()
			// The victim's process number may be among these, its key is not.
			key := binary.BigEndian.AppendUint32(nil, 12345)
			if err := r.send(&pgproto3.CancelRequest{ProcessID: 1, SecretKey: key}); err != nil {
				return err
			}
			_, err = r.drain()
			return err
		}},
	} {
		t.Run(flood.name, func(t *testing.T) {
			s := besiege(t, nil)
			var visits atomic.Int64
			begun := time.Now()
			stop := s.attack(4, func(ctx context.Context, _ int) error {
				return pace(ctx, 4*time.Millisecond, func() error {
					if err := flood.visit(s); err != nil {
						return fmt.Errorf("visit %d: %w", visits.Load(), err)
					}
					visits.Add(1)
					return nil
				})
			})
			s.endure()
			stop()
			t.Logf("%d visits in %v", visits.Load(), time.Since(begun).Round(time.Millisecond))
			s.lift()
		})
	}
}

// A client that reconnects in a loop never finds the server away, while as many as may be
// are there already.
func TestFloodAtTheLimit(t *testing.T) {
	const places = 20
	s := besiege(t, nil, "--max-connections", fmt.Sprint(places))
	var admitted, refused atomic.Int64
	stop := s.attack(places+10, func(ctx context.Context, _ int) error {
		return pace(ctx, 30*time.Millisecond, func() error {
			r, err := start(s.server, nil)
			switch {
			case code(err) == "53300":
				refused.Add(1)
				return nil
			case err != nil:
				return err
			}
			defer r.Close()
			admitted.Add(1)
			if got, err := r.ask("SELECT 1"); err != nil || got != "1" {
				return fmt.Errorf("admitted and got %q: %w", got, err)
			}
			return nil
		})
	})
	s.endure()
	stop()
	t.Logf("%d admitted, %d refused", admitted.Load(), refused.Load())
	if admitted.Load() == 0 {
		t.Error("nobody was admitted")
	}
	s.lift()
}

//go:build linux

package network

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// patience bounds what is waited for that should take no time; far more than it needs,
// for machines under load.
const patience = 60 * time.Second

// attackTime bounds an attack, in its long form too.
const attackTime = 10 * time.Minute

// settleTime bounds the time after it until the server is as before. Go collects memory
// that is not asked for every two minutes, and gives it back bit by bit.
const settleTime = 5 * time.Minute

// size is a number for the quick form and one for the long form.
func size(quick, full int) int {
	if harness.Long() {
		return full
	}
	return quick
}

// A siege is a server, the honest session that it has, and how it was before the attack.
type siege struct {
	t      *testing.T
	server *harness.Server
	victim *victim
	before usage
	quiet  figures
	mu     sync.Mutex
	opened []*raw // by session
	worst  usage  // the most of each that was seen
	slow   []figures
}

// besiege starts a server and measures it in quiet. Prepare, if not nil, fills it before.
func besiege(t *testing.T, prepare func(*testing.T, *harness.Server), args ...string) *siege {
	t.Helper()
	s := &siege{t: t, server: harness.Eventgres(t, harness.WithArgs(args...))}
	if prepare != nil {
		prepare(t, s.server)
	}
	s.victim = newVictim(t, s.server)
	s.quiet = s.victim.measure(t, nil, nil)
	s.before = s.use()
	return s
}

// endure measures the victim while the attack is on, and judges by how it was in quiet. If
// that was not good enough, lift judges again: it may be somebody else's doing.
func (s *siege) endure() {
	s.t.Helper()
	now := s.victim.measure(s.t, func(now figures) bool { return now.within(s.quiet) }, func() { s.use() })
	s.t.Logf("quiet:  %v; %v", s.quiet, s.before)
	s.t.Logf("attack: %v; at most %v", now, s.worst)
	if !now.within(s.quiet) {
		s.slow = append(s.slow, now)
	}
}

// judgeAgain measures the quiet after the attack, if the attack was worse than that before
// it allows. Other work that came meanwhile is still there, the attack is not.
func (s *siege) judgeAgain() {
	s.t.Helper()
	if s.slow == nil {
		return
	}
	after := s.victim.measure(s.t, nil, nil)
	s.t.Logf("quiet again: %v", after)
	for _, now := range s.slow {
		if !now.within(s.quiet) && !now.within(after) {
			s.t.Errorf("slow during the attack: %v; before it %v, after it %v", now, s.quiet, after)
		}
	}
}

// bounded checks that the server never used more memory than before by so many bytes.
func (s *siege) bounded(more int64) {
	s.t.Helper()
	s.use()
	if grown := s.worst.memory - s.before.memory; grown > more {
		s.t.Errorf("memory grew by %d MiB, at most %d MiB allowed", grown>>20, more>>20)
	}
}

// lift waits, the attackers being gone, until the server is as it was, and ends it to
// count what is left in it.
func (s *siege) lift() {
	s.t.Helper()
	begun := time.Now()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		now := s.use()
		excess := now.beyond(s.before)
		if excess == nil {
			s.t.Logf("after:  %v, %v later", now, time.Since(begun).Round(time.Millisecond))
			break
		}
		if time.Since(begun) > settleTime {
			s.t.Errorf("%v after the attack: %v", settleTime, excess)
			break
		}
		for range 20 {
			s.victim.work(s.t) // memory is collected when more is used
		}
		<-poll.C
	}
	s.judgeAgain()
	newcomer, err := start(s.server, nil)
	if err != nil {
		s.t.Fatalf("a new session after the attack: %v", err)
	}
	if got, err := newcomer.ask("SELECT 41 + 1"); err != nil || got != "42" {
		s.t.Errorf("a new session got %q (%v)", got, err)
	}
	newcomer.Close()
	for _, r := range s.opened {
		r.Close() // a second time, maybe
	}
	s.await("the server has let go of all but the honest session", settleTime, func() bool {
		n, err := connections(s.server.Port)
		if err != nil {
			s.t.Fatal(err)
		}
		return n == 1
	})
	for _, word := range []string{"panic", "fatal error"} {
		if strings.Contains(s.server.Log(), word) {
			s.t.Errorf("the server's log speaks of a %s:\n%s", word, s.server.Log())
		}
	}
	s.lastCount()
}

// attack runs n attackers until the function that it returns is called, which tells them to
// end and waits for them. An attacker's error fails the test.
func (s *siege) attack(n int, attacker func(ctx context.Context, number int) error) (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, n)
	for i := range n {
		go func() { ended <- attacker(ctx, i) }()
	}
	return func() {
		s.t.Helper()
		cancel()
		for range n {
			select {
			case err := <-ended:
				if err != nil {
					s.t.Error(err)
				}
			case <-time.After(attackTime):
				s.t.Fatal("an attacker does not end")
			}
		}
	}
}

// pace does something again and again, at most so often. The pace is the attack itself.
func pace(ctx context.Context, every time.Duration, do func() error) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := do(); err != nil {
			return err
		}
	}
}

// await waits for a condition.
func (s *siege) await(what string, within time.Duration, holds func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(within)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			s.t.Fatalf("not within %v: %s", within, what)
		}
		<-poll.C
	}
}

// awaitRelease waits until the server has let go of its attackers' sockets.
func (s *siege) awaitRelease(what string, within time.Duration) {
	s.t.Helper()
	s.await(what, within, func() bool { return s.use().descriptors <= s.before.descriptors+moreDescriptors })
}

//go:build linux

package cluster

import (
	"context"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// A shape is how a network is cut.
type shape struct {
	name string
	cut  func(leader, a, b *node) []way
	// kept: the leader leads on, since it reaches most of the nodes and they reach it. lost: nobody can lead. Otherwise another does.
	kept, lost bool
}

func both(a, b *node) []way { return []way{{a, b}, {b, a}} }

func join(lists ...[]way) (ways []way) {
	for _, l := range lists {
		ways = append(ways, l...)
	}
	return ways
}

var shapes = []shape{
	{"leader alone", func(l, a, b *node) []way { return join(both(l, a), both(l, b)) }, false, false},
	{"follower alone", func(l, a, b *node) []way { return join(both(a, l), both(a, b)) }, true, false},
	{"leader hears nobody", func(l, a, b *node) []way { return []way{{a, l}, {b, l}} }, false, false},
	{"nobody hears the leader", func(l, a, b *node) []way { return []way{{l, a}, {l, b}} }, false, false},
	{"follower hears nobody", func(l, a, b *node) []way { return []way{{l, a}, {b, a}} }, true, false},
	{"nobody hears a follower", func(l, a, b *node) []way { return []way{{a, l}, {a, b}} }, true, false},
	{"followers apart", func(_, a, b *node) []way { return both(a, b) }, true, false},
	{"leader and follower apart", func(l, a, _ *node) []way { return both(l, a) }, true, false},
	{"follower does not hear the leader", func(l, a, _ *node) []way { return []way{{l, a}} }, true, false},
	{"leader does not hear a follower", func(l, a, _ *node) []way { return []way{{a, l}} }, true, false},
	{"each alone", func(l, a, b *node) []way { return join(both(l, a), both(l, b), both(a, b)) }, false, true},
	{"in a circle", func(l, a, b *node) []way { return []way{{l, a}, {a, b}, {b, l}} }, false, true},
}

// TestPartition: whatever is cut of the network, one way or both, appends go on where most of the nodes reach each other, and within three elections after the cut
// has healed; nothing that was acknowledged is lost.
func TestPartition(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "n1", "n2", "n3")
	c.wait = 2 * time.Second
	c.through()
	c.startAll()
	c.leader()
	l := c.write(6)
	l.progress(100)
	for _, s := range shapes {
		leader := c.leader()
		others := c.others(leader)
		term := leader.term()
		cut := time.Now()
		c.network.sever(s.cut(leader, others[0], others[1])...)
		switch {
		case s.kept:
			l.await("while the leader reaches most of the nodes", func(a ack) bool { return a.sent.After(cut.Add(2*election)) && int(a.port) == leader.sql })
		case s.lost:
			harness.Await(t, "the leader leads no more", func() bool { return !leader.leads() })
		default:
			a := l.await("by another node", func(a ack) bool { return a.sent.After(cut) && int(a.port) != leader.sql })
			t.Logf("%s: another appends after %v", s.name, a.at.Sub(cut).Round(time.Millisecond))
		}
		c.network.heal()
		took := c.appends()
		t.Logf("%s: the first append %v after the cut has healed", s.name, took.Round(time.Millisecond))
		if took > 3*c.election+slack {
			t.Errorf("%s: the first append %v after the cut has healed", s.name, took)
		}
		for _, n := range c.nodes {
			n.caughtUp()
		}
		if now := c.leader(); s.kept && (now != leader || now.term() != term) {
			t.Errorf("%s: %s leads in term %s, and %s led in term %s", s.name, now.name, now.term(), leader.name, term)
		}
	}
	c.judge(l)
	c.sound()
}

// slack is what the machine may take in addition: tests run beside.
const slack = 2 * time.Second

// term is the term that the node is in.
func (n *node) term() string {
	n.c.Helper()
	return n.must("SELECT term FROM eventgres_cluster WHERE node = '" + n.name + "'")[0]
}

// appends tries to append at every node, until one does, and tells how long that took.
func (c *cluster) appends() time.Duration {
	c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	begun, done := time.Now(), make(chan struct{}, len(c.nodes))
	for _, n := range c.nodes {
		go func() {
			for ctx.Err() == nil {
				one, ended := context.WithTimeout(ctx, time.Second)
				_, err := query(one, n.url(), "INSERT INTO events (stream, type) VALUES ('probe', 'Probed')")
				ended()
				if err == nil {
					done <- struct{}{}
					return
				}
			}
		}()
	}
	select {
	case <-done:
	case <-ctx.Done():
		c.Fatal("no node takes appends any more")
	}
	return time.Since(begun)
}

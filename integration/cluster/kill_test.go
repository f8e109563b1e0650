//go:build linux

package cluster

import (
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestKill: the leader is killed again and again under writers. Nothing that was acknowledged is lost, nothing is there twice, and all nodes have the same bytes.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds, writers := 5, 8
	if harness.Long() {
		rounds, writers = 100, 16
	}
	c := found(t)
	leader := c.leader()
	l := c.write(writers)
	l.progress(100)
	var pauses []time.Duration
	for range rounds {
		killed := time.Now()
		leader.kill()
		a := l.await("by another node", func(a ack) bool { return a.at.After(killed) && int(a.port) != leader.sql })
		pauses = append(pauses, a.at.Sub(killed))
		leader.start()
		leader.serves()
		leader.caughtUp()
		l.progress(100)
		leader = c.leader()
	}
	middle, longest := median(pauses)
	t.Logf("%d kills of the leader under %d writers: pause %v in the median, %v at most", rounds, writers, middle, longest)
	c.judge(l)
	c.sound()
}

// TestKillAll: all nodes are killed at once under writers.
func TestKillAll(t *testing.T) {
	t.Parallel()
	rounds := 2
	if harness.Long() {
		rounds = 20
	}
	c := found(t)
	l := c.write(8)
	for range rounds {
		l.progress(200)
		for _, n := range c.nodes {
			n.process.signal(9)
		}
		for _, n := range c.nodes {
			n.process.end(t)
		}
		c.startAll()
	}
	l.progress(200)
	c.judge(l)
	c.sound()
}

// TestTransfer: the leadership is handed over under writers, who hardly notice.
func TestTransfer(t *testing.T) {
	t.Parallel()
	rounds := 5
	if harness.Long() {
		rounds = 50
	}
	c := found(t)
	leader := c.leader()
	l := c.write(8)
	l.progress(100)
	var pauses []time.Duration
	for i := range rounds {
		next := c.others(leader)[i%2]
		asked := time.Now()
		leader.must("SELECT eventgres_cluster_transfer('" + next.name + "')")
		first := l.await("by the new leader", func(a ack) bool { return a.at.After(asked) && int(a.port) == next.sql })
		last := asked
		l.mu.Lock()
		for _, a := range l.acks {
			if int(a.port) == leader.sql && a.at.After(last) && a.at.Before(first.at) {
				last = a.at
			}
		}
		l.mu.Unlock()
		pauses = append(pauses, first.at.Sub(last))
		leader = next
		l.progress(100)
	}
	middle, longest := median(pauses)
	t.Logf("%d transfers under 8 writers: pause %v in the median, %v at most", rounds, middle, longest)
	c.judge(l)
}

// TestPause: the leader is stopped and goes on after another has been elected, and does not take itself for the leader any more; a follower is stopped and goes on.
func TestPause(t *testing.T) {
	t.Parallel()
	c := found(t)
	l := c.write(8)
	l.progress(100)
	for range 2 {
		leader := c.leader()
		paused := time.Now()
		leader.pause()
		a := l.await("by another node", func(a ack) bool { return a.at.After(paused) && int(a.port) != leader.sql })
		t.Logf("another node appends %v after the leader was stopped", a.at.Sub(paused).Round(time.Millisecond))
		leader.resume()
		leader.caughtUp()
		if leader.leads() {
			t.Errorf("%s leads, and another was elected", leader.name)
		}
		follower := c.others(c.leader())[0]
		follower.pause()
		l.progress(200)
		follower.resume()
		follower.caughtUp()
	}
	c.judge(l)
	c.sound()
}

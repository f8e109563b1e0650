package consumer

import (
	"runtime/debug"
	"slices"
	"time"
)

// leases ends memberships whose lease is over, also of a consumer that nobody asks for any more. The consumer's lock guards it. While there are no
// members it does nothing.
type leases struct {
	timer *time.Timer // nil: there are no members
	due   time.Time   // when it looks
}

func (l *leases) stop() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// at has it look at a time, if it does not look before.
func (l *leases) at(t time.Time, look func()) {
	switch {
	case l.timer == nil:
		l.timer = time.AfterFunc(time.Until(t), look)
	case t.Before(l.due):
		l.timer.Reset(time.Until(t))
	default:
		return
	}
	l.due = t
}

// renew has a member's lease begin.
func (c *Consumer) renew(m *Member) {
	m.expires = time.Now().Add(c.def.lease())
	if !m.ended {
		c.leases.at(m.expires, c.expire)
	}
}

// hold has a member's lease not end before letGo.
func (c *Consumer) hold(m *Member) {
	c.mu.Lock()
	m.holds++
	c.mu.Unlock()
}

func (c *Consumer) letGo(m *Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.holds--
	c.renew(m)
}

// expire ends the memberships whose lease is over.
func (c *Consumer) expire() {
	defer func() {
		if p := recover(); p != nil {
			c.registry.logger.Error("panic where leases end", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leases.timer == nil {
		return
	}
	now := time.Now()
	next := now.Add(c.def.lease())
	for _, m := range slices.Clone(c.members) {
		switch {
		case m.holds > 0: // it is looked at again
		case !now.Before(m.expires):
			c.endMembership(m, false)
		case m.expires.Before(next):
			next = m.expires
		}
	}
	if l := &c.leases; l.timer != nil {
		l.due = next
		l.timer.Reset(next.Sub(now))
	}
}

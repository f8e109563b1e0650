package consumer

import (
	"slices"
	"strconv"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

const (
	// maxMembers bounds the members of a consumer, and allMembers those of all; more than there are partitions have nothing to do.
	maxMembers = 4096
	allMembers = 20_000
	// allGiven bounds the events of all batches that members were given, 8 bytes each; beyond it, batches are of one event.
	allGiven = 4 << 20
)

// Member is who reads some of a consumer's partitions. The consumer's lock guards it.
type Member struct {
	consumer *Consumer
	name     string // empty: it is a session
	named    bool
	expires  time.Time
	holds    int    // calls and transactions that are under way, in which the lease does not end
	calls    uint64 // of consume; a newer one takes the place of one that waits
	partsOf  []int  // the partitions that it reads
	batch    *batch // that consume gave last
	wait     *wait  // of consume; nil: it does not wait
	ended    bool
}

// over tells whether the membership has ended.
func (m *Member) over() bool {
	m.consumer.mu.Lock()
	defer m.consumer.mu.Unlock()
	return m.ended
}

// named finds the member of a name.
func (c *Consumer) named(name string) *Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		if m.named && m.name == name {
			return m
		}
	}
	return nil
}

// join begins a membership.
func (c *Consumer) join(name string, named bool) (*Member, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return nil, undefined(c.name)
	}
	for _, m := range c.members {
		if named && m.named && m.name == name {
			return m, nil
		}
	}
	if len(c.members) >= maxMembers || c.registry.members.Load() >= allMembers {
		return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "too many members of consumers").
			WithHint("A consumer may have " + strconv.Itoa(maxMembers) + " members, and all together " + strconv.Itoa(allMembers) + ".")
	}
	m := &Member{consumer: c, name: name, named: named}
	c.registry.members.Add(1)
	if c.members = append(c.members, m); len(c.members) == 1 {
		c.registry.live.Join()
	}
	c.renew(m)
	c.wake() // who waits may have to give up partitions
	return m, nil
}

// give has a batch be the last that the member was given.
func (m *Member) give(b *batch) {
	given := &m.consumer.registry.given
	if m.batch != nil {
		given.Add(-m.batch.events)
	}
	if m.batch = b; b != nil {
		given.Add(b.events)
	}
}

// left ends a membership; politely: what it has not acknowledged has not failed.
func (c *Consumer) left(m *Member, politely bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endMembership(m, politely)
}

func (c *Consumer) endMembership(m *Member, politely bool) {
	if m.ended {
		return
	}
	m.ended = true
	for _, p := range m.partsOf {
		s := &c.parts[p]
		s.owner = nil
		if first := m.batch.unacknowledged(p); !politely && first >= 0 {
			s.failed = first
		}
	}
	m.give(nil)
	m.partsOf = nil
	c.registry.members.Add(-1)
	c.members = slices.DeleteFunc(c.members, func(x *Member) bool { return x == m })
	if len(c.members) == 0 {
		c.registry.live.Leave()
		c.leases.stop()
		c.lighten()
	}
	c.wake()
}

// share gives a member the partitions that are its share, as far as they are free, and takes from it what is others'. Each holds as many as
// the others, or one more.
func (c *Consumer) share(m *Member) {
	least, odd := len(c.parts)/len(c.members), len(c.parts)%len(c.members)
	most := least
	if odd > 0 {
		most++
	}
	held, need, more := 0, 0, 0 // in all; what others lack of the least; who of the others holds more than that
	for _, o := range c.members {
		held += len(o.partsOf)
		if o != m {
			need += max(0, least-len(o.partsOf))
			if len(o.partsOf) > least {
				more++
			}
		}
	}
	free := len(c.parts) - held
	if more >= odd {
		most = least // as many as may have one more than others
	}
	mine := len(m.partsOf)
	if surplus := max(mine-most, min(mine-least, need-free)); surplus > 0 {
		for _, p := range m.partsOf[mine-surplus:] {
			c.parts[p].owner = nil
		}
		m.partsOf = m.partsOf[:mine-surplus]
		c.wake()
		return
	}
	want := least - mine
	if want <= 0 && mine < most && free > need {
		want = 1
	}
	for p := range c.parts {
		if want <= 0 {
			break
		}
		if c.parts[p].owner == nil {
			c.parts[p].owner = m
			m.partsOf = append(m.partsOf, p)
			want--
		}
	}
	slices.Sort(m.partsOf)
}

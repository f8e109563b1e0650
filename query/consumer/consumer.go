package consumer

import (
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/live"
)

// Consumer is a consumer, as this server has it in memory. It may be used concurrently.
type Consumer struct {
	registry *Registry
	slot     int
	id       uuid.UUID
	name     string
	owner    uint32

	mu      sync.Mutex
	def     Definition
	version int64 // of its record
	gone    bool  // it was dropped
	members []*Member
	parts   []part
	waits   map[*wait]struct{}
	reader  *wait  // of them, the one that waits for events, for all
	what    filter // which events it is about
	bytes   int64  // of events that are queued
	leases  leases

	// What is parked, by partition, as of a version of the registry's watch.
	shelves   []shelf
	shelved   int
	shelvesOf int64
	shelvesBy string            // what became of their streams then; empty: they were not read
	known     map[string]parked // their records, by key
}

// part is a partition in memory.
type part struct {
	key string // of its record
	checkpoint
	version int64 // of its record, as it was last read
	read    bool  // it was
	owner   *Member
	// failed is the first event that a member had not acknowledged whose membership ended without a word, -1 if none: an attempt that is to be
	// counted by whoever takes the partition.
	failed int64
	stuck  bool  // an event of it is to be parked, for which there was no room
	moved  int64 // when the checkpoint was last moved behind events that the filter rejects, µs
	queue
}

func newConsumer(r *Registry, slot int, d *Definition, version int64) *Consumer {
	c := &Consumer{
		registry: r, slot: slot, id: d.ID, name: d.Name, owner: d.Owner, def: *d, version: version,
		parts: make([]part, d.Partitions), waits: map[*wait]struct{}{},
	}
	for i := range c.parts {
		c.parts[i].failed, c.parts[i].key = -1, checkpointKey(slot, i)
	}
	return c
}

// redefine takes what the consumer is by now.
func (c *Consumer) redefine(d *Definition, version int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version == version {
		return
	}
	c.def, c.version = *d, version
	c.wake()
}

// end tells that the consumer was dropped.
func (c *Consumer) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	c.endAll()
}

// endMembers ends the memberships.
func (c *Consumer) endMembers() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endAll()
}

func (c *Consumer) endAll() {
	for _, m := range slices.Clone(c.members) {
		c.endMembership(m, true)
	}
	c.wake()
}

// wake has those look again who wait in consume.
func (c *Consumer) wake() {
	for w := range c.waits {
		w.wake()
	}
}

// wait is a consume that waits.
type wait struct {
	live  live.Waiter // of the one that waits for all
	woken chan struct{}
}

// wake has it look again.
func (w *wait) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// refresh reads how far a partition is. It fails where the log ends below that.
func (c *Consumer) refresh(p int, next int64) error {
	s := &c.parts[p]
	at, version := c.checkpointOf(p)
	if s.read && version == s.version {
		return nil
	}
	if at.Position >= next || c.def.Lost {
		return c.lost()
	}
	c.learned(s, at, version)
	return nil
}

// learned takes in how far a partition is.
func (c *Consumer) learned(s *part, at checkpoint, version int64) {
	s.checkpoint, s.version = at, version
	if !s.read || at.Position < s.from {
		c.restart(s, at.Position)
		s.read = true
		return
	}
	c.advance(s, at.Position)
}

// checkpointOf reads a partition's record, unless it is known.
func (c *Consumer) checkpointOf(p int) (checkpoint, int64) {
	s := &c.parts[p]
	if s.read && c.registry.control.Get(s.key).Version == s.version {
		return s.checkpoint, s.version
	}
	return readCheckpoint(c.registry.control, c.slot, p)
}

func (c *Consumer) lost() error {
	return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "consumer \"%s\" is further than the log", c.name).
		WithDetail("The log was restored or repaired, and ends below a checkpoint.").
		WithHint("Look at what the consumer has done, and call reset_consumer with the position from which it is to go on.")
}

// checkpointChange is the change that moves a partition.
func (c *Consumer) checkpointChange(p int, to checkpoint, ifVersion int64) engine.ControlChange {
	return engine.ControlChange{Key: c.parts[p].key, Value: to.record(), IfVersion: ifVersion}
}

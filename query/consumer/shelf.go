package consumer

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
)

const (
	// maxParked bounds what is parked of a consumer: 10,000 records of some 300 bytes. Beyond it, partitions stop at an event that is to be parked.
	maxParked = 10_000
	// allParked bounds the records of what all consumers have parked, in bytes: half of what the control state may have, so that there is room
	// for checkpoints, views and roles whatever fails. Beyond it partitions stop as well.
	allParked = 32 << 20
	// parkedBytes is about what a record takes of an event that is parked in passing.
	parkedBytes = 400
)

// shelf is what is parked of a partition.
type shelf struct {
	list     []parked // by position
	released []parked // of them, those that are to be delivered once more
	streams  map[uuid.UUID]bool
	numbers  map[int]int64 // versions of the keys, by their numbers
}

// loadShelves reads what is parked, if that has changed.
func (c *Consumer) loadShelves() {
	seen := c.registry.parked.Version()
	if seen == c.shelvesOf && c.shelvesBy == c.def.OnPark {
		return
	}
	records, _ := c.registry.control.List(parkedKeys(c.slot))
	c.shelvesOf = seen
	if !c.learn(records) && c.shelvesBy == c.def.OnPark {
		if slices.ContainsFunc(c.parts, func(s part) bool { return s.stuck }) && c.parkingRoom() > 0 {
			c.unstick()
		}
		return
	}
	shelves := make([]shelf, len(c.parts))
	for i := range records {
		if one, ok := c.known[records[i].Key]; ok {
			s := &shelves[one.partition]
			s.list = append(s.list, one)
		}
	}
	c.shelved = 0
	for p := range shelves {
		s := &shelves[p]
		c.shelved += len(s.list)
		slices.SortFunc(s.list, func(a, b parked) int { return cmp.Compare(a.Position, b.Position) })
		for _, one := range s.list {
			if s.numbers == nil {
				s.numbers = map[int]int64{}
			}
			s.numbers[one.number] = one.version
			switch {
			case one.Released:
				s.released = append(s.released, one)
			case c.def.OnPark == parkStream:
				if s.streams == nil {
					s.streams = map[uuid.UUID]bool{}
				}
				s.streams[one.Stream] = true
			}
		}
	}
	c.shelves, c.shelvesBy = shelves, c.def.OnPark
	c.unstick()
}

// learn takes in the records of what is parked, and tells whether any is not as it was. What was read before is not read again: whatever any
// consumer parks has all look.
func (c *Consumer) learn(records []engine.ControlRecord) (changed bool) {
	changed = len(records) != len(c.known)
	known := make(map[string]parked, len(records))
	for i := range records {
		r := &records[i]
		one, ok := c.known[r.Key]
		if !ok || one.version != r.Version {
			changed = true
			if one, ok = c.readParked(r); !ok {
				c.registry.logger.Error("a parked event cannot be read", "key", r.Key)
				continue
			}
		}
		known[r.Key] = one
	}
	c.known = known
	return changed
}

func (c *Consumer) readParked(r *engine.ControlRecord) (one parked, ok bool) {
	partition, number, _ := strings.Cut(strings.TrimPrefix(r.Key, parkedKeys(c.slot)), "/")
	one.version = r.Version
	var err error
	if one.partition, err = strconv.Atoi(partition); err == nil {
		one.number, err = strconv.Atoi(number)
	}
	if err == nil {
		err = json.Unmarshal(r.Value, &one)
	}
	return one, err == nil && one.partition >= 0 && one.partition < len(c.parts)
}

// parkingRoom is how many events more may be parked of the consumer.
func (c *Consumer) parkingRoom() int {
	_, bytes := c.registry.control.Size(parkedPrefix)
	left := int((allParked - bytes) / parkedBytes)
	if left <= 0 && !c.registry.crowded.Swap(true) {
		c.registry.logger.Warn("consumers have parked as much as may be parked; partitions stop at what is to be parked until some is dealt with",
			"bytes", bytes, "limit", allParked)
	}
	return max(0, min(left, maxParked-c.shelved))
}

// unstick has partitions go on for which there may be room by now, or something that is to be delivered once more.
func (c *Consumer) unstick() {
	for p := range c.parts {
		c.parts[p].stuck = false
	}
}

// lessParked has consumers look again whose partitions have stopped because all had parked too much, where changes make room.
func (r *Registry) lessParked(changes []engine.ControlChange) {
	if !r.crowded.Load() || !slices.ContainsFunc(changes, func(x engine.ControlChange) bool { return x.Delete && strings.HasPrefix(x.Key, parkedPrefix) }) {
		return
	}
	if _, bytes := r.control.Size(parkedPrefix); bytes >= allParked {
		return
	}
	r.crowded.Store(false)
	for _, c := range r.all() {
		c.mu.Lock()
		c.wake()
		c.mu.Unlock()
	}
}

// shelve are the changes that park events of a partition.
func (c *Consumer) shelve(p int, events []parked) (changes []engine.ControlChange) {
	number := 0
	for i := range events {
		for c.shelves[p].numbers[number] > 0 {
			number++
		}
		key := parkedKey(c.slot, p, number)
		changes = append(changes, change(key, &events[i], c.registry.control.Get(key).Version))
		number++
	}
	return changes
}

// unshelve is the change that forgets a parked event.
func (c *Consumer) unshelve(p int, one *parked) engine.ControlChange {
	return engine.ControlChange{Key: parkedKey(c.slot, p, one.number), Delete: true, IfVersion: one.version}
}

// putBack is the change that keeps a parked event otherwise.
func (c *Consumer) putBack(p int, one parked) engine.ControlChange {
	return change(parkedKey(c.slot, p, one.number), &one, one.version)
}

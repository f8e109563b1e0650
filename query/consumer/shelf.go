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

// maxParked bounds what is parked of a consumer: 10,000 records of some 300 bytes. Beyond it, partitions stop at an event that is to be parked.
const maxParked = 10_000

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
	if c.shelvesGot && seen == c.shelvesOf {
		return
	}
	prefix := parkedKeys(c.slot)
	shelves := make([]shelf, len(c.parts))
	records, _ := c.registry.control.List(prefix)
	for _, r := range records {
		partition, number, _ := strings.Cut(strings.TrimPrefix(r.Key, prefix), "/")
		p, err := strconv.Atoi(partition)
		one := parked{version: r.Version}
		if err == nil {
			one.number, err = strconv.Atoi(number)
		}
		if err == nil {
			err = json.Unmarshal(r.Value, &one)
		}
		if err != nil || p >= len(shelves) {
			c.registry.logger.Error("a parked event cannot be read", "key", r.Key)
			continue
		}
		s := &shelves[p]
		s.list = append(s.list, one)
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
	for p := range c.parts {
		c.parts[p].stuck = false
	}
	c.shelves, c.shelvesOf, c.shelvesGot = shelves, seen, true
}

// stopped tells of a partition that has come to an event that is to be parked, for which there is no room.
func (c *Consumer) stopped(s *part) bool { return s.stuck && c.shelved >= maxParked }

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

package consumer

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
)

// TestLighten: where nobody reads, nothing is kept of what was queued, and what was not given is read anew.
func TestLighten(t *testing.T) {
	c := newConsumer(&Registry{}, 0, &Definition{Partitions: 2}, 1)
	s := &c.parts[0]
	c.restart(s, 3)
	for _, position := range []int64{7, 9} {
		c.keep(s, &engine.RecordedEvent{Position: position})
	}
	s.next = 20
	other := &c.parts[1]
	c.restart(other, 3)
	other.next = 20
	c.lighten()
	if s.entries != nil || s.next != 7 || s.from != 3 {
		t.Errorf("%d entries, from %d to %d; expected none, from 3 to 7", len(s.entries), s.from, s.next)
	}
	if other.next != 20 {
		t.Errorf("the partition of which nothing was queued is read anew from %d", other.next)
	}
	if c.bytes != 0 || c.registry.bytes.Load() != 0 || s.bytes != 0 {
		t.Errorf("%d, %d and %d bytes are counted", c.bytes, c.registry.bytes.Load(), s.bytes)
	}
}

// TestStall: whose queues are full at different times, a member's partitions have been read up to one place, and lack nothing before it.
func TestStall(t *testing.T) {
	store, err := engine.Open(t.TempDir(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	random := rand.New(rand.NewPCG(1, 2))
	const partitions, events = 1024, 20_000
	request := &engine.AppendRequest{}
	for range events {
		request.Events = append(request.Events, engine.NewEvent(fmt.Sprint("s-", random.IntN(1+random.IntN(3000))), "A", nil))
	}
	if err := store.Writer().Append(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	r := &Registry{index: store.Index()}
	r.entries.Store(allQueuedEvents) // there is little room
	c := newConsumer(r, 0, &Definition{Partitions: partitions}, 1)
	members := []*Member{{consumer: c}, {consumer: c}, {consumer: c}}
	for p := range c.parts {
		m := members[random.IntN(3)]
		m.partsOf = append(m.partsOf, p)
		c.restart(&c.parts[p], -1)
		c.parts[p].owner, c.parts[p].read = m, true
	}
	queued := func(p int) (list []int64) {
		for i, e := range request.Events {
			if int64(i) < c.parts[p].next && partitionOf(engine.StreamID(e.Stream), partitions) == p {
				list = append(list, int64(i))
			}
		}
		return list
	}
	stalls := 0
	for from := int64(0); from < events; {
		if from, err = c.pass(t.Context(), from, events); err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			next := c.parts[m.partsOf[0]].next
			if next < from {
				stalls++
			}
			for _, p := range m.partsOf {
				if s := &c.parts[p]; s.next != next {
					t.Fatalf("of one member, a partition is read up to %d and another up to %d", s.next, next)
				} else if len(s.entries) > fewQueued {
					t.Fatalf("%d entries", len(s.entries))
				}
			}
		}
	}
	for p := range c.parts {
		var got []int64
		for _, e := range c.parts[p].entries {
			got = append(got, e.position)
		}
		if want := queued(p); !slices.Equal(got, want) {
			t.Fatalf("partition %d has %v queued below %d, expected %v", p, got, c.parts[p].next, want)
		}
	}
	if stalls == 0 {
		t.Error("no queue was ever full")
	}
}

// TestUnread: what is not kept of queued events is read together, in the order in which it is delivered.
func TestUnread(t *testing.T) {
	c := newConsumer(&Registry{}, 0, &Definition{Partitions: 3}, 1)
	kept := &engine.RecordedEvent{}
	for p, list := range [][]entry{
		{{position: 1}, {position: 4, event: kept}, {position: 9}},
		{{position: 2}, {position: 3}, {position: 8}},
		{{position: 0}, {position: 5}},
	} {
		c.parts[p].entries = list
	}
	a := assembly{Consumer: c, parts: []int{0, 1, 2}, at: []int{0, 1, 0}, cut: []bool{false, false, true}, horizon: 9}
	if got := a.unread(); !slices.Equal(got, []int64{1, 3, 8}) {
		t.Errorf("%v are to be read", got)
	}
	if !slices.Equal(a.at, []int{0, 1, 0}) {
		t.Error("they were taken")
	}
}

// TestLearn: of what is parked only that is read which was not read before.
func TestLearn(t *testing.T) {
	c := newConsumer(&Registry{logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, 0, &Definition{Partitions: 2}, 1)
	record := func(n int, version int64, stream uuid.UUID) engine.ControlRecord {
		return engine.ControlRecord{Key: parkedKey(0, 1, n), Version: version, Value: fmt.Appendf(nil, `{"position": %d, "stream": "%s"}`, n, stream)}
	}
	stream := uuid.New()
	records := []engine.ControlRecord{record(0, 1, stream), record(1, 1, stream)}
	if !c.learn(records) || len(c.known) != 2 {
		t.Fatalf("%d are known", len(c.known))
	}
	records[0].Value = []byte("this is read by nobody")
	if c.learn(records) || c.known[records[0].Key].Stream != stream {
		t.Error("what has not changed was read again")
	}
	records[1] = record(1, 2, uuid.New())
	if !c.learn(records) || c.known[records[1].Key].Stream == stream {
		t.Error("what has changed was not read again")
	}
	if one := c.known[records[1].Key]; one.partition != 1 || one.number != 1 || one.version != 2 {
		t.Errorf("it is %+v", one)
	}
	if !c.learn(records[1:]) || len(c.known) != 1 {
		t.Error("what is gone is known yet")
	}
	records[1].Key = parkedKey(0, 7, 1) // there is no such partition
	if !c.learn(records[1:]) || len(c.known) != 0 {
		t.Error("what cannot be is known")
	}
}

// TestCheckpointRecord: what is written of a checkpoint is what is read.
func TestCheckpointRecord(t *testing.T) {
	for _, want := range []checkpoint{{}, {Position: -1}, {Position: 7, At: 9, Attempts: 2, Until: 1 << 50}, {Position: 1 << 60, Until: 5}, {At: 3, Attempts: 1}} {
		var got checkpoint
		if err := json.Unmarshal(want.record(), &got); err != nil || got != want {
			t.Errorf("%s is read as %+v, %v", want.record(), got, err)
		}
		if text, _ := json.Marshal(want); string(text) != string(want.record()) {
			t.Errorf("%s, expected %s", want.record(), text)
		}
	}
}

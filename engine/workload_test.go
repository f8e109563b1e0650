package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// workload is a random load on a store in memory, the same for the same seed as long as it has
// one client.
type workload struct {
	name    string
	clients int
	appends int   // a client's
	segment int64 // bytes
	pad     int   // bytes of a payload, at most
	reopen  bool  // closes the store and opens it again in between
	control bool  // changes the control state too, alone and together with events
}

// workloads are the standard ones.
var workloads = []workload{
	{name: "appends", clients: 1, appends: 12, segment: 1 << 20, pad: 700},
	{name: "rolls", clients: 1, appends: 10, segment: 1500, pad: 500},
	{name: "mixed", clients: 1, appends: 14, segment: 4096, pad: 1200, control: true},
	{name: "reopened", clients: 1, appends: 10, segment: 3000, pad: 600, reopen: true, control: true},
	{name: "groups", clients: 4, appends: 5, segment: 4096, pad: 400, control: true},
	{name: "large", clients: 1, appends: 5, segment: 6000, pad: 9000},
	{name: "control", clients: 1, appends: 12, segment: 1500, pad: 500, control: true},
}

func (w *workload) options(fs vfs.FS) Options {
	return Options{FS: fs, SegmentBytes: w.segment, CacheBlocks: 2}
}

// run runs the load on a file system and writes its history. Errors are part of it; it ends when
// the store cannot be opened.
func (w *workload) run(m *vfs.Mem, seed uint64, h *history) {
	s, err := Open("/db", w.options(m))
	if err != nil {
		return
	}
	rounds := 1
	if w.reopen {
		rounds = 2
	}
	for round := range rounds {
		if round > 0 {
			_ = s.Close() // what it cannot do now, the next opening does
			if s, err = Open("/db", w.options(m)); err != nil {
				return
			}
		}
		var clients sync.WaitGroup
		for i := range w.clients {
			c := &client{workload: w, history: h, store: s, rng: rand.New(rand.NewPCG(seed, uint64(round*w.clients+i)))}
			clients.Add(1)
			go func() {
				defer clients.Done()
				c.run()
			}()
		}
		clients.Wait()
	}
	_ = s.Close()
}

// client is one of a workload's.
type client struct {
	*workload
	history *history
	store   *Store
	rng     *rand.Rand
	mine    []*operation
}

func (c *client) run() {
	for i := range c.appends {
		switch n := c.rng.IntN(12); {
		case c.control && i == c.appends/2:
			c.put()
		case n == 0 && len(c.mine) > 0:
			c.retry(c.mine[c.rng.IntN(len(c.mine))])
		case n <= 2 && c.control:
			c.put()
		default:
			c.append()
		}
		if c.clients == 1 {
			c.store.settle() // the order of operations is that of the seed
		}
	}
}

func (c *client) append() {
	op := &operation{expected: map[uuid.UUID]ExpectedVersion{}}
	for range 1 + c.rng.IntN(3) {
		e := NewEvent(fmt.Sprintf("s-%d", c.rng.IntN(4)), "T"+strings.Repeat("t", c.rng.IntN(3)), nil)
		c.fill(&e)
		op.events = append(op.events, e)
	}
	r := &AppendRequest{Events: append([]ProposedEvent(nil), op.events...)}
	if c.rng.IntN(8) == 0 {
		r.ProposedAt = time.Now().Add(-time.Hour).UnixMicro() // the clock was set back
	}
	if c.rng.IntN(3) == 0 {
		// Right, mostly.
		stream := op.events[0].Stream
		expected := ExpectedVersion(c.store.Index().StreamVersion(StreamID(stream)))
		if c.rng.IntN(4) == 0 {
			expected += ExpectedVersion(1 - 2*c.rng.IntN(2))
			expected = max(expected, NoStream)
		}
		r.Conditions = []Condition{{Kind: StreamAt, StreamID: StreamID(stream), Stream: stream, Version: expected}}
		op.expected[StreamID(stream)] = expected
	}
	if c.control && c.rng.IntN(3) == 0 {
		// Such an append is not sent again: its changes would conflict with what it has made.
		c.changes(op, r)
		c.send(op, r)
		return
	}
	c.send(op, r)
	c.mine = append(c.mine, op)
}

// put changes the control state alone.
func (c *client) put() {
	op, r := &operation{}, &AppendRequest{}
	c.changes(op, r)
	c.send(op, r)
}

// changes adds changes of a few keys to a request. Each value is written once, so that it tells whose it is.
func (c *client) changes(op *operation, r *AppendRequest) {
	keys := []string{"k/0", "k/1", "k/2", "other"}
	c.rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys[:1+c.rng.IntN(2)] {
		change := ControlChange{Key: key, IfVersion: AnyControlVersion}
		if c.rng.IntN(2) == 0 {
			change.IfVersion = c.store.Control().Get(key).Version
			if c.rng.IntN(4) == 0 {
				change.IfVersion++
			}
		}
		if change.Delete = c.rng.IntN(3) == 0; !change.Delete {
			change.Value = fmt.Appendf(nil, "%x %s", c.rng.Uint64(), strings.Repeat("v", c.rng.IntN(c.pad/2)))
		}
		op.changes = append(op.changes, change)
	}
	r.Control = append(r.Control, op.changes...)
}

// fill gives an event its content, sometimes zeros that look like what was never written.
func (c *client) fill(e *ProposedEvent) {
	id := [2]uint64{c.rng.Uint64(), c.rng.Uint64()}
	for i := range e.EventID {
		e.EventID[i] = byte(id[i/8] >> (i % 8 * 8))
	}
	n := c.rng.IntN(c.pad)
	switch c.rng.IntN(5) {
	case 0:
		e.Payload, e.Opaque = make([]byte, n), true
	case 1:
		e.Metadata, e.Tags = []byte(`{}`), []string{"a", ""}
	default:
		e.Payload = fmt.Appendf(nil, `"%s"`, strings.Repeat(string(rune('a'+c.rng.IntN(26))), n))
	}
}

func (c *client) send(op *operation, r *AppendRequest) {
	c.history.begin(op)
	err := c.store.Writer().Append(ctx, r)
	position := int64(-1)
	if err == nil && len(r.Events) > 0 {
		position = r.Results[0].Position
	}
	if err == nil {
		copy(op.changes, r.Control) // with their versions
	}
	c.history.end(op, position, err)
}

// retry sends an append once more, as a client does that had no answer.
func (c *client) retry(of *operation) {
	again := &operation{events: of.events, retries: of}
	of.tries = append(of.tries, again)
	c.history.begin(again)
	r := &AppendRequest{Events: append([]ProposedEvent(nil), of.events...)}
	err := c.store.Writer().Append(ctx, r)
	if err == nil {
		// It had not happened before: it is the append now.
		of.retried(c.history, again, r.Results[0].Position)
		return
	}
	c.history.end(again, -1, err)
}

// retried makes a retry that succeeded the one that counts.
func (op *operation) retried(h *history, again *operation, position int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	again.done, again.position = h.clock, position
	op.stored = again
}

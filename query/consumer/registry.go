package consumer

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/live"
)

// Registry is the consumers of a store. It may be used concurrently.
type Registry struct {
	// Slots tells which replication slots there are, beside consumers. It is set before anybody asks; nil: there are none.
	Slots func() []Slot

	control *engine.Control
	index   *engine.ReadIndex
	live    *live.Dispatcher
	logger  *slog.Logger
	watch   *engine.Watch // of definitions
	parked  *engine.Watch
	bytes   atomic.Int64 // of events that are queued
	entries atomic.Int64 // of all queues
	members atomic.Int64
	given   atomic.Int64 // events of the batches that they were given
	crowded atomic.Bool  // there was no room for what was to be parked of all
	gave    atomic.Int64 // events that were given, since the server's start
	failed  atomic.Int64 // attempts that were told to have failed, likewise

	mu     sync.Mutex
	seen   int64 // of watch
	loaded bool
	list   []*Consumer // by slot
}

// NewRegistry returns the consumers of a store. Nothing is read before somebody asks for one.
func NewRegistry(store *engine.Store, d *live.Dispatcher, logger *slog.Logger) *Registry {
	control := store.Control()
	return &Registry{
		control: control, index: store.Index(), live: d, logger: logger,
		watch: control.Watch(definitionPrefix), parked: control.Watch(parkedPrefix),
	}
}

// MarkLost marks the consumers that are further than the log is: what they are to be given next is not known any more. It is called once,
// before anything can be appended.
func (r *Registry) MarkLost(ctx context.Context, w *engine.WriterHandle) error {
	records, _ := r.control.List(definitionPrefix)
	next := r.index.GlobalPosition() + 1
	var changes []engine.ControlChange
	for _, record := range records {
		d, slot, err := readDefinition(&record)
		if err != nil || d.Lost {
			continue
		}
		for p := range d.Partitions {
			if c, _ := readCheckpoint(r.control, slot, p); c.Position >= next {
				r.logger.Warn("a consumer is further than the log; it stands still until it is reset", "consumer", d.Name, "checkpoint", c.Position, "next", next)
				d.Lost = true
				changes = append(changes, change(record.Key, d, record.Version))
				break
			}
		}
	}
	if changes == nil {
		return nil
	}
	return w.Append(ctx, &engine.AppendRequest{Control: changes})
}

func readDefinition(r *engine.ControlRecord) (d *Definition, slot int, err error) {
	if slot, err = strconv.Atoi(strings.TrimPrefix(r.Key, definitionPrefix)); err != nil {
		return nil, 0, err
	}
	d = new(Definition)
	return d, slot, json.Unmarshal(r.Value, d)
}

// readCheckpoint returns how far a partition is, and the version of its record.
func readCheckpoint(control *engine.Control, slot, partition int) (c checkpoint, version int64) {
	r := control.Get(checkpointKey(slot, partition))
	if r.Exists() {
		_ = json.Unmarshal(r.Value, &c) // this program wrote it
	}
	return c, r.Version
}

// all are the consumers that are committed.
func (r *Registry) all() []*Consumer {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.watch.Version()
	if r.loaded && seen == r.seen {
		return r.list
	}
	records, _ := r.control.List(definitionPrefix)
	var list []*Consumer
	for i := range records {
		d, slot, err := readDefinition(&records[i])
		if err != nil { // this program wrote it
			r.logger.Error("a consumer cannot be read", "key", records[i].Key, "error", err)
			continue
		}
		at := slices.IndexFunc(r.list, func(c *Consumer) bool { return c.slot == slot && c.id == d.ID })
		if at < 0 {
			list = append(list, newConsumer(r, slot, d, records[i].Version))
			continue
		}
		c := r.list[at]
		c.redefine(d, records[i].Version)
		list = append(list, c)
	}
	for _, c := range r.list {
		if !slices.Contains(list, c) {
			c.end()
		}
	}
	r.seen, r.loaded, r.list = seen, true, list
	return list
}

// EndMembers ends all memberships, which are of the server that leads: who consumes goes on there.
func (r *Registry) EndMembers() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.list {
		c.endMembers()
	}
}

// Slot is a replication slot, as it is shown beside consumers.
type Slot struct {
	Name      string
	Confirmed int64 // appends that end below this position are done
	Active    bool
}

func (r *Registry) slots() []Slot {
	if r.Slots == nil {
		return nil
	}
	return r.Slots()
}

// find finds a consumer by its name.
func (r *Registry) find(name string) (*Consumer, error) {
	for _, c := range r.all() {
		if c.name == name {
			return c, nil
		}
	}
	if slices.ContainsFunc(r.slots(), func(s Slot) bool { return s.Name == name }) {
		return nil, pgerror.Errorf(pgerror.WrongObjectType, "\"%s\" is a replication slot, not a consumer", name).
			WithHint("Follow it with START_REPLICATION, or call pg_logical_slot_get_changes(); pg_drop_replication_slot() drops it.")
	}
	return nil, undefined(name)
}

func undefined(name string) error {
	return pgerror.Errorf(pgerror.UndefinedObject, "consumer \"%s\" does not exist", name)
}

// Owned are the names of the consumers that belong to a role.
func (r *Registry) Owned(role uint32) (names []string) {
	for _, c := range r.all() {
		if c.owner == role {
			names = append(names, c.name)
		}
	}
	return names
}

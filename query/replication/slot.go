package replication

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
)

// The store keeps a slot as a control record. Its key is a number, the least that is free, and not its name: a key that was ever
// written is kept for ever, and subscribers make slots of new names for each table that they copy.
const slotPrefix = "slots/"

// storedSlot is a slot as it is kept.
type storedSlot struct {
	Name     string `json:"name"`
	Plugin   string `json:"plugin"`
	Database string `json:"database"`
	// Confirmed: who follows has said that he has all appends that end below this position.
	Confirmed int64 `json:"confirmed"`
}

// maxSlots bounds them: each is written to the log once a second while it is followed. PostgreSQL has ten, unless told otherwise.
const maxSlots = 100

// Slots are those that there are. They may be used concurrently.
type Slots struct {
	control *engine.Control
	writer  *engine.WriterHandle
	logger  *slog.Logger

	mu    sync.Mutex
	slots map[string]*Slot
}

// Slot is a place in the log that somebody who follows it has come to. Whoever has acquired it may change it.
type Slot struct {
	key       string // of its record; empty: it is temporary
	temporary bool
	of        *Slots

	// What the lock of the slots guards.
	stored   storedSlot
	pid      int32         // of the session that has it, 0: nobody
	released chan struct{} // closed when it has it no more
	sender   *Sender       // that streams it; nil: nobody
	saved    int64         // what is stored of Confirmed
}

// NewSlots returns the slots that a store has.
func NewSlots(control *engine.Control, writer *engine.WriterHandle, logger *slog.Logger) *Slots {
	s := &Slots{control: control, writer: writer, logger: logger, slots: map[string]*Slot{}}
	s.Reload()
	return s
}

// Reload takes the slots as the store has them by now, where others than this server write them. Those that a session still has it keeps; nobody
// is sent less for it.
func (s *Slots) Reload() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, slot := range s.slots {
		if slot.pid == 0 {
			delete(s.slots, name)
		}
	}
	records, _ := s.control.List(slotPrefix)
	for _, r := range records {
		slot := &Slot{key: r.Key, of: s}
		if err := json.Unmarshal(r.Value, &slot.stored); err != nil {
			s.logger.Error("a replication slot cannot be read; it is left alone", "key", r.Key, "error", err)
			continue
		}
		slot.saved = slot.stored.Confirmed
		if held := s.slots[slot.stored.Name]; held != nil {
			held.stored.Confirmed = max(held.stored.Confirmed, slot.saved)
			continue
		}
		s.slots[slot.stored.Name] = slot
	}
}

// Name is the slot's.
func (s *Slot) Name() string { return s.stored.Name }

// Plugin is how what is streamed is written.
func (s *Slot) Plugin() string { return s.stored.Plugin }

func checkSlotName(name string) error {
	switch {
	case name == "":
		return pgerror.Errorf(pgerror.InvalidName, "replication slot name \"%s\" is too short", name)
	case len(name) > 63:
		return pgerror.Errorf(pgerror.NameTooLong, "replication slot name \"%s\" is too long", name)
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; (c < 'a' || c > 'z') && !digit(c) && c != '_' {
			return pgerror.Errorf(pgerror.InvalidName, "replication slot name \"%s\" contains invalid character", name).
				WithHint("Replication slot names may only contain lower case letters, numbers, and the underscore character.")
		}
	}
	return nil
}

// Create makes a slot that begins at a position, and that the session with a process number has. A temporary one lives as long as
// that session.
func (s *Slots) Create(ctx context.Context, name, plugin, database string, temporary bool, pid int32, at int64) (*Slot, error) {
	if err := checkSlotName(name); err != nil {
		return nil, err
	}
	if !slices.Contains(plugins, plugin) {
		return nil, pgerror.Errorf(pgerror.UndefinedFile, "could not access file \"%s\": No such file or directory", plugin).
			WithHint("The output plugins are pgoutput and wal2json.")
	}
	slot := &Slot{of: s, temporary: temporary, pid: pid, released: make(chan struct{}), saved: at}
	slot.stored = storedSlot{Name: name, Plugin: plugin, Database: database, Confirmed: at}
	if err := s.enter(slot); err != nil {
		return nil, err
	}
	if temporary {
		return slot, nil
	}
	if err := s.put(ctx, slot, slot.stored); err != nil {
		s.forget(slot)
		return nil, err
	}
	return slot, nil
}

// enter gives a new slot its name, and its key.
func (s *Slots) enter(slot *Slot) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := slot.stored.Name
	if s.slots[name] != nil {
		return pgerror.Errorf(pgerror.DuplicateObject, "replication slot \"%s\" already exists", name)
	}
	if len(s.slots) >= maxSlots {
		return pgerror.Errorf(pgerror.ConfigurationLimitExceeded, "all replication slots are in use").WithHint(fmt.Sprintf("Drop one; there may be %d.", maxSlots))
	}
	if !slot.temporary {
		taken := map[string]bool{}
		for _, other := range s.slots {
			taken[other.key] = true
		}
		for n := 0; slot.key == ""; n++ {
			if key := fmt.Sprintf("%s%05d", slotPrefix, n); !taken[key] {
				slot.key = key
			}
		}
	}
	s.slots[name] = slot
	return nil
}

// put writes a slot's record.
func (s *Slots) put(ctx context.Context, slot *Slot, stored storedSlot) error {
	text, err := json.Marshal(stored)
	if err == nil {
		_, err = s.writer.Put(ctx, slot.key, text, engine.AnyControlVersion)
	}
	return err
}

func (s *Slots) forget(slot *Slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.slots, slot.stored.Name)
	close(slot.released)
}

func noSlot(name string) error {
	return pgerror.Errorf(pgerror.UndefinedObject, "replication slot \"%s\" does not exist", name)
}

// Acquire has a session have a slot, which nobody else may have.
func (s *Slots) Acquire(name string, pid int32) (*Slot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acquire(name, pid)
}

func (s *Slots) acquire(name string, pid int32) (*Slot, error) {
	slot := s.slots[name]
	switch {
	case slot == nil:
		return nil, noSlot(name)
	case slot.pid == pid && slot.temporary:
		return slot, nil
	case slot.pid != 0:
		return nil, pgerror.Errorf(pgerror.ObjectInUse, "replication slot \"%s\" is active for PID %d", name, slot.pid)
	}
	slot.pid, slot.released = pid, make(chan struct{})
	return slot, nil
}

// Release gives a slot back. A temporary one stays its session's.
func (s *Slot) Release() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.sender = nil; s.temporary {
		return
	}
	s.pid = 0
	close(s.released)
}

// Drop drops a slot; wait: it waits for who has it to give it back.
func (s *Slots) Drop(ctx context.Context, name string, wait bool, pid int32) error {
	for {
		s.mu.Lock()
		slot, err := s.acquire(name, pid)
		var released chan struct{}
		if err != nil && wait && s.slots[name] != nil {
			released = s.slots[name].released
		}
		s.mu.Unlock()
		if err == nil {
			return s.drop(ctx, slot)
		}
		if released == nil {
			return err
		}
		select {
		case <-released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drop drops a slot that was acquired.
func (s *Slots) drop(ctx context.Context, slot *Slot) error {
	if !slot.temporary {
		if _, err := s.writer.Delete(ctx, slot.key, engine.AnyControlVersion); err != nil {
			slot.Release()
			return err
		}
	}
	s.forget(slot)
	return nil
}

// DropTemporary drops those of a session that ends, or in which something has failed.
func (s *Slots) DropTemporary(pid int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, slot := range s.slots {
		if slot.temporary && slot.pid == pid {
			delete(s.slots, name)
			close(slot.released)
		}
	}
}

// Confirmed is the position below which appends that end there are not sent any more.
func (s *Slot) Confirmed() int64 {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	return s.stored.Confirmed
}

// confirm moves the slot on.
func (s *Slot) confirm(position int64) {
	s.of.mu.Lock()
	s.stored.Confirmed = max(s.stored.Confirmed, position)
	s.of.mu.Unlock()
}

// behind tells whether the store knows less than was confirmed.
func (s *Slot) behind() bool {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	return !s.temporary && s.stored.Confirmed > s.saved
}

// saveTimeout is how long the end of a session waits to write what was confirmed; without it some is sent again.
const saveTimeout = 5 * time.Second

// save writes how far the slot is.
func (s *Slot) save(ctx context.Context) error {
	s.of.mu.Lock()
	stored := s.stored
	s.of.mu.Unlock()
	if err := s.of.put(ctx, s, stored); err != nil {
		return err
	}
	s.of.mu.Lock()
	s.saved = stored.Confirmed
	s.of.mu.Unlock()
	return nil
}

// List is what views show of the slots, in the order of their names.
func (s *Slots) List() []analytics.Slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]analytics.Slot, 0, len(s.slots))
	for _, slot := range s.slots {
		out := analytics.Slot{
			Name: slot.stored.Name, Plugin: slot.stored.Plugin, Database: slot.stored.Database, Temporary: slot.temporary,
			PID: slot.pid, Confirmed: uint64(LSNOf(slot.stored.Confirmed)),
		}
		if slot.sender != nil {
			out.Sender = slot.sender.progress()
		}
		list = append(list, out)
	}
	slices.SortFunc(list, func(a, b analytics.Slot) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

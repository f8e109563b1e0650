package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// predicate is a condition on one event, for tests: its type, if that is set, and all of its tags.
type predicate struct {
	kind string
	tags []string
}

func (p *predicate) meets(e *RecordedEvent) bool {
	if p.kind != "" && e.Type != p.kind {
		return false
	}
	return !slices.ContainsFunc(p.tags, func(tag string) bool { return !slices.Contains(e.Tags, tag) })
}

// noneOf is the premise that no event meets a predicate.
type noneOf struct {
	predicate
	index *ReadIndex
	keys  []Key
	keyed bool
	shown []int64
}

// metError says which event met it.
type metError struct{ position int64 }

func (e *metError) Error() string { return fmt.Sprintf("event %d meets it", e.position) }

func newNoneOf(index *ReadIndex, p predicate) *noneOf {
	n := &noneOf{predicate: p, index: index}
	switch {
	case len(p.tags) > 0:
		n.keys, n.keyed = []Key{index.Key(TagKey, p.tags[0])}, true
	case p.kind != "":
		n.keys, n.keyed = []Key{index.Key(TypeKey, p.kind)}, true
	}
	return n
}

func (n *noneOf) Keys() ([]Key, bool) { return n.keys, n.keyed }

func (n *noneOf) CatchUp(ctx context.Context, from, before int64) error {
	o := Forward(from)
	o.Before = before
	c := n.index.ReadAll(o)
	for c.Next(ctx) {
		if err := n.Add(c.Event()); err != nil {
			return err
		}
	}
	return c.Err()
}

func (n *noneOf) Add(e *RecordedEvent) error {
	n.shown = append(n.shown, e.Position)
	if n.meets(e) {
		return &metError{e.Position}
	}
	return nil
}

func (n *noneOf) Holds() error { return nil }

// decision is an append that rested on a predicate, from a position on.
type decision struct {
	predicate
	from, position int64 // -1: it was refused
	refusedBy      int64
}

// TestPremises: clients decide by random predicates and append at once. No event that was committed between what a client had seen and its own meets its
// predicate, and nobody is refused but for one that does.
func TestPremises(t *testing.T) {
	for _, segment := range []int64{0, 4000} { // in the latter, segments roll all the time
		t.Run(fmt.Sprint(segment), func(t *testing.T) { testPremises(t, segment) })
	}
}

func testPremises(t *testing.T, segmentBytes int64) {
	const clients, rounds = 8, 400
	m := vfs.NewMem()
	s := openTest(t, "/db", Options{FS: m, SegmentBytes: segmentBytes, WriterThread: true})
	defer s.Close()
	m.Inject = func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncData && strings.Contains(op.Name, ".seg") {
			for range 50 { // so that groups have several appends
				runtime.Gosched()
			}
		}
		return nil
	}
	lists := make([][]decision, clients)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rng := rand.New(rand.NewPCG(uint64(c), uint64(segmentBytes)+7))
			for range rounds {
				lists[c] = append(lists[c], decide(t, s, rng))
			}
		}()
	}
	wg.Wait()
	var events []RecordedEvent
	log := s.Index().ReadAll(Forward(0))
	for log.Next(ctx) {
		events = append(events, log.Event().Clone())
	}
	if err := log.Err(); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, d := range slices.Concat(lists...) {
		if d.position < 0 {
			refused++
			if e := &events[d.refusedBy]; d.refusedBy < d.from || !d.meets(e) {
				t.Fatalf("%+v was refused for event %+v", d, e)
			}
			continue
		}
		for i := d.from; i < d.position; i++ {
			if d.meets(&events[i]) {
				t.Fatalf("%+v was appended behind event %d", d, i)
			}
		}
	}
	if refused == 0 || refused == clients*rounds {
		t.Errorf("%d of %d refused", refused, clients*rounds)
	}
}

// decide reads as far as the log is, waits a little, and appends.
func decide(t *testing.T, s *Store, rng *rand.Rand) decision {
	d := decision{from: s.Index().GlobalPosition() + 1, position: -1}
	tag := func() string { return fmt.Sprint("t", rng.IntN(6)) }
	kind := func() string { return fmt.Sprint("K", rng.IntN(3)) }
	switch rng.IntN(8) {
	case 0:
		d.kind = kind()
	case 1:
		d.kind, d.tags = kind(), []string{tag()}
	case 2:
		d.tags = []string{tag(), tag()}
	case 3: // every event
		if rng.IntN(4) > 0 {
			d.tags = []string{"none"}
		}
	default:
		d.tags = []string{tag()}
	}
	for range rng.IntN(30) {
		runtime.Gosched()
	}
	e := NewEvent(fmt.Sprint("s-", rng.IntN(5)), kind(), nil)
	e.Tags = []string{tag(), tag()}
	p := newNoneOf(s.Index(), d.predicate)
	r := &AppendRequest{Events: []ProposedEvent{e}, Conditions: []Condition{{Kind: PremiseHolds, Position: d.from, Premise: p}}}
	err := s.Writer().Append(ctx, r)
	var met *metError
	switch {
	case err == nil:
		d.position = r.Results[0].Position
	case errors.As(err, &met) && errors.As(err, new(*PremiseError)):
		d.refusedBy = met.position
	default:
		t.Errorf("append: %v", err)
	}
	if !slices.IsSorted(p.shown) || len(slices.Compact(slices.Clone(p.shown))) != len(p.shown) {
		t.Errorf("shown out of order, or twice: %v", p.shown)
	}
	return d
}

// TestPremiseAfterFailure: what a group that was not written has left in the table of keys costs a look, and refuses nobody.
func TestPremiseAfterFailure(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, "/db", Options{FS: m})
	defer s.Close()
	index := s.Index()
	rest := func(from int64) error {
		e := NewEvent("s", "T", nil)
		e.Tags = []string{"a"}
		p := newNoneOf(index, predicate{tags: []string{"a"}})
		return s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{e}, Conditions: []Condition{{Kind: PremiseHolds, Position: from, Premise: p}}})
	}
	if err := rest(0); err != nil {
		t.Fatal(err)
	}
	from := index.GlobalPosition() + 1
	full := true
	m.Inject = func(op vfs.Op) error {
		if full && op.Kind == vfs.OpWrite {
			return syscall.ENOSPC
		}
		return nil
	}
	if err := rest(from); !errors.Is(err, ErrDiskFull) {
		t.Fatal(err)
	}
	full = false
	mustAppend(t, s, NewEvent("other", "T", nil)) // in its place
	if err := rest(from); err != nil {
		t.Errorf("refused for an event that is not there: %v", err)
	}
	var met *metError
	if err := rest(from); !errors.As(err, &met) || met.position != from+1 {
		t.Errorf("got %v", err)
	}
}

// TestPremiseLooksAgain: what is too much for the writer to look at its caller goes through.
func TestPremiseLooksAgain(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	defer s.Close()
	p := &slow{noneOf: newNoneOf(s.Index(), predicate{kind: "none", tags: nil})}
	p.keyed = false
	p.first = func() { // while it catches up, more comes than the writer looks at
		events := make([]ProposedEvent, maxPremiseEvents+10)
		for i := range events {
			events[i] = NewEvent("s", "T", nil)
		}
		mustAppend(t, s, events...)
	}
	mustAppend(t, s, NewEvent("s", "T", nil))
	r := &AppendRequest{Events: []ProposedEvent{NewEvent("s", "T", nil)}, Conditions: []Condition{{Kind: PremiseHolds, Premise: p}}}
	if err := s.Writer().Append(ctx, r); err != nil {
		t.Fatal(err)
	}
	if r.rounds != 1 || len(p.shown) != maxPremiseEvents+11 {
		t.Errorf("%d rounds, %d events", r.rounds, len(p.shown))
	}
	for i, position := range p.shown {
		if position != int64(i) {
			t.Fatalf("event %d shown in place %d", position, i)
		}
	}
}

// slow is a premise during whose first look something happens.
type slow struct {
	*noneOf
	first func()
}

func (s *slow) CatchUp(ctx context.Context, from, before int64) error {
	err := s.noneOf.CatchUp(ctx, from, before)
	if s.first != nil {
		s.first()
		s.first = nil
	}
	return err
}

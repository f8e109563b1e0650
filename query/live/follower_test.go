package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/integration/harness"
)

func openStore(t testing.TB) *engine.Store {
	t.Helper()
	store, err := engine.Open(t.TempDir(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func randomEvent(r *rand.Rand) engine.ProposedEvent {
	e := engine.NewEvent(fmt.Sprintf("%c-%d", 'a'+r.IntN(3), r.IntN(4)), fmt.Sprintf("t%d", r.IntN(4)), nil)
	if r.IntN(8) == 0 { // a stream without a name
		e.Stream, e.StreamID = "", uuid.UUID{15: byte(1 + r.IntN(3))}
	}
	if size := r.IntN(400); size > 375 {
		e.Payload = []byte(`"` + string(make([]byte, size<<7)) + `"`)
		for i := range e.Payload[1 : len(e.Payload)-1] {
			e.Payload[1+i] = 'x'
		}
	}
	for range r.IntN(3) {
		e.Tags = append(e.Tags, fmt.Sprintf("tag%d", r.IntN(4)))
	}
	return e
}

func randomKey(r *rand.Rand) Key {
	switch KeyKind(r.IntN(int(WithTag) + 1)) {
	case OfStream:
		if r.IntN(3) == 0 {
			return Key{Kind: OfStream, Stream: uuid.UUID{15: byte(1 + r.IntN(3))}}
		}
		return Key{Kind: OfStream, Stream: engine.StreamID(fmt.Sprintf("%c-%d", 'a'+r.IntN(3), r.IntN(4)))}
	case OfCategory:
		return Key{Kind: OfCategory, Text: string(rune('a' + r.IntN(3)))}
	case OfType:
		return Key{Kind: OfType, Text: fmt.Sprintf("t%d", r.IntN(4))}
	case WithTag:
		return Key{Kind: WithTag, Text: fmt.Sprintf("tag%d", r.IntN(4))}
	}
	return Key{}
}

func follow(d *Dispatcher, key Key, from int64) *Follower {
	return d.Follow(key, from, func(_ context.Context, from, before int64) (Events, error) {
		o := engine.Forward(from)
		o.Before = before
		return d.index.ReadAll(o), nil
	})
}

// TestFollowers: whatever is appended meanwhile, whoever comes and goes, is slow, goes back or is interrupted: each follower sees all events from
// where it began that have its key, once, in the order of positions.
func TestFollowers(t *testing.T) {
	store := openStore(t)
	d := NewDispatcher(store, slog.New(slog.DiscardHandler), "watched")
	seed := harness.Seed(t)
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	const writers, appends, followers = 4, 200, 16
	var writing, following sync.WaitGroup
	written := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(w)))
			for i := range appends {
				var events []engine.ProposedEvent
				for range 1 + r.IntN(6) {
					events = append(events, randomEvent(r))
				}
				if err := store.Writer().Append(ctx, &engine.AppendRequest{Events: events}); err != nil {
					t.Error(err)
					return
				}
				if i%50 == 0 {
					if _, err := store.Writer().Put(ctx, fmt.Sprintf("watched/%d", w), []byte{byte(i)}, engine.AnyControlVersion); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	go func() { writing.Wait(); close(written) }()
	for n := range followers {
		following.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(1000+n)))
			for !done(written) || r.IntN(4) > 0 {
				followOnce(ctx, t, d, r, written)
				if ctx.Err() != nil {
					t.Errorf("follower %d: %v", n, ctx.Err())
					return
				}
			}
		})
	}
	following.Wait()
	if s := d.Stats(); s.Followers != 0 || s.Waiting != 0 || s.RingBytes != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

// waitFor is what a follower does that takes its time.
func waitFor(ctx context.Context, d time.Duration) {
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	<-ctx.Done()
}

func done(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// followOnce follows from somewhere for a while, or until the writers are done, and compares what it has seen with the log.
func followOnce(ctx context.Context, t *testing.T, d *Dispatcher, r *rand.Rand, written chan struct{}) {
	key := randomKey(r)
	from := d.index.GlobalPosition() + 1
	if r.IntN(2) == 0 {
		from = r.Int64N(from + 3)
	}
	f := follow(d, key, from)
	defer f.Close()
	var got []int64
	wanted := r.IntN(200)
	last := int64(0)
	for {
		f.Look()
		for {
			e, err := f.Next(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			if e == nil {
				break
			}
			if !key.Matches(e) {
				continue
			}
			got = append(got, e.Position)
			if n := len(got); r.IntN(50) == 0 { // it was interrupted, and reads some again
				n -= 1 + r.IntN(min(n, 20))
				f.Back(got[n])
				got = got[:n]
			}
			if r.IntN(64) == 0 {
				waitFor(ctx, time.Duration(r.IntN(3))*time.Millisecond) // a slow one
			}
		}
		if last = f.Position(); len(got) >= wanted || done(written) && last > d.index.GlobalPosition() {
			break
		}
		waiting, stop := context.WithTimeout(ctx, time.Duration(r.IntN(5))*time.Millisecond)
		err := f.Wait(waiting)
		stop()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
	o := engine.Forward(from)
	o.Before = last
	c := d.index.ReadAll(o)
	var want []int64
	for c.Next(ctx) {
		if key.Matches(c.Event()) {
			want = append(want, c.Event().Position)
		}
	}
	if c.Err() != nil || !slices.Equal(got, want) {
		t.Errorf("from %d to %d with %+v: %v\n got %v\nwant %v", from, last, key, c.Err(), got, want)
	}
}

// TestWakesWhoMayWant: an event wakes those who wait for its stream, category, type and tags, and nobody else.
func TestWakesWhoMayWant(t *testing.T) {
	store := openStore(t)
	d := NewDispatcher(store, slog.New(slog.DiscardHandler))
	d.Join()
	defer d.Leave()
	keys := map[string]Key{
		"all": {}, "stream": {Kind: OfStream, Stream: engine.StreamID("a-1")}, "category": {Kind: OfCategory, Text: "a"}, "type": {Kind: OfType, Text: "T"},
		"tag": {Kind: WithTag, Text: "x"}, "other stream": {Kind: OfStream, Stream: engine.StreamID("a-2")}, "other category": {Kind: OfCategory, Text: "a-1"},
		"other type": {Kind: OfType, Text: "x"}, "other tag": {Kind: WithTag, Text: "T"}, "category like a type": {Kind: OfCategory, Text: "T"},
	}
	woken := make(chan string, len(keys))
	waiters := map[string]*Waiter{}
	for name, key := range keys {
		waiters[name] = &Waiter{Key: key, Woken: func() { woken <- name }}
		if !d.Arm(waiters[name], 0, d.Changes()) {
			t.Fatalf("%s does not wait", name)
		}
	}
	e := engine.NewEvent("a-1", "T", nil)
	e.Tags = []string{"x", "y", "x"}
	if err := store.Writer().Append(t.Context(), &engine.AppendRequest{Events: []engine.ProposedEvent{e}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 5 {
		got = append(got, <-woken)
	}
	slices.Sort(got)
	if want := []string{"all", "category", "stream", "tag", "type"}; !slices.Equal(got, want) {
		t.Errorf("woken: %v, not %v", got, want)
	}
	for name, w := range waiters {
		from, head := d.Disarm(w)
		if want := int64(0); slices.Contains(got, name) && from != want {
			t.Errorf("%s: from %d, not %d", name, from, want)
		} else if !slices.Contains(got, name) && from != 1 || head != 1 {
			t.Errorf("%s: from %d to %d", name, from, head)
		}
	}
	if len(woken) > 0 {
		t.Errorf("%s was woken, too", <-woken)
	}
}

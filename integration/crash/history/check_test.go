package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A world is a right history that tests plant violations in.
type world struct {
	attempts []Attempt
	log      []Recorded
}

// id gives event n of attempt a an id that does not depend on chance.
func id(a, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%d/%d", a, n))
}

// newWorld has four streams, each attempt one to three events; two are in
// flight at a time, so that intervals overlap.
func newWorld(attempts int) *world {
	w := &world{}
	versions := map[string]int64{}
	for i := range attempts {
		stream := fmt.Sprintf("stream-%d", i%4)
		expected, ok := versions[stream]
		if !ok {
			expected = -1
		}
		a := Attempt{
			Sent:     time.Duration(10*i) * time.Millisecond,
			Answered: time.Duration(10*i+15) * time.Millisecond,
			Outcome:  Acknowledged,
		}
		for n := range 1 + i%3 {
			versions[stream] = expected + int64(n) + 1
			w.store(&a, i, n, stream, expected, versions[stream])
		}
		w.attempts = append(w.attempts, a)
	}
	return w
}

func (w *world) store(a *Attempt, i, n int, stream string, expected, version int64) {
	e := Proposed{ID: id(i, n), Stream: stream, Type: "T", Payload: fmt.Sprintf(`{"i": %d}`, i), Expected: expected}
	place := Place{Position: int64(len(w.log)), Version: version}
	a.Events = append(a.Events, e)
	a.Places = append(a.Places, place)
	w.log = append(w.log, Recorded{Place: place, ID: e.ID, Stream: e.Stream, Type: e.Type, Payload: e.Payload})
}

// refused adds an attempt on stream-0 that was refused, sent at the end.
func (w *world) refused(expected int64) *Attempt {
	end := w.attempts[len(w.attempts)-1].Answered
	w.attempts = append(w.attempts, Attempt{
		Events:   []Proposed{{ID: id(-1, len(w.attempts)), Stream: "stream-0", Type: "T", Payload: "{}", Expected: expected}},
		Sent:     end + time.Second,
		Answered: end + 2*time.Second,
		Outcome:  Refused,
	})
	return &w.attempts[len(w.attempts)-1]
}

// renumber gives the events the places that belong to their order: what is
// planted before is then a violation of its own rule alone.
func (w *world) renumber() {
	next := map[string]int64{}
	for i := range w.log {
		e := &w.log[i]
		e.Place = Place{int64(i), next[e.Stream]}
		next[e.Stream]++
	}
}

// swap exchanges two events of the log and numbers anew; nobody was told where
// they are, nor expected anything.
func (w *world) swap(i, j int) {
	w.log[i], w.log[j] = w.log[j], w.log[i]
	w.renumber()
	for i := range w.attempts {
		w.attempts[i].Places = nil
		for n := range w.attempts[i].Events {
			w.attempts[i].Events[n].Expected = AnyVersion
		}
	}
}

func (w *world) version(stream string) int64 {
	last := int64(-1)
	for _, e := range w.log {
		if e.Stream == stream {
			last = e.Version
		}
	}
	return last
}

func TestRightHistories(t *testing.T) {
	cases := map[string]func(w *world){
		"as it is":            func(*world) {},
		"nothing at all":      func(w *world) { *w = world{} },
		"unanswered, stored":  func(w *world) { w.attempts[40].Outcome, w.attempts[40].Places = Unanswered, nil },
		"unanswered, not":     func(w *world) { w.refused(AnyVersion).Outcome = Unanswered },
		"acknowledged only":   func(w *world) { w.attempts[7].Places = nil },
		"refused: too low":    func(w *world) { w.refused(0) },
		"refused: too high":   func(w *world) { w.refused(1 << 40) },
		"refused: in a race":  func(w *world) { w.refused(w.version("stream-0")).Sent = 0 },
		"refused: id again":   func(w *world) { a := w.refused(AnyVersion); a.Again, a.Events[0].ID = true, id(3, 0) },
		"overlap, either way": func(w *world) { w.swap(w.indexOf(id(0, 0)), w.indexOf(id(3, 0))); w.overlap() },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(60)
			change(w)
			for _, v := range Check(w.attempts, w.log) {
				t.Error(v)
			}
		})
	}
}

// overlap makes all attempts concurrent.
func (w *world) overlap() {
	for i := range w.attempts {
		w.attempts[i].Sent = 0
	}
}

// Every rule is broken by something, and what breaks it is found.
func TestPlantedViolations(t *testing.T) {
	cases := []struct {
		name  string
		want  []Rule
		plant func(w *world)
	}{
		{"position skipped", []Rule{PositionGap}, func(w *world) {
			for i := 50; i < len(w.log); i++ {
				w.log[i].Position++
			}
			w.forgetPlaces()
		}},
		{"read out of order", []Rule{PositionGap, VersionGap, Scattered}, func(w *world) {
			w.log[1], w.log[2] = w.log[2], w.log[1]
			w.forgetPlaces()
		}},
		{"version skipped", []Rule{VersionGap}, func(w *world) {
			w.log[len(w.log)-1].Version++
			w.forgetPlaces()
			w.forgetExpectations()
		}},
		{"acknowledged, lost at the end", []Rule{Lost}, func(w *world) {
			w.log = w.log[:len(w.log)-len(w.last().Events)]
		}},
		{"acknowledged, lost in the middle", []Rule{Lost}, func(w *world) {
			// Attempt 12 has one event; its stream goes on as if it had not been.
			w.drop(id(12, 0))
			w.renumber()
			w.forgetPlaces()
			w.forgetExpectations()
		}},
		{"unanswered, one event missing", []Rule{Torn}, func(w *world) {
			w.last().Outcome = Unanswered
			w.last().Places = nil
			w.log = w.log[:len(w.log)-1]
		}},
		{"acknowledged, one event missing", []Rule{Torn}, func(w *world) {
			w.log = w.log[:len(w.log)-1]
		}},
		{"told the wrong position", []Rule{Moved}, func(w *world) { w.attempts[9].Places[0].Position++ }},
		{"told the wrong version", []Rule{Moved}, func(w *world) { w.attempts[9].Places[0].Version++ }},
		{"payload changed in one byte", []Rule{Changed}, func(w *world) { w.log[30].Payload = "{\"i\":  1}" }},
		{"payload rewritten", []Rule{Changed}, func(w *world) { w.log[30].Payload = `{"i":` + w.log[30].Payload[6:] }},
		{"type changed", []Rule{Changed}, func(w *world) { w.log[30].Type = "t" }},
		{"event twice", []Rule{Doubled}, func(w *world) {
			e := w.log[len(w.log)-1]
			e.Position++
			e.Version++
			w.log = append(w.log, e)
		}},
		{"id accepted again", []Rule{Doubled}, func(w *world) {
			a := w.refused(AnyVersion)
			a.Outcome, a.Again, a.Events[0].ID = Acknowledged, true, id(3, 0)
		}},
		{"id again took the place of the first", []Rule{Changed, Doubled}, func(w *world) {
			a := w.refused(AnyVersion)
			a.Again, a.Events[0].ID, a.Events[0].Payload = true, w.log[3].ID, "[]"
			w.log[3].Payload = "[]"
		}},
		{"event of nobody", []Rule{Foreign}, func(w *world) {
			w.log = append(w.log, Recorded{Place: Place{int64(len(w.log)), 0}, ID: id(-1, -1), Stream: "foreign"})
		}},
		{"refused and stored", []Rule{Sneaked, Unjust}, func(w *world) {
			w.storeLast(w.refused(AnyVersion))
		}},
		{"events of one append apart", []Rule{Scattered}, func(w *world) {
			w.swap(w.indexOf(id(1, 1)), w.indexOf(id(2, 0))) // neighbours, of two attempts
			w.overlap()
		}},
		{"expectation not met", []Rule{Unmet}, func(w *world) { w.last().Events[0].Expected-- }},
		{"stored after the stream was there", []Rule{Unmet}, func(w *world) { w.last().Events[0].Expected = -1 }},
		{"acknowledged before, stored after", []Rule{Reordered}, func(w *world) {
			// Attempts 0 and 3 have one event each and do not overlap.
			w.swap(w.indexOf(id(0, 0)), w.indexOf(id(3, 0)))
		}},
		{"sent after all, stored in between", []Rule{Reordered}, func(w *world) {
			w.forgetExpectations()
			w.attempts[15].Sent = time.Hour
			w.attempts[15].Answered = 2 * time.Hour
		}},
		{"refused without reason", []Rule{Unjust}, func(w *world) { w.refused(w.version("stream-0")) }},
		{"new stream refused without reason", []Rule{Unjust}, func(w *world) {
			w.refused(-1).Events[0].Stream = "never"
		}},
		{"refused without any condition", []Rule{Unjust}, func(w *world) { w.refused(AnyVersion) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(60)
			c.plant(w)
			found := Check(w.attempts, w.log)
			slices.Sort(c.want)
			if got := rules(found); !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q\n%v", got, c.want, found)
			}
		})
	}
	t.Run("every rule", func(t *testing.T) {
		var tested []Rule
		for _, c := range cases {
			tested = append(tested, c.want...)
		}
		for _, rule := range []Rule{
			PositionGap, VersionGap, Doubled, Foreign, Lost, Moved, Changed, Sneaked, Torn, Scattered, Unmet,
			Reordered, Unjust,
		} {
			if !slices.Contains(tested, rule) {
				t.Errorf("nothing violates: %s", rule)
			}
		}
	})
}

func rules(found []Violation) []Rule {
	var names []Rule
	for _, v := range found {
		names = append(names, v.Rule)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (w *world) last() *Attempt { return &w.attempts[len(w.attempts)-1] }

func (w *world) forgetPlaces() {
	for i := range w.attempts {
		w.attempts[i].Places = nil
	}
}

func (w *world) forgetExpectations() {
	for i := range w.attempts {
		for n := range w.attempts[i].Events {
			w.attempts[i].Events[n].Expected = AnyVersion
		}
	}
}

func (w *world) indexOf(id uuid.UUID) int {
	return slices.IndexFunc(w.log, func(e Recorded) bool { return e.ID == id })
}

func (w *world) drop(id uuid.UUID) {
	w.log = slices.DeleteFunc(w.log, func(e Recorded) bool { return e.ID == id })
}

// storeLast puts an attempt's events at the end of the log.
func (w *world) storeLast(a *Attempt) {
	for _, e := range a.Events {
		place := Place{int64(len(w.log)), w.version(e.Stream) + 1}
		w.log = append(w.log, Recorded{Place: place, ID: e.ID, Stream: e.Stream, Type: e.Type, Payload: e.Payload})
	}
}

// One changed thing anywhere in a log is found, whatever it is: a second guard
// against rules with holes, with changes nobody thought of beforehand.
func TestAnyChangeIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	changes := map[string]func(w *world, at int){
		"drop":     func(w *world, at int) { w.log = slices.Delete(w.log, at, at+1) },
		"double":   func(w *world, at int) { w.log = slices.Insert(w.log, at, w.log[at]) },
		"exchange": func(w *world, at int) { w.log[at], w.log[at-1] = w.log[at-1], w.log[at] },
		"payload":  func(w *world, at int) { w.log[at].Payload += " " },
		"position": func(w *world, at int) { w.log[at].Position-- },
		"version":  func(w *world, at int) { w.log[at].Version-- },
		"id":       func(w *world, at int) { w.log[at].ID[15] ^= 1 },
		"stream":   func(w *world, at int) { w.log[at].Stream = "stream-9" },
	}
	for name, change := range changes {
		for range 50 {
			w := newWorld(60)
			at := 1 + random.IntN(len(w.log)-1)
			change(w, at)
			if len(Check(w.attempts, w.log)) == 0 {
				t.Errorf("%s at position %d was not found", name, at)
			}
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	w := newWorld(50_000)
	for b.Loop() {
		if found := Check(w.attempts, w.log); len(found) > 0 {
			b.Fatal(found)
		}
	}
}

package history

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// A Rule is what a Violation is against.
type Rule string

const (
	PositionGap Rule = "positions are 0, 1, 2 … in the order they are read"
	VersionGap  Rule = "versions of a stream are 0, 1, 2 … in the order of positions"
	Doubled     Rule = "an event id is stored once"
	Foreign     Rule = "every event was asked for"
	Lost        Rule = "an acknowledged append is there"
	Moved       Rule = "an acknowledged event is where the answer said"
	Changed     Rule = "an event is stored byte for byte as it was given"
	Sneaked     Rule = "a refused append is not there"
	Torn        Rule = "an append is there whole or not at all"
	Scattered   Rule = "the events of an append follow each other"
	Unmet       Rule = "an append is stored only at the version it expected"
	Reordered   Rule = "acknowledged before the other was sent, so at a lower position"
	Unjust      Rule = "an append is refused only if its expectation was not met"
)

// A Violation is one contradiction.
type Violation struct {
	Rule Rule
	What string
}

func (v Violation) String() string { return fmt.Sprintf("%s: %s", v.Rule, v.What) }

// shown bounds the violations of one rule: the first few tell what is wrong,
// and a log that is shifted by one would give one for each event.
const shown = 5

// Check compares what the clients saw with the whole log, read in the order of
// positions from 0 on. It takes O(n log n) time.
func Check(attempts []Attempt, log []Recorded) []Violation {
	c := checker{attempts: attempts, log: log, count: map[Rule]int{}}
	c.numbering()
	c.index()
	for i := range attempts {
		c.attempt(&attempts[i])
	}
	c.foreign()
	c.order()
	c.refusals()
	return c.found
}

type checker struct {
	attempts []Attempt
	log      []Recorded
	at       map[uuid.UUID]int // index in log
	streams  map[string][]int  // indexes in log, by version
	owner    []*Attempt        // of each event in log
	count    map[Rule]int
	found    []Violation
}

func (c *checker) violated(rule Rule, format string, args ...any) {
	c.count[rule]++
	if c.count[rule] <= shown {
		c.found = append(c.found, Violation{rule, fmt.Sprintf(format, args...)})
	}
}

func (c *checker) numbering() {
	next := map[string]int64{}
	for i, e := range c.log {
		if e.Position != int64(i) {
			c.violated(PositionGap, "event %d of the log is at position %d", i, e.Position)
		}
		if want := next[e.Stream]; e.Version != want {
			c.violated(VersionGap, "position %d: stream %s goes on with version %d instead of %d",
				e.Position, e.Stream, e.Version, want)
		}
		next[e.Stream] = e.Version + 1
	}
}

func (c *checker) index() {
	c.at = make(map[uuid.UUID]int, len(c.log))
	c.streams = map[string][]int{}
	c.owner = make([]*Attempt, len(c.log))
	for i, e := range c.log {
		if first, ok := c.at[e.ID]; ok {
			c.violated(Doubled, "event %s is at positions %d and %d", e.ID, c.log[first].Position, e.Position)
			continue
		}
		c.at[e.ID] = i
		c.streams[e.Stream] = append(c.streams[e.Stream], i)
	}
}

// attempt checks what became of one attempt.
func (c *checker) attempt(a *Attempt) {
	if a.Again {
		c.again(a)
		return
	}
	found := c.find(a)
	missing := 0
	for i, at := range found {
		if at < 0 {
			missing++
			continue
		}
		c.content(&a.Events[i], &c.log[at])
	}
	switch {
	case missing == len(found):
		if a.Outcome == Acknowledged {
			c.violated(Lost, "%s", describe(a))
		}
		return
	case missing > 0:
		c.violated(Torn, "%d of %d events missing of %s", missing, len(found), describe(a))
		return
	case a.Outcome == Refused:
		c.violated(Sneaked, "%s is at position %d", describe(a), c.log[found[0]].Position)
	}
	c.places(a, found)
	c.expectations(a, found)
}

// find gives the index in the log of each event, −1 for one that is not there.
func (c *checker) find(a *Attempt) []int {
	found := make([]int, len(a.Events))
	for i, e := range a.Events {
		found[i] = -1
		if at, ok := c.at[e.ID]; ok {
			found[i] = at
			c.owner[at] = a
		}
	}
	return found
}

func (c *checker) content(want *Proposed, got *Recorded) {
	if want.Stream != got.Stream || want.Type != got.Type || want.Payload != got.Payload {
		c.violated(Changed, "position %d: want %s %s %.200q, got %s %s %.200q", got.Position,
			want.Stream, want.Type, want.Payload, got.Stream, got.Type, got.Payload)
	}
}

func (c *checker) places(a *Attempt, found []int) {
	for i, at := range found {
		if at != found[0]+i {
			c.violated(Scattered, "event %d is at position %d of %s", i, c.log[at].Position, describe(a))
			break
		}
	}
	for i, place := range a.Places {
		if got := c.log[found[i]].Place; got != place {
			c.violated(Moved, "event %s was said to be at %v and is at %v", a.Events[i].ID, place, got)
		}
	}
}

// expectations checks that each stream was at the version that the attempt expected.
func (c *checker) expectations(a *Attempt, found []int) {
	seen := map[string]bool{}
	for i, e := range a.Events {
		got := c.log[found[i]]
		if !seen[e.Stream] && e.Expected != AnyVersion && got.Version != e.Expected+1 {
			c.violated(Unmet, "position %d: %s expected version %d and was stored as %d",
				got.Position, e.Stream, e.Expected, got.Version)
		}
		seen[e.Stream] = true
	}
}

// again checks an attempt to store event ids a second time.
func (c *checker) again(a *Attempt) {
	if a.Outcome == Acknowledged {
		c.violated(Doubled, "accepted a second time: %s", describe(a))
	}
	for _, e := range a.Events {
		if at, ok := c.at[e.ID]; ok && c.log[at].Payload == e.Payload {
			c.violated(Doubled, "position %d was replaced by %s", c.log[at].Position, describe(a))
		}
	}
}

func (c *checker) foreign() {
	for i, owner := range c.owner {
		if e := &c.log[i]; owner == nil && c.at[e.ID] == i {
			c.violated(Foreign, "position %d: %s %s %s", e.Position, e.ID, e.Stream, e.Type)
		}
	}
}

// order checks real time (I8): going through the attempts in the order they
// were sent, every one that had been acknowledged by then lies below.
func (c *checker) order() {
	sent := c.stored()
	slices.SortFunc(sent, func(a, b span) int { return int(a.Sent - b.Sent) })
	var answered []span
	for _, s := range sent {
		if s.Outcome == Acknowledged {
			answered = append(answered, s)
		}
	}
	slices.SortFunc(answered, func(a, b span) int { return int(a.Answered - b.Answered) })
	highest := span{last: -1}
	for _, s := range sent {
		for len(answered) > 0 && answered[0].Answered < s.Sent {
			if answered[0].last > highest.last {
				highest = answered[0]
			}
			answered = answered[1:]
		}
		if s.first < highest.last {
			c.violated(Reordered, "position %d was acknowledged at %v, position %d was sent at %v",
				highest.last, highest.Answered, s.first, s.Sent)
		}
	}
}

// A span is an attempt that is in the log, with its lowest and highest position.
type span struct {
	*Attempt
	first, last int64
}

func (c *checker) stored() []span {
	where := map[*Attempt]int{}
	var spans []span
	for i, a := range c.owner {
		if a == nil {
			continue
		}
		position := c.log[i].Position
		at, ok := where[a]
		if !ok {
			where[a] = len(spans)
			spans = append(spans, span{a, position, position})
			continue
		}
		spans[at].first = min(spans[at].first, position)
		spans[at].last = max(spans[at].last, position)
	}
	return spans
}

// refusals checks that each refused attempt had a reason. Its expectations held
// all the while if each stream had come to the expected version before it was
// sent, and nobody sent the next one before it was answered.
func (c *checker) refusals() {
	for i := range c.attempts {
		a := &c.attempts[i]
		if a.Outcome == Refused && !a.Again && c.heldAllTheWhile(a) {
			c.violated(Unjust, "%s", describe(a))
		}
	}
}

func (c *checker) heldAllTheWhile(a *Attempt) bool {
	for _, e := range a.Events {
		if e.Expected == AnyVersion {
			continue
		}
		stream := c.streams[e.Stream]
		if e.Expected >= int64(len(stream)) {
			return false // it never came so far
		}
		if e.Expected >= 0 {
			before := c.owner[stream[e.Expected]]
			if before == nil || before.Outcome != Acknowledged || before.Answered >= a.Sent {
				return false
			}
		}
		if next := e.Expected + 1; next < int64(len(stream)) {
			after := c.owner[stream[next]]
			if after == nil || after.Sent <= a.Answered {
				return false
			}
		}
	}
	return true
}

func describe(a *Attempt) string {
	first := a.Events[0]
	return fmt.Sprintf("an append %v at %v (sent %v) of %d events, the first %s to %s expecting %d",
		a.Outcome, a.Answered, a.Sent, len(a.Events), first.ID, first.Stream, first.Expected)
}

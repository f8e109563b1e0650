package engine

import (
	"context"
	"errors"
)

// Premise is what an append rests on beside versions: a statement about events that those which come meanwhile may make untrue.
//
// Each event from a position on is shown to it once, in the order of the log, up to the place of the append: those that are committed when the append
// is called in the caller's goroutine, those that come behind them by the writer. So the writer looks at what is in flight, and never at the log.
// A premise belongs to one request and must say the same whenever it is shown the same: its outcome is a function of the log and the request.
type Premise interface {
	// Keys returns keys of which each event that matters has one at least. ok is false where one that matters need have none of them: then all events
	// are looked at.
	Keys() (keys []Key, ok bool)
	// CatchUp looks at committed events from one position up to another, which is left out. It may wait and read as it likes.
	CatchUp(ctx context.Context, from, before int64) error
	// Add looks at one event. The writer calls it, and all other appends wait meanwhile: it computes briefly, reads nothing, and keeps nothing of e.
	Add(e *RecordedEvent) error
	// Holds is asked at the place of the append, where all events before it were looked at. An error refuses the append, as those of
	// CatchUp and Add do: it is returned within a *PremiseError.
	Holds() error
}

// Bounds on what the writer looks at for one request: beyond them the caller goes through what was committed meanwhile once more, without
// keeping others. So often; then the writer goes through it, which is what came during one more sync.
const (
	maxPremiseEvents = 2048
	maxPremiseBytes  = 1 << 20
	maxPremiseRounds = 3
	// lastPremiseRound times as much the writer looks at then; what is more refuses the append.
	lastPremiseRound = 8
)

// ErrPremiseUnseen, within a *PremiseError, says that too much came for a premise to be shown all of it.
var ErrPremiseUnseen = errors.New("too much was appended meanwhile")

// errLookAgain sends a request back to its caller.
var errLookAgain = errors.New("too much has come for the writer to look at")

// catchUp has the premises of a request look at what is committed.
func (h *WriterHandle) catchUp(ctx context.Context, r *AppendRequest) error {
	l := h.w.log
	for i := range r.Conditions {
		c := &r.Conditions[i]
		if c.Kind != PremiseHolds {
			continue
		}
		if r.rounds == 0 {
			c.seen = c.Position
			h.w.noteKeys()
		}
		// In this order: of every event below the position the table knows by now.
		before := l.committed.Load()
		if c.seen >= before {
			continue
		}
		if l.newestKeys.Load().mayHave(c.Premise, c.seen) {
			if err := c.Premise.CatchUp(ctx, c.seen, before); err != nil {
				h.w.counters.premise.Add(1)
				return &PremiseError{err}
			}
		}
		c.seen = before
	}
	return nil
}

// noteKeys has the writer note from now on which keys events have.
func (w *writer) noteKeys() {
	if w.log.newestKeys.Load() != nil {
		return
	}
	w.committing.Lock()
	defer w.committing.Unlock()
	if w.log.newestKeys.Load() == nil {
		w.log.newestKeys.Store(&newestKeys{begin: w.log.committed.Load()})
	}
}

// checkPremise has a premise look at the events between what its caller has seen and the append. A panic of it is its caller's.
func (g *group) checkPremise(r *AppendRequest, c *Condition) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.panicked, err = p, &PremiseError{ErrPremiseUnseen}
		}
	}()
	end := g.next
	if failpoint(bugSameGroup) {
		end = g.log.committed.Load()
	}
	if failpoint(bugInFlight) {
		end = c.seen
	}
	if c.seen < end && g.log.newestKeys.Load().mayHave(c.Premise, c.seen) {
		for position := c.seen; position < end; position++ {
			e, size, err := g.eventAt(position)
			if err != nil {
				return err
			}
			r.lookedAt, r.lookedBytes = r.lookedAt+1, r.lookedBytes+size
			most := 1
			if r.rounds == maxPremiseRounds {
				most = lastPremiseRound
			}
			if r.lookedAt > most*maxPremiseEvents || r.lookedBytes > most*maxPremiseBytes {
				if r.rounds == maxPremiseRounds {
					return &PremiseError{ErrPremiseUnseen}
				}
				return errLookAgain
			}
			if err := c.Premise.Add(e); err != nil {
				return &PremiseError{err}
			}
			c.seen = position + 1
		}
	}
	if err := c.Premise.Holds(); err != nil {
		return &PremiseError{err}
	}
	return nil
}

// eventAt reads an event that is committed, or comes before the request in its group, and tells about how many bytes it has, unpacked. It is valid until the
// next call.
func (g *group) eventAt(position int64) (*RecordedEvent, int, error) {
	d, l := &g.looking, g.log
	e := &g.looked
	committed := l.committed.Load()
	if position >= committed {
		at := g.events[position-committed].offset
		b := g.buf[at-g.base:]
		err := d.decode(e, b, position, g.seg, int64(at))
		return e, e.unpacked(), err
	}
	p, err := l.placeAt(position)
	if err != nil {
		return nil, 0, err
	}
	g.lookedBytes, err = d.readRecord(p, g.lookedBytes, e)
	if err != nil {
		return nil, 0, err
	}
	return e, e.unpacked(), nil
}

// unpacked is about how many bytes an event has.
func (e *RecordedEvent) unpacked() int {
	n := 64 + len(e.Payload) + len(e.Metadata)
	for _, tag := range e.Tags {
		n += len(tag)
	}
	return n
}

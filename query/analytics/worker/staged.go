//go:build cgo

package worker

import (
	"fmt"
	"slices"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

// staged are the events that the transaction of a session has staged, as far as the server has told of
// them: it tells each once. Portals have slices of them, so what is there is never changed.
type staged struct {
	events []engine.RecordedEvent
	bytes  []int // of all up to each
}

func (s *staged) size() int {
	if len(s.bytes) == 0 {
		return 0
	}
	return s.bytes[len(s.bytes)-1]
}

// eventOverhead is about what an event takes beside its texts.
const eventOverhead = 200

// stage keeps so many of a session's staged events and adds others.
func (w *Worker) stage(s *staged, keep int, more []analytics.StagedEvent) error {
	before := s.size()
	if keep < 0 || keep > len(s.events) {
		return pgerror.Errorf(pgerror.ProtocolViolation, "%d of %d staged events cannot be kept", keep, len(s.events))
	}
	next := staged{events: slices.Clip(s.events[:keep]), bytes: s.bytes[:keep]}
	if keep == len(s.events) {
		next.events = s.events // nobody else appends behind it
	}
	if keep == 0 {
		next = staged{}
	}
	total := next.size()
	for i := range more {
		e := &more[i]
		total += eventOverhead + len(e.Stream) + len(e.Type) + len(e.Payload) + len(e.Metadata)
		for _, tag := range e.Tags {
			total += 16
			if tag != nil {
				total += len(*tag)
			}
		}
		next.events = append(next.events, recordedEvent(e))
		next.bytes = append(next.bytes, total)
	}
	w.staging.Lock()
	defer w.staging.Unlock()
	if w.stagedBytes+total-before > w.stagedLimit && total > before {
		return pgerror.Errorf(pgerror.OutOfMemory, "out of memory").
			WithDetail("What open transactions have appended and read again takes more than %d bytes.", w.stagedLimit)
	}
	w.stagedBytes += total - before
	*s = next
	return nil
}

func recordedEvent(e *analytics.StagedEvent) engine.RecordedEvent {
	out := engine.RecordedEvent{
		StreamID: e.StreamID, Stream: e.Stream, Version: e.Version, EventID: e.EventID, Type: e.Type, Payload: e.Payload,
		Opaque: e.Opaque, Metadata: e.Metadata, RecordedAt: e.RecordedAt,
	}
	if e.Tags != nil {
		out.Tags = make([]string, len(e.Tags))
	}
	for i, tag := range e.Tags {
		out.Tags[i] = engine.NullTag
		if tag != nil {
			out.Tags[i] = *tag
		}
	}
	return out
}

// shownStaged are staged events as a statement sees them.
type shownStaged struct {
	events []engine.RecordedEvent
	first  int64 // position of the first
}

func (s *shownStaged) Len() int { return len(s.events) }

func (s *shownStaged) Set(columns []duck.Writer, i, row int) {
	e := s.events[row]
	e.Position = s.first + int64(row)
	setEvent(columns, i, &e)
}

// stagedFunction is the table function that yields staged events.
const stagedFunction = "evg_staged"

func (w *Worker) registerStaged(c *duck.Conn) error {
	allow(stagedFunction)
	return c.RegisterTable(&duck.Table{Name: stagedFunction, Names: projectionNames, Types: projectionTypes, Open: func(number int64) (duck.TableRows, error) {
		w.staging.Lock()
		defer w.staging.Unlock()
		if s := w.shown[number]; s != nil {
			return s, nil
		}
		return nil, fmt.Errorf("nothing is staged as %d", number)
	}})
}

// show makes staged events known to a statement that is about to run, and returns what stands for them in FROM.
func (w *Worker) show(s *shownStaged) (number int64, sql string) {
	w.staging.Lock()
	defer w.staging.Unlock()
	w.lastShown++
	w.shown[w.lastShown] = s
	return w.lastShown, fmt.Sprintf("%s(%d)", stagedFunction, w.lastShown)
}

// forget forgets what a statement was shown.
func (w *Worker) forget(numbers []int64) {
	if len(numbers) == 0 {
		return
	}
	w.staging.Lock()
	defer w.staging.Unlock()
	for _, n := range numbers {
		delete(w.shown, n)
		delete(w.barred, n)
	}
}

// showStaged is what the transaction has staged and the statement sees among events, empty if that is nothing, and as what it has just inserted.
func (p *portal) showStaged() (staged, inserted string, err error) {
	run := p.run.Staged
	if run == nil {
		return "", "", nil
	}
	if run.Count < 0 || run.Inserted < 0 || run.Count+run.Inserted > int64(len(p.staged)) {
		return "", "", pgerror.Errorf(pgerror.ProtocolViolation, "%d and %d staged events, of %d, cannot be seen", run.Count, run.Inserted, len(p.staged))
	}
	show := func(from, to int64) string {
		number, sql := p.w.show(&shownStaged{events: p.staged[from:to], first: run.First + from})
		p.shown = append(p.shown, number)
		return sql
	}
	if run.Count > 0 {
		staged = show(0, run.Count)
	}
	return staged, "(SELECT * FROM " + show(run.Count, run.Count+run.Inserted) + ")", nil
}

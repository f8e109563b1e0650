package cursor

import (
	"context"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/syntax"
)

// Rows is a portal whose rows can be taken one by one, and from the start again.
type Rows interface {
	pgwire.Portal
	// Open goes to the first row, as of the snapshot of the first opening.
	Open(ctx context.Context) error
	Next(ctx context.Context) (bool, error)
	// Current is the row that Next went to, until it goes on.
	Current() []pgvalue.Value
}

// Cursor is what DECLARE made. The log does not change below a
// snapshot, so going back means reading anew up to the place.
type Cursor struct {
	query    Rows
	noScroll bool
	// place: 0 before the first row, n on row n, count+1 after the last, once known.
	place int64
	count int64 // rows in all; -1 until the end has been met
	read  int64 // rows taken from query since it was opened
	hold  bool
	kept  bool // it has outlived its transaction
	// failed: FETCH or MOVE has ended in an error, so that where it stands is not known.
	failed bool
	// follows: the query has no end. It knows itself where it is.
	follows bool
	st      *syntax.DeclareStmt
}

// New is a cursor that stands before the first row of its query, which has been opened. follows: it has no end.
func New(st *syntax.DeclareStmt, query Rows, follows bool) *Cursor {
	return &Cursor{query: query, noScroll: st.NoScroll || follows, count: -1, hold: st.Hold, follows: follows, st: st}
}

// Query is where its rows come from.
func (p *Cursor) Query() Rows { return p.query }

// Follows tells whether its query has no end.
func (p *Cursor) Follows() bool { return p.follows }

// Holds tells whether it is declared WITH HOLD.
func (p *Cursor) Holds() bool { return p.hold }

func (p *Cursor) Columns() []pgvalue.Column { return p.query.Columns() }

func (p *Cursor) Close() { p.query.Close() }

// Failed are rows of a query that has failed already: DECLARE reads no row, so the first FETCH tells.
type Failed struct {
	Rows // closed
	Err  error
}

func (r Failed) Open(context.Context) error { return r.Err }

func (r Failed) Next(context.Context) (bool, error) { return false, r.Err }

func (r Failed) Close() {}

// Keep has a cursor WITH HOLD keep its rows when its transaction commits. PostgreSQL reads all of them here; of long results the rest is read
// later, as it would have been.
func (p *Cursor) Keep(ctx context.Context, share func() pgwire.Share) error {
	if !p.hold || p.kept || p.follows {
		return nil
	}
	p.kept = true
	if _, ok := p.query.(*Kept); ok {
		return nil
	}
	if p.read > 0 || p.count >= 0 {
		if err := p.query.Open(ctx); err != nil {
			return err
		}
	}
	kept, err := keepFirst(ctx, p.query, maxHeldRows, share())
	if err != nil {
		return err
	}
	p.query = kept
	for kept.at < p.read {
		if ok, err := kept.Next(ctx); err != nil || !ok {
			return err
		}
	}
	return nil
}

// Describe says what pg_cursors shows beyond what every portal has.
func (p *Cursor) Describe(c *analytics.Cursor) {
	c.Text, c.Binary, c.Scroll = p.st.Body.Src, p.st.Binary, !p.noScroll
}

// Execute lets the protocol's Execute read from a cursor.
func (p *Cursor) Execute(ctx context.Context, out *pgwire.Output, limit int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	if p.follows {
		return p.query.Execute(ctx, out, limit, last)
	}
	n, err := p.forward(ctx, out, limit, limit == 0)
	return pgwire.Tag{Command: "SELECT", Rows: n}, limit == 0 || n < limit, err
}

// step moves to the next row; false at the end.
func (p *Cursor) step(ctx context.Context) (bool, error) {
	if p.count >= 0 && p.place >= p.count {
		p.place = p.count + 1
		return false, nil
	}
	ok, err := p.query.Next(ctx)
	if err != nil {
		return false, err
	}
	p.place++
	if !ok {
		p.count = p.place - 1
		return false, nil
	}
	p.read++
	return true, nil
}

func (p *Cursor) forward(ctx context.Context, out *pgwire.Output, count int64, all bool) (n int64, err error) {
	for all || n < count {
		ok, err := p.step(ctx)
		if err != nil || !ok {
			return n, err
		}
		n++
		if out != nil {
			if err := out.Row(ctx, p.query.Current()); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// seek goes to a place, reading anew if it lies behind; on tells whether a row is there.
func (p *Cursor) seek(ctx context.Context, place int64) (on bool, err error) {
	if place <= p.place && !(place == p.place && p.read == place && place > 0 && p.onRow()) {
		if p.noScroll {
			return false, ErrNoScroll
		}
		if err := p.rewind(ctx); err != nil {
			return false, err
		}
	}
	for p.place < place {
		ok, err := p.step(ctx)
		if err != nil || !ok {
			return false, err
		}
	}
	return p.onRow(), nil
}

func (p *Cursor) onRow() bool { return p.place > 0 && (p.count < 0 || p.place <= p.count) }

// Missing is the error of a cursor that is not there.
func Missing(name string) error {
	return pgerror.Errorf(pgerror.InvalidCursorName, "cursor \"%s\" does not exist", name)
}

// CannotRun is the error of a portal that FETCH cannot read.
func CannotRun(name string) error {
	return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", name)
}

// ErrNoScroll is the error of a cursor that would have to go back.
var ErrNoScroll = pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "cursor can only scan forward").
	WithHint("Declare it with SCROLL option to enable backward scan.")

func (p *Cursor) rewind(ctx context.Context) error {
	if p.place == 0 && p.read == 0 {
		return nil // it is there, and a query that has not run yet need not run
	}
	p.place, p.read = 0, 0
	return p.query.Open(ctx)
}

// last finds the number of rows.
func (p *Cursor) last(ctx context.Context) (int64, error) {
	for p.count < 0 {
		if _, err := p.step(ctx); err != nil {
			return 0, err
		}
	}
	return p.count, nil
}

// Utility runs a command that returns rows to its end, as FETCH moves the cursor by all that it says, however few rows
// an Execute takes. Those it leaves are for the next.
type Utility struct {
	pgwire.Portal
	ran  bool
	tag  pgwire.Tag
	held pgwire.Held
}

// Close frees what is held.
func (p *Utility) Close() {
	p.held.Drop()
	p.Portal.Close()
}

func (p *Utility) Execute(ctx context.Context, out *pgwire.Output, limit int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	var sent int64
	var err error
	if p.ran {
		sent, err = p.held.Send(ctx, out, limit)
	} else {
		p.ran = true
		if limit > 0 {
			out.Hold(&p.held, limit)
		}
		p.tag, _, err = p.Portal.Execute(ctx, out, 0, last)
		sent = p.held.Sent(limit)
		if limit == 0 {
			return p.tag, true, err
		}
	}
	tag := p.tag
	if tag.Rows >= 0 {
		tag.Rows = sent // as of a query
	}
	return tag, limit == 0 || sent < limit, err
}

// Fetch does what FETCH says; out is nil for MOVE. It returns the number of rows that
// were, or would have been, returned.
func (p *Cursor) Fetch(ctx context.Context, out *pgwire.Output, st *syntax.FetchStmt) (int64, error) {
	if p.failed {
		return 0, CannotRun(st.Cursor)
	}
	n, err := p.fetch(ctx, out, st)
	p.failed = err != nil
	return n, err
}

func (p *Cursor) fetch(ctx context.Context, out *pgwire.Output, st *syntax.FetchStmt) (int64, error) {
	count, how := st.Count, st.How
	if count < 0 && (how == "FORWARD" || how == "BACKWARD") {
		how = map[string]string{"FORWARD": "BACKWARD", "BACKWARD": "FORWARD"}[how]
		count = -count
	}
	switch how {
	case "ABSOLUTE":
		if count < 0 {
			total, err := p.last(ctx)
			if err != nil {
				return 0, err
			}
			count = max(total+1+count, 0)
		}
		return p.one(ctx, out, count)
	case "RELATIVE":
		return p.one(ctx, out, max(p.place+count, 0))
	case "BACKWARD":
		if count > 0 || st.All {
			return p.backward(ctx, out, count, st.All)
		}
	}
	if count == 0 && !st.All {
		if !p.onRow() {
			return 0, nil
		}
		return p.one(ctx, out, p.place)
	}
	return p.forward(ctx, out, count, st.All)
}

// one goes to a place and returns the row there, if any.
func (p *Cursor) one(ctx context.Context, out *pgwire.Output, place int64) (int64, error) {
	on, err := p.seek(ctx, place)
	if err != nil || !on || place == 0 {
		return 0, err
	}
	if out != nil {
		err = out.Row(ctx, p.query.Current())
	}
	return 1, err
}

// How many rows are read at a time, and how many bytes of them are kept, where a cursor goes back.
const (
	backwardRows  = 1000
	backwardBytes = 256 << 10
)

// backward returns rows before the place, the nearest first. They are read anew from the start, many at a time.
func (p *Cursor) backward(ctx context.Context, out *pgwire.Output, count int64, all bool) (n int64, err error) {
	for all || n < count {
		last := p.place - 1
		if last <= 0 {
			if p.noScroll {
				return n, ErrNoScroll
			}
			return n, p.rewind(ctx)
		}
		first := int64(1)
		if !all {
			first = max(first, last-(count-n)+1)
		}
		if out == nil { // MOVE
			_, err = p.seek(ctx, first)
			n += last - first + 1
		} else {
			var rows int64
			rows, err = p.backwardFrom(ctx, out, max(first, last-backwardRows+1), last)
			if n += rows; rows == 0 && err == nil {
				return n, nil // the query has other rows each time
			}
		}
		if err != nil {
			return n, err
		}
	}
	if p.read != p.place {
		_, err = p.seek(ctx, p.place) // where the next row is read from
	}
	return n, err
}

// backwardFrom returns the rows from last down to first, or those of them that are kept, and is at the one that it returned last.
func (p *Cursor) backwardFrom(ctx context.Context, out *pgwire.Output, first, last int64) (n int64, err error) {
	if _, err := p.seek(ctx, first-1); err != nil {
		return 0, err
	}
	var kept [][]pgvalue.Value
	size := int64(0)
	for p.place < last {
		if ok, err := p.step(ctx); err != nil || !ok {
			return 0, err
		}
		row := p.query.Current()
		for i := range row {
			size += expr.ValueBytes + valueSize(&row[i])
		}
		if size > backwardBytes || p.place == last {
			if size > backwardBytes {
				kept, size = nil, 0 // the rows behind are the first that are returned
			}
			continue
		}
		kept = append(kept, cloneValues(row))
	}
	for err = out.Row(ctx, p.query.Current()); err == nil; err = out.Row(ctx, kept[len(kept)-1]) {
		if n++; n > 1 {
			kept = kept[:len(kept)-1]
			p.place--
		}
		if len(kept) == 0 {
			return n, nil
		}
	}
	return n, err
}

package copyin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/debug"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/copyfmt"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/proposal"
	"github.com/eventgres/eventgres/query/relation"
)

const (
	// A chunk of COPY is one atomic append. Large enough that a sync is cheap, small
	// enough that its memory is, and that other appends are not held up.
	ChunkRows  = 8192
	ChunkBytes = 1 << 20
	// ExpectsNothing stands for the expected_version of a row that gives none.
	ExpectsNothing = math.MinInt64
)

// Parser makes events of rows. It may be used concurrently.
type Parser struct {
	Columns []int // of events, by place in a row
	Format  *copyfmt.Format
	Zone    *pgvalue.Zone
	Limits  engine.Limits
	Imports bool // times may be given
	// Error turns what the engine has against an event into an error with a SQLSTATE.
	Error   func(error) error
	PackFor *engine.WriterHandle // nil where events are staged: they are packed when they are appended
	Where   *Condition           // nil: all rows are taken; otherwise nothing is used concurrently
}

// Rows are events made of rows.
type Rows struct {
	Events   []engine.ProposedEvent
	Expected []int64 // their expected_version; nil if no row gives one
	Chunks   []int   // where chunks end
	size     int     // of the chunk that has not ended, bytes
	Read     int     // rows
	ordinal  []int   // which of them each event is of; nil: all are taken
}

// Row is which of the rows that were read the event is of.
func (c *Rows) Row(event int) int {
	if c.ordinal == nil {
		return event
	}
	return c.ordinal[event]
}

// Block is a block of the data that is being read.
type Block struct {
	Data  []byte
	first bool
	Done  chan struct{} // closed when it has been; what follows is set then
	r     *copyfmt.Reader
	Rows  Rows
	Begun int  // rows before those
	More  bool // rows behind those
	Lines int64
	Ended bool // with the end marker
	Err   error
	Panic any // it ended so; the session's goroutine has to
}

// RowError is an error of a row whose place in the data is not known yet.
type RowError struct {
	Row int // of its block
	Err error
}

func (e *RowError) Error() string { return e.Err.Error() }

// Start reads data into a block, which may have been used before, in a goroutine of its own that ends
// when all is read.
func (p Parser) Start(b *Block, data []byte, first bool) {
	rows := Rows{Events: b.Rows.Events[:0], Chunks: b.Rows.Chunks[:0]}
	*b = Block{Data: data, first: first, Done: make(chan struct{}), Rows: rows}
	if p.Where != nil { // expressions are the session's
		b.r = p.reader(b, 1)
		p.Read(b)
		close(b.Done)
		return
	}
	go func() {
		defer close(b.Done)
		defer func() {
			if p := recover(); p != nil {
				b.Panic = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
		}()
		b.r = p.reader(b, 1)
		p.Read(b)
	}()
}

// Read makes events of the rows of a block that come next.
func (p Parser) Read(b *Block) {
	from := b.r.Line
	b.More, b.Err = p.Rows(context.Background(), b.r, &b.Rows, false)
	if errors.Is(b.Err, io.EOF) {
		b.Err = nil
	}
	b.Lines, b.Ended = b.Lines+b.r.Line-from, b.r.Ended
}

// reader reads a block whose first line comes after so many.
func (p Parser) reader(b *Block, line int64) *copyfmt.Reader {
	if b.first {
		line = 0
	}
	return copyfmt.NewBlockReader(b.Data, line, p.Format, p.Columns, p.Zone)
}

// Again reads a block whose error does not know its line, now that it is known.
func (p Parser) Again(b *Block, line int64) error {
	r := p.reader(b, line)
	for {
		if more, err := p.Rows(context.Background(), r, new(Rows), false); !more {
			if errors.Is(err, io.EOF) {
				return b.Err // what a condition says may differ each time
			}
			return err
		}
	}
}

// Blame says of an error where in a block it is, if it is one of a row.
func (p Parser) Blame(b *Block, line int64, err error) error {
	of := new(RowError)
	if !errors.As(err, &of) {
		return err
	}
	r := p.reader(b, line)
	for range b.Begun + of.Row + 1 {
		if _, err := r.Row(context.Background()); err != nil {
			return err
		}
	}
	return r.Context(of.Err)
}

// maxBlockRows bounds the events that are made of a block at a time: of the shortest rows there would
// be fifty times its bytes.
const maxBlockRows = 2 * ChunkRows

// Rows reads rows, to io.EOF; or until there are maxBlockRows or, of binary data, a chunk: then there
// may be more.
func (p Parser) Rows(ctx context.Context, r *copyfmt.Reader, out *Rows, oneChunk bool) (more bool, err error) {
	if out.Events == nil {
		out.Events = make([]engine.ProposedEvent, 0, min(ChunkRows, 16+len(r.Buf)/128))
	}
	var packer *engine.Packer
	if p.PackFor != nil {
		packer = p.PackFor.Packer()
	}
	for {
		fields, err := r.Row(ctx)
		if err != nil {
			out.endChunk()
			return false, err
		}
		out.Read++
		out.Events = append(out.Events, engine.ProposedEvent{Version: engine.AnyVersion})
		e := &out.Events[len(out.Events)-1]
		expected, err := p.event(r, fields, e)
		if p.Where != nil {
			var keep bool
			if keep, err = p.Where.keeps(r, err); err == nil && !keep {
				out.Events = out.Events[:len(out.Events)-1]
				continue
			}
			out.ordinal = append(out.ordinal, out.Read-1)
		}
		if err == nil {
			err = e.Validate(p.Limits)
		}
		if err != nil {
			return false, r.Context(p.Error(err))
		}
		packer.Pack(e)
		if expected != ExpectsNothing && out.Expected == nil {
			out.Expected = make([]int64, 0, cap(out.Events))
			for range len(out.Events) - 1 {
				out.Expected = append(out.Expected, ExpectsNothing)
			}
		}
		if out.Expected != nil {
			out.Expected = append(out.Expected, expected)
		}
		out.size += e.StoredSize()
		if len(out.Events)-out.begun() >= ChunkRows || out.size >= min(ChunkBytes, p.Limits.AppendBytes/2) {
			out.endChunk()
			if oneChunk {
				return true, nil
			}
		}
		if len(out.Events) == maxBlockRows {
			out.endChunk()
			return true, nil
		}
	}
}

// begun is where the chunk began that has not ended.
func (c *Rows) begun() int {
	if len(c.Chunks) == 0 {
		return 0
	}
	return c.Chunks[len(c.Chunks)-1]
}

func (c *Rows) endChunk() {
	if len(c.Events) > c.begun() {
		c.Chunks, c.size = append(c.Chunks, len(c.Events)), 0
	}
}

// event makes an event of a row's fields and returns its expected_version.
func (p Parser) event(r *copyfmt.Reader, fields []copyfmt.Field, e *engine.ProposedEvent) (expected int64, err error) {
	var payload, opaque []byte
	expected = ExpectsNothing
	typed := false
	if p.Where != nil {
		p.Where.begin()
	}
	for i, column := range p.Columns {
		if fields[i].Null {
			if column == relation.EventEventID {
				if err := p.refuse(r, proposal.NotNull("event_id")); err != nil {
					return 0, err
				}
			}
			continue
		}
		r.Column = column
		v, err := r.Value(column, fields[i].Data)
		if err != nil {
			return 0, err
		}
		if p.Where != nil {
			p.Where.values[column] = v
		}
		switch column {
		case relation.EventPayload:
			if err := e.SetPayload(v.Bytes); err != nil {
				return 0, expr.JsonError(err, v.Bytes)
			}
			payload = v.Bytes
		case relation.EventMetadata:
			if err := e.SetMetadata(v.Bytes); err != nil {
				return 0, expr.JsonError(err, v.Bytes)
			}
		case relation.EventPayloadBytes:
			opaque = v.Bytes
		case relation.EventExpectedVersion:
			if v.Int < -1 {
				if err := p.refuse(r, pgerror.Errorf(pgerror.InvalidParameterValue, "expected_version %d is less than -1", v.Int)); err != nil {
					return 0, err
				}
			}
			expected = v.Int
		case relation.EventRecordedAt:
			if err := p.setTime(e, &v); err != nil {
				if err := p.refuse(r, err); err != nil {
					return 0, err
				}
			}
		default:
			typed = typed || column == relation.EventType
			if err := proposal.SetField(e, column, &v); err != nil {
				if err := p.refuse(r, err); err != nil {
					return 0, err
				}
			}
		}
	}
	r.Column = -1
	if err := proposal.Finish(e, payload, opaque, typed); err != nil {
		return expected, p.refuse(r, err)
	}
	return expected, nil
}

func (p Parser) setTime(e *engine.ProposedEvent, v *pgvalue.Value) error {
	if !p.Imports {
		return proposal.Assigned(relation.EventRecordedAt)
	}
	return proposal.SetTime(e, v, proposal.Latest())
}

// refuse is called with what is wrong with a row that could be read: where there is a condition, it comes first, as
// in PostgreSQL, and may leave the row out.
func (p Parser) refuse(r *copyfmt.Reader, err error) error {
	if p.Where == nil {
		return err
	}
	if p.Where.refused == nil {
		p.Where.refused = r.Context(err)
	}
	return nil
}

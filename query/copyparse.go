package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/debug"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

const (
	// A chunk of COPY is one atomic append. Large enough that a sync is cheap, small
	// enough that its memory is, and that other appends are not held up.
	copyChunkRows  = 8192
	copyChunkBytes = 1 << 20
	// expectsNothing stands for the expected_version of a row that gives none.
	expectsNothing = math.MinInt64
)

// copyParser makes events of rows. It may be used concurrently.
type copyParser struct {
	plan    *copyPlan
	zone    *pgwire.Zone
	limits  engine.Limits
	packFor *engine.WriterHandle // nil where events are staged: they are packed when they are appended
}

// copyRows are events made of rows.
type copyRows struct {
	events   []engine.ProposedEvent
	expected []int64 // their expected_version; nil if no row gives one
	chunks   []int   // where chunks end
	size     int     // of the chunk that has not ended, bytes
}

// copyBlock is a block of the data that is being read.
type copyBlock struct {
	data  []byte
	first bool
	done  chan struct{} // closed when it has been; what follows is set then
	r     *copyReader
	rows  copyRows
	begun int  // rows before those
	more  bool // rows behind those
	lines int64
	ended bool // with the end marker
	err   error
	panic any // it ended so; the session's goroutine has to
}

// copyRowError is an error of a row whose place in the data is not known yet.
type copyRowError struct {
	row int // of its block
	err error
}

func (e *copyRowError) Error() string { return e.err.Error() }

// start reads data into a block, which may have been used before, in a goroutine of its own that ends
// when all is read.
func (p copyParser) start(b *copyBlock, data []byte, first bool) {
	rows := copyRows{events: b.rows.events[:0], chunks: b.rows.chunks[:0]}
	*b = copyBlock{data: data, first: first, done: make(chan struct{}), rows: rows}
	go func() {
		defer close(b.done)
		defer func() {
			if p := recover(); p != nil {
				b.panic = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
		}()
		b.r = p.reader(b, 1)
		p.read(b)
	}()
}

// read makes events of the rows of a block that come next.
func (p copyParser) read(b *copyBlock) {
	from := b.r.line
	b.more, b.err = p.rows(context.Background(), b.r, &b.rows, false)
	if errors.Is(b.err, io.EOF) {
		b.err = nil
	}
	b.lines, b.ended = b.lines+b.r.line-from, b.r.ended
}

// reader reads a block whose first line comes after so many.
func (p copyParser) reader(b *copyBlock, line int64) *copyReader {
	if b.first {
		line = 0
	}
	return newBlockReader(b.data, line, p.plan, p.zone)
}

// again reads a block whose error does not know its line, now that it is known.
func (p copyParser) again(b *copyBlock, line int64) error {
	r := p.reader(b, line)
	for {
		if more, err := p.rows(context.Background(), r, new(copyRows), false); !more {
			return err
		}
	}
}

// blame says of an error where in a block it is, if it is one of a row.
func (p copyParser) blame(b *copyBlock, line int64, err error) error {
	of := new(copyRowError)
	if !errors.As(err, &of) {
		return err
	}
	r := p.reader(b, line)
	for range b.begun + of.row + 1 {
		if _, err := r.row(context.Background()); err != nil {
			return err
		}
	}
	return r.context(of.err)
}

// maxBlockRows bounds the events that are made of a block at a time: of the shortest rows there would
// be fifty times its bytes.
const maxBlockRows = 2 * copyChunkRows

// rows reads rows, to io.EOF; or until there are maxBlockRows or, of binary data, a chunk: then there
// may be more.
func (p copyParser) rows(ctx context.Context, r *copyReader, out *copyRows, oneChunk bool) (more bool, err error) {
	if out.events == nil {
		out.events = make([]engine.ProposedEvent, 0, min(copyChunkRows, 16+len(r.buf)/128))
	}
	var packer *engine.Packer
	if p.packFor != nil {
		packer = p.packFor.Packer()
	}
	for {
		fields, err := r.row(ctx)
		if err != nil {
			out.endChunk()
			return false, err
		}
		out.events = append(out.events, engine.ProposedEvent{Version: engine.AnyVersion})
		e := &out.events[len(out.events)-1]
		expected, err := p.event(r, fields, e)
		if err == nil {
			err = e.Validate(p.limits)
		}
		if err != nil {
			return false, r.context(engineError(err))
		}
		packer.Pack(e)
		if expected != expectsNothing && out.expected == nil {
			out.expected = make([]int64, 0, cap(out.events))
			for range len(out.events) - 1 {
				out.expected = append(out.expected, expectsNothing)
			}
		}
		if out.expected != nil {
			out.expected = append(out.expected, expected)
		}
		out.size += e.StoredSize()
		if len(out.events)-out.begun() >= copyChunkRows || out.size >= min(copyChunkBytes, p.limits.AppendBytes/2) {
			out.endChunk()
			if oneChunk {
				return true, nil
			}
		}
		if len(out.events) == maxBlockRows {
			out.endChunk()
			return true, nil
		}
	}
}

// begun is where the chunk began that has not ended.
func (c *copyRows) begun() int {
	if len(c.chunks) == 0 {
		return 0
	}
	return c.chunks[len(c.chunks)-1]
}

func (c *copyRows) endChunk() {
	if len(c.events) > c.begun() {
		c.chunks, c.size = append(c.chunks, len(c.events)), 0
	}
}

// event makes an event of a row's fields and returns its expected_version.
func (p copyParser) event(r *copyReader, fields []copyField, e *engine.ProposedEvent) (expected int64, err error) {
	var payload, opaque []byte
	expected = expectsNothing
	typed := false
	for i, column := range p.plan.columns {
		if fields[i].null {
			if column == evEventID {
				return 0, notNullError("event_id")
			}
			continue
		}
		r.column = column
		v, err := r.value(column, fields[i].data)
		if err != nil {
			return 0, err
		}
		switch column {
		case evPayload:
			if err := e.SetPayload(v.Bytes); err != nil {
				return 0, jsonError(err, v.Bytes)
			}
			payload = v.Bytes
		case evMetadata:
			if err := e.SetMetadata(v.Bytes); err != nil {
				return 0, jsonError(err, v.Bytes)
			}
		case evPayloadBytes:
			opaque = v.Bytes
		case evExpectedVersion:
			if v.Int < -1 {
				return 0, pgwire.Errorf("22023", "expected_version %d is less than -1", v.Int)
			}
			expected = v.Int
		default:
			typed = typed || column == evType
			if err := setEventField(e, column, &v); err != nil {
				return 0, err
			}
		}
	}
	r.column = -1
	return expected, finishEvent(e, payload, opaque, typed)
}

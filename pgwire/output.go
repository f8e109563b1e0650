package pgwire

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Output takes what a portal returns and sends it, in the formats the client asked
// for. It holds no more than a buffer: when that is full it waits for the client.
type Output struct {
	c       *Conn
	columns []pgvalue.Column
	formats []int16
	held    *Held
	copying *charset.Encoding // of COPY data in text; nil: UTF-8
	copied  []byte            // COPY data in it, reused
}

// newOutput is the output of a portal that is about to be executed; that of the one before is over.
func (c *Conn) newOutput(columns []pgvalue.Column, formats []int16) *Output {
	c.executing = Output{c: c, columns: columns, formats: formats}
	return &c.executing
}

// Held are rows of a statement that runs to its end at once, beyond the row limit of the Execute that ran it.
type Held struct {
	rows  []byte // DataRow messages
	share Share
	pass  int64 // so many are sent before any is held
}

// maxHeld bounds their bytes.
const maxHeld = 64 << 20

// Hold sends no more than the next limit rows of those that follow, and holds the others.
func (o *Output) Hold(h *Held, limit int64) { o.held, h.pass = h, limit }

// Send sends up to so many of the rows that are held, 0: all, and tells how many.
func (h *Held) Send(ctx context.Context, o *Output, limit int64) (n int64, err error) {
	for ; len(h.rows) > 0 && (limit == 0 || n < limit); n++ {
		size := 1 + int(pgvalue.Be.Uint32(h.rows[1:]))
		start := len(o.c.out)
		o.c.out = append(o.c.out, h.rows[:size]...)
		h.rows = h.rows[size:]
		if err := o.sent(ctx, start); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Drop forgets the rows that are left.
func (h *Held) Drop() {
	h.rows = nil
	_ = h.share.Set(0)
}

// Sent is how many were not held, of a limit.
func (h *Held) Sent(limit int64) int64 { return limit - h.pass }

// ended is called when the row at start is whole.
func (o *Output) ended(ctx context.Context, start int) error {
	h := o.held
	if h == nil || h.pass > 0 {
		if h != nil {
			h.pass--
		}
		return o.sent(ctx, start)
	}
	row := o.c.out[start:]
	if len(h.rows)+len(row) > maxHeld {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "the rows beyond the row limit have more than %d bytes", maxHeld).
			WithHint("Fetch fewer rows at a time.")
	}
	if h.share.budget == nil {
		h.share = o.c.NewShare()
	}
	if size := int64(len(h.rows) + len(row)); 2*size > h.share.held {
		if err := h.share.Set(2 * size); err != nil { // it may become twice as large to hold them
			return err
		}
	}
	h.rows = append(h.rows, row...)
	o.c.out = o.c.out[:start]
	return ctx.Err()
}

// sent is called when the row at start is on its way.
func (o *Output) sent(ctx context.Context, start int) error {
	if o.c.encoding != nil {
		if err := o.encodeRow(ctx, start); err != nil {
			o.c.out = o.c.out[:start]
			return err
		}
	}
	return o.full(ctx)
}

// Zone is the time zone for text formats.
func (o *Output) Zone() *pgvalue.Zone { return o.c.Zone }

// Row sends a row; the values are of the columns' types, and are copied.
func (o *Output) Row(ctx context.Context, row []pgvalue.Value) error {
	c := o.c
	if len(row) != len(o.columns) {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "the row has %d columns where %d were announced", len(row), len(o.columns))
	}
	start := len(c.out)
	c.out = append(c.out, 'D', 0, 0, 0, 0)
	c.out = pgvalue.Be.AppendUint16(c.out, uint16(len(row)))
	for i := range row {
		v := &row[i]
		if v.Array != nil || len(v.Text) > flushBytes || len(v.Bytes) > flushBytes {
			if err := o.room(v.Size()); err != nil {
				c.out = c.out[:start]
				return err
			}
		}
		oid := o.columns[i].OID
		switch {
		case v.Kind == pgvalue.Null:
			c.out = append(c.out, 0xff, 0xff, 0xff, 0xff)
		case formatOf(o.formats, i) == 1:
			c.out = pgvalue.AppendSized(c.out, oid, v)
		default:
			at := len(c.out)
			c.out = append(c.out, 0, 0, 0, 0)
			c.out = pgvalue.AppendText(c.out, oid, v, c.Zone)
			pgvalue.Be.PutUint32(c.out[at:], uint32(len(c.out)-at-4))
		}
	}
	pgvalue.Be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
	return o.ended(ctx, start)
}

// Binary tells whether the client wants column i in binary format.
func (o *Output) Binary(i int) bool { return formatOf(o.formats, i) == 1 }

// Formats are the format codes as the client gave them: none, one for all, or one a
// column.
func (o *Output) Formats() []int16 { return o.formats }

// RawRow sends a row that fields appends, each field with its length before it; it sends
// nothing of one that fields returns an error for.
func (o *Output) RawRow(ctx context.Context, fields func(dst []byte) ([]byte, error)) error {
	c := o.c
	start := len(c.out)
	c.out = append(c.out, 'D', 0, 0, 0, 0)
	c.out = pgvalue.Be.AppendUint16(c.out, uint16(len(o.columns)))
	var err error
	if c.out, err = fields(c.out); err != nil {
		c.out = c.out[:start]
		return err
	}
	pgvalue.Be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
	return o.ended(ctx, start)
}

// Splice sends a row's message as it is: its body is what another server sent for the
// same columns in the same formats.
func (o *Output) Splice(ctx context.Context, body []byte) error {
	c := o.c
	if err := o.room(int64(len(body))); err != nil {
		return err
	}
	start := len(c.out)
	c.out = append(c.out, 'D')
	c.out = pgvalue.Be.AppendUint32(c.out, uint32(len(body)+4))
	c.out = append(c.out, body...)
	return o.ended(ctx, start)
}

// room makes sure that a value of so many bytes may go into the buffer, which may become twice as large to
// hold it.
func (o *Output) room(n int64) error {
	n = 2*n + int64(len(o.c.out))
	if n <= 2*keepBytes || n <= o.c.output.held {
		return nil
	}
	return o.c.output.Set(n)
}

// Flush writes out what was sent so far. It waits for the client, if that takes nothing.
func (o *Output) Flush() error { return o.c.flush() }

// full writes the buffer out if there is enough in it.
func (o *Output) full(ctx context.Context) error {
	if len(o.c.out) < flushBytes {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return o.c.flush()
}

// copyEncoding is what COPY data is converted to or from, of an encoding that a statement names or, nil, the
// client's; nil for nothing.
func (c *Conn) copyEncoding(binary bool, named *charset.Encoding) *charset.Encoding {
	switch {
	case binary || named != nil && named.Same():
		return nil
	case named != nil:
		return named
	}
	return c.encoding
}

// copyFormats are the formats of COPY data as its beginning tells them: of all, and of each column.
func copyFormats(columns int, binary bool) (overall byte, each []uint16) {
	if binary {
		return 1, slices.Repeat([]uint16{1}, columns)
	}
	return 0, make([]uint16, columns)
}

// BeginCopyOut announces COPY data of a number of columns. Text is in an encoding, nil: the client's.
func (o *Output) BeginCopyOut(columns int, binary bool, in *charset.Encoding) {
	o.copying = o.c.copyEncoding(binary, in)
	var m pgproto3.CopyOutResponse
	m.OverallFormat, m.ColumnFormatCodes = copyFormats(columns, binary)
	o.c.send(&m)
}

// CopyData sends a piece of COPY data; PostgreSQL sends a row a message, and some
// clients rely on it.
func (o *Output) CopyData(ctx context.Context, data []byte) error {
	c := o.c
	if o.copying != nil && !charset.Plain(data) {
		if err := o.room(int64(3 * len(data))); err != nil {
			return err
		}
		var err error
		if o.copied, err = encodeText(ctx, c, o.copying, o.copied[:0], data); err != nil {
			return err
		}
		if data = o.copied; cap(data) > keepBytes {
			o.copied = nil
		}
	}
	c.out = append(c.out, 'd')
	c.out = pgvalue.Be.AppendUint32(c.out, uint32(len(data)+4))
	c.out = append(c.out, data...)
	return o.full(ctx)
}

// EndCopyOut ends the COPY data.
func (o *Output) EndCopyOut() { o.c.out = append(o.c.out, 'c', 0, 0, 0, 4) }

// ReadRow splits a row's message body into its fields, nil for null.
func ReadRow(body []byte) ([][]byte, error) {
	m := message{b: body}
	fields := make([][]byte, m.int16())
	for i := range fields {
		if size := m.int32(); size != -1 {
			fields[i] = m.take(int(size))
		}
	}
	return fields, m.end()
}

package pgwire

import (
	"context"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Output takes what a portal returns and sends it, in the formats the client asked
// for. It holds no more than a buffer: when that is full it waits for the client.
type Output struct {
	c       *Conn
	columns []Column
	formats []int16
}

// Zone is the time zone for text formats.
func (o *Output) Zone() *Zone { return o.c.Zone }

// Row sends a row; the values are of the columns' types, and are copied.
func (o *Output) Row(ctx context.Context, row []Value) error {
	c := o.c
	if len(row) != len(o.columns) {
		return Errorf("0A000", "the row has %d columns where %d were announced", len(row), len(o.columns))
	}
	start := len(c.out)
	c.out = append(c.out, 'D', 0, 0, 0, 0)
	c.out = be.AppendUint16(c.out, uint16(len(row)))
	for i := range row {
		v := &row[i]
		oid := o.columns[i].OID
		switch {
		case v.Kind == Null:
			c.out = append(c.out, 0xff, 0xff, 0xff, 0xff)
		case formatOf(o.formats, i) == 1:
			c.out = appendSized(c.out, oid, v)
		default:
			at := len(c.out)
			c.out = append(c.out, 0, 0, 0, 0)
			c.out = AppendText(c.out, oid, v, c.Zone)
			be.PutUint32(c.out[at:], uint32(len(c.out)-at-4))
		}
	}
	be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
	return o.full(ctx)
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
	c.out = be.AppendUint16(c.out, uint16(len(o.columns)))
	var err error
	if c.out, err = fields(c.out); err != nil {
		c.out = c.out[:start]
		return err
	}
	be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
	return o.full(ctx)
}

// Splice sends a row's message as it is: its body is what another server sent for the
// same columns in the same formats.
func (o *Output) Splice(ctx context.Context, body []byte) error {
	c := o.c
	c.out = append(c.out, 'D')
	c.out = be.AppendUint32(c.out, uint32(len(body)+4))
	c.out = append(c.out, body...)
	return o.full(ctx)
}

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

// BeginCopyOut announces COPY data of a number of columns.
func (o *Output) BeginCopyOut(columns int, binary bool) {
	m := pgproto3.CopyOutResponse{ColumnFormatCodes: make([]uint16, columns)}
	if binary {
		m.OverallFormat = 1
		for i := range m.ColumnFormatCodes {
			m.ColumnFormatCodes[i] = 1
		}
	}
	o.c.send(&m)
}

// CopyData sends a piece of COPY data; PostgreSQL sends a row a message, and some
// clients rely on it.
func (o *Output) CopyData(ctx context.Context, data []byte) error {
	c := o.c
	c.out = append(c.out, 'd')
	c.out = be.AppendUint32(c.out, uint32(len(data)+4))
	c.out = append(c.out, data...)
	return o.full(ctx)
}

// EndCopyOut ends the COPY data.
func (o *Output) EndCopyOut() { o.c.out = append(o.c.out, 'c', 0, 0, 0, 4) }

// CopyReader reads the COPY data that a client sends.
type CopyReader struct {
	c     *Conn
	ended bool
}

// BeginCopyIn asks the client for COPY data of a number of columns.
func (o *Output) BeginCopyIn(columns int, binary bool) (*CopyReader, error) {
	m := pgproto3.CopyInResponse{ColumnFormatCodes: make([]uint16, columns)}
	if binary {
		m.OverallFormat = 1
		for i := range m.ColumnFormatCodes {
			m.ColumnFormatCodes[i] = 1
		}
	}
	o.c.send(&m)
	return &CopyReader{c: o.c}, o.c.flush()
}

// Next returns the next piece, valid until the next call, or io.EOF at the end of the
// data. Pieces need not be rows.
func (r *CopyReader) Next(ctx context.Context) ([]byte, error) {
	if r.ended {
		return nil, io.EOF
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		typ, err := r.c.nextCopy()
		if err != nil {
			return nil, err
		}
		switch typ {
		case 'd':
			return r.c.body, nil
		case 'c':
			r.ended = true
			return nil, io.EOF
		case 'f':
			m := message{b: r.c.body}
			return nil, Errorf("57014", "COPY from stdin failed: %s", m.string())
		case 'H', 'S':
			// Flush and Sync are ignored during COPY.
		default:
			return nil, protocolViolation("unexpected message type 0x%02X during COPY from stdin", typ)
		}
	}
}

// nextCopy reads a message during COPY. The idle timeouts do not apply; a cancel or the
// statement timeout wakes the read.
func (c *Conn) nextCopy() (byte, error) {
	c.setCopying(true)
	defer c.setCopying(false)
	return c.next()
}

func (c *Conn) setCopying(copying bool) {
	c.mu.Lock()
	c.copying = copying
	c.mu.Unlock()
}

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

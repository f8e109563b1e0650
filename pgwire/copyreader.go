package pgwire

import (
	"context"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// CopyReader reads the COPY data that a client sends.
type CopyReader struct {
	c     *Conn
	ended bool
	held  int64

	encoding *charset.Encoding // that the data is in; nil: UTF-8
	raw      []byte            // of the message, not converted yet
	begun    []byte            // bytes of a character of which more must come
	text     []byte            // what was converted last
	broken   error             // why the rest is not
}

// Hold makes n what is kept of the data that came, until the statement ends.
func (r *CopyReader) Hold(n int64) error {
	if err := r.c.Use(n - r.held); err != nil {
		return err
	}
	r.held = n
	return nil
}

// Pace gives way to others, as Conn.Pace does.
func (r *CopyReader) Pace(ctx context.Context) error { return r.c.Pace(ctx) }

// BeginCopyIn asks the client for COPY data of a number of columns. Text is in an encoding, nil: the client's.
func (o *Output) BeginCopyIn(columns int, binary bool, in *charset.Encoding) (*CopyReader, error) {
	var m pgproto3.CopyInResponse
	m.OverallFormat, m.ColumnFormatCodes = copyFormats(columns, binary)
	o.c.send(&m)
	return &CopyReader{c: o.c, encoding: o.c.copyEncoding(binary, in)}, o.c.flush()
}

// Next returns the next piece, valid until the next call, or io.EOF at the end of the
// data. Pieces need not be rows. What is before an error of the encoding is returned before it.
func (r *CopyReader) Next(ctx context.Context) ([]byte, error) {
	if r.ended {
		return nil, io.EOF
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r.encoding != nil && (len(r.raw) > 0 || r.broken != nil) {
			if piece, err := r.convert(); len(piece) > 0 || err != nil {
				return piece, err
			}
			continue
		}
		typ, err := r.c.nextCopy()
		if err != nil {
			return nil, err
		}
		switch typ {
		case 'd':
			if r.encoding == nil || len(r.begun) == 0 && charset.Plain(r.c.body) {
				return r.c.body, nil
			}
			r.raw = r.c.body
		case 'c':
			r.ended = true
			if len(r.begun) > 0 {
				return nil, EncodingError(r.encoding.Invalid(r.begun))
			}
			return nil, io.EOF
		case 'f':
			m := r.c.received()
			return nil, pgerror.Errorf(pgerror.QueryCanceled, "COPY from stdin failed: %s", m.string())
		case 'H', 'S':
			// Flush and Sync are ignored during COPY.
		default:
			return nil, pgerror.Errorf(pgerror.ProtocolViolation, "unexpected message type 0x%02X during COPY from stdin", typ)
		}
	}
}

// Ignore passes over the rest of the data as it comes, without a look at its encoding.
func (r *CopyReader) Ignore() { r.encoding, r.raw, r.begun = nil, nil, nil }

// convert returns the next piece of the message in UTF-8: nothing, if a character has only begun.
func (r *CopyReader) convert() ([]byte, error) {
	if r.broken != nil {
		return nil, r.broken
	}
	r.text = r.text[:0]
	for len(r.begun) > 0 { // a character that is in two messages
		if len(r.raw) == 0 {
			return nil, nil
		}
		r.begun, r.raw = append(r.begun, r.raw[0]), r.raw[1:]
		if !r.encoding.Partial(r.begun) {
			var err error
			if r.text, err = r.encoding.Decode(r.text, r.begun); err != nil {
				return nil, EncodingError(err)
			}
			r.begun = r.begun[:0]
		}
	}
	text, read, err := r.encoding.DecodePart(r.text, r.raw, convertPiece)
	r.text, r.raw = text, r.raw[read:]
	if err != nil {
		if r.encoding.Partial(r.raw) {
			r.begun, r.raw = append(r.begun, r.raw...), nil
		} else {
			r.broken = EncodingError(err)
		}
	}
	return r.text, nil
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

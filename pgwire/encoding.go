package pgwire

import (
	"context"
	"errors"

	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// SetEncoding makes an encoding the client's: what it sends is converted from it, and what it is sent to it.
func (c *Conn) SetEncoding(e *charset.Encoding) {
	c.encoding = nil
	if e != nil && !e.Same() {
		c.encoding = e
	}
}

// EncodingError is what a client is told of text that cannot be converted.
func EncodingError(err error) error {
	if e := new(charset.Error); errors.As(err, &e) {
		return pgerror.Errorf(e.Code, "%s", e.Message)
	}
	return err
}

// convertPiece is how much text is converted before the connection looks up, and how much the result grows by at
// first.
const convertPiece = 16 << 10

// fromClient is text that the client sent as UTF-8; text in UTF-8 is checked instead. What a long one becomes is
// held until the message has been handled.
func (c *Conn) fromClient(ctx context.Context, text []byte) ([]byte, error) {
	if c.encoding == nil {
		return text, pgvalue.CheckText(text)
	}
	if charset.Plain(text) {
		return text, nil
	}
	var out []byte
	for len(text) > 0 {
		if room := min(convertPiece, 3*len(text)) + charset.MaxGrown; cap(out)-len(out) < room {
			size := max(len(out)+room, 2*cap(out))
			if size > keepBytes {
				if err := c.Use(int64(size)); err != nil {
					return nil, err
				}
			}
			out = append(make([]byte, 0, size), out...)
		}
		var read int
		var err error
		if out, read, err = c.encoding.DecodePart(out, text, len(out)+convertPiece); err != nil {
			return nil, EncodingError(err)
		}
		if text = text[read:]; len(text) > 0 {
			if err := c.Pace(ctx); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// textual tells of a type whose binary form is text, as PostgreSQL converts it; that of some begins with a byte
// that says which.
func textual(oid uint32) bool {
	switch oid {
	case pgvalue.OIDText, pgvalue.OIDVarchar, pgvalue.OIDBpchar, pgvalue.OIDName, pgvalue.OIDUnknown, pgvalue.OIDJSON, pgvalue.OIDJSONB, pgvalue.OIDJSONPath, pgvalue.OIDXML, oidCstring:
		return true
	}
	return false
}

// Types that are text on the wire and that nothing else here knows.
const (
	oidCstring = 2275
)

// recodeBinary appends a value in binary format to dst, the text in it converted. Where the value is not of the form
// that its type has it is left as it is, for those who read it to refuse.
func recodeBinary(dst []byte, oid uint32, raw []byte, convert func(dst, text []byte) ([]byte, error)) ([]byte, error) {
	start := len(dst)
	m := message{b: raw}
	field := func(oid uint32) (err error) {
		size := m.int32()
		at := len(dst)
		dst = pgvalue.Be.AppendUint32(dst, uint32(size))
		if size == -1 || m.bad {
			return nil
		}
		if b := m.take(int(size)); b != nil {
			dst, err = recodeBinary(dst, oid, b, convert)
			pgvalue.Be.PutUint32(dst[at:], uint32(len(dst)-at-4))
		}
		return err
	}
	switch {
	case textual(oid):
		return convert(dst, raw)
	case textual(pgvalue.ElementType(oid)) || pgvalue.ElementType(oid) == pgvalue.OIDRecord:
		dimensions := int(m.int32())
		head := 12 + 8*dimensions
		if dimensions < 0 || dimensions > 6 || len(raw) < head {
			return append(dst, raw...), nil
		}
		_ = m.take(head - 4)
		dst = append(dst, raw[:head]...)
		for len(m.b) > 0 && !m.bad {
			if err := field(pgvalue.ElementType(oid)); err != nil {
				return dst, err
			}
		}
	case oid == pgvalue.OIDRecord:
		n := m.int32()
		dst = pgvalue.Be.AppendUint32(dst, uint32(n))
		for ; n > 0 && !m.bad; n-- {
			of := uint32(m.int32())
			dst = pgvalue.Be.AppendUint32(dst, of)
			if err := field(of); err != nil {
				return dst, err
			}
		}
	default:
		return append(dst, raw...), nil
	}
	if m.bad {
		return append(dst[:start], raw...), nil
	}
	return append(dst, m.b...), nil
}

// binaryFromClient is a parameter in binary format with its text in UTF-8.
func (c *Conn) binaryFromClient(ctx context.Context, oid uint32, raw []byte) ([]byte, error) {
	if textual(oid) {
		if oid == pgvalue.OIDJSONB || oid == pgvalue.OIDJSONPath { // the first byte is a number, which may be 0
			if len(raw) == 0 {
				return raw, nil
			}
			text, err := c.fromClient(ctx, raw[1:])
			return append([]byte{raw[0]}, text...), err
		}
		return c.fromClient(ctx, raw)
	}
	if !textual(pgvalue.ElementType(oid)) {
		return raw, nil
	}
	if err := c.Use(int64(3 * len(raw))); err != nil {
		return nil, err
	}
	out, err := recodeBinary(make([]byte, 0, 2*len(raw)), oid, raw, c.encoding.Decode)
	return out, EncodingError(err)
}

// toClient is text for the client: in its encoding.
func (c *Conn) toClient(text string) (string, error) {
	if c.encoding == nil || text == "" {
		return text, nil
	}
	out, err := c.encoding.Encode(nil, []byte(text))
	return string(out), EncodingError(err)
}

// encodeText appends text to dst in an encoding.
func encodeText(ctx context.Context, c *Conn, in *charset.Encoding, dst, text []byte) ([]byte, error) {
	for {
		var read int
		var err error
		if dst, read, err = in.EncodePart(dst, text, len(dst)+convertPiece); err != nil {
			return dst, EncodingError(err)
		}
		if text = text[read:]; len(text) == 0 {
			return dst, nil
		}
		if err := c.Pace(ctx); err != nil {
			return dst, err
		}
	}
}

// written tells whether column i is sent as text, or has text in it.
func (o *Output) written(i int) bool {
	oid := o.columns[i].OID
	return formatOf(o.formats, i) == 0 || textual(oid) || textual(pgvalue.ElementType(oid)) || oid == pgvalue.OIDRecord || pgvalue.ElementType(oid) == pgvalue.OIDRecord
}

// encodeRow converts the row that begins at start of the buffer.
func (o *Output) encodeRow(ctx context.Context, start int) error {
	c := o.c
	m := message{b: c.out[start+7:]}
	plain := true
	for i := range o.columns {
		if size := m.int32(); size != -1 {
			field := m.take(int(size))
			plain = plain && (charset.Plain(field) || !o.written(i))
		}
	}
	if plain {
		return nil
	}
	// A character may become twice as long, and both are there meanwhile.
	if err := o.room(int64(3 * (len(c.out) - start))); err != nil {
		return err
	}
	out := append(c.converted[:0], c.out[start:start+7]...)
	m = message{b: c.out[start+7:]}
	convert := func(dst, text []byte) ([]byte, error) { return encodeText(ctx, c, c.encoding, dst, text) }
	for i := range o.columns {
		size := m.int32()
		out = pgvalue.Be.AppendUint32(out, uint32(size))
		if size == -1 {
			continue
		}
		at := len(out)
		field := m.take(int(size))
		var err error
		switch {
		case !o.written(i):
			out = append(out, field...)
		case formatOf(o.formats, i) == 1:
			out, err = recodeBinary(out, o.columns[i].OID, field, convert)
		default:
			out, err = convert(out, field)
		}
		if err != nil {
			return err
		}
		pgvalue.Be.PutUint32(out[at-4:], uint32(len(out)-at))
	}
	pgvalue.Be.PutUint32(out[1:], uint32(len(out)-1))
	c.out = append(c.out[:start], out...)
	if c.converted = out; cap(out) > keepBytes {
		c.converted = nil
	}
	return nil
}

// EncodeField converts what of dst begins at start, a value in binary format, for the client.
func (o *Output) EncodeField(dst []byte, start int, oid uint32) ([]byte, error) {
	if o == nil || o.c.encoding == nil || charset.Plain(dst[start:]) {
		return dst, nil
	}
	out, err := recodeBinary(nil, oid, dst[start:], o.c.encoding.Encode)
	return append(dst[:start], out...), EncodingError(err)
}

// DecodeField is a value in binary format that came as COPY data, with its text in UTF-8.
func (r *CopyReader) DecodeField(oid uint32, raw []byte) ([]byte, error) {
	if r.c.encoding == nil || charset.Plain(raw) {
		return raw, nil
	}
	need := int64(3 * len(raw)) // while it is converted; the row is the statement's
	if err := r.c.Use(need); err != nil {
		return nil, err
	}
	out, err := recodeBinary(nil, oid, raw, r.c.encoding.Decode)
	_ = r.c.Use(-need)
	return out, EncodingError(err)
}

// appendError appends an error or a notice to what is sent. Where the client's encoding lacks a character of it,
// it is told that, as PostgreSQL tells it.
func (c *Conn) appendError(e *pgerror.Error, notice bool) {
	if !notice {
		c.server.failed.count(e.Code)
	}
	if c.encoding != nil {
		converted, err := convertError(e, c.toClient)
		if err != nil {
			converted = asError(err)
			converted.Severity = e.Severity
		}
		e = converted
		c.out = appendSendable(c.out, e, notice)
		return
	}
	c.out = appendError(c.out, e, notice)
}

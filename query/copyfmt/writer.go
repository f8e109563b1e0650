package copyfmt

import (
	"encoding/binary"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// FieldEncoder makes a field of binary data, of which the bytes from a place on are text, what a client in another encoding is sent.
type FieldEncoder interface {
	EncodeField(data []byte, from int, oid uint32) ([]byte, error)
}

// Writer writes rows in COPY's formats.
type Writer struct {
	Format  *Format
	Columns []pgvalue.Column
	Zone    *pgvalue.Zone
	buf     []byte
	text    []byte
	signed  bool         // the binary signature was written
	Out     FieldEncoder // nil: data is as it is
}

// Begin returns what comes before the first row; nil for nothing.
func (w *Writer) Begin() []byte {
	if w.Format.Kind == "binary" || w.Format.header == "" {
		return nil
	}
	for i, c := range w.Columns {
		if i > 0 {
			w.buf = append(w.buf, w.Format.delimiter)
		}
		w.field([]byte(c.Name), false)
	}
	return append(w.buf, '\n')
}

// End returns what comes after the last row.
func (w *Writer) End() []byte {
	if w.Format.Kind == "binary" {
		return append(w.signature(), 0xff, 0xff)
	}
	return nil
}

// signature begins the binary format, once. PostgreSQL sends it in one message with the
// first row, and clients take it off there.
func (w *Writer) signature() []byte {
	w.buf = w.buf[:0]
	if !w.signed {
		w.signed = true
		w.buf = append(append(w.buf, BinarySignature...), 0, 0, 0, 0, 0, 0, 0, 0)
	}
	return w.buf
}

// Row returns a row, valid until the next call.
func (w *Writer) Row(values []pgvalue.Value) ([]byte, error) {
	w.buf = w.buf[:0]
	if w.Format.Kind == "binary" {
		return w.binaryRow(values)
	}
	for i := range values {
		if i > 0 {
			w.buf = append(w.buf, w.Format.delimiter)
		}
		if values[i].Kind == pgvalue.Null {
			w.buf = append(w.buf, w.Format.Null...)
			continue
		}
		w.text = pgvalue.AppendText(w.text[:0], w.Columns[i].OID, &values[i], w.Zone)
		w.field(w.text, w.Format.forceQuote["*"] || w.Format.forceQuote[w.Columns[i].Name])
	}
	w.buf = append(w.buf, '\n')
	return w.buf, nil
}

func (w *Writer) binaryRow(values []pgvalue.Value) ([]byte, error) {
	w.buf = binary.BigEndian.AppendUint16(w.signature(), uint16(len(values)))
	for i := range values {
		if values[i].Kind == pgvalue.Null {
			w.buf = append(w.buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		start := len(w.buf)
		w.buf = append(w.buf, 0, 0, 0, 0)
		w.buf = pgvalue.AppendBinary(w.buf, w.Columns[i].OID, &values[i])
		if w.Out != nil {
			var err error
			if w.buf, err = w.Out.EncodeField(w.buf, start+4, w.Columns[i].OID); err != nil {
				return nil, err
			}
		}
		binary.BigEndian.PutUint32(w.buf[start:], uint32(len(w.buf)-start-4))
	}
	return w.buf, nil
}

func (w *Writer) field(text []byte, force bool) {
	if w.Format.Kind == "csv" {
		w.csvField(text, force)
		return
	}
	for _, c := range text {
		switch c {
		case '\b':
			w.buf = append(w.buf, '\\', 'b')
		case '\f':
			w.buf = append(w.buf, '\\', 'f')
		case '\n':
			w.buf = append(w.buf, '\\', 'n')
		case '\r':
			w.buf = append(w.buf, '\\', 'r')
		case '\t':
			w.buf = append(w.buf, '\\', 't')
		case '\v':
			w.buf = append(w.buf, '\\', 'v')
		case '\\', w.Format.delimiter:
			w.buf = append(w.buf, '\\', c)
		default:
			w.buf = append(w.buf, c)
		}
	}
}

func (w *Writer) csvField(text []byte, force bool) {
	f := w.Format
	s := string(text)
	if !force && s != f.Null && !strings.ContainsAny(s, "\r\n") &&
		strings.IndexByte(s, f.delimiter) < 0 && strings.IndexByte(s, f.quote) < 0 &&
		!(s == `\.` && len(w.Columns) == 1) {
		w.buf = append(w.buf, s...)
		return
	}
	w.buf = append(w.buf, f.quote)
	for _, c := range text {
		if c == f.quote || c == f.escape {
			w.buf = append(w.buf, f.escape)
		}
		w.buf = append(w.buf, c)
	}
	w.buf = append(w.buf, f.quote)
}

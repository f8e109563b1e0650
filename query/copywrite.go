package query

import (
	"encoding/binary"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// copyWriter writes rows in COPY's formats.
type copyWriter struct {
	format  *copyFormat
	columns []pgwire.Column
	zone    *pgwire.Zone
	buf     []byte
	text    []byte
	signed  bool // the binary signature was written
}

// begin returns what comes before the first row; nil for nothing.
func (w *copyWriter) begin() []byte {
	if w.format.kind == "binary" || w.format.header == "" {
		return nil
	}
	for i, c := range w.columns {
		if i > 0 {
			w.buf = append(w.buf, w.format.delimiter)
		}
		w.field([]byte(c.Name), false)
	}
	return append(w.buf, '\n')
}

// end returns what comes after the last row.
func (w *copyWriter) end() []byte {
	if w.format.kind == "binary" {
		return append(w.signature(), 0xff, 0xff)
	}
	return nil
}

// signature begins the binary format, once. PostgreSQL sends it in one message with the
// first row, and clients take it off there.
func (w *copyWriter) signature() []byte {
	w.buf = w.buf[:0]
	if !w.signed {
		w.signed = true
		w.buf = append(append(w.buf, binarySignature...), 0, 0, 0, 0, 0, 0, 0, 0)
	}
	return w.buf
}

// row returns a row, valid until the next call.
func (w *copyWriter) row(values []pgwire.Value) []byte {
	w.buf = w.buf[:0]
	if w.format.kind == "binary" {
		return w.binaryRow(values)
	}
	for i := range values {
		if i > 0 {
			w.buf = append(w.buf, w.format.delimiter)
		}
		if values[i].Kind == pgwire.Null {
			w.buf = append(w.buf, w.format.null...)
			continue
		}
		w.text = pgwire.AppendText(w.text[:0], w.columns[i].OID, &values[i], w.zone)
		w.field(w.text, w.format.forceQuote["*"] || w.format.forceQuote[w.columns[i].Name])
	}
	w.buf = append(w.buf, '\n')
	return w.buf
}

func (w *copyWriter) binaryRow(values []pgwire.Value) []byte {
	w.buf = binary.BigEndian.AppendUint16(w.signature(), uint16(len(values)))
	for i := range values {
		if values[i].Kind == pgwire.Null {
			w.buf = append(w.buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		start := len(w.buf)
		w.buf = append(w.buf, 0, 0, 0, 0)
		w.buf = pgwire.AppendBinary(w.buf, w.columns[i].OID, &values[i])
		binary.BigEndian.PutUint32(w.buf[start:], uint32(len(w.buf)-start-4))
	}
	return w.buf
}

func (w *copyWriter) field(text []byte, force bool) {
	if w.format.kind == "csv" {
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
		case '\\', w.format.delimiter:
			w.buf = append(w.buf, '\\', c)
		default:
			w.buf = append(w.buf, c)
		}
	}
}

func (w *copyWriter) csvField(text []byte, force bool) {
	f := w.format
	s := string(text)
	if !force && s != f.null && !strings.ContainsAny(s, "\r\n") &&
		strings.IndexByte(s, f.delimiter) < 0 && strings.IndexByte(s, f.quote) < 0 &&
		!(s == `\.` && len(w.columns) == 1) {
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

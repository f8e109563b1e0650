package copyfmt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unsafe"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Field is a field of a row: its bytes, in the row's format, unescaped. They do not change.
type Field struct {
	Data []byte
	Null bool
}

// copyInput is the data that a client sends.
type copyInput interface {
	// Next returns the next piece, or io.EOF.
	Next(ctx context.Context) ([]byte, error)
	// Hold counts the bytes that are kept of it.
	Hold(bytes int64) error
	// Pace gives way to others where much is copied.
	Pace(ctx context.Context) error
	// Ignore says that what still comes need not be text.
	Ignore()
	// DecodeField makes text of a field of binary data.
	DecodeField(oid uint32, field []byte) ([]byte, error)
}

// Reader takes rows off COPY data in any of the formats: off a block, or if they are binary as
// they come.
type Reader struct {
	in      copyInput // nil for a block
	format  *Format
	Columns []int // of events, by the place of their fields
	zone    *pgvalue.Zone

	Buf     []byte // what has been received and not been taken
	checked bool   // all of it is text
	noCR    bool   // none of its lines ends with a carriage return
	eof     bool   // no more will come
	Ended   bool   // an end marker was met
	Line    int64
	Column  int    // being converted, for messages; -1: none
	text    []byte // of the current row, for messages
	fields  []Field
	began   bool
}

func NewReader(in copyInput, format *Format, columns []int, zone *pgvalue.Zone) *Reader {
	return &Reader{in: in, format: format, Columns: columns, zone: zone, Column: -1}
}

// NewBlockReader reads a block of the data behind so many lines.
func NewBlockReader(block []byte, line int64, format *Format, columns []int, zone *pgvalue.Zone) *Reader {
	r := NewReader(nil, format, columns, zone)
	r.Buf, r.Line, r.eof = block, line, true
	r.began = line > 0
	r.checked = pgvalue.CheckText(block) == nil
	r.noCR = pgvalue.IndexByte(block, '\r') < 0
	return r
}

// maxCopyRow bounds one row; an event is far smaller.
const maxCopyRow = 64 << 20

// more reads another piece of data behind what is there.
func (r *Reader) more(ctx context.Context) error {
	if r.eof {
		return nil
	}
	piece, err := r.in.Next(ctx)
	if errors.Is(err, io.EOF) {
		r.eof = true
		return nil
	}
	if err != nil {
		return err
	}
	if len(r.Buf)+len(piece) > maxCopyRow+len(piece) {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "COPY row too large: the limit is %d bytes", maxCopyRow)
	}
	r.Buf, err = extend(ctx, r.in, r.Buf, piece)
	return err
}

// extend appends a piece to what is kept of a row. What is kept of a long one counts, twice, since it grows by being copied.
func extend(ctx context.Context, in copyInput, buf, piece []byte) ([]byte, error) {
	if size := len(buf) + len(piece); size > copyLineBytes && size > cap(buf) {
		size = max(size, 2*cap(buf))
		if err := in.Hold(int64(2 * size)); err != nil {
			return buf, err
		}
		grown, err := pgvalue.Grown(buf, size, func() error { return in.Pace(ctx) })
		if err != nil {
			return buf, err
		}
		buf = grown
	}
	return append(buf, piece...), nil
}

// Row returns the next row's fields, or io.EOF. Behind an end marker there are none.
func (r *Reader) Row(ctx context.Context) ([]Field, error) {
	if r.format.Kind == "binary" {
		return r.binaryRow(ctx)
	}
	if r.Ended {
		return nil, io.EOF
	}
	if !r.began {
		r.began = true
		if r.format.header != "" {
			if err := r.header(); err != nil {
				return nil, err
			}
		}
	}
	line, err := r.nextLine()
	if err != nil {
		return nil, err
	}
	if string(line) == `\.` {
		r.Ended = true
		return nil, io.EOF
	}
	if err := r.split(line); err != nil {
		return nil, r.Context(err)
	}
	if err := r.checkCount(len(r.Columns)); err != nil {
		return nil, r.Context(err)
	}
	return r.fields, nil
}

func (r *Reader) header() error {
	line, err := r.nextLine()
	if err != nil || r.format.header != "match" {
		return err
	}
	if err := r.split(line); err != nil {
		return r.Context(err)
	}
	if len(r.fields) != len(r.Columns) {
		return r.Context(pgerror.Errorf(pgerror.BadCopyFileFormat, "wrong number of fields in header line: got %d, expected %d", len(r.fields), len(r.Columns)))
	}
	for i, c := range r.Columns {
		want := relation.Events.Columns[c].Name
		if r.fields[i].Null {
			return r.Context(pgerror.Errorf(pgerror.BadCopyFileFormat, "column name mismatch in header line field %d: got null value (\"%s\"), expected \"%s\"", i+1, r.format.Null, want))
		}
		if got := string(r.fields[i].Data); got != want {
			return r.Context(pgerror.Errorf(pgerror.BadCopyFileFormat, "column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, got, want))
		}
	}
	return nil
}

// checkCount compares the number of fields with that of the columns.
func (r *Reader) checkCount(want int) error {
	switch {
	case len(r.fields) > want:
		return pgerror.Errorf(pgerror.BadCopyFileFormat, "extra data after last expected column")
	case len(r.fields) < want:
		missing := relation.Events.Columns[r.Columns[len(r.fields)]].Name
		return pgerror.Errorf(pgerror.BadCopyFileFormat, "missing data for column \"%s\"", missing)
	}
	return nil
}

// nextLine returns the next line without its end, or io.EOF.
func (r *Reader) nextLine() ([]byte, error) {
	if len(r.Buf) == 0 {
		return nil, io.EOF
	}
	end, next, quoted := r.lineEnd()
	r.Line++
	r.text = r.Buf[:end:end]
	r.Buf = r.Buf[next:]
	if quoted {
		return nil, r.Context(pgerror.Errorf(pgerror.BadCopyFileFormat, "unterminated CSV quoted field"))
	}
	if !r.checked {
		if err := pgvalue.CheckText(r.text); err != nil {
			return nil, r.Context(err)
		}
	}
	return r.text, nil
}

// lineEnd looks for the end of the line and the beginning of the next. The last line need not have
// an end; quoted is whether it ends within CSV quotes.
func (r *Reader) lineEnd() (end, next int, quoted bool) {
	if r.format.Kind == "text" {
		end, next = r.textLineEnd()
		return end, next, false
	}
	quote, escape := r.format.quote, r.format.escape
	for i := 0; i < len(r.Buf); i++ {
		switch c := r.Buf[i]; {
		case quoted && c == escape && escape != quote:
			i++
		case c == quote:
			quoted = !quoted
		case !quoted && (c == '\n' || c == '\r'):
			return i, r.behind(i), false
		}
	}
	return len(r.Buf), len(r.Buf), quoted
}

func (r *Reader) textLineEnd() (end, next int) {
	if r.noCR {
		if end = pgvalue.IndexByte(r.Buf, '\n'); end < 0 {
			end = len(r.Buf)
		}
		if pgvalue.IndexByte(r.Buf[:end], '\\') < 0 {
			return end, min(end+1, len(r.Buf))
		}
	}
	for i := 0; i < len(r.Buf); i++ {
		switch r.Buf[i] {
		case '\\':
			// The end marker's period escapes nothing; an escaped line end is data.
			i++
		case '\n', '\r':
			return i, r.behind(i)
		}
	}
	return len(r.Buf), len(r.Buf)
}

// behind returns where the line begins whose predecessor ends at i: with \n, \r or \r\n.
func (r *Reader) behind(i int) int {
	if r.Buf[i] == '\r' && i+1 < len(r.Buf) && r.Buf[i+1] == '\n' {
		i++
	}
	return i + 1
}

func (r *Reader) split(line []byte) error {
	r.fields = r.fields[:0]
	if r.format.Kind == "csv" {
		return r.splitCSV(line)
	}
	plain := pgvalue.IndexByte(line, '\\') < 0
	for {
		end, escaped := r.textFieldEnd(line, plain)
		raw := line[:end]
		switch {
		case string(raw) == r.format.Null:
			r.fields = append(r.fields, Field{Null: true})
		case escaped:
			r.fields = append(r.fields, Field{Data: unescapeCopy(raw)})
		default:
			r.fields = append(r.fields, Field{Data: raw})
		}
		if end == len(line) {
			return nil
		}
		line = line[end+1:]
		if len(r.fields) > relation.EventColumns {
			return nil // too many anyway
		}
	}
}

// textFieldEnd returns where the first field of the line ends, and whether it has escapes; a plain
// line has none.
func (r *Reader) textFieldEnd(line []byte, plain bool) (end int, escaped bool) {
	if plain {
		if end = bytes.IndexByte(line, r.format.delimiter); end < 0 {
			end = len(line)
		}
		return end, false
	}
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			escaped = true
			i++
		} else if line[i] == r.format.delimiter {
			return i, escaped
		}
	}
	return len(line), escaped
}

// unescapeCopy undoes the backslash escapes of the text format.
func unescapeCopy(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			out = append(out, c)
			continue
		}
		i++
		switch c := raw[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'v':
			out = append(out, '\v')
		case '0', '1', '2', '3', '4', '5', '6', '7':
			v, n := digitsOf(raw[i:], 8, 3)
			out = append(out, byte(v))
			i += n - 1
		case 'x':
			v, n := digitsOf(raw[i+1:], 16, 2)
			if n == 0 {
				out = append(out, 'x')
			} else {
				out = append(out, byte(v))
				i += n
			}
		default:
			out = append(out, c)
		}
	}
	return out
}

func digitsOf(b []byte, base, limit int) (v, n int) {
	l := syntax.Lexer{Src: string(b[:min(len(b), limit)])}
	d, n := l.Digits(base, limit)
	return int(d), n
}

func (r *Reader) splitCSV(line []byte) error {
	f := r.format
	for i := 0; ; {
		field := make([]byte, 0, 16)
		quoted, wasQuoted := false, false
		for ; i < len(line); i++ {
			c := line[i]
			switch {
			case quoted && c == f.escape && i+1 < len(line) && (line[i+1] == f.quote || line[i+1] == f.escape):
				i++
				field = append(field, line[i])
			case c == f.quote:
				quoted, wasQuoted = !quoted, true
			case !quoted && c == f.delimiter:
				goto done
			default:
				field = append(field, c)
			}
		}
		if quoted {
			return pgerror.Errorf(pgerror.BadCopyFileFormat, "unterminated CSV quoted field")
		}
	done:
		column := ""
		if n := len(r.fields); n < len(r.Columns) {
			column = relation.Events.Columns[r.Columns[n]].Name
		}
		null := string(field) == f.Null && (!wasQuoted || f.forceNull[column]) && !f.forceNotNull[column]
		r.fields = append(r.fields, Field{Data: field, Null: null})
		if i >= len(line) {
			return nil
		}
		i++
		if len(r.fields) > relation.EventColumns {
			return nil
		}
	}
}

// Value converts a field for a column. JSON is not checked.
func (r *Reader) Value(column int, data []byte) (pgvalue.Value, error) {
	oid := relation.Events.Columns[column].OID
	if r.format.Kind == "binary" {
		v, err := pgvalue.ParseBinary(oid, data, 1)
		return v, binaryCopyError(err)
	}
	switch oid {
	case pgvalue.OIDJSONB:
		return pgvalue.BytesValue(data), nil
	case pgvalue.OIDText:
		if err := pgvalue.CheckText(data); err != nil { // an escape may have made what is none
			return pgvalue.Value{}, err
		}
		return pgvalue.TextValue(constant(data)), nil
	}
	return pgvalue.ParseText(oid, constant(data), r.zone)
}

// constant is the text of bytes that never change.
func constant(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// binaryCopyError: what is a bind parameter's fault elsewhere is the file's here.
func binaryCopyError(err error) error {
	e := new(pgerror.Error)
	if errors.As(err, &e) && e.Code == pgerror.InvalidBinaryRepresentation {
		return pgerror.Errorf(pgerror.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	return err
}

// Context adds where in the data an error lies.
func (r *Reader) Context(err error) error {
	e := new(pgerror.Error)
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	where := fmt.Sprintf("COPY events, line %d", r.Line)
	switch {
	case r.Column >= 0 && r.format.Kind != "binary":
		i := 0
		for i < len(r.Columns)-1 && r.Columns[i] != r.Column {
			i++
		}
		where += fmt.Sprintf(", column %s: \"%s\"", relation.Events.Columns[r.Column].Name, clipContext(r.fields[i].Data))
	case r.Column >= 0:
		where += ", column " + relation.Events.Columns[r.Column].Name
	case r.format.Kind != "binary":
		where += fmt.Sprintf(": \"%s\"", clipContext(r.text))
	}
	if out.Where != "" {
		where = out.Where + "\n" + where
	}
	out.Where = where
	return &out
}

func clipContext(b []byte) string {
	s := strings.ToValidUTF8(string(b), "?")
	if len(s) > 100 {
		return clipTo(s, 100) + "..."
	}
	return s
}

func clipTo(s string, n int) string {
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

const BinarySignature = "PGCOPY\n\xff\r\n\x00"

// need makes n bytes available at the front of the buffer.
func (r *Reader) need(ctx context.Context, n int) error {
	if n > maxCopyRow {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "COPY row too large: the limit is %d bytes", maxCopyRow)
	}
	for len(r.Buf) < n {
		if r.eof {
			return pgerror.Errorf(pgerror.BadCopyFileFormat, "unexpected EOF in COPY data")
		}
		if err := r.more(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) take(ctx context.Context, n int) ([]byte, error) {
	if err := r.need(ctx, n); err != nil {
		return nil, err
	}
	b := r.Buf[:n:n]
	r.Buf = r.Buf[n:]
	return b, nil
}

func (r *Reader) binaryHeader(ctx context.Context) error {
	b, err := r.take(ctx, len(BinarySignature))
	if err != nil || string(b) != BinarySignature {
		if _, stop := ctxError(ctx, err); stop {
			return err
		}
		return pgerror.Errorf(pgerror.BadCopyFileFormat, "COPY file signature not recognized")
	}
	if b, err = r.take(ctx, 8); err != nil {
		return pgerror.Errorf(pgerror.BadCopyFileFormat, "invalid COPY file header (missing flags)")
	}
	flags, extension := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	switch {
	case flags&(1<<16) != 0:
		return pgerror.Errorf(pgerror.BadCopyFileFormat, "invalid COPY file header (WITH OIDS)")
	case flags>>16 != 0:
		return pgerror.Errorf(pgerror.BadCopyFileFormat, "unrecognized critical flags in COPY file header")
	case extension > 1<<20:
		return pgerror.Errorf(pgerror.BadCopyFileFormat, "invalid COPY file header (wrong length)")
	}
	_, err = r.take(ctx, int(extension))
	return err
}

// ctxError tells errors that end the statement from those of the data.
func ctxError(ctx context.Context, err error) (error, bool) {
	if err == nil {
		return nil, false
	}
	e := new(pgerror.Error)
	return err, ctx.Err() != nil || !errors.As(err, &e) || e.Code != pgerror.BadCopyFileFormat
}

func (r *Reader) binaryRow(ctx context.Context) ([]Field, error) {
	if !r.began {
		r.began = true
		if err := r.binaryHeader(ctx); err != nil {
			return nil, err
		}
	}
	r.Line++
	if len(r.Buf) == 0 {
		if err := r.more(ctx); err != nil {
			return nil, err
		}
		if r.eof && len(r.Buf) == 0 {
			return nil, io.EOF // the trailer may be missing
		}
	}
	b, err := r.take(ctx, 2)
	if err != nil {
		return nil, r.Context(err)
	}
	n := int(int16(binary.BigEndian.Uint16(b)))
	if n == -1 {
		return nil, r.binaryEnd(ctx)
	}
	if n != len(r.Columns) {
		return nil, r.Context(pgerror.Errorf(pgerror.BadCopyFileFormat, "row field count is %d, expected %d", n, len(r.Columns)))
	}
	r.fields = r.fields[:0]
	for i := range n {
		r.Column = r.Columns[i]
		if b, err = r.take(ctx, 4); err != nil {
			return nil, r.Context(err)
		}
		size := int(int32(binary.BigEndian.Uint32(b)))
		if size == -1 {
			r.fields = append(r.fields, Field{Null: true})
			continue
		}
		if size < 0 {
			return nil, r.Context(pgerror.Errorf(pgerror.BadCopyFileFormat, "invalid field size"))
		}
		if b, err = r.take(ctx, size); err != nil {
			return nil, r.Context(err)
		}
		if b, err = r.in.DecodeField(relation.Events.Columns[r.Column].OID, b); err != nil {
			return nil, r.Context(err)
		}
		r.fields = append(r.fields, Field{Data: b})
	}
	r.Column = -1
	return r.fields, nil
}

// binaryEnd: nothing may follow the trailer.
func (r *Reader) binaryEnd(ctx context.Context) error {
	r.Ended = true
	for !r.eof && len(r.Buf) == 0 {
		if err := r.more(ctx); err != nil {
			return err
		}
	}
	if len(r.Buf) > 0 {
		return r.Context(pgerror.Errorf(pgerror.BadCopyFileFormat, "received copy data after EOF marker"))
	}
	return io.EOF
}

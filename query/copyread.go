package query

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unsafe"

	"github.com/eventgres/eventgres/pgwire"
)

// copyField is a field of a row: its bytes, in the row's format, unescaped. They do not change.
type copyField struct {
	data []byte
	null bool
}

// copyReader takes rows off COPY data in any of the formats: off a block, or if they are binary as
// they come.
type copyReader struct {
	in     *pgwire.CopyReader // nil for a block
	plan   *copyPlan
	format *copyFormat
	zone   *pgwire.Zone

	buf     []byte // what has been received and not been taken
	checked bool   // all of it is text
	noCR    bool   // none of its lines ends with a carriage return
	eof     bool   // no more will come
	ended   bool   // an end marker was met
	line    int64
	column  int    // being converted, for messages; -1: none
	text    []byte // of the current row, for messages
	fields  []copyField
	began   bool
}

func newCopyReader(in *pgwire.CopyReader, plan *copyPlan, zone *pgwire.Zone) *copyReader {
	return &copyReader{in: in, plan: plan, format: &plan.format, zone: zone, column: -1}
}

// newBlockReader reads a block of the data behind so many lines.
func newBlockReader(block []byte, line int64, plan *copyPlan, zone *pgwire.Zone) *copyReader {
	r := newCopyReader(nil, plan, zone)
	r.buf, r.line, r.eof = block, line, true
	r.began = line > 0
	r.checked = pgwire.CheckText(block) == nil
	r.noCR = bytes.IndexByte(block, '\r') < 0
	return r
}

// maxCopyRow bounds one row; an event is far smaller.
const maxCopyRow = 64 << 20

// more reads another piece of data behind what is there.
func (r *copyReader) more(ctx context.Context) error {
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
	if len(r.buf)+len(piece) > maxCopyRow+len(piece) {
		return pgwire.Errorf("54000", "COPY row too large: the limit is %d bytes", maxCopyRow)
	}
	r.buf = append(r.buf, piece...)
	return nil
}

// row returns the next row's fields, or io.EOF. Behind an end marker there are none.
func (r *copyReader) row(ctx context.Context) ([]copyField, error) {
	if r.format.kind == "binary" {
		return r.binaryRow(ctx)
	}
	if r.ended {
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
		r.ended = true
		return nil, io.EOF
	}
	if err := r.split(line); err != nil {
		return nil, r.context(err)
	}
	if err := r.checkCount(len(r.plan.columns)); err != nil {
		return nil, r.context(err)
	}
	return r.fields, nil
}

func (r *copyReader) header() error {
	line, err := r.nextLine()
	if err != nil || r.format.header != "match" {
		return err
	}
	if err := r.split(line); err != nil {
		return r.context(err)
	}
	if len(r.fields) != len(r.plan.columns) {
		return r.context(pgwire.Errorf("22P04", "wrong number of fields in header line: got %d, expected %d", len(r.fields), len(r.plan.columns)))
	}
	for i, c := range r.plan.columns {
		want := eventsRelation.columns[c].name
		if r.fields[i].null {
			return r.context(pgwire.Errorf("22P04", "column name mismatch in header line field %d: got null value (\"%s\"), expected \"%s\"", i+1, r.format.null, want))
		}
		if got := string(r.fields[i].data); got != want {
			return r.context(pgwire.Errorf("22P04", "column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, got, want))
		}
	}
	return nil
}

// checkCount compares the number of fields with that of the columns.
func (r *copyReader) checkCount(want int) error {
	switch {
	case len(r.fields) > want:
		return pgwire.Errorf("22P04", "extra data after last expected column")
	case len(r.fields) < want:
		missing := eventsRelation.columns[r.plan.columns[len(r.fields)]].name
		return pgwire.Errorf("22P04", "missing data for column \"%s\"", missing)
	}
	return nil
}

// nextLine returns the next line without its end, or io.EOF.
func (r *copyReader) nextLine() ([]byte, error) {
	if len(r.buf) == 0 {
		return nil, io.EOF
	}
	end, next, quoted := r.lineEnd()
	r.line++
	r.text = r.buf[:end:end]
	r.buf = r.buf[next:]
	if quoted {
		return nil, r.context(pgwire.Errorf("22P04", "unterminated CSV quoted field"))
	}
	if !r.checked {
		if err := pgwire.CheckText(r.text); err != nil {
			return nil, r.context(err)
		}
	}
	return r.text, nil
}

// lineEnd looks for the end of the line and the beginning of the next. The last line need not have
// an end; quoted is whether it ends within CSV quotes.
func (r *copyReader) lineEnd() (end, next int, quoted bool) {
	if r.format.kind == "text" {
		end, next = r.textLineEnd()
		return end, next, false
	}
	quote, escape := r.format.quote, r.format.escape
	for i := 0; i < len(r.buf); i++ {
		switch c := r.buf[i]; {
		case quoted && c == escape && escape != quote:
			i++
		case c == quote:
			quoted = !quoted
		case !quoted && (c == '\n' || c == '\r'):
			return i, r.behind(i), false
		}
	}
	return len(r.buf), len(r.buf), quoted
}

func (r *copyReader) textLineEnd() (end, next int) {
	if r.noCR {
		if end = bytes.IndexByte(r.buf, '\n'); end < 0 {
			end = len(r.buf)
		}
		if bytes.IndexByte(r.buf[:end], '\\') < 0 {
			return end, min(end+1, len(r.buf))
		}
	}
	for i := 0; i < len(r.buf); i++ {
		switch r.buf[i] {
		case '\\':
			// The end marker's period escapes nothing; an escaped line end is data.
			i++
		case '\n', '\r':
			return i, r.behind(i)
		}
	}
	return len(r.buf), len(r.buf)
}

// behind returns where the line begins whose predecessor ends at i: with \n, \r or \r\n.
func (r *copyReader) behind(i int) int {
	if r.buf[i] == '\r' && i+1 < len(r.buf) && r.buf[i+1] == '\n' {
		i++
	}
	return i + 1
}

func (r *copyReader) split(line []byte) error {
	r.fields = r.fields[:0]
	if r.format.kind == "csv" {
		return r.splitCSV(line)
	}
	plain := bytes.IndexByte(line, '\\') < 0
	for {
		end, escaped := r.textFieldEnd(line, plain)
		raw := line[:end]
		switch {
		case string(raw) == r.format.null:
			r.fields = append(r.fields, copyField{null: true})
		case escaped:
			r.fields = append(r.fields, copyField{data: unescapeCopy(raw)})
		default:
			r.fields = append(r.fields, copyField{data: raw})
		}
		if end == len(line) {
			return nil
		}
		line = line[end+1:]
		if len(r.fields) > evColumns {
			return nil // too many anyway
		}
	}
}

// textFieldEnd returns where the first field of the line ends, and whether it has escapes; a plain
// line has none.
func (r *copyReader) textFieldEnd(line []byte, plain bool) (end int, escaped bool) {
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
	l := lexer{src: string(b[:min(len(b), limit)])}
	d, n := l.digits(base, limit)
	return int(d), n
}

func (r *copyReader) splitCSV(line []byte) error {
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
			return pgwire.Errorf("22P04", "unterminated CSV quoted field")
		}
	done:
		column := ""
		if n := len(r.fields); n < len(r.plan.columns) {
			column = eventsRelation.columns[r.plan.columns[n]].name
		}
		null := string(field) == f.null && (!wasQuoted || f.forceNull[column]) && !f.forceNotNull[column]
		r.fields = append(r.fields, copyField{data: field, null: null})
		if i >= len(line) {
			return nil
		}
		i++
		if len(r.fields) > evColumns {
			return nil
		}
	}
}

// value converts a field for a column. JSON is not checked.
func (r *copyReader) value(column int, data []byte) (pgwire.Value, error) {
	oid := eventsRelation.columns[column].oid
	if r.format.kind == "binary" {
		v, err := pgwire.ParseBinary(oid, data, 1)
		return v, binaryCopyError(err)
	}
	switch oid {
	case pgwire.OIDJSONB:
		return pgwire.BytesValue(data), nil
	case pgwire.OIDText:
		if err := pgwire.CheckText(data); err != nil { // an escape may have made what is none
			return pgwire.Value{}, err
		}
		return pgwire.TextValue(constant(data)), nil
	}
	return pgwire.ParseText(oid, constant(data), r.zone)
}

// constant is the text of bytes that never change.
func constant(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// binaryCopyError: what is a bind parameter's fault elsewhere is the file's here.
func binaryCopyError(err error) error {
	e := new(pgwire.Error)
	if errors.As(err, &e) && e.Code == "22P03" {
		return pgwire.Errorf("22P03", "incorrect binary data format")
	}
	return err
}

// context adds where in the data an error lies.
func (r *copyReader) context(err error) error {
	e := new(pgwire.Error)
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	where := fmt.Sprintf("COPY events, line %d", r.line)
	switch {
	case r.column >= 0 && r.format.kind != "binary":
		i := 0
		for i < len(r.plan.columns)-1 && r.plan.columns[i] != r.column {
			i++
		}
		where += fmt.Sprintf(", column %s: \"%s\"", eventsRelation.columns[r.column].name, clipContext(r.fields[i].data))
	case r.column >= 0:
		where += ", column " + eventsRelation.columns[r.column].name
	case r.format.kind != "binary":
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

const binarySignature = "PGCOPY\n\xff\r\n\x00"

// need makes n bytes available at the front of the buffer.
func (r *copyReader) need(ctx context.Context, n int) error {
	if n > maxCopyRow {
		return pgwire.Errorf("54000", "COPY row too large: the limit is %d bytes", maxCopyRow)
	}
	for len(r.buf) < n {
		if r.eof {
			return pgwire.Errorf("22P04", "unexpected EOF in COPY data")
		}
		if err := r.more(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *copyReader) take(ctx context.Context, n int) ([]byte, error) {
	if err := r.need(ctx, n); err != nil {
		return nil, err
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b, nil
}

func (r *copyReader) binaryHeader(ctx context.Context) error {
	b, err := r.take(ctx, len(binarySignature))
	if err != nil || string(b) != binarySignature {
		if _, stop := ctxError(ctx, err); stop {
			return err
		}
		return pgwire.Errorf("22P04", "COPY file signature not recognized")
	}
	if b, err = r.take(ctx, 8); err != nil {
		return pgwire.Errorf("22P04", "invalid COPY file header (missing flags)")
	}
	flags, extension := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	switch {
	case flags&(1<<16) != 0:
		return pgwire.Errorf("22P04", "invalid COPY file header (WITH OIDS)")
	case flags>>16 != 0:
		return pgwire.Errorf("22P04", "unrecognized critical flags in COPY file header")
	case extension > 1<<20:
		return pgwire.Errorf("22P04", "invalid COPY file header (wrong length)")
	}
	_, err = r.take(ctx, int(extension))
	return err
}

// ctxError tells errors that end the statement from those of the data.
func ctxError(ctx context.Context, err error) (error, bool) {
	if err == nil {
		return nil, false
	}
	e := new(pgwire.Error)
	return err, ctx.Err() != nil || !errors.As(err, &e) || e.Code != "22P04"
}

func (r *copyReader) binaryRow(ctx context.Context) ([]copyField, error) {
	if !r.began {
		r.began = true
		if err := r.binaryHeader(ctx); err != nil {
			return nil, err
		}
	}
	r.line++
	if len(r.buf) == 0 {
		if err := r.more(ctx); err != nil {
			return nil, err
		}
		if r.eof && len(r.buf) == 0 {
			return nil, io.EOF // the trailer may be missing
		}
	}
	b, err := r.take(ctx, 2)
	if err != nil {
		return nil, r.context(err)
	}
	n := int(int16(binary.BigEndian.Uint16(b)))
	if n == -1 {
		return nil, r.binaryEnd(ctx)
	}
	if n != len(r.plan.columns) {
		return nil, r.context(pgwire.Errorf("22P04", "row field count is %d, expected %d", n, len(r.plan.columns)))
	}
	r.fields = r.fields[:0]
	for i := range n {
		r.column = r.plan.columns[i]
		if b, err = r.take(ctx, 4); err != nil {
			return nil, r.context(err)
		}
		size := int(int32(binary.BigEndian.Uint32(b)))
		if size == -1 {
			r.fields = append(r.fields, copyField{null: true})
			continue
		}
		if size < 0 {
			return nil, r.context(pgwire.Errorf("22P04", "invalid field size"))
		}
		if b, err = r.take(ctx, size); err != nil {
			return nil, r.context(err)
		}
		r.fields = append(r.fields, copyField{data: b})
	}
	r.column = -1
	return r.fields, nil
}

// binaryEnd: nothing may follow the trailer.
func (r *copyReader) binaryEnd(ctx context.Context) error {
	r.ended = true
	for !r.eof && len(r.buf) == 0 {
		if err := r.more(ctx); err != nil {
			return err
		}
	}
	if len(r.buf) > 0 {
		return r.context(pgwire.Errorf("22P04", "received copy data after EOF marker"))
	}
	return io.EOF
}

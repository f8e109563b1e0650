//go:build cgo

package worker

import (
	"encoding/binary"
	"strconv"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// encoder writes DuckDB's values in the protocol's formats.
type encoder struct {
	schema    *schema
	zone      *pgvalue.Zone
	intervals pgvalue.IntervalFormat
	user      string // the session's: a role is shown by its name
	end       int    // where a row must have ended in the buffer
	long      bool   // it did not fit
}

// begin begins a row at a place in the buffer.
func (e *encoder) begin(at int) { e.end, e.long = at+analytics.MaxRowBytes, false }

// fits tells whether a row has room for n bytes; if not, the row is in error.
func (e *encoder) fits(dst []byte, n int) bool {
	e.long = e.long || n > e.end-len(dst)
	return !e.long
}

// err is what was wrong with the row.
func (e *encoder) err() error {
	if !e.long {
		return nil
	}
	return pgerror.Errorf(pgerror.ProgramLimitExceeded, "row is too big: more than %d bytes", analytics.MaxRowBytes).
		WithHint("Select parts of the values, or aggregate fewer of them into one.")
}

var be = binary.BigEndian

// elementOf is the type of an array's elements, 0 if it is none.
func elementOf(oid uint32) uint32 {
	switch oid {
	case 22:
		return pgvalue.OIDInt2
	case 30:
		return pgvalue.OIDOid
	}
	return pgvalue.ElementType(oid)
}

// field appends a value with its length in front, -1 for null.
func (e *encoder) field(dst []byte, oid uint32, v *duck.Vector, i int, binary bool) []byte {
	if v.Null(i) {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	switch k := v.Type().Kind; {
	case k == duck.Varchar || k == duck.Blob:
		if !e.fits(dst, len(v.Bytes(i))) {
			return dst
		}
	case !e.fits(dst, 0):
		return dst
	}
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if binary {
		dst = e.binary(dst, oid, v, i)
	} else {
		dst = e.text(dst, oid, v, i)
	}
	be.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// record appends a row in binary form: each field with its type.
func (e *encoder) record(dst []byte, fields []translate.Field, vectors []duck.Vector, column, row int) []byte {
	if vectors[column].Null(row) {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = be.AppendUint32(dst, uint32(len(fields)))
	for _, f := range fields {
		dst = be.AppendUint32(dst, f.OID)
		dst = e.field(dst, f.OID, &vectors[f.Column], row, true)
	}
	be.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// text appends a value's text form.
func (e *encoder) text(dst []byte, oid uint32, v *duck.Vector, i int) []byte {
	switch v.Type().Kind {
	case duck.Varchar:
		return append(dst, v.Bytes(i)...)
	case duck.Int64:
		if oid == 4096 {
			return append(dst, e.schema.catalog.RoleOut(uint32(v.Int64(i)), e.user)...)
		}
		if isReg(oid) {
			return append(dst, e.schema.regOut(oid, uint32(v.Int64(i)))...)
		}
		return strconv.AppendInt(dst, v.Int64(i), 10)
	case duck.List:
		return e.arrayText(dst, oid, v, i)
	case duck.Decimal, duck.HugeInt:
		return e.decimal(v, i).AppendTo(dst)
	case duck.Interval:
		return pgfn.AppendInterval(dst, intervalOf(v, i), e.intervals)
	case duck.Time:
		return pgvalue.AppendTime(dst, v.Int64(i))
	}
	x := e.value(oid, v, i)
	return pgvalue.AppendText(dst, oid, &x, e.zone)
}

func isReg(oid uint32) bool {
	switch oid {
	case pgvalue.OIDRegclass, 2206, 24, 2202, 2203, 2204, 4089, 4096:
		return true
	}
	return false
}

// value is a simple value as pgwire has it.
func (e *encoder) value(oid uint32, v *duck.Vector, i int) pgvalue.Value {
	switch v.Type().Kind {
	case duck.Bool:
		return pgvalue.BoolValue(v.Bool(i))
	case duck.Int16:
		return pgvalue.IntValue(int64(v.Int16(i)))
	case duck.Int32:
		return pgvalue.IntValue(int64(v.Int32(i)))
	case duck.Int64:
		return pgvalue.IntValue(v.Int64(i))
	case duck.Uint64:
		return pgvalue.IntValue(int64(v.Uint64(i)))
	case duck.Float:
		return pgvalue.FloatValue(float64(v.Float(i)))
	case duck.Double:
		return pgvalue.FloatValue(v.Double(i))
	case duck.UUID:
		return pgvalue.UUIDValue(v.UUID(i))
	case duck.Blob:
		return pgvalue.BytesValue(v.Bytes(i))
	case duck.Timestamp:
		return pgvalue.TimeValue(instantOf(v, i))
	case duck.Date:
		return pgvalue.TimeValue(dateMicros(v, i))
	case duck.Varchar:
		if oid == pgvalue.OIDJSON || oid == pgvalue.OIDJSONB {
			return pgvalue.BytesValue(v.Bytes(i))
		}
		return pgvalue.TextValue(v.Text(i))
	}
	return pgvalue.TextValue("")
}

func (e *encoder) decimal(v *duck.Vector, i int) pgfn.Numeric {
	var h duck.Huge
	if v.Type().Kind == duck.HugeInt {
		h = v.Huge(i)
	} else {
		h = v.Decimal(i)
	}
	if n, ok := h.Int64(); ok && v.Type().Scale == 0 {
		return pgfn.NumericFromInt(n)
	}
	return pgfn.NumericFromUnscaled(h.Big(), int(v.Type().Scale))
}

// binary appends a value's binary form.
func (e *encoder) binary(dst []byte, oid uint32, v *duck.Vector, i int) []byte {
	switch v.Type().Kind {
	case duck.List:
		return e.arrayBinary(dst, oid, v, i)
	case duck.Decimal, duck.HugeInt:
		x := pgvalue.TextValue(e.decimal(v, i).String())
		return pgvalue.AppendBinary(dst, pgvalue.OIDNumeric, &x)
	case duck.Interval:
		s := v.Interval(i)
		dst = be.AppendUint64(dst, uint64(s.Micros))
		dst = be.AppendUint32(dst, uint32(s.Days))
		return be.AppendUint32(dst, uint32(s.Months))
	case duck.Time:
		return be.AppendUint64(dst, uint64(v.Int64(i)))
	case duck.Varchar:
		if oid == pgvalue.OIDChar {
			return append(dst, byte(pgfn.CharCode(v.Text(i))))
		}
	case duck.Int64:
		if isReg(oid) || oid == 29 {
			return be.AppendUint32(dst, uint32(v.Int64(i)))
		}
	}
	x := e.value(oid, v, i)
	return pgvalue.AppendBinary(dst, oid, &x)
}

// dimensions are the sizes of an array's dimensions, of which a list of lists has several.
func dimensions(v *duck.Vector, i int) []int {
	var sizes []int
	list := *v
	for list.Type().Kind == duck.List {
		from, to := list.List(i)
		if from == to {
			return nil
		}
		sizes = append(sizes, to-from)
		list, i = list.Child(), from
	}
	return sizes
}

// leaves visits the elements of an array of any dimensions, in their order.
func leaves(v *duck.Vector, i int, visit func(leaf *duck.Vector, k int)) {
	from, to := v.List(i)
	child := v.Child()
	for k := from; k < to; k++ {
		if child.Type().Kind == duck.List {
			leaves(&child, k, visit)
			continue
		}
		visit(&child, k)
	}
}

func (e *encoder) arrayBinary(dst []byte, oid uint32, v *duck.Vector, i int) []byte {
	element := elementOf(oid)
	sizes := dimensions(v, i)
	lower := uint32(1)
	if oid == 22 || oid == 30 {
		lower = 0
		from, to := v.List(i)
		sizes = []int{to - from}
	}
	nulls := uint32(0)
	leaves(v, i, func(leaf *duck.Vector, k int) {
		if leaf.Null(k) {
			nulls = 1
		}
	})
	dst = be.AppendUint32(dst, uint32(len(sizes)))
	dst = be.AppendUint32(dst, nulls)
	dst = be.AppendUint32(dst, element)
	for _, size := range sizes {
		dst = be.AppendUint32(be.AppendUint32(dst, uint32(size)), lower)
	}
	if len(sizes) == 0 {
		return dst
	}
	leaves(v, i, func(leaf *duck.Vector, k int) {
		if !e.long {
			dst = e.field(dst, element, leaf, k, true)
		}
	})
	return dst
}

func (e *encoder) arrayText(dst []byte, oid uint32, v *duck.Vector, i int) []byte {
	from, to := v.List(i)
	child := v.Child()
	element := elementOf(oid)
	if oid == 22 || oid == 30 {
		for k := from; k < to && e.fits(dst, 0); k++ {
			if k > from {
				dst = append(dst, ' ')
			}
			dst = e.text(dst, element, &child, k)
		}
		return dst
	}
	if child.Type().Kind == duck.List && dimensions(v, i) == nil {
		return append(dst, "{}"...)
	}
	dst = append(dst, '{')
	for k := from; k < to; k++ {
		if k > from {
			dst = append(dst, ',')
		}
		if child.Type().Kind == duck.List {
			dst = e.arrayText(dst, oid, &child, k)
			continue
		}
		if child.Null(k) {
			dst = append(dst, "NULL"...)
			continue
		}
		need := 0
		if child.Type().Kind == duck.Varchar {
			need = len(child.Bytes(k))
		}
		if !e.fits(dst, need) {
			return dst
		}
		start := len(dst)
		dst = pgvalue.QuoteElement(e.text(dst, element, &child, k), start)
	}
	return append(dst, '}')
}

//go:build cgo

package worker

import (
	"encoding/binary"
	"strconv"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// encoder writes DuckDB's values in the protocol's formats.
type encoder struct {
	schema *schema
	zone   *pgwire.Zone
	user   string // the session's: a role is shown by its name
	end    int    // where a row must have ended in the buffer
	long   bool   // it did not fit
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
	return pgwire.Errorf("54000", "row is too big: more than %d bytes", analytics.MaxRowBytes).
		WithHint("Select parts of the values, or aggregate fewer of them into one.")
}

var be = binary.BigEndian

// elementOf is the type of an array's elements, 0 if it is none.
func elementOf(oid uint32) uint32 {
	switch oid {
	case 22:
		return pgwire.OIDInt2
	case 30:
		return pgwire.OIDOid
	}
	return pgwire.ElementType(oid)
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
		return pgfn.AppendInterval(dst, intervalOf(v, i))
	case duck.Time:
		return pgwire.AppendTime(dst, v.Int64(i))
	}
	x := e.value(oid, v, i)
	return pgwire.AppendText(dst, oid, &x, e.zone)
}

func isReg(oid uint32) bool {
	switch oid {
	case pgwire.OIDRegclass, 2206, 24, 2202, 2203, 2204, 4089, 4096:
		return true
	}
	return false
}

// value is a simple value as pgwire has it.
func (e *encoder) value(oid uint32, v *duck.Vector, i int) pgwire.Value {
	switch v.Type().Kind {
	case duck.Bool:
		return pgwire.BoolValue(v.Bool(i))
	case duck.Int16:
		return pgwire.IntValue(int64(v.Int16(i)))
	case duck.Int32:
		return pgwire.IntValue(int64(v.Int32(i)))
	case duck.Int64:
		return pgwire.IntValue(v.Int64(i))
	case duck.Float:
		return pgwire.FloatValue(float64(v.Float(i)))
	case duck.Double:
		return pgwire.FloatValue(v.Double(i))
	case duck.UUID:
		return pgwire.UUIDValue(v.UUID(i))
	case duck.Blob:
		return pgwire.BytesValue(v.Bytes(i))
	case duck.Timestamp:
		return pgwire.TimeValue(instantOf(v, i))
	case duck.Date:
		return pgwire.TimeValue(dateMicros(v, i))
	case duck.Varchar:
		if oid == pgwire.OIDJSON || oid == pgwire.OIDJSONB {
			return pgwire.BytesValue(v.Bytes(i))
		}
		return pgwire.TextValue(v.Text(i))
	}
	return pgwire.TextValue("")
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
		x := pgwire.TextValue(e.decimal(v, i).String())
		return pgwire.AppendBinary(dst, pgwire.OIDNumeric, &x)
	case duck.Interval:
		s := v.Interval(i)
		dst = be.AppendUint64(dst, uint64(s.Micros))
		dst = be.AppendUint32(dst, uint32(s.Days))
		return be.AppendUint32(dst, uint32(s.Months))
	case duck.Time:
		return be.AppendUint64(dst, uint64(v.Int64(i)))
	case duck.Int64:
		if isReg(oid) || oid == 29 {
			return be.AppendUint32(dst, uint32(v.Int64(i)))
		}
	}
	x := e.value(oid, v, i)
	return pgwire.AppendBinary(dst, oid, &x)
}

func (e *encoder) arrayBinary(dst []byte, oid uint32, v *duck.Vector, i int) []byte {
	from, to := v.List(i)
	child := v.Child()
	element := elementOf(oid)
	nulls := uint32(0)
	for k := from; k < to; k++ {
		if child.Null(k) {
			nulls = 1
		}
	}
	lower := uint32(1)
	if oid == 22 || oid == 30 {
		lower = 0
	}
	if from == to && lower == 1 {
		return be.AppendUint32(be.AppendUint32(be.AppendUint32(dst, 0), 0), element)
	}
	dst = be.AppendUint32(dst, 1)
	dst = be.AppendUint32(dst, nulls)
	dst = be.AppendUint32(dst, element)
	dst = be.AppendUint32(dst, uint32(to-from))
	dst = be.AppendUint32(dst, lower)
	for k := from; k < to && !e.long; k++ {
		dst = e.field(dst, element, &child, k, true)
	}
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
	dst = append(dst, '{')
	for k := from; k < to; k++ {
		if k > from {
			dst = append(dst, ',')
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
		dst = pgwire.QuoteElement(e.text(dst, element, &child, k), start)
	}
	return append(dst, '}')
}

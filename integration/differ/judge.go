package differ

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/eventgres/eventgres/integration/analytics"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// A Class is what kind of difference there is; doc.go says what each means.
type Class string

// The classes. None stands for the same answer, Unclear for a question whose answer is
// not PostgreSQL's to promise.
const (
	None     Class = ""
	Unclear  Class = "unclear"
	Silent   Class = "silent"
	Lost     Class = "lost"
	Answered Class = "answered"
	Refused  Class = "refused"
	Code     Class = "code"
	Message  Class = "message"
	Digits   Class = "digits"
)

// A Verdict is how two answers compare.
type Verdict struct {
	Class Class
	// What is the difference in words that are the same for all of its kind: an SQLSTATE and
	// a message without names and numbers, or which part of the answer differs.
	What string
}

// judge compares PostgreSQL's answer with Eventgres'. order are the columns whose
// sequence is fixed.
func judge(want, got *analytics.Answer, order []int) Verdict {
	switch {
	case got.Err != nil && gone(got):
		return Verdict{Lost, kind(got)}
	case want.Err != nil && (want.Err.Severity == "LOST" || want.Code() == "57014" || want.Code() == "54001" || want.Code() == "53200"):
		return Verdict{Unclear, "PostgreSQL gave up: " + want.Err.Message}
	case got.Err != nil && broken(got):
		return Verdict{Lost, kind(got)}
	case want.Err == nil && got.Err == nil:
		return judgeRows(want, got, order)
	case want.Err == nil:
		return Verdict{Refused, kind(got)}
	case got.Err == nil:
		return Verdict{Answered, kind(want)}
	case want.Code() != got.Code():
		return Verdict{Code, kind(want) + " → " + kind(got)}
	case normal(want.Err.Message) != normal(got.Err.Message):
		return Verdict{Message, kind(want) + " → " + normal(got.Err.Message)}
	}
	return Verdict{}
}

// broken tells what no client's statement may bring about.
func broken(a *analytics.Answer) bool {
	switch a.Code() {
	case "58000", "XX000", "57P01", "57P02", "57P03", "57014":
		return true
	}
	return a.Err.Severity == "LOST" || a.Err.Severity == "BROKEN" || a.Err.Severity == "FATAL"
}

// gone tells what not even a statement may bring about that PostgreSQL gives up: that takes long, or
// much memory.
func gone(a *analytics.Answer) bool { return broken(a) && a.Code() != "57014" }

func kind(a *analytics.Answer) string {
	return strings.TrimSpace(a.Code() + " " + normal(a.Err.Message))
}

var (
	quotedName  = regexp.MustCompile(`"(?:[^"]|"")*"`)
	anyNumber   = regexp.MustCompile(`-?\b\d+(\.\d+)?(e[+-]?\d+)?\b`)
	aliasColumn = regexp.MustCompile(`\b(q\d+|[tudez])\.[a-z0-9_]+`)
)

// normal is a message without the names and numbers of the one statement.
func normal(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	message = quotedName.ReplaceAllString(message, `"…"`)
	message = aliasColumn.ReplaceAllString(message, "…")
	return anyNumber.ReplaceAllString(message, "N")
}

func judgeRows(want, got *analytics.Answer, order []int) Verdict {
	if !slices.Equal(want.Params, got.Params) {
		return Verdict{Silent, "types of parameters"}
	}
	if len(want.Columns) != len(got.Columns) {
		return Verdict{Silent, "number of columns"}
	}
	for i, c := range want.Columns {
		switch g := got.Columns[i]; {
		case c.Name != g.Name:
			return Verdict{Silent, "name of a column"}
		case c.OID != g.OID:
			return Verdict{Silent, fmt.Sprintf("type of a column: %d, not %d", g.OID, c.OID)}
		case c != g:
			return Verdict{Silent, "modifier of a column"}
		}
	}
	if want.Tag != got.Tag {
		return Verdict{Silent, "number of rows"}
	}
	if len(order) > 0 && !sameSequence(want, got, order) {
		if sameRows(want, got) {
			return Verdict{Silent, "order of rows"}
		}
		return Verdict{Silent, "rows"}
	}
	if sameRows(want, got) {
		if slices.EqualFunc(sorted(want, exact), sorted(got, exact), slices.Equal[[]string]) {
			return Verdict{}
		}
		return Verdict{Digits, "the last digits of a float"}
	}
	if slices.EqualFunc(sorted(want, equalised), sorted(got, equalised), slices.Equal[[]string]) {
		return Verdict{Silent, "how equal values look"}
	}
	return Verdict{Silent, "rows"}
}

// equalised shows values alike that are equal: 1.50 and 1.5, 1 mon and 30 days, 0 and -0.
func equalised(c analytics.Column, value []byte) string {
	text := rounded(c, value)
	if value == nil {
		return text
	}
	switch c.OID {
	case pgtype.IntervalOID:
		if iv, ok := intervalOf(c, string(value)); ok {
			return string(iv.SortKey(nil))
		}
	case pgtype.NumericOID:
		if c.Format == 1 && len(value) >= 8 { // of digits in groups, behind how many are shown
			return string(value[2:6]) + strings.TrimRight(string(value[8:]), "\x00")
		}
		if n, err := pgfn.ParseNumeric(text); err == nil {
			return n.TrimScale().String()
		}
	case pgtype.Float8OID:
		if text == "-0" {
			return "0"
		}
	}
	return text
}

func sameRows(want, got *analytics.Answer) bool {
	return slices.EqualFunc(sorted(want, rounded), sorted(got, rounded), slices.Equal[[]string])
}

func sameSequence(want, got *analytics.Answer, order []int) bool {
	for i := range want.Rows {
		for _, c := range order {
			if c >= len(want.Columns) {
				continue
			}
			x, y := rounded(want.Columns[c], want.Rows[i][c]), rounded(got.Columns[c], got.Rows[i][c])
			if x != y && !tied(want.Columns[c], x, y) {
				return false
			}
		}
	}
	return true
}

// tied tells of two values that look different and are equal to ORDER BY, so that either may
// come first: 1 mon and 30 days, 1.0 and 1.00.
func tied(c analytics.Column, x, y string) bool {
	if x == "\x00" || y == "\x00" {
		return false
	}
	switch c.OID {
	case pgtype.IntervalOID:
		a, ok := intervalOf(c, x)
		b, other := intervalOf(c, y)
		return ok && other && a.Cmp(b) == 0
	case pgtype.NumericOID:
		if c.Format == 1 {
			return false
		}
		a, err := pgfn.ParseNumeric(x)
		b, other := pgfn.ParseNumeric(y)
		return err == nil && other == nil && pgfn.Cmp(a, b) == 0
	case pgtype.Float8OID:
		return c.Format == 0 && strings.Trim(x, "-") == "0" && strings.Trim(y, "-") == "0"
	}
	return false
}

func intervalOf(c analytics.Column, value string) (pgfn.Interval, bool) {
	if c.Format == 0 {
		iv, err := pgfn.ParseInterval(value)
		return iv, err == nil
	}
	if len(value) != 16 {
		return pgfn.Interval{}, false
	}
	b := []byte(value)
	return pgfn.Interval{Micros: int64(binary.BigEndian.Uint64(b)), Days: int32(binary.BigEndian.Uint32(b[8:])), Months: int32(binary.BigEndian.Uint32(b[12:]))}, true
}

// sorted are the rows as text, in an order of their own.
func sorted(a *analytics.Answer, show func(analytics.Column, []byte) string) [][]string {
	rows := make([][]string, len(a.Rows))
	for i, row := range a.Rows {
		for c, value := range row {
			rows[i] = append(rows[i], show(a.Columns[c], value))
		}
	}
	slices.SortFunc(rows, slices.Compare[[]string])
	return rows
}

// exact tells NULL from everything else. Of NaN there are many, which are one.
func exact(c analytics.Column, value []byte) string {
	if value == nil {
		return "\x00"
	}
	if c.OID == pgtype.Float8OID && c.Format == 1 && len(value) == 8 && math.IsNaN(math.Float64frombits(binary.BigEndian.Uint64(value))) {
		return "NaN"
	}
	if c.Format == 1 && c.OID == pgtype.Float8ArrayOID {
		value = bytes.ReplaceAll(value, []byte(oddNaN), []byte(plainNaN))
	}
	if c.Format == 1 && len(value) >= 12 && isArray(c.OID) {
		// That an array may hold nulls is said of some that hold none: of parts of those that do.
		value = append(append(bytes.Clone(value[:4]), 0, 0, 0, 0), value[8:]...)
		if c.OID == pgtype.Float8ArrayOID {
			value = bytes.ReplaceAll(value, []byte("\x00\x00\x00\x08\x7f\xf8\x00\x00\x00\x00\x00\x01"), []byte("\x00\x00\x00\x08\x7f\xf8\x00\x00\x00\x00\x00\x00"))
		}
	}
	return string(value)
}

// Of NaN as a float8 those two are met: what PostgreSQL makes, and what Go does.
const (
	plainNaN = "\x00\x00\x00\x08\x7f\xf8\x00\x00\x00\x00\x00\x00"
	oddNaN   = "\x00\x00\x00\x08\x7f\xf8\x00\x00\x00\x00\x00\x01"
)

var knownTypes = pgtype.NewMap()

func isArray(oid uint32) bool {
	t, ok := knownTypes.TypeForOID(oid)
	if !ok {
		return false
	}
	_, array := t.Codec.(*pgtype.ArrayCodec)
	return array
}

// floatDigits is how many digits of a float are compared: sums in another order, or by a
// better method, differ behind them.
const floatDigits = 12

// rounded is exact but for the last digits of floats.
func rounded(c analytics.Column, value []byte) string {
	if value == nil {
		return "\x00"
	}
	var f float64
	switch {
	case c.OID == pgtype.Float8OID && c.Format == 1 && len(value) == 8:
		f = math.Float64frombits(binary.BigEndian.Uint64(value))
	case c.OID == pgtype.Float8OID && c.Format == 0:
		var err error
		if f, err = strconv.ParseFloat(string(bytes.TrimSpace(value)), 64); err != nil {
			return string(value)
		}
	default:
		return exact(c, value)
	}
	text := strconv.FormatFloat(f, 'g', floatDigits, 64)
	if f == 0 {
		text = strconv.FormatFloat(f, 'g', -1, 64) // 0 and -0 are two
	}
	return text
}

package pgfn

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// method runs an item method; arrays have been unwrapped in lax mode.
func (e *pathExecutor) method(n *pathNode, v *jsonNode, f found) (bool, error) {
	number := func(num Numeric) (bool, error) { return e.next(n, &jsonNode{kind: jsonNumber, num: num}, f) }
	switch n.name {
	case "type":
		name := jsonKindNames[v.kind]
		if v.moment != nil {
			name = v.moment.kind
		}
		return e.next(n, &jsonNode{kind: jsonString, text: []byte(name)}, f)
	case "size":
		switch {
		case v.kind == jsonArray:
			return number(NumericFromInt(int64(len(v.items))))
		case e.lax:
			return number(NumericFromInt(1))
		}
		return e.structure(pgerror.SQLJSONArrayNotFound, "jsonpath item method .size() can only be applied to an array")
	case "double":
		return e.double(n, v, f)
	case "keyvalue":
		return e.keyValue(n, v, f)
	case "datetime":
		return e.datetime(n, v, f)
	}
	if v.kind != jsonNumber {
		return false, soft(pgerror.NonNumericSQLJSONItem, "jsonpath item method .%s() can only be applied to a numeric value", n.name)
	}
	switch n.name {
	case "abs":
		return number(v.num.Abs())
	case "floor":
		return number(v.num.Floor())
	}
	return number(v.num.Ceil())
}

func (e *pathExecutor) double(n *pathNode, v *jsonNode, f found) (bool, error) {
	switch {
	case v.kind == jsonNumber:
		if _, err := v.num.Float64(); err != nil {
			return false, soft(pgerror.NonNumericSQLJSONItem,
				"numeric argument of jsonpath item method .double() is out of range for type double precision")
		}
		return e.next(n, v, f)
	case v.kind == jsonString && v.moment == nil:
		value, err := strconv.ParseFloat(strings.Trim(string(v.text), asciiSpace), 64)
		if err != nil || math.IsInf(value, 0) || math.IsNaN(value) || strings.ContainsAny(string(v.text), "_xX") {
			return false, soft(pgerror.NonNumericSQLJSONItem,
				"string argument of jsonpath item method .double() is not a valid representation of a double precision number")
		}
		return e.next(n, &jsonNode{kind: jsonNumber, num: NumericFromFloat(value)}, f)
	}
	return false, soft(pgerror.NonNumericSQLJSONItem, "jsonpath item method .double() can only be applied to a string or numeric value")
}

func (e *pathExecutor) keyValue(n *pathNode, v *jsonNode, f found) (bool, error) {
	if v.kind != jsonObject {
		return false, soft(pgerror.SQLJSONObjectNotFound, "jsonpath item method .keyvalue() can only be applied to an object")
	}
	id := &jsonNode{kind: jsonNumber, num: NumericFromInt(int64(e.place(v)))}
	for i, item := range v.items {
		pair := &jsonNode{
			kind:  jsonObject,
			keys:  [][]byte{[]byte("id"), []byte("key"), []byte("value")},
			items: []*jsonNode{id, {kind: jsonString, text: v.keys[i]}, item},
		}
		if more, err := e.next(n, pair, f); !more || err != nil {
			return more, err
		}
	}
	return true, nil
}

// place is where PostgreSQL's binary form of the document has an object, which tells
// objects apart; 0 is the root, and what is not of the document.
func (e *pathExecutor) place(v *jsonNode) int {
	at, _ := place(e.root, v, 0)
	return max(at, 0)
}

func align4(n int) int { return (n + 3) &^ 3 }

// place returns where v is if n begins at a place, or -1, and where n ends.
func place(n, v *jsonNode, at int) (found, end int) {
	switch {
	case n.kind == jsonString:
		return -1, at + len(n.text)
	case n.kind == jsonNumber:
		return -1, align4(at) + n.num.storedSize()
	case n.isScalar():
		return -1, at
	}
	at = align4(at)
	if n == v {
		return at, at
	}
	at += 4 + 4*(len(n.keys)+len(n.items)) // a header, and a word for every entry
	for _, key := range n.keys {
		at += len(key)
	}
	for _, item := range n.items {
		if found, at = place(item, v, at); found >= 0 {
			return found, at
		}
	}
	return -1, at
}

// storedSize is the size of PostgreSQL's numeric in bytes: headers and digits of base 10000.
func (n Numeric) storedSize() int {
	if n.Signum() == 0 {
		return 6
	}
	weight, _ := n.base10000()
	t := n.TrimScale()
	last := -int(t.scale) // the decimal place of the last digit that is not 0
	if last == 0 {
		text := t.unscaled().String()
		last = len(text) - len(strings.TrimRight(text, "0"))
	}
	digits := weight - int(floorDiv(int64(last), 4)) + 1
	if n.scale > 63 || weight > 63 || weight < -64 {
		return 8 + 2*digits
	}
	return 6 + 2*digits
}

// moment is what datetime() made of a string.
type moment struct {
	kind   string // a type's name
	date   bool
	clock  bool
	zoned  bool
	micros int64 // in UTC if zoned; of the day if there is no date
}

// compare is false for what cannot be compared. What has a zone and what has none can
// only with the functions that know the session's.
func (m *moment) compare(o *moment) (int, bool, error) {
	if m.date != o.date {
		return 0, false, nil
	}
	if m.zoned != o.zoned {
		from, to := m.kind, o.kind
		if m.zoned {
			from, to = to, from
		}
		short := strings.NewReplacer("timestamp without time zone", "timestamp", "timestamp with time zone", "timestamptz",
			"time without time zone", "time", "time with time zone", "timetz")
		return 0, false, pgerror.Errorf(pgerror.FeatureNotSupported, "cannot convert value from %s to %s without time zone usage",
			short.Replace(from), short.Replace(to)).WithHint("Use *_tz() function for time zone support.")
	}
	return compareInts(m.micros, o.micros), true, nil
}

// isoMoment is what datetime() takes without a template.
var isoMoment = regexp.MustCompile(
	`^(?:(\d{4})-(\d{2})-(\d{2}))?(?:([T ]?)(\d{2}):(\d{2}):(\d{2})(?:([+-])(\d{2})(?::(\d{2}))?)?)?$`)

func (e *pathExecutor) datetime(n *pathNode, v *jsonNode, f found) (bool, error) {
	if v.kind != jsonString || v.moment != nil {
		return false, soft(pgerror.InvalidArgumentForSQLJSONDatetimeFunction, "jsonpath item method .datetime() can only be applied to a string")
	}
	var out *jsonNode
	if n.value == nil {
		if out = parseMoment(string(v.text)); out == nil {
			err := pgerror.Errorf(pgerror.InvalidArgumentForSQLJSONDatetimeFunction, "datetime format is not recognized: \"%s\"", v.text).
				WithHint("Use a datetime template argument to specify the input data format.")
			return false, softError{err}
		}
	} else {
		var err error
		if out, err = templateMoment(string(v.text), string(n.value.text)); err != nil {
			return false, soften(err)
		}
	}
	return e.next(n, out, f)
}

func parseMoment(s string) *jsonNode {
	g := isoMoment.FindStringSubmatch(s)
	if g == nil || s == "" {
		return nil
	}
	part := func(i int) int {
		v, _ := strconv.Atoi(g[i])
		return v
	}
	date, clock, zoned := g[1] != "", g[5] != "", g[8] != ""
	if date && clock && g[4] == "" || !date && g[4] != "" {
		return nil
	}
	c := civil{year: part(1), month: part(2), day: part(3)}
	if !date {
		c = civil{year: 1970, month: 1, day: 1}
	} else if c.month < 1 || c.month > 12 || c.day < 1 || c.day > daysIn(c.year, c.month) || c.year == 0 {
		return nil
	}
	if part(5) > 23 || part(6) > 59 || part(7) > 59 || part(9) > 15 || part(10) > 59 {
		return nil
	}
	c.micros = int64(part(5))*microsPerHour + int64(part(6))*microsPerMinute + int64(part(7))*microsPerSecond
	offset := int64(part(9))*microsPerHour + int64(part(10))*microsPerMinute
	if g[8] == "-" {
		offset = -offset
	}
	return newMoment(c, date, clock, zoned, offset)
}

// templateMoment reads by a template, which tells the type.
func templateMoment(s, format string) (*jsonNode, error) {
	c, zone, err := readDate(s, format)
	if err != nil {
		return nil, err
	}
	var date, clock, zoned bool
	for _, n := range dateTemplate(format) {
		switch n.name {
		case "", "FX":
		case "AM", "PM", "A.M.", "P.M.", "HH", "HH12", "HH24", "MI", "SS", "MS", "US", "FF1", "FF2", "FF3", "FF4", "FF5",
			"FF6", "SSSS", "SSSSS":
			clock = true
		case "TZH", "TZM", "TZ", "OF":
			zoned = true
		default:
			date = true
		}
	}
	invalid := func(message string) error { return pgerror.Errorf(pgerror.InvalidDatetimeFormat, "%s", message) }
	switch {
	case !date && !clock:
		return nil, invalid("datetime format is not dated and not timed")
	case zoned && !clock:
		return nil, invalid("datetime format is zoned but not timed")
	case zoned && zone == nil && date:
		return nil, invalid("missing time zone in input string for type timestamptz")
	case zoned && zone == nil:
		return nil, invalid("missing time zone in input string for type timetz")
	}
	offset := int64(0)
	if zone != nil {
		offset = *zone
	}
	if !date {
		c.year, c.month, c.day = 1970, 1, 1
	}
	return newMoment(c, date, clock, zoned, offset), nil
}

// newMoment makes the item, whose text is ISO 8601's.
func newMoment(c civil, date, clock, zoned bool, offset int64) *jsonNode {
	m := &moment{date: date, clock: clock, zoned: zoned}
	var text []byte
	year, bc := c.year, c.year <= 0
	if bc {
		year = 1 - year
	}
	if date {
		text = appendPadded(text, uint64(year), 4)
		text = append(text, '-')
		text = appendPadded(text, uint64(c.month), 2)
		text = append(text, '-')
		text = appendPadded(text, uint64(c.day), 2)
		if clock {
			text = append(text, 'T')
		}
	}
	switch {
	case date && !clock:
		m.kind = "date"
	case date && zoned:
		m.kind = timestamptzType
	case date:
		m.kind = timestampType
	case zoned:
		m.kind = "time with time zone"
	default:
		m.kind = "time without time zone"
	}
	if clock {
		text = appendClock(text, uint64(c.micros))
	}
	if zoned {
		sign, o := byte('+'), offset
		if o < 0 {
			sign, o = '-', -o
		}
		text = append(text, sign)
		text = appendPadded(text, uint64(o/microsPerHour), 2)
		text = append(text, ':')
		text = appendPadded(text, uint64(o/microsPerMinute%60), 2)
	}
	if date && bc {
		text = append(text, " BC"...)
	}
	t, _ := c.time()
	m.micros = t - offset
	return &jsonNode{kind: jsonString, text: text, moment: m}
}

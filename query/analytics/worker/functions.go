//go:build cgo

package worker

import (
	"crypto/sha256"
	"crypto/sha512"
	"strings"
	"sync"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// The functions that a translation calls and DuckDB does not have. Their names begin with
// pg_, and no statement of a user's can name them.

type (
	vector = duck.Vector
	writer = duck.Writer
)

var (
	tText     = duck.TVarchar
	tBool     = duck.TBool
	tInt      = duck.TInt32
	tBig      = duck.TInt64
	tDouble   = duck.TDouble
	tTime     = duck.TTimestamp
	tInterval = duck.TInterval
	tBlob     = duck.TBlob
	tTexts    = duck.ListOf(duck.TVarchar)
)

func types(list ...*duck.Type) []*duck.Type { return list }

// function describes a scalar function.
func function(name string, result *duck.Type, args []*duck.Type, row func(in []vector, i int, out *writer) error) *duck.Function {
	return &duck.Function{Name: name, Args: args, Result: result, Row: row}
}

// nullable: the function handles nulls itself.
func nullable(f *duck.Function) *duck.Function {
	f.Nulls = true
	return f
}

// register makes all functions known to a database.
func register(c *duck.Conn, w *Worker) error {
	var all []*duck.Function
	for _, list := range [][]*duck.Function{
		textFunctions(), numberFunctions(), jsonFunctions(), timeFunctions(), arrayFunctions(), patternFunctions(), formatFunctions(), bitFunctions(), catalogFunctions(w), styledFunctions(), snapshotFunctions(),
	} {
		all = append(all, list...)
	}
	for _, f := range all {
		f.Mark = marked
		allow(f.Name)
		if err := c.Register(f); err != nil {
			return err
		}
	}
	for _, a := range append(aggregateFunctions(), momentFunctions()...) {
		a.Mark = marked
		allow(a.Name)
		if err := c.RegisterAggregate(a); err != nil {
			return err
		}
	}
	return nil
}

// memo keeps what is made of a text, such as a compiled pattern: a statement has few, and
// uses them for every row.
type memo[T any] struct {
	mu    sync.RWMutex
	held  map[string]memoEntry[T]
	bytes int
	make  func(key string) (T, error)
}

type memoEntry[T any] struct {
	v   T
	err error
}

// maxMemo and maxMemoBytes bound what a memo keeps; where it is full it begins anew.
const (
	maxMemo      = 1000
	maxMemoBytes = 16 << 20
)

// sized is what knows how many bytes it takes; what does not takes about what it was made of.
type sized interface{ Size() int }

func memoSize(key string, v any) int {
	n := 4 * len(key)
	if s, ok := v.(sized); ok {
		n += s.Size()
	}
	return n
}

func newMemo[T any](make func(key string) (T, error)) *memo[T] {
	return &memo[T]{held: map[string]memoEntry[T]{}, make: make}
}

func (m *memo[T]) get(key string) (T, error) {
	m.mu.RLock()
	e, ok := m.held[key]
	m.mu.RUnlock()
	if ok {
		return e.v, e.err
	}
	key = strings.Clone(key) // it may be DuckDB's memory
	e.v, e.err = m.make(key)
	size := len(key)
	if e.err == nil {
		size = memoSize(key, e.v)
	}
	if size > maxMemoBytes/2 {
		return e.v, e.err
	}
	m.mu.Lock()
	if len(m.held) >= maxMemo || m.bytes+size > maxMemoBytes {
		clear(m.held)
		m.bytes = 0
	}
	m.held[key] = e
	m.bytes += size
	m.mu.Unlock()
	return e.v, e.err
}

// zones of a session, by their keys, and those that AT TIME ZONE names, which translate marks by how they begin.
var zones = newMemo(func(text string) (*pgvalue.Zone, error) {
	if strings.HasPrefix(text, "=") || strings.HasPrefix(text, "*") {
		return pgvalue.ZoneOfKey(text)
	}
	loc, err := locationOf(text)
	if err != nil {
		return nil, err
	}
	return &pgvalue.Zone{Name: text, Location: loc}, nil
})

func locationOf(text string) (*time.Location, error) {
	if rest, ok := strings.CutPrefix(text, translate.IntervalZone); ok {
		iv, err := pgfn.ParseInterval(rest)
		if err != nil {
			return nil, err
		}
		return pgfn.ZoneOfInterval(iv)
	}
	return pgfn.ZoneOf(strings.TrimPrefix(text, translate.NamedZone))
}

// sessionZone is the zone that a text names.
func sessionZone(v *vector, i int) (*pgvalue.Zone, error) {
	text := v.Text(i)
	if text == "=UTC" {
		return pgvalue.UTC, nil // without the lock: what most sessions have
	}
	return zones.get(text)
}

func zoneOf(v *vector, i int) (*time.Location, error) {
	zone, err := sessionZone(v, i)
	if err != nil {
		return nil, err
	}
	return zone.Location, nil
}

func textToText(name string, f func(string) (string, error)) *duck.Function {
	return function(name, tText, types(tText), func(in []vector, i int, out *writer) error {
		s, err := f(in[0].Text(i))
		if err == nil {
			out.SetText(i, s)
		}
		return err
	})
}

func infallible(f func(string) string) func(string) (string, error) {
	return func(s string) (string, error) { return f(s), nil }
}

func text2(name string, f func(a, b string) (string, error)) *duck.Function {
	return function(name, tText, types(tText, tText), func(in []vector, i int, out *writer) error {
		s, err := f(in[0].Text(i), in[1].Text(i))
		if err == nil {
			out.SetText(i, s)
		}
		return err
	})
}

func textInt(name string, f func(a string, n int) (string, error)) *duck.Function {
	return function(name, tText, types(tText, tInt), func(in []vector, i int, out *writer) error {
		s, err := f(in[0].Text(i), int(in[1].Int32(i)))
		if err == nil {
			out.SetText(i, s)
		}
		return err
	})
}

func text3(name string, f func(a, b, c string) (string, error)) *duck.Function {
	return function(name, tText, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
		s, err := f(in[0].Text(i), in[1].Text(i), in[2].Text(i))
		if err == nil {
			out.SetText(i, s)
		}
		return err
	})
}

func textFunctions() []*duck.Function {
	pad := func(name string, f func(s string, n int, fill string) (string, error)) *duck.Function {
		return function(name, tText, types(tText, tInt, tText), func(in []vector, i int, out *writer) error {
			s, err := f(in[0].Text(i), int(in[1].Int32(i)), in[2].Text(i))
			if err == nil {
				out.SetText(i, s)
			}
			return err
		})
	}
	return []*duck.Function{
		textToText("pg_initcap", infallible(pgfn.Initcap)), textToText("pg_lower", infallible(pgfn.Lower)), textToText("pg_upper", infallible(pgfn.Upper)),
		textToText("pg_char", infallible(pgfn.CharIn)), textToText("pg_unistr", pgfn.Unistr),
		intFunction("pg_char_code", types(tText), func(in []vector, i int) (int, error) { return pgfn.CharCode(in[0].Text(i)), nil }),
		textFunction("pg_char_of", types(tInt), func(in []vector, i int) (string, error) { return pgfn.CharOf(int(in[0].Int32(i))) }),
		textToText("pg_reverse", infallible(pgfn.Reverse)),
		textToText("pg_quote_ident", infallible(pgfn.QuoteIdent)),
		textToText("pg_quote_literal", infallible(pgfn.QuoteLiteral)),
		textToText("pg_name", infallible(truncateName)),
		text2("pg_btrim", func(a, b string) (string, error) { return pgfn.Btrim(a, b), nil }),
		text2("pg_ltrim", func(a, b string) (string, error) { return pgfn.Ltrim(a, b), nil }),
		text2("pg_rtrim", func(a, b string) (string, error) { return pgfn.Rtrim(a, b), nil }),
		text3("pg_translate", func(a, b, c string) (string, error) { return pgfn.Translate(a, b, c), nil }),
		text3("pg_replace", pgfn.Replace),
		textInt("pg_left", func(a string, n int) (string, error) { return pgfn.Left(a, n), nil }),
		textInt("pg_right", func(a string, n int) (string, error) { return pgfn.Right(a, n), nil }),
		textInt("pg_repeat", pgfn.Repeat),
		textInt("pg_rpad", func(a string, n int) (string, error) { return pgfn.Rpad(a, n, " ") }),
		pad("pg_lpad", pgfn.Lpad), pad("pg_rpad_with", pgfn.Rpad),
		function("pg_substring_from", tText, types(tText, tInt), func(in []vector, i int, out *writer) error {
			out.SetText(i, pgfn.SubstringFrom(in[0].Text(i), int(in[1].Int32(i))))
			return nil
		}),
		function("pg_substring", tText, types(tText, tInt, tInt), func(in []vector, i int, out *writer) error {
			s, err := pgfn.Substring(in[0].Text(i), int(in[1].Int32(i)), int(in[2].Int32(i)))
			if err == nil {
				out.SetText(i, s)
			}
			return err
		}),
		function("pg_overlay", tText, types(tText, tText, tInt, tInt), func(in []vector, i int, out *writer) error {
			s, err := pgfn.Overlay(in[0].Text(i), in[1].Text(i), int(in[2].Int32(i)), int(in[3].Int32(i)))
			if err == nil {
				out.SetText(i, s)
			}
			return err
		}),
		function("pg_split_part", tText, types(tText, tText, tInt), func(in []vector, i int, out *writer) error {
			s, err := pgfn.SplitPart(in[0].Text(i), in[1].Text(i), int(in[2].Int32(i)))
			if err == nil {
				out.SetText(i, s)
			}
			return err
		}),
		function("pg_ascii", tInt, types(tText), func(in []vector, i int, out *writer) error {
			out.SetInt32(i, int32(pgfn.Ascii(in[0].Text(i))))
			return nil
		}),
		function("pg_chr", tText, types(tInt), func(in []vector, i int, out *writer) error {
			s, err := pgfn.Chr(int(in[0].Int32(i)))
			if err == nil {
				out.SetText(i, s)
			}
			return err
		}),
		function("pg_to_hex", tText, types(tBig), func(in []vector, i int, out *writer) error {
			out.SetText(i, pgfn.ToHex(in[0].Int64(i)))
			return nil
		}),
		function("pg_encode", tText, types(tBlob, tText), func(in []vector, i int, out *writer) error {
			s, err := pgfn.Encode(in[0].Bytes(i), in[1].Text(i))
			if err == nil {
				out.SetText(i, s)
			}
			return err
		}),
		function("pg_decode", tBlob, types(tText, tText), func(in []vector, i int, out *writer) error {
			b, err := pgfn.Decode(in[0].Text(i), in[1].Text(i))
			if err == nil {
				out.SetBytes(i, b)
			}
			return err
		}),
		textFunction("pg_convert_from", types(tBlob, tText), func(in []vector, i int) (string, error) {
			return pgfn.ConvertFrom(in[0].Bytes(i), in[1].Text(i))
		}),
		bytesFunction("pg_convert_to", types(tText, tText), func(in []vector, i int) ([]byte, error) {
			return pgfn.ConvertTo(in[0].Text(i), in[1].Text(i))
		}),
		intFunction("pg_encoded_length", types(tBlob, tText), func(in []vector, i int) (int, error) {
			return pgfn.EncodedLength(in[0].Bytes(i), in[1].Text(i))
		}),
		intFunction("pg_encoding_number", types(tText), func(in []vector, i int) (int, error) {
			return pgfn.EncodingNumber(in[0].Text(i)), nil
		}),
		textFunction("pg_encoding_name", types(tInt), func(in []vector, i int) (string, error) {
			return pgfn.EncodingName(int(in[0].Int32(i))), nil
		}),
		bytesFunction("pg_convert", types(tBlob, tText, tText), func(in []vector, i int) ([]byte, error) {
			return pgfn.Convert(in[0].Bytes(i), in[1].Text(i), in[2].Text(i))
		}),
		function("pg_format", tText, types(tText, tTexts), func(in []vector, i int, out *writer) error {
			s, err := pgfn.Format(in[0].Text(i), texts(&in[1], i))
			if err == nil {
				out.SetText(i, s)
			}
			return err
		}),
		function("pg_sha", tBlob, types(tBlob, tInt), func(in []vector, i int, out *writer) error {
			switch b := in[0].Bytes(i); in[1].Int32(i) {
			case 224:
				sum := sha256.Sum224(b)
				out.SetBytes(i, sum[:])
			case 384:
				sum := sha512.Sum384(b)
				out.SetBytes(i, sum[:])
			default:
				sum := sha512.Sum512(b)
				out.SetBytes(i, sum[:])
			}
			return nil
		}),
		function("pg_row", tText, types(tTexts), func(in []vector, i int, out *writer) error {
			out.SetText(i, rowText(texts(&in[0], i)))
			return nil
		}),
	}
}

// truncateName cuts a name to what the type name holds.
func truncateName(s string) string {
	const limit = 63
	if len(s) <= limit {
		return s
	}
	n := limit
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// texts returns a list of texts, nil where an element is null.
func texts(v *vector, i int) []*string {
	from, to := v.List(i)
	child := v.Child()
	out := make([]*string, 0, to-from)
	for k := from; k < to; k++ {
		if child.Null(k) {
			out = append(out, nil)
			continue
		}
		s := child.Text(k)
		out = append(out, &s)
	}
	return out
}

// plainTexts is texts without nulls.
func plainTexts(v *vector, i int) []string {
	var out []string
	for _, s := range texts(v, i) {
		if s != nil {
			out = append(out, *s)
		}
	}
	return out
}

// setTexts sets a list of texts.
func setTexts(out *writer, i int, list []*string) {
	out.Work.Take(8 * len(list))
	items, from := out.BeginList(i, len(list))
	for k, s := range list {
		out.Work.Step()
		if s == nil {
			items.SetNull(from + k)
			continue
		}
		items.SetText(from+k, *s)
	}
}

func pointers(list []string) []*string {
	out := make([]*string, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// rowText is a record's text form.
func rowText(fields []*string) string {
	var s strings.Builder
	s.WriteByte('(')
	for i, f := range fields {
		if i > 0 {
			s.WriteByte(',')
		}
		switch {
		case f == nil:
		case *f == "" || strings.ContainsAny(*f, "\"\\(), \t\n\r\v\f"):
			s.WriteByte('"')
			s.WriteString(strings.NewReplacer(`"`, `""`, `\`, `\\`).Replace(*f))
			s.WriteByte('"')
		default:
			s.WriteString(*f)
		}
	}
	s.WriteByte(')')
	return s.String()
}

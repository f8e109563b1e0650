//go:build cgo

package worker

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
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

// marked writes an error so that its SQLSTATE survives DuckDB.
func marked(err error) error {
	if err == nil {
		return nil // before the variable, which escapes: this is called for every row
	}
	var e *pgwire.Error
	if errors.As(err, &e) {
		return errors.New(mark(e))
	}
	return err
}

const (
	errorMark  = "EVG"
	errorField = "\x1f"
)

func mark(e *pgwire.Error) string {
	return errorMark + e.Code + ":" + e.Message + errorField + e.Detail + errorField + e.Hint
}

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
		textFunctions(), numberFunctions(), jsonFunctions(), timeFunctions(), arrayFunctions(), patternFunctions(), formatFunctions(), catalogFunctions(w),
	} {
		all = append(all, list...)
	}
	for _, f := range all {
		row := f.Row
		f.Row = func(in []vector, i int, out *writer) error { return marked(row(in, i, out)) }
		if err := c.Register(f); err != nil {
			return err
		}
	}
	for _, a := range aggregateFunctions() {
		if err := c.RegisterAggregate(a); err != nil {
			return err
		}
	}
	return nil
}

// memo keeps what is made of a text, such as a compiled pattern: a statement has few, and
// uses them for every row.
type memo[T any] struct {
	mu   sync.RWMutex
	held map[string]memoEntry[T]
	make func(key string) (T, error)
}

type memoEntry[T any] struct {
	v   T
	err error
}

// maxMemo bounds what a memo keeps; where it is full it begins anew.
const maxMemo = 1000

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
	m.mu.Lock()
	if len(m.held) >= maxMemo {
		clear(m.held)
	}
	m.held[key] = e
	m.mu.Unlock()
	return e.v, e.err
}

// zones by name, as SET TIME ZONE and AT TIME ZONE take them.
var zones = newMemo(func(text string) (*pgwire.Zone, error) {
	loc, err := locationOf(text)
	if err != nil {
		return nil, err
	}
	return &pgwire.Zone{Name: text, Location: loc}, nil
})

func locationOf(text string) (*time.Location, error) {
	if rest, ok := strings.CutPrefix(text, "interval:"); ok {
		iv, err := pgfn.ParseInterval(rest)
		if err != nil {
			return nil, err
		}
		return pgfn.ZoneOfInterval(iv)
	}
	return pgfn.ZoneOf(text)
}

// sessionZone is the zone that a text names.
func sessionZone(v *vector, i int) (*pgwire.Zone, error) {
	text := v.Text(i)
	if text == "UTC" {
		return pgwire.UTC, nil // without the lock: what most sessions have
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
		textToText("pg_initcap", infallible(pgfn.Initcap)),
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
		function("pg_substring", tText, types(tText, tInt, tInt), func(in []vector, i int, out *writer) error {
			count := int(in[2].Int32(i))
			if count == 1<<31-1 {
				out.SetText(i, pgfn.SubstringFrom(in[0].Text(i), int(in[1].Int32(i))))
				return nil
			}
			s, err := pgfn.Substring(in[0].Text(i), int(in[1].Int32(i)), count)
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
		function("pg_convert_from", tText, types(tBlob, tText), func(in []vector, i int, out *writer) error {
			if err := pgwire.CheckText(in[0].Bytes(i)); err != nil {
				return err
			}
			out.SetBytes(i, in[0].Bytes(i))
			return nil
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
	items, from := out.BeginList(i, len(list))
	for k, s := range list {
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

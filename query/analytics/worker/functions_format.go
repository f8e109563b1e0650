//go:build cgo

package worker

import (
	"time"

	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// paths are JSON paths that statements have used, compiled.
var paths = newMemo(pgfn.CompilePath)

// templates are the formats of to_char and its like, in memory that stays: what reads them
// keeps what it made of one.
var templates = newMemo(func(text string) (string, error) { return text, nil })

func stable(v *vector, i int) string {
	s, _ := templates.get(v.Text(i)) // it cannot fail
	return s
}

// formatted sets a text that may be null.
func formatted(out *writer, i int, s string, ok bool, err error) error {
	if err != nil {
		return err
	}
	return found(out, i, s, ok)
}

func formatFunctions() []*duck.Function {
	return []*duck.Function{
		function("pg_to_char_timestamp", tText, types(tTime, tText), func(in []vector, i int, out *writer) error {
			s, ok := pgfn.ToCharTimestamp(stable(&in[1], i), instantOf(&in[0], i), "", 0)
			return found(out, i, s, ok)
		}),
		function("pg_to_char_timestamptz", tText, types(tTime, tText, tText), func(in []vector, i int, out *writer) error {
			loc, err := zoneOf(&in[2], i)
			if err != nil {
				return err
			}
			v := instantOf(&in[0], i)
			name, offset, local := "", 0, v
			if finite(in[0].Int64(i)) {
				name, offset = time.UnixMicro(v).In(loc).Zone()
				local = pgfn.ToLocal(v, loc)
			}
			s, ok := pgfn.ToCharTimestamp(stable(&in[1], i), local, name, offset)
			return found(out, i, s, ok)
		}),
		function("pg_to_char_interval", tText, types(tInterval, tText), func(in []vector, i int, out *writer) error {
			s, ok, err := pgfn.ToCharInterval(stable(&in[1], i), intervalOf(&in[0], i))
			return formatted(out, i, s, ok, err)
		}),
		function("pg_to_char_num", tText, types(tText, tText), func(in []vector, i int, out *writer) error {
			n, err := numericOf(&in[0], i)
			if err != nil {
				return err
			}
			s, err := pgfn.ToCharNumeric(stable(&in[1], i), n)
			return formatted(out, i, s, true, err)
		}),
		function("pg_to_char_int", tText, types(tBig, tText, tBool), func(in []vector, i int, out *writer) error {
			s, err := pgfn.ToCharInt(stable(&in[1], i), in[0].Int64(i), in[2].Bool(i))
			return formatted(out, i, s, true, err)
		}),
		function("pg_to_char_float", tText, types(tDouble, tText, tInt), func(in []vector, i int, out *writer) error {
			s, err := pgfn.ToCharFloat(stable(&in[1], i), in[0].Double(i), int(in[2].Int32(i)))
			return formatted(out, i, s, true, err)
		}),
		function("pg_to_date", duck.TDate, types(tText, tText), func(in []vector, i int, out *writer) error {
			v, err := pgfn.ToDate(in[0].Text(i), stable(&in[1], i))
			out.SetInt32(i, days(v))
			return err
		}),
		function("pg_to_timestamp", tTime, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
			loc, err := zoneOf(&in[2], i)
			if err != nil {
				return err
			}
			v, err := pgfn.ToTimestamp(in[0].Text(i), stable(&in[1], i), loc)
			out.SetInt64(i, instant(v))
			return err
		}),
		function("pg_to_number", tText, types(tText, tText), func(in []vector, i int, out *writer) error {
			n, ok, err := pgfn.ToNumber(in[0].Text(i), stable(&in[1], i))
			if err != nil || !ok {
				out.SetNull(i)
				return err
			}
			setNumeric(out, i, n)
			return nil
		}),
		function("pg_jsonb_path_query", tTexts, types(tText, tText, tText, tBool), func(in []vector, i int, out *writer) error {
			p, err := paths.get(in[1].Text(i))
			if err != nil {
				return err
			}
			list, err := p.With(out.Work).Query(in[0].Bytes(i), in[2].Bytes(i), in[3].Bool(i))
			if err != nil {
				return err
			}
			out.Work.Take(48 * len(list))
			items := make([]string, len(list))
			for k, b := range list {
				out.Work.Take(16 + len(b))
				n, err := pgfn.Normalize(nil, b)
				if err != nil {
					return err
				}
				items[k] = string(n)
			}
			setTexts(out, i, pointers(items))
			return nil
		}),
		function("pg_jsonb_path_exists", tBool, types(tText, tText, tText, tBool), func(in []vector, i int, out *writer) error {
			p, err := paths.get(in[1].Text(i))
			if err != nil {
				return err
			}
			b, ok, err := p.With(out.Work).Exists(in[0].Bytes(i), in[2].Bytes(i), in[3].Bool(i))
			if !ok {
				out.SetNull(i)
			}
			out.SetBool(i, b)
			return err
		}),
		function("pg_jsonb_path_match", tBool, types(tText, tText, tText, tBool), func(in []vector, i int, out *writer) error {
			p, err := paths.get(in[1].Text(i))
			if err != nil {
				return err
			}
			b, ok, err := p.With(out.Work).Match(in[0].Bytes(i), in[2].Bytes(i), in[3].Bool(i))
			if !ok {
				out.SetNull(i)
			}
			out.SetBool(i, b)
			return err
		}),
	}
}

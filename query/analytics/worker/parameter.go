//go:build cgo

package worker

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// parameter is the value of a parameter of a type, whose text the wire leaves as it was written
// where only we know what it means: an interval's means what the run's IntervalStyle says, and a
// "char" is one byte, a jsonb or jsonpath is rewritten. What it is in no style, and in the form its type is held in, is returned; it
// shares nothing with v.
func parameter(oid uint32, v *pgvalue.Value, zone *pgvalue.Zone) (pgvalue.Value, error) {
	out := *v
	switch {
	case v.Kind == pgvalue.KindArray:
		element := pgvalue.ElementType(oid)
		out.Array = make([]pgvalue.Value, len(v.Array))
		for i := range v.Array {
			item, err := parameter(element, &v.Array[i], zone)
			if err != nil {
				return pgvalue.Value{}, err
			}
			out.Array[i] = item
		}
	case v.Kind == pgvalue.KindText && oid == pgvalue.OIDInterval:
		iv, err := pgfn.ParseIntervalStyled(v.Text, pgfn.AllFields, zone.Style.Interval)
		if err != nil {
			return pgvalue.Value{}, err
		}
		out.Text = iv.String()
	case v.Kind == pgvalue.KindText && oid == pgvalue.OIDChar:
		out.Text = pgfn.CharIn(v.Text)
	case v.Kind == pgvalue.KindText && oid == pgvalue.OIDJSONPath:
		path, err := pgfn.FormatJSONPath(v.Text)
		if err != nil {
			return pgvalue.Value{}, err
		}
		out.Text = path
	case v.Kind == pgvalue.KindBytes && oid == pgvalue.OIDJSONB:
		b, err := pgfn.Normalize(nil, v.Bytes)
		if err != nil {
			return pgvalue.Value{}, err
		}
		out.Bytes = b
		return out, nil
	}
	out.Bytes = append([]byte(nil), v.Bytes...)
	return out, nil
}

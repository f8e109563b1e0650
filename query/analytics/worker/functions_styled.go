//go:build cgo

package worker

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// styled writes a value's text as the session's zone and style have it, which the second
// argument gives.
func styled(name string, of *duck.Type, oid uint32, value func(v *vector, i int) pgvalue.Value) *duck.Function {
	return function(name, tText, types(of, tText), func(in []vector, i int, out *writer) error {
		zone, err := sessionZone(&in[1], i)
		if err != nil {
			return err
		}
		v := value(&in[0], i)
		var buf [48]byte
		out.SetBytes(i, pgvalue.AppendText(buf[:0], oid, &v, zone))
		return nil
	})
}

// styledFunctions are those of sessions that write values otherwise than sessions begin with.
func styledFunctions() []*duck.Function {
	float := func(v *vector, i int) pgvalue.Value { return pgvalue.FloatValue(v.Double(i)) }
	return []*duck.Function{
		styled("pg_float4_styled", tDouble, pgvalue.OIDFloat4, float),
		styled("pg_float8_styled", tDouble, pgvalue.OIDFloat8, float),
		styled("pg_timestamp_styled", tTime, pgvalue.OIDTimestamp, func(v *vector, i int) pgvalue.Value { return pgvalue.TimeValue(instantOf(v, i)) }),
		styled("pg_date_styled", duck.TDate, pgvalue.OIDDate, func(v *vector, i int) pgvalue.Value { return pgvalue.TimeValue(dateMicros(v, i)) }),
		styled("pg_bytea_styled", tBlob, pgvalue.OIDBytea, func(v *vector, i int) pgvalue.Value { return pgvalue.BytesValue(v.Bytes(i)) }),
		function("pg_interval_styled", tText, types(tInterval, tText), func(in []vector, i int, out *writer) error {
			zone, err := sessionZone(&in[1], i)
			if err != nil {
				return err
			}
			var buf [64]byte
			out.SetBytes(i, pgfn.AppendInterval(buf[:0], intervalOf(&in[0], i), zone.Style.Interval))
			return nil
		}),
	}
}

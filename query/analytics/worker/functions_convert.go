//go:build cgo

package worker

import (
	"math"
	"math/big"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

func bigInt(v int64) *big.Int { return big.NewInt(v) }

// input reads a type's text as PostgreSQL's input function does.
func input(name string, result *duck.Type, oid uint32, set func(out *writer, i int, v *pgvalue.Value)) *duck.Function {
	return function(name, result, types(tText), func(in []vector, i int, out *writer) error {
		v, err := pgvalue.ParseText(oid, in[0].Text(i), pgvalue.UTC)
		if err == nil {
			set(out, i, &v)
		}
		return err
	})
}

// styledInput reads a type's text as the session's zone and DateStyle say, which its second argument gives.
func styledInput(name string, result *duck.Type, oid uint32, set func(out *writer, i int, v *pgvalue.Value)) *duck.Function {
	return function(name, result, types(tText, tText), func(in []vector, i int, out *writer) error {
		zone, err := sessionZone(&in[1], i)
		if err != nil {
			return err
		}
		v, err := pgvalue.ParseText(oid, in[0].Text(i), zone)
		if err == nil {
			set(out, i, &v)
		}
		return err
	})
}

const microsPerDay = 86_400_000_000

// days turns µs since the Unix epoch into DuckDB's days, its infinities included.
func days(micros int64) int32 {
	switch micros {
	case pgvalue.Infinity:
		return math.MaxInt32
	case pgvalue.NegativeInfinity:
		return -math.MaxInt32
	}
	d := micros / microsPerDay
	if micros%microsPerDay < 0 {
		d--
	}
	return int32(d)
}

// instant turns a timestamp of pgwire's into DuckDB's: they differ in -infinity.
func instant(micros int64) int64 {
	if micros == pgvalue.NegativeInfinity {
		return -math.MaxInt64
	}
	return micros
}

// micros is instant's inverse.
func micros(v int64) int64 {
	if v == -math.MaxInt64 {
		return pgvalue.NegativeInfinity
	}
	return v
}

func conversionFunctions() []*duck.Function {
	setInt := func(out *writer, i int, v *pgvalue.Value) { out.SetInt32(i, int32(v.Int)) }
	setBig := func(out *writer, i int, v *pgvalue.Value) { out.SetInt64(i, v.Int) }
	setTime := func(out *writer, i int, v *pgvalue.Value) { out.SetInt64(i, instant(v.Int)) }
	list := []*duck.Function{
		input("pg_in_bool", tBool, pgvalue.OIDBool, func(out *writer, i int, v *pgvalue.Value) { out.SetBool(i, v.Bool()) }),
		input("pg_in_int2", duck.TInt16, pgvalue.OIDInt2, func(out *writer, i int, v *pgvalue.Value) { out.SetInt16(i, int16(v.Int)) }),
		input("pg_in_int4", tInt, pgvalue.OIDInt4, setInt),
		input("pg_in_int8", tBig, pgvalue.OIDInt8, setBig),
		input("pg_in_oid", tBig, pgvalue.OIDOid, setBig),
		input("pg_in_float4", duck.TFloat, pgvalue.OIDFloat4, func(out *writer, i int, v *pgvalue.Value) { out.SetFloat(i, float32(v.Float)) }),
		input("pg_in_float8", tDouble, pgvalue.OIDFloat8, func(out *writer, i int, v *pgvalue.Value) { out.SetDouble(i, v.Float) }),
		input("pg_in_uuid", duck.TUUID, pgvalue.OIDUUID, func(out *writer, i int, v *pgvalue.Value) { out.SetUUID(i, &v.UUID) }),
		input("pg_in_date", duck.TDate, pgvalue.OIDDate, func(out *writer, i int, v *pgvalue.Value) { out.SetInt32(i, days(v.Int)) }),
		input("pg_in_timestamp", tTime, pgvalue.OIDTimestamp, setTime),
		input("pg_in_bytea", tBlob, pgvalue.OIDBytea, func(out *writer, i int, v *pgvalue.Value) { out.SetBytes(i, v.Bytes) }),
		styledInput("pg_in_timestamptz", tTime, pgvalue.OIDTimestamptz, setTime),
		function("pg_in_interval", tInterval, types(tText), func(in []vector, i int, out *writer) error {
			iv, err := pgfn.ParseInterval(in[0].Text(i))
			setInterval(out, i, iv)
			return err
		}),
		styledInput("pg_in_date_styled", duck.TDate, pgvalue.OIDDate, func(out *writer, i int, v *pgvalue.Value) { out.SetInt32(i, days(v.Int)) }),
		styledInput("pg_in_timestamp_styled", tTime, pgvalue.OIDTimestamp, setTime),
		function("pg_in_interval_styled", tInterval, types(tText, tText), func(in []vector, i int, out *writer) error {
			zone, err := sessionZone(&in[1], i)
			if err != nil {
				return err
			}
			iv, err := pgfn.ParseIntervalStyled(in[0].Text(i), pgfn.AllFields, zone.Style.Interval)
			setInterval(out, i, iv)
			return err
		}),
		input("pg_in_time", duck.TTime, pgvalue.OIDTime, setBig),
		bigFunction("pg_oid", types(tBig), func(in []vector, i int) (int64, error) {
			v := in[0].Int64(i)
			if v < 0 || v > math.MaxUint32 {
				return 0, pgerror.Errorf(pgerror.NumericValueOutOfRange, "OID out of range")
			}
			return v, nil
		}),
		function("pg_in_json", tText, types(tText), func(in []vector, i int, out *writer) error {
			out.SetBytes(i, in[0].Bytes(i))
			return pgfn.ValidateText(in[0].Bytes(i))
		}),
		function("pg_in_array", tTexts, types(tText), func(in []vector, i int, out *writer) error {
			v, err := pgvalue.ParseText(pgvalue.OIDTextArray, in[0].Text(i), pgvalue.UTC)
			if err != nil {
				return err
			}
			list := make([]*string, len(v.Array))
			for k := range v.Array {
				if v.Array[k].Kind != pgvalue.Null {
					list[k] = &v.Array[k].Text
				}
			}
			setTexts(out, i, list)
			return nil
		}),
	}
	return append(list, narrowingFunctions()...)
}

func narrowingFunctions() []*duck.Function {
	fromNumeric := func(name string, result *duck.Type, set func(out *writer, i int, n pgfn.Numeric) error) *duck.Function {
		return function("pg_num_to_"+name, result, types(tText), func(in []vector, i int, out *writer) error {
			n, err := numericOf(&in[0], i)
			if err == nil {
				err = set(out, i, n)
			}
			return err
		})
	}
	fromFloat := func(name, as string, result *duck.Type, low, high float64, set func(out *writer, i int, v int64)) *duck.Function {
		return function("pg_float_to_"+name, result, types(tDouble), func(in []vector, i int, out *writer) error {
			x := math.RoundToEven(in[0].Double(i))
			if math.IsNaN(x) || x < low || x >= high {
				return pgerror.Errorf(pgerror.NumericValueOutOfRange, "%s out of range", as)
			}
			set(out, i, int64(x))
			return nil
		})
	}
	return []*duck.Function{
		fromNumeric("int2", duck.TInt16, func(out *writer, i int, n pgfn.Numeric) error {
			v, err := n.Int16()
			out.SetInt16(i, v)
			return err
		}),
		fromNumeric("int4", tInt, func(out *writer, i int, n pgfn.Numeric) error {
			v, err := n.Int32()
			out.SetInt32(i, v)
			return err
		}),
		fromNumeric("int8", tBig, func(out *writer, i int, n pgfn.Numeric) error {
			v, err := n.Int64()
			out.SetInt64(i, v)
			return err
		}),
		fromNumeric("float4", duck.TFloat, func(out *writer, i int, n pgfn.Numeric) error {
			v, err := n.Float64()
			single := float32(v)
			if err != nil || math.IsInf(float64(single), 0) && !math.IsInf(v, 0) || single == 0 && n.Signum() != 0 {
				err = pgerror.Errorf(pgerror.NumericValueOutOfRange, "\"%s\" is out of range for type real", n)
			}
			out.SetFloat(i, single)
			return err
		}),
		fromNumeric("float8", tDouble, func(out *writer, i int, n pgfn.Numeric) error {
			v, err := n.Float64()
			out.SetDouble(i, v)
			return err
		}),
		function("pg_float_to_float4", duck.TFloat, types(tDouble), func(in []vector, i int, out *writer) error {
			v := in[0].Double(i)
			single := float32(v)
			switch {
			case math.IsInf(float64(single), 0) && !math.IsInf(v, 0):
				return errFloatHigh()
			case single == 0 && v != 0:
				return errFloatLow()
			}
			out.SetFloat(i, single)
			return nil
		}),
		fromFloat("int2", "smallint", duck.TInt16, -1<<15, 1<<15, func(out *writer, i int, v int64) { out.SetInt16(i, int16(v)) }),
		fromFloat("int4", "integer", tInt, -1<<31, 1<<31, func(out *writer, i int, v int64) { out.SetInt32(i, int32(v)) }),
		fromFloat("int8", "bigint", tBig, -1<<63, 1<<63, func(out *writer, i int, v int64) { out.SetInt64(i, v) }),
	}
}

func setInterval(out *writer, i int, iv pgfn.Interval) {
	out.SetInterval(i, duck.Span{Months: iv.Months, Days: iv.Days, Micros: iv.Micros})
}

func intervalOf(v *vector, i int) pgfn.Interval {
	s := v.Interval(i)
	return pgfn.Interval{Months: s.Months, Days: s.Days, Micros: s.Micros}
}

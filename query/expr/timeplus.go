package expr

import (
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/syntax"
)

// timePlus compiles a time and an interval that is added to it or taken from it, where no worker answers.
func (c *Compiler) timePlus(x *syntax.BinaryExpr, l, r *Scalar) (*Scalar, error) {
	isTime := func(s *Scalar) bool { return s.OID == pgvalue.OIDTimestamptz || s.OID == pgvalue.OIDTimestamp }
	if x.Op == "+" && isTime(r) {
		l, r = r, l
	}
	if c.Selecting || !isTime(l) || r.OID != pgvalue.OIDInterval {
		return nil, c.Unsupported("operator "+x.Op+" on "+pgvalue.TypeName(l.OID)+" and "+pgvalue.TypeName(r.OID), x.Pos)
	}
	oid, minus := l.OID, x.Op == "-"
	return strict2(oid, x.Pos, l, r, func(_ *Env, v, r *pgvalue.Value) error {
		iv, err := pgfn.ParseInterval(r.Text)
		if err == nil && minus {
			iv, err = iv.Neg()
		}
		if err != nil {
			return err
		}
		*v, err = plusInterval(*v, iv, oid, c.Zone())
		return err
	}), nil
}

// The years that PostgreSQL's timestamps lie in, as far as times are held here: see pgvalue.
const (
	firstYear = -4712
	lastYear  = 294246
)

// plusInterval adds months and days to the wall clock, and the rest to the instant.
func plusInterval(v pgvalue.Value, iv pgfn.Interval, oid uint32, zone *pgvalue.Zone) (pgvalue.Value, error) {
	if v.Int == pgvalue.Infinity || v.Int == pgvalue.NegativeInfinity {
		return v, nil
	}
	if iv.Months != 0 || iv.Days != 0 {
		local := pgvalue.ConvertTime(v, oid, pgvalue.OIDTimestamp, zone)
		t := time.UnixMicro(local.Int).UTC()
		year, month, day := t.Date()
		first := time.Date(year, month+time.Month(iv.Months), 1, 0, 0, 0, 0, time.UTC)
		day = min(day, first.AddDate(0, 1, -1).Day()) // the last of a shorter month
		moved := first.AddDate(0, 0, day-1+int(iv.Days)).UnixMicro()
		local.Int = moved + t.Sub(time.Date(year, month, t.Day(), 0, 0, 0, 0, time.UTC)).Microseconds()
		v = pgvalue.ConvertTime(local, pgvalue.OIDTimestamp, oid, zone)
	}
	sum := v.Int + iv.Micros
	year := time.UnixMicro(sum).UTC().Year()
	if (iv.Micros > 0) != (sum > v.Int) && iv.Micros != 0 || year < firstYear || year > lastYear {
		return v, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "timestamp out of range")
	}
	v.Int = sum
	return v, nil
}

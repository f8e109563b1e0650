package expr

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

func isInteger(oid uint32) bool {
	switch oid {
	case pgvalue.OIDInt2, pgvalue.OIDInt4, pgvalue.OIDInt8, pgvalue.OIDOid, pgvalue.OIDXid:
		return true
	}
	return false
}

func IsNumber(oid uint32) bool {
	switch oid {
	case pgvalue.OIDNumeric, pgvalue.OIDFloat4, pgvalue.OIDFloat8:
		return true
	}
	return isInteger(oid)
}

func IsText(oid uint32) bool {
	switch oid {
	case pgvalue.OIDText, pgvalue.OIDVarchar, pgvalue.OIDBpchar, pgvalue.OIDName:
		return true
	}
	return false
}

// comparable tells whether PostgreSQL has comparison operators for the two types
// that the native path shares.
func comparable(a, b uint32) bool {
	return a == b || IsNumber(a) && IsNumber(b) || IsText(a) && IsText(b)
}

func holds(op string, order int) bool {
	switch op {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// comparison orders values of two types that are comparable. Two numerics are texts, which
// nothing but their types tells from others.
func comparison(left, right uint32) func(a, b *pgvalue.Value) int {
	if left == pgvalue.OIDNumeric && right == pgvalue.OIDNumeric {
		return compareNumerics
	}
	return CompareValues
}

func compareNumerics(a, b *pgvalue.Value) int {
	x, _ := pgfn.ParseNumeric(a.Text)
	y, _ := pgfn.ParseNumeric(b.Text)
	return pgfn.Cmp(x, y)
}

// CompareValues orders two values of comparable types, as PostgreSQL with collation C.
func CompareValues(a, b *pgvalue.Value) int {
	if a.Kind != b.Kind || a.Kind == pgvalue.KindFloat {
		return compareNumbers(a, b)
	}
	switch a.Kind {
	case pgvalue.KindInt, pgvalue.KindBool, pgvalue.KindTime:
		switch {
		case a.Int < b.Int:
			return -1
		case a.Int > b.Int:
			return 1
		}
		return 0
	case pgvalue.KindUUID:
		return bytes.Compare(a.UUID[:], b.UUID[:])
	case pgvalue.KindBytes:
		return bytes.Compare(a.Bytes, b.Bytes)
	case pgvalue.KindArray:
		for i := 0; i < len(a.Array) && i < len(b.Array); i++ {
			x, y := a.Array[i].Kind == pgvalue.Null, b.Array[i].Kind == pgvalue.Null
			switch {
			case x && y:
				continue
			case x:
				return 1 // within arrays null is the greatest
			case y:
				return -1
			}
			if order := CompareValues(&a.Array[i], &b.Array[i]); order != 0 {
				return order
			}
		}
		return len(a.Array) - len(b.Array)
	}
	return strings.Compare(a.Text, b.Text)
}

// compareNumbers compares across integers, numeric and float.
func compareNumbers(a, b *pgvalue.Value) int {
	if a.Kind == pgvalue.KindFloat || b.Kind == pgvalue.KindFloat {
		x, y := asFloat(a), asFloat(b)
		switch {
		case math.IsNaN(x) && math.IsNaN(y):
			return 0
		case math.IsNaN(x):
			return 1 // NaN is equal to itself and greater than all others
		case math.IsNaN(y):
			return -1
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return pgfn.Cmp(asNumeric(a), asNumeric(b))
}

func asFloat(v *pgvalue.Value) float64 {
	switch v.Kind {
	case pgvalue.KindFloat:
		return v.Float
	case pgvalue.KindInt:
		return float64(v.Int)
	}
	f, _ := strconv.ParseFloat(v.Text, 64)
	return f
}

// asNumeric is an integer or a numeric as one.
func asNumeric(v *pgvalue.Value) pgfn.Numeric {
	if v.Kind == pgvalue.KindInt {
		return pgfn.NumericFromInt(v.Int)
	}
	n, _ := pgfn.ParseNumeric(v.Text)
	return n
}

package query

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

func isInteger(oid uint32) bool {
	switch oid {
	case pgwire.OIDInt2, pgwire.OIDInt4, pgwire.OIDInt8, pgwire.OIDOid, pgwire.OIDXid:
		return true
	}
	return false
}

func isNumber(oid uint32) bool {
	switch oid {
	case pgwire.OIDNumeric, pgwire.OIDFloat4, pgwire.OIDFloat8:
		return true
	}
	return isInteger(oid)
}

func isText(oid uint32) bool {
	switch oid {
	case pgwire.OIDText, pgwire.OIDVarchar, pgwire.OIDBpchar, pgwire.OIDName:
		return true
	}
	return false
}

func comparable(a, b uint32) bool {
	return a == b || isNumber(a) && isNumber(b) || isText(a) && isText(b)
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

func compareValues(a, b *pgwire.Value) int {
	if a.Kind != b.Kind || a.Kind == pgwire.KindFloat {
		return compareNumbers(a, b)
	}
	switch a.Kind {
	case pgwire.KindInt, pgwire.KindBool, pgwire.KindTime:
		switch {
		case a.Int < b.Int:
			return -1
		case a.Int > b.Int:
			return 1
		}
		return 0
	case pgwire.KindUUID:
		return bytes.Compare(a.UUID[:], b.UUID[:])
	case pgwire.KindBytes:
		return bytes.Compare(a.Bytes, b.Bytes)
	case pgwire.KindArray:
		for i := 0; i < len(a.Array) && i < len(b.Array); i++ {
			x, y := a.Array[i].Kind == pgwire.Null, b.Array[i].Kind == pgwire.Null
			switch {
			case x && y:
				continue
			case x:
				return 1 // within arrays null is the greatest
			case y:
				return -1
			}
			if order := compareValues(&a.Array[i], &b.Array[i]); order != 0 {
				return order
			}
		}
		return len(a.Array) - len(b.Array)
	}
	return strings.Compare(a.Text, b.Text)
}

func compareNumbers(a, b *pgwire.Value) int {
	if a.Kind == pgwire.KindFloat || b.Kind == pgwire.KindFloat {
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
	if isNaNText(a) || isNaNText(b) {
		switch {
		case isNaNText(a) && isNaNText(b):
			return 0
		case isNaNText(a):
			return 1
		}
		return -1
	}
	return asRat(a).Cmp(asRat(b))
}

func isNaNText(v *pgwire.Value) bool {
	return v.Kind == pgwire.KindText && strings.EqualFold(v.Text, "nan")
}

func asFloat(v *pgwire.Value) float64 {
	switch v.Kind {
	case pgwire.KindFloat:
		return v.Float
	case pgwire.KindInt:
		return float64(v.Int)
	}
	f, _ := strconv.ParseFloat(v.Text, 64)
	return f
}

func asRat(v *pgwire.Value) *big.Rat {
	if v.Kind == pgwire.KindInt {
		return new(big.Rat).SetInt64(v.Int)
	}
	if r, ok := new(big.Rat).SetString(v.Text); ok {
		return r
	}
	return new(big.Rat)
}

package pgvalue

import "github.com/eventgres/eventgres/pgwire/pgerror"

// parseNumericBinary reads a numeric's binary form: groups of four decimal digits, the weight of the first of
// them, and how many digits are shown behind the point, which is part of the value: 0.00 is not shown as 0.
func parseNumericBinary(b []byte, parameter int) (Value, error) {
	if len(b) < 8 {
		return Value{}, ErrShortBinary
	}
	groups, weight, sign, scale := int(Be.Uint16(b)), int(int16(Be.Uint16(b[2:]))), Be.Uint16(b[4:]), int(Be.Uint16(b[6:]))
	switch b = b[8:]; {
	case len(b) < 2*groups:
		return Value{}, ErrShortBinary
	case len(b) > 2*groups:
		return Value{}, binaryFormatError(parameter)
	}
	switch sign {
	case 0, numericNegative:
	case numericNaN:
		return TextValue("NaN"), nil
	case numericInfinity:
		return TextValue("Infinity"), nil
	case numericMinusInf:
		return TextValue("-Infinity"), nil
	default:
		return Value{}, pgerror.Errorf(pgerror.InvalidBinaryRepresentation, "invalid sign in external \"numeric\" value")
	}
	if scale > maxNumericScale {
		return Value{}, pgerror.Errorf(pgerror.InvalidBinaryRepresentation, "invalid scale in external \"numeric\" value")
	}
	for i := range groups {
		if Be.Uint16(b[2*i:]) >= 10000 {
			return Value{}, pgerror.Errorf(pgerror.InvalidBinaryRepresentation, "invalid digit in external \"numeric\" value")
		}
	}
	// group is the one of a weight; those that are not written are zero.
	group := func(w int) uint16 {
		if i := weight - w; i >= 0 && i < groups {
			return Be.Uint16(b[2*i:])
		}
		return 0
	}
	out := make([]byte, 1, 1+4*max(weight+1, 1)+1+scale+4)
	out[0] = '-'
	put := func(g uint16) {
		out = append(out, byte('0'+g/1000), byte('0'+g/100%10), byte('0'+g/10%10), byte('0'+g%10))
	}
	for w := max(weight, 0); w >= 0; w-- {
		put(group(w))
	}
	first := 1
	for first < len(out)-1 && out[first] == '0' {
		first++
	}
	if scale > 0 {
		out = append(out, '.')
		end := len(out) + scale
		for w := -1; len(out) < end; w-- {
			put(group(w))
		}
		out = out[:end]
	}
	if sign == numericNegative && hasDigit(out[first:]) {
		first--
		out[first] = '-'
	}
	return TextValue(string(out[first:])), nil
}

// maxNumericScale is PostgreSQL's.
const maxNumericScale = 16383

// hasDigit tells whether a number's text has a digit other than zero.
func hasDigit(text []byte) bool {
	for _, c := range text {
		if c >= '1' && c <= '9' {
			return true
		}
	}
	return false
}

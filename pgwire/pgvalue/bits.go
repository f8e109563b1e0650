package pgvalue

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// A bit string is held as the text of its binary digits.

// parseBits takes binary digits, or with b or x in front binary or hexadecimal ones.
func parseBits(s string) (Value, error) {
	digits, hex := s, false
	if s != "" && (s[0]|0x20 == 'b' || s[0]|0x20 == 'x') {
		digits, hex = s[1:], s[0]|0x20 == 'x'
	}
	var b strings.Builder
	for i, r := range digits {
		d := -1
		if r < utf8.RuneSelf {
			d = HexDigit(byte(r))
		}
		switch {
		case hex && d >= 0:
			for bit := 8; bit > 0; bit >>= 1 {
				b.WriteByte('0' + byte(d&bit/bit))
			}
		case !hex && (d == 0 || d == 1):
			b.WriteByte('0' + byte(d))
		default:
			_, n := utf8.DecodeRuneInString(digits[i:])
			kind := map[bool]string{false: "binary", true: "hexadecimal"}[hex]
			return Value{}, pgerror.Errorf(pgerror.InvalidTextRepresentation, "\"%s\" is not a valid %s digit", digits[i:i+n], kind)
		}
	}
	return TextValue(b.String()), nil
}

// fromBinaryBits takes the number of bits and the bits, the first in the highest place.
func fromBinaryBits(b []byte, parameter int) (Value, error) {
	if len(b) < 4 {
		return Value{}, ErrShortBinary
	}
	n := Be.Uint32(b)
	b = b[4:]
	if n > 1<<30 || (int(n)+7)/8 != len(b) {
		return Value{}, binaryFormatError(parameter)
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = '0' + b[i/8]>>(7-i%8)&1
	}
	return TextValue(string(out)), nil
}

func appendBinaryBits(dst []byte, bits string) []byte {
	dst = Be.AppendUint32(dst, uint32(len(bits)))
	start := len(dst)
	dst = append(dst, make([]byte, (len(bits)+7)/8)...)
	for i := range len(bits) {
		dst[start+i/8] |= (bits[i] - '0') << (7 - i%8)
	}
	return dst
}

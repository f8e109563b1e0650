package pgfn

import (
	"math/bits"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Bit strings are texts of the digits 0 and 1, as PostgreSQL shows them.

// maxBits bounds a bit string, as PostgreSQL's limit for a length does.
const maxBits = 83886080

// ParseBits takes the text of a bit string: binary digits, or with b or x in front binary
// or hexadecimal ones.
func ParseBits(s string) (string, error) {
	hex := false
	if s != "" {
		switch s[0] {
		case 'b', 'B':
			s = s[1:]
		case 'x', 'X':
			s, hex = s[1:], true
		}
	}
	if !hex {
		for i, r := range s {
			if r != '0' && r != '1' {
				return "", errDigit(s[i:], "binary")
			}
		}
		return s, nil
	}
	var b strings.Builder
	for i, r := range s {
		d := -1
		if r < 0x80 {
			d = pgvalue.HexDigit(byte(r))
		}
		if d < 0 {
			return "", errDigit(s[i:], "hexadecimal")
		}
		for bit := 8; bit > 0; bit >>= 1 {
			b.WriteByte('0' + byte(d&bit/bit))
		}
	}
	return b.String(), nil
}

func errDigit(s, kind string) error {
	return pgerror.Errorf(pgerror.InvalidTextRepresentation, "\"%s\" is not a valid %s digit", s[:prefixRunes(s, 1)], kind)
}

// CutBits is a cast to bit(n), which cuts or fills on the right, or to varbit(n), which cuts.
func CutBits(s string, n int, varying bool) (string, error) {
	switch {
	case len(s) > n:
		return s[:n], nil
	case varying || len(s) == n:
		return s, nil
	case n > maxBits:
		return "", errTooLarge()
	}
	return s + strings.Repeat("0", n-len(s)), nil
}

// BitsOfInt is a cast of an integer of so many bits to bit(n): its lowest n bits, or with its sign in
// front.
func BitsOfInt(v int64, width, n int) (string, error) {
	if n > maxBits {
		return "", errTooLarge()
	}
	b := make([]byte, n)
	for i := range b {
		at := min(n-1-i, width-1)
		b[i] = '0' + byte(v>>at&1)
	}
	return string(b), nil
}

// IntOfBits is a cast of a bit string to an integer of so many bits.
func IntOfBits(s string, width int) (int64, error) {
	if len(s) > width {
		return 0, pgerror.Errorf(pgerror.NumericValueOutOfRange, "%s out of range", map[int]string{32: "integer", 64: "bigint"}[width])
	}
	var v uint64
	for i := range len(s) {
		v = v<<1 | uint64(s[i]-'0')
	}
	if width == 32 {
		return int64(int32(v)), nil
	}
	return int64(v), nil
}

// BitsOp is & | or #.
func BitsOp(op, a, b string) (string, error) {
	if len(a) != len(b) {
		return "", pgerror.Errorf(pgerror.StringDataLengthMismatch, "cannot %s bit strings of different sizes", map[string]string{"&": "AND", "|": "OR", "#": "XOR"}[op])
	}
	out := []byte(a)
	for i := range out {
		switch op {
		case "&":
			out[i] &= b[i]
		case "|":
			out[i] |= b[i]
		default:
			out[i] = out[i] ^ b[i] | '0'
		}
	}
	return string(out), nil
}

// NotBits is ~.
func NotBits(s string) string {
	out := []byte(s)
	for i := range out {
		out[i] ^= 1
	}
	return string(out)
}

// ShiftBits is << of a positive n, and >> of a negative one.
func ShiftBits(s string, n int) string {
	zeros := func(n int) string { return strings.Repeat("0", n) }
	switch {
	case n >= len(s) || -n >= len(s):
		return zeros(len(s))
	case n >= 0:
		return s[n:] + zeros(n)
	}
	return zeros(-n) + s[:len(s)+n]
}

// bitIndex checks the place of a bit or byte.
func bitIndex(i, n int64) error {
	if i < 0 || i >= n {
		return pgerror.Errorf(pgerror.ArraySubscriptError, "index %d out of valid range, 0..%d", i, n-1)
	}
	return nil
}

func errBitIndex(i, n int) error {
	return pgerror.Errorf(pgerror.ArraySubscriptError, "bit index %d out of valid range (0..%d)", i, n-1)
}

// GetBit is get_bit of a bit string.
func GetBit(s string, i int) (int, error) {
	if i < 0 || i >= len(s) {
		return 0, errBitIndex(i, len(s))
	}
	return int(s[i] - '0'), nil
}

// SetBit is set_bit of a bit string.
func SetBit(s string, i, bit int) (string, error) {
	if i < 0 || i >= len(s) {
		return "", errBitIndex(i, len(s))
	}
	if bit != 0 && bit != 1 {
		return "", invalidParameter("new bit must be 0 or 1")
	}
	return s[:i] + string(rune('0'+bit)) + s[i+1:], nil
}

// GetByte is get_byte.
func GetByte(b []byte, i int) (int, error) {
	if err := bitIndex(int64(i), int64(len(b))); err != nil {
		return 0, err
	}
	return int(b[i]), nil
}

// SetByte is set_byte.
func SetByte(b []byte, i, value int) ([]byte, error) {
	if err := bitIndex(int64(i), int64(len(b))); err != nil {
		return nil, err
	}
	out := append([]byte(nil), b...)
	out[i] = byte(value)
	return out, nil
}

// GetByteaBit is get_bit of a bytea, whose bits are counted from the lowest of each byte.
func GetByteaBit(b []byte, i int64) (int, error) {
	if err := bitIndex(i, int64(len(b))*8); err != nil {
		return 0, err
	}
	return int(b[i/8] >> (i % 8) & 1), nil
}

// SetByteaBit is set_bit of a bytea.
func SetByteaBit(b []byte, i int64, bit int) ([]byte, error) {
	if err := bitIndex(i, int64(len(b))*8); err != nil {
		return nil, err
	}
	if bit != 0 && bit != 1 {
		return nil, invalidParameter("new bit must be 0 or 1")
	}
	out := append([]byte(nil), b...)
	out[i/8] = out[i/8]&^(1<<(i%8)) | byte(bit)<<(i%8)
	return out, nil
}

// BitCount is bit_count of a bytea.
func BitCount(b []byte) int64 {
	n := 0
	for _, x := range b {
		n += bits.OnesCount8(x)
	}
	return int64(n)
}

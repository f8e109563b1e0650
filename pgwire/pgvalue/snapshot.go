package pgvalue

import (
	"math"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// OIDs of the types of places in a log and of transactions' ids.
const (
	OIDPgLSN        = 3220
	OIDXid8         = 5069
	OIDPgSnapshot   = 5038
	OIDTxidSnapshot = 2970
)

// A pg_lsn and an xid8 are held as the bits of a number without sign, a snapshot as its text.

// ParseLSN takes two hexadecimal numbers of up to eight digits.
func ParseLSN(s string) (uint64, error) {
	high, low, ok := strings.Cut(s, "/")
	if ok && hexNumber(high) && hexNumber(low) {
		h, _ := strconv.ParseUint(high, 16, 32)
		l, _ := strconv.ParseUint(low, 16, 32)
		return h<<32 | l, nil
	}
	return 0, invalidText(OIDPgLSN, s)
}

func hexNumber(s string) bool {
	for i := range len(s) {
		if HexDigit(s[i]) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 8
}

// AppendLSN appends a place in a log as its text.
func AppendLSN(dst []byte, lsn uint64) []byte {
	upper := func(n uint64) { dst = append(dst, strings.ToUpper(strconv.FormatUint(n, 16))...) }
	upper(lsn >> 32)
	dst = append(dst, '/')
	upper(lsn & math.MaxUint32)
	return dst
}

// ParseXid8 takes what C's strtoull does, as PostgreSQL 15: what is no number is zero.
func ParseXid8(s string) uint64 {
	n, _ := leadingNumber(s, 0)
	return n
}

// leadingNumber reads a number as C's strtoull does, and returns what is behind it.
func leadingNumber(s string, base uint64) (n uint64, rest string) {
	t := strings.TrimLeft(s, " \t\n\v\f\r")
	negative := false
	if t != "" && (t[0] == '-' || t[0] == '+') {
		negative, t = t[0] == '-', t[1:]
	}
	if base == 0 {
		base = 10
		switch {
		case len(t) > 2 && t[0] == '0' && t[1]|0x20 == 'x' && HexDigit(t[2]) >= 0:
			base, t = 16, t[2:]
		case t != "" && t[0] == '0':
			base = 8
		}
	}
	i, over := 0, false
	for ; i < len(t); i++ {
		d := HexDigit(t[i])
		if d < 0 || uint64(d) >= base {
			break
		}
		over = over || n > (math.MaxUint64-uint64(d))/base
		n = n*base + uint64(d)
	}
	switch {
	case i == 0:
		return 0, s
	case over:
		n = math.MaxUint64
	case negative:
		n = -n
	}
	return n, t[i:]
}

// Snapshot says which transactions are seen: those below Xmin, and those below Xmax but for the ones listed.
type Snapshot struct {
	Xmin, Xmax uint64
	Xip        []uint64 // in their order
}

// ParseSnapshot reads a snapshot's text, xmin:xmax:xip,….
func ParseSnapshot(s string) (out Snapshot, err error) {
	err = invalidText(OIDPgSnapshot, s)
	rest := s
	for _, to := range [...]*uint64{&out.Xmin, &out.Xmax} {
		*to, rest = leadingNumber(rest, 10)
		if rest == "" || rest[0] != ':' {
			return Snapshot{}, err
		}
		rest = rest[1:]
	}
	if !out.valid() {
		return Snapshot{}, err
	}
	for rest != "" {
		var x uint64
		x, rest = leadingNumber(rest, 10)
		switch {
		case x < out.Xmin || x >= out.Xmax, len(out.Xip) > 0 && x < out.Xip[len(out.Xip)-1]:
			return Snapshot{}, err
		case len(out.Xip) == 0 || x > out.Xip[len(out.Xip)-1]:
			out.Xip = append(out.Xip, x)
		}
		if rest != "" && rest[0] != ',' {
			return Snapshot{}, err
		}
		rest = strings.TrimPrefix(rest, ",")
	}
	return out, nil
}

func (s *Snapshot) valid() bool { return s.Xmin > 0 && s.Xmax >= s.Xmin }

// String is the snapshot's text.
func (s Snapshot) String() string {
	out := strconv.AppendUint(nil, s.Xmin, 10)
	out = strconv.AppendUint(append(out, ':'), s.Xmax, 10)
	out = append(out, ':')
	for i, x := range s.Xip {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendUint(out, x, 10)
	}
	return string(out)
}

func parseBinarySnapshot(b []byte) (Value, error) {
	invalid := pgerror.Errorf(pgerror.InvalidBinaryRepresentation, "invalid external pg_snapshot data")
	if len(b) < 20 {
		return Value{}, ErrShortBinary
	}
	s := Snapshot{Xmin: Be.Uint64(b[4:]), Xmax: Be.Uint64(b[12:])}
	n := int(int32(Be.Uint32(b)))
	b = b[20:]
	if n < 0 || n > math.MaxInt32/8 || !s.valid() || s.Xmax > math.MaxInt64 {
		return Value{}, invalid
	}
	if len(b) != 8*n {
		return Value{}, ErrShortBinary
	}
	last := uint64(0)
	for ; len(b) > 0; b = b[8:] {
		x := Be.Uint64(b)
		if x < last || x < s.Xmin || x > s.Xmax {
			return Value{}, invalid
		}
		if x > last {
			s.Xip = append(s.Xip, x)
		}
		last = x
	}
	return TextValue(s.String()), nil
}

func appendBinarySnapshot(dst []byte, text string) []byte {
	s, _ := ParseSnapshot(text)
	dst = Be.AppendUint32(dst, uint32(len(s.Xip)))
	dst = Be.AppendUint64(Be.AppendUint64(dst, s.Xmin), s.Xmax)
	for _, x := range s.Xip {
		dst = Be.AppendUint64(dst, x)
	}
	return dst
}

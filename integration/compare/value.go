package compare

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// types names OIDs, and encodes parameters.
var types = pgtype.NewMap()

func oidOf(name string) (uint32, bool) {
	if element, ok := strings.CutSuffix(name, "[]"); ok {
		name = "_" + element
	}
	typ, ok := types.TypeForName(name)
	if !ok {
		return 0, false
	}
	return typ.OID, true
}

func typeName(oid uint32) string {
	if typ, ok := types.TypeForOID(oid); ok {
		if element, array := strings.CutPrefix(typ.Name, "_"); array {
			return element + "[]"
		}
		return typ.Name
	}
	switch oid { // what pgtype does not know
	case 2278:
		return "void"
	case 2205:
		return "regclass"
	}
	return "oid" + strconv.FormatUint(uint64(oid), 10)
}

// sizes are the typlen values that a RowDescription must carry; −1 for all others.
var sizes = map[uint32]int16{
	pgtype.BoolOID: 1, pgtype.QCharOID: 1, pgtype.Int2OID: 2, pgtype.Int4OID: 4, pgtype.Int8OID: 8,
	pgtype.Float4OID: 4, pgtype.Float8OID: 8, pgtype.OIDOID: 4, pgtype.XIDOID: 4, pgtype.UUIDOID: 16,
	pgtype.TimestamptzOID: 8, pgtype.TimestampOID: 8, pgtype.DateOID: 4, pgtype.TimeOID: 8,
	pgtype.TimetzOID: 12, pgtype.IntervalOID: 16, pgtype.NameOID: 64, pgtype.UnknownOID: -2, 2278: 4, 2205: 4,
}

func typeSize(oid uint32) int16 {
	if size, ok := sizes[oid]; ok {
		return size
	}
	return -1
}

// encodeBinary encodes a parameter's text for its type. It fails for text the type does
// not take: that is then for the server to refuse.
func encodeBinary(oid uint32, text string) ([]byte, error) {
	switch oid {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.JSONOID, pgtype.UnknownOID, pgtype.NameOID:
		return []byte(text), nil
	case pgtype.JSONBOID:
		return append([]byte{1}, text...), nil
	case pgtype.TextArrayOID:
		var elements []*string
		if err := types.Scan(oid, pgtype.TextFormatCode, []byte(text), &elements); err != nil {
			return nil, err
		}
		return types.Encode(oid, pgtype.BinaryFormatCode, elements, nil)
	}
	typ, ok := types.TypeForOID(oid)
	if !ok {
		return nil, fmt.Errorf("no type %d", oid)
	}
	value, err := typ.Codec.DecodeValue(types, oid, pgtype.TextFormatCode, []byte(text))
	if err != nil {
		return nil, err
	}
	return types.Encode(oid, pgtype.BinaryFormatCode, value, nil)
}

// decodeBinary renders a binary value as PostgreSQL would in text, for a session in
// UTC with the default settings. A wrong length shows as an error in the row.
func decodeBinary(oid uint32, b []byte) string {
	if want, fixed := sizes[oid]; fixed && want > 0 && oid != pgtype.NameOID && oid != 2278 && int(want) != len(b) {
		return fmt.Sprintf("(%d bytes for %s)", len(b), typeName(oid))
	}
	switch oid {
	case pgtype.BoolOID:
		return map[byte]string{0: "f", 1: "t"}[b[0]]
	case pgtype.Int2OID:
		return strconv.Itoa(int(int16(binary.BigEndian.Uint16(b))))
	case pgtype.Int4OID:
		return strconv.Itoa(int(int32(binary.BigEndian.Uint32(b))))
	case pgtype.OIDOID, pgtype.XIDOID:
		return strconv.FormatUint(uint64(binary.BigEndian.Uint32(b)), 10)
	case pgtype.Int8OID:
		return strconv.FormatInt(int64(binary.BigEndian.Uint64(b)), 10)
	case pgtype.Float4OID:
		return decodeFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(b))), 32)
	case pgtype.Float8OID:
		return decodeFloat(math.Float64frombits(binary.BigEndian.Uint64(b)), 64)
	case pgtype.NumericOID:
		return decodeNumeric(b)
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.JSONOID, pgtype.NameOID, pgtype.UnknownOID, pgtype.QCharOID, 2278:
		return string(b)
	case pgtype.JSONBOID:
		if len(b) == 0 || b[0] != 1 {
			return "(jsonb without its version byte)"
		}
		return string(b[1:])
	case pgtype.UUIDOID:
		return uuid.UUID(b).String()
	case pgtype.TimestamptzOID:
		return decodeTime(b) + "+00"
	case pgtype.TimestampOID:
		return decodeTime(b)
	case pgtype.DateOID:
		days := int(int32(binary.BigEndian.Uint32(b)))
		return time.Date(2000, 1, 1+days, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	case pgtype.TextArrayOID, pgtype.NameArrayOID, pgtype.Int8ArrayOID, pgtype.Int4ArrayOID:
		return decodeArray(b)
	}
	return `\x` + hex.EncodeToString(b)
}

func decodeFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strconv.FormatFloat(f, 'f', -1, 64), "+") + "inity"
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

func decodeTime(b []byte) string {
	micros := int64(binary.BigEndian.Uint64(b))
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	return epoch.Add(time.Duration(micros) * time.Microsecond).Format("2006-01-02 15:04:05.999999")
}

// decodeNumeric reads base-10000 digits: count, weight of the first, sign, scale.
func decodeNumeric(b []byte) string {
	if len(b) < 8 {
		return "(short numeric)"
	}
	n, weight := int(int16(binary.BigEndian.Uint16(b))), int(int16(binary.BigEndian.Uint16(b[2:])))
	sign, scale := binary.BigEndian.Uint16(b[4:]), int(binary.BigEndian.Uint16(b[6:]))
	if sign == 0xC000 {
		return "NaN"
	}
	if len(b) != 8+2*n {
		return "(numeric of wrong length)"
	}
	digit := func(i int) uint16 {
		if i < 0 || i >= n {
			return 0
		}
		return binary.BigEndian.Uint16(b[8+2*i:])
	}
	var whole, fraction strings.Builder
	for i := range max(weight+1, 1) {
		d := digit(i)
		if weight < 0 {
			d = 0
		}
		fmt.Fprintf(&whole, "%04d", d)
	}
	for i := weight + 1; fraction.Len() < scale; i++ {
		fmt.Fprintf(&fraction, "%04d", digit(i))
	}
	text := strings.TrimLeft(whole.String(), "0")
	if text == "" {
		text = "0"
	}
	if scale > 0 {
		text += "." + fraction.String()[:scale]
	}
	if sign == 0x4000 {
		text = "-" + text
	}
	return text
}

// decodeArray reads a one-dimensional array: dimensions, flags, element type,
// then length and lower bound, then the elements with their lengths.
func decodeArray(b []byte) string {
	if len(b) < 12 {
		return "(short array)"
	}
	if binary.BigEndian.Uint32(b) == 0 {
		return "{}"
	}
	element := binary.BigEndian.Uint32(b[8:])
	var parts []string
	for b = b[20:]; len(b) >= 4; {
		n := int32(binary.BigEndian.Uint32(b))
		b = b[4:]
		if n < 0 {
			parts = append(parts, "NULL")
			continue
		}
		if int(n) > len(b) {
			return "(torn array)"
		}
		parts = append(parts, quoteElement(decodeBinary(element, b[:n])))
		b = b[n:]
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func quoteElement(s string) string {
	if s != "" && !strings.EqualFold(s, "NULL") && !strings.ContainsAny(s, "{}\",\\ \t\n\r\v\f") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

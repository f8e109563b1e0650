package analytics

import (
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"
)

// types names OIDs, encodes parameters, and decodes binary values for the reader.
var types = pgtype.NewMap()

func typeName(oid uint32) string {
	if typ, ok := types.TypeForOID(oid); ok {
		return typ.Name
	}
	switch oid { // what pgtype does not know
	case 2205:
		return "regclass"
	case 2206:
		return "regtype"
	}
	return "oid" + strconv.FormatUint(uint64(oid), 10)
}

// sizes are the typlen values of pg_type; −1 for all others.
var sizes = map[uint32]int16{
	pgtype.BoolOID: 1, pgtype.QCharOID: 1, pgtype.Int2OID: 2, pgtype.Int4OID: 4, pgtype.Int8OID: 8,
	pgtype.Float4OID: 4, pgtype.Float8OID: 8, pgtype.OIDOID: 4, pgtype.XIDOID: 4, pgtype.UUIDOID: 16,
	pgtype.TimestamptzOID: 8, pgtype.TimestampOID: 8, pgtype.DateOID: 4, pgtype.TimeOID: 8,
	pgtype.TimetzOID: 12, pgtype.IntervalOID: 16, pgtype.NameOID: 64, pgtype.UnknownOID: -2, 2205: 4, 2206: 4, // regclass, regtype
}

func typeSize(oid uint32) int16 {
	if size, ok := sizes[oid]; ok {
		return size
	}
	return -1
}

// showBinary renders a value with its bytes, since these are what is compared.
func showBinary(oid uint32, b []byte) string {
	switch oid {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.JSONOID, pgtype.NameOID, pgtype.UnknownOID:
		return fmt.Sprintf("%q", b)
	case pgtype.JSONBOID:
		return fmt.Sprintf("%d:%q", b[:min(1, len(b))], b[min(1, len(b)):])
	}
	typ, ok := types.TypeForOID(oid)
	if !ok {
		return fmt.Sprintf(`\x%x`, b)
	}
	value, err := typ.Codec.DecodeValue(types, oid, pgtype.BinaryFormatCode, b)
	if err != nil {
		return fmt.Sprintf(`\x%x (%v)`, b, err)
	}
	text, err := types.Encode(oid, pgtype.TextFormatCode, value, nil)
	if err != nil {
		text = fmt.Appendf(nil, "%v", value)
	}
	return fmt.Sprintf(`%s \x%x`, text, b)
}

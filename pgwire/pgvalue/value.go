package pgvalue

// OIDs of PostgreSQL's types, from its pg_type.dat.
const (
	OIDBool        = 16
	OIDBytea       = 17
	OIDChar        = 18
	OIDName        = 19
	OIDInt8        = 20
	OIDInt2        = 21
	OIDInt4        = 23
	OIDText        = 25
	OIDOid         = 26
	OIDXid         = 28
	OIDJSON        = 114
	OIDFloat4      = 700
	OIDFloat8      = 701
	OIDUnknown     = 705
	OIDInt4Array   = 1007
	OIDTextArray   = 1009
	OIDVarcharArr  = 1015
	OIDInt8Array   = 1016
	OIDBpchar      = 1042
	OIDVarchar     = 1043
	OIDBit         = 1560
	OIDVarbit      = 1562
	OIDDate        = 1082
	OIDTime        = 1083
	OIDTimestamp   = 1114
	OIDTimestamptz = 1184
	OIDInterval    = 1186
	OIDNumeric     = 1700
	OIDRegclass    = 2205
	OIDVoid        = 2278
	OIDUUID        = 2950
	OIDUUIDArray   = 2951
	OIDJSONB       = 3802
	OIDJSONPath    = 4072
	OIDInt2Vector  = 22
	OIDRegproc     = 24
	OIDCid         = 29
	OIDOidVector   = 30
	OIDXML         = 142
	OIDNameArray   = 1003
	OIDRegtype     = 2206
	OIDRecord      = 2249
)

// Kind is how a Value holds its content.
type Kind uint8

const (
	Null      Kind = iota
	KindInt        // Int: integers, oid
	KindBool       // Int: 0 or 1
	KindTime       // Int: µs since the Unix epoch; timestamptz, timestamp, date; of the day: time
	KindFloat      // Float
	KindUUID       // UUID
	KindText       // Text: text and whatever has no kind of its own, in its text form
	KindBytes      // Bytes: bytea, json, jsonb
	KindArray      // Array: text[]
)

// Value is one SQL value. Its type is told by an OID beside it. Bytes may alias a
// buffer of whoever made the value.
type Value struct {
	Kind  Kind
	UUID  [16]byte
	Int   int64
	Float float64
	Text  string
	Bytes []byte
	Array []Value
}

// Constructors of values.
func IntValue(v int64) Value       { return Value{Kind: KindInt, Int: v} }
func TextValue(v string) Value     { return Value{Kind: KindText, Text: v} }
func BytesValue(v []byte) Value    { return Value{Kind: KindBytes, Bytes: v} }
func UUIDValue(v [16]byte) Value   { return Value{Kind: KindUUID, UUID: v} }
func TimeValue(micros int64) Value { return Value{Kind: KindTime, Int: micros} }
func FloatValue(v float64) Value   { return Value{Kind: KindFloat, Float: v} }
func ArrayValue(v []Value) Value   { return Value{Kind: KindArray, Array: v} }
func (v *Value) IsNull() bool      { return v.Kind == Null }
func (v *Value) Bool() bool        { return v.Int != 0 }
func BoolValue(v bool) (out Value) {
	out.Kind = KindBool
	if v {
		out.Int = 1
	}
	return out
}

// Special timestamps.
const (
	Infinity         = 1<<63 - 1
	NegativeInfinity = -1 << 63
)

// Column describes a column of a result.
type Column struct {
	Name     string
	OID      uint32
	TableOID uint32 // 0 if not a column of a table
	Attr     int16  // its number there
	Mod      int32  // type modifier plus one; 0 if it has none
}

// typeInfo is what the protocol and messages need of a type.
type typeInfo struct {
	name  string // as format_type gives it
	size  int16  // typlen: -1 varying
	array uint32 // element type's OID, of an array
}

var types = map[uint32]typeInfo{
	OIDBool: {"boolean", 1, 0}, OIDBytea: {"bytea", -1, 0}, OIDChar: {`"char"`, 1, 0}, OIDName: {"name", 64, 0},
	OIDInt8: {"bigint", 8, 0}, OIDInt2: {"smallint", 2, 0}, OIDInt4: {"integer", 4, 0}, OIDText: {"text", -1, 0},
	OIDOid: {"oid", 4, 0}, OIDXid: {"xid", 4, 0}, OIDJSON: {"json", -1, 0}, OIDFloat4: {"real", 4, 0},
	OIDFloat8: {"double precision", 8, 0}, OIDUnknown: {"unknown", -2, 0}, OIDInt4Array: {"integer[]", -1, OIDInt4},
	OIDTextArray: {"text[]", -1, OIDText}, 1003: {"name[]", -1, OIDName}, OIDVarcharArr: {"character varying[]", -1, OIDVarchar},
	OIDInt8Array: {"bigint[]", -1, OIDInt8}, OIDBpchar: {"character", -1, 0}, OIDVarchar: {"character varying", -1, 0},
	OIDDate: {"date", 4, 0}, OIDTimestamp: {"timestamp without time zone", 8, 0},
	OIDTimestamptz: {"timestamp with time zone", 8, 0}, OIDInterval: {"interval", 16, 0}, OIDNumeric: {"numeric", -1, 0},
	OIDRegclass: {"regclass", 4, 0}, OIDVoid: {"void", 4, 0}, OIDUUID: {"uuid", 16, 0},
	OIDUUIDArray: {"uuid[]", -1, OIDUUID}, OIDJSONB: {"jsonb", -1, 0},
	OIDTime: {"time without time zone", 8, 0}, 1266: {"time with time zone", 12, 0}, 24: {"regproc", 4, 0}, 2202: {"regprocedure", 4, 0},
	2203: {"regoper", 4, 0}, 2206: {"regtype", 4, 0}, 4089: {"regnamespace", 4, 0}, 4096: {"regrole", 4, 0}, 29: {"cid", 4, 0},
	22: {"int2vector", -1, OIDInt2}, 30: {"oidvector", -1, OIDOid}, 194: {"pg_node_tree", -1, 0}, 1033: {"aclitem", 12, 0},
	2249: {"record", -1, 0}, OIDJSONPath: {"jsonpath", -1, 0}, 2277: {"anyarray", -1, 0},
	1000: {"boolean[]", -1, OIDBool}, 1001: {"bytea[]", -1, OIDBytea}, 1002: {`"char"[]`, -1, OIDChar}, 1005: {"smallint[]", -1, OIDInt2},
	1008: {"regproc[]", -1, 24}, 1011: {"xid[]", -1, OIDXid}, 1014: {"character[]", -1, OIDBpchar}, 1021: {"real[]", -1, OIDFloat4},
	1022: {"double precision[]", -1, OIDFloat8}, 1028: {"oid[]", -1, OIDOid}, 1034: {"aclitem[]", -1, 1033},
	1115: {"timestamp without time zone[]", -1, OIDTimestamp}, 1182: {"date[]", -1, OIDDate}, 1183: {"time without time zone[]", -1, OIDTime},
	1185: {"timestamp with time zone[]", -1, OIDTimestamptz}, 1187: {"interval[]", -1, OIDInterval}, 1231: {"numeric[]", -1, OIDNumeric},
	OIDBit: {"bit", -1, 0}, OIDVarbit: {"bit varying", -1, 0}, 1561: {"bit[]", -1, OIDBit}, 1563: {"bit varying[]", -1, OIDVarbit},
	OIDPgLSN: {"pg_lsn", 8, 0}, OIDXid8: {"xid8", 8, 0}, OIDPgSnapshot: {"pg_snapshot", -1, 0}, OIDTxidSnapshot: {"txid_snapshot", -1, 0},
	3221: {"pg_lsn[]", -1, OIDPgLSN}, 271: {"xid8[]", -1, OIDXid8}, 5039: {"pg_snapshot[]", -1, OIDPgSnapshot},
	2949: {"txid_snapshot[]", -1, OIDTxidSnapshot},
	199:  {"json[]", -1, OIDJSON}, 3807: {"jsonb[]", -1, OIDJSONB}, 2210: {"regclass[]", -1, OIDRegclass}, 2211: {"regtype[]", -1, 2206},
}

// TypeName returns the name of a type as PostgreSQL's messages show it.
func TypeName(oid uint32) string {
	if t, ok := types[oid]; ok {
		return t.name
	}
	return "unknown"
}

// KnownType tells whether the package can encode and decode the type.
func KnownType(oid uint32) bool {
	_, ok := types[oid]
	return ok
}

// TypeSize returns typlen: the size in bytes, -1 if it varies.
func TypeSize(oid uint32) int16 {
	if t, ok := types[oid]; ok {
		return t.size
	}
	return -1
}

// ElementType returns the OID of an array type's elements, 0 if it is no array.
func ElementType(oid uint32) uint32 { return types[oid].array }

// ValueBytes is what a Value takes in memory.
const ValueBytes = 128

// Size is about what the value takes in memory, and its text on the wire.
func (v *Value) Size() int64 {
	size := ValueBytes + int64(len(v.Text)+len(v.Bytes))
	for i := range v.Array {
		size += v.Array[i].Size()
	}
	return size
}

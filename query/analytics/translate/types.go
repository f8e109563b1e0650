//go:build cgo

package translate

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// OIDs that pgwire has no need to name.
const (
	oidRecord       = 2249
	oidTime         = 1083
	oidTimetz       = 1266
	oidRegtype      = 2206
	oidRegproc      = 24
	oidRegnamespace = 4089
	oidRegrole      = 4096
	oidRegoper      = 2203
	oidRegprocedure = 2202
	oidRegoperator  = 2204
	oidCid          = 29
	oidAnyElement   = 2283
	oidAnyArray     = 2277
	oidAny          = 2276
	oidJSONPath     = 4072
	oidInt2Vector   = 22
	oidOidVector    = 30
	oidNodeTree     = 194
	oidACLItem      = 1033
	oidNameArray    = 1003
)

// typeNames maps what a query may write to OIDs; the keys are pg_type's names, which is
// what the grammar turns SQL's spellings into.
var typeNames = map[string]uint32{
	"bool": pgwire.OIDBool, "bytea": pgwire.OIDBytea, "char": pgwire.OIDChar, "name": pgwire.OIDName,
	"int8": pgwire.OIDInt8, "int2": pgwire.OIDInt2, "int4": pgwire.OIDInt4, "text": pgwire.OIDText,
	"oid": pgwire.OIDOid, "xid": pgwire.OIDXid, "json": pgwire.OIDJSON, "float4": pgwire.OIDFloat4,
	"float8": pgwire.OIDFloat8, "unknown": pgwire.OIDUnknown, "bpchar": pgwire.OIDBpchar, "varchar": pgwire.OIDVarchar,
	"date": pgwire.OIDDate, "time": oidTime, "timestamp": pgwire.OIDTimestamp, "timestamptz": pgwire.OIDTimestamptz,
	"timetz": oidTimetz, "interval": pgwire.OIDInterval, "numeric": pgwire.OIDNumeric, "uuid": pgwire.OIDUUID, "jsonb": pgwire.OIDJSONB,
	"regclass": pgwire.OIDRegclass, "regtype": oidRegtype, "regproc": oidRegproc, "regprocedure": oidRegprocedure,
	"regnamespace": oidRegnamespace, "regrole": oidRegrole, "regoper": oidRegoper, "regoperator": oidRegoperator, "cid": oidCid,
	"jsonpath": oidJSONPath, "int2vector": oidInt2Vector, "oidvector": oidOidVector, "pg_node_tree": oidNodeTree,
	"aclitem": oidACLItem, "record": oidRecord,
	// SQL's spellings, where a name is given in quotes or in text (regtype does the rest).
	"integer": pgwire.OIDInt4, "bigint": pgwire.OIDInt8, "smallint": pgwire.OIDInt2, "boolean": pgwire.OIDBool,
	"real": pgwire.OIDFloat4, "string": 0,
}

// arrays maps an element type to the type of its arrays.
var arrays = map[uint32]uint32{
	pgwire.OIDBool: 1000, pgwire.OIDBytea: 1001, pgwire.OIDChar: 1002, pgwire.OIDName: 1003, pgwire.OIDInt8: 1016,
	pgwire.OIDInt2: 1005, pgwire.OIDInt4: 1007, pgwire.OIDText: 1009, pgwire.OIDOid: 1028, pgwire.OIDXid: 1011,
	pgwire.OIDJSON: 199, pgwire.OIDFloat4: 1021, pgwire.OIDFloat8: 1022, pgwire.OIDBpchar: 1014, pgwire.OIDVarchar: 1015,
	pgwire.OIDDate: 1182, oidTime: 1183, pgwire.OIDTimestamp: 1115, pgwire.OIDTimestamptz: 1185, oidTimetz: 1270, pgwire.OIDInterval: 1187,
	pgwire.OIDNumeric: 1231, pgwire.OIDUUID: 2951, pgwire.OIDJSONB: 3807, pgwire.OIDRegclass: 2210, oidRegtype: 2211,
	oidACLItem: 1034, oidRecord: 2287, oidRegproc: 1008, oidInt2Vector: 1006, oidOidVector: 1013,
}

var elements = func() map[uint32]uint32 {
	m := map[uint32]uint32{oidInt2Vector: pgwire.OIDInt2, oidOidVector: pgwire.OIDOid}
	for e, a := range arrays {
		m[a] = e
	}
	return m
}()

// The categories of types, which decide what converts to what by itself.
const (
	catUnknown  = 'X'
	catBool     = 'B'
	catNumber   = 'N'
	catString   = 'S'
	catTime     = 'D'
	catInterval = 'T'
	catArray    = 'A'
	catOther    = 'U'
	catPseudo   = 'P'
)

func category(oid uint32) byte {
	switch oid {
	case pgwire.OIDUnknown:
		return catUnknown
	case pgwire.OIDBool:
		return catBool
	case pgwire.OIDInt2, pgwire.OIDInt4, pgwire.OIDInt8, pgwire.OIDNumeric, pgwire.OIDFloat4, pgwire.OIDFloat8,
		pgwire.OIDOid, pgwire.OIDRegclass, oidRegtype, oidRegproc, oidRegprocedure, oidRegnamespace, oidRegrole, oidRegoper, oidRegoperator:
		return catNumber
	case pgwire.OIDText, pgwire.OIDVarchar, pgwire.OIDBpchar, pgwire.OIDName, pgwire.OIDChar, oidNodeTree:
		return catString
	case pgwire.OIDDate, pgwire.OIDTimestamp, pgwire.OIDTimestamptz, oidTime, oidTimetz:
		return catTime
	case pgwire.OIDInterval:
		return catInterval
	case oidRecord:
		return catPseudo
	}
	if elements[oid] != 0 {
		return catArray
	}
	return catOther
}

func isText(oid uint32) bool { return category(oid) == catString }

func isInteger(oid uint32) bool {
	return oid == pgwire.OIDInt2 || oid == pgwire.OIDInt4 || oid == pgwire.OIDInt8
}

func isFloat(oid uint32) bool { return oid == pgwire.OIDFloat4 || oid == pgwire.OIDFloat8 }

// isNumber leaves out oid and its kin, which take part in no arithmetic.
func isNumber(oid uint32) bool {
	return isInteger(oid) || isFloat(oid) || oid == pgwire.OIDNumeric
}

// isReg tells of types that are numbers of catalog objects and print as names.
func isReg(oid uint32) bool {
	return oid != pgwire.OIDOid && category(oid) == catNumber && !isNumber(oid)
}

// rank orders numbers by what converts to what by itself.
func rank(oid uint32) int {
	switch oid {
	case pgwire.OIDInt2:
		return 1
	case pgwire.OIDInt4:
		return 2
	case pgwire.OIDInt8:
		return 3
	case pgwire.OIDNumeric:
		return 4
	case pgwire.OIDFloat4:
		return 5
	case pgwire.OIDFloat8:
		return 6
	}
	return 0
}

// textScale is the rep of a numeric that is held as text: its values' scales differ.
const textScale = -1

// maxScale bounds the scale of numerics held as DECIMAL, so that there is room for digits
// in front of the point.
const maxScale = 18

// Physical is the DuckDB type in which values of a type are held. scale is that of a
// numeric held as a decimal, -1 for one held as text.
func Physical(oid uint32, scale int) string {
	if e := elements[oid]; e != 0 {
		return Physical(e, textScale) + "[]"
	}
	switch oid {
	case pgwire.OIDBool:
		return "BOOLEAN"
	case pgwire.OIDInt2:
		return "SMALLINT"
	case pgwire.OIDInt4:
		return "INTEGER"
	case pgwire.OIDInt8, pgwire.OIDOid, pgwire.OIDXid, oidCid:
		return "BIGINT"
	case pgwire.OIDFloat4:
		return "FLOAT"
	case pgwire.OIDFloat8:
		return "DOUBLE"
	case pgwire.OIDNumeric:
		if scale >= 0 {
			return fmt.Sprintf("DECIMAL(38,%d)", scale)
		}
		return "VARCHAR"
	case pgwire.OIDBytea:
		return "BLOB"
	case pgwire.OIDUUID:
		return "UUID"
	case pgwire.OIDDate:
		return "DATE"
	case oidTime:
		return "TIME"
	case pgwire.OIDTimestamp, pgwire.OIDTimestamptz:
		return "TIMESTAMP"
	case pgwire.OIDInterval:
		return "INTERVAL"
	}
	if isReg(oid) {
		return "BIGINT"
	}
	return "VARCHAR"
}

// typeName is a type as messages show it.
func typeName(oid uint32) string {
	switch oid {
	case oidTime:
		return "time without time zone"
	case oidTimetz:
		return "time with time zone"
	case oidRecord:
		return "record"
	case oidRegtype:
		return "regtype"
	case oidRegproc:
		return "regproc"
	case oidRegnamespace:
		return "regnamespace"
	case oidRegrole:
		return "regrole"
	case oidCid:
		return "cid"
	case oidJSONPath:
		return "jsonpath"
	case oidInt2Vector:
		return "int2vector"
	case oidOidVector:
		return "oidvector"
	case oidNodeTree:
		return "pg_node_tree"
	case oidACLItem:
		return "aclitem"
	case oidRegprocedure:
		return "regprocedure"
	case oidRegoper:
		return "regoper"
	case oidRegoperator:
		return "regoperator"
	case oidAnyArray:
		return "anyarray"
	}
	if e := elements[oid]; e != 0 {
		return typeName(e) + "[]"
	}
	return pgwire.TypeName(oid)
}

// quote writes a string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// ident writes an identifier.
func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

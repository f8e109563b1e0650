//go:build cgo

package translate

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// OIDs that pgwire has no need to name.
const (
	oidTimetz       = 1266
	oidRegnamespace = 4089
	oidRegrole      = 4096
	oidRegoper      = 2203
	oidRegprocedure = 2202
	oidRegoperator  = 2204
	oidAnyElement   = 2283
	oidAnyArray     = 2277
	oidAny          = 2276
	oidNodeTree     = 194
	oidACLItem      = 1033
	oidInet         = 869
)

// typeNames maps what a query may write to OIDs; the keys are pg_type's names, which is
// what the grammar turns SQL's spellings into.
var typeNames = map[string]uint32{
	"bool": pgvalue.OIDBool, "bytea": pgvalue.OIDBytea, "char": pgvalue.OIDChar, "name": pgvalue.OIDName,
	"int8": pgvalue.OIDInt8, "int2": pgvalue.OIDInt2, "int4": pgvalue.OIDInt4, "text": pgvalue.OIDText,
	"oid": pgvalue.OIDOid, "xid": pgvalue.OIDXid, "json": pgvalue.OIDJSON, "float4": pgvalue.OIDFloat4,
	"float8": pgvalue.OIDFloat8, "unknown": pgvalue.OIDUnknown, "bpchar": pgvalue.OIDBpchar, "varchar": pgvalue.OIDVarchar,
	"date": pgvalue.OIDDate, "time": pgvalue.OIDTime, "timestamp": pgvalue.OIDTimestamp, "timestamptz": pgvalue.OIDTimestamptz,
	"timetz": oidTimetz, "interval": pgvalue.OIDInterval, "numeric": pgvalue.OIDNumeric, "uuid": pgvalue.OIDUUID, "jsonb": pgvalue.OIDJSONB,
	"regclass": pgvalue.OIDRegclass, "regtype": pgvalue.OIDRegtype, "regproc": pgvalue.OIDRegproc, "regprocedure": oidRegprocedure,
	"regnamespace": oidRegnamespace, "regrole": oidRegrole, "regoper": oidRegoper, "regoperator": oidRegoperator, "cid": pgvalue.OIDCid,
	"jsonpath": pgvalue.OIDJSONPath, "int2vector": pgvalue.OIDInt2Vector, "oidvector": pgvalue.OIDOidVector, "pg_node_tree": oidNodeTree,
	"aclitem": oidACLItem, "record": pgvalue.OIDRecord, "bit": pgvalue.OIDBit, "varbit": pgvalue.OIDVarbit,
	"pg_lsn": pgvalue.OIDPgLSN, "xid8": pgvalue.OIDXid8, "pg_snapshot": pgvalue.OIDPgSnapshot, "txid_snapshot": pgvalue.OIDTxidSnapshot,
	// SQL's spellings, where a name is given in quotes or in text (regtype does the rest).
	"integer": pgvalue.OIDInt4, "bigint": pgvalue.OIDInt8, "smallint": pgvalue.OIDInt2, "boolean": pgvalue.OIDBool,
	"real": pgvalue.OIDFloat4, "string": 0,
}

// arrays maps an element type to the type of its arrays.
var arrays = map[uint32]uint32{
	pgvalue.OIDBool: 1000, pgvalue.OIDBytea: 1001, pgvalue.OIDChar: 1002, pgvalue.OIDName: 1003, pgvalue.OIDInt8: 1016,
	pgvalue.OIDInt2: 1005, pgvalue.OIDInt4: 1007, pgvalue.OIDText: 1009, pgvalue.OIDOid: 1028, pgvalue.OIDXid: 1011,
	pgvalue.OIDJSON: 199, pgvalue.OIDFloat4: 1021, pgvalue.OIDFloat8: 1022, pgvalue.OIDBpchar: 1014, pgvalue.OIDVarchar: 1015,
	pgvalue.OIDDate: 1182, pgvalue.OIDTime: 1183, pgvalue.OIDTimestamp: 1115, pgvalue.OIDTimestamptz: 1185, oidTimetz: 1270, pgvalue.OIDInterval: 1187,
	pgvalue.OIDNumeric: 1231, pgvalue.OIDUUID: 2951, pgvalue.OIDJSONB: 3807, pgvalue.OIDRegclass: 2210, pgvalue.OIDRegtype: 2211,
	pgvalue.OIDBit: 1561, pgvalue.OIDVarbit: 1563, oidACLItem: 1034, pgvalue.OIDRecord: 2287, pgvalue.OIDRegproc: 1008, pgvalue.OIDInt2Vector: 1006, pgvalue.OIDOidVector: 1013,
	pgvalue.OIDPgLSN: 3221, pgvalue.OIDXid8: 271, pgvalue.OIDPgSnapshot: 5039, pgvalue.OIDTxidSnapshot: 2949,
}

var elements = func() map[uint32]uint32 {
	m := map[uint32]uint32{pgvalue.OIDInt2Vector: pgvalue.OIDInt2, pgvalue.OIDOidVector: pgvalue.OIDOid}
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
	catBits     = 'V'
	catOther    = 'U'
	catPseudo   = 'P'
)

func category(oid uint32) byte {
	switch oid {
	case pgvalue.OIDUnknown:
		return catUnknown
	case pgvalue.OIDBool:
		return catBool
	case pgvalue.OIDInt2, pgvalue.OIDInt4, pgvalue.OIDInt8, pgvalue.OIDNumeric, pgvalue.OIDFloat4, pgvalue.OIDFloat8,
		pgvalue.OIDOid, pgvalue.OIDRegclass, pgvalue.OIDRegtype, pgvalue.OIDRegproc, oidRegprocedure, oidRegnamespace, oidRegrole, oidRegoper, oidRegoperator:
		return catNumber
	case pgvalue.OIDText, pgvalue.OIDVarchar, pgvalue.OIDBpchar, pgvalue.OIDName, pgvalue.OIDChar, oidNodeTree:
		return catString
	case pgvalue.OIDDate, pgvalue.OIDTimestamp, pgvalue.OIDTimestamptz, pgvalue.OIDTime, oidTimetz:
		return catTime
	case pgvalue.OIDInterval:
		return catInterval
	case pgvalue.OIDRecord:
		return catPseudo
	case pgvalue.OIDBit, pgvalue.OIDVarbit:
		return catBits
	}
	if elements[oid] != 0 {
		return catArray
	}
	return catOther
}

func isText(oid uint32) bool { return category(oid) == catString }

func isInteger(oid uint32) bool {
	return oid == pgvalue.OIDInt2 || oid == pgvalue.OIDInt4 || oid == pgvalue.OIDInt8
}

func isFloat(oid uint32) bool { return oid == pgvalue.OIDFloat4 || oid == pgvalue.OIDFloat8 }

// isNumber leaves out oid and its kin, which take part in no arithmetic.
func isNumber(oid uint32) bool {
	return isInteger(oid) || isFloat(oid) || oid == pgvalue.OIDNumeric
}

// isReg tells of types that are numbers of catalog objects and print as names.
func isReg(oid uint32) bool {
	return oid != pgvalue.OIDOid && category(oid) == catNumber && !isNumber(oid)
}

// rank orders numbers by what converts to what by itself.
func rank(oid uint32) int {
	switch oid {
	case pgvalue.OIDInt2:
		return 1
	case pgvalue.OIDInt4:
		return 2
	case pgvalue.OIDInt8:
		return 3
	case pgvalue.OIDNumeric:
		return 4
	case pgvalue.OIDFloat4:
		return 5
	case pgvalue.OIDFloat8:
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
	case pgvalue.OIDBool:
		return "BOOLEAN"
	case pgvalue.OIDInt2:
		return "SMALLINT"
	case pgvalue.OIDInt4:
		return "INTEGER"
	case pgvalue.OIDInt8, pgvalue.OIDOid, pgvalue.OIDXid, pgvalue.OIDCid:
		return "BIGINT"
	case pgvalue.OIDPgLSN, pgvalue.OIDXid8:
		return "UBIGINT"
	case pgvalue.OIDFloat4:
		return "FLOAT"
	case pgvalue.OIDFloat8:
		return "DOUBLE"
	case pgvalue.OIDNumeric:
		if scale >= 0 {
			return fmt.Sprintf("DECIMAL(38,%d)", scale)
		}
		return "VARCHAR"
	case pgvalue.OIDBytea:
		return "BLOB"
	case pgvalue.OIDUUID:
		return "UUID"
	case pgvalue.OIDDate:
		return "DATE"
	case pgvalue.OIDTime:
		return "TIME"
	case pgvalue.OIDTimestamp, pgvalue.OIDTimestamptz:
		return "TIMESTAMP"
	case pgvalue.OIDInterval:
		return "INTERVAL"
	}
	if isReg(oid) {
		return "BIGINT"
	}
	return "VARCHAR"
}

// physical is the DuckDB type in which an expression is held, as a value of a type.
func (e *ex) physical(oid uint32) string {
	return Physical(oid, e.rep) + strings.Repeat("[]", max(e.dims-1, 0))
}

// typeName is a type as messages show it.
func typeName(oid uint32) string {
	switch oid {
	case pgvalue.OIDTime:
		return "time without time zone"
	case oidTimetz:
		return "time with time zone"
	case pgvalue.OIDRecord:
		return "record"
	case pgvalue.OIDRegtype:
		return "regtype"
	case pgvalue.OIDRegproc:
		return "regproc"
	case oidRegnamespace:
		return "regnamespace"
	case oidRegrole:
		return "regrole"
	case pgvalue.OIDCid:
		return "cid"
	case pgvalue.OIDJSONPath:
		return "jsonpath"
	case pgvalue.OIDInt2Vector:
		return "int2vector"
	case pgvalue.OIDOidVector:
		return "oidvector"
	case oidNodeTree:
		return "pg_node_tree"
	case oidACLItem:
		return "aclitem"
	case oidInet:
		return "inet"
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
	return pgvalue.TypeName(oid)
}

// quote writes a string literal: of words of this package, or when a statement is bound.
// While one is put together, what is not ours is held apart (see place.go).
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// ident writes an identifier.
func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

//go:build cgo

package duck

import (
	bindings "github.com/duckdb/duckdb-go-bindings"
)

// Kind is a physical type of DuckDB's.
type Kind uint8

// The kinds that are read and written.
const (
	Other Kind = iota
	Bool
	Int16
	Int32
	Int64
	Uint64
	HugeInt
	Float
	Double
	Decimal // Width and Scale; 128 bits wide where it is written
	Varchar
	Blob
	UUID
	Date      // days since 1970
	Time      // µs of the day
	Timestamp // µs since 1970, in whatever zone the column means
	Interval
	List   // Child
	Struct // Fields
)

// Type is a column's type.
type Type struct {
	Kind         Kind
	Width, Scale uint8
	Child        *Type
	Fields       []*Type
	internal     Kind // of a decimal: how it is stored
}

var kinds = map[bindings.Type]Kind{
	bindings.TypeBoolean: Bool, bindings.TypeSmallInt: Int16, bindings.TypeInteger: Int32,
	bindings.TypeBigInt: Int64, bindings.TypeUBigInt: Uint64, bindings.TypeHugeInt: HugeInt, bindings.TypeFloat: Float,
	bindings.TypeDouble: Double, bindings.TypeDecimal: Decimal, bindings.TypeVarchar: Varchar,
	bindings.TypeBlob: Blob, bindings.TypeUUID: UUID, bindings.TypeDate: Date,
	bindings.TypeTime: Time, bindings.TypeTimestamp: Timestamp, bindings.TypeTimestampTZ: Timestamp,
	bindings.TypeInterval: Interval, bindings.TypeList: List, bindings.TypeStruct: Struct,
	bindings.TypeSQLNull: Int32,
}

func readType(l bindings.LogicalType) *Type {
	t := &Type{Kind: kinds[bindings.GetTypeId(l)]}
	switch t.Kind {
	case Decimal:
		t.Width, t.Scale = bindings.DecimalWidth(l), bindings.DecimalScale(l)
		t.internal = kinds[bindings.DecimalInternalType(l)]
	case List:
		child := bindings.ListTypeChildType(l)
		t.Child = readType(child)
		bindings.DestroyLogicalType(&child)
	case Struct:
		for i := range bindings.StructTypeChildCount(l) {
			child := bindings.StructTypeChildType(l, i)
			t.Fields = append(t.Fields, readType(child))
			bindings.DestroyLogicalType(&child)
		}
	}
	return t
}

// logical makes DuckDB's own description of a type, which the caller destroys.
func (t *Type) logical() bindings.LogicalType {
	switch t.Kind {
	case Decimal:
		return bindings.CreateDecimalType(t.Width, t.Scale)
	case List:
		child := t.Child.logical()
		defer bindings.DestroyLogicalType(&child)
		return bindings.CreateListType(child)
	case Timestamp:
		return bindings.CreateLogicalType(bindings.TypeTimestamp)
	}
	for id, kind := range kinds {
		if kind == t.Kind && id != bindings.TypeSQLNull {
			return bindings.CreateLogicalType(id)
		}
	}
	return bindings.CreateLogicalType(bindings.TypeVarchar)
}

// Simple types, for signatures.
var (
	TBool      = &Type{Kind: Bool}
	TInt16     = &Type{Kind: Int16}
	TInt32     = &Type{Kind: Int32}
	TInt64     = &Type{Kind: Int64}
	TUint64    = &Type{Kind: Uint64}
	THugeInt   = &Type{Kind: HugeInt}
	TFloat     = &Type{Kind: Float}
	TDouble    = &Type{Kind: Double}
	TVarchar   = &Type{Kind: Varchar}
	TBlob      = &Type{Kind: Blob}
	TUUID      = &Type{Kind: UUID}
	TDate      = &Type{Kind: Date}
	TTime      = &Type{Kind: Time}
	TTimestamp = &Type{Kind: Timestamp}
	TInterval  = &Type{Kind: Interval}
)

// ListOf is the type of lists of t.
func ListOf(t *Type) *Type { return &Type{Kind: List, Child: t} }

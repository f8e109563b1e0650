package catalog

import (
	"sync"

	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
)

// typeInfo is what the package itself needs to know of a type.
type typeInfo struct {
	oid, namespace uint32
	name           string
	length         int64
	byValue        bool
	kind, category string
	align, storage string
	element, array uint32
	subscript      uint32
	relation, base uint32
	collation      uint32
	typmod         int64
}

func newTypeInfo(t *Table, row []any) *typeInfo {
	number := func(name string) uint32 { return uint32(row[t.column(name)].(int64)) }
	text := func(name string) string { return row[t.column(name)].(string) }
	return &typeInfo{
		oid: number("oid"), namespace: number("typnamespace"), name: text("typname"),
		length: row[t.column("typlen")].(int64), byValue: row[t.column("typbyval")].(bool),
		kind: text("typtype"), category: text("typcategory"), align: text("typalign"), storage: text("typstorage"),
		element: number("typelem"), subscript: number("typsubscript"), array: number("typarray"), relation: number("typrelid"),
		base: number("typbasetype"), collation: number("typcollation"), typmod: row[t.column("typtypmod")].(int64),
	}
}

// typeIndex are the types that every database has, by OID, but row types.
var typeIndex = sync.OnceValue(func() map[uint32]*typeInfo {
	index := map[uint32]*typeInfo{}
	t := table("pg_type")
	for _, row := range fixed("pg_type") {
		typ := newTypeInfo(t, row)
		index[typ.oid] = typ
	}
	return index
})

// named is an object in a schema.
type named struct {
	oid, namespace uint32
	name           string
}

// function is what is needed to print a function's name, and to find it.
type function struct {
	named
	arguments []any
	row       []any
}

// operator is the same of an operator.
type operator struct {
	named
	left, right uint32
	code        uint32 // the function that computes it
}

// lookups are the ways to the objects of a catalog.
type lookups struct {
	classes   map[uint32]*class
	classOf   map[string][]*class
	types     map[uint32]*typeInfo
	typeOf    map[string][]*typeInfo
	functions map[uint32]*function
	procOf    map[string][]*function
	operators map[uint32]*operator
	operOf    map[string][]*operator
	schemas   map[uint32]string
	schemaOf  map[string]uint32
	keys      map[uint32]*key // by index and by constraint

	descriptions map[descriptionKey]string
	described    map[uint32]string // the same of objects, whatever they are
}

type class struct {
	named
	kind string
}

type descriptionKey struct {
	class, object uint32
	column        int
}

func newLookups(c *Catalog) *lookups {
	l := &lookups{
		classes: map[uint32]*class{}, classOf: map[string][]*class{},
		types: map[uint32]*typeInfo{}, typeOf: map[string][]*typeInfo{},
		functions: map[uint32]*function{}, procOf: map[string][]*function{},
		operators: map[uint32]*operator{}, operOf: map[string][]*operator{},
		schemas: map[uint32]string{}, schemaOf: map[string]uint32{},
		keys:         map[uint32]*key{},
		descriptions: map[descriptionKey]string{}, described: map[uint32]string{},
	}
	each := func(name string, do func(row []any, n named)) {
		t := table(name)
		rows := c.Rows(t)
		for _, row := range rows {
			n := named{oid: uint32(row[0].(int64)), name: row[1].(string)}
			if namespace, ok := row[2].(int64); ok {
				n.namespace = uint32(namespace)
			}
			do(row, n)
		}
	}
	kind := table("pg_class").column("relkind")
	each("pg_class", func(row []any, n named) {
		cl := &class{n, row[kind].(string)}
		l.classes[n.oid] = cl
		l.classOf[n.name] = append(l.classOf[n.name], cl)
	})
	typeTable := table("pg_type")
	each("pg_type", func(row []any, n named) {
		t := newTypeInfo(typeTable, row)
		l.types[n.oid] = t
		l.typeOf[n.name] = append(l.typeOf[n.name], t)
	})
	arguments := table("pg_proc").column("proargtypes")
	each("pg_proc", func(row []any, n named) {
		f := &function{n, row[arguments].([]any), row}
		l.functions[n.oid] = f
		l.procOf[n.name] = append(l.procOf[n.name], f)
	})
	left, right := table("pg_operator").column("oprleft"), table("pg_operator").column("oprright")
	code := table("pg_operator").column("oprcode")
	each("pg_operator", func(row []any, n named) {
		o := &operator{n, uint32(row[left].(int64)), uint32(row[right].(int64)), uint32(row[code].(int64))}
		l.operators[n.oid] = o
		l.operOf[n.name] = append(l.operOf[n.name], o)
	})
	for _, row := range c.namespaces() {
		oid, name := uint32(row[0].(int64)), row[1].(string)
		l.schemas[oid], l.schemaOf[name] = name, oid
	}
	for _, r := range c.relations {
		for i := range r.keys {
			l.keys[r.keys[i].oid], l.keys[r.keys[i].index] = &r.keys[i], &r.keys[i]
		}
	}
	for _, row := range c.descriptions() {
		k := descriptionKey{uint32(row[1].(int64)), uint32(row[0].(int64)), int(row[2].(int64))}
		l.descriptions[k] = row[3].(string)
		if k.column == 0 {
			l.described[k.object] = row[3].(string)
		}
	}
	return l
}

// schemaOID is the OID of a schema.
func schemaOID(name string) uint32 {
	if name == searchpath.MessageStore {
		return relation.MessageStoreOID
	}
	for _, row := range fixed("pg_namespace") {
		if row[1] == name {
			return uint32(row[0].(int64))
		}
	}
	panic("catalog: no schema " + name)
}

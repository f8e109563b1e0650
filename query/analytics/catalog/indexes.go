package catalog

import (
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
)

// PostgreSQL's own that indexes name.
const (
	amGIN         = 2742
	opclassText   = 3126
	opclassArrays = 10064 // of GIN
)

// index is an index that is no key's.
type index struct {
	oid        uint32
	name       string
	am, class  uint32
	column     int    // number, from 1
	expression string // which it is of, in place of the column alone
}

// indexesOf are those of a relation, whose OIDs follow those of its keys' indexes.
func indexesOf(r *relation.Relation) []index {
	var list []index
	for i, x := range r.Indexes {
		out := index{oid: oidEventsIndexes + uint32(len(r.Keys)+i), name: x.Name, am: amBtree, class: opclassText, column: x.Column + 1, expression: x.Expression}
		if r.Columns[x.Column].OID == pgvalue.OIDTextArray {
			out.am, out.class = amGIN, opclassArrays
		}
		list = append(list, out)
	}
	return list
}

func (c *Catalog) plainClasses(m *maker, r *publicRelation) {
	for _, x := range r.indexes {
		pages := btreeRelationPages
		if x.am == amGIN {
			pages = ginRelationPages
		}
		m.row("oid", x.oid, "relname", x.name, "relkind", "i", "relnatts", 1, "relam", x.am,
			"relfilenode", x.oid, "relpages", pages, "reltuples", 0.0)
	}
}

// plainAttributes adds the columns: all are of texts, since GIN keeps an array's elements.
func plainAttributes(add addAttribute, r *publicRelation) {
	for _, x := range r.indexes {
		name := r.Columns[x.column-1].Name
		if x.expression != "" {
			name = relation.CategoryFunction
		}
		add(x.oid, 1, name, pgvalue.OIDText, -1, 0)
	}
}

func (c *Catalog) plainIndexes(m *maker, r *publicRelation) {
	for _, x := range r.indexes {
		row := m.row("indexrelid", x.oid, "indrelid", r.OID, "indnatts", 1, "indnkeyatts", 1, "indisprimary", false, "indisunique", false,
			"indkey", numbers([]int{x.column}), "indcollation", oids([]uint32{collationDefault}), "indclass", oids([]uint32{x.class}), "indoption", numbers([]int{0}))
		if x.expression != "" {
			m.set(row, []any{"indkey", numbers([]int{0}), "indexprs", x.expression})
		}
	}
}

// indexOf returns the index with an OID, nil if it is none of these.
func (c *Catalog) indexOf(oid uint32) *index {
	for _, r := range c.relations {
		if i := slices.IndexFunc(r.indexes, func(x index) bool { return x.oid == oid }); i >= 0 {
			return &r.indexes[i]
		}
	}
	return nil
}

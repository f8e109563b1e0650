//go:build cgo

package translate

import "strings"

// imported is what a query takes into its FROM from the queries around it, as DuckDB does not
// let windows refer to those.
type imported struct {
	outer, table, name string
}

// takeIn makes a reference to an outer column one to a column of the query's own.
func (c *compiler) takeIn(e *ex) *ex {
	for _, m := range c.query.imported {
		if m.outer == e.sql {
			return takenIn(e, m)
		}
	}
	m := imported{outer: e.sql, table: c.fresh("t"), name: c.fresh("c")}
	c.query.imported = append(c.query.imported, m)
	return takenIn(e, m)
}

func takenIn(e *ex, m imported) *ex {
	e.sql, e.outer, e.taken, e.column = m.table+"."+m.name, false, true, nil
	return e
}

// withImported is FROM with what is taken in.
func (c *compiler) withImported(from string) string {
	var parts []string
	if from != "" {
		parts = append(parts, from)
	}
	for _, m := range c.query.imported {
		parts = append(parts, "LATERAL (SELECT "+m.outer+" AS "+m.name+") AS "+m.table)
	}
	return strings.Join(parts, ", ")
}

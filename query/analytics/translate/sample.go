//go:build cgo

package translate

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// sampleBlock is how many neighbours SYSTEM takes or leaves together, as PostgreSQL does a page.
const sampleBlock = "100"

// tableSample compiles TABLESAMPLE. Whether an event is in a sample follows from its position
// and the seed alone, so that REPEATABLE gives the same events also when there are more.
func (c *compiler) tableSample(x *pg.RangeTableSample) *fromItem {
	v := x.Relation.GetRangeVar()
	if v.Schemaname == "" && c.findCTE(v.Relname) != nil {
		c.sampleOf(v)
	}
	if rel, ok := c.options.Catalog.Relation(v.Schemaname, v.Relname); ok && (rel.View != "" || rel.Key == "") {
		c.sampleOf(v)
	}
	method := stringOf(x.Method[len(x.Method)-1])
	if method != "bernoulli" && method != "system" {
		c.failAt(x.Location, pgerror.UndefinedObject, "tablesample method %s does not exist", method)
	}
	if len(x.Args) != 1 {
		c.failAt(x.Location, pgerror.InvalidTablesampleArgument, "tablesample method %s requires 1 argument, not %d", method, len(x.Args))
	}
	items := c.scope.items
	c.scope.items = nil
	percent := c.coerce(c.expr(x.Args[0]), pgvalue.OIDFloat4, -1, assignment)
	seed := "(SELECT random())"
	if x.Repeatable != nil {
		e := c.coerce(c.expr(x.Repeatable), pgvalue.OIDFloat8, -1, assignment)
		seed = "(CASE WHEN " + e.sql + " IS NULL THEN error('" + marker(pgerror.InvalidTablesampleRepeat, "TABLESAMPLE REPEATABLE parameter cannot be null") + "') ELSE " + e.sql + " END)"
	}
	c.scope.items = items
	limit := "(CASE WHEN " + percent.sql + " IS NULL THEN error('" + marker(pgerror.InvalidTablesampleArgument, "TABLESAMPLE parameter cannot be null") + "') WHEN " +
		percent.sql + " BETWEEN 0 AND 100 THEN " + percent.sql + " ELSE error('" + marker(pgerror.InvalidTablesampleArgument, "sample percentage must be between 0 and 100") + "') END)"
	item := c.table(v)
	r := item.rels[0]
	name, t, _ := strings.Cut(r.key.sql, ".")
	key := t
	if method == "system" {
		key += " // " + sampleBlock
	}
	rel, _ := c.options.Catalog.Relation(v.Schemaname, v.Relname)
	// In units of a ten-thousandth of a percent.
	item.sql = "(SELECT * FROM " + c.place(rel) + " WHERE hash(" + key + ", " + seed + ") % 1000000 < " + limit + " * 10000) AS " + name
	return item
}

// sampleOf refuses to sample what is no table of events.
func (c *compiler) sampleOf(v *pg.RangeVar) {
	c.failAt(v.Location, pgerror.FeatureNotSupported, "TABLESAMPLE clause can only be applied to tables and materialized views")
}

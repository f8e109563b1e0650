//go:build cgo

package translate

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
)

// listOnly refuses what a list of expressions is not: the text was made by putting SELECT before a part of
// another statement, and nothing there may end the list and go on as a query. Aggregates and windows are
// refused by the clause, as PostgreSQL does.
func (c *compiler) listOnly(x *pg.SelectStmt) {
	returning := c.options.List == "RETURNING"
	own := x.FromClause
	if returning && len(own) == 1 && own[0].GetRangeVar().GetSchemaname() == analytics.InsertedSchema {
		own = nil // the relation of what was inserted, which stands behind the list
	}
	if x.Op != pg.SetOperation_SETOP_NONE || len(own) > 0 || x.WhereClause != nil || len(x.GroupClause) > 0 || x.HavingClause != nil ||
		len(x.WindowClause) > 0 || len(x.SortClause) > 0 || x.LimitCount != nil || x.LimitOffset != nil || len(x.DistinctClause) > 0 ||
		x.IntoClause != nil || len(x.LockingClause) > 0 || len(x.ValuesLists) > 0 {
		c.failAt(-1, pgerror.SyntaxError, "syntax error in the list of %s", c.options.List)
	}
	for _, n := range x.TargetList {
		if t := n.GetResTarget(); !returning && t != nil && t.Name != "" {
			c.failAt(t.Location, pgerror.SyntaxError, "syntax error at or near \"%s\"", t.Name)
		}
	}
	c.clause = c.options.List
}

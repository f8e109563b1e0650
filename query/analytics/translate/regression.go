//go:build cgo

package translate

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// regression is an aggregate over pairs of float8, of which those with a NULL do not count.
func regression(name string) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		if len(a.args) != 2 {
			return nil
		}
		y, x := c.tryCoerce(a.args[0], pgvalue.OIDFloat8, implicit), c.tryCoerce(a.args[1], pgvalue.OIDFloat8, implicit)
		if x == nil || y == nil {
			return nil
		}
		if name == "regr_count" {
			// Not DuckDB's own, which in a query that refers to the one around it is NULL where there are no rows.
			pair := "1"
			if a.distinct {
				pair = "row(" + y.sql + " + 0, " + x.sql + " + 0)" // so that -0 is 0
			}
			return a.result(c, a.of(c, "count", "(CASE WHEN "+y.sql+" IS NOT NULL AND "+x.sql+" IS NOT NULL THEN "+pair+" END)"), pgvalue.OIDInt8)
		}
		return a.result(c, a.of(c, "pg_"+name, y.sql, x.sql), pgvalue.OIDFloat8)
	}
}

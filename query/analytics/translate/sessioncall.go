//go:build cgo

package translate

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
)

// callElsewhere says where a function can stand that does something to its session.
func callElsewhere(e *pgerror.Error) *pgerror.Error {
	return e.WithDetail("What it does is done to the session, for each row as the row is sent: it can be a column of the outermost SELECT, by itself, without DISTINCT, GROUP BY and set operations.").
		WithHint("Call it in a statement of its own, or as such a column over a subquery.")
}

// sessionCall compiles a column of the whole statement that is a call of one of analytics.Calls: an array
// of its arguments' texts, with which the server calls it, row by row. nil if it is none. Anywhere else such
// a call is refused, as is every function without a translation.
func (c *compiler) sessionCall(b *body, n *pg.Node) *ex {
	x := n.GetFuncCall()
	if x == nil || x.Over != nil || x.AggFilter != nil || len(x.AggOrder) > 0 || x.AggDistinct || x.AggStar || x.AggWithinGroup || b.x != c.whole || len(b.x.DistinctClause) > 0 || len(b.x.GroupClause) > 0 {
		return nil
	}
	if call, args := c.messageEffect(x); call != nil {
		c.noOffset(b, call.Name, x.Location)
		return c.sessionForm(call, args, x.Location)
	}
	if len(x.Funcname) > 1 && stringOf(x.Funcname[0]) != "pg_catalog" {
		return nil
	}
	forms := analytics.Calls[stringOf(x.Funcname[len(x.Funcname)-1])]
	if forms == nil {
		return nil
	}
	c.noOffset(b, forms[0].Name, x.Location)
	name, args := forms[0].Name, c.exprs(x.Args)
	for i := range forms {
		f := &forms[i]
		if len(args) > len(f.Args) || len(args) < len(f.Args)-f.Optional {
			continue
		}
		return c.sessionForm(f, args, x.Location)
	}
	c.noForm(name, args, x.Location)
	return nil
}

// noOffset refuses a call beside OFFSET: PostgreSQL calls it for the rows that are passed over, too.
func (c *compiler) noOffset(b *body, name string, pos int32) {
	if o := b.x.LimitOffset; o != nil && o.GetAConst().GetIval().GetIval() != 0 {
		c.fail(c.at(pgerror.Errorf(pgerror.FeatureNotSupported, "function %s beside OFFSET is not supported", name), pos).
			WithHint("Select the rows in a subquery, which has the OFFSET."))
	}
}

// sessionForm is the column that stands for a call of a form.
func (c *compiler) sessionForm(f *analytics.Call, args []*ex, pos int32) *ex {
	texts := make([]string, len(args))
	coerced := make([]*ex, len(args))
	for k, a := range args {
		if coerced[k] = c.tryCoerce(a, f.Args[k], implicit); coerced[k] == nil {
			c.noForm(f.Name, args, pos)
		}
		texts[k] = c.text(coerced[k]).sql
	}
	e := c.make("pg_array_text("+cast("["+strings.Join(texts, ", ")+"]", "VARCHAR[]")+")", pgvalue.OIDText, coerced...)
	e.fallible, e.call = true, f
	return e
}

//go:build cgo

package translate

import (
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// expansion is a function in FROM that refers to what stands left of it. Instead of joining
// the two, which DuckDB does in an order of its own and with a table of the left side's
// values, the left side is selected with the function's columns beside it.
type expansion struct {
	columns []string // of the function, as SQL with names
	names   []string
	of      []*rtcol
	refers  []*rtcol // to columns of items beside it
}

// expansionOf notes what a function's columns are made of; nil if it refers to nothing beside
// it, or must be joined.
func (c *compiler) expansionOf(cols []*outcol, r *rte, names []string, ordinality bool) *expansion {
	x := &expansion{names: names, of: r.cols}
	var lengths []string
	for i, col := range cols {
		for _, v := range col.e.vars {
			x.refers = append(x.refers, v.source)
		}
		x.columns = append(x.columns, col.e.sql+" AS "+names[i])
		switch {
		case !col.e.set:
			lengths = append(lengths, "1")
		case col.e.list == "" && ordinality:
			return nil
		default:
			lengths = append(lengths, call("len", col.e.list))
		}
	}
	if len(x.refers) == 0 {
		return nil
	}
	if ordinality {
		longest := lengths[0]
		if len(lengths) > 1 {
			longest = call("greatest", lengths...)
		}
		x.columns = append(x.columns, cast("unnest(range(1, "+longest+" + 1))", Physical(pgvalue.OIDInt8, 0))+" AS "+names[len(cols)])
	}
	return x
}

// within tells whether all that it refers to is in items.
func (x *expansion) within(cols []*rtcol) bool {
	return !slices.ContainsFunc(x.refers, func(k *rtcol) bool { return !slices.Contains(cols, k) })
}

// expanded puts a function beside the items that it refers to, whose SQL is from; it returns
// that of both. There is none if it refers to others too.
func (c *compiler) expanded(x *expansion, items []*fromItem, from string) (sql string, ok bool) {
	if x == nil || len(items) == 0 {
		return "", false
	}
	cols, marks := columnsOf(items...)
	if !x.within(cols) {
		return "", false
	}
	t := c.fresh("t")
	n := c.rename(cols, marks)
	sql = "(SELECT " + n.selectList(c, strings.Join(x.columns, ", ")) + " FROM " + from + ") AS " + t
	n.seen(t)
	for i, k := range x.of {
		k.sql = t + "." + x.names[i]
	}
	return sql, true
}

// seriesSource is generate_series by itself in FROM, of values that nothing beside it has: rows that come as
// they are asked for, and no list of them all.
func (c *compiler) seriesSource(cols []*outcol, names []string) string {
	if len(cols) != 1 {
		return ""
	}
	e := cols[0].e
	if !e.series || len(e.vars) > 0 || e.sql != cast("unnest("+e.list+")", Physical(e.oid, 0)) {
		return ""
	}
	s, x := c.fresh("t"), c.fresh("c")
	return "SELECT " + cast(s+"."+x, Physical(e.oid, 0)) + " AS " + names[0] + " FROM " + e.list + " AS " + s + "(" + x + ")"
}

//go:build cgo

package translate

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

var windowFunctions = map[string]bool{
	"row_number": true, "rank": true, "dense_rank": true, "percent_rank": true, "cume_dist": true, "ntile": true,
	"lag": true, "lead": true, "first_value": true, "last_value": true, "nth_value": true,
}

// window is a named window.
type window struct {
	def *pg.WindowDef
}

func (c *compiler) namedWindows(list []*pg.Node) {
	if len(list) > 0 {
		c.query.windows = map[string]*window{}
	}
	for _, n := range list {
		d := n.GetWindowDef()
		if _, twice := c.query.windows[d.Name]; twice {
			c.failAt(d.Location, pgerror.WindowingError, "window \"%s\" is already defined", d.Name)
		}
		c.query.windows[d.Name] = &window{def: d}
	}
}

// overClause is OVER (…), for what DuckDB has and for our own aggregates.
type overClause struct {
	sql, own string
	parts    *ex // what it refers to
}

// wholePartition is a frame of every row, in words from which DuckDB does not see that it
// is. It computes an aggregate over a frame that it knows to be the partition with one state
// for a vector of rows, but what is registered through its C interface is called as if there
// were one a row, and would write to whatever lies behind the first. No partition has as
// many rows as this.
const wholePartition = "ROWS BETWEEN 1000000000000 PRECEDING AND 1000000000000 FOLLOWING"

// over writes OVER (…).
func (c *compiler) over(d *pg.WindowDef) overClause {
	if c.inWindow > 0 {
		c.failAt(d.Location, pgerror.WindowingError, "window function calls cannot be nested")
	}
	c.inWindow++
	defer func() { c.inWindow-- }()
	partition, order, frame := c.windowOf(d)
	var sql []string
	var parts []*ex
	if len(partition) > 0 {
		var keys []string
		for _, n := range partition {
			e := c.expr(n)
			parts = append(parts, e)
			keys = append(keys, c.key(e))
		}
		sql = append(sql, "PARTITION BY "+strings.Join(keys, ", "))
	}
	var sort []*sortKey
	if len(order) > 0 {
		var keys []string
		for _, n := range order {
			links := c.sublinks
			k := c.sortKey(n)
			if c.sublinks > links && frame.FrameOptions&frameRange != 0 && frame.FrameOptions&frameOffsets != 0 {
				c.unsupported(locate(n.GetSortBy().Node), "a RANGE frame with an offset in the order of a subquery") // DuckDB cannot copy it
			}
			if k.e.oid == pgvalue.OIDNumeric && frame.FrameOptions&frameRange != 0 && frame.FrameOptions&frameOffsets != 0 {
				k.e = c.rangeNumber(k.e)
			}
			sort = append(sort, k)
			parts = append(parts, k.e)
			by := c.sortBy(k.e, false)
			if k.e.literal {
				by = "(" + by + ")"
			}
			keys = append(keys, by+k.direction())
		}
		sql = append(sql, "ORDER BY "+strings.Join(keys, ", "))
	}
	f := c.frame(frame, sort, &parts)
	own := f
	if whole(frame.FrameOptions, len(sort) > 0) {
		own = wholePartition
	}
	if len(sql) == 0 {
		// Nor can they have the running form, for which DuckDB passes over the rows once.
		own = strings.Replace(own, "ROWS BETWEEN UNBOUNDED PRECEDING", "ROWS BETWEEN 1000000000000 PRECEDING", 1)
	}
	with := func(frame string) string {
		return " OVER (" + strings.TrimSpace(strings.Join(sql, " ")+" "+frame) + ")"
	}
	return overClause{sql: with(f), own: with(own), parts: c.make("", pgvalue.OIDText, parts...)}
}

// windowOf is what a window's definition says with those that it refers to.
func (c *compiler) windowOf(d *pg.WindowDef) (partition, order []*pg.Node, frame *pg.WindowDef) {
	partition, order, frame = d.PartitionClause, d.OrderClause, d
	name := d.Name
	if d.Refname != "" {
		name = d.Refname
	}
	for depth := 0; name != "" && depth < 32; depth++ {
		w := c.query.windows[name]
		if w == nil {
			c.failAt(d.Location, pgerror.UndefinedObject, "window \"%s\" does not exist", name)
		}
		if len(partition) == 0 {
			partition = w.def.PartitionClause
		}
		if len(order) == 0 {
			order = w.def.OrderClause
		}
		if d.Refname == "" && depth == 0 {
			frame = w.def
		}
		name = w.def.Refname
	}
	return partition, order, frame
}

// whole tells whether a frame is always the whole partition: a row's peers are all the rows
// where nothing orders them.
func whole(o int32, ordered bool) bool {
	const excludes = frameExcludeCurrent | frameExcludeGroup | frameExcludeTies
	if o&frameNonDefault == 0 {
		return !ordered
	}
	peers := o&frameRows == 0 && !ordered
	return o&excludes == 0 && (o&frameStartUnbounded != 0 || o&frameStartCurrent != 0 && peers) &&
		(o&frameEndUnbounded != 0 || o&frameEndCurrent != 0 && peers)
}

// Bits of a window definition's frame options, as PostgreSQL's parsenodes.h has them.
const (
	frameNonDefault     = 0x00001
	frameRange          = 0x00002
	frameRows           = 0x00004
	frameGroups         = 0x00008
	frameStartUnbounded = 0x00020
	frameEndUnbounded   = 0x00100
	frameStartCurrent   = 0x00200
	frameEndCurrent     = 0x00400
	frameStartPreceding = 0x00800
	frameEndPreceding   = 0x01000
	frameStartFollowing = 0x02000
	frameEndFollowing   = 0x04000
	frameExcludeCurrent = 0x08000
	frameExcludeGroup   = 0x10000
	frameExcludeTies    = 0x20000
	frameOffsets        = frameStartPreceding | frameEndPreceding | frameStartFollowing | frameEndFollowing
)

func (c *compiler) frame(d *pg.WindowDef, sort []*sortKey, parts *[]*ex) string {
	o := d.FrameOptions
	if o&frameNonDefault == 0 {
		return ""
	}
	unit := "RANGE"
	switch {
	case o&frameRows != 0:
		unit = "ROWS"
	case o&frameGroups != 0:
		unit = "GROUPS"
	}
	bound := func(n *pg.Node, which, word string) string {
		e := c.expr(n)
		written := n.GetAConst() != nil && n.GetAConst().GetIval() != nil && n.GetAConst().GetIval().Ival >= 0
		if len(e.vars) > 0 {
			c.failAt(e.pos, pgerror.InvalidColumnReference, "argument of %s must not contain variables", unit)
		}
		switch {
		case unit != "RANGE":
			e = c.coerce(e, pgvalue.OIDInt8, -1, implicit)
		case len(sort) != 1:
			c.failAt(d.Location, pgerror.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
		case category(sort[0].e.oid) == catTime || sort[0].e.oid == pgvalue.OIDInterval:
			e = c.coerce(e, pgvalue.OIDInterval, -1, implicit)
		case !isNumber(sort[0].e.oid):
			c.failAt(e.pos, pgerror.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", typeName(sort[0].e.oid))
		case sort[0].e.oid == pgvalue.OIDNumeric:
			e = c.rangeNumber(c.coerce(e, pgvalue.OIDNumeric, -1, implicit))
		default:
			e = c.coerce(e, sort[0].e.oid, -1, implicit)
		}
		*parts = append(*parts, e)
		if written {
			return e.sql + " " + word
		}
		return frameOffset(e, unit, which) + " " + word
	}
	start, end := "UNBOUNDED PRECEDING", "CURRENT ROW"
	switch {
	case o&frameStartCurrent != 0:
		start = "CURRENT ROW"
	case o&frameStartPreceding != 0:
		start = bound(d.StartOffset, "starting", "PRECEDING")
	case o&frameStartFollowing != 0:
		start = bound(d.StartOffset, "starting", "FOLLOWING")
	}
	switch {
	case o&frameEndUnbounded != 0:
		end = "UNBOUNDED FOLLOWING"
	case o&frameEndPreceding != 0:
		end = bound(d.EndOffset, "ending", "PRECEDING")
	case o&frameEndFollowing != 0:
		end = bound(d.EndOffset, "ending", "FOLLOWING")
	}
	out := unit + " BETWEEN " + start + " AND " + end
	switch {
	case o&frameExcludeCurrent != 0:
		out += " EXCLUDE CURRENT ROW"
	case o&frameExcludeGroup != 0:
		out += " EXCLUDE GROUP"
	case o&frameExcludeTies != 0:
		out += " EXCLUDE TIES"
	}
	return out
}

// frameOffset guards a frame's offset, of which PostgreSQL refuses null and what is negative.
func frameOffset(e *ex, unit, which string) string {
	negative, wrong := e.sql+" < 0", marker(pgerror.InvalidPrecedingOrFollowingSize, "frame "+which+" offset must not be negative")
	if unit == "RANGE" {
		wrong = marker(pgerror.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
	}
	if e.oid == pgvalue.OIDInterval {
		negative = call("pg_interval_micros", e.sql) + " < 0"
	}
	return "(CASE WHEN " + e.sql + " IS NULL THEN error('" + marker(pgerror.NullValueNotAllowed, "frame "+which+" offset must not be null") +
		"') WHEN " + negative + " THEN error('" + wrong + "') ELSE " + e.sql + " END)"
}

// rangeScale is the scale in which numerics are held that an offset is added to.
const rangeScale = 18

// rangeNumber makes a numeric be held so that DuckDB can add to it what a frame's offset is. A
// value that would not be the same is an error when it is met.
func (c *compiler) rangeNumber(e *ex) *ex {
	if e.rep >= 0 {
		return e
	}
	out := c.decimal(cast(call("pg_num_exactly", e.sql, strconv.Itoa(rangeScale)), Physical(pgvalue.OIDNumeric, rangeScale)), rangeScale, e)
	out.fallible, out.pos = true, e.pos
	return out
}

func (c *compiler) windowCall(x *pg.FuncCall, name string) *ex {
	if x.AggWithinGroup {
		c.unsupported(x.Location, "%s of a hypothetical row", name)
	}
	if x.Over == nil {
		c.failAt(x.Location, pgerror.WrongObjectType, "window function %s requires an OVER clause", name)
	}
	if c.clause != "" {
		c.failAt(x.Location, pgerror.WindowingError, "window functions are not allowed in %s", c.clause)
	}
	if x.AggDistinct {
		c.failAt(x.Location, pgerror.FeatureNotSupported, "DISTINCT is not implemented for window functions")
	}
	args := c.arguments(x)
	clause := c.over(x.Over)
	over := clause.sql
	all := append(append([]*ex{}, args...), clause.parts)
	out := func(sql string, oid uint32) *ex {
		e := c.make(sql+over, oid, all...)
		e.window = true
		return e.at(x.Location).named(name)
	}
	want := func(n ...int) {
		for _, k := range n {
			if len(args) == k {
				return
			}
		}
		c.noFunction(name, args, x.Location)
	}
	switch name {
	case "row_number", "rank", "dense_rank":
		want(0)
		return out(name+"()", pgvalue.OIDInt8)
	case "percent_rank", "cume_dist":
		want(0)
		return out(name+"()", pgvalue.OIDFloat8)
	case "ntile":
		want(1)
		if args[0].sql == "0" {
			c.fail(pgerror.Errorf(pgerror.InvalidArgumentForNtileFunction, "argument of ntile must be greater than zero"))
		}
		e := c.make(cast("ntile("+cast(c.coerce(args[0], pgvalue.OIDInt4, -1, implicit).sql, "BIGINT")+")"+over, "INTEGER"), pgvalue.OIDInt4, all...)
		e.window = true
		return e.at(x.Location).named(name)
	case "lag", "lead":
		want(1, 2, 3)
		return c.shifted(x, name, args, over, all)
	}
	v := args[0]
	if v.oid == pgvalue.OIDUnknown {
		v = c.coerce(v, pgvalue.OIDText, -1, implicit)
	}
	inner := v.sql
	switch name {
	case "first_value", "last_value":
		want(1)
	case "nth_value":
		want(2)
		n := c.coerce(args[1], pgvalue.OIDInt4, -1, implicit)
		if n.sql == "0" {
			c.fail(pgerror.Errorf(pgerror.InvalidArgumentForNthValueFunction, "argument of nth_value must be greater than zero"))
		}
		inner += ", " + cast(n.sql, "BIGINT")
	}
	e := out(name+"("+inner+")", v.oid)
	e.rep = v.rep
	return e
}

// shifted is lag and lead.
func (c *compiler) shifted(x *pg.FuncCall, name string, args []*ex, over string, all []*ex) *ex {
	values := []*ex{args[0]}
	if len(args) == 3 {
		values = append(values, args[2])
		if args[0].oid != args[2].oid && args[2].oid != pgvalue.OIDUnknown && !c.widens(args[2].oid, args[0].oid) && !c.widens(args[0].oid, args[2].oid) {
			c.noFunction(name, args, x.Location)
		}
	}
	values = c.unify(values, name)
	parts := []string{values[0].sql}
	if len(args) > 1 {
		parts = append(parts, cast(c.coerce(args[1], pgvalue.OIDInt4, -1, implicit).sql, "BIGINT"))
	}
	if len(args) > 2 {
		parts = append(parts, values[1].sql)
	}
	e := c.make(name+"("+strings.Join(parts, ", ")+")"+over, values[0].oid, append(all, values...)...)
	e.window, e.rep = true, values[0].rep
	return e.at(x.Location).named(name)
}

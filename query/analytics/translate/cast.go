//go:build cgo

package translate

import (
	"fmt"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// context is how far a conversion may go.
type context uint8

const (
	implicit context = iota
	assignment
	explicit
)

// typeOf resolves a type's name to its OID and modifier.
func (c *compiler) typeOf(t *pg.TypeName) (oid uint32, mod int32) {
	name := stringOf(t.Names[len(t.Names)-1])
	if len(t.Names) > 1 {
		schema := stringOf(t.Names[0])
		if d, ok := domains[name]; ok && schema == "information_schema" {
			if len(t.ArrayBounds) > 0 {
				c.unsupported(t.Location, "type %s[]", name)
			}
			return d.oid, d.mod
		}
		if schema != "pg_catalog" {
			c.failAt(t.Location, "42704", "type \"%s.%s\" does not exist", schema, name)
		}
	}
	array := len(t.ArrayBounds) > 0
	if len(name) > 1 && name[0] == '_' && typeNames[name[1:]] != 0 {
		array, name = true, name[1:]
	}
	oid = typeNames[name]
	if oid == 0 && otherTypes[name] {
		c.unsupported(t.Location, "type %s", name)
	}
	if oid == 0 {
		full := name
		if array {
			full += "[]"
		}
		c.failAt(t.Location, "42704", "type \"%s\" does not exist", full)
	}
	mod = c.modifier(oid, t)
	if array {
		if arrays[oid] == 0 {
			c.unsupported(t.Location, "type %s[]", typeName(oid))
		}
		oid = arrays[oid]
	}
	return oid, mod
}

// domains are those of information_schema: the types that they are made of.
var domains = map[string]struct {
	oid uint32
	mod int32
}{
	"cardinal_number": {pgwire.OIDInt4, -1}, "character_data": {pgwire.OIDVarchar, -1}, "sql_identifier": {pgwire.OIDName, -1},
	"time_stamp": {pgwire.OIDTimestamptz, 2}, "yes_or_no": {pgwire.OIDVarchar, 7},
}

// otherTypes are PostgreSQL's that have no translation.
var otherTypes = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`money inet cidr macaddr macaddr8 point line lseg box path polygon circle bit varbit tsvector
		tsquery xml pg_lsn pg_snapshot txid_snapshot int4range int8range numrange tsrange tstzrange daterange int4multirange
		int8multirange nummultirange tsmultirange tstzmultirange datemultirange tid regconfig regdictionary regcollation refcursor`) {
		m[n] = true
	}
	return m
}()

// modifier reads what stands in parentheses behind a type.
func (c *compiler) modifier(oid uint32, t *pg.TypeName) int32 {
	var n []int32
	for _, m := range t.Typmods {
		k := m.GetAConst()
		if k == nil || k.GetIval() == nil && k.Isnull {
			c.failAt(t.Location, "42601", "type modifiers must be simple constants or identifiers")
		}
		n = append(n, k.GetIval().GetIval())
	}
	switch {
	case len(n) == 0:
		return -1
	case oid == pgwire.OIDNumeric:
		scale := int32(0)
		if len(n) > 1 {
			scale = n[1]
		}
		if n[0] < 1 || n[0] > 1000 {
			c.failAt(t.Location, "22023", "NUMERIC precision %d must be between 1 and 1000", n[0])
		}
		if scale < -1000 || scale > 1000 {
			c.failAt(t.Location, "22023", "NUMERIC scale %d must be between -1000 and 1000", scale)
		}
		return (n[0]<<16 | scale&0x7ff) + 4
	case oid == pgwire.OIDVarchar || oid == pgwire.OIDBpchar:
		if n[0] < 1 {
			c.failAt(t.Location, "22023", "length for type %s must be at least 1", map[bool]string{true: "varchar", false: "char"}[oid == pgwire.OIDVarchar])
		}
		return n[0] + 4
	case category(oid) == catTime && oid != pgwire.OIDDate:
		return n[0]
	case oid == pgwire.OIDInterval:
		fields, precision := n[0], int32(0xffff)
		if len(n) > 1 {
			precision = n[1]
		}
		return fields<<16 | precision
	}
	c.failAt(t.Location, "42601", "type modifier is not allowed for type \"%s\"", typeName(oid))
	return -1
}

// intervalFields are those that an interval's type modifier restricts it to.
func intervalFields(mod int32) pgfn.IntervalFields {
	if mod < 0 {
		return pgfn.AllFields
	}
	return pgfn.IntervalFields(mod >> 16)
}

func (c *compiler) typeCast(x *pg.TypeCast) *ex {
	oid, mod := c.typeOf(x.TypeName)
	if a := x.Arg.GetAArrayExpr(); a != nil && elements[oid] != 0 {
		return c.coerce(c.arrayExpr(a, oid), oid, mod, explicit).named("array")
	}
	e := c.expr(x.Arg)
	name := e.name
	if name == "" {
		name = stringOf(x.TypeName.Names[len(x.TypeName.Names)-1])
	}
	if x.Location >= 0 && e.param == 0 && e.oid != pgwire.OIDUnknown && c.convert(e, oid, explicit) == nil {
		c.failAt(x.Location, "42846", "cannot cast type %s to %s", typeName(e.oid), typeName(oid))
	}
	out := *c.coerce(e, oid, mod, explicit)
	if out.sql == e.sql && out.oid != e.oid {
		out.column = nil
	}
	out.pos = locate(x.Arg)
	if x.Location >= 0 && (out.pos < 0 || x.Location < out.pos) && x.Arg.GetAConst() == nil {
		out.pos = x.Location
	}
	return out.named(name)
}

// coerce converts an expression to a type, or fails as PostgreSQL does.
func (c *compiler) coerce(e *ex, oid uint32, mod int32, how context) *ex {
	if e.param > 0 {
		c.setParam(e.param, oid)
		out := *e
		out.oid, out.param, out.rep = oid, 0, textScale
		return c.modified(&out, mod, how)
	}
	if e.oid == pgwire.OIDUnknown {
		if e.null {
			out := *e
			out.oid, out.mod, out.sql = oid, mod, cast("NULL", Physical(oid, textScale))
			return &out
		}
		if e.literal {
			return c.modified(c.parseLiteral(e.text, oid, mod, e.pos), mod, how)
		}
		e = c.make(e.sql, pgwire.OIDText, e)
	}
	out := c.convert(e, oid, how)
	if out == nil {
		c.failAt(e.pos, "42846", "cannot cast type %s to %s", typeName(e.oid), typeName(oid))
	}
	if out.pos < 0 {
		out.pos = e.pos
	}
	return c.modified(out, mod, how)
}

// tryCoerce is coerce where a conversion may not be possible.
func (c *compiler) tryCoerce(e *ex, oid uint32, how context) *ex {
	if e.param > 0 || e.oid == pgwire.OIDUnknown {
		return c.coerce(e, oid, -1, how)
	}
	return c.convert(e, oid, how)
}

// modified applies a type modifier.
func (c *compiler) modified(e *ex, mod int32, how context) *ex {
	if mod < 0 {
		return e
	}
	out := e
	switch e.oid {
	case pgwire.OIDNumeric:
		precision, scale := int((mod-4)>>16), int(((mod-4)&0x7ff^1024)-1024)
		sql := call("pg_num_fit", numericText(e), strconv.Itoa(precision), strconv.Itoa(scale))
		if precision <= 38 && scale >= 0 && scale <= maxScale {
			out = c.decimal(cast(sql, fmt.Sprintf("DECIMAL(38,%d)", scale)), scale, e)
		} else {
			out = c.make(sql, e.oid, e)
		}
		out.fallible = true
	case pgwire.OIDVarchar, pgwire.OIDBpchar:
		n := strconv.Itoa(int(mod - 4))
		sql := fmt.Sprintf("substring(%s, 1, %s)", e.sql, n)
		if e.oid == pgwire.OIDBpchar {
			sql = call("pg_rpad", sql, n)
		}
		out = c.make(sql, e.oid, e)
	case pgwire.OIDTimestamp, pgwire.OIDTimestamptz:
		out = c.make(call("pg_round_time", e.sql, strconv.Itoa(int(mod))), e.oid, e)
	case oidTime:
		out = c.make(call("pg_round_clock", e.sql, strconv.Itoa(int(mod))), e.oid, e)
	case pgwire.OIDInterval:
		copied := *e
		out = &copied
		if precision := mod & 0xffff; precision <= 6 || intervalFields(mod) != pgfn.AllFields {
			out = c.make(call("pg_fit_interval", e.sql, strconv.Itoa(int(intervalFields(mod))), strconv.Itoa(int(precision))), e.oid, e)
		}
	default:
		return e
	}
	out.mod, out.pos, out.name = mod, e.pos, e.name
	return out
}

// toLocal and fromLocal convert between UTC and the session's zone.
func (c *compiler) toLocal(sql string) string {
	return call("pg_to_local", sql, placeholder("zone"))
}

func (c *compiler) fromLocal(sql string) string {
	return call("pg_from_local", sql, placeholder("zone"))
}

// convert writes a conversion; nil if there is none that may be made.
func (c *compiler) convert(e *ex, to uint32, how context) *ex {
	from := e.oid
	if from == to {
		return e
	}
	out := func(sql string) *ex {
		x := c.make(sql, to, e)
		x.pos = e.pos
		return x
	}
	fallible := func(sql string) *ex {
		x := out(sql)
		x.fallible = true
		return x
	}
	switch {
	case isText(from) && isText(to):
		switch {
		case to == pgwire.OIDChar && how == explicit:
			return out("substring(" + e.sql + ", 1, 1)")
		case from == pgwire.OIDBpchar:
			return out("rtrim(" + e.sql + ", ' ')")
		case to == pgwire.OIDName:
			return out(call("pg_name", e.sql))
		}
		return out(e.sql)
	case isNumber(from) && isNumber(to):
		return c.convertNumber(e, to, how, out, fallible)
	case isText(to) && how >= assignment:
		t := c.text(e)
		t.oid = to
		return t
	case isText(from) && how == explicit:
		return c.fromText(e, to, fallible)
	}
	if x := c.convertTime(e, to, how, out); x != nil {
		return x
	}
	return c.convertOther(e, to, how, out, fallible)
}

func (c *compiler) convertNumber(e *ex, to uint32, how context, out, fallible func(string) *ex) *ex {
	from := e.oid
	if rank(from) > rank(to) && how == implicit && !(from == pgwire.OIDFloat8 && to == pgwire.OIDFloat8) {
		return nil
	}
	switch {
	case to == pgwire.OIDNumeric:
		x := c.asNumeric(e)
		x.pos = e.pos
		return x
	case from == pgwire.OIDNumeric && e.rep < 0:
		return fallible(call("pg_num_to_"+map[uint32]string{
			pgwire.OIDInt2: "int2", pgwire.OIDInt4: "int4", pgwire.OIDInt8: "int8", pgwire.OIDFloat4: "float4", pgwire.OIDFloat8: "float8",
		}[to], e.sql))
	case isFloat(from) && isInteger(to):
		return fallible(call("pg_float_to_"+map[uint32]string{pgwire.OIDInt2: "int2", pgwire.OIDInt4: "int4", pgwire.OIDInt8: "int8"}[to], cast(e.sql, "DOUBLE")))
	case rank(from) > rank(to):
		return fallible(cast(e.sql, Physical(to, 0)))
	}
	return out(cast(e.sql, Physical(to, 0)))
}

func (c *compiler) convertTime(e *ex, to uint32, how context, out func(string) *ex) *ex {
	switch {
	case e.oid == pgwire.OIDDate && to == pgwire.OIDTimestamp:
		return out(cast(e.sql, "TIMESTAMP"))
	case e.oid == pgwire.OIDDate && to == pgwire.OIDTimestamptz:
		return out(c.fromLocal(cast(e.sql, "TIMESTAMP")))
	case e.oid == pgwire.OIDTimestamp && to == pgwire.OIDTimestamptz:
		return out(c.fromLocal(e.sql))
	case how == implicit:
		return nil
	case e.oid == pgwire.OIDTimestamptz && to == pgwire.OIDTimestamp:
		return out(c.toLocal(e.sql))
	case e.oid == pgwire.OIDTimestamptz && to == pgwire.OIDDate:
		return out(cast(c.toLocal(e.sql), "DATE"))
	case e.oid == pgwire.OIDTimestamp && to == pgwire.OIDDate:
		return out(cast(e.sql, "DATE"))
	case e.oid == pgwire.OIDTimestamptz && to == oidTime:
		return out(cast(c.toLocal(e.sql), "TIME"))
	case e.oid == pgwire.OIDTimestamp && to == oidTime:
		return out(cast(e.sql, "TIME"))
	case e.oid == pgwire.OIDInterval && to == oidTime:
		return out(call("pg_interval_time", e.sql))
	case e.oid == oidTime && to == pgwire.OIDInterval:
		return out("to_microseconds(pg_time_micros(" + e.sql + "))")
	}
	return nil
}

func (c *compiler) convertOther(e *ex, to uint32, how context, out, fallible func(string) *ex) *ex {
	from := e.oid
	switch {
	case category(to) == catNumber && category(from) == catNumber: // oid and its kin
		switch {
		case from == pgwire.OIDOid || isReg(from):
			if to == pgwire.OIDInt4 && how >= assignment || to == pgwire.OIDInt8 && (how >= assignment || from == pgwire.OIDOid) || to == pgwire.OIDOid || from == pgwire.OIDOid && isReg(to) {
				return out(cast(e.sql, Physical(to, 0)))
			}
		case isInteger(from) && (to == pgwire.OIDOid || isReg(to)):
			return out(cast(e.sql, "BIGINT"))
		}
	case from == pgwire.OIDBool && to == pgwire.OIDInt4 && how == explicit:
		return out(cast(e.sql, "INTEGER"))
	case from == pgwire.OIDInt4 && to == pgwire.OIDBool && how == explicit:
		return out("(" + e.sql + " <> 0)")
	case from == pgwire.OIDJSON && to == pgwire.OIDJSONB && how >= assignment:
		return fallible(call("pg_jsonb", e.sql))
	case from == pgwire.OIDJSONB && to == pgwire.OIDJSON && how >= assignment:
		return out(e.sql)
	case from == pgwire.OIDJSONB && how == explicit && (isNumber(to) || to == pgwire.OIDBool):
		if to == pgwire.OIDBool {
			return fallible(call("pg_jsonb_to_bool", e.sql))
		}
		n := c.make(call("pg_jsonb_to_num", e.sql, quote(typeName(to))), pgwire.OIDNumeric, e)
		n.fallible = true
		return c.convert(n, to, explicit)
	case from == oidInt2Vector && to == arrays[pgwire.OIDInt2], from == oidOidVector && to == arrays[pgwire.OIDOid]:
		return out(e.sql)
	case to == oidJSONPath && isText(from):
		return out(e.sql)
	}
	if a, b := elements[from], elements[to]; a != 0 && b != 0 {
		item := &ex{sql: "x", oid: a, mod: -1, rep: textScale, pos: e.pos}
		inner := c.convert(item, b, how)
		if inner == nil {
			return nil
		}
		inner = c.asText(inner)
		x := out("list_transform(" + e.sql + ", lambda x: " + inner.sql + ")")
		if inner.sql == "x" {
			x.sql = e.sql
		}
		x.fallible = inner.fallible
		return x
	}
	return nil
}

// inputs are the functions that read a type's text.
var inputs = map[uint32]string{
	pgwire.OIDBool: "pg_in_bool", pgwire.OIDInt2: "pg_in_int2", pgwire.OIDInt4: "pg_in_int4", pgwire.OIDInt8: "pg_in_int8",
	pgwire.OIDFloat4: "pg_in_float4", pgwire.OIDFloat8: "pg_in_float8", pgwire.OIDUUID: "pg_in_uuid", pgwire.OIDDate: "pg_in_date",
	pgwire.OIDTimestamp: "pg_in_timestamp", pgwire.OIDInterval: "pg_in_interval", oidTime: "pg_in_time", pgwire.OIDBytea: "pg_in_bytea",
	pgwire.OIDJSON: "pg_in_json", pgwire.OIDJSONB: "pg_jsonb", pgwire.OIDOid: "pg_in_oid", pgwire.OIDNumeric: "pg_num",
	pgwire.OIDXid: "pg_in_oid",
}

// fromText reads a text that is not a literal.
func (c *compiler) fromText(e *ex, to uint32, fallible func(string) *ex) *ex {
	if f := inputs[to]; f != "" {
		out := fallible(call(f, e.sql))
		if to == pgwire.OIDNumeric {
			out.unread = e.sql
		}
		return out
	}
	switch {
	case to == pgwire.OIDTimestamptz:
		return fallible(call("pg_in_timestamptz", e.sql, placeholder("zone")))
	case to == oidRegrole:
		return fallible(call("pg_role_in", e.sql, placeholder("user")))
	case isReg(to):
		return fallible(call("pg_reg_in", e.sql, quote(strconv.FormatUint(uint64(to), 10))))
	case elements[to] != 0:
		items := call("pg_in_array", e.sql)
		item := &ex{sql: "x", oid: pgwire.OIDText, mod: -1, rep: textScale, pos: e.pos}
		inner := c.convert(item, elements[to], explicit)
		if inner == nil {
			return nil
		}
		if inner.sql == "x" {
			return fallible(items)
		}
		return fallible("list_transform(" + items + ", lambda x: " + inner.sql + ")")
	}
	switch to {
	case oidJSONPath, oidNodeTree, oidACLItem:
		return fallible(e.sql)
	}
	return nil
}

// text writes a value in its text form.
func (c *compiler) text(e *ex) *ex {
	out := func(sql string) *ex {
		x := c.make(sql, pgwire.OIDText, e)
		x.pos = e.pos
		return x
	}
	switch {
	case e.param > 0 || e.oid == pgwire.OIDUnknown:
		return c.coerce(e, pgwire.OIDText, -1, implicit)
	case isText(e.oid), e.oid == pgwire.OIDJSON, e.oid == pgwire.OIDJSONB, e.oid == oidJSONPath, e.oid == oidACLItem, e.oid == oidRecord:
		if e.oid == pgwire.OIDBpchar {
			return out("rtrim(" + e.sql + ", ' ')")
		}
		return out(e.sql)
	case e.oid == pgwire.OIDNumeric:
		return out(numericText(e))
	case isInteger(e.oid), e.oid == pgwire.OIDBool, e.oid == pgwire.OIDUUID, e.oid == pgwire.OIDOid, e.oid == pgwire.OIDXid, e.oid == oidCid:
		return out(cast(e.sql, "VARCHAR"))
	case isFloat(e.oid):
		return out(call("pg_float_text", cast(e.sql, "DOUBLE"), strconv.FormatBool(e.oid == pgwire.OIDFloat4)))
	case e.oid == pgwire.OIDTimestamptz:
		return out(call("pg_timestamptz_text", e.sql, placeholder("zone")))
	case e.oid == pgwire.OIDTimestamp:
		return out(call("pg_timestamp_text", e.sql))
	case e.oid == pgwire.OIDDate:
		return out(call("pg_date_text", e.sql))
	case e.oid == oidTime:
		return out(call("pg_time_text", e.sql))
	case e.oid == pgwire.OIDInterval:
		return out(call("pg_interval_text", e.sql))
	case e.oid == pgwire.OIDBytea:
		return out("('\\x' || lower(hex(" + e.sql + ")))")
	case e.oid == oidRegrole:
		return out(call("pg_role_out", e.sql, placeholder("user")))
	case isReg(e.oid):
		return out(call("pg_reg_out", e.sql, quote(strconv.FormatUint(uint64(e.oid), 10))))
	case elements[e.oid] != 0:
		item := c.text(&ex{sql: "x", oid: elements[e.oid], mod: -1, rep: textScale, pos: -1})
		list := e.sql
		if item.sql != "x" {
			list = "list_transform(" + e.sql + ", lambda x: " + item.sql + ")"
		}
		if e.oid == oidInt2Vector || e.oid == oidOidVector {
			return out("array_to_string(" + list + ", ' ')")
		}
		return out(call("pg_array_text", list))
	}
	c.unsupported(e.pos, "text of type %s", typeName(e.oid))
	return nil
}

// unify gives expressions their common type, as UNION, CASE and VALUES do.
func (c *compiler) unify(list []*ex, what string) []*ex {
	oid := c.commonType(list, what)
	out := make([]*ex, len(list))
	for i, e := range list {
		if oid == pgwire.OIDUnknown {
			out[i] = e
			if e.literal || e.param > 0 {
				out[i] = c.coerce(e, pgwire.OIDText, -1, implicit)
			}
			continue
		}
		x := c.tryCoerce(e, oid, implicit)
		if x == nil {
			c.failAt(e.pos, "42846", "%s could not convert type %s to %s", what, typeName(e.oid), typeName(oid))
		}
		out[i] = x
	}
	// Numerics of one scale stay decimals.
	if oid == pgwire.OIDNumeric {
		scale := commonScale(out)
		for i, e := range out {
			switch {
			case e.null && scale >= 0:
				out[i] = c.decimal(cast("NULL", Physical(oid, scale)), scale, e)
			case scale < 0:
				out[i] = c.asText(e)
			}
		}
	}
	return out
}

// commonScale is the scale that all numerics have, textScale if they have not the same.
func commonScale(list []*ex) int {
	scale, any := textScale, false
	for _, e := range list {
		switch {
		case e.null:
		case !any:
			scale, any = e.rep, true
		case e.rep != scale:
			return textScale
		}
	}
	return scale
}

// commonType follows PostgreSQL's select_common_type.
func (c *compiler) commonType(list []*ex, what string) uint32 {
	oid := uint32(pgwire.OIDUnknown)
	for _, e := range list {
		if e.oid == pgwire.OIDUnknown || e.oid == oid {
			continue
		}
		switch {
		case oid == pgwire.OIDUnknown:
			oid = e.oid
		case category(oid) != category(e.oid):
			c.failAt(e.pos, "42804", "%s types %s and %s cannot be matched", what, typeName(oid), typeName(e.oid))
		case prefers(oid):
		case c.widens(oid, e.oid) && !c.widens(e.oid, oid):
			oid = e.oid
		case !c.widens(e.oid, oid) && !c.widens(oid, e.oid):
			c.failAt(e.pos, "42804", "%s types %s and %s cannot be matched", what, typeName(oid), typeName(e.oid))
		}
	}
	return oid
}

// prefers tells whether a type is its category's preferred one.
func prefers(oid uint32) bool {
	switch oid {
	case pgwire.OIDFloat8, pgwire.OIDOid, pgwire.OIDText, pgwire.OIDTimestamptz, pgwire.OIDInterval, pgwire.OIDBool:
		return true
	}
	return false
}

// widens tells whether one type converts to another by itself.
func (c *compiler) widens(from, to uint32) bool {
	switch {
	case from == to:
		return true
	case isText(from) && isText(to):
		return to != pgwire.OIDChar
	case isNumber(from) && isNumber(to):
		return rank(from) < rank(to)
	case category(from) == catNumber && category(to) == catNumber:
		return (isInteger(from) || isReg(from)) && to == pgwire.OIDOid || (isInteger(from) || from == pgwire.OIDOid) && isReg(to)
	case from == pgwire.OIDDate:
		return to == pgwire.OIDTimestamp || to == pgwire.OIDTimestamptz
	case from == pgwire.OIDTimestamp:
		return to == pgwire.OIDTimestamptz
	case from == oidInt2Vector || from == oidOidVector:
		return to == arrays[elements[from]]
	case from == oidTime:
		return to == oidTimetz || to == pgwire.OIDInterval
	}
	return false
}

//go:build cgo

package translate

import (
	"fmt"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// context is how far a conversion may go.
type context uint8

const (
	implicit context = iota
	assignment
	explicit
)

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
	if x.Location >= 0 && e.param == 0 && e.oid != pgvalue.OIDUnknown && c.convert(e, oid, explicit) == nil {
		c.failAt(x.Location, pgerror.CannotCoerce, "cannot cast type %s to %s", typeName(e.oid), typeName(oid))
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
	if oid == oidTimetz || elements[oid] == oidTimetz {
		c.unsupported(e.pos, "type time with time zone")
	}
	if e.param > 0 {
		c.setParam(e.param, oid)
		out := *e
		out.oid, out.param, out.rep = oid, 0, textScale
		return c.modified(&out, mod, how)
	}
	if e.oid == pgvalue.OIDUnknown {
		if e.null {
			out := *e
			out.oid, out.mod, out.sql = oid, mod, cast("NULL", Physical(oid, textScale))
			return &out
		}
		if e.literal {
			return c.modified(c.parseLiteral(e.text, oid, mod, e.pos), mod, how)
		}
		e = c.make(e.sql, pgvalue.OIDText, e)
	}
	if oid == pgvalue.OIDBit && how == explicit && (e.oid == pgvalue.OIDInt4 || e.oid == pgvalue.OIDInt8) {
		return c.bitsOfInt(e, mod)
	}
	out := c.convert(e, oid, how)
	if out == nil {
		c.failAt(e.pos, pgerror.CannotCoerce, "cannot cast type %s to %s", typeName(e.oid), typeName(oid))
	}
	if out.pos < 0 {
		out.pos = e.pos
	}
	return c.modified(out, mod, how)
}

// tryCoerce is coerce where a conversion may not be possible.
func (c *compiler) tryCoerce(e *ex, oid uint32, how context) *ex {
	if e.param > 0 || e.oid == pgvalue.OIDUnknown {
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
	if elements[e.oid] != 0 && !e.null {
		return c.modifiedArray(e, mod, how)
	}
	switch e.oid {
	case pgvalue.OIDNumeric:
		precision, scale := int((mod-4)>>16), int(((mod-4)&0x7ff^1024)-1024)
		sql := call("pg_num_fit", numericText(e), strconv.Itoa(precision), strconv.Itoa(scale))
		if precision <= 38 && scale >= 0 && scale <= maxScale {
			out = c.sized(cast(sql, fmt.Sprintf("DECIMAL(38,%d)", scale)), scale, precision, e)
		} else {
			out = c.make(sql, e.oid, e)
		}
		out.fallible = true
	case pgvalue.OIDVarchar, pgvalue.OIDBpchar:
		n := strconv.Itoa(int(mod - 4))
		sql := fmt.Sprintf("substring(%s, 1, %s)", e.sql, n)
		if e.oid == pgvalue.OIDBpchar {
			sql = call("pg_rpad", sql, n)
		}
		out = c.make(sql, e.oid, e)
	case pgvalue.OIDBit, pgvalue.OIDVarbit:
		out = c.make(call("pg_bits_cut", e.sql, strconv.Itoa(int(mod)), strconv.FormatBool(e.oid == pgvalue.OIDVarbit)), e.oid, e)
	case pgvalue.OIDTimestamp, pgvalue.OIDTimestamptz:
		out = c.make(call("pg_round_time", e.sql, strconv.Itoa(int(mod))), e.oid, e)
	case pgvalue.OIDTime:
		out = c.make(call("pg_round_clock", e.sql, strconv.Itoa(int(mod))), e.oid, e)
	case pgvalue.OIDInterval:
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

// modifiedArray applies a type modifier to the elements of an array.
func (c *compiler) modifiedArray(e *ex, mod int32, how context) *ex {
	element := elements[e.oid]
	item := c.modified(&ex{sql: "x", oid: element, mod: -1, rep: textScale, pos: e.pos}, mod, how)
	if item.mod != mod {
		return e
	}
	item = c.asText(item)
	out := *e
	if e.dims > 1 {
		c.unsupported(e.pos, "a modifier of an array of several dimensions")
	}
	if item.sql != "x" {
		out = *c.make("list_transform("+e.sql+", lambda x: "+item.sql+")", e.oid, e)
		out.fallible = out.fallible || item.fallible
	}
	out.mod, out.pos, out.name = mod, e.pos, e.name
	return &out
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
	case isBits(from) && isBits(to):
		return out(e.sql)
	case from == pgvalue.OIDBit && how == explicit && (to == pgvalue.OIDInt4 || to == pgvalue.OIDInt8):
		return fallible(cast(call("pg_int_of_bits", e.sql, strconv.Itoa(int(pgvalue.TypeSize(to))*8)), Physical(to, 0)))
	case from == pgvalue.OIDChar && to == pgvalue.OIDInt4 && how == explicit:
		return out(call("pg_char_code", e.sql))
	case from == pgvalue.OIDInt4 && to == pgvalue.OIDChar && how == explicit:
		return fallible(call("pg_char_of", e.sql))
	case isText(from) && isText(to):
		switch {
		case to == pgvalue.OIDChar && how == explicit:
			return out(call("pg_char", e.sql))
		case from == pgvalue.OIDBpchar:
			return out("rtrim(" + e.sql + ", ' ')")
		case from == pgvalue.OIDChar && to == pgvalue.OIDBpchar:
			// PostgreSQL makes a text of one byte that is zero, which no text of ours holds.
			return fallible("(CASE WHEN " + e.sql + " = '' THEN error('" + marker(pgerror.FeatureNotSupported, "a \"char\" of no byte as character(n) is not supported") + "') ELSE " + e.sql + " END)")
		case to == pgvalue.OIDName:
			return out(call("pg_name", e.sql))
		}
		return out(e.sql)
	case isNumber(from) && isNumber(to):
		return c.convertNumber(e, to, how, out, fallible)
	case to == pgvalue.OIDChar:
		return nil
	case to == pgvalue.OIDName && how >= assignment: // by what a type's output is, as PostgreSQL has no cast
		return out(call("pg_name", c.output(e).sql))
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
	if rank(from) > rank(to) && how == implicit && !(from == pgvalue.OIDFloat8 && to == pgvalue.OIDFloat8) {
		return nil
	}
	switch {
	case to == pgvalue.OIDNumeric:
		x := c.asNumeric(e)
		x.pos = e.pos
		return x
	case from == pgvalue.OIDNumeric && e.rep < 0:
		return fallible(call("pg_num_to_"+map[uint32]string{
			pgvalue.OIDInt2: "int2", pgvalue.OIDInt4: "int4", pgvalue.OIDInt8: "int8", pgvalue.OIDFloat4: "float4", pgvalue.OIDFloat8: "float8",
		}[to], e.sql))
	case isFloat(from) && isInteger(to):
		return fallible(call("pg_float_to_"+map[uint32]string{pgvalue.OIDInt2: "int2", pgvalue.OIDInt4: "int4", pgvalue.OIDInt8: "int8"}[to], cast(e.sql, "DOUBLE")))
	case from == pgvalue.OIDFloat8 && to == pgvalue.OIDFloat4:
		return fallible(call("pg_float_to_float4", e.sql))
	case rank(from) > rank(to):
		return fallible(cast(e.sql, Physical(to, 0)))
	}
	return out(cast(e.sql, Physical(to, 0)))
}

func (c *compiler) convertTime(e *ex, to uint32, how context, out func(string) *ex) *ex {
	switch {
	case e.oid == pgvalue.OIDDate && to == pgvalue.OIDTimestamp:
		return out(cast(e.sql, "TIMESTAMP"))
	case e.oid == pgvalue.OIDDate && to == pgvalue.OIDTimestamptz:
		return out(c.fromLocal(cast(e.sql, "TIMESTAMP")))
	case e.oid == pgvalue.OIDTimestamp && to == pgvalue.OIDTimestamptz:
		return out(c.fromLocal(e.sql))
	case e.oid == pgvalue.OIDTime && to == pgvalue.OIDInterval:
		return out("to_microseconds(pg_time_micros(" + e.sql + "))")
	case how == implicit:
		return nil
	case e.oid == pgvalue.OIDTimestamptz && to == pgvalue.OIDTimestamp:
		return out(c.toLocal(e.sql))
	case e.oid == pgvalue.OIDTimestamptz && to == pgvalue.OIDDate:
		return out(cast(c.toLocal(e.sql), "DATE"))
	case e.oid == pgvalue.OIDTimestamp && to == pgvalue.OIDDate:
		return out(cast(e.sql, "DATE"))
	case (e.oid == pgvalue.OIDTimestamptz || e.oid == pgvalue.OIDTimestamp) && to == pgvalue.OIDTime:
		local := e.sql
		if e.oid == pgvalue.OIDTimestamptz {
			local = c.toLocal(e.sql)
		}
		return out("(CASE WHEN NOT isinf(" + local + ") THEN " + cast(local, "TIME") + " END)")
	case e.oid == pgvalue.OIDInterval && to == pgvalue.OIDTime:
		return out(call("pg_interval_time", e.sql))
	}
	return nil
}

func (c *compiler) convertOther(e *ex, to uint32, how context, out, fallible func(string) *ex) *ex {
	from := e.oid
	switch {
	case category(to) == catNumber && category(from) == catNumber: // oid and its kin
		switch {
		case from == pgvalue.OIDOid || isReg(from):
			if to == pgvalue.OIDInt4 && how >= assignment { // the same 32 bits
				return out(cast("CASE WHEN "+e.sql+" > 2147483647 THEN "+e.sql+" - 4294967296 ELSE "+e.sql+" END", "INTEGER"))
			}
			if to == pgvalue.OIDInt8 && (how >= assignment || from == pgvalue.OIDOid) || to == pgvalue.OIDOid || from == pgvalue.OIDOid && isReg(to) {
				return out(cast(e.sql, Physical(to, 0)))
			}
		case from == pgvalue.OIDInt8 && (to == pgvalue.OIDOid || isReg(to)):
			return fallible(call("pg_oid", e.sql))
		case isInteger(from) && (to == pgvalue.OIDOid || isReg(to)):
			return out("(" + cast(e.sql, "BIGINT") + " & 4294967295)")
		}
	case to == pgvalue.OIDBit && how == explicit && (from == pgvalue.OIDInt4 || from == pgvalue.OIDInt8):
		return c.bitsOfInt(e, 1)
	case from == pgvalue.OIDBool && to == pgvalue.OIDInt4 && how == explicit:
		return out(cast(e.sql, "INTEGER"))
	case from == pgvalue.OIDInt4 && to == pgvalue.OIDBool && how == explicit:
		return out("(" + e.sql + " <> 0)")
	case from == pgvalue.OIDJSON && to == pgvalue.OIDJSONB && how >= assignment:
		return fallible(call("pg_jsonb", e.sql))
	case from == pgvalue.OIDJSONB && to == pgvalue.OIDJSON && how >= assignment:
		return out(e.sql)
	case from == pgvalue.OIDJSONB && how == explicit && (isNumber(to) || to == pgvalue.OIDBool):
		if to == pgvalue.OIDBool {
			return fallible(call("pg_jsonb_to_bool", e.sql))
		}
		n := c.make(call("pg_jsonb_to_num", e.sql, quote(typeName(to))), pgvalue.OIDNumeric, e)
		n.fallible = true
		return c.convert(n, to, explicit)
	case from == pgvalue.OIDXid8 && to == pgvalue.OIDXid && how == explicit:
		return out(cast("("+e.sql+" & 4294967295)", "BIGINT"))
	case from == pgvalue.OIDInt2Vector && to == arrays[pgvalue.OIDInt2], from == pgvalue.OIDOidVector && to == arrays[pgvalue.OIDOid]:
		return out(e.sql)
	case to == pgvalue.OIDJSONPath && isText(from):
		return fallible(call("pg_in_jsonpath", e.sql))
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
	pgvalue.OIDBool: "pg_in_bool", pgvalue.OIDInt2: "pg_in_int2", pgvalue.OIDInt4: "pg_in_int4", pgvalue.OIDInt8: "pg_in_int8",
	pgvalue.OIDFloat4: "pg_in_float4", pgvalue.OIDFloat8: "pg_in_float8", pgvalue.OIDUUID: "pg_in_uuid", pgvalue.OIDDate: "pg_in_date",
	pgvalue.OIDTimestamp: "pg_in_timestamp", pgvalue.OIDInterval: "pg_in_interval", pgvalue.OIDTime: "pg_in_time", pgvalue.OIDBytea: "pg_in_bytea",
	pgvalue.OIDJSON: "pg_in_json", pgvalue.OIDJSONB: "pg_jsonb", pgvalue.OIDOid: "pg_in_oid", pgvalue.OIDNumeric: "pg_num",
	pgvalue.OIDXid: "pg_in_xid", pgvalue.OIDCid: "pg_in_xid", pgvalue.OIDBit: "pg_in_bits", pgvalue.OIDVarbit: "pg_in_bits", pgvalue.OIDJSONPath: "pg_in_jsonpath",
	pgvalue.OIDPgLSN: "pg_in_lsn", pgvalue.OIDXid8: "pg_in_xid8", pgvalue.OIDPgSnapshot: "pg_in_snapshot", pgvalue.OIDTxidSnapshot: "pg_in_snapshot",
}

// styledInputs are the types whose text is read by DateStyle or IntervalStyle.
var styledInputs = map[uint32]bool{pgvalue.OIDDate: true, pgvalue.OIDTimestamp: true, pgvalue.OIDInterval: true}

// styledText are the functions that write a type's text in the session's style.
var styledText = map[uint32]string{
	pgvalue.OIDFloat4: "pg_float4_styled", pgvalue.OIDFloat8: "pg_float8_styled", pgvalue.OIDTimestamp: "pg_timestamp_styled",
	pgvalue.OIDDate: "pg_date_styled", pgvalue.OIDInterval: "pg_interval_styled", pgvalue.OIDBytea: "pg_bytea_styled",
}

// fromText reads a text that is not a literal.
func (c *compiler) fromText(e *ex, to uint32, fallible func(string) *ex) *ex {
	if f := inputs[to]; f != "" {
		args := []string{e.sql}
		if styledInputs[to] && c.options.Style != (pgvalue.Style{}) {
			f, args = f+"_styled", append(args, placeholder("zone"))
		}
		out := c.computed(fallible(call(f, args...)))
		if to == pgvalue.OIDNumeric {
			out.unread = e.sql
		}
		return out
	}
	switch {
	case to == pgvalue.OIDTimestamptz:
		return fallible(call("pg_in_timestamptz", e.sql, placeholder("zone")))
	case to == oidRegrole:
		return fallible(call("pg_role_in", e.sql, placeholder("user")))
	case isReg(to):
		return fallible(call("pg_reg_in", e.sql, quote(strconv.FormatUint(uint64(to), 10)), placeholder("path")))
	case elements[to] != 0:
		items := call("pg_in_array", e.sql)
		item := &ex{sql: "x", oid: pgvalue.OIDText, mod: -1, rep: textScale, pos: e.pos}
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
	case oidNodeTree, oidACLItem:
		return fallible(e.sql)
	}
	return nil
}

// output writes a value as its type's output function does, which a cast to text may not: a
// boolean is t or f, and a character(n) keeps its blanks.
func (c *compiler) output(e *ex) *ex {
	switch e.oid {
	case pgvalue.OIDBool:
		return c.make("(CASE WHEN "+e.sql+" THEN 't' WHEN NOT "+e.sql+" THEN 'f' END)", pgvalue.OIDText, e)
	case pgvalue.OIDBpchar:
		return c.make(e.sql, pgvalue.OIDText, e)
	}
	return c.text(e)
}

// text writes a value in its text form.
func (c *compiler) text(e *ex) *ex {
	out := func(sql string) *ex {
		x := c.make(sql, pgvalue.OIDText, e)
		x.pos = e.pos
		return x
	}
	if f := styledText[e.oid]; f != "" && c.options.Style != (pgvalue.Style{}) && e.param == 0 {
		sql := e.sql
		if isFloat(e.oid) {
			sql = cast(sql, "DOUBLE")
		}
		return out(call(f, sql, placeholder("zone")))
	}
	switch {
	case e.param > 0 || e.oid == pgvalue.OIDUnknown:
		return c.coerce(e, pgvalue.OIDText, -1, implicit)
	case isBits(e.oid):
		return out(e.sql)
	case e.oid == oidInet: // as text an address has the length of its network even if that is the address
		return out("(CASE WHEN contains(" + e.sql + ", '/') THEN " + e.sql + " WHEN contains(" + e.sql + ", ':') THEN " + e.sql + " || '/128' ELSE " + e.sql + " || '/32' END)")
	case isText(e.oid), e.oid == pgvalue.OIDJSON, e.oid == pgvalue.OIDJSONB, e.oid == pgvalue.OIDJSONPath, e.oid == oidACLItem, e.oid == pgvalue.OIDRecord:
		if e.oid == pgvalue.OIDBpchar {
			return out("rtrim(" + e.sql + ", ' ')")
		}
		return out(e.sql)
	case e.oid == pgvalue.OIDPgLSN:
		return out(call("pg_lsn_text", e.sql))
	case isSnapshot(e.oid):
		return out(e.sql)
	case e.oid == pgvalue.OIDNumeric:
		return out(numericText(e))
	case isInteger(e.oid), e.oid == pgvalue.OIDBool, e.oid == pgvalue.OIDUUID, e.oid == pgvalue.OIDOid, e.oid == pgvalue.OIDXid, e.oid == pgvalue.OIDXid8, e.oid == pgvalue.OIDCid:
		return out(cast(e.sql, "VARCHAR"))
	case isFloat(e.oid):
		return out(call("pg_float_text", cast(e.sql, "DOUBLE"), strconv.FormatBool(e.oid == pgvalue.OIDFloat4)))
	case e.oid == pgvalue.OIDTimestamptz:
		return out(call("pg_timestamptz_text", e.sql, placeholder("zone")))
	case e.oid == pgvalue.OIDTimestamp:
		return out(call("pg_timestamp_text", e.sql))
	case e.oid == pgvalue.OIDDate:
		return out(call("pg_date_text", e.sql))
	case e.oid == pgvalue.OIDTime:
		return out(call("pg_time_text", e.sql))
	case e.oid == pgvalue.OIDInterval:
		return out(call("pg_interval_text", e.sql))
	case e.oid == pgvalue.OIDBytea:
		return out("('\\x' || lower(hex(" + e.sql + ")))")
	case e.oid == oidRegrole:
		return out(call("pg_role_out", e.sql, placeholder("user")))
	case isReg(e.oid):
		return out(call("pg_reg_out", e.sql, quote(strconv.FormatUint(uint64(e.oid), 10)), placeholder("path")))
	case e.dims > 1:
		return c.nestedText(e)
	case elements[e.oid] != 0:
		item := c.output(&ex{sql: "x", oid: elements[e.oid], mod: -1, rep: textScale, pos: -1})
		list := e.sql
		if item.sql != "x" {
			list = "list_transform(" + e.sql + ", lambda x: " + item.sql + ")"
		}
		if e.oid == pgvalue.OIDInt2Vector || e.oid == pgvalue.OIDOidVector {
			return out("array_to_string(" + list + ", ' ')")
		}
		return out(call("pg_array_text", list))
	}
	c.unsupported(e.pos, "text of type %s", typeName(e.oid))
	return nil
}

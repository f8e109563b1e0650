//go:build cgo

package translate

import (
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/relation"
)

// function is one form of a function that can be called.
type function struct {
	args     []uint32
	variadic bool // the last argument may come any number of times
	result   uint32
	sql      string // $1, $2 … stand for the arguments, $* for all from the variadic one on
	fallible bool
	volatile bool
	set      bool                                 // sql is a list, whose elements are the rows
	plain    bool                                 // numerics are handed over as they are held
	write    func(c *compiler, made []*ex) string // instead of sql; nil if that says it
	texts    *function                            // of a plain form: the one for numerics that are held as text
}

// special compiles the calls of functions whose meaning is not that of their arguments'
// values alone.
var special map[string]func(c *compiler, x *pg.FuncCall, name string) *ex

// funcCall compiles a function call.
func (c *compiler) funcCall(x *pg.FuncCall) *ex {
	name := stringOf(x.Funcname[len(x.Funcname)-1])
	if e := c.messageCall(x); e != nil {
		return e
	}
	c.checkSchema(x, name)
	if c.called = name; len(x.Funcname) > 1 {
		c.called = stringOf(x.Funcname[len(x.Funcname)-2]) + "." + name
	}
	called := c.called
	if x.Over != nil {
		c.imports++
		defer func() { c.imports-- }()
	}
	if aggregates[name] != nil || name == "count" {
		return c.aggregateCall(x, name)
	}
	if windowFunctions[name] {
		return c.windowCall(x, name)
	}
	if x.Over != nil {
		c.failAt(x.Location, pgerror.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name)
	}
	c.refuseAggregateForm(x, name)
	if f := special[name]; f != nil {
		e := f(c, x, name)
		if e != nil {
			if e.name == "" {
				e.name = name
			}
			return e.at(x.Location)
		}
	}
	args := c.arguments(x)
	if oid := typeNames[name]; oid != 0 && len(args) == 1 && (len(functions[name]) == 0 || name == "pg_lsn" && !isNumber(args[0].oid)) {
		// A type's name is a function that casts to it.
		if from := castsFrom[oid]; from != 0 && args[0].param > 0 {
			args[0] = c.coerce(args[0], from, -1, implicit)
		}
		return c.coerce(args[0], oid, -1, explicit).at(x.Location).named(name)
	}
	c.called = called
	return c.callNamed(name, args, x.Location)
}

// castsFrom are the types that a parameter of unknown type has as the argument of a type's
// function: that of the one there is, or of the one that PostgreSQL prefers.
var castsFrom = map[uint32]uint32{
	pgvalue.OIDTimestamp: pgvalue.OIDTimestamptz, pgvalue.OIDDate: pgvalue.OIDTimestamptz, pgvalue.OIDInterval: pgvalue.OIDTime,
	pgvalue.OIDChar: pgvalue.OIDText, pgvalue.OIDRegclass: pgvalue.OIDText,
	pgvalue.OIDOid: pgvalue.OIDInt8, pgvalue.OIDXid: pgvalue.OIDXid8,
}

// checkSchema refuses a call of a function that is not where its name says.
func (c *compiler) checkSchema(x *pg.FuncCall, name string) {
	if len(x.Funcname) > 1 {
		switch schema := stringOf(x.Funcname[len(x.Funcname)-2]); schema {
		case "pg_catalog":
			if relation.FunctionIn("", name) && !relation.FunctionIn(schema, name) {
				c.noFunction(schema+"."+name, c.exprs(x.Args), x.Location)
			}
		case "information_schema":
			if name != "_pg_expandarray" && !strings.HasPrefix(name, "_pg_") {
				c.noFunction(schema+"."+name, c.exprs(x.Args), x.Location)
			}
		default:
			if !c.options.Catalog.Schema(schema) {
				c.failAt(x.Location, pgerror.InvalidSchemaName, "schema \"%s\" does not exist", schema)
			}
			if !relation.FunctionIn(schema, name) {
				c.noFunction(schema+"."+name, c.exprs(x.Args), x.Location)
			}
		}
	} else if relation.FunctionIn("", name) && !slices.ContainsFunc(relation.Functions, func(f *relation.Function) bool {
		return f.Name == name && c.options.Catalog.Searches(f.Schema)
	}) {
		c.noFunction(name, c.exprs(x.Args), x.Location)
	}
}

// refuseAggregateForm refuses what only an aggregate's call may have.
func (c *compiler) refuseAggregateForm(x *pg.FuncCall, name string) {
	if x.AggFilter == nil && len(x.AggOrder) == 0 && !x.AggDistinct && !x.AggStar && !x.AggWithinGroup {
		return
	}
	word := "FILTER"
	switch {
	case x.AggStar:
		word = ""
	case x.AggDistinct:
		word = "DISTINCT"
	case x.AggWithinGroup:
		word = "WITHIN GROUP"
	case len(x.AggOrder) > 0:
		word = "ORDER BY"
	}
	if word == "" {
		c.failAt(x.Location, pgerror.WrongObjectType, "%s(*) specified, but %s is not an aggregate function", name, name)
	}
	c.failAt(x.Location, pgerror.WrongObjectType, "%s specified, but %s is not an aggregate function", word, name)
}

// arguments compiles a call's arguments.
func (c *compiler) arguments(x *pg.FuncCall) []*ex {
	if x.FuncVariadic {
		c.unsupported(x.Location, "VARIADIC")
	}
	out := make([]*ex, len(x.Args))
	for i, n := range x.Args {
		if named := n.GetNamedArgExpr(); named != nil {
			c.unsupported(named.Location, "a named argument")
		}
		out[i] = c.expr(n)
	}
	return out
}

// callNamed compiles a call of a listed function.
func (c *compiler) callNamed(name string, args []*ex, pos int32) *ex {
	if len(args) > 0 && args[0].dims > 1 {
		if out := c.dimensionsCall(name, args); out != nil {
			return out.at(pos).named(name)
		}
	}
	f := c.choose(functions[name], args)
	if f == nil {
		if out := c.operatorFunction(name, args, pos); out != nil {
			return out.named(name)
		}
		c.noFunction(name, args, pos)
	}
	return c.callForm(f, args).at(pos).named(name)
}

// operatorFunction compiles a call of the function behind an operator, int4pl or textlike.
func (c *compiler) operatorFunction(name string, args []*ex, pos int32) *ex {
	if len(args) == 0 || len(args) > 2 {
		return nil
	}
	var forms []*function
	var found []catalog.Operation
	for _, o := range c.options.Catalog.Operations(name) {
		f := &function{args: []uint32{o.Left, o.Right}}
		if o.Left == 0 {
			f.args = f.args[1:]
		}
		forms, found = append(forms, f), append(found, o)
	}
	f := c.choose(forms, args)
	if f == nil {
		return nil
	}
	for i, a := range args {
		if want := f.args[i]; typeKnown(want) {
			args[i] = c.coerce(a, want, -1, implicit)
		}
	}
	operator := found[slices.Index(forms, f)].Operator
	if len(args) == 1 {
		return c.prefix(operator, args[0], pos)
	}
	return c.operatorOf(operator, args[0], args[1], pos)
}

// typeKnown tells whether values of a type can be made, which those of anyarray can not.
func typeKnown(oid uint32) bool {
	for _, known := range typeNames {
		if known == oid {
			return oid != pgvalue.OIDRecord
		}
	}
	return elements[oid] != 0
}

func (c *compiler) noFunction(name string, args []*ex, pos int32) {
	if len(functions[name]) == 0 && (refused[name] != "" || knownFunctions[name] || special[name] == nil && aggregates[name] == nil && c.options.Catalog.HasFunction(name, len(args))) {
		e := c.at(pgerror.Errorf(pgerror.FeatureNotSupported, "function %s is not supported", name), pos)
		if why := refused[name]; why != "" {
			e = e.WithDetail("%s", why)
		}
		if analytics.Calls[name] != nil {
			e = callElsewhere(e)
		}
		c.fail(e)
	}
	c.noForm(name, args, pos)
}

// noForm: the function has no form for these arguments.
func (c *compiler) noForm(name string, args []*ex, pos int32) {
	var list []string
	for _, a := range args {
		list = append(list, typeName(a.oid))
	}
	if strings.HasSuffix(c.called, "."+name) {
		name = c.called
	}
	c.fail(c.at(pgerror.Errorf(pgerror.UndefinedFunction, "function %s(%s) does not exist", name, strings.Join(list, ", ")).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts."), pos))
}

// choose picks the form that fits the arguments best, as PostgreSQL would.
func (c *compiler) choose(forms []*function, args []*ex) *function {
	var best *function
	least := 1 << 30
	for _, f := range forms {
		if len(args) != len(f.args) && !(f.variadic && len(args) >= len(f.args)-1) {
			continue
		}
		cost, element := 0, uint32(0)
		for i, a := range args {
			n := c.cost(a, f.arg(i), &element)
			if f.plain && a.oid == pgvalue.OIDNumeric && a.rep < 0 {
				n = -1 // held as text
			}
			if n < 0 {
				cost = -1
				break
			}
			cost += n
		}
		if cost >= 0 && cost < least {
			best, least = f, cost
		}
	}
	return best
}

func (f *function) arg(i int) uint32 {
	if i >= len(f.args) {
		return f.args[len(f.args)-1]
	}
	return f.args[i]
}

// cost tells how far an argument is from a parameter; -1 if it does not convert.
func (c *compiler) cost(a *ex, want uint32, element *uint32) int {
	switch want {
	case oidAny:
		return 1
	case oidAnyElement:
		if a.oid == pgvalue.OIDUnknown {
			return 2
		}
		if *element == 0 {
			*element = a.oid
		}
		if *element != a.oid && !c.widens(a.oid, *element) && !c.widens(*element, a.oid) {
			return -1
		}
		return 1
	case oidAnyArray:
		if a.oid == pgvalue.OIDUnknown {
			return 4
		}
		if elements[a.oid] == 0 {
			return -1
		}
		if *element == 0 {
			*element = elements[a.oid]
		}
		return 1
	}
	switch {
	case a.oid == want:
		return 0
	case a.oid == pgvalue.OIDUnknown:
		// Text first, then what its category prefers.
		switch {
		case want == pgvalue.OIDText:
			return 1
		case want == pgvalue.OIDName, prefers(want):
			// Of forms that cost the same the first is taken, and those of names come first.
			return 2
		}
		return 3
	case c.widens(a.oid, want):
		if prefers(want) && category(want) == category(a.oid) {
			return 4
		}
		return 5 + max(0, rank(want)-rank(a.oid))
	case isText(a.oid) && want == pgvalue.OIDRegclass: // PostgreSQL has it for old uses of text
		return 7
	case a.oid == pgvalue.OIDJSONB && want == pgvalue.OIDJSON, elements[a.oid] != 0 && elements[want] != 0 && isText(elements[a.oid]) && isText(elements[want]):
		return 8
	}
	return -1
}

// callForm writes a call.
func (c *compiler) callForm(f *function, args []*ex) *ex {
	element := c.elementOf(f, args)
	made := make([]*ex, len(args))
	texts := make([]string, len(args))
	for i, a := range args {
		want, how := f.wants(i, a, element)
		e := a
		if !(elements[a.oid] != 0 && isText(elements[a.oid]) && elements[want] != 0) {
			e = c.coerce(a, want, -1, how)
		}
		if !f.plain {
			e = c.asText(e)
		} else if e.oid == pgvalue.OIDNumeric && e.rep < 0 {
			return c.callForm(f.texts, args)
		}
		made[i], texts[i] = e, e.sql
	}
	result := f.result
	switch result {
	case oidAnyElement:
		result = element
	case oidAnyArray:
		result = arrays[element]
		if result == 0 {
			c.fail(pgerror.Errorf(pgerror.FeatureNotSupported, "arrays of type %s are not supported", typeName(element)))
		}
	}
	sql := ""
	if f.write != nil {
		sql = f.write(c, made)
	} else {
		sql = c.fill(f, texts)
	}
	for i := range made {
		// A null argument makes null, of a form too that has no use for it.
		if i < len(f.args) && !strings.Contains(f.sql, "$"+strconv.Itoa(i+1)) && !strings.Contains(f.sql, "$*") && (!made[i].literal || made[i].null) && len(made[i].fields) == 0 && !f.set {
			sql = "(CASE WHEN " + texts[i] + " IS NOT NULL THEN " + sql + " END)"
		}
	}
	return c.callOf(f, sql, result, made, texts)
}

// elementOf is the type that anyelement stands for in a call.
func (c *compiler) elementOf(f *function, args []*ex) uint32 {
	element := uint32(0)
	for i, a := range args {
		switch f.arg(i) {
		case oidAnyElement:
			if a.oid != pgvalue.OIDUnknown && (element == 0 || c.widens(element, a.oid) && !c.widens(a.oid, element)) {
				element = a.oid
			}
		case oidAnyArray:
			if elements[a.oid] != 0 {
				element = elements[a.oid]
			}
		}
	}
	if element == 0 {
		element = pgvalue.OIDText
	}
	return element
}

// wants is the type that a form wants an argument to be, and the context of the cast that makes it so.
func (f *function) wants(i int, a *ex, element uint32) (want uint32, how context) {
	want = f.arg(i)
	switch want {
	case oidAny:
		want = a.oid
		if a.oid == pgvalue.OIDUnknown {
			want = pgvalue.OIDText
		}
	case oidAnyElement:
		want = element
	case oidAnyArray:
		want = arrays[element]
	}
	how = implicit
	if a.oid == pgvalue.OIDJSONB && want == pgvalue.OIDJSON {
		how = assignment
	}
	if isText(a.oid) && want == pgvalue.OIDRegclass {
		how = explicit
	}
	return want, how
}

// callOf is what a call of a form comes to.
func (c *compiler) callOf(f *function, sql string, result uint32, made []*ex, texts []string) *ex {
	out := c.make(sql, result, made...)
	if f.sql == likeEscape {
		out.escaped = texts
	}
	if f.plain && len(made) > 0 {
		out.rep, out.digits = made[0].rep, made[0].digits
	}
	out.fallible = out.fallible || f.fallible
	if f.volatile {
		out.volatile = true
		c.noteVolatile()
	}
	if f.set {
		out.list, out.sql = out.sql, "unnest("+out.sql+")"
		return c.asSet(out)
	}
	out.constant = (out.constant || len(made) == 0) && !out.volatile
	return c.computed(out)
}

// likeEscape is what stands for a pattern with ESCAPE, which LIKE takes apart.
const likeEscape = "pg_like_escape($1, $2)"

// fill puts arguments into a form's SQL.
func (c *compiler) fill(f *function, texts []string) string {
	var s strings.Builder
	sql := f.sql
	for i := 0; i < len(sql); i++ {
		if sql[i] == '@' && i+1 < len(sql) {
			if end := strings.IndexByte(sql[i+1:], '@'); end > 0 {
				s.WriteString(placeholder(sql[i+1 : i+1+end]))
				i += end + 1
				continue
			}
		}
		if sql[i] != '$' || i+1 == len(sql) {
			s.WriteByte(sql[i])
			continue
		}
		i++
		if sql[i] == '*' {
			s.WriteString(strings.Join(texts[min(len(f.args)-1, len(texts)):], ", "))
			continue
		}
		n, _ := strconv.Atoi(sql[i : i+1])
		s.WriteString(texts[n-1])
	}
	return s.String()
}

// tableFunction compiles a function in FROM and returns its columns.
func (c *compiler) tableFunction(n *pg.Node, defs []*pg.Node, several bool) []*outcol {
	if f := n.GetFuncCall(); f != nil {
		name := stringOf(f.Funcname[len(f.Funcname)-1])
		if t := tableFunctions[name]; t != nil {
			if cols := t(c, f, defs); cols != nil {
				return cols
			}
		}
	}
	e := c.expr(n)
	name := e.name
	if name == "" {
		name = functionName(n)
	}
	return []*outcol{{name: name, e: e}}
}

// tableFunctions have several columns, or other names than their own.
var tableFunctions map[string]func(c *compiler, f *pg.FuncCall, defs []*pg.Node) []*outcol

func init() {
	each := func(value uint32, keys, values string) func(*compiler, *pg.FuncCall, []*pg.Node) []*outcol {
		return func(c *compiler, f *pg.FuncCall, _ []*pg.Node) []*outcol {
			in := uint32(pgvalue.OIDJSONB)
			args := c.arguments(f)
			if len(args) != 1 || category(args[0].oid) != catOther && args[0].oid != pgvalue.OIDUnknown {
				c.noFunction(functionName(pg.MakeFuncCallNode(f.Funcname, nil, -1)), args, f.Location)
			}
			if args[0].oid == pgvalue.OIDJSON || args[0].oid == pgvalue.OIDUnknown && !strings.HasPrefix(stringOf(f.Funcname[len(f.Funcname)-1]), "jsonb") {
				in = pgvalue.OIDJSON
			}
			e := c.coerce(args[0], in, -1, implicit)
			if value == pgvalue.OIDText && keys == "pg_json_keys" {
				keys = "pg_json_keys_text" // for its errors
			}
			k := c.make("unnest("+call(keys, e.sql)+")", pgvalue.OIDText, e)
			v := c.make("unnest("+call(values, e.sql)+")", value, e)
			k.set, v.set = true, true
			k.list, v.list = call(keys, e.sql), call(values, e.sql)
			return []*outcol{{name: "key", e: k}, {name: "value", e: v}}
		}
	}
	tableFunctions = map[string]func(*compiler, *pg.FuncCall, []*pg.Node) []*outcol{
		"jsonb_each":                each(pgvalue.OIDJSONB, "pg_json_keys", "pg_json_values"),
		"jsonb_each_text":           each(pgvalue.OIDText, "pg_json_keys", "pg_json_values_text"),
		"json_each":                 each(pgvalue.OIDJSON, "pg_json_keys_raw", "pg_json_values_raw"),
		"json_each_text":            each(pgvalue.OIDText, "pg_json_keys_raw", "pg_json_values_text_raw"),
		"jsonb_array_elements":      elementsNamed("value"),
		"json_array_elements":       elementsNamed("value"),
		"jsonb_array_elements_text": elementsNamed("value"),
		"json_array_elements_text":  elementsNamed("value"),
		"unnest":                    (*compiler).unnestTable,
		"jsonb_to_record":           (*compiler).jsonRecord,
		"json_to_record":            (*compiler).jsonRecord,
		"jsonb_to_recordset":        (*compiler).jsonRecordset,
		"json_to_recordset":         (*compiler).jsonRecordset,
		"_pg_expandarray":           (*compiler).expandArray,
		"pg_show_all_settings":      nil,
		"aclexplode":                (*compiler).recordTable,
		"pg_get_publication_tables": (*compiler).recordTable,
		"pg_options_to_table":       (*compiler).recordTable,
		"pg_get_keywords":           (*compiler).recordTable,
		"pg_ls_waldir":              (*compiler).recordTable,
		"pg_ls_tmpdir":              (*compiler).recordTable,
		"pg_ls_archive_statusdir":   (*compiler).recordTable,
		"pg_ls_logicalsnapdir":      (*compiler).recordTable,
		"pg_ls_logicalmapdir":       (*compiler).recordTable,
	}
}

// elementsNamed: a set whose column has a name of its own.
func elementsNamed(name string) func(*compiler, *pg.FuncCall, []*pg.Node) []*outcol {
	return func(c *compiler, f *pg.FuncCall, _ []*pg.Node) []*outcol {
		e := c.funcCall(f)
		return []*outcol{{name: name, e: e}}
	}
}

// unnestTable is unnest of several arrays side by side.
func (c *compiler) unnestTable(f *pg.FuncCall, _ []*pg.Node) []*outcol {
	if len(f.Args) < 2 {
		return nil
	}
	var out []*outcol
	for _, a := range c.arguments(f) {
		e := c.callNamed("unnest", []*ex{a}, f.Location)
		out = append(out, &outcol{name: "unnest", e: e})
	}
	return out
}

func (c *compiler) jsonRecord(f *pg.FuncCall, defs []*pg.Node) []*outcol {
	args := c.arguments(f)
	e := c.coerce(args[0], pgvalue.OIDJSONB, -1, assignment)
	return c.recordColumns(f, defs, e)
}

func (c *compiler) jsonRecordset(f *pg.FuncCall, defs []*pg.Node) []*outcol {
	args := c.arguments(f)
	e := c.coerce(args[0], pgvalue.OIDJSONB, -1, assignment)
	item := c.make("unnest("+call("pg_json_elements", e.sql)+")", pgvalue.OIDJSONB, e)
	item.set = true
	return c.recordColumns(f, defs, item)
}

// recordColumns takes the fields of a JSON object as columns of given types.
func (c *compiler) recordColumns(f *pg.FuncCall, defs []*pg.Node, e *ex) []*outcol {
	if len(defs) == 0 {
		c.failAt(f.Location, pgerror.SyntaxError, "a column definition list is required for functions returning \"record\"")
	}
	var out []*outcol
	for _, n := range defs {
		d := n.GetColumnDef()
		oid, mod := c.typeOf(d.TypeName)
		op := "->>"
		if oid == pgvalue.OIDJSONB || oid == pgvalue.OIDJSON {
			op = "->"
		}
		v := c.operator(op, e, &ex{sql: c.held(d.Colname), oid: pgvalue.OIDText, mod: -1, rep: textScale, pos: -1}, -1)
		if elements[oid] != 0 { // from JSON's form to PostgreSQL's
			v = c.make(call("pg_json_array_literal", c.text(v).sql), pgvalue.OIDText, v)
			v.fallible = true
		}
		v = c.coerce(v, oid, mod, explicit)
		v.set = e.set
		out = append(out, &outcol{name: d.Colname, e: v})
	}
	return out
}

// expandArray is information_schema._pg_expandarray: elements and their places.
func (c *compiler) expandArray(f *pg.FuncCall, _ []*pg.Node) []*outcol {
	a := c.arguments(f)[0]
	e := c.make("unnest("+a.sql+")", elements[a.oid], a)
	n := c.make("CAST(unnest(range(1, len("+a.sql+") + 1)) AS INTEGER)", pgvalue.OIDInt4, a)
	e.set, n.set = true, true
	return []*outcol{{name: "x", e: e}, {name: "n", e: n}}
}

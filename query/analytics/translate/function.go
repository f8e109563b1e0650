//go:build cgo

package translate

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
)

// function is one form of a function that can be called.
type function struct {
	args     []uint32
	variadic bool // the last argument may come any number of times
	result   uint32
	sql      string // $1, $2 … stand for the arguments, $* for all from the variadic one on
	fallible bool
	volatile bool
	set      bool // sql is a list, whose elements are the rows
	plain    bool // numerics are handed over as they are held
}

// special compiles the calls of functions whose meaning is not that of their arguments'
// values alone.
var special map[string]func(c *compiler, x *pg.FuncCall, name string) *ex

// call compiles a function call.
func (c *compiler) funcCall(x *pg.FuncCall) *ex {
	name := stringOf(x.Funcname[len(x.Funcname)-1])
	if len(x.Funcname) > 1 {
		switch schema := stringOf(x.Funcname[len(x.Funcname)-2]); schema {
		case "pg_catalog", "public":
		case "information_schema":
			if name != "_pg_expandarray" && !strings.HasPrefix(name, "_pg_") {
				c.noFunction(schema+"."+name, c.exprs(x.Args), x.Location)
			}
		default:
			if !c.options.Catalog.Schema(schema) {
				c.failAt(x.Location, "3F000", "schema \"%s\" does not exist", schema)
			}
			c.noFunction(schema+"."+name, c.exprs(x.Args), x.Location)
		}
	}
	if c.called = name; len(x.Funcname) > 1 {
		c.called = stringOf(x.Funcname[len(x.Funcname)-2]) + "." + name
	}
	called := c.called
	if aggregates[name] != nil || name == "count" {
		return c.aggregateCall(x, name)
	}
	if windowFunctions[name] {
		return c.windowCall(x, name)
	}
	if x.Over != nil {
		c.failAt(x.Location, "42809", "OVER specified, but %s is not a window function nor an aggregate function", name)
	}
	if x.AggFilter != nil || len(x.AggOrder) > 0 || x.AggDistinct || x.AggStar || x.AggWithinGroup {
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
			c.failAt(x.Location, "42809", "%s(*) specified, but %s is not an aggregate function", name, name)
		}
		c.failAt(x.Location, "42809", "%s specified, but %s is not an aggregate function", word, name)
	}
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
	if oid := typeNames[name]; oid != 0 && len(args) == 1 && len(functions[name]) == 0 {
		// A type's name is a function that casts to it.
		return c.coerce(args[0], oid, -1, explicit).at(x.Location).named(name)
	}
	c.called = called
	return c.callNamed(name, args, x.Location)
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
	f := c.choose(functions[name], args)
	if f == nil {
		c.noFunction(name, args, pos)
	}
	return c.callForm(f, args).at(pos).named(name)
}

func (c *compiler) noFunction(name string, args []*ex, pos int32) {
	var list []string
	for _, a := range args {
		list = append(list, typeName(a.oid))
	}
	if len(functions[name]) == 0 && knownFunctions[name] {
		c.unsupported(pos, "function %s", name)
	}
	if strings.HasSuffix(c.called, "."+name) {
		name = c.called
	}
	c.fail(c.at(pgwire.Errorf("42883", "function %s(%s) does not exist", name, strings.Join(list, ", ")).
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
		if a.oid == pgwire.OIDUnknown {
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
		if a.oid == pgwire.OIDUnknown {
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
	case a.oid == pgwire.OIDUnknown:
		// Text first, then what its category prefers.
		switch {
		case want == pgwire.OIDText:
			return 1
		case prefers(want):
			return 2
		}
		return 3
	case c.widens(a.oid, want):
		if prefers(want) && category(want) == category(a.oid) {
			return 4
		}
		return 5 + max(0, rank(want)-rank(a.oid))
	case a.oid == pgwire.OIDJSONB && want == pgwire.OIDJSON, elements[a.oid] != 0 && elements[want] != 0 && isText(elements[a.oid]) && isText(elements[want]):
		return 8
	}
	return -1
}

// callForm writes a call.
func (c *compiler) callForm(f *function, args []*ex) *ex {
	element := uint32(0)
	for i, a := range args {
		switch f.arg(i) {
		case oidAnyElement:
			if a.oid != pgwire.OIDUnknown && (element == 0 || c.widens(element, a.oid) && !c.widens(a.oid, element)) {
				element = a.oid
			}
		case oidAnyArray:
			if elements[a.oid] != 0 {
				element = elements[a.oid]
			}
		}
	}
	if element == 0 {
		element = pgwire.OIDText
	}
	made := make([]*ex, len(args))
	texts := make([]string, len(args))
	for i, a := range args {
		want := f.arg(i)
		switch want {
		case oidAny:
			want = a.oid
			if a.oid == pgwire.OIDUnknown {
				want = pgwire.OIDText
			}
		case oidAnyElement:
			want = element
		case oidAnyArray:
			want = arrays[element]
		}
		how := implicit
		if a.oid == pgwire.OIDJSONB && want == pgwire.OIDJSON {
			how = assignment
		}
		e := a
		if !(elements[a.oid] != 0 && isText(elements[a.oid]) && elements[want] != 0) {
			e = c.coerce(a, want, -1, how)
		}
		if !f.plain {
			e = c.asText(e)
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
			c.fail(pgwire.Errorf("0A000", "arrays of type %s are not supported", typeName(element)))
		}
	}
	out := c.make(c.fill(f, texts), result, made...)
	if f.plain && len(made) > 0 {
		out.rep = made[0].rep
	}
	out.fallible = out.fallible || f.fallible
	out.volatile = out.volatile || f.volatile
	if f.set {
		out.sql, out.set = "unnest("+out.sql+")", true
	}
	return out
}

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
			in := uint32(pgwire.OIDJSONB)
			args := c.arguments(f)
			if len(args) != 1 || category(args[0].oid) != catOther && args[0].oid != pgwire.OIDUnknown {
				c.noFunction(functionName(pg.MakeFuncCallNode(f.Funcname, nil, -1)), args, f.Location)
			}
			if args[0].oid == pgwire.OIDJSON {
				in = pgwire.OIDJSON
			}
			e := c.coerce(args[0], in, -1, implicit)
			k := c.make("unnest("+call(keys, e.sql)+")", pgwire.OIDText, e)
			v := c.make("unnest("+call(values, e.sql)+")", value, e)
			k.set, v.set = true, true
			return []*outcol{{name: "key", e: k}, {name: "value", e: v}}
		}
	}
	tableFunctions = map[string]func(*compiler, *pg.FuncCall, []*pg.Node) []*outcol{
		"jsonb_each":                each(pgwire.OIDJSONB, "pg_json_keys", "pg_json_values"),
		"jsonb_each_text":           each(pgwire.OIDText, "pg_json_keys", "pg_json_values_text"),
		"json_each":                 each(pgwire.OIDJSON, "pg_json_keys_raw", "pg_json_values_raw"),
		"json_each_text":            each(pgwire.OIDText, "pg_json_keys_raw", "pg_json_values_text_raw"),
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
		"pg_options_to_table":       (*compiler).recordTable,
		"pg_get_keywords":           (*compiler).recordTable,
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
	e := c.coerce(args[0], pgwire.OIDJSONB, -1, assignment)
	return c.recordColumns(f, defs, e)
}

func (c *compiler) jsonRecordset(f *pg.FuncCall, defs []*pg.Node) []*outcol {
	args := c.arguments(f)
	e := c.coerce(args[0], pgwire.OIDJSONB, -1, assignment)
	item := c.make("unnest("+call("pg_json_elements", e.sql)+")", pgwire.OIDJSONB, e)
	item.set = true
	return c.recordColumns(f, defs, item)
}

// recordColumns takes the fields of a JSON object as columns of given types.
func (c *compiler) recordColumns(f *pg.FuncCall, defs []*pg.Node, e *ex) []*outcol {
	if len(defs) == 0 {
		c.failAt(f.Location, "42601", "a column definition list is required for functions returning \"record\"")
	}
	var out []*outcol
	for _, n := range defs {
		d := n.GetColumnDef()
		oid, mod := c.typeOf(d.TypeName)
		op := "->>"
		if oid == pgwire.OIDJSONB || oid == pgwire.OIDJSON {
			op = "->"
		}
		v := c.operator(op, e, &ex{sql: quote(d.Colname), oid: pgwire.OIDText, mod: -1, rep: textScale, pos: -1}, -1)
		if elements[oid] != 0 {
			c.unsupported(d.Location, "an array column of a JSON record")
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
	n := c.make("CAST(unnest(range(1, len("+a.sql+") + 1)) AS INTEGER)", pgwire.OIDInt4, a)
	e.set, n.set = true, true
	return []*outcol{{name: "x", e: e}, {name: "n", e: n}}
}

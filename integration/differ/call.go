package differ

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/eventgres/eventgres/integration/analytics"
)

// fitting are values of arguments that any text would seldom be: by function, then by the
// argument's place.
var fitting = map[string]map[int][]string{
	"date_trunc":            {0: {"day", "hour", "month", "week", "quarter", "year", "millisecond", "decade"}, 2: {"UTC", "Europe/Berlin"}},
	"date_part":             {0: {"day", "hour", "dow", "epoch", "week", "isoyear", "second", "month", "quarter", "julian", "century", "timezone"}},
	"extract":               {0: {"day", "hour", "dow", "epoch", "week", "isoyear", "second", "doy", "microseconds", "julian"}},
	"timezone":              {0: {"UTC", "America/New_York", "Asia/Kolkata", "+03", "EST5EDT"}},
	"to_char":               {1: {"YYYY-MM-DD HH24:MI:SS.US", "Day DD Mon", "IYYY-IW", "999,999.99", "FM000", "SG9.99EEEE", "HH12 AM", "S99G999D99", "RN", "TMMonth YY", "SSSS Q CC", "9.99PR", "0000V99"}},
	"to_number":             {0: {"12", "-3.5", "1,234.5", "$7"}, 1: {"99", "9,9", "S9.9", "9,999.9", "L9"}},
	"to_timestamp":          {0: {"2024-02-29", "20240229 1234", "12:30 PM"}, 1: {"YYYY-MM-DD", "YYYYMMDD HH24MI", "HH12:MI PM"}},
	"to_date":               {0: {"2024-02-29", "29 Feb 24", "20240229"}, 1: {"YYYY-MM-DD", "DD Mon YY", "YYYYMMDD"}},
	"encode":                {1: {"hex", "base64", "escape"}},
	"decode":                {0: {"6162", "YWI=", `a\\001`}, 1: {"hex", "base64", "escape"}},
	"split_part":            {1: {",", "b", "oo"}, 2: {"1", "2", "-1", "0"}},
	"regexp_replace":        {1: {"[a-z]", "o+", "(b)(a)", `\s`}, 2: {"", `<\1>`, "x"}},
	"regexp_match":          {1: {"[a-z]+", "(b)(a)"}, 2: {"i", "g", ""}},
	"regexp_matches":        {1: {"[a-z]+", "(b)(a)"}, 2: {"i", "g", ""}},
	"regexp_split_to_array": {1: {",", "o", ""}, 2: {"i"}},
	"regexp_split_to_table": {1: {",", "o", ""}, 2: {"i"}},
	"regexp_count":          {1: {"o", "[a-z]"}, 2: {"1", "2"}, 3: {"i"}},
	"regexp_instr":          {1: {"o", "[a-z]"}, 2: {"1", "2"}},
	"regexp_substr":         {1: {"o+", "[a-z]+"}, 2: {"1", "2"}},
	"regexp_like":           {1: {"o", "[A-Z]"}, 2: {"i", "c"}},
	"jsonb_set":             {1: {"{a}", "{b,0}", "{z,a}"}},
	"jsonb_insert":          {1: {"{a}", "{b,0}", "{b,-1}"}},
	"repeat":                {1: {"0", "3", "-1"}},
	"lpad":                  {1: {"0", "3", "10", "-1"}},
	"rpad":                  {1: {"0", "3", "10", "-1"}},
	"format":                {0: {"%s-%s", "%I", "%L|%1$s", "%%", "%5s|", "%-5s|"}},
	"factorial":             {0: {"0", "5", "20"}},
	"date_bin":              {0: {"1 day", "15 min"}},
	"chr":                   {0: {"65", "8364", "128512", "0"}},
	"power":                 {1: {"2", "0", "-1", "0.5"}},
	"pow":                   {1: {"2", "0", "-1"}},
	"round":                 {1: {"0", "2", "-2"}},
	"trunc":                 {1: {"0", "2", "-2"}},
	"generate_series":       {0: {"1", "2024-01-01", "0"}, 1: {"5", "2024-01-04", "3"}, 2: {"1", "2", "-1", "1 day", "1 mon"}},
	"normalize":             {1: {"NFC", "NFD", "NFKC"}},
	"is_normalized":         {1: {"NFC", "NFD"}},
	"convert":               {1: {"UTF8"}, 2: {"LATIN1", "UTF8"}},
	"convert_to":            {1: {"UTF8", "LATIN1"}},
	"convert_from":          {1: {"UTF8", "LATIN1"}},
	"make_date":             {0: {"2024", "-44"}, 1: {"2", "12"}, 2: {"29", "1"}},
	"make_time":             {0: {"8", "24"}, 1: {"15", "0"}, 2: {"23.5", "0"}},
	"get_byte":              {1: {"0", "1"}},
	"set_byte":              {1: {"0", "1"}},
	"get_bit":               {1: {"0", "1"}},
	"set_bit":               {1: {"0", "1"}, 2: {"0", "1"}},
	"trim_array":            {1: {"0", "1"}},
	"width_bucket":          {3: {"4", "1"}},
	"array_fill":            {1: {"{2}", "{}"}, 2: {"{1}"}},
	"overlay":               {2: {"1", "2"}, 3: {"0", "1"}},
	"substring":             {1: {"1", "2", "-1", "[a-z]+"}},
	"json_extract_path":     {1: {"{a}", "{b,0}"}}, "jsonb_extract_path": {1: {"{a}", "{b,0}"}},
	"gcd": {1: {"6", "0"}}, "lcm": {1: {"6", "0"}},
}

// keywords are functions whose plain name the grammar takes for something else.
var keywords = regexp.MustCompile(`^(substring|overlay|position|timestamp|timestamptz|time|timetz|interval|bpchar|varchar|numeric|extract|normalize|is_normalized|trim|char|bit|varbit|bool|date|text|name|float4|float8|int2|int4|int8|like|notlike|similar|overlaps|left|right|coalesce|any_value|oid|json|jsonb|uuid|bytea)$`)

// Form is how the arguments of a call are given.
const (
	constants = iota
	columns
	typed   // parameters of a stated type
	untyped // parameters of none
	unknown // literals of none
	forms
)

// newFunction makes the generator of calls of functions.
func (c *Catalog) newFunction(r *rand.Rand) *Statement {
	from := c.Functions
	if r.IntN(20) == 0 {
		from = c.Internal
	}
	f := pick(r, from)
	types := concrete(r, f.args)
	form := r.IntN(forms)
	name := f.name
	if keywords.MatchString(name) {
		name = `pg_catalog."` + name + `"`
	}
	if f.aggregate {
		form = columns
	}
	s := c.operands(r, form, types, func(place int, t string) string {
		if values := fitting[f.name][place]; values != nil && r.IntN(5) > 0 {
			return pick(r, values)
		}
		return pick(r, pool[t])
	}, func(args []*Node) *Node {
		call := node("", name, "(")
		for i, a := range args {
			if i > 0 {
				call.Parts = append(call.Parts, ", ")
			}
			if f.variadic && i == len(args)-1 && strings.HasPrefix(types[i], "_") && f.args[i] != "any" {
				call.Parts = append(call.Parts, "variadic ")
			}
			call.Parts = append(call.Parts, a)
		}
		call.Parts = append(call.Parts, ")")
		return call
	}, f.set)
	s.Generator = "functions"
	return s
}

// modified are types with modifiers, to cast to.
var modified = []string{
	"varchar(3)", "char(4)", "bpchar", "numeric(5,2)", "numeric(3)", "numeric(20,10)", "timestamp(0)", "timestamp(3)", "timestamptz(1)", "time(0)", "interval(0)", "interval day to second", "interval hour", "interval year to month", "bit(4)", "varbit(2)", "float(24)", "varchar(2)[]", "numeric(4,1)[]",
}

// newOperator makes the generator of operators and casts.
func (c *Catalog) newOperator(r *rand.Rand) *Statement {
	s := c.operatorOrCast(r)
	s.Generator = "operators"
	return s
}

func (c *Catalog) operatorOrCast(r *rand.Rand) *Statement {
	form := r.IntN(forms)
	any := func(_ int, t string) string { return pick(r, pool[t]) }
	if r.IntN(4) == 0 {
		return c.cast(r, form, any)
	}
	o := pick(r, c.Operators)
	types := []string{o.right}
	if o.left != "" {
		types = []string{o.left, o.right}
	}
	types = concrete(r, types)
	return c.operands(r, form, types, any, func(args []*Node) *Node {
		if len(args) == 1 {
			return node("", "("+o.name+" ", args[0], ")")
		}
		return node("", "(", args[0], " "+o.name+" ", args[1], ")")
	}, false)
}

// cast makes casts: those of the catalog, those through text, and those with modifiers.
func (c *Catalog) cast(r *rand.Rand, form int, any func(int, string) string) *Statement {
	pair := pick(r, c.Casts)
	target := sqlName(pair[1])
	switch r.IntN(5) {
	case 0:
		pair[0], target = pick(r, typeNames), "text"
	case 1:
		pair[0] = "text"
		to := pick(r, typeNames)
		target = sqlName(to)
		own := any
		any = func(place int, t string) string {
			if r.IntN(2) == 0 {
				return pick(r, pool[to])
			}
			return own(place, t)
		}
	case 2:
		pair[0], target = pick(r, typeNames), pick(r, modified)
	}
	return c.operands(r, form, []string{pair[0]}, any, func(args []*Node) *Node { return node("", "(", args[0], ")::"+target) }, false)
}

// concrete puts types in the places of polymorphic ones.
func concrete(r *rand.Rand, args []string) []string {
	element := pick(r, []string{"int4", "text", "numeric", "int8", "float8"})
	types := make([]string, len(args))
	for i, a := range args {
		switch polymorphic[a] {
		case "element":
			a = element
		case "array":
			a = "_" + element
		case "any":
			a = pick(r, typeNames)
		}
		types[i] = a
	}
	return types
}

// operands makes a statement that applies something to values of these types, given in the
// form.
func (c *Catalog) operands(r *rand.Rand, form int, types []string, value func(int, string) string, apply func([]*Node) *Node, set bool) *Statement {
	s := &Statement{Mode: pick(r, modes), Settings: settings(r)}
	if form == typed || form == untyped {
		s.Mode = pick(r, modes[1:])
	}
	row := func() []*Node {
		var values []*Node
		for i, t := range types {
			if r.IntN(15) == 0 {
				values = append(values, node(t, "null::"+sqlName(t)))
			} else {
				values = append(values, constant(t, value(i, t)))
			}
		}
		return values
	}
	args := row()
	var source *Node
	switch form {
	case columns:
		source = c.table(types, row)
		for i := range args {
			args[i] = node("", fmt.Sprintf("v.a%d", i+1))
		}
	case typed, untyped:
		for i, t := range types {
			p := analytics.Param{Text: value(i, t), Null: r.IntN(15) == 0}
			if form == typed {
				p.OID = c.OIDs[t]
			}
			s.Params = append(s.Params, p)
			args[i] = node("", fmt.Sprintf("$%d", i+1))
		}
	case unknown:
		for i, t := range types {
			if r.IntN(2) == 0 {
				args[i] = node("", quoted(value(i, t)))
			}
		}
	}
	applied := apply(args)
	switch {
	case set && source != nil:
		s.Tree = node("", "select f.* from ", source, ", lateral ", applied, " f")
	case set:
		s.Tree = node("", "select * from ", applied)
	case source != nil:
		s.Tree = node("", "select ", applied, " as x from ", source)
	default:
		s.Tree = node("", "select ", applied, " as x")
	}
	return s
}

// table is a VALUES table v(a1, a2, …) of a few rows.
func (c *Catalog) table(types []string, row func() []*Node) *Node {
	var rows []*Node
	for range 3 {
		n := node("", "(")
		for i, v := range row() {
			if i > 0 {
				n.Parts = append(n.Parts, ", ")
			}
			n.Parts = append(n.Parts, v)
		}
		n.Parts = append(n.Parts, ")")
		rows = append(rows, n)
	}
	names := make([]string, len(types))
	for i := range names {
		names[i] = fmt.Sprintf("a%d", i+1)
	}
	values := list(", ", 1, rows)
	values.Rows = true
	return node("", "(values ", values, ") v("+strings.Join(names, ", ")+")")
}

package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// ConstraintDef is pg_get_constraintdef.
func (c *Catalog) ConstraintDef(oid uint32) (string, bool) {
	t := table("pg_constraint")
	for _, row := range c.constraints() {
		if row[0] != int64(oid) {
			continue
		}
		switch row[t.column("contype")] {
		case "c":
			return "CHECK " + row[t.column("conbin")].(string), true
		case "p", "u":
			var names []string
			for _, number := range row[t.column("conkey")].([]any) {
				name, _ := c.columnName(uint32(row[t.column("conrelid")].(int64)), int(number.(int64)))
				names = append(names, QuoteIdentifier(name))
			}
			kind := "UNIQUE"
			if row[t.column("contype")] == "p" {
				kind = "PRIMARY KEY"
			}
			return kind + " (" + strings.Join(names, ", ") + ")", true
		}
	}
	return "", false
}

// columnName is the name of a relation's column.
func (c *Catalog) columnName(rel uint32, number int) (string, bool) {
	for _, r := range c.relations {
		if r.OID == rel && number >= 1 && number <= len(r.visible()) {
			return r.Columns[number-1].Name, true
		}
	}
	for i := range tables() {
		if t := &tables()[i]; t.OID == rel && number >= 1 && number <= len(t.Columns) {
			return t.Columns[number-1].Name, true
		}
	}
	return "", false
}

// IndexDef is pg_get_indexdef: the whole index where column is 0. pretty leaves
// out the schema of what is on the search path.
func (c *Catalog) IndexDef(oid uint32, column int, pretty bool) (string, bool) {
	t := table("pg_index")
	for _, row := range c.indexes() {
		if row[0] != int64(oid) {
			continue
		}
		on := c.lookups().classes[uint32(row[1].(int64))]
		own, method := c.indexOf(oid), "btree"
		if own != nil && own.am == amGIN {
			method = "gin"
		}
		var names []string
		for i, number := range row[indexKey].([]any) {
			name, _ := c.columnName(on.oid, int(number.(int64)))
			name = QuoteIdentifier(name)
			if number == int64(0) && own != nil {
				name = own.expression
			}
			if column == i+1 {
				return name, true // without operator class or order
			}
			class := uint32(row[t.column("indclass")].([]any)[i].(int64))
			if class := c.classNotDefault(class); class != "" {
				name += " " + class
			}
			if row[t.column("indoption")].([]any)[i] == int64(3) {
				name += " DESC"
			}
			names = append(names, name)
		}
		if column != 0 {
			return "", true // as PostgreSQL, which says nothing of a column that is not there
		}
		unique := ""
		if row[t.column("indisunique")].(bool) {
			unique = "UNIQUE "
		}
		table := QuoteIdentifier(on.name)
		if !pretty || !c.RelationVisible(on.oid) {
			table = QuoteIdentifier(c.lookups().schemas[on.namespace]) + "." + table
		}
		return fmt.Sprintf("CREATE %sINDEX %s ON %s USING %s (%s)", unique,
			QuoteIdentifier(c.lookups().classes[oid].name), table, method, strings.Join(names, ", ")), true
	}
	return "", false
}

// classNotDefault is the name of an operator class, if an index must name it.
// Of PostgreSQL's own indexes some have text_pattern_ops or the like.
func (c *Catalog) classNotDefault(oid uint32) string {
	t := table("pg_opclass")
	for _, row := range fixed("pg_opclass") {
		if row[0] == int64(oid) && !row[t.column("opcdefault")].(bool) {
			return row[t.column("opcname")].(string)
		}
	}
	return ""
}

// ViewDef is pg_get_viewdef(oid, true). There is none of PostgreSQL's own views.
func (c *Catalog) ViewDef(oid uint32) (string, bool) {
	for _, r := range c.relations {
		if r.OID == oid && r.definition != "" {
			return c.qualify(r.definition, r.bare), true
		}
	}
	return "", false
}

// BareName is a relation's name in a view's definition that stands there without its schema.
type BareName struct {
	At           int // in the definition
	Schema, Name string
}

// qualify gives the schema to the names of a definition that the search path does not find otherwise.
func (c *Catalog) qualify(definition string, names []BareName) string {
	l := c.lookups()
	var out strings.Builder
	from := 0
	for _, n := range names {
		if found, ok := find(c, l.classOf[n.Name], ""); ok && l.schemas[found.namespace] == n.Schema {
			continue
		}
		out.WriteString(definition[from:n.At])
		out.WriteString(n.Schema)
		out.WriteByte('.')
		from = n.At
	}
	out.WriteString(definition[from:])
	return out.String()
}

// Expr is pg_get_expr of a pg_node_tree: the catalog holds such as SQL text
// already.
func (c *Catalog) Expr(text string) string {
	if text == "<>" { // PostgreSQL's way of writing no expression
		return ""
	}
	return text
}

// parameter is one parameter of a function.
type parameter struct {
	name, mode, value string
	oid               uint32
}

// parameters are those of a function, in order, and those of its result.
func (f *function) parameters() []parameter {
	t := table("pg_proc")
	types, _ := f.row[t.column("proallargtypes")].([]any)
	if types == nil {
		types = f.arguments
	}
	modes, _ := f.row[t.column("proargmodes")].([]any)
	names, _ := f.row[t.column("proargnames")].([]any)
	list := make([]parameter, len(types))
	var inputs []int
	for i := range types {
		p := parameter{oid: uint32(types[i].(int64)), mode: "i"}
		if modes != nil {
			p.mode = modes[i].(string)
		}
		if i < len(names) {
			p.name, _ = names[i].(string)
		}
		if strings.Contains("ibv", p.mode) {
			inputs = append(inputs, i)
		}
		list[i] = p
	}
	if text, ok := f.row[t.column("proargdefaults")].(string); ok {
		values := splitExpressions(text)
		for i, value := range values { // they are of the last ones
			list[inputs[len(inputs)-len(values)+i]].value = value
		}
	}
	return list
}

// splitExpressions splits at the commas that separate expressions.
func splitExpressions(text string) []string {
	var list []string
	depth, start, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == '\'':
			quoted = !quoted
		case quoted:
		case b == '(' || b == '[':
			depth++
		case b == ')' || b == ']':
			depth--
		case b == ',' && depth == 0:
			list = append(list, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	return append(list, strings.TrimSpace(text[start:]))
}

// FunctionArguments is pg_get_function_arguments.
func (c *Catalog) FunctionArguments(oid uint32) (string, bool) {
	f := c.lookups().functions[oid]
	if f == nil {
		return "", false
	}
	return c.printArguments(f, true), true
}

// FunctionIdentityArguments is pg_get_function_identity_arguments.
func (c *Catalog) FunctionIdentityArguments(oid uint32) (string, bool) {
	f := c.lookups().functions[oid]
	if f == nil {
		return "", false
	}
	return c.printArguments(f, false), true
}

// orderedAt is where ORDER BY stands among an aggregate's arguments, or -1.
func (c *Catalog) orderedAt(f *function) int {
	if f.row[table("pg_proc").column("prokind")] != "a" {
		return -1
	}
	t := table("pg_aggregate")
	for _, row := range fixed("pg_aggregate") {
		if row[0] == int64(f.oid) && row[t.column("aggkind")] != "n" {
			return int(row[t.column("aggnumdirectargs")].(int64))
		}
	}
	return -1
}

func (c *Catalog) printArguments(f *function, defaults bool) string {
	var b strings.Builder
	ordered, printed := c.orderedAt(f), 0
	list := f.parameters()
	if ordered >= 0 && ordered == len(list) && list[ordered-1].mode == "v" {
		list = append(list, list[ordered-1]) // VARIADIC "any" ORDER BY VARIADIC "any"
	}
	for _, p := range list {
		if p.mode == "t" { // a column of the result
			continue
		}
		switch {
		case printed == ordered && printed > 0:
			b.WriteString(" ORDER BY ")
		case printed == ordered:
			b.WriteString("ORDER BY ")
		case printed > 0:
			b.WriteString(", ")
		}
		printed++
		b.WriteString(map[string]string{"o": "OUT ", "b": "INOUT ", "v": "VARIADIC "}[p.mode])
		if p.name != "" {
			b.WriteString(QuoteIdentifier(p.name) + " ")
		}
		text, _ := c.FormatType(p.oid, 0, false)
		b.WriteString(text)
		if defaults && p.value != "" {
			b.WriteString(" DEFAULT " + p.value)
		}
	}
	return b.String()
}

// FunctionResult is pg_get_function_result. A procedure has none, and is not ok.
func (c *Catalog) FunctionResult(oid uint32) (string, bool) {
	f := c.lookups().functions[oid]
	if f == nil {
		return "", false
	}
	t := table("pg_proc")
	if f.row[t.column("prokind")] == "p" {
		return "", false
	}
	var columns []string
	for _, p := range f.parameters() {
		if p.mode == "t" {
			text, _ := c.FormatType(p.oid, 0, false)
			columns = append(columns, QuoteIdentifier(p.name)+" "+text)
		}
	}
	if columns != nil {
		return "TABLE(" + strings.Join(columns, ", ") + ")", true
	}
	text, _ := c.FormatType(uint32(f.row[t.column("prorettype")].(int64)), 0, false)
	if f.row[t.column("proretset")].(bool) {
		return "SETOF " + text, true
	}
	return text, true
}

// FunctionDef is pg_get_functiondef, of which an aggregate has none.
func (c *Catalog) FunctionDef(oid uint32) (string, bool) {
	f := c.lookups().functions[oid]
	if f == nil {
		return "", false
	}
	t := table("pg_proc")
	get := func(column string) any { return f.row[t.column(column)] }
	if get("prokind") == "a" {
		return "", false
	}
	kind := "FUNCTION"
	if get("prokind") == "p" {
		kind = "PROCEDURE"
	}
	arguments, _ := c.FunctionArguments(oid)
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE OR REPLACE %s %s.%s(%s)\n", kind,
		QuoteIdentifier(c.lookups().schemas[f.namespace]), QuoteIdentifier(f.name), arguments)
	if result, ok := c.FunctionResult(oid); ok {
		fmt.Fprintf(&b, " RETURNS %s\n", result)
	}
	language := "internal"
	for _, row := range fixed("pg_language") {
		if row[0] == get("prolang") {
			language = row[1].(string)
		}
	}
	b.WriteString(" LANGUAGE " + language + "\n")
	words := []string{
		map[bool]string{true: "WINDOW"}[get("prokind") == "w"],
		map[any]string{"i": "IMMUTABLE", "s": "STABLE"}[get("provolatile")],
		map[any]string{"s": "PARALLEL SAFE", "r": "PARALLEL RESTRICTED"}[get("proparallel")],
		map[any]string{true: "STRICT"}[get("proisstrict")],
		map[any]string{true: "SECURITY DEFINER"}[get("prosecdef")],
		map[any]string{true: "LEAKPROOF"}[get("proleakproof")],
	}
	usual := 1.0
	if language == "sql" || language == "plpgsql" {
		usual = 100
	}
	if get("procost") != usual {
		words = append(words, fmt.Sprintf("COST %g", get("procost")))
	}
	if rows := get("prorows"); rows != 0.0 && rows != 1000.0 {
		words = append(words, fmt.Sprintf("ROWS %g", rows))
	}
	if support := get("prosupport"); support != int64(0) {
		words = append(words, "SUPPORT "+c.ProcOut(uint32(support.(int64))))
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	if len(words) > 0 {
		b.WriteString(" " + strings.Join(words, " ") + "\n")
	}
	body := get("prosrc").(string)
	if file, ok := get("probin").(string); ok {
		fmt.Fprintf(&b, "AS '%s', $function$%s$function$\n", file, body)
	} else {
		fmt.Fprintf(&b, "AS $function$%s$function$\n", body)
	}
	return b.String(), true
}

// Description is obj_description(object, class); class is the name of a
// catalog, pg_class.
func (c *Catalog) Description(object uint32, class string) (string, bool) {
	if class == "" { // the form of obj_description without it
		text, ok := c.lookups().described[object]
		return text, ok
	}
	text, ok := c.lookups().descriptions[descriptionKey{c.catalogOID(class), object, 0}]
	return text, ok
}

// SharedDescription is shobj_description(object, class), which roles alone have here.
func (c *Catalog) SharedDescription(object uint32, class string) (string, bool) {
	if c.roles == nil || class != "pg_authid" {
		return "", false
	}
	r := c.roles.ByOID(object)
	if r == nil || r.Comment == "" {
		return "", false
	}
	return r.Comment, true
}

// ColumnDescription is col_description.
func (c *Catalog) ColumnDescription(rel uint32, column int) (string, bool) {
	text, ok := c.lookups().descriptions[descriptionKey{classRelid, rel, column}]
	return text, ok
}

func (c *Catalog) catalogOID(class string) uint32 {
	if t := tableIndex()[[2]string{"pg_catalog", class}]; t != nil {
		return t.OID
	}
	return 0
}

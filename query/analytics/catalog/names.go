package catalog

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// splitName splits a possibly qualified name as PostgreSQL does in the input of
// regclass and the like: an unquoted part is folded to lower case.
func splitName(text string) ([]string, error) {
	invalid := pgerror.Errorf(pgerror.InvalidName, "invalid name syntax")
	var parts []string
	rest := strings.TrimLeft(text, spaces)
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			i := 1
			for ; i < len(rest); i++ {
				if rest[i] == '"' {
					if i+1 >= len(rest) || rest[i+1] != '"' {
						break
					}
					i++
				}
			}
			if i >= len(rest) {
				return nil, invalid
			}
			part, rest = strings.ReplaceAll(rest[1:i], `""`, `"`), rest[i+1:]
		} else {
			i := strings.IndexAny(rest, "."+spaces)
			if i < 0 {
				i = len(rest)
			}
			if i == 0 {
				return nil, invalid
			}
			part, rest = lower(rest[:i]), rest[i:]
		}
		parts = append(parts, truncate(part))
		rest = strings.TrimLeft(rest, spaces)
		if rest == "" {
			return parts, nil
		}
		if rest[0] != '.' {
			return nil, invalid
		}
		rest = strings.TrimLeft(rest[1:], spaces)
	}
}

const spaces = " \t\n\r\f\v"

// lower folds ASCII only, as PostgreSQL does with UTF-8.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// truncate cuts an identifier to what PostgreSQL keeps of it.
func truncate(s string) string {
	if len(s) <= 63 {
		return s
	}
	n := 63
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// qualified splits a name into schema and name. A name of three parts begins
// with the database's, whatever that is.
func qualified(text string) (schema, name string, err error) {
	parts, err := splitName(text)
	if err != nil {
		return "", "", err
	}
	switch len(parts) {
	case 1:
		return "", parts[0], nil
	case 2:
		return parts[0], parts[1], nil
	case 3:
		return parts[1], parts[2], nil
	}
	return "", "", pgerror.Errorf(pgerror.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(parts, "."))
}

// number reads an OID given as digits, or "-" for 0.
func number(text string) (uint32, bool, error) {
	if text == "-" {
		return 0, true, nil
	}
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, false, pgerror.Errorf(pgerror.NumericValueOutOfRange, "value \"%s\" is out of range for type oid", text)
	}
	return uint32(n), true, nil
}

// inSchema says whether an object is what schema.name finds; an empty schema
// means the search path.
func (c *Catalog) inSchema(namespace uint32, schema string) bool {
	return c.rank(namespace, schema) >= 0
}

// rank says how early a schema is searched, -1: not at all. Without a search path pg_catalog comes before public.
func (c *Catalog) rank(namespace uint32, schema string) int {
	switch {
	case schema != "":
		if c.lookups().schemas[namespace] == schema {
			return 0
		}
		return -1
	case c.search != nil:
		return slices.Index(c.search, namespace)
	case namespace == nsCatalog:
		return 0
	case namespace == nsPublic:
		return 1
	}
	return -1
}

// find returns the first of list that a name finds, by the search path.
func find[T interface{ id() named }](c *Catalog, list []T, schema string) (best T, ok bool) {
	first := 0
	for _, item := range list {
		if rank := c.rank(item.id().namespace, schema); rank >= 0 && (!ok || rank < first) {
			best, first, ok = item, rank, true
		}
	}
	return best, ok
}

func (n *named) id() named    { return *n }
func (t *typeInfo) id() named { return named{t.oid, t.namespace, t.name} }
func full(schema, s string) string {
	if schema == "" {
		return s
	}
	return schema + "." + s
}

func (c *Catalog) schemaExists(schema string) error {
	if _, ok := c.lookups().schemaOf[schema]; schema != "" && !ok {
		return pgerror.Errorf(pgerror.InvalidSchemaName, "schema \"%s\" does not exist", schema)
	}
	return nil
}

// ClassIn is the input of regclass.
func (c *Catalog) ClassIn(text string) (uint32, error) {
	if oid, ok, err := number(text); ok || err != nil {
		return oid, err
	}
	schema, name, err := qualified(text)
	if e, ok := errors.AsType[*pgerror.Error](err); ok && e.Code == pgerror.SyntaxError {
		e.Message = strings.Replace(e.Message, "qualified", "relation", 1)
	}
	if err == nil {
		err = c.schemaExists(schema)
	}
	if err != nil {
		return 0, err
	}
	l := c.lookups()
	if found, ok := find(c, l.classOf[name], schema); ok {
		return found.oid, nil
	}
	return 0, pgerror.Errorf(pgerror.UndefinedTable, "relation \"%s\" does not exist", full(schema, name))
}

// ClassOut is the output of regclass.
func (c *Catalog) ClassOut(oid uint32) string {
	l := c.lookups()
	if found := l.classes[oid]; found != nil {
		return l.print(found.named, c.RelationVisible(oid))
	}
	return outNumber(oid)
}

// print quotes a name, with its schema unless the search path finds it.
func (l *lookups) print(n named, visible bool) string {
	if visible {
		return QuoteIdentifier(n.name)
	}
	return QuoteIdentifier(l.schemas[n.namespace]) + "." + QuoteIdentifier(n.name)
}

// outNumber is the output of what no object has.
func outNumber(oid uint32) string {
	if oid == 0 {
		return "-"
	}
	return strconv.FormatUint(uint64(oid), 10)
}

// Visible is pg_table_is_visible and its like, for the objects of a catalog. It is not ok where
// there is no such object.
func (c *Catalog) Visible(in string, oid uint32) (visible, ok bool) {
	l := c.lookups()
	switch in {
	case "pg_class":
		return c.RelationVisible(oid), l.classes[oid] != nil
	case "pg_type":
		return c.TypeVisible(oid), l.types[oid] != nil
	case "pg_proc":
		return c.FunctionVisible(oid), l.functions[oid] != nil
	case "pg_operator":
		return c.OperatorVisible(oid), l.operators[oid] != nil
	}
	// All that these catalogs hold is in pg_catalog, and none of them hides another.
	for _, row := range c.Rows(table(in)) {
		if row[0] == int64(oid) {
			return true, true
		}
	}
	return false, false
}

// RelationVisible is pg_table_is_visible. What is not there is not visible.
func (c *Catalog) RelationVisible(oid uint32) bool {
	l := c.lookups()
	n := l.classes[oid]
	if n == nil {
		return false
	}
	found, ok := find(c, l.classOf[n.name], "")
	return ok && found.oid == oid
}

// TypeVisible is pg_type_is_visible.
func (c *Catalog) TypeVisible(oid uint32) bool {
	l := c.lookups()
	n := l.types[oid]
	if n == nil {
		return false
	}
	found, ok := find(c, l.typeOf[n.name], "")
	return ok && found.oid == oid
}

// FunctionVisible is pg_function_is_visible.
func (c *Catalog) FunctionVisible(oid uint32) bool {
	f := c.lookups().functions[oid]
	return f != nil && c.inSchema(f.namespace, "")
}

// OperatorVisible is pg_operator_is_visible.
func (c *Catalog) OperatorVisible(oid uint32) bool {
	o := c.lookups().operators[oid]
	return o != nil && c.inSchema(o.namespace, "")
}

// TypeByName finds a type by its name in pg_type. An empty schema means the
// search path.
func (c *Catalog) TypeByName(schema, name string) (oid uint32, ok bool) {
	l := c.lookups()
	found, ok := find(c, l.typeOf[name], schema)
	if !ok {
		return 0, false
	}
	return found.oid, true
}

// spellings are the types that SQL spells otherwise than pg_type.
var spellings = map[string]string{
	"boolean": "bool", "smallint": "int2", "integer": "int4", "int": "int4", "bigint": "int8", "real": "float4",
	"float": "float8", "double precision": "float8", "decimal": "numeric", "dec": "numeric", "character varying": "varchar",
	"char varying": "varchar", "national character varying": "varchar", "nchar varying": "varchar", "character": "bpchar",
	"char": "bpchar", "nchar": "bpchar", "national character": "bpchar", "bit varying": "varbit",
	"timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
	"time without time zone": "time", "time with time zone": "timetz",
}

// TypeIn is the input of regtype: a name, or one of SQL's spellings, with a
// typmod that is passed over, and [] for an array.
func (c *Catalog) TypeIn(text string) (uint32, error) {
	if oid, ok, err := number(text); ok || err != nil {
		return oid, err
	}
	name, array := arrayName(strings.Trim(text, spaces))
	name = withoutTypmod(name)
	if spelling, ok := spellings[strings.Join(strings.Fields(lower(name)), " ")]; ok {
		name = "pg_catalog." + spelling
	}
	schema, last, err := qualified(name)
	if err != nil {
		return 0, pgerror.Errorf(pgerror.SyntaxError, "syntax error in type name \"%s\"", text)
	}
	if err := c.schemaExists(schema); err != nil {
		return 0, err
	}
	oid, ok := c.TypeByName(schema, last)
	if ok && array {
		oid = c.lookups().types[oid].array
		ok = oid != 0
	}
	if !ok {
		shown := full(schema, last)
		if array {
			shown += "[]"
		}
		return 0, pgerror.Errorf(pgerror.UndefinedObject, "type \"%s\" does not exist", shown)
	}
	return oid, nil
}

// arrayName takes what makes a type an array off its name.
func arrayName(name string) (element string, array bool) {
	for {
		open := strings.LastIndexByte(name, '[')
		if open < 0 || !strings.HasSuffix(name, "]") || strings.Trim(name[open+1:len(name)-1], "0123456789") != "" {
			break
		}
		name, array = strings.TrimRight(name[:open], spaces), true
	}
	if short, ok := strings.CutSuffix(lower(name), " array"); ok {
		return name[:len(short)], true
	}
	return name, array
}

// withoutTypmod takes (10,2) out of numeric(10,2), or (3) out of
// timestamp(3) with time zone.
func withoutTypmod(name string) string {
	open, end := strings.IndexByte(name, '('), strings.IndexByte(name, ')')
	if open < 0 || end < open || strings.Trim(name[open+1:end], "0123456789,- ") != "" || strings.Contains(name[:open], `"`) {
		return name
	}
	return strings.TrimRight(name[:open], spaces) + name[end+1:]
}

// TypeOut is the output of regtype.
func (c *Catalog) TypeOut(oid uint32) string {
	if text, ok := c.FormatType(oid, 0, false); ok {
		return text
	}
	return outNumber(oid)
}

// ProcIn is the input of regproc.
func (c *Catalog) ProcIn(text string) (uint32, error) {
	if oid, ok, err := number(text); ok || err != nil {
		return oid, err
	}
	schema, name, err := qualified(text)
	if err != nil {
		return 0, err
	}
	if err := c.schemaExists(schema); err != nil {
		return 0, err
	}
	l, found := c.lookups(), []*function{}
	for _, f := range l.procOf[name] {
		if c.inSchema(f.namespace, schema) {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		return 0, pgerror.Errorf(pgerror.UndefinedFunction, "function \"%s\" does not exist", text)
	case 1:
		return found[0].oid, nil
	}
	return 0, pgerror.Errorf(pgerror.AmbiguousFunction, "more than one function named \"%s\"", text)
}

// ProcOut is the output of regproc. A name that more than one function has is
// qualified, for alone it would not be found.
func (c *Catalog) ProcOut(oid uint32) string {
	l := c.lookups()
	f := l.functions[oid]
	if f == nil {
		return outNumber(oid)
	}
	n := 0
	for _, other := range l.procOf[f.name] {
		if c.inSchema(other.namespace, "") {
			n++
		}
	}
	return l.print(f.named, n == 1 && c.FunctionVisible(oid))
}

// ProcedureIn is the input of regprocedure: a function with its arguments.
func (c *Catalog) ProcedureIn(text string) (uint32, error) {
	if oid, ok, err := number(text); ok || err != nil {
		return oid, err
	}
	name, list, ok := strings.Cut(text, "(")
	list, closed := strings.CutSuffix(strings.TrimRight(list, spaces), ")")
	if !ok {
		return 0, pgerror.Errorf(pgerror.InvalidTextRepresentation, "expected a left parenthesis")
	}
	if !closed {
		return 0, pgerror.Errorf(pgerror.InvalidTextRepresentation, "expected a right parenthesis")
	}
	schema, last, err := qualified(name)
	if err != nil {
		return 0, err
	}
	var arguments []any
	if strings.Trim(list, spaces) != "" {
		for _, item := range splitExpressions(list) {
			oid, err := c.TypeIn(item)
			if err != nil {
				return 0, err
			}
			arguments = append(arguments, int64(oid))
		}
	}
	l := c.lookups()
	for _, f := range l.procOf[last] {
		if c.inSchema(f.namespace, schema) && equal(f.arguments, arguments) {
			return f.oid, nil
		}
	}
	return 0, pgerror.Errorf(pgerror.UndefinedFunction, "function \"%s\" does not exist", text)
}

func equal(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// ProcedureOut is the output of regprocedure.
func (c *Catalog) ProcedureOut(oid uint32) string {
	l := c.lookups()
	f := l.functions[oid]
	if f == nil {
		return outNumber(oid)
	}
	list := make([]string, len(f.arguments))
	for i, a := range f.arguments {
		list[i] = c.TypeOut(uint32(a.(int64)))
	}
	return l.print(f.named, c.FunctionVisible(oid)) + "(" + strings.Join(list, ",") + ")"
}

// NamespaceIn is the input of regnamespace.
func (c *Catalog) NamespaceIn(text string) (uint32, error) {
	if oid, ok, err := number(text); ok || err != nil {
		return oid, err
	}
	parts, err := splitName(text)
	if err != nil || len(parts) != 1 {
		return 0, pgerror.Errorf(pgerror.InvalidName, "invalid name syntax")
	}
	if err := c.schemaExists(parts[0]); err != nil {
		return 0, err
	}
	return c.lookups().schemaOf[parts[0]], nil
}

// NamespaceOut is the output of regnamespace.
func (c *Catalog) NamespaceOut(oid uint32) string {
	if name, ok := c.lookups().schemas[oid]; ok {
		return QuoteIdentifier(name)
	}
	return outNumber(oid)
}

// RoleIn is the input of regrole in a session of user.
func (c *Catalog) RoleIn(text, user string) (uint32, error) {
	if oid, ok, err := number(text); ok || err != nil {
		return oid, err
	}
	parts, err := splitName(text)
	if err != nil || len(parts) != 1 {
		return 0, pgerror.Errorf(pgerror.InvalidName, "invalid name syntax")
	}
	return c.RoleNamed(parts[0], user)
}

// RoleOut is the output of regrole in a session of user.
func (c *Catalog) RoleOut(oid uint32, user string) string {
	if name, ok := c.UserByID(oid, user); ok {
		return QuoteIdentifier(name)
	}
	return outNumber(oid)
}

// OperIn is the input of regoper, and of regoperator where operands are given.
func (c *Catalog) OperIn(text string) (uint32, error) {
	if text == "0" {
		return 0, nil
	}
	if oid, ok, err := number(text); ok && text != "-" || err != nil {
		return oid, err
	}
	name, list, withOperands := strings.Cut(text, "(")
	var operands [2]uint32
	if withOperands {
		items := splitExpressions(strings.TrimSuffix(strings.TrimRight(list, spaces), ")"))
		if len(items) != 2 {
			return 0, pgerror.Errorf(pgerror.InvalidTextRepresentation, "expected two operands")
		}
		for i, item := range items {
			if lower(item) == "none" {
				continue
			}
			oid, err := c.TypeIn(item)
			if err != nil {
				return 0, err
			}
			operands[i] = oid
		}
	}
	schema, last := "", strings.Trim(name, spaces)
	if i := strings.LastIndexByte(last, '.'); i >= 0 {
		schema, last = lower(strings.Trim(last[:i], `"`)), last[i+1:]
	}
	l, found := c.lookups(), []*operator{}
	for _, o := range l.operOf[last] {
		if c.inSchema(o.namespace, schema) && (!withOperands || o.left == operands[0] && o.right == operands[1]) {
			found = append(found, o)
		}
	}
	switch len(found) {
	case 0:
		return 0, pgerror.Errorf(pgerror.UndefinedFunction, "operator does not exist: %s", text)
	case 1:
		return found[0].oid, nil
	}
	return 0, pgerror.Errorf(pgerror.AmbiguousFunction, "more than one operator named %s", text)
}

// OperatorOut is the output of regoperator, which has the operands.
func (c *Catalog) OperatorOut(oid uint32) string {
	l := c.lookups()
	o := l.operators[oid]
	if o == nil {
		return c.OperOut(oid)
	}
	operand := func(typ uint32) string {
		if typ == 0 {
			return "NONE"
		}
		return c.TypeOut(typ)
	}
	name := o.name
	if !c.OperatorVisible(oid) {
		name = l.schemas[o.namespace] + "." + name
	}
	return name + "(" + operand(o.left) + "," + operand(o.right) + ")"
}

// OperOut is the output of regoper. A name that more than one operator has is
// qualified.
func (c *Catalog) OperOut(oid uint32) string {
	l := c.lookups()
	o := l.operators[oid]
	if o == nil {
		if oid == 0 {
			return "0"
		}
		return outNumber(oid)
	}
	if len(l.operOf[o.name]) == 1 {
		return o.name
	}
	return l.schemas[o.namespace] + "." + o.name
}

package catalog

import "strings"

// DescribeObject is pg_describe_object, for the kinds of objects that somebody
// may meet in pg_depend. It is not ok where there is no such object.
func (c *Catalog) DescribeObject(class, oid uint32, column int) (string, bool) {
	named := func(catalog, kind string) (string, bool) {
		for _, row := range c.Rows(table(catalog)) {
			if row[0] == int64(oid) {
				return kind + " " + row[1].(string), true
			}
		}
		return "", false
	}
	l := c.lookups()
	switch class {
	case classRelid:
		if column != 0 {
			return c.describeColumn(oid, column)
		}
		return c.describeRelation(oid)
	case procRelid:
		if l.functions[oid] == nil {
			return "", false
		}
		return "function " + c.ProcedureOut(oid), true
	case typeRelid:
		text, ok := c.FormatType(oid, 0, false)
		return "type " + text, ok
	case constraintRelid:
		t := table("pg_constraint")
		for _, row := range c.constraints() {
			if row[0] == int64(oid) {
				on, ok := c.describeRelation(uint32(row[t.column("conrelid")].(int64)))
				return "constraint " + row[1].(string) + " on " + on, ok
			}
		}
	case attrdefRelid:
		for _, row := range c.attrdefs() {
			if row[0] == int64(oid) {
				of, ok := c.describeColumn(uint32(row[1].(int64)), int(row[2].(int64)))
				return "default value for " + of, ok
			}
		}
	case rewriteRelid:
		t := table("pg_rewrite")
		for _, row := range c.rewrites() {
			if row[0] == int64(oid) {
				on, ok := c.describeRelation(uint32(row[t.column("ev_class")].(int64)))
				return "rule " + row[1].(string) + " on " + on, ok
			}
		}
	case namespaceRelid:
		return named("pg_namespace", "schema")
	case c.catalogOID("pg_language"):
		return named("pg_language", "language")
	case c.catalogOID("pg_extension"):
		return named("pg_extension", "extension")
	case c.catalogOID("pg_am"):
		return named("pg_am", "access method")
	}
	return "", false
}

// describeRelation names a relation and says what it is.
func (c *Catalog) describeRelation(oid uint32) (string, bool) {
	cl := c.lookups().classes[oid]
	if cl == nil {
		return "", false
	}
	kind := map[string]string{
		"r": "table", "i": "index", "v": "view", "m": "materialized view", "t": "toast table", "S": "sequence", "c": "composite type",
	}[cl.kind]
	return kind + " " + strings.TrimSpace(c.ClassOut(oid)), true
}

func (c *Catalog) describeColumn(oid uint32, number int) (string, bool) {
	on, ok := c.describeRelation(oid)
	name, known := c.columnName(oid, number)
	return "column " + name + " of " + on, ok && known
}

package catalog

import (
	"fmt"
	"strings"
)

// eachFunction calls do with the functions that the user may call.
func (c *Catalog) eachFunction(do func(f *function, get func(string) any, schema, specific string)) {
	t := table("pg_proc")
	for _, row := range c.procs() {
		f := c.lookups().functions[uint32(row[0].(int64))]
		get := func(column string) any { return row[t.column(column)] }
		if everyoneMay(get("proacl")) {
			do(f, get, c.lookups().schemas[f.namespace], specificName(f))
		}
	}
}

// specificName tells functions of one name apart. As a name, it is cut to 63
// bytes; PostgreSQL cuts the function's name.
func specificName(f *function) string {
	suffix := fmt.Sprint("_", f.oid)
	name := f.name
	if len(name)+len(suffix) > 63 {
		name = name[:63-len(suffix)]
	}
	return name + suffix
}

func (c *Catalog) routines() [][]any {
	m := newMaker("routines", "specific_catalog", CurrentDatabase, "routine_catalog", CurrentDatabase, "type_udt_catalog", CurrentDatabase,
		"parameter_style", "GENERAL", "sql_data_access", "MODIFIES", "schema_level_routine", "YES", "max_dynamic_result_sets", 0,
		"as_locator", "NO", "is_udt_dependent", "NO", "to_sql_specific_catalog", nil)
	c.eachFunction(func(f *function, get func(string) any, schema, specific string) {
		row := m.row("specific_schema", schema, "specific_name", specific, "routine_schema", schema, "routine_name", f.name,
			"is_deterministic", yesNo(get("provolatile") == "i"), "security_type", "INVOKER")
		if get("prosecdef").(bool) {
			m.set(row, []any{"security_type", "DEFINER"})
		}
		switch get("prokind") {
		case "f":
			m.set(row, []any{"routine_type", "FUNCTION"})
		case "p":
			m.set(row, []any{"routine_type", "PROCEDURE"})
		}
		if get("prokind") == "p" {
			m.set(row, []any{"type_udt_catalog", nil})
		} else {
			typ := c.lookups().types[uint32(get("prorettype").(int64))]
			m.set(row, []any{
				"data_type", c.dataType(typ), "type_udt_schema", c.lookups().schemas[typ.namespace],
				"type_udt_name", typ.name, "dtd_identifier", "0",
			})
			m.set(row, []any{"is_null_call", yesNo(get("proisstrict").(bool))})
		}
		body, language := "EXTERNAL", "INTERNAL"
		for _, l := range fixed("pg_language") {
			if l[0] == get("prolang") {
				language = strings.ToUpper(l[1].(string))
			}
		}
		switch language {
		case "SQL":
			body = "SQL"
		case "C":
			m.set(row, []any{"external_name", get("prosrc")})
		}
		if f.namespace == nsPublic {
			m.set(row, []any{"routine_definition", get("prosrc")})
		}
		m.set(row, []any{"routine_body", body, "external_language", language})
	})
	return m.rows
}

func (c *Catalog) parameters() [][]any {
	m := newMaker("parameters", "specific_catalog", CurrentDatabase, "is_result", "NO", "as_locator", "NO")
	modes := map[string]string{"i": "IN", "o": "OUT", "b": "INOUT", "v": "IN", "t": "OUT"}
	c.eachFunction(func(f *function, _ func(string) any, schema, specific string) {
		for i, p := range f.parameters() {
			row := m.row("specific_schema", schema, "specific_name", specific, "ordinal_position", i+1,
				"parameter_mode", modes[p.mode], "dtd_identifier", fmt.Sprint(i+1))
			if p.name != "" {
				m.set(row, []any{"parameter_name", p.name})
			}
			typ := c.lookups().types[p.oid]
			m.set(row, []any{
				"data_type", c.dataType(typ), "udt_catalog", CurrentDatabase,
				"udt_schema", c.lookups().schemas[typ.namespace], "udt_name", typ.name,
			})
			if p.value != "" && f.namespace == nsPublic {
				m.set(row, []any{"parameter_default", p.value})
			}
		}
	})
	return m.rows
}

package catalog

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// project makes rows of another relation of rows of from: pairs are the columns
// of both.
func project(to, from string, rows [][]any, keep func([]any) bool, pairs ...string) *maker {
	m, source := newMaker(to), table(from)
	for _, row := range rows {
		if keep != nil && !keep(row) {
			continue
		}
		out := m.row()
		for i := 0; i < len(pairs); i += 2 {
			out[m.places[pairs[i]]] = row[source.column(pairs[i+1])]
		}
	}
	return m
}

func (c *Catalog) roleRows() [][]any {
	m := project("pg_roles", "pg_authid", c.authids(), nil,
		"rolname", "rolname", "rolsuper", "rolsuper", "rolinherit", "rolinherit", "rolcreaterole", "rolcreaterole",
		"rolcreatedb", "rolcreatedb", "rolcanlogin", "rolcanlogin", "rolreplication", "rolreplication",
		"rolconnlimit", "rolconnlimit", "rolbypassrls", "rolbypassrls", "oid", "oid", "rolvaliduntil", "rolvaliduntil")
	configs, oid := c.roleConfigs(), table("pg_roles").column("oid")
	for _, row := range m.rows {
		m.set(row, []any{"rolpassword", "********"})
		if items := configs[row[oid].(int64)]; items != nil {
			m.set(row, []any{"rolconfig", items})
		}
	}
	return m.rows
}

// canLogin is a column of pg_authid.
func canLogin(row []any) bool { return row[table("pg_authid").column("rolcanlogin")].(bool) }

func (c *Catalog) userRows(view string) *maker {
	m := project(view, "pg_authid", c.authids(), canLogin,
		"usename", "rolname", "usesysid", "oid", "usecreatedb", "rolcreatedb", "usesuper", "rolsuper",
		"userepl", "rolreplication", "usebypassrls", "rolbypassrls", "valuntil", "rolvaliduntil")
	configs, oid := c.roleConfigs(), table(view).column("usesysid")
	for _, row := range m.rows {
		if items := configs[row[oid].(int64)]; items != nil {
			m.set(row, []any{"useconfig", items})
		}
	}
	return m
}

func (c *Catalog) users() [][]any {
	m := c.userRows("pg_user")
	for _, row := range m.rows {
		m.set(row, []any{"passwd", "********"})
	}
	return m.rows
}

func (c *Catalog) shadows() [][]any { return c.userRows("pg_shadow").rows }

func (c *Catalog) groups() [][]any {
	m := newMaker("pg_group")
	for _, role := range c.authids() {
		if canLogin(role) {
			continue
		}
		members := []any{}
		for _, row := range c.authMembers() {
			if row[0] == role[0] {
				members = append(members, row[1])
			}
		}
		m.row("groname", role[1], "grosysid", role[0], "grolist", members)
	}
	return m.rows
}

func (c *Catalog) databases() [][]any {
	m := newMaker("pg_database",
		"datdba", oidPostgres, "encoding", encodingUTF8, "datlocprovider", "c", "datistemplate", true, "datallowconn", true,
		"datconnlimit", -1, "datfrozenxid", 716, "datminmxid", 1, "dattablespace", defaultTablespace,
		"datcollate", serverCollation, "datctype", serverCollation)
	// The templates are there for those who expect them. What could be made of
	// them is not, for a server has one database, under any name.
	acl := []any{"=c/postgres", "postgres=CTc/postgres"}
	m.row("oid", 1, "datname", "template1", "datacl", acl)
	m.row("oid", 4, "datname", "template0", "datacl", acl, "datallowconn", false)
	m.row("oid", oidDatabase, "datname", CurrentDatabase, "datdba", c.ownerOID(), "datistemplate", false)
	return m.rows
}

// owner is the name of who owns a relation with this owner in pg_class.
func (c *Catalog) owner(oid any) string {
	name, _ := c.UserByID(uint32(oid.(int64)), CurrentUser)
	return name
}

// eachClass calls do with the rows of pg_class of the given kinds, and their
// schemas.
func (c *Catalog) eachClass(kinds string, do func(get func(column string) any, schema string)) {
	t := table("pg_class")
	kind, namespace := t.column("relkind"), t.column("relnamespace")
	for _, row := range c.classes() {
		if strings.Contains(kinds, row[kind].(string)) {
			do(func(column string) any { return row[t.column(column)] }, c.schema(row[namespace]))
		}
	}
}

func (c *Catalog) schema(oid any) string { return c.lookups().schemas[uint32(oid.(int64))] }

func (c *Catalog) tablesView() [][]any {
	m := newMaker("pg_tables")
	c.eachClass("rp", func(get func(string) any, schema string) {
		var space any
		if get("reltablespace") == int64(1664) {
			space = "pg_global"
		}
		m.row("schemaname", schema, "tablename", get("relname"), "tableowner", c.owner(get("relowner")), "tablespace", space,
			"hasindexes", get("relhasindex"), "hasrules", get("relhasrules"), "hastriggers", get("relhastriggers"),
			"rowsecurity", get("relrowsecurity"))
	})
	return m.rows
}

func (c *Catalog) viewsView() [][]any {
	m := newMaker("pg_views")
	c.eachClass("v", func(get func(string) any, schema string) {
		var definition any
		if text, ok := c.ViewDef(uint32(get("oid").(int64))); ok {
			definition = text
		}
		m.row("schemaname", schema, "viewname", get("relname"), "viewowner", c.owner(get("relowner")), "definition", definition)
	})
	return m.rows
}

func (c *Catalog) matviewsView() [][]any {
	m := newMaker("pg_matviews")
	c.eachClass("m", func(get func(string) any, schema string) {
		text, _ := c.ViewDef(uint32(get("oid").(int64)))
		m.row("schemaname", schema, "matviewname", get("relname"), "matviewowner", c.owner(get("relowner")),
			"hasindexes", get("relhasindex"), "ispopulated", true, "definition", text)
	})
	return m.rows
}

func (c *Catalog) indexesView() [][]any {
	m, l := newMaker("pg_indexes"), c.lookups()
	for _, row := range c.indexes() {
		index, on := l.classes[uint32(row[0].(int64))], l.classes[uint32(row[1].(int64))]
		definition, _ := c.IndexDef(index.oid, 0, false)
		var space any
		if sharedRelations()[on.oid] {
			space = "pg_global"
		}
		m.row("schemaname", l.schemas[on.namespace], "tablename", on.name, "indexname", index.name,
			"tablespace", space, "indexdef", definition)
	}
	return m.rows
}

// sharedRelations are the relations that all databases of a PostgreSQL share.
func sharedRelations() map[uint32]bool {
	shared, set := table("pg_class").column("relisshared"), map[uint32]bool{}
	for _, row := range fixed("pg_class") {
		if row[shared].(bool) {
			set[uint32(row[0].(int64))] = true
		}
	}
	return set
}

// settings describes the settings there are as PostgreSQL describes its own.
func (c *Catalog) settings() [][]any {
	t := table("pg_settings")
	known := map[string][]any{}
	for _, row := range fixed("pg_settings") {
		known[strings.ToLower(row[0].(string))] = row
	}
	m := newMaker("pg_settings", "source", "default", "pending_restart", false)
	for _, s := range c.state.Settings {
		row := m.row("name", s.Name, "category", "Customized Options", "context", "user", "vartype", "string")
		if k := known[strings.ToLower(s.Name)]; k != nil {
			copy(row, k)
			m.set(row, []any{"source", "default"})
		}
		for _, f := range []struct{ column, given string }{
			{"unit", s.Unit},
			{"category", s.Category},
			{"short_desc", s.Description},
			{"context", s.Context},
			{"vartype", s.VarType},
			{"min_val", s.Min},
			{"max_val", s.Max},
			{"boot_val", s.Boot},
		} {
			if f.given != "" {
				m.set(row, []any{f.column, f.given})
			}
		}
		if s.Enum != nil {
			list := make([]any, len(s.Enum))
			for i, v := range s.Enum {
				list[i] = v
			}
			m.set(row, []any{"enumvals", list})
		}
		unit, _ := row[t.column("unit")].(string)
		value := inUnit(s.Value, unit)
		boot := t.column("boot_val")
		if row[boot] == nil {
			row[boot] = value
		}
		m.set(row, []any{"setting", value, "reset_val", value})
		if row[boot] != value {
			m.set(row, []any{"source", "override"}) // Eventgres has another than PostgreSQL
		}
	}
	return m.rows
}

// units are how many of the smallest unit of their kind there are in one.
var units = map[string]float64{
	"B": 1, "kB": 1 << 10, "8kB": 8 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40,
	"us": 1, "ms": 1e3, "s": 1e6, "min": 60e6, "h": 3600e6, "d": 86400e6,
}

// inUnit turns a value as SHOW gives it, 4MB, into that of pg_settings, 4096 of
// unit kB.
func inUnit(value, unit string) string {
	number := strings.TrimRight(value, "BkMGTusmindh")
	n, err := strconv.ParseFloat(number, 64)
	given, ok := units[value[len(number):]]
	if err != nil || !ok || units[unit] == 0 {
		return value
	}
	return strconv.FormatFloat(n*given/units[unit], 'f', -1, 64)
}

// zeros sets what counts in a row to 0, for nothing is counted.
func zeros(t *Table, row []any) {
	for i, col := range t.Columns {
		if row[i] != nil {
			continue
		}
		switch col.OID {
		case pgvalue.OIDInt8:
			row[i] = int64(0)
		case pgvalue.OIDFloat8:
			row[i] = 0.0
		case pgvalue.OIDNumeric:
			row[i] = "0"
		}
	}
}

func (c *Catalog) tableStats(view string, system, user bool) [][]any {
	m, t := newMaker(view), table(view)
	toast := strings.HasPrefix(view, "pg_statio")
	c.eachClass("rm", func(get func(string) any, schema string) {
		if own := schema == "public"; own && !user || !own && !system {
			return
		}
		row := m.row("relid", get("oid"), "schemaname", schema, "relname", get("relname"))
		zeros(t, row)
		for _, i := range toastColumns(t, toast) { // there is no TOAST table
			row[i] = nil
		}
	})
	return m.rows
}

func toastColumns(t *Table, has bool) []int {
	if !has {
		return nil
	}
	return []int{t.column("toast_blks_read"), t.column("toast_blks_hit"), t.column("tidx_blks_read"), t.column("tidx_blks_hit")}
}

func (c *Catalog) indexStats(view string, system, user bool) [][]any {
	m, t, l := newMaker(view), table(view), c.lookups()
	for _, row := range c.indexes() {
		index, on := l.classes[uint32(row[0].(int64))], l.classes[uint32(row[1].(int64))]
		if own := on.namespace == nsPublic; own && !user || !own && !system {
			continue
		}
		zeros(t, m.row("relid", on.oid, "indexrelid", index.oid, "schemaname", l.schemas[on.namespace],
			"relname", on.name, "indexrelname", index.name))
	}
	return m.rows
}

func (c *Catalog) databaseStats() [][]any {
	m, t := newMaker("pg_stat_database", "numbackends", 0), table("pg_stat_database")
	m.row("datid", 0)
	for _, row := range c.databases() {
		m.row("datid", row[0], "datname", row[1], "stats_reset", c.state.StartedAt)
	}
	for _, row := range m.rows {
		zeros(t, row)
		m.set(row, []any{"checksum_failures", nil})
	}
	return m.rows
}

// serverStats is the one row of a view that tells of the whole server.
func serverStats(view string) func(*Catalog) [][]any {
	return func(c *Catalog) [][]any {
		m := newMaker(view)
		zeros(table(view), m.row("stats_reset", c.state.StartedAt))
		return m.rows
	}
}

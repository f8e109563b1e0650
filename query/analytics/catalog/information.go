package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/privilege"
)

// standardBuilders make the rows of information_schema, as an ordinary user
// who owns schema public's relations sees them.
var standardBuilders map[string]func(*Catalog) [][]any

func init() {
	standardBuilders = map[string]func(*Catalog) [][]any{
		"information_schema_catalog_name": func(*Catalog) [][]any { return [][]any{{CurrentDatabase}} },

		"schemata": (*Catalog).schemata, "tables": (*Catalog).stdTables, "columns": (*Catalog).stdColumns,
		"views": (*Catalog).stdViews, "domains": (*Catalog).domains, "domain_udt_usage": (*Catalog).domainUsage,
		"domain_constraints": (*Catalog).domainConstraints, "element_types": (*Catalog).elementTypes,
		"column_udt_usage": (*Catalog).columnUsage,

		"table_constraints": (*Catalog).tableConstraints, "key_column_usage": (*Catalog).keyColumns,
		"check_constraints": (*Catalog).checkConstraints, "constraint_column_usage": (*Catalog).constraintColumns,
		"constraint_table_usage": (*Catalog).constraintTables,
		"view_table_usage":       (*Catalog).viewTables, "view_column_usage": (*Catalog).viewColumns,

		"routines": (*Catalog).routines, "parameters": (*Catalog).parameters,

		"character_sets": (*Catalog).characterSets, "collations": (*Catalog).collations,
		"collation_character_set_applicability": (*Catalog).collationSets,

		"applicable_roles": (*Catalog).applicableRoles, "enabled_roles": (*Catalog).enabledRoles,
	}
	addPrivileges(standardBuilders)
}

func yesNo(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}

func (c *Catalog) schemata() [][]any {
	m := newMaker("schemata", "catalog_name", CurrentDatabase)
	for _, row := range c.namespaces() {
		if row[1] == "pg_toast" {
			continue
		}
		name, _ := c.UserByID(uint32(row[2].(int64)), CurrentUser)
		m.row("schema_name", row[1], "schema_owner", name)
	}
	return m.rows
}

// shown is a relation that information_schema shows.
type shown struct {
	oid                uint32
	schema, name, kind string
	own                bool // the user's, who may do anything
	columnsOnly        bool // may be read, the relation may not
	columns            []shownColumn
}

type shownColumn struct {
	name              string
	oid               uint32
	typmod            int32
	collation         uint32
	notNull           bool
	defaultExpression any
	identity          string
	domain            uint32 // that the type is behind, if any
	number            int
}

// shownRelations are the tables and views that the user may read.
func (c *Catalog) shownRelations() []shown {
	var list []shown
	byOID := map[uint32]*Table{}
	for i := range tables() {
		byOID[tables()[i].OID] = &tables()[i]
	}
	ours := map[uint32]*publicRelation{}
	for _, r := range c.relations {
		ours[r.OID] = r
	}
	c.eachClass("rv", func(get func(string) any, schema string) {
		s := shown{oid: uint32(get("oid").(int64)), schema: schema, name: get("relname").(string), kind: get("relkind").(string)}
		if r := ours[s.oid]; r != nil {
			s.own = true
			for i, col := range r.visible() {
				sc := shownColumn{col.Name, col.OID, col.Typmod, c.collationOf(col.OID), col.NotNull, nil, col.Identity, 0, i + 1}
				if col.Default != "" {
					sc.defaultExpression = col.Default
				}
				s.columns = append(s.columns, sc)
			}
		} else if s.columnsOnly = s.name == "pg_subscription"; !s.columnsOnly && !publicMay(get("relacl")) {
			return
		} else {
			for i, col := range byOID[s.oid].Columns {
				if s.columnsOnly && !subscriptionColumn(col.Name) {
					continue
				}
				collation := col.collation
				if collation == 0 {
					collation = c.collationOf(col.OID)
				}
				s.columns = append(s.columns, shownColumn{col.Name, col.OID, col.Typmod, collation, col.NotNull, nil, "", col.domain, i + 1})
			}
		}
		list = append(list, s)
	})
	return list
}

// subscriptionColumn says whether everyone may read this column of
// pg_subscription: not the one that may hold a password.
func subscriptionColumn(name string) bool { return name != "subconninfo" }

func (c *Catalog) collationOf(oid uint32) uint32 {
	if typ := c.lookups().types[oid]; typ != nil {
		return typ.collation
	}
	return 0
}

func (c *Catalog) stdTables() [][]any {
	m := newMaker("tables", "table_catalog", CurrentDatabase, "is_typed", "NO")
	for _, s := range c.shownRelations() {
		kind := "BASE TABLE"
		if s.kind == "v" {
			kind = "VIEW"
		}
		m.row("table_schema", s.schema, "table_name", s.name, "table_type", kind, "is_insertable_into", yesNo(s.kind == "r"))
	}
	return m.rows
}

func (c *Catalog) stdViews() [][]any {
	m := newMaker("views", "table_catalog", CurrentDatabase, "check_option", "NONE", "is_updatable", "NO",
		"is_insertable_into", "NO", "is_trigger_updatable", "NO", "is_trigger_deletable", "NO", "is_trigger_insertable_into", "NO")
	for _, s := range c.shownRelations() {
		if s.kind == "v" {
			row := m.row("table_schema", s.schema, "table_name", s.name)
			if text, ok := c.ViewDef(s.oid); ok {
				m.set(row, []any{"view_definition", text})
			}
		}
	}
	return m.rows
}

func (c *Catalog) stdColumns() [][]any {
	m := newMaker("columns", "table_catalog", CurrentDatabase, "is_self_referencing", "NO", "is_identity", "NO",
		"identity_cycle", "NO", "is_generated", "NEVER")
	for _, s := range c.shownRelations() {
		for _, col := range s.columns {
			row := m.row("table_schema", s.schema, "table_name", s.name, "column_name", col.name, "ordinal_position", col.number,
				"column_default", col.defaultExpression, "is_nullable", yesNo(!col.notNull), "dtd_identifier", fmt.Sprint(col.number),
				"is_updatable", yesNo(s.kind == "r"))
			if col.identity != "" {
				m.set(row, []any{"is_identity", "YES", "identity_generation", map[string]string{"a": "ALWAYS", "d": "BY DEFAULT"}[col.identity]})
			}
			c.setType(m, row, col.oid, int64(col.typmod))
			c.setCollation(m, row, col.collation)
			if typ := c.lookups().types[col.domain]; typ != nil {
				m.set(row, []any{"domain_catalog", CurrentDatabase, "domain_schema", c.lookups().schemas[typ.namespace], "domain_name", typ.name})
			}
		}
	}
	return m.rows
}

// setType sets what information_schema says about a type, in those of its
// columns that the relation has.
func (c *Catalog) setType(m *maker, row []any, oid uint32, typmod int64) {
	typ := c.lookups().types[oid]
	if typ == nil {
		return
	}
	if typ.kind == "d" {
		c.setType(m, row, typ.base, typ.typmod)
		return
	}
	set := func(column string, v any) {
		if place, ok := m.places[column]; ok {
			row[place] = value(v)
		}
	}
	set("data_type", c.dataType(typ))
	set("udt_catalog", CurrentDatabase)
	set("udt_schema", c.lookups().schemas[typ.namespace])
	set("udt_name", typ.name)
	switch oid {
	case pgvalue.OIDText, 1043, 1042:
		set("character_octet_length", 1<<30)
		if typmod >= 0 {
			set("character_maximum_length", typmod-4)
			set("character_octet_length", 4*(typmod-4))
		}
	case 1560, 1562: // bit
		if typmod >= 0 {
			set("character_maximum_length", typmod)
		}
	case pgvalue.OIDInt2, pgvalue.OIDInt4, pgvalue.OIDInt8:
		set("numeric_precision", map[uint32]int{pgvalue.OIDInt2: 16, pgvalue.OIDInt4: 32, pgvalue.OIDInt8: 64}[oid])
		set("numeric_precision_radix", 2)
		set("numeric_scale", 0)
	case pgvalue.OIDFloat4, pgvalue.OIDFloat8:
		set("numeric_precision", map[uint32]int{pgvalue.OIDFloat4: 24, pgvalue.OIDFloat8: 53}[oid])
		set("numeric_precision_radix", 2)
	case pgvalue.OIDNumeric:
		set("numeric_precision_radix", 10)
		if typmod >= 0 {
			set("numeric_precision", (typmod-4)>>16&0xffff)
			set("numeric_scale", (typmod-4)&0xffff)
		}
	case 1082: // date
		set("datetime_precision", 0)
	case 1083, 1114, pgvalue.OIDTimestamptz, 1266, 1186:
		set("datetime_precision", 6)
		if typmod >= 0 && oid != 1186 {
			set("datetime_precision", typmod)
		}
	}
}

// dataType is a type's name in information_schema.
func (c *Catalog) dataType(typ *typeInfo) string {
	if typ.element != 0 && typ.length == -1 {
		return "ARRAY"
	}
	if typ.namespace != nsCatalog {
		return "USER-DEFINED"
	}
	text, _ := c.FormatType(typ.oid, 0, false)
	return text
}

// setCollation sets a collation, but for the default one.
func (c *Catalog) setCollation(m *maker, row []any, oid uint32) {
	if oid == 0 || oid == collationDefault {
		return
	}
	for _, coll := range fixed("pg_collation") {
		if coll[0] == int64(oid) {
			m.set(row, []any{"collation_catalog", CurrentDatabase, "collation_schema", "pg_catalog", "collation_name", coll[1]})
		}
	}
}

// eachDomain calls do with the domains, which are information_schema's own.
func (c *Catalog) eachDomain(do func(*typeInfo, string)) {
	for _, row := range fixed("pg_type") {
		if typ := typeIndex()[uint32(row[0].(int64))]; typ.kind == "d" {
			do(typ, c.lookups().schemas[typ.namespace])
		}
	}
}

func (c *Catalog) domains() [][]any {
	m := newMaker("domains", "domain_catalog", CurrentDatabase, "dtd_identifier", "1")
	defaults := map[uint32]any{}
	for _, row := range fixed("pg_type") {
		defaults[uint32(row[0].(int64))] = row[table("pg_type").column("typdefault")]
	}
	c.eachDomain(func(typ *typeInfo, schema string) {
		row := m.row("domain_schema", schema, "domain_name", typ.name, "domain_default", defaults[typ.oid])
		c.setType(m, row, typ.oid, -1)
		c.setCollation(m, row, typ.collation)
	})
	return m.rows
}

func (c *Catalog) domainUsage() [][]any { return nil } // only of types that the user owns

func (c *Catalog) domainConstraints() [][]any {
	t := table("pg_constraint")
	m := newMaker("domain_constraints", "constraint_catalog", CurrentDatabase, "domain_catalog", CurrentDatabase,
		"is_deferrable", "NO", "initially_deferred", "NO")
	for _, row := range fixed("pg_constraint") {
		if typ := c.lookups().types[uint32(row[t.column("contypid")].(int64))]; typ != nil {
			schema := c.lookups().schemas[typ.namespace]
			m.row("constraint_schema", schema, "constraint_name", row[1], "domain_schema", schema, "domain_name", typ.name)
		}
	}
	return m.rows
}

// elementTypes tells of the arrays among the columns, and not of those among
// the parameters of functions.
func (c *Catalog) elementTypes() [][]any {
	m := newMaker("element_types", "object_catalog", CurrentDatabase, "object_type", "TABLE", "udt_catalog", CurrentDatabase)
	for _, s := range c.shownRelations() {
		for _, col := range s.columns {
			typ := c.lookups().types[col.oid]
			if typ == nil || typ.element == 0 || typ.length != -1 {
				continue
			}
			element := c.lookups().types[typ.element]
			row := m.row("object_schema", s.schema, "object_name", s.name, "collection_type_identifier", fmt.Sprint(col.number),
				"data_type", c.dataType(element), "udt_schema", c.lookups().schemas[element.namespace], "udt_name", element.name,
				"dtd_identifier", fmt.Sprint("a", col.number))
			if element.element != 0 && element.length == -1 { // only the type's name counts here
				text, _ := c.FormatType(element.oid, 0, false)
				m.set(row, []any{"data_type", text})
			}
			c.setCollation(m, row, col.collation)
		}
	}
	return m.rows
}

func (c *Catalog) columnUsage() [][]any { return nil } // only of types that the user owns

// eachKey calls do with the keys of our relations.
func (c *Catalog) eachKey(do func(*publicRelation, *key)) {
	for _, r := range c.relations {
		for i := range r.keys {
			do(r, &r.keys[i])
		}
	}
}

// eachNotNull calls do with the names that PostgreSQL gives to NOT NULL.
func (c *Catalog) eachNotNull(do func(r *publicRelation, name, column string)) {
	for _, r := range c.relations {
		for i, col := range r.visible() {
			if col.NotNull {
				do(r, fmt.Sprintf("%d_%d_%d_not_null", nsPublic, r.OID, i+1), col.Name)
			}
		}
	}
}

func (c *Catalog) tableConstraints() [][]any {
	m := newMaker("table_constraints", "constraint_catalog", CurrentDatabase, "constraint_schema", "public",
		"table_catalog", CurrentDatabase, "table_schema", "public", "is_deferrable", "NO", "initially_deferred", "NO", "enforced", "YES")
	c.eachKey(func(r *publicRelation, k *key) {
		kind := "UNIQUE"
		var distinct any = "YES"
		if k.primary {
			kind, distinct = "PRIMARY KEY", nil
		}
		m.row("constraint_name", k.name, "table_name", r.Name, "constraint_type", kind, "nulls_distinct", distinct)
	})
	c.eachNotNull(func(r *publicRelation, name, _ string) {
		m.row("constraint_name", name, "table_name", r.Name, "constraint_type", "CHECK")
	})
	return m.rows
}

func (c *Catalog) checkConstraints() [][]any {
	m := newMaker("check_constraints", "constraint_catalog", CurrentDatabase, "constraint_schema", "public")
	c.eachNotNull(func(_ *publicRelation, name, column string) {
		m.row("constraint_name", name, "check_clause", column+" IS NOT NULL")
	})
	return m.rows
}

// keyColumns tells of all keys whose table the user may read, PostgreSQL's too.
func (c *Catalog) keyColumns() [][]any {
	m := newMaker("key_column_usage", "constraint_catalog", CurrentDatabase, "table_catalog", CurrentDatabase)
	t := table("pg_constraint")
	may := map[uint32]shown{}
	for _, s := range c.shownRelations() {
		may[s.oid] = s
	}
	for _, row := range c.constraints() {
		on, ok := may[uint32(row[t.column("conrelid")].(int64))]
		keys, _ := row[t.column("conkey")].([]any)
		if !ok || !slices.Contains([]string{"p", "u"}, row[t.column("contype")].(string)) {
			continue
		}
		for i, number := range keys {
			m.row("constraint_schema", on.schema, "constraint_name", row[1], "table_schema", on.schema, "table_name", on.name,
				"column_name", on.columns[number.(int64)-1].name, "ordinal_position", i+1)
		}
	}
	return m.rows
}

func (c *Catalog) constraintColumns() [][]any {
	m := newMaker("constraint_column_usage", "table_catalog", CurrentDatabase, "table_schema", "public",
		"constraint_catalog", CurrentDatabase, "constraint_schema", "public")
	c.eachKey(func(r *publicRelation, k *key) {
		for _, n := range k.columns {
			m.row("table_name", r.Name, "column_name", r.Columns[n-1].Name, "constraint_name", k.name)
		}
	})
	return m.rows
}

func (c *Catalog) constraintTables() [][]any {
	m := newMaker("constraint_table_usage", "table_catalog", CurrentDatabase, "table_schema", "public",
		"constraint_catalog", CurrentDatabase, "constraint_schema", "public")
	c.eachKey(func(r *publicRelation, k *key) { m.row("table_name", r.Name, "constraint_name", k.name) })
	return m.rows
}

func (c *Catalog) viewTables() [][]any {
	m := newMaker("view_table_usage", "view_catalog", CurrentDatabase, "table_catalog", CurrentDatabase)
	m.row("view_schema", "public", "view_name", "streams", "table_schema", "public", "table_name", "events")
	return m.rows
}

func (c *Catalog) viewColumns() [][]any {
	m := newMaker("view_column_usage", "view_catalog", CurrentDatabase, "table_catalog", CurrentDatabase)
	for _, n := range streamsUses {
		m.row("view_schema", "public", "view_name", "streams", "table_schema", "public", "table_name", "events",
			"column_name", c.byName["events"].Columns[n-1].Name)
	}
	return m.rows
}

func (c *Catalog) characterSets() [][]any {
	m := newMaker("character_sets")
	m.row("character_set_name", "UTF8", "character_repertoire", "UCS", "form_of_use", "UTF8",
		"default_collate_catalog", CurrentDatabase, "default_collate_schema", "pg_catalog", "default_collate_name", "C")
	return m.rows
}

func (c *Catalog) collations() [][]any {
	m := newMaker("collations", "collation_catalog", CurrentDatabase, "collation_schema", "pg_catalog", "pad_attribute", "NO PAD")
	for _, row := range fixed("pg_collation") {
		m.row("collation_name", row[1])
	}
	return m.rows
}

func (c *Catalog) collationSets() [][]any {
	m := newMaker("collation_character_set_applicability", "collation_catalog", CurrentDatabase, "collation_schema", "pg_catalog",
		"character_set_name", "UTF8")
	for _, row := range fixed("pg_collation") {
		m.row("collation_name", row[1])
	}
	return m.rows
}

func (c *Catalog) applicableRoles() [][]any {
	m := newMaker("applicable_roles")
	if c.roles == nil {
		m.row("grantee", CurrentUser, "role_name", "pg_database_owner", "is_grantable", "NO")
	}
	return m.rows
}

func (c *Catalog) enabledRoles() [][]any {
	m := newMaker("enabled_roles")
	if c.roles == nil {
		m.row("role_name", "pg_database_owner")
	}
	m.row("role_name", CurrentUser)
	return m.rows
}

// MayFunction is has_function_privilege: one that is not there has no answer.
func (c *Catalog) MayFunction(role, oid uint32, privileges string) (may, ok bool, err error) {
	f := c.lookups().functions[oid]
	if f == nil {
		return false, false, nil
	}
	acl := f.row[table("pg_proc").column("proacl")]
	owns := c.roles != nil && c.ownsCatalog(role)
	for _, word := range strings.Split(privileges, ",") {
		word = strings.Trim(word, " \t\n\r\f\v")
		switch strings.ToUpper(word) {
		case "EXECUTE":
			may = may || owns || everyoneMay(acl) || c.listed(acl, role)
		case "EXECUTE WITH GRANT OPTION":
			may = may || owns // nobody is granted that
		default:
			return false, true, pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.Clone(word))
		}
	}
	return may, true, nil
}

// listed tells whether a function's EXECUTE is granted to a role, or to one that it uses.
func (c *Catalog) listed(acl any, role uint32) bool {
	items, _ := acl.([]any)
	return c.roles != nil && role != Public && slices.ContainsFunc(items, func(item any) bool {
		name, what, _ := strings.Cut(item.(string), "=")
		of := c.roles.Named(name)
		return of != nil && of.OID != privilege.BootstrapOID && strings.HasPrefix(what, "X") && c.roles.Uses(role, of.OID)
	})
}

// everyoneMay says whether PUBLIC has a function's EXECUTE.
func everyoneMay(acl any) bool {
	items, ok := acl.([]any)
	return !ok || slices.ContainsFunc(items, func(item any) bool { return strings.HasPrefix(item.(string), "=X") })
}

package catalog

import (
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
)

// builders make the rows of those relations of pg_catalog that are not the
// same in every database.
var builders map[string]func(*Catalog) [][]any

func init() { // not in the declaration: the builders use one another by Rows
	builders = map[string]func(*Catalog) [][]any{
		"pg_class": (*Catalog).classes, "pg_attribute": (*Catalog).attributes, "pg_type": (*Catalog).types,
		"pg_index": (*Catalog).indexes, "pg_constraint": (*Catalog).constraints, "pg_proc": (*Catalog).procs,
		"pg_attrdef": (*Catalog).attrdefs, "pg_description": (*Catalog).descriptions, "pg_depend": (*Catalog).depends,
		"pg_rewrite": (*Catalog).rewrites, "pg_extension": (*Catalog).extensions, "pg_init_privs": (*Catalog).initPrivs,

		"pg_auth_members": (*Catalog).authMembers, "pg_db_role_setting": (*Catalog).roleSettings, "pg_namespace": (*Catalog).namespaces,
		"pg_policy": (*Catalog).policies, "pg_policies": (*Catalog).policiesView,
		"pg_publication": (*Catalog).publications, "pg_publication_rel": (*Catalog).publicationRels, "pg_publication_tables": (*Catalog).publicationTables,
		"pg_authid": (*Catalog).authids, "pg_shdescription": (*Catalog).sharedDescriptions, "pg_roles": (*Catalog).roleRows, "pg_user": (*Catalog).users,
		"pg_shadow": (*Catalog).shadows, "pg_group": (*Catalog).groups, "pg_database": (*Catalog).databases,

		"pg_tables": (*Catalog).tablesView, "pg_views": (*Catalog).viewsView, "pg_indexes": (*Catalog).indexesView,
		"pg_matviews": (*Catalog).matviewsView, "pg_settings": (*Catalog).settings,
		"pg_available_extensions": (*Catalog).availableExtensions, "pg_available_extension_versions": (*Catalog).extensionVersions,

		"pg_stat_all_tables":    func(c *Catalog) [][]any { return c.tableStats("pg_stat_all_tables", true, true) },
		"pg_stat_sys_tables":    func(c *Catalog) [][]any { return c.tableStats("pg_stat_sys_tables", true, false) },
		"pg_stat_user_tables":   func(c *Catalog) [][]any { return c.tableStats("pg_stat_user_tables", false, true) },
		"pg_statio_all_tables":  func(c *Catalog) [][]any { return c.tableStats("pg_statio_all_tables", true, true) },
		"pg_statio_sys_tables":  func(c *Catalog) [][]any { return c.tableStats("pg_statio_sys_tables", true, false) },
		"pg_statio_user_tables": func(c *Catalog) [][]any { return c.tableStats("pg_statio_user_tables", false, true) },

		"pg_stat_xact_all_tables":  func(c *Catalog) [][]any { return c.tableStats("pg_stat_xact_all_tables", true, true) },
		"pg_stat_xact_sys_tables":  func(c *Catalog) [][]any { return c.tableStats("pg_stat_xact_sys_tables", true, false) },
		"pg_stat_xact_user_tables": func(c *Catalog) [][]any { return c.tableStats("pg_stat_xact_user_tables", false, true) },

		"pg_stat_all_indexes":    func(c *Catalog) [][]any { return c.indexStats("pg_stat_all_indexes", true, true) },
		"pg_stat_sys_indexes":    func(c *Catalog) [][]any { return c.indexStats("pg_stat_sys_indexes", true, false) },
		"pg_stat_user_indexes":   func(c *Catalog) [][]any { return c.indexStats("pg_stat_user_indexes", false, true) },
		"pg_statio_all_indexes":  func(c *Catalog) [][]any { return c.indexStats("pg_statio_all_indexes", true, true) },
		"pg_statio_sys_indexes":  func(c *Catalog) [][]any { return c.indexStats("pg_statio_sys_indexes", true, false) },
		"pg_statio_user_indexes": func(c *Catalog) [][]any { return c.indexStats("pg_statio_user_indexes", false, true) },

		"pg_stat_database": (*Catalog).databaseStats, "pg_stat_bgwriter": serverStats("pg_stat_bgwriter"),
		"pg_stat_archiver": serverStats("pg_stat_archiver"), "pg_stat_wal": serverStats("pg_stat_wal"),
	}
}

func (c *Catalog) classes() [][]any {
	m := newMaker("pg_class",
		"relnamespace", nsPublic, "reltype", 0, "reloftype", 0, "relowner", c.ownerOID(), "relam", 0, "relfilenode", 0,
		"reltablespace", 0, "relpages", 0, "reltuples", -1.0, "relallvisible", 0, "reltoastrelid", 0, "relhasindex", false,
		"relisshared", false, "relpersistence", "p", "relchecks", 0, "relhasrules", false, "relhastriggers", false,
		"relhassubclass", false, "relrowsecurity", false, "relforcerowsecurity", false, "relispopulated", true,
		"relreplident", "n", "relispartition", false, "relrewrite", 0, "relfrozenxid", 0, "relminmxid", 0)
	for _, r := range c.relations {
		row := []any{
			"oid", r.OID, "relname", r.Name, "relnamespace", r.namespace, "reltype", r.rowType, "relkind", r.Kind, "relnatts", len(r.visible()),
			"relhasindex", len(r.keys) > 0, "relhasrules", r.rule != 0,
		}
		if r.Kind != 'v' && r.Kind != 'c' { // it has a file
			row = append(row, "relam", amHeap, "relfilenode", r.OID, "relreplident", "d", "relpages", r.pages())
		}
		if c.roles != nil {
			row = append(row, "relowner", c.shownOwner(&r.object), "relacl", c.aclOf(&r.object))
		}
		if r.OID == relation.Events.OID {
			row = append(row, "relrowsecurity", c.state.Security.Enabled)
		}
		if len(r.options) > 0 {
			row = append(row, "reloptions", anyTexts(r.options))
		}
		m.row(row...)
		for _, k := range r.keys {
			m.row("oid", k.index, "relname", k.name, "relkind", "i", "relnatts", len(k.columns), "relam", amBtree,
				"relfilenode", k.index, "relpages", btreeRelationPages, "reltuples", 0.0)
		}
		c.plainClasses(m, r)
	}
	for i := range tables() {
		if t := &tables()[i]; t.OID >= firstOwnOID {
			m.row("oid", t.OID, "relname", t.Name, "relnamespace", nsCatalog, "reltype", t.rowType, "relowner", oidPostgres, "relkind", t.kind,
				"relnatts", len(t.Columns), "relacl", readableByAll)
		}
	}
	return withFixed("pg_class", m.rows)
}

func (c *Catalog) attributes() [][]any {
	m := newMaker("pg_attribute",
		"attstattarget", -1, "attndims", 0, "attcacheoff", -1, "atttypmod", -1, "attcompression", "",
		"attnotnull", false, "atthasdef", false, "atthasmissing", false, "attidentity", "", "attgenerated", "",
		"attisdropped", false, "attislocal", true, "attinhcount", 0)
	add, addSystem := c.attributeRows(m)
	byOID := map[uint32]*Table{}
	for i := range tables() {
		t := &tables()[i]
		byOID[t.OID] = t
		for j, col := range t.Columns {
			dims := 0
			if typ := c.typeOf(col.OID); t.kind == 'r' && typ.category == "A" && typ.length == -1 && t.Schema == "pg_catalog" {
				dims = 1
			}
			oid, typmod := col.OID, col.Typmod
			if col.domain != 0 {
				oid, typmod = col.domain, -1
			}
			row := add(t.OID, j+1, col.Name, oid, typmod, col.collation, "attnotnull", col.NotNull, "attndims", dims)
			if t.Name == "pg_subscription" && subscriptionColumn(col.Name) {
				m.set(row, []any{"attacl", []any{"=r/postgres"}})
			}
		}
		if t.kind == 'r' {
			addSystem(t.OID)
		}
	}
	indexAttributes(byOID, add)
	for _, r := range c.relations {
		for i, col := range r.visible() {
			dims := 0
			if r.Kind == 'r' && c.typeOf(col.OID).category == "A" {
				dims = 1
			}
			add(r.OID, i+1, col.Name, col.OID, col.Typmod, 0,
				"attnotnull", col.NotNull, "atthasdef", col.Default != "", "attidentity", col.Identity, "attndims", dims)
		}
		if r.Kind != 'v' && r.Kind != 'c' {
			addSystem(r.OID)
		}
		for _, k := range r.keys {
			for i, number := range k.columns {
				col := r.Columns[number-1]
				add(k.index, i+1, col.Name, col.OID, col.Typmod, 0)
			}
		}
		plainAttributes(add, r)
	}
	return m.rows
}

// addAttribute adds a row to pg_attribute.
type addAttribute func(rel uint32, number int, name string, oid uint32, typmod int32, collation uint32, more ...any) []any

// attributeRows add a column, and the system's columns.
func (c *Catalog) attributeRows(m *maker) (add addAttribute, addSystem func(rel uint32)) {
	add = func(rel uint32, number int, name string, oid uint32, typmod int32, collation uint32, more ...any) []any {
		typ := c.typeOf(oid)
		row := m.row("attrelid", rel, "attnum", number, "attname", name, "atttypid", oid, "atttypmod", typmod,
			"attlen", typ.length, "attbyval", typ.byValue, "attalign", typ.align, "attstorage", typ.storage,
			"attcollation", typ.collation)
		m.set(row, more)
		if collation != 0 {
			m.set(row, []any{"attcollation", collation})
		}
		return row
	}
	addSystem = func(rel uint32) {
		for _, col := range systemColumns {
			add(rel, col.number, col.name, col.oid, -1, 0, "attnotnull", true, "attstattarget", 0)
		}
	}
	return add, addSystem
}

// indexAttributes adds the columns of PostgreSQL's indexes.
func indexAttributes(byOID map[uint32]*Table, add addAttribute) {
	for _, row := range fixed("pg_index") {
		t := byOID[uint32(row[1].(int64))]
		for i, number := range row[indexKey].([]any) {
			col := t.Columns[number.(int64)-1]
			if col.OID == pgvalue.OIDName { // an index keeps it like the text of a C string
				add(uint32(row[0].(int64)), i+1, col.Name, 2275, -1, 950)
				continue
			}
			dims := 0
			if col.OID == pgvalue.OIDOidVector {
				dims = 1
			}
			add(uint32(row[0].(int64)), i+1, col.Name, col.OID, -1, col.collation, "attndims", dims)
		}
	}
}

// systemColumns are those that every table has.
var systemColumns = []struct {
	number int
	name   string
	oid    uint32
}{{-1, "ctid", 27}, {-2, "xmin", 28}, {-3, "cmin", 29}, {-4, "xmax", 28}, {-5, "cmax", 29}, {-6, "tableoid", pgvalue.OIDOid}}

// typeOf finds a type. A view may have a column of one that is not there, if
// its maker got it wrong; it is then shown as text.
func (c *Catalog) typeOf(oid uint32) *typeInfo {
	if typ := c.lookups().types[oid]; typ != nil {
		return typ
	}
	return typeIndex()[pgvalue.OIDText]
}

func (c *Catalog) types() [][]any {
	m := newMaker("pg_type",
		"typowner", oidPostgres, "typbyval", false, "typispreferred", false, "typisdefined", true, "typdelim", ",",
		"typrelid", 0, "typelem", 0, "typarray", 0, "typmodin", 0, "typmodout", 0, "typanalyze", 0, "typalign", "d",
		"typstorage", "x", "typnotnull", false, "typbasetype", 0, "typtypmod", -1, "typndims", 0, "typcollation", 0,
		"typlen", -1, "typsubscript", 0)
	add := func(rel, namespace, owner uint32, name, arrayName string, row, array uint32) {
		m.row("oid", row, "typname", name, "typnamespace", namespace, "typowner", owner, "typtype", "c", "typcategory", "C",
			"typrelid", rel, "typarray", array,
			"typinput", 2290, "typoutput", 2291, "typreceive", 2402, "typsend", 2403) // record_in …
		if array == 0 {
			return
		}
		m.row("oid", array, "typname", arrayName, "typnamespace", namespace, "typowner", owner, "typtype", "b",
			"typcategory", "A", "typelem", row, "typsubscript", arraySubscript, "typanalyze", 3816,
			"typinput", 750, "typoutput", 751, "typreceive", 2400, "typsend", 2401) // array_in …
	}
	for i := range tables() {
		t := &tables()[i]
		add(t.OID, schemaOID(t.Schema), oidPostgres, t.Name, "_"+t.Name, t.rowType, t.rowsOID)
	}
	for _, r := range c.relations {
		add(r.OID, r.namespace, c.shownOwner(&r.object), r.Name, "_"+r.Name, r.rowType, r.arrayType)
	}
	return withFixed("pg_type", m.rows)
}

// indexKey is the place of indkey.
const indexKey = 15

func (c *Catalog) indexes() [][]any {
	m := newMaker("pg_index",
		"indisunique", true, "indnullsnotdistinct", false, "indisexclusion", false, "indimmediate", true,
		"indisclustered", false, "indisvalid", true, "indcheckxmin", false, "indisready", true, "indislive", true,
		"indisreplident", false)
	for _, r := range c.relations {
		for _, k := range r.keys {
			n := len(k.columns)
			zeros := slices.Repeat([]any{int64(0)}, n)
			m.row("indexrelid", k.index, "indrelid", r.OID, "indnatts", n, "indnkeyatts", n, "indisprimary", k.primary,
				"indkey", numbers(k.columns), "indcollation", zeros, "indclass", oids(k.opclasses), "indoption", zeros)
		}
		c.plainIndexes(m, r)
	}
	return withFixed("pg_index", m.rows)
}

func numbers(list []int) []any {
	out := make([]any, len(list))
	for i, n := range list {
		out[i] = int64(n)
	}
	return out
}

func (c *Catalog) constraints() [][]any {
	m := newMaker("pg_constraint",
		"connamespace", nsPublic, "condeferrable", false, "condeferred", false, "convalidated", true, "contypid", 0,
		"conparentid", 0, "confrelid", 0, "confupdtype", " ", "confdeltype", " ", "confmatchtype", " ",
		"conislocal", true, "coninhcount", 0, "connoinherit", true)
	for _, r := range c.relations {
		for _, k := range r.keys {
			m.row("oid", k.oid, "conname", k.name, "contype", k.kind(), "conrelid", r.OID, "conindid", k.index,
				"conkey", numbers(k.columns))
		}
	}
	return withFixed("pg_constraint", m.rows)
}

// kind is the key's contype.
func (k *key) kind() string {
	if k.primary {
		return "p"
	}
	return "u"
}

func (c *Catalog) procs() [][]any {
	m := newMaker("pg_proc", "proowner", c.ownerOID(), "prolang", langPLpgSQL, "procost", 100.0, "prorows", 0.0, "provariadic", 0, "prosupport", 0,
		"prokind", "f", "prosecdef", false, "proleakproof", false, "proretset", false, "proparallel", "s", "pronargdefaults", 0)
	for _, f := range c.functions() {
		var defaults any
		if f.Defaults != nil {
			defaults = defaultsText(f)
		}
		var names any // null, where it takes nothing
		if f.ArgNames != nil {
			list := make([]any, len(f.ArgNames))
			for i, name := range f.ArgNames {
				list[i] = name
			}
			names = list
		}
		row := m.row("oid", f.OID, "proname", f.Name, "pronamespace", schemaOID(f.Schema), "proisstrict", f.Strict, "provolatile", string(f.Volatile),
			"pronargs", len(f.Args), "pronargdefaults", len(f.Defaults), "proargdefaults", defaults, "prorettype", f.Result, "proargtypes", f.Args, "proargnames", names, "prosrc", f.Source)
		if f.Result == relation.MessageTypeOID {
			m.set(row, []any{"proretset", true, "prorows", 1000.0})
		}
		if f.Out != nil {
			m.returnsTable(row, f)
			if acl := c.authPrivileges(); acl != nil && f == relation.AuthQuery {
				m.set(row, []any{"proacl", acl})
			}
		}
	}
	m.extensionFunction()
	return withFixed("pg_proc", m.rows)
}

// defaultsText is what pg_get_expr shows of the defaults of a function's last arguments.
func defaultsText(f *relation.Function) string {
	list := make([]string, len(f.Defaults))
	for i, text := range f.Defaults {
		oid := f.Args[len(f.Args)-len(f.Defaults)+i]
		switch {
		case text[0] == '-':
			text = "'" + text + "'::integer" // which is what the literal is
		case text == "NULL", text[0] == '\'':
			text += "::" + pgvalue.TypeName(oid)
		}
		list[i] = text
	}
	return strings.Join(list, ", ")
}

func (c *Catalog) attrdefs() [][]any {
	m := newMaker("pg_attrdef")
	for _, r := range c.relations {
		for i, col := range r.visible() {
			if col.Default != "" {
				m.row("oid", oidEventsDefaults+uint32(i)+1, "adrelid", r.OID, "adnum", i+1, "adbin", col.Default)
			}
		}
	}
	return m.rows
}

// descriptions are what was said of our own objects. PostgreSQL's sentences about its own are PostgreSQL's.
func (c *Catalog) descriptions() [][]any {
	m := newMaker("pg_description", "classoid", classRelid)
	for _, r := range c.relations {
		if r.comment != "" {
			m.row("objoid", r.OID, "objsubid", 0, "description", r.comment)
		}
		for i, col := range r.visible() {
			if col.Comment != "" {
				m.row("objoid", r.OID, "objsubid", i+1, "description", col.Comment)
			}
		}
	}
	for i := range c.state.Security.Policies {
		if p := &c.state.Security.Policies[i]; p.Comment != "" {
			m.row("objoid", p.OID, "classoid", policyRelid, "objsubid", 0, "description", p.Comment)
		}
	}
	for _, f := range c.functions() {
		m.row("objoid", f.OID, "classoid", procRelid, "objsubid", 0, "description", f.About)
	}
	return m.rows
}

func (c *Catalog) rewrites() [][]any {
	m := newMaker("pg_rewrite", "rulename", "_RETURN", "ev_type", "1", "ev_enabled", "O", "is_instead", true,
		"ev_qual", "<>", "ev_action", "<>")
	for _, r := range c.relations {
		if r.rule != 0 {
			m.row("oid", r.rule, "ev_class", r.OID)
		}
	}
	return withFixed("pg_rewrite", m.rows)
}

// depends tells what ours depend on. Of a user's views it is known which
// relations they use, and not which columns.
func (c *Catalog) depends() [][]any {
	m := newMaker("pg_depend", "objsubid", 0, "refobjsubid", 0)
	add := func(class, oid, refClass, ref uint32, column int, kind string) {
		m.row("classid", class, "objid", oid, "refclassid", refClass, "refobjid", ref, "refobjsubid", column, "deptype", kind)
	}
	for _, r := range c.relations {
		add(classRelid, r.OID, namespaceRelid, r.namespace, 0, "n")
		add(typeRelid, r.rowType, classRelid, r.OID, 0, "i")
		add(typeRelid, r.arrayType, typeRelid, r.rowType, 0, "i")
		for i, col := range r.visible() {
			if col.Default != "" {
				add(attrdefRelid, oidEventsDefaults+uint32(i)+1, classRelid, r.OID, i+1, "a")
			}
		}
		for _, k := range r.keys {
			for _, number := range k.columns {
				add(constraintRelid, k.oid, classRelid, r.OID, number, "a")
			}
			add(classRelid, k.index, constraintRelid, k.oid, 0, "i")
		}
		for _, x := range r.indexes {
			add(classRelid, x.oid, classRelid, r.OID, x.column, "a")
		}
		if r.rule != 0 {
			add(rewriteRelid, r.rule, classRelid, r.OID, 0, "i")
			add(rewriteRelid, r.rule, classRelid, r.OID, 0, "n")
			for _, use := range r.uses {
				add(rewriteRelid, r.rule, classRelid, use, 0, "n")
			}
		}
	}
	for _, column := range streamsUses {
		add(rewriteRelid, oidStreamsRule, classRelid, relation.Events.OID, column, "n")
	}
	for _, f := range c.functions() {
		add(procRelid, f.OID, namespaceRelid, schemaOID(f.Schema), 0, "n")
	}
	for _, of := range extensionObjects {
		add(of[0], of[1], extensionRelid, oidExtension, 0, "e")
	}
	return withFixed("pg_depend", m.rows)
}

// streamsUses are the columns of events that streams is made of.
var streamsUses = []int{1, 2, 3, 4, 10}

// publicMay says whether everyone may read a system relation with these
// privileges.
func publicMay(acl any) bool {
	items, _ := acl.([]any)
	return slices.ContainsFunc(items, func(item any) bool { return strings.HasPrefix(item.(string), "=r") })
}

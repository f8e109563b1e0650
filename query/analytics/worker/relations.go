//go:build cgo

package worker

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/translate"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
)

// schema is the catalog as of one version of what is defined. It is immutable.
type schema struct {
	version int64
	told    *analytics.Schema // what it was made of
	catalog *catalog.Catalog
	tables  map[string]*catalog.Table // of the system, by schema and name
	views   map[string]*analytics.View
	used    func(t *catalog.Table) // is told of system tables that a statement names
	copies  *copies
	// inserted: a statement may name what its transaction has just inserted.
	inserted bool
	path     searchpath.Path
	plain    *catalog.Catalog        // without schema message_store
	store    func() *catalog.Catalog // with it
	shows    bool                    // the catalog is that
}

// In implements translate.Catalog.
func (s *schema) In(path searchpath.Path) translate.Catalog { return s.in(path) }

// in is the schema as it is seen with a search path.
func (s *schema) in(path searchpath.Path) *schema {
	if path == s.path {
		return s
	}
	out := *s
	from := s.plain
	if out.shows = path.Has(searchpath.MessageStore); out.shows {
		from = s.store()
	}
	out.path, out.catalog = path, from.In(path.Search())
	return &out
}

// Searches implements translate.Catalog.
func (s *schema) Searches(schema string) bool { return s.path.Has(schema) }

var (
	systemTables  = catalog.Tables()
	systemSchemas = map[string]bool{"pg_catalog": true, "information_schema": true, "public": true, "pg_toast": true, searchpath.MessageStore: true}
)

func (w *Worker) newSchema(s *analytics.Schema) *schema {
	out := &schema{version: s.Version, told: s, copies: w.newCopies(), tables: map[string]*catalog.Table{}, views: map[string]*analytics.View{}}
	state := catalog.State{Comments: s.Comments, StartedAt: s.Started, Roles: s.Roles, Everyone: s.Everyone, Security: s.Security, Object: s.Object}
	for i := range s.Views {
		v := &s.Views[i]
		out.views[v.Name] = v
		view := catalog.View{OID: v.OID, Name: v.Name, Definition: " " + strings.TrimSuffix(strings.Trim(v.Query, " \t\n\r\f\v"), ";") + ";", Comment: v.Comment, Object: v.Object(), Options: v.Options}
		view.Uses = viewUses(s.Views, v)
		for _, n := range translate.BareNames(v.Query) {
			at := 1 + n.At - (len(v.Query) - len(strings.TrimLeft(v.Query, " \t\n\r\f\v")))
			if in := whose(s.Views, v.Path, n.Name); in != "" {
				view.Bare = append(view.Bare, catalog.BareName{At: at, Schema: in, Name: n.Name})
			}
		}
		for _, c := range v.Columns {
			view.Columns = append(view.Columns, catalog.ViewColumn{Name: c.Name, OID: c.OID, Typmod: c.Mod, Comment: v.Notes[c.Name]})
		}
		state.Views = append(state.Views, view)
	}
	for i := range s.Publications {
		p := &s.Publications[i]
		state.Publications = append(state.Publications, catalog.Publication{
			OID: p.OID, Name: p.Name, Owner: cmp.Or(p.Owner, privilege.BootstrapOID), All: p.All, Events: p.Events, Insert: p.Insert, Update: p.Update, Delete: p.Delete,
			Truncate: p.Truncate, ViaRoot: p.ViaRoot, Columns: p.Columns, Where: p.Where,
		})
	}
	for _, set := range s.Settings {
		state.Settings = append(state.Settings, catalog.Setting{Name: set.Name, Value: set.Value, Description: set.About, Context: set.Context, VarType: set.VarType})
	}
	out.plain = catalog.New(state)
	out.catalog = out.plain
	out.store = sync.OnceValue(func() *catalog.Catalog {
		state.MessageStore = true
		return catalog.New(state)
	})
	for i := range systemTables {
		t := &systemTables[i]
		out.tables[t.Schema+"."+t.Name] = t
	}
	return out
}

// whose schema it is that a relation's name without one means; empty if there is no such relation.
func whose(views []analytics.View, path searchpath.Path, name string) string {
	for _, schema := range path.Search() {
		if slices.ContainsFunc(systemTables, func(t catalog.Table) bool { return t.Schema == schema && t.Name == name }) {
			return schema
		}
		if schema != "public" {
			continue
		}
		if _, ok := bare.Relation("public", name); ok || slices.ContainsFunc(views, func(v analytics.View) bool { return v.Name == name }) {
			return schema
		}
	}
	return ""
}

// viewUses are the relations that a view's query names, its own and other views.
func viewUses(views []analytics.View, of *analytics.View) []uint32 {
	own := map[string]uint32{}
	for _, v := range views {
		own[v.Name] = v.OID
	}
	for _, name := range []string{"events", "streams"} {
		if rel, ok := bare.Relation("public", name); ok {
			own[name] = rel.OID
		}
	}
	var uses []uint32
	for _, name := range translate.Uses(of.Query) {
		schema := name[0]
		if schema == "" {
			schema = whose(views, of.Path, name[1])
		}
		if oid := own[name[1]]; oid != 0 && schema == "public" {
			uses = append(uses, oid)
		}
	}
	return uses
}

// bare is the catalog of a server without views.
var bare = catalog.New(catalog.State{})

// Schema tells whether there is a schema of this name.
func (s *schema) Schema(name string) bool { return systemSchemas[name] }

// Relation resolves a table's name, by the search path if it has no schema.
func (s *schema) Relation(namespace, name string) (*translate.Relation, bool) {
	if namespace == "" {
		for _, in := range s.path.Search() {
			if rel, ok := s.Relation(in, name); ok {
				return rel, true
			}
		}
		return nil, false
	}
	if namespace == "pg_catalog" || namespace == "information_schema" {
		if t := s.tables[namespace+"."+name]; t != nil {
			return s.systemTable(t), true
		}
		return nil, false
	}
	if namespace == analytics.InsertedSchema && name == analytics.InsertedName && s.inserted {
		rel, _ := s.catalog.Relation("public", "events")
		return s.own(rel, translate.Placeholder("inserted"), "position"), true
	}
	if namespace == searchpath.MessageStore {
		return s.messages(name)
	}
	if namespace != "public" {
		return nil, false
	}
	if v := s.views[name]; v != nil {
		r := &translate.Relation{Schema: "public", Name: name, OID: v.OID, View: v.Query, ViewZone: v.Zone, ViewPath: v.Path, Guarded: true}
		if !v.Invoker() {
			r.Owner = v.Object().Owner
		}
		for i, c := range v.Columns {
			r.Columns = append(r.Columns, translate.RelationColumn{Name: c.Name, OID: c.OID, Mod: c.Mod, Attr: int16(i + 1)})
		}
		return r, true
	}
	rel, ok := s.catalog.Relation("public", name)
	if !ok {
		return nil, false
	}
	switch name {
	case "events", "streams":
		r := s.own(rel, "", "position")
		r.Guarded, r.ByRole = true, true
		return r, true
	}
	return nil, false
}

const categorySQL = "(CASE WHEN instr(%s.stream, '-') > 0 THEN substr(%s.stream, 1, instr(%s.stream, '-') - 1) ELSE %s.stream END)"

// own describes events or streams.
func (s *schema) own(rel *catalog.Relation, sql, key string) *translate.Relation {
	r := &translate.Relation{Schema: "public", Name: rel.Name, OID: rel.OID, SQL: sql, Key: key}
	if rel.Name == "streams" {
		r.Key = "" // a view has none
	}
	attr := int16(0)
	for _, c := range rel.Columns {
		k := translate.RelationColumn{Name: c.Name, OID: c.OID, Mod: -1, Hidden: c.Hidden}
		attr++
		k.Attr = attr
		switch c.Name {
		case "position", "first_position", "last_position":
			k.Note = "position"
		case "version":
			k.Note = "version"
		case "recorded_at", "created_at", "updated_at":
			k.Note = "time"
		case "category":
			k.SQL = categorySQL
		case "payload_bytes":
			k.SQL = "coalesce(%s.payload_bytes, encode(%s.payload))"
		case "expected_version":
			k.SQL = "CAST(error('EVG0A000:expected_version can be inserted and not read') AS BIGINT)"
		}
		r.Columns = append(r.Columns, k)
	}
	return r
}

// tableName is a system table's name in the worker's database.
func (s *schema) tableName(t *catalog.Table) string {
	if catalog.Fixed(t) {
		return t.Schema + "." + t.Name
	}
	name := fmt.Sprintf("%s.%s.%d", t.Schema, t.Name, s.version)
	if s.shows {
		name += " " + searchpath.MessageStore
	}
	return name
}

func (s *schema) systemTable(t *catalog.Table) *translate.Relation {
	r := &translate.Relation{Schema: t.Schema, Name: t.Name, OID: t.OID, Guarded: !catalog.PublicReads(t)}
	secrets := relation.OfRoles(t.Name)
	if t == locksTable {
		r.SQL = translate.Placeholder("locks") // as they are when it runs
	} else if name := namedViews[t.Name]; name != "" {
		r.SQL = translate.Placeholder(name) // the session's own
	} else if name := ruleViews[t.Name]; name != "" {
		r.SQL = translate.Placeholder(name) // as the files are when it runs
	} else if name := countedViews[t.Name]; name != "" {
		r.SQL = translate.Placeholder(name)
	} else if name := slotViews[t.Name]; name != "" {
		r.SQL = translate.Placeholder(name)
	} else if t == sslTable {
		r.SQL = translate.Placeholder("ssl") // the same sessions
	} else if t == activityTable {
		r.SQL = translate.Placeholder("activity") // who is there when it runs
	} else {
		r.SQL = `cat.main."` + s.tableName(t) + `"`
		if s.used != nil {
			s.used(t)
		}
	}
	marked := map[string]bool{}
	for _, name := range t.Session {
		marked[name] = true
	}
	for i, c := range t.Columns {
		k := translate.RelationColumn{Name: c.Name, OID: c.OID, Mod: -1, Attr: int16(i + 1)}
		if c.Typmod > 0 {
			k.Mod = c.Typmod
		}
		if marked[c.Name] {
			k.SQL = fmt.Sprintf(`(CASE %%s."%s" WHEN chr(1) || 'database' THEN %s WHEN chr(1) || 'user' THEN %s ELSE %%s."%s" END)`,
				c.Name, translate.Placeholder("database"), translate.Placeholder("user"), c.Name)
		}
		if secrets != nil && secrets.Columns[i].Secret {
			k.Note = translate.Secret
		}
		if counter, ok := countersOf[t.Name][c.Name]; ok {
			k.SQL = counter
		}
		if form, ok := ofSettings[c.Name]; ok && t.Name == "pg_settings" {
			k.SQL = form
		}
		r.Columns = append(r.Columns, k)
	}
	// System columns that clients name.
	tableOID := "CAST(" + strconv.FormatUint(uint64(t.OID), 10) + " AS BIGINT)"
	if len(t.Columns) > 0 && t.Columns[0].Name == "oid" { // where an outer join has no row of it, it has no tableoid either
		tableOID = "(CASE WHEN %s.oid IS NOT NULL THEN " + tableOID + " END)"
	}
	r.Columns = append(r.Columns,
		translate.RelationColumn{Name: "tableoid", OID: pgvalue.OIDOid, Mod: -1, Hidden: true, SQL: tableOID},
		translate.RelationColumn{Name: "xmin", OID: pgvalue.OIDXid, Mod: -1, Hidden: true, SQL: "CAST(1 AS BIGINT)"},
		translate.RelationColumn{Name: "ctid", OID: pgvalue.OIDText, Mod: -1, Hidden: true, SQL: "'(0,1)'"})
	return r
}

// ofSettings are the columns of pg_settings that say what a session has, or the server itself, and where from.
var ofSettings = func() map[string]string {
	origin := func(what string) string {
		return fmt.Sprintf(`pg_json_get_text(%s, '%s:' || lower(%%s.name))`, translate.Placeholder("origins"), what)
	}
	return map[string]string{
		"setting":         fmt.Sprintf(`coalesce(pg_json_get_text(%s, lower(%%s.name)), %%s.setting)`, translate.Placeholder("settings")),
		"source":          fmt.Sprintf(`coalesce(%s, %%s.source)`, origin("source")),
		"sourcefile":      origin("file"),
		"sourceline":      fmt.Sprintf(`CAST(%s AS INTEGER)`, origin("line")),
		"pending_restart": fmt.Sprintf(`(%s IS NOT NULL)`, origin("pending")),
		"reset_val":       fmt.Sprintf(`coalesce(%s, %%s.reset_val)`, origin("reset")),
	}
}()

// Operations and HasFunction implement translate.Catalog.
func (s *schema) Operations(function string) []catalog.Operation {
	return s.catalog.Operations(function)
}

func (s *schema) HasFunction(name string, n int) bool { return s.catalog.HasFunction(name, n) }

// RegIn reads a name of a catalog object as one of the reg types does.
func (s *schema) RegIn(oid uint32, text string) (uint32, error) {
	if !s.shows && strings.Contains(text, searchpath.MessageStore) {
		named := *s // who names the schema sees it
		named.shows, named.catalog = true, s.store().In(s.path.Search())
		return named.RegIn(oid, text)
	}
	switch oid {
	case pgvalue.OIDRegclass:
		return s.catalog.ClassIn(text)
	case 2206:
		return s.catalog.TypeIn(text)
	case 24:
		return s.catalog.ProcIn(text)
	case 2202:
		return s.catalog.ProcedureIn(text)
	case 4089:
		return s.catalog.NamespaceIn(text)
	case 2203, 2204:
		return s.catalog.OperIn(text)
	case 4096:
		return s.catalog.RoleIn(text, "")
	}
	return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "type with OID %d is not supported", oid)
}

// about is the catalog that has an object.
func (s *schema) about(object uint32) *catalog.Catalog {
	if relation.OfMessageStore(object) {
		return s.store()
	}
	return s.catalog
}

// regOut names a catalog object.
func (s *schema) regOut(oid, object uint32) string {
	switch oid {
	case pgvalue.OIDRegclass:
		return s.catalog.ClassOut(object)
	case 2206:
		return s.catalog.TypeOut(object)
	case 24:
		return s.catalog.ProcOut(object)
	case 2202:
		return s.catalog.ProcedureOut(object)
	case 4089:
		return s.catalog.NamespaceOut(object)
	case 2203:
		return s.catalog.OperOut(object)
	case 2204:
		return s.catalog.OperatorOut(object)
	}
	return strconv.FormatUint(uint64(object), 10)
}

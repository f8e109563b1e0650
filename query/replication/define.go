package replication

import (
	"cmp"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/rights"
	"github.com/eventgres/eventgres/query/role"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/syntax"
)

// Defining is a session that says what is published.
type Defining struct {
	*rights.Rights
	Host   expr.Host
	Src    string // of the statement
	Warn   func(code, message string)
	Notice func(message string)
	// Find finds a relation that a statement names, by its own name.
	Find func(r *syntax.RelationRef) (string, error)
}

// owns checks that the session may do with a publication what its owner may.
func (d *Defining) owns(p *analytics.Publication) error {
	if d.Err != nil {
		return d.Err
	}
	if d.All || d.Roles.Uses(d.User, cmp.Or(p.Owner, privilege.BootstrapOID)) {
		return nil
	}
	return pgerror.Errorf(pgerror.InsufficientPrivilege, "must be owner of publication %s", p.Name)
}

func noPublication(name string) error {
	return pgerror.Errorf(pgerror.UndefinedObject, "publication \"%s\" does not exist", name)
}

// Publication is the schema after CREATE or ALTER PUBLICATION.
func (d *Defining) Publication(s *schema.Schema, st *syntax.PublicationStmt) (*schema.Schema, error) {
	if st.Create {
		return d.create(s, st)
	}
	at := slices.IndexFunc(s.Publications, func(p analytics.Publication) bool { return p.Name == st.Name })
	if at < 0 {
		return nil, noPublication(st.Name)
	}
	p := s.Publications[at]
	if err := d.owns(&p); err != nil {
		return nil, err
	}
	switch {
	case st.NewName != "":
		if s.Publication(st.NewName) != nil {
			return nil, pgerror.Errorf(pgerror.DuplicateObject, "publication \"%s\" already exists", st.NewName)
		}
		p.Name = strings.Clone(st.NewName)
	case st.Owner != nil:
		found, err := role.Find(d.Roles, st.Owner, d.User, d.Session)
		if err != nil {
			return nil, err
		}
		if !d.All && !d.Roles.Member(d.User, found.OID) {
			return nil, pgerror.Errorf(pgerror.InsufficientPrivilege, "must be member of role \"%s\"", found.Name)
		}
		if p.All && !d.Roles.Superuser(found.OID) {
			return nil, pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied to change owner of publication \"%s\"", p.Name).
				WithHint("The owner of a FOR ALL TABLES publication must be a superuser.")
		}
		p.Owner = found.OID
	case st.Does != "":
		if err := d.alterTables(&p, st); err != nil {
			return nil, err
		}
	default:
		if err := options(&p, st.Options); err != nil {
			return nil, err
		}
	}
	return withPublication(s, at, &p), nil
}

// withPublication is a schema with a publication in another's place; at -1 it is a new one.
func withPublication(s *schema.Schema, at int, p *analytics.Publication) *schema.Schema {
	list := slices.Clone(s.Publications)
	if at < 0 {
		list = append(list, *p)
	} else {
		list[at] = *p
	}
	slices.SortFunc(list, func(a, b analytics.Publication) int { return cmp.Compare(a.Name, b.Name) })
	return s.Published(list)
}

func (d *Defining) create(s *schema.Schema, st *syntax.PublicationStmt) (*schema.Schema, error) {
	if err := d.Creates(); err != nil {
		return nil, err
	}
	if st.All && !d.All {
		return nil, pgerror.Errorf(pgerror.InsufficientPrivilege, "must be superuser to create FOR ALL TABLES publication")
	}
	if s.Publication(st.Name) != nil {
		return nil, pgerror.Errorf(pgerror.DuplicateObject, "publication \"%s\" already exists", st.Name)
	}
	p := analytics.Publication{
		OID: s.NextPublicationOID(), Name: strings.Clone(st.Name), All: st.All, Insert: true, Update: true, Delete: true, Truncate: true,
	}
	if d.User != privilege.BootstrapOID {
		p.Owner = d.User
	}
	if err := options(&p, st.Options); err != nil {
		return nil, err
	}
	if err := d.tables(&p, st); err != nil {
		return nil, err
	}
	return withPublication(s, -1, &p), nil
}

// options sets what options say.
func options(p *analytics.Publication, list []syntax.CopyOption) error {
	given := map[string]bool{}
	for _, o := range list {
		if given[o.Name] {
			return pgerror.Errorf(pgerror.SyntaxError, "conflicting or redundant options")
		}
		given[o.Name] = true
		switch o.Name {
		case "publish":
			p.Insert, p.Update, p.Delete, p.Truncate = false, false, false, false
			kinds := map[string]*bool{"insert": &p.Insert, "update": &p.Update, "delete": &p.Delete, "truncate": &p.Truncate}
			for kind := range strings.SplitSeq(o.Value, ",") {
				kind = strings.ToLower(strings.TrimSpace(kind))
				if kind == "" && strings.TrimSpace(o.Value) == "" {
					continue
				}
				flag := kinds[kind]
				if flag == nil {
					return pgerror.Errorf(pgerror.SyntaxError, "unrecognized value for publication option \"%s\": \"%s\"", "publish", kind)
				}
				*flag = true
			}
		case "publish_via_partition_root":
			on, err := pgvalue.ParseText(pgvalue.OIDBool, o.Value, pgvalue.UTC)
			if err != nil {
				return pgerror.Errorf(pgerror.SyntaxError, "%s requires a Boolean value", o.Name)
			}
			p.ViaRoot = on.Bool()
		default:
			return pgerror.Errorf(pgerror.SyntaxError, "unrecognized publication parameter: \"%s\"", o.Name)
		}
	}
	return nil
}

// alterTables adds tables to a publication, drops some, or sets them anew.
func (d *Defining) alterTables(p *analytics.Publication, st *syntax.PublicationStmt) error {
	if p.All {
		return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "publication \"%s\" is defined as FOR ALL TABLES", p.Name).
			WithDetail("Tables cannot be added to or dropped from FOR ALL TABLES publications.")
	}
	had := *p
	if st.Does == "drop" {
		for i := range st.Tables {
			switch t := &st.Tables[i]; {
			case t.Columns != nil:
				return pgerror.Errorf(pgerror.SyntaxError, "column list must not be specified in ALTER PUBLICATION ... DROP")
			case t.Where != nil:
				return pgerror.Errorf(pgerror.SyntaxError, "cannot use a WHERE clause when removing a table from a publication")
			}
		}
	}
	p.Events, p.Columns, p.Where = false, nil, ""
	if err := d.tables(p, st); err != nil {
		return err
	}
	switch {
	case st.Does == "add" && had.Events && p.Events:
		return pgerror.Errorf(pgerror.DuplicateObject, "relation \"events\" is already member of publication \"%s\"", p.Name)
	case st.Does == "add" && had.Events:
		*p = had
	case st.Does == "drop" && !had.Events:
		return pgerror.Errorf(pgerror.UndefinedObject, "relation \"events\" is not part of the publication")
	case st.Does == "drop":
		p.Events = false
	}
	return nil
}

// tables sets what is published of the tables that a statement names, of which events is the only one that there is.
func (d *Defining) tables(p *analytics.Publication, st *syntax.PublicationStmt) error {
	if st.Schemas {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "FOR TABLES IN SCHEMA is not supported").WithHint("Publish FOR TABLE events, or FOR ALL TABLES.")
	}
	for i := range st.Tables {
		t := &st.Tables[i]
		if err := d.table(&t.Relation); err != nil {
			return err
		}
		if p.Events && (t.Where != nil || t.Columns != nil || p.Where != "" || p.Columns != nil) {
			what := "WHERE clauses"
			if t.Columns != nil || p.Columns != nil {
				what = "column lists"
			}
			return pgerror.Errorf(pgerror.DuplicateObject, "conflicting or redundant %s for table \"events\"", what)
		}
		p.Events = true
		if err := d.columns(p, t.Columns); err != nil {
			return err
		}
		if t.Where == nil {
			continue
		}
		if _, err := checkWhere(d.Host, d.Src, t.Where.X); err != nil {
			return err
		}
		if policy.Timed(t.Where.X) && d.Host.Zone().Key() != pgvalue.UTC.Key() {
			return pgerror.Errorf(pgerror.FeatureNotSupported, "a condition about times can be made in time zone UTC alone").
				WithDetail("It means the same to everybody: what it says is read in UTC.").WithHint("SET TimeZone = 'UTC' first.").At(syntax.CharPosition(d.Src, t.Where.Pos))
		}
		p.Where = strings.Clone(t.Where.Text)
	}
	if p.HasEvents() && st.Does != "drop" {
		columns := Columns(p)
		if slices.Contains(columns, relation.EventPayload) && !slices.Contains(columns, relation.EventPayloadBytes) {
			d.Warn(pgerror.Warning, "payloads that are no JSON are published as null, unless a column list has payload_bytes")
		}
	}
	return nil
}

// table checks that a relation may be published, by this session.
func (d *Defining) table(r *syntax.RelationRef) error {
	cannot := func(name, kind string) error {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "cannot add relation \"%s\" to publication", name).WithDetail("This operation is not supported for %s.", kind)
	}
	if r.Schema == "pg_catalog" || r.Schema == "information_schema" || r.Schema == "" && strings.HasPrefix(r.Table, "pg_") {
		return cannot(r.Table, "system tables")
	}
	name, err := d.Find(r)
	if err != nil {
		return err
	}
	if err := d.Owns("", name); err != nil {
		return err
	}
	switch name {
	case relation.Events.Name:
		return nil
	case relation.Streams.Name:
		return cannot(name, "views").(*pgerror.Error).WithCode(pgerror.FeatureNotSupported)
	}
	return cannot(name, "views")
}

// columns sets the columns that are published.
func (d *Defining) columns(p *analytics.Publication, names []syntax.Name) error {
	for _, n := range names {
		i, ok := relation.Events.ByName[n.Text]
		switch {
		case !ok || i == relation.EventExpectedVersion:
			return pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" of relation \"events\" does not exist", n.Text)
		case slices.Contains(p.Columns, i):
			return pgerror.Errorf(pgerror.DuplicateObject, "duplicate column \"%s\" in publication column list", n.Text)
		}
		p.Columns = append(slices.Clip(p.Columns), i)
	}
	slices.Sort(p.Columns)
	return nil
}

// Drop is the schema after DROP PUBLICATION.
func (d *Defining) Drop(s *schema.Schema, st *syntax.DropPublicationStmt) (*schema.Schema, error) {
	list := slices.Clone(s.Publications)
	for _, name := range st.Names {
		at := slices.IndexFunc(list, func(p analytics.Publication) bool { return p.Name == name })
		if at < 0 && st.IfExists {
			d.Notice("publication \"" + name + "\" does not exist, skipping")
			continue
		}
		if at < 0 {
			return nil, noPublication(name)
		}
		if err := d.owns(&list[at]); err != nil {
			return nil, err
		}
		list = slices.Delete(list, at, at+1)
	}
	if len(list) == len(s.Publications) {
		return s, nil
	}
	return s.Published(list), nil
}

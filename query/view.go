package query

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/syntax"
)

// definitions are those the session sees.
func (s *Session) definitions() *schema.Schema {
	if s.tx.defined != nil {
		return s.tx.defined
	}
	return s.server.schema.Current()
}

// standing is the schema by which rights are: the transaction's own, with what others have granted and revoked meanwhile.
func (s *Session) standing() (*schema.Schema, error) {
	now, id := s.server.schema.Current(), &s.identity
	if s.tx.defined == nil {
		return now, nil
	}
	if id.mergedOf != s.tx.defined || id.at != now {
		merged, err := s.tx.defined.Over(now)
		if err != nil {
			return nil, err
		}
		id.merged, id.mergedOf, id.at = merged, s.tx.defined, now
	}
	return id.merged, nil
}

// redefine stages a schema that was made of d, with other views and comments.
func (s *Session) redefine(d *schema.Schema, views []analytics.View, comments map[string]string) error {
	return s.stageSchema(d, d.With(views, comments))
}

// withoutViews is a list without some.
func withoutViews(views []analytics.View, names []string) []analytics.View {
	return slices.DeleteFunc(slices.Clone(views), func(v analytics.View) bool { return slices.Contains(names, v.Name) })
}

// public tells whether a name may be one of public's.
func (s *Session) public(r *syntax.RelationRef) bool {
	return r.Schema == "public" || r.Schema == "" && s.path.Has("public")
}

// mayCreate checks that a name may be a view's that is made: one without a schema gets the first of the search path.
func (s *Session) mayCreate(r *syntax.RelationRef) error {
	if r.Schema != "" {
		return userRelation(r)
	}
	if s.path.Current() == "" {
		return pgerror.Errorf(pgerror.InvalidSchemaName, "no schema has been selected to create in")
	}
	return userRelation(&syntax.RelationRef{Schema: s.path.Current()})
}

// userRelation checks that a name may be a view's.
func userRelation(r *syntax.RelationRef) error {
	switch r.Schema {
	case "", "public":
	case "pg_catalog", "information_schema":
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied for schema %s", r.Schema)
	default:
		return pgerror.Errorf(pgerror.InvalidSchemaName, "schema \"%s\" does not exist", r.Schema)
	}
	return nil
}

func isTable(name string) bool {
	return name == relation.Events.Name || name == relation.Streams.Name || name == relation.Health.Name || name == relation.Consumers.Name || name == relation.ParkedEvents.Name || name == relation.Cluster.Name
}

func (s *Session) createView(st *syntax.CreateViewStmt) error {
	if err := s.mayAppend("CREATE VIEW"); err != nil {
		return err
	}
	name := st.Relation.Table
	if err := s.mayCreate(&st.Relation); err != nil {
		return err
	}
	p, err := s.prepareAnalytic(st.Query.Src, st.Query.Pos, st.Query.End, analytics.Preparation{})
	if errors.Is(err, errNoWorker) {
		if _, err := s.replaced(s.definitions(), st); err != nil {
			return err
		}
		return pgerror.Errorf(pgerror.FeatureNotSupported, "views need the analytics worker, which this server does not have")
	}
	if err != nil {
		return err
	}
	s.analytic.forget(p) // it has served
	if len(p.params) > 0 {
		return pgerror.Errorf(pgerror.UndefinedParameter, "there is no parameter $1")
	}
	d := s.definitions()
	old, err := s.replaced(d, st)
	if err != nil {
		return err
	}
	v := analytics.View{OID: d.NextOID(), Name: strings.Clone(name), Query: strings.Clone(p.sql), Zone: s.conn.Zone.Key(), Path: s.path, Options: st.Options}
	if v.Owner = s.may().User; v.Owner == privilege.BootstrapOID {
		v.Owner = 0
	}
	if err := viewColumns(&v, st.Columns, p.out); err != nil {
		return err
	}
	if old != nil {
		if err := replaceable(old, &v); err != nil {
			return err
		}
		v.OID, v.Comment, v.Notes, v.Owner, v.ACL = old.OID, old.Comment, old.Notes, old.Owner, old.ACL
	}
	views := slices.DeleteFunc(slices.Clone(d.Views), func(x analytics.View) bool { return x.Name == name })
	views = append(views, v)
	if old != nil {
		if err := s.checkViews(views, name); err != nil {
			return err
		}
	}
	return s.redefine(d, views, d.Comments)
}

// replaced is the view that CREATE VIEW replaces, nil if there is none.
func (s *Session) replaced(d *schema.Schema, st *syntax.CreateViewStmt) (*analytics.View, error) {
	name := st.Relation.Table
	if err := s.may().Creates(); err != nil {
		return nil, err
	}
	old := d.View(name)
	switch {
	case !st.Replace && (old != nil || isTable(name)):
		return nil, pgerror.Errorf(pgerror.DuplicateTable, "relation \"%s\" already exists", name)
	case isTable(name):
		if err := s.may().Owns("", name); err != nil {
			return nil, err
		}
		return nil, pgerror.Errorf(pgerror.WrongObjectType, "\"%s\" is not a view", name)
	case old != nil:
		return old, s.may().Owns("", name)
	}
	return nil, nil
}

func viewColumns(v *analytics.View, names []syntax.Name, columns []pgvalue.Column) error {
	if len(names) > len(columns) {
		return pgerror.Errorf(pgerror.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	seen := map[string]bool{}
	for i, c := range columns {
		if i < len(names) {
			c.Name = strings.Clone(names[i].Text) // of a text that may be far longer
		}
		if seen[c.Name] {
			return pgerror.Errorf(pgerror.DuplicateColumn, "column \"%s\" specified more than once", c.Name)
		}
		seen[c.Name] = true
		v.Columns = append(v.Columns, analytics.ViewColumn{Name: c.Name, OID: c.OID, Mod: c.Mod - 1})
	}
	return nil
}

// replaceable: a view that is replaced keeps its columns and may get more.
func replaceable(old, next *analytics.View) error {
	if len(next.Columns) < len(old.Columns) {
		return pgerror.Errorf(pgerror.InvalidTableDefinition, "cannot drop columns from view")
	}
	for i, c := range old.Columns {
		n := next.Columns[i]
		if n.Name != c.Name {
			return pgerror.Errorf(pgerror.InvalidTableDefinition, "cannot change name of view column \"%s\" to \"%s\"", c.Name, n.Name).
				WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
		}
		if n.OID != c.OID {
			return pgerror.Errorf(pgerror.InvalidTableDefinition, "cannot change data type of view column \"%s\" from %s to %s", c.Name, pgvalue.TypeName(c.OID), pgvalue.TypeName(n.OID))
		}
	}
	return nil
}

// checkViews has the worker look at a view as it would be, whose own query may have come to
// use itself.
func (s *Session) checkViews(views []analytics.View, name string) error {
	err := s.tryViews(views, "SELECT * FROM public."+syntax.QuoteName(name))
	var e *pgerror.Error
	if errors.As(err, &e) && e.Code == pgerror.StatementTooComplex {
		return pgerror.Errorf(pgerror.InvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"", name)
	}
	return err
}

// tryViews analyses a statement as if there were other views.
func (s *Session) tryViews(views []analytics.View, sql string) error {
	saved := s.tx.defined
	defer func() { s.tx.defined = saved }()
	d := s.definitions()
	s.tx.defined = d.With(views, d.Comments)
	p, err := s.prepareAnalytic(sql, 0, len(sql), analytics.Preparation{})
	if err == nil {
		s.analytic.forget(p)
	}
	return err
}

func (s *Session) dropViews(st *syntax.DropViewStmt) error {
	if err := s.mayAppend("DROP VIEW"); err != nil {
		return err
	}
	d := s.definitions()
	views := slices.Clone(d.Views)
	var dropped []string
	for i := range st.Relations {
		if err := s.Pace(); err != nil {
			return err
		}
		r := &st.Relations[i]
		if err := userRelation(r); err != nil && !st.IfExists {
			return err
		}
		if isTable(r.Table) && s.public(r) {
			return pgerror.Errorf(pgerror.WrongObjectType, "\"%s\" is not a view", r.Table)
		}
		if d.View(r.Table) == nil || !s.public(r) {
			if st.IfExists {
				s.notice("view \"" + r.Table + "\" does not exist, skipping")
				continue
			}
			return pgerror.Errorf(pgerror.UndefinedTable, "view \"%s\" does not exist", r.Table)
		}
		if err := s.may().Owns("", r.Table); err != nil {
			return err
		}
		views = slices.DeleteFunc(views, func(v analytics.View) bool { return v.Name == r.Table })
		dropped = append(dropped, r.Table)
	}
	if len(dropped) == 0 {
		return nil
	}
	views, err := s.dropDependents(views, dropped, st.Cascade)
	if err != nil {
		return err
	}
	return s.redefine(d, views, d.Comments)
}

// dropDependents finds views that use what is dropped: they no longer make sense.
func (s *Session) dropDependents(views []analytics.View, dropped []string, cascade bool) ([]analytics.View, error) {
	for again := true; again; {
		again = false
		for i := range views {
			v := &views[i]
			if !slices.ContainsFunc(dropped, func(name string) bool { return schema.Mentions(v.Query, name) }) {
				continue
			}
			err := s.tryViews(views, "SELECT * FROM public."+syntax.QuoteName(v.Name))
			var e *pgerror.Error
			if err == nil || !errors.As(err, &e) || e.Code != pgerror.UndefinedTable {
				continue
			}
			if !cascade {
				return nil, pgerror.Errorf(pgerror.DependentObjectsStillExist, "cannot drop view %s because other objects depend on it", syntax.QuoteName(dropped[0])).
					WithDetail("view %s depends on view %s", syntax.QuoteName(v.Name), syntax.QuoteName(dropped[0])).
					WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
			}
			s.notice("drop cascades to view " + syntax.QuoteName(v.Name))
			dropped = append(dropped, v.Name)
			views = slices.Delete(slices.Clone(views), i, i+1)
			again = true
			break
		}
	}
	return views, nil
}

// comment is COMMENT ON.
func (s *Session) comment(p *syntax.Parsed, st *syntax.CommentStmt) error {
	if err := s.mayAppend("COMMENT"); err != nil {
		return err
	}
	if st.Kind == "role" {
		_, err := s.changeRoles(p, st)
		return err
	}
	if st.Kind == "policy" {
		_, err := s.secure(p)
		return err
	}
	d := s.definitions()
	if err := userRelation(&st.Relation); err != nil {
		return err
	}
	name := st.Relation.Table
	view := d.View(name)
	switch {
	case view == nil && !isTable(name), !s.public(&st.Relation):
		return pgerror.Errorf(pgerror.UndefinedTable, "relation \"%s\" does not exist", name)
	case st.Kind == "view" && name == relation.Events.Name:
		return pgerror.Errorf(pgerror.WrongObjectType, "\"%s\" is not a view", name)
	case st.Kind == "table" && name != relation.Events.Name:
		return pgerror.Errorf(pgerror.WrongObjectType, "\"%s\" is not a table", name)
	}
	kind := ""
	if st.Kind == "column" {
		kind = "relation"
	}
	if err := s.may().Owns(kind, name); err != nil {
		return err
	}
	if view == nil {
		return s.commentTable(d, st)
	}
	next := *view
	next.Notes = maps.Clone(view.Notes)
	if st.Kind != "column" {
		next.Comment = strings.Clone(st.Text)
	} else {
		if !slices.ContainsFunc(view.Columns, func(c analytics.ViewColumn) bool { return c.Name == st.Column }) {
			return pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", st.Column, name)
		}
		if next.Notes == nil {
			next.Notes = map[string]string{}
		}
		next.Notes[strings.Clone(st.Column)] = strings.Clone(st.Text)
	}
	views := slices.Clone(d.Views)
	for i := range views {
		if views[i].Name == name {
			views[i] = next
		}
	}
	return s.redefine(d, views, d.Comments)
}

func (s *Session) commentTable(d *schema.Schema, st *syntax.CommentStmt) error {
	key := st.Relation.Table
	if st.Kind == "column" {
		rel, err := relation.Find(&st.Relation, "", s.path)
		if err != nil {
			return err
		}
		if i, ok := rel.ByName[st.Column]; !ok || i >= rel.Visible {
			return pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", st.Column, rel.Name)
		}
		key += "." + st.Column
	}
	comments := maps.Clone(d.Comments)
	if comments == nil {
		comments = map[string]string{}
	}
	comments[strings.Clone(key)] = strings.Clone(st.Text)
	return s.redefine(d, d.Views, comments)
}

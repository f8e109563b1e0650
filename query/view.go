package query

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
)

// definitions are what can be defined beside the fixed relations: views, and comments. They
// are immutable; a transaction that changes them has its own until it commits.
type definitions struct {
	analytics.Schema
}

// storedDefinitions is the form in which the store keeps them.
type storedDefinitions struct {
	Views    []analytics.View  `json:"views"`
	Comments map[string]string `json:"comments,omitempty"`
}

func (s *Server) newDefinitions(stored storedDefinitions, version int64) *definitions {
	d := &definitions{Schema: analytics.Schema{Version: version, Views: stored.Views, Comments: stored.Comments, Started: s.started.UnixMicro()}}
	for _, name := range slices.Sorted(maps.Keys(knownSettings)) {
		k := knownSettings[name]
		d.Settings = append(d.Settings, analytics.Setting{Name: k.name, Value: k.initial})
	}
	return d
}

// loadDefinitions takes them from the store.
func (s *Server) loadDefinitions() {
	kept := s.store.Definitions()
	var stored storedDefinitions
	if kept.Text != "" {
		if err := json.Unmarshal([]byte(kept.Text), &stored); err != nil {
			// Written by a later version: it is left alone.
			s.logger.Error("the definitions cannot be read; there are no views", "error", err)
			s.unreadable = err
		}
	}
	s.schema.Store(s.newDefinitions(stored, kept.Version))
}

// define makes a transaction's definitions durable and everybody's.
func (s *Server) define(ctx context.Context, d *definitions) error {
	if s.unreadable != nil {
		return pgwire.Errorf("58030", "the definitions cannot be read: %s", s.unreadable)
	}
	text, err := json.Marshal(storedDefinitions{Views: d.Views, Comments: d.Comments})
	if err != nil {
		return err
	}
	s.defining.Lock()
	defer s.defining.Unlock()
	err = s.writer.Define(ctx, d.Version, string(text))
	if errors.Is(err, engine.ErrDefinitionsChanged) {
		return pgwire.Errorf("40001", "could not serialize access due to concurrent update").
			WithHint("The transaction might succeed if retried.")
	}
	if err != nil {
		return err
	}
	s.schema.Store(s.newDefinitions(storedDefinitions{Views: d.Views, Comments: d.Comments}, d.Version+1))
	return nil
}

// view finds a view by name.
func (d *definitions) view(name string) *analytics.View {
	for i := range d.Views {
		if d.Views[i].Name == name {
			return &d.Views[i]
		}
	}
	return nil
}

// list is the views, never nil.
func (d *definitions) list() []analytics.View {
	if d.Views == nil {
		return []analytics.View{}
	}
	return d.Views
}

// definitions are those the session sees.
func (s *Session) definitions() *definitions {
	if s.tx.defined != nil {
		return s.tx.defined
	}
	return s.server.schema.Load()
}

// redefine stages definitions with other views.
func (s *Session) redefine(views []analytics.View, comments map[string]string) error {
	if len(s.tx.staged) > 0 {
		return pgwire.Errorf("0A000", "a transaction cannot both append events and change views").WithHint("Commit in between.")
	}
	if s.tx.readOnly {
		return pgwire.Errorf("25006", "cannot change views in a read-only transaction")
	}
	next := *s.definitions()
	next.Views, next.Comments = views, comments
	s.tx.defined = &next
	return nil
}

// firstViewOID is the first view's; each takes three, for its row type and the array of it.
const firstViewOID = 100_000

func (d *definitions) nextOID() uint32 {
	next := uint32(firstViewOID)
	for _, v := range d.Views {
		next = max(next, v.OID+3)
	}
	return next
}

// userRelation checks that a name may be a view's.
func userRelation(r *relationRef) error {
	switch r.schema {
	case "", "public":
	case "pg_catalog", "information_schema":
		return pgwire.Errorf("42501", "permission denied for schema %s", r.schema)
	default:
		return pgwire.Errorf("3F000", "schema \"%s\" does not exist", r.schema)
	}
	return nil
}

func isTable(name string) bool {
	return name == eventsRelation.name || name == streamsRelation.name || name == healthRelation.name
}

func (s *Session) createView(st *createViewStmt) error {
	name := st.relation.table
	if err := userRelation(&st.relation); err != nil {
		return err
	}
	if isTable(name) {
		if st.replace {
			return pgwire.Errorf("42809", "\"%s\" is not a view", name)
		}
		return pgwire.Errorf("42P07", "relation \"%s\" already exists", name)
	}
	d := s.definitions()
	old := d.view(name)
	if old != nil && !st.replace {
		return pgwire.Errorf("42P07", "relation \"%s\" already exists", name)
	}
	p, err := s.prepareAnalytic(st.query.src, st.query.pos, st.query.end, nil, nil)
	if errors.Is(err, errNoWorker) {
		return pgwire.Errorf("0A000", "views need the analytics worker, which this server does not have")
	}
	if err != nil {
		return err
	}
	s.analytic.forget(p) // it has served
	if len(p.params) > 0 {
		return pgwire.Errorf("42P02", "there is no parameter $1")
	}
	v := analytics.View{OID: d.nextOID(), Name: name, Query: p.sql}
	if err := viewColumns(&v, st.columns, p.out); err != nil {
		return err
	}
	if old != nil {
		if err := replaceable(old, &v); err != nil {
			return err
		}
		v.OID, v.Comment, v.Notes = old.OID, old.Comment, old.Notes
	}
	views := slices.DeleteFunc(slices.Clone(d.Views), func(x analytics.View) bool { return x.Name == name })
	if len(views) >= maxViews {
		return pgwire.Errorf("54000", "there may be %d views at most", maxViews)
	}
	views = append(views, v)
	if old != nil {
		if err := s.checkViews(views, name); err != nil {
			return err
		}
	}
	return s.redefine(views, d.Comments)
}

// maxViews bounds the views, which are all told to every connection of the worker.
const maxViews = 10_000

func viewColumns(v *analytics.View, names []name, columns []pgwire.Column) error {
	if len(names) > len(columns) {
		return pgwire.Errorf("42601", "CREATE VIEW specifies more column names than columns")
	}
	seen := map[string]bool{}
	for i, c := range columns {
		if i < len(names) {
			c.Name = names[i].text
		}
		if seen[c.Name] {
			return pgwire.Errorf("42701", "column \"%s\" specified more than once", c.Name)
		}
		seen[c.Name] = true
		v.Columns = append(v.Columns, analytics.ViewColumn{Name: c.Name, OID: c.OID, Mod: c.Mod - 1})
	}
	return nil
}

// replaceable: a view that is replaced keeps its columns and may get more.
func replaceable(old, next *analytics.View) error {
	if len(next.Columns) < len(old.Columns) {
		return pgwire.Errorf("42P16", "cannot drop columns from view")
	}
	for i, c := range old.Columns {
		n := next.Columns[i]
		if n.Name != c.Name {
			return pgwire.Errorf("42P16", "cannot change name of view column \"%s\" to \"%s\"", c.Name, n.Name).
				WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
		}
		if n.OID != c.OID {
			return pgwire.Errorf("42P16", "cannot change data type of view column \"%s\" from %s to %s", c.Name, pgwire.TypeName(c.OID), pgwire.TypeName(n.OID))
		}
	}
	return nil
}

// checkViews has the worker look at a view as it would be, whose own query may have come to
// use itself.
func (s *Session) checkViews(views []analytics.View, name string) error {
	err := s.tryViews(views, "SELECT * FROM public."+quoteName(name))
	var e *pgwire.Error
	if errors.As(err, &e) && e.Code == "54001" {
		return pgwire.Errorf("42P17", "infinite recursion detected in rules for relation \"%s\"", name)
	}
	return err
}

// tryViews analyses a statement as if there were other views.
func (s *Session) tryViews(views []analytics.View, sql string) error {
	saved := s.tx.defined
	defer func() { s.tx.defined = saved }()
	next := *s.definitions()
	next.Views = views
	s.tx.defined = &next
	p, err := s.prepareAnalytic(sql, 0, len(sql), nil, nil)
	if err == nil {
		s.analytic.forget(p)
	}
	return err
}

func (s *Session) dropViews(st *dropViewStmt) error {
	d := s.definitions()
	views := slices.Clone(d.Views)
	var dropped []string
	for i := range st.relations {
		r := &st.relations[i]
		if err := userRelation(r); err != nil && !st.ifExists {
			return err
		}
		if isTable(r.table) {
			return pgwire.Errorf("42809", "\"%s\" is not a view", r.table)
		}
		if d.view(r.table) == nil {
			if st.ifExists {
				s.conn.Notice(&pgwire.Error{Severity: "NOTICE", Code: "00000", Message: "view \"" + r.table + "\" does not exist, skipping"})
				continue
			}
			return pgwire.Errorf("42P01", "view \"%s\" does not exist", r.table)
		}
		views = slices.DeleteFunc(views, func(v analytics.View) bool { return v.Name == r.table })
		dropped = append(dropped, r.table)
	}
	if len(dropped) == 0 {
		return nil
	}
	views, err := s.dropDependents(views, dropped, st.cascade)
	if err != nil {
		return err
	}
	return s.redefine(views, d.Comments)
}

// dropDependents finds views that use what is dropped: they no longer make sense.
func (s *Session) dropDependents(views []analytics.View, dropped []string, cascade bool) ([]analytics.View, error) {
	for again := true; again; {
		again = false
		for i := range views {
			v := &views[i]
			if !slices.ContainsFunc(dropped, func(name string) bool { return strings.Contains(strings.ToLower(v.Query), strings.ToLower(name)) }) {
				continue
			}
			err := s.tryViews(views, v.Query)
			var e *pgwire.Error
			if err == nil || !errors.As(err, &e) || e.Code != "42P01" {
				continue
			}
			if !cascade {
				return nil, pgwire.Errorf("2BP01", "cannot drop view %s because other objects depend on it", dropped[0]).
					WithDetail("view %s depends on view %s", v.Name, dropped[0]).
					WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
			}
			s.conn.Notice(&pgwire.Error{Severity: "NOTICE", Code: "00000", Message: "drop cascades to view " + v.Name})
			dropped = append(dropped, v.Name)
			views = slices.Delete(slices.Clone(views), i, i+1)
			again = true
			break
		}
	}
	return views, nil
}

// comment is COMMENT ON.
func (s *Session) comment(st *commentStmt) error {
	d := s.definitions()
	if err := userRelation(&st.relation); err != nil {
		return err
	}
	name := st.relation.table
	view := d.view(name)
	switch {
	case view == nil && !isTable(name):
		return pgwire.Errorf("42P01", "relation \"%s\" does not exist", name)
	case st.kind == "view" && name == eventsRelation.name:
		return pgwire.Errorf("42809", "\"%s\" is not a view", name)
	case st.kind == "table" && name != eventsRelation.name:
		return pgwire.Errorf("42809", "\"%s\" is not a table", name)
	}
	if view == nil {
		return s.commentTable(d, st)
	}
	next := *view
	next.Notes = maps.Clone(view.Notes)
	if st.kind != "column" {
		next.Comment = st.text
	} else {
		if !slices.ContainsFunc(view.Columns, func(c analytics.ViewColumn) bool { return c.Name == st.column }) {
			return pgwire.Errorf("42703", "column \"%s\" of relation \"%s\" does not exist", st.column, name)
		}
		if next.Notes == nil {
			next.Notes = map[string]string{}
		}
		next.Notes[st.column] = st.text
	}
	views := slices.Clone(d.Views)
	for i := range views {
		if views[i].Name == name {
			views[i] = next
		}
	}
	return s.redefine(views, d.Comments)
}

func (s *Session) commentTable(d *definitions, st *commentStmt) error {
	key := st.relation.table
	if st.kind == "column" {
		rel, err := findRelation(&st.relation, "")
		if err != nil {
			return err
		}
		if i, ok := rel.byName[st.column]; !ok || i >= rel.visible {
			return pgwire.Errorf("42703", "column \"%s\" of relation \"%s\" does not exist", st.column, rel.name)
		}
		key += "." + st.column
	}
	comments := maps.Clone(d.Comments)
	if comments == nil {
		comments = map[string]string{}
	}
	comments[key] = st.text
	return s.redefine(d.Views, comments)
}

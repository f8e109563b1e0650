package query

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/cursor"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/notify"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/replication"
	"github.com/eventgres/eventgres/query/rights"
	"github.com/eventgres/eventgres/query/role"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/setting"
	"github.com/eventgres/eventgres/query/syntax"
)

// commandPlan is a statement that returns no rows and takes no parameters:
// transactions, settings, names.
type commandPlan struct {
	plain
	parsed *syntax.Parsed
	params []uint32 // as the client declared them; none is used
}

func (p *commandPlan) ParameterOIDs() []uint32 { return p.params }

func (p *commandPlan) Columns() []pgvalue.Column { return nil }

func (p *commandPlan) text() string { return p.parsed.Shown() }

func (p *commandPlan) cacheable() bool { return true }

func (p *commandPlan) runsWhenFailed() bool { return runsWhenFailed(p.parsed) }

func (p *commandPlan) kind() activity.Kind {
	switch p.parsed.Statement.(type) {
	case *syntax.TransactionStmt, *syntax.SetTransactionStmt:
		return activity.Transaction
	case *syntax.SetStmt, *syntax.ResetStmt, *syntax.DiscardStmt:
		return activity.Set
	case *syntax.PrepareStmt, *syntax.DeallocateStmt:
		return activity.Prepare
	case *syntax.CloseStmt:
		return activity.Cursor
	case *syntax.CreateViewStmt, *syntax.DropViewStmt, *syntax.CommentStmt, *syntax.ViewOwnerStmt, *syntax.CreateExtensionStmt:
		return activity.Define
	case *syntax.RoleStmt, *syntax.RoleSetStmt, *syntax.RenameRoleStmt, *syntax.DropRoleStmt, *syntax.GrantRoleStmt, *syntax.GrantStmt, *syntax.OwnedStmt,
		*syntax.PolicyStmt, *syntax.DropPolicyStmt, *syntax.RowSecurityStmt, *syntax.PublicationStmt, *syntax.DropPublicationStmt:
		return activity.Define
	}
	return activity.Other
}

func (p *commandPlan) bind(s *Session, _ []pgvalue.Value) (pgwire.Portal, error) {
	return &commandPortal{plan: p, s: s}, nil
}

type commandPortal struct {
	plan *commandPlan
	s    *Session
}

func (p *commandPortal) Columns() []pgvalue.Column { return nil }

func (p *commandPortal) Close() {}

func (p *commandPortal) Execute(ctx context.Context, _ *pgwire.Output, _ int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag, err := p.s.command(ctx, p.plan.parsed, last)
	return tag, true, err
}

func (s *Session) command(ctx context.Context, p *syntax.Parsed, last pgwire.Lookahead) (pgwire.Tag, error) {
	tag := func(name string) pgwire.Tag { return pgwire.Tag{Command: name, Rows: -1} }
	switch st := p.Statement.(type) {
	case *syntax.TransactionStmt:
		return s.transactionCommand(ctx, st)
	case *syntax.SetTransactionStmt:
		return tag("SET"), s.setTransaction(st, last)
	case *syntax.SetStmt:
		return tag("SET"), s.setCommand(st)
	case *syntax.ResetStmt:
		return tag("RESET"), s.reset(st.Name)
	case *syntax.DiscardStmt:
		return tag("DISCARD " + st.What), s.discard(ctx, st.What)
	case *syntax.DeallocateStmt:
		if st.Name == "" {
			s.conn.DropStatements()
			return tag("DEALLOCATE ALL"), nil
		}
		return tag("DEALLOCATE"), s.conn.DropStatement(st.Name)
	case *syntax.CloseStmt:
		if st.Name == "" {
			s.conn.EndTransaction(true)
			return tag("CLOSE CURSOR ALL"), nil
		}
		if !s.conn.DropPortal(st.Name) {
			return pgwire.Tag{}, cursor.Missing(st.Name)
		}
		return tag("CLOSE CURSOR"), nil
	case *syntax.CreateViewStmt:
		return tag("CREATE VIEW"), s.createView(st)
	case *syntax.DropViewStmt:
		return tag("DROP VIEW"), s.dropViews(st)
	case *syntax.CommentStmt:
		return tag("COMMENT"), s.comment(p, st)
	case *syntax.CreateExtensionStmt:
		return tag("CREATE EXTENSION"), s.createExtension(st)
	case *syntax.ViewOwnerStmt:
		if st.Table {
			return tag("ALTER TABLE"), s.alterOwner(st)
		}
		return tag("ALTER VIEW"), s.alterOwner(st)
	case *syntax.RoleStmt, *syntax.RoleSetStmt, *syntax.RenameRoleStmt, *syntax.GrantRoleStmt:
		name, err := s.changeRoles(p, st)
		return tag(name), err
	case *syntax.DropRoleStmt:
		return tag("DROP ROLE"), s.dropRoles(st)
	case *syntax.GrantStmt:
		if st.Revoke {
			return tag("REVOKE"), s.grant(st, "REVOKE")
		}
		return tag("GRANT"), s.grant(st, "GRANT")
	case *syntax.PolicyStmt, *syntax.DropPolicyStmt, *syntax.RowSecurityStmt, *syntax.PublicationStmt, *syntax.DropPublicationStmt:
		name, err := s.secure(p)
		return tag(name), err
	case *syntax.OwnedStmt:
		if st.To == nil {
			return tag("DROP OWNED"), s.owned(st, "DROP OWNED")
		}
		return tag("REASSIGN OWNED"), s.owned(st, "REASSIGN OWNED")
	case *syntax.LockStmt:
		return tag("LOCK TABLE"), s.lockTable(p, st)
	case *syntax.NotifyStmt:
		return tag(st.Verb), s.notifies(st)
	case *syntax.UpkeepStmt:
		return tag(st.Tag), s.upkeep(ctx, st)
	}
	return pgwire.Tag{}, pgerror.Errorf(pgerror.FeatureNotSupported, "this statement is not supported")
}

// createExtension makes nothing: what can be had is there.
func (s *Session) createExtension(st *syntax.CreateExtensionStmt) error {
	if st.Name != "plpgsql" && st.Name != "pg_stat_statements" {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "extension \"%s\" is not available", st.Name).
			WithHint("The extensions there are, plpgsql and pg_stat_statements, are installed.")
	}
	if !st.IfNotExists {
		return pgerror.Errorf(pgerror.DuplicateObject, "extension \"%s\" already exists", st.Name)
	}
	s.noticeOf(pgerror.DuplicateObject, "extension \""+st.Name+"\" already exists, skipping")
	return nil
}

func (s *Session) discard(ctx context.Context, what string) error {
	if what != "ALL" {
		return nil
	}
	if err := s.mustBeAlone("DISCARD ALL"); err != nil {
		return err
	}
	s.conn.EndTransaction(true)
	s.conn.DropStatements()
	s.server.advisory.UnlockAll(s.conn)
	s.consuming.Leave()
	if s.listener != nil {
		notify.Said(&s.tx.told).Unlisten("")
	}
	for _, name := range [...]string{"session_authorization", "role"} {
		if err := s.resetOne(name, false); err != nil {
			return err
		}
	}
	if err := s.reset("all"); err != nil {
		return err
	}
	return s.commit(ctx)
}

// notifies is LISTEN, UNLISTEN and NOTIFY, which take effect at the commit.
func (s *Session) notifies(st *syntax.NotifyStmt) (err error) {
	switch {
	case st.Verb == "NOTIFY":
		if err := s.server.member.Leads("NOTIFY"); err != nil {
			return err
		}
		err = notify.Said(&s.tx.told).Notify(s.conn.PID(), st.Channel, st.Payload)
	case st.Verb == "LISTEN":
		if _, follows := notify.Followed(st.Channel); follows {
			if _, err := s.sight(); err != nil {
				return err
			}
		}
		err = notify.Said(&s.tx.told).Listen(st.Channel)
	case s.listener == nil && s.tx.told == nil:
		return nil // as pools do with every session
	default:
		notify.Said(&s.tx.told).Unlisten(st.Channel)
	}
	if err != nil {
		return err
	}
	return s.account()
}

// Push implements [pgwire.Pusher].
func (s *Session) Push(ctx context.Context) error {
	s.ctx = ctx
	s.refresh()
	var err error
	if s.listener != nil {
		err = s.listener.Drain(ctx, s.sight)
	}
	_ = s.account()
	return err
}

// sight tells which events the session sees, for its channels of events.
func (s *Session) sight() (notify.Shown, error) {
	if err := s.present(); err != nil {
		return nil, err
	}
	src, err := s.source(relation.Events)
	if err != nil {
		return nil, err
	}
	e, looked := &expr.Env{Host: s}, 0
	return func(event *engine.RecordedEvent) (bool, error) {
		if src.Seen == nil {
			return true, nil
		}
		if looked++; looked%read.RowsPace == 0 {
			if err := s.Pace(); err != nil {
				return false, err
			}
		}
		e.NextRow()
		e.Row = relation.Row{Event: event}
		return src.Seen.Sees(e, event)
	}, nil
}

// mustBeAlone refuses a statement that cannot run in a transaction block, unless no other is in its transaction, which ends with it:
// in a pipeline others may follow, in another one.
func (s *Session) mustBeAlone(tag string) error {
	switch {
	case s.tx.state == txExplicit || s.several:
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "%s cannot run inside a transaction block", tag)
	case s.tx.statements > 1:
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "%s cannot be executed within a pipeline", tag)
	}
	return nil
}

func runsWhenFailed(p *syntax.Parsed) bool {
	t, ok := p.Statement.(*syntax.TransactionStmt)
	return ok && (t.Verb == "COMMIT" || t.Verb == "ROLLBACK" || t.Verb == "ROLLBACK TO")
}

// lockTable locks nothing: in the modes up to SHARE UPDATE EXCLUSIVE a lock keeps out only who changes tables,
// and nobody does. A stronger one would keep out who appends.
func (s *Session) lockTable(p *syntax.Parsed, st *syntax.LockStmt) error {
	if slices.Index(syntax.LockModes, st.Mode) > slices.Index(syntax.LockModes, "row exclusive") {
		if err := s.server.member.Leads("LOCK TABLE"); err != nil {
			return err
		}
	}
	if s.tx.state != txExplicit && !s.several {
		return pgerror.Errorf(pgerror.NoActiveSQLTransaction, "LOCK TABLE can only be used in transaction blocks")
	}
	for i := range st.Relations {
		r := &st.Relations[i]
		if r.Schema == "pg_catalog" || r.Schema == "information_schema" || strings.HasPrefix(r.Table, "pg_") {
			continue
		}
		if s.public(r) && s.definitions().View(r.Table) != nil {
			continue
		}
		if _, err := relation.Find(r, p.Src, s.path); err != nil {
			e := *err.(*pgerror.Error)
			return e.At(0)
		}
	}
	if slices.Index(syntax.LockModes, st.Mode) > slices.Index(syntax.LockModes, "share update exclusive") {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "LOCK TABLE in %s mode is not supported", strings.ToUpper(st.Mode)).
			WithHint("Nothing keeps others from appending. Use expected_version, REPEATABLE READ or an advisory lock.")
	}
	return nil
}

// upkeepOptions are the options that VACUUM and ANALYZE take, those that are no Booleans last.
var upkeepOptions = map[string][]string{
	"VACUUM":  {"verbose", "skip_locked", "analyze", "freeze", "full", "disable_page_skipping", "truncate", "process_toast", "index_cleanup", "parallel"},
	"ANALYZE": {"verbose", "skip_locked"},
}

// upkeep checks a statement that has nothing to do here as PostgreSQL checks it: who misspells a name
// is told so.
func (s *Session) upkeep(ctx context.Context, st *syntax.UpkeepStmt) error {
	switch {
	case st.Tag == "SET CONSTRAINTS":
		if st.Constraint != nil {
			return pgerror.Errorf(pgerror.UndefinedObject, "constraint \"%s\" does not exist", st.Constraint.Table)
		}
		if s.tx.state != txExplicit && !s.several {
			s.warn(pgerror.NoActiveSQLTransaction, "SET CONSTRAINTS can only be used in transaction blocks")
		}
		return nil
	case upkeepOptions[st.Tag] == nil:
		return nil
	}
	if err := s.server.member.Leads(st.Tag); err != nil {
		return err
	}
	analyzes := st.Tag == "ANALYZE" || st.Analyzes
	for _, o := range st.Options {
		on, err := upkeepOption(st.Tag, &o)
		if err != nil {
			return err
		}
		if o.Name == "analyze" {
			analyzes = on
		}
	}
	if st.Columns && !analyzes {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "ANALYZE option must be specified when a column list is provided")
	}
	if st.Tag == "VACUUM" {
		if err := s.mustBeAlone("VACUUM"); err != nil {
			return err
		}
	}
	for i := range st.Relations {
		if err := s.upkept(&st.Relations[i], st.Tag); err != nil {
			return err
		}
	}
	if st.Tag == "VACUUM" {
		return s.commit(ctx)
	}
	return nil
}

func upkeepOption(tag string, o *syntax.CopyOption) (on bool, err error) {
	switch {
	case !slices.Contains(upkeepOptions[tag], o.Name):
		return false, pgerror.Errorf(pgerror.SyntaxError, "unrecognized %s option \"%s\"", tag, o.Name)
	case o.Name == "parallel":
		if n, err := strconv.Atoi(o.Value); err != nil || n < 0 || n > 1024 {
			return false, pgerror.Errorf(pgerror.SyntaxError, "parallel option requires a value between 0 and 1024")
		}
		return false, nil
	case o.Name == "index_cleanup" && strings.EqualFold(o.Value, "auto"):
		return false, nil
	}
	switch strings.ToLower(o.Value) {
	case "true", "on", "1":
		return true, nil
	case "false", "off", "0":
		return false, nil
	}
	return false, pgerror.Errorf(pgerror.SyntaxError, "%s requires a Boolean value", o.Name)
}

// upkept checks that there is such a relation.
func (s *Session) upkept(r *syntax.RelationRef, tag string) error {
	verb := strings.ToLower(tag)
	switch {
	case r.Schema == "pg_catalog", r.Schema == "information_schema", r.Schema == "" && strings.HasPrefix(r.Table, "pg_"):
		return nil // those of the catalog are not listed here
	case s.public(r) && s.definitions().View(r.Table) != nil:
		s.warn(pgerror.Warning, "skipping \""+r.Table+"\" --- cannot "+verb+" non-tables or special system tables")
		return nil
	}
	if s.public(r) && isTable(r.Table) {
		return nil
	}
	name := r.Table
	if r.Schema != "" {
		name = r.Schema + "." + name
	}
	return pgerror.Errorf(pgerror.UndefinedTable, "relation \"%s\" does not exist", name)
}

// actor is the session as statements about roles see it.
func (s *Session) actor() role.Actor {
	r := s.may()
	return role.Actor{
		User: r.User, Session: r.Session, Zone: s.conn.Zone, Notice: s.notice, Warn: s.warn, Pace: s.Pace, Setting: s.roleSetting,
		Database: func(name string) bool { return name == s.database },
	}
}

// roleSetting checks a setting that a role's sessions are to begin with. What may be acted as is checked when they do.
func (s *Session) roleSetting(name string, values []string) (privilege.Setting, error) {
	name = strings.ToLower(name)
	out := privilege.Setting{Name: name}
	if k := setting.Known[name]; k != nil {
		out.Name = k.Name
	}
	if name == "role" || name == "session_authorization" {
		out.Value = strings.Join(values, "")
		return out, nil
	}
	if k := setting.Known[name]; !s.may().All && (k == nil && strings.Contains(name, ".") || k != nil && k.Superuser) {
		return out, pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied to set parameter \"%s\"", name)
	}
	var err error
	if k := setting.Known[name]; k == nil || k.Set == nil {
		out.Value, err = s.settings.Check(name, values)
	} else {
		return out, pgerror.Errorf(pgerror.CantChangeRuntimeParam, "parameter \"%s\" cannot be set locally in functions", k.Name)
	}
	return out, err
}

// beginRoles are the roles that a statement is to change.
func (s *Session) beginRoles(tag string) (*role.Catalog, error) {
	c := s.roles()
	if c == nil {
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not possible: this server has no roles", tag)
	}
	return c, s.mayAppend(tag)
}

// stageRoles has the session see other roles, and everybody once it commits.
func (s *Session) stageRoles(before, after *role.Catalog) error {
	if after == before {
		return nil
	}
	if err := s.reserve(after.Bytes()); err != nil {
		return err
	}
	s.tx.roles = after
	return s.account()
}

// changeRoles stages what a statement makes of the roles.
func (s *Session) changeRoles(p *syntax.Parsed, st syntax.Statement) (tag string, err error) {
	c, err := s.beginRoles(roleTag(st))
	if err != nil {
		return "", err
	}
	next, tag, err := c.Apply(p.Src, st, s.actor())
	if err != nil {
		return "", err
	}
	return tag, s.stageRoles(c, next)
}

// roleTag is what a statement about roles is called where it cannot be done.
func roleTag(st syntax.Statement) string {
	switch st := st.(type) {
	case *syntax.RoleStmt:
		if st.Create {
			return "CREATE ROLE"
		}
	case *syntax.GrantRoleStmt:
		if st.Revoke {
			return "REVOKE ROLE"
		}
		return "GRANT ROLE"
	case *syntax.CommentStmt:
		return "COMMENT"
	}
	return "ALTER ROLE"
}

func (s *Session) dropRoles(st *syntax.DropRoleStmt) error {
	c, err := s.beginRoles("DROP ROLE")
	if err != nil {
		return err
	}
	d := s.definitions()
	next, err := c.Drop(st, s.actor(), func(oid uint32) (list []string) {
		for _, name := range s.server.consumers.Owned(oid) {
			list = append(list, "owner of consumer "+syntax.QuoteName(name))
		}
		return append(list, rights.Uses(d, oid)...)
	})
	if err != nil {
		return err
	}
	return s.stageRoles(c, next)
}

// findGranted finds a relation that privileges are granted on.
func (s *Session) findGranted(r *syntax.RelationRef) (string, error) {
	if s.public(r) && s.definitions().View(r.Table) != nil {
		return r.Table, nil
	}
	if r.Schema == "pg_catalog" || r.Schema == "information_schema" || r.Schema == "" && strings.HasPrefix(r.Table, "pg_") {
		return "", pgerror.Errorf(pgerror.FeatureNotSupported, "the privileges on system catalogs cannot be changed")
	}
	found, err := relation.Find(&syntax.RelationRef{Schema: r.Schema, Table: r.Table}, "", s.path)
	if err != nil {
		e := *err.(*pgerror.Error)
		return "", e.At(0)
	}
	return found.Name, nil
}

// grant is GRANT and REVOKE of privileges.
func (s *Session) grant(st *syntax.GrantStmt, tag string) error {
	if _, err := s.beginRoles(tag); err != nil {
		return err
	}
	d := s.definitions()
	g := rights.Granting{Rights: s.may(), Warn: s.warn, Find: s.findGranted}
	next, err := g.Apply(d, st)
	if err != nil {
		return err
	}
	return s.stageSchema(d, next)
}

// policyTag is what a statement about policies is called.
func policyTag(st syntax.Statement) string {
	switch st := st.(type) {
	case *syntax.PolicyStmt:
		if st.Create {
			return "CREATE POLICY"
		}
		return "ALTER POLICY"
	case *syntax.DropPolicyStmt:
		return "DROP POLICY"
	case *syntax.RowSecurityStmt:
		return "ALTER TABLE"
	}
	return "COMMENT"
}

// secure stages what a statement about policies, or about publications, makes of the schema.
func (s *Session) secure(p *syntax.Parsed) (tag string, err error) {
	switch p.Statement.(type) {
	case *syntax.PublicationStmt, *syntax.DropPublicationStmt:
		return s.publish(p)
	}
	tag = policyTag(p.Statement)
	if _, err := s.beginRoles(tag); err != nil {
		return "", err
	}
	d := s.definitions()
	r := rights.Securing{Rights: s.may(), Warn: s.warn, Notice: s.notice, Find: s.findGranted, Compile: func(e *syntax.PolicyExpr) error {
		return policy.Check(s, p.Src, e, s.conn.Zone)
	}}
	var next *schema.Schema
	switch st := p.Statement.(type) {
	case *syntax.PolicyStmt:
		next, err = r.Policy(d, st)
	case *syntax.DropPolicyStmt:
		next, err = r.DropPolicy(d, st)
	case *syntax.RowSecurityStmt:
		next, err = r.RowSecurity(d, st)
	case *syntax.CommentStmt:
		next, err = r.Comment(d, st)
	}
	if err != nil {
		return "", err
	}
	return tag, s.stageSchema(d, next)
}

// publish stages what a statement about publications makes of the schema.
func (s *Session) publish(p *syntax.Parsed) (tag string, err error) {
	def := replication.Defining{Rights: s.may(), Host: s, Src: p.Src, Warn: s.warn, Notice: s.notice, Find: s.findGranted}
	d := s.definitions()
	var next *schema.Schema
	switch st := p.Statement.(type) {
	case *syntax.PublicationStmt:
		if tag = "ALTER PUBLICATION"; st.Create {
			tag = "CREATE PUBLICATION"
		}
		if err = s.mayAppend(tag); err == nil {
			next, err = def.Publication(d, st)
		}
	case *syntax.DropPublicationStmt:
		tag = "DROP PUBLICATION"
		if err = s.mayAppend(tag); err == nil {
			next, err = def.Drop(d, st)
		}
	}
	if err != nil {
		return "", err
	}
	return tag, s.stageSchema(d, next)
}

// owned is REASSIGN OWNED and DROP OWNED.
func (s *Session) owned(st *syntax.OwnedStmt, tag string) error {
	if _, err := s.beginRoles(tag); err != nil {
		return err
	}
	d := s.definitions()
	g := rights.Granting{Rights: s.may(), Warn: s.warn, Find: s.findGranted}
	next, dropped, err := g.Owned(d, st)
	if err != nil {
		return err
	}
	if len(dropped) > 0 {
		views := withoutViews(next.Views, dropped)
		if views, err = s.dropDependents(views, dropped, st.Cascade); err != nil {
			return err
		}
		next = next.With(views, next.Comments)
	}
	return s.stageSchema(d, next)
}

// alterOwner is ALTER VIEW … OWNER TO.
func (s *Session) alterOwner(st *syntax.ViewOwnerStmt) error {
	tag := "ALTER VIEW"
	if st.Table {
		tag = "ALTER TABLE"
	}
	if _, err := s.beginRoles(tag); err != nil {
		return err
	}
	d, name := s.definitions(), st.Relation.Table
	v := d.View(name)
	switch {
	case v != nil && s.public(&st.Relation):
	case isTable(name) && s.public(&st.Relation):
		if err := s.may().Owns("", name); err != nil {
			return err
		}
		return pgerror.Errorf(pgerror.FeatureNotSupported, "the owner of \"%s\" cannot be changed", name)
	case st.IfExists:
		s.notice("relation \"" + name + "\" does not exist, skipping")
		return nil
	default:
		return pgerror.Errorf(pgerror.UndefinedTable, "relation \"%s\" does not exist", name)
	}
	to, err := s.may().ChangeOwner(v, &st.Owner)
	if err != nil {
		return err
	}
	views := append([]analytics.View(nil), d.Views...)
	for i := range views {
		if views[i].Name == name {
			rights.Give(&views[i], to)
		}
	}
	return s.redefine(d, views, d.Comments)
}

// stageSchema has the session see another schema, and everybody once it commits.
func (s *Session) stageSchema(before, after *schema.Schema) error {
	if after == before {
		return nil
	}
	if err := after.Check(); err != nil {
		return err
	}
	if err := s.reserve(after.Bytes()); err != nil {
		return err
	}
	s.tx.defined = after
	return s.account()
}

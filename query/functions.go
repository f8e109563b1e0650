package query

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/advisory"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/consumer"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/notify"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/replication"
	"github.com/eventgres/eventgres/query/rights"
	"github.com/eventgres/eventgres/query/role"
	"github.com/eventgres/eventgres/query/setting"
	"github.com/eventgres/eventgres/query/staging"
	"github.com/eventgres/eventgres/query/standby"
	"github.com/eventgres/eventgres/query/statements"
	"github.com/eventgres/eventgres/query/syntax"
)

// advisoryKeyOf reads a lock's key of a function's arguments.
func advisoryKeyOf(a []pgvalue.Value) advisory.Key {
	if len(a) == 2 {
		return advisory.Key{High: uint32(a[0].Int), Low: uint32(a[1].Int), Two: true}
	}
	return advisory.Key{High: uint32(uint64(a[0].Int) >> 32), Low: uint32(a[0].Int)}
}

// advisoryFunctions registers those of advisory locks.
func advisoryFunctions() {
	for suffix, mode := range map[string]advisory.Mode{"": advisory.Exclusive, "_shared": advisory.Shared} {
		for scope, tx := range map[string]bool{"": false, "xact_": true} {
			name, try := "pg_advisory_"+scope+"lock"+suffix, "pg_try_advisory_"+scope+"lock"+suffix
			register(name, func(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
				_, err := s.lock(name+"()", advisoryKeyOf(a), mode, tx, true)
				*v = pgvalue.TextValue("")
				return err
			})
			register(try, func(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
				ok, err := s.lock(try+"()", advisoryKeyOf(a), mode, tx, false)
				*v = pgvalue.BoolValue(ok)
				return err
			})
		}
		register("pg_advisory_unlock"+suffix, func(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
			ok := s.server.advisory.Unlock(s.conn, advisoryKeyOf(a), mode, false)
			if !ok {
				s.warn(pgerror.Warning, "you don't own a lock of type "+mode.String())
			}
			*v = pgvalue.BoolValue(ok)
			return nil
		})
	}
	register("pg_advisory_unlock_all", func(s *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
		s.server.advisory.UnlockAll(s.conn)
		*v = pgvalue.TextValue("")
		return nil
	})
}

// processFunctions registers those that act on other sessions.
func processFunctions() {
	register("pg_cancel_backend", func(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
		ok, err := s.signal(a[0].Int, false, (*pgwire.Conn).Interrupt)
		*v = pgvalue.BoolValue(ok)
		return cmp.Or(err, s.ctx.Err()) // it may be itself
	})
	register("pg_terminate_backend", terminateBackend)
	register("pg_reload_conf", reloadConf)
	register("pg_stat_statements_reset", resetStatements)
	register("pg_drop_replication_slot", func(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
		*v = pgvalue.TextValue("")
		return replication.Drop(s.ctx, s, a[0].Text)
	})
	register("pg_export_snapshot", func(s *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
		before := s.tx.sees
		if s.tx.asked != s.tx.statements {
			before = s.before()
		}
		*v = pgvalue.TextValue(strconv.FormatInt(before-1, 10))
		return nil
	})
	register("pg_notify", func(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
		*v = pgvalue.TextValue("")
		if err := s.server.member.Leads("NOTIFY"); err != nil {
			return err
		}
		if err := notify.Said(&s.tx.told).Notify(s.conn.PID(), a[0].Text, a[1].Text); err != nil { // empty where they are null
			return err
		}
		return s.account()
	})
}

// waitForPosition is wait_for_position.
func waitForPosition(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
	timeout, err := consumer.Duration(&a[1], "timeout")
	if err != nil {
		return err
	}
	there, err := s.awaitPosition(a[0].Int, timeout, false)
	*v = pgvalue.BoolValue(there)
	return err
}

// backupStart is eventgres_backup_start.
func backupStart(s *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
	if err := s.may().BacksUp(relation.BackupStart.Name); err != nil {
		return err
	}
	extent := s.server.store.Control().Extent()
	*v = pgvalue.BytesValue(fmt.Appendf(nil, `{"events": %d, "changes": %d, "store_id": "%s"}`, extent.Events, extent.Changes, s.server.store.ID()))
	return nil
}

// expectVersion makes a stream's version what the transaction's append rests on.
func expectVersion(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
	if _, err := s.source(relation.Events); err != nil {
		return err
	}
	stream := staging.StreamRef{ID: a[0].UUID}
	if a[0].Kind == pgvalue.KindText {
		stream = staging.StreamRef{ID: engine.StreamID(a[0].Text), Name: a[0].Text}
	}
	*v = a[1]
	return s.tx.Expect(stream, a[1].Int)
}

// register adds a function that acts on the session, whose forms the worker knows too.
func register(name string, call func(s *Session, a []pgvalue.Value, v *pgvalue.Value) error) {
	for _, f := range analytics.Calls[name] {
		expr.Register(expr.Function{
			Name: name, Args: f.Args, Optional: f.Optional, Result: f.Result, Volatile: 'v', Strict: f.Strict, Effects: true, Call: ofSession(call),
		})
	}
}

// verifier is called with a role's OID in place of a column of the worker's rows that is the role's verifier, of which it knows nothing.
func (s *Session) verifier(oid *pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.Value{}
	c := s.roles()
	if oid.Kind == pgvalue.Null || c == nil {
		return nil
	}
	if err := s.may().OfRoles(relation.AuthID); err != nil {
		return err
	}
	*v = rights.Verifier(c, uint32(oid.Int))
	return nil
}

// reloadConf reads the configuration anew, for superusers. Unlike PostgreSQL it waits until that is done; as there, what is wrong is told in the log.
func reloadConf(s *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.BoolValue(true)
	if !s.may().All {
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied for function pg_reload_conf")
	}
	if s.server.reload != nil {
		return s.conn.Waiting(func() error {
			s.server.reload()
			return nil
		})
	}
	return nil
}

// counted is what statements did.
func (s *Session) counted() *analytics.Counted {
	c := s.server.counted.Shown()
	for i := range c.Statements {
		st := &c.Statements[i]
		st.UserID, st.DBID = s.countedOIDs(st.UserID, st.User, st.Database)
	}
	if r := s.may(); !r.Stats() { // who may not see what others do is told neither text nor number
		for i := range c.Statements {
			if st := &c.Statements[i]; r.Hides(st.UserID) {
				st.ID, st.Text, st.Hidden = 0, "<insufficient privilege>", true
			}
		}
	}
	return c
}

// hideOthers leaves out of a list what sessions of others do.
func (s *Session) hideOthers(list []analytics.Activity) {
	r := s.may()
	for i := range list {
		a := &list[i]
		if r.Hides(a.Role) {
			*a = analytics.Activity{
				PID: a.PID, User: a.User, Database: a.Database, Application: a.Application, Role: a.Role, Query: "<insufficient privilege>", Hidden: true,
			}
		}
	}
}

// countedOIDs are the OIDs of a user and a database as this session's catalog has them. What it knows nothing of, users that are no roles
// and databases of other names, has numbers that are nobody's.
func (s *Session) countedOIDs(role uint32, user, database string) (userID, dbID uint32) {
	nobodys := func(name string) uint32 { return 1<<31 | uint32(syntax.Fingerprint(name, 0, len(name))) }
	userID, dbID = catalog.UserOID, catalog.DatabaseOID
	if c := s.roles(); role != 0 {
		userID = role
	} else if c != nil && !c.Open() || user != s.identity.login {
		userID = nobodys(user)
		if c != nil && c.Role(user) != nil {
			userID = c.Role(user).OID
		}
	}
	if database != s.database {
		dbID = nobodys(database)
	}
	return userID, dbID
}

// resetStatements forgets what was counted of statements: all of it, or a user's, a database's, of one statement; 0 is any.
func resetStatements(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
	if !s.may().All {
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied for function pg_stat_statements_reset")
	}
	*v = pgvalue.TextValue("")
	want := [3]int64{}
	for i := range a {
		want[i] = a[i].Int
	}
	if want == [3]int64{} {
		s.server.counted.Reset(nil)
		return nil
	}
	s.server.counted.Reset(func(k *statements.Key) bool {
		user, database := s.countedOIDs(k.Role, k.User, k.Database)
		return (want[0] == 0 || want[0] == int64(user)) && (want[1] == 0 || want[1] == int64(database)) && (want[2] == 0 || want[2] == k.ID)
	})
	return nil
}

// signal does something to the session with a process number; a warning says that there is none.
func (s *Session) signal(pid int64, ends bool, do func(*pgwire.Conn)) (bool, error) {
	other := s.server.sessions.Find(pid)
	if other == nil {
		s.warn(pgerror.Warning, "PID "+strconv.FormatInt(pid, 10)+" is not a PostgreSQL backend process")
		return false, nil
	}
	if err := s.may().Signals(other.Role.Load(), ends); err != nil {
		return false, err
	}
	do(other.Conn)
	return true, nil
}

// terminateBackend ends a session, and waits until it is gone where the second argument gives it time.
func terminateBackend(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
	timeout := int64(0)
	if len(a) > 1 {
		timeout = a[1].Int
	}
	if timeout < 0 || timeout > math.MaxInt32 { // PostgreSQL's is an int
		return pgerror.Errorf(pgerror.NumericValueOutOfRange, "\"timeout\" must not be negative")
	}
	other := s.server.sessions.Find(a[0].Int)
	ok, err := s.signal(a[0].Int, true, (*pgwire.Conn).Terminate)
	if err != nil {
		return err
	}
	if ok && timeout > 0 {
		ok = s.awaitGone(other, time.Duration(timeout)*time.Millisecond)
		if !ok {
			s.warn(pgerror.Warning, "backend with PID "+strconv.FormatInt(a[0].Int, 10)+" did not terminate within "+strconv.FormatInt(timeout, 10)+" milliseconds")
		}
	}
	*v = pgvalue.BoolValue(ok)
	return s.ctx.Err()
}

// awaitGone waits until a session has ended.
func (s *Session) awaitGone(other *activity.Entry, timeout time.Duration) (gone bool) {
	if other == nil {
		return true
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	_ = s.conn.Waiting(func() error {
		select {
		case <-other.Gone:
			gone = true
		case <-timer.C:
		case <-s.ctx.Done():
		}
		return nil
	})
	return gone
}

func textFunction(name string, f func(s *Session) string) expr.Function {
	return expr.Function{Name: name, Result: pgvalue.OIDText, Volatile: 's', Strict: true, Call: ofSession(func(s *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
		*v = pgvalue.TextValue(f(s))
		return nil
	})}
}

func nameFunction(name string, f func(s *Session) string) expr.Function {
	out := textFunction(name, f)
	out.Result = pgvalue.OIDName
	return out
}

func timeFunction(name string, f func(s *Session) int64) expr.Function {
	return expr.Function{Name: name, Result: pgvalue.OIDTimestamptz, Volatile: 's', Strict: true, Call: ofSession(func(s *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
		*v = pgvalue.TimeValue(f(s))
		return nil
	})}
}

func falseFunction(name string) expr.Function {
	return expr.Function{Name: name, Result: pgvalue.OIDBool, Volatile: 'v', Strict: true, Call: func(_ expr.Host, _ []pgvalue.Value, v *pgvalue.Value) error {
		*v = pgvalue.BoolValue(false)
		return nil
	}}
}

// word is a function that is a word of the grammar.
func word(f expr.Function) expr.Function {
	f.Word = true
	return f
}

// ofSession is a function that asks more of its session than an expression's host tells.
func ofSession(call func(s *Session, args []pgvalue.Value, v *pgvalue.Value) error) func(expr.Host, []pgvalue.Value, *pgvalue.Value) error {
	return func(h expr.Host, args []pgvalue.Value, v *pgvalue.Value) error { return call(h.(*Session), args, v) }
}

// The functions that drivers and pools send, and a few more.
func init() {
	user := func(s *Session) string { return s.user }
	database := func(s *Session) string { return s.database }
	now := (*Session).transactionTime
	encoding := func(s *Session) string { return charset.Lookup(s.settings.Value("client_encoding")).Name }
	expr.Register(
		textFunction("version", func(*Session) string { return versionText }),
		nameFunction("current_database", database),
		word(nameFunction("current_catalog", database)),
		nameFunction("current_user", user),
		nameFunction("session_user", (*Session).sessionUser),
		word(nameFunction("user", user)),
		word(nameFunction("current_role", user)),
		expr.Function{Name: "current_schema", Result: pgvalue.OIDName, Volatile: 's', Strict: true, Call: ofSession(currentSchema)},
		expr.Function{Name: "current_schemas", Args: []uint32{pgvalue.OIDBool}, Result: pgvalue.OIDNameArray, Volatile: 's', Strict: true, Call: ofSession(currentSchemas)},
		timeFunction("now", now),
		word(timeFunction("current_timestamp", now)),
		timeFunction("transaction_timestamp", now),
		timeFunction("statement_timestamp", func(s *Session) int64 { return s.statementTime }),
		timeFunction("pg_conf_load_time", func(s *Session) int64 { return s.server.loaded.Load() }),
		timeFunction("pg_postmaster_start_time", func(s *Session) int64 { return s.server.started.UnixMicro() }),
		expr.Function{Name: "pg_backend_pid", Result: pgvalue.OIDInt4, Volatile: 's', Strict: true, Call: ofSession(backendPID)},
		expr.Function{Name: "pg_is_in_recovery", Result: pgvalue.OIDBool, Volatile: 'v', Strict: true, Call: ofSession(inRecovery)},
		falseFunction("pg_is_wal_replay_paused"),
		expr.Function{Name: "pg_sleep", Args: []uint32{pgvalue.OIDFloat8}, Result: pgvalue.OIDVoid, Volatile: 'v', Strict: true, Call: ofSession(sleep)},
		expr.Function{Name: "current_setting", Args: []uint32{pgvalue.OIDText}, Result: pgvalue.OIDText, Volatile: 's', Strict: true, Call: ofSession(currentSetting)},
		expr.Function{Name: "current_setting", Args: []uint32{pgvalue.OIDText, pgvalue.OIDBool}, Result: pgvalue.OIDText, Volatile: 's', Strict: true, Call: ofSession(currentSetting)},
		nameFunction("pg_client_encoding", encoding),
		nameFunction("getdatabaseencoding", func(*Session) string { return "UTF8" }),
		expr.Function{Name: "inet_server_port", Result: pgvalue.OIDInt4, Volatile: 's', Call: ofSession(nullCall)},
	)
	register("set_config", setConfig)
	expr.RegisterOwn(relation.WaitForPosition, ofSession(waitForPosition))
	expr.RegisterOwn(relation.BackupStart, ofSession(backupStart))
	expr.RegisterOwn(relation.ExpectVersion, ofSession(expectVersion))
	expr.RegisterOwn(relation.ExpectVersionOfID, ofSession(expectVersion))
	advisoryFunctions()
	processFunctions()
}

func nullCall(_ *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.Value{}
	return nil
}

func currentSchema(s *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.Value{}
	if name := s.path.Current(); name != "" {
		*v = pgvalue.TextValue(name)
	}
	return nil
}

func currentSchemas(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
	names := s.path.Schemas()
	if a[0].Bool() {
		names = s.path.Search()
	}
	list := make([]pgvalue.Value, len(names))
	for i, name := range names {
		list[i] = pgvalue.TextValue(name)
	}
	*v = pgvalue.ArrayValue(list)
	return nil
}

func backendPID(s *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.IntValue(int64(s.conn.PID()))
	return nil
}

// inRecovery tells what in_hot_standby does.
func inRecovery(s *Session, _ []pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.BoolValue(s.settings.Value(standby.Setting) == "on")
	return nil
}

func sleep(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.TextValue("")
	ctx, stop := s.conn.WhilePeer(s.ctx)
	defer stop()
	seconds := min(max(a[0].Float, 0), 1e9)
	timer := time.NewTimer(time.Duration(seconds * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func setConfig(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
	if a[0].Kind == pgvalue.Null {
		return pgerror.Errorf(pgerror.NullValueNotAllowed, "SET requires parameter name")
	}
	values := []string{a[1].Text}
	if a[1].Kind == pgvalue.Null {
		values = nil
	}
	if err := s.set(strings.ToLower(a[0].Text), values, a[2].Bool()); err != nil {
		return err
	}
	text, err := s.show(strings.ToLower(a[0].Text))
	*v = pgvalue.TextValue(text)
	return err
}

func currentSetting(s *Session, a []pgvalue.Value, v *pgvalue.Value) error {
	text, err := s.show(strings.ToLower(a[0].Text))
	if err != nil && len(a) > 1 && a[1].Bool() {
		*v = pgvalue.Value{}
		return nil
	}
	*v = pgvalue.TextValue(text)
	return err
}

// lock takes an advisory lock for the session; without wait it says whether it could.
func (s *Session) lock(name string, key advisory.Key, mode advisory.Mode, tx, wait bool) (granted bool, err error) {
	if err := s.server.member.Leads(name); err != nil {
		return false, err
	}
	var block func(await func(context.Context))
	if wait {
		block = func(await func(context.Context)) {
			ctx, stop := s.conn.WhilePeer(s.ctx)
			defer stop()
			s.activity.Blocked("Lock", "advisory")
			defer s.activity.Blocked("", "")
			_ = s.conn.Waiting(func() error {
				await(ctx)
				return nil
			})
		}
	}
	granted, err = s.tx.locks.Take(s.server.advisory, s.conn, key, mode, tx, s.effective.lockTimeout, block)
	if err == nil && granted {
		err = s.server.member.Leads(name) // who has ceased to lead meanwhile has ended those who held locks by then
	}
	return granted, err
}

// Consuming implements [consumer.Host], with the functions that follow.
func (s *Session) Consuming() (*consumer.Seat, *consumer.Registry) {
	return &s.consuming, s.server.consumers
}

func (s *Session) Asking() context.Context { return s.ctx }

func (s *Session) Creator() (uint32, error) {
	r := s.may()
	if err := r.Relation(relation.Events.Name, privilege.Select, 0); err != nil {
		return 0, err
	}
	return r.User, r.Creates()
}

func (s *Session) ActsFor(role uint32) bool {
	r := s.may()
	return r.Err == nil && (r.All || r.Roles.Uses(r.User, role))
}

func (s *Session) RoleName(role uint32) string {
	if s.roles() == nil {
		return s.identity.login
	}
	return s.nameOf(role)
}

func (s *Session) Writes(tag string) error { return s.mayAppend(tag) }

// Member implements [standby.Host], with the functions that follow.
func (s *Session) Member() *standby.Member { return s.server.member }

func (s *Session) Leads(what string) error { return s.server.member.Leads(what) }

func (s *Session) Superuser() bool { return s.may().All }

func (s *Session) Monitors() bool { return s.may().Stats() }

func (s *Session) Changes() bool {
	return len(s.tx.Staged) > 0 || s.tx.defining() || s.consuming.Staged() != nil
}

func (s *Session) Reserve(bytes int64) error { return s.reserve(bytes) }

func (s *Session) AppendNow(ctx context.Context, r *engine.AppendRequest) error {
	return s.append(ctx, r)
}

// OwnerSees tells what a role sees by what is committed, whatever the session's transaction has changed. What is compiled of it is evaluated in a
// session that is nobody's, and acts as the role.
func (s *Session) OwnerSees(as uint32, known consumer.Basis) (b consumer.Basis, seen *policy.Seen, host expr.Host, err error) {
	d := s.server.schema.Current()
	var c *role.Catalog
	if s.server.roles != nil {
		c = s.server.roles.Current()
	}
	if b = (consumer.Basis{Roles: c, Schema: d}); b == known {
		return b, nil, nil, nil
	}
	owner := &Session{server: s.server, user: s.identity.login, path: s.path}
	if c == nil {
		return b, nil, owner, nil
	}
	r := rights.New(c, d, as, as)
	if err := r.Relation(relation.Events.Name, privilege.Select, 0); err != nil {
		return b, nil, nil, err
	}
	if one := c.Roles().ByOID(as); one != nil {
		owner.user = one.Name
	}
	permissive, restrictive, none, err := r.Rows(0, privilege.PolicySelect, false)
	if none || err != nil {
		return b, nil, owner, err
	}
	seen, err = new(policy.Filters).Seen(0, owner, permissive, restrictive)
	return b, seen, owner, err
}

// Sight implements [consumer.Host]: the position below which consume sees, and whether it may wait for more.
func (s *Session) Sight() (before int64, waits bool) {
	if t := &s.tx; setting.Pins(t.isolation) && t.snapshot >= 0 {
		return t.snapshot, false
	}
	return math.MaxInt64, true
}

// Looked implements [consumer.Host]: what is seen from now on begins behind what consume has seen.
func (s *Session) Looked() { s.before() }

package query

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/asof"
	"github.com/eventgres/eventgres/query/live"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/setting"
	"github.com/eventgres/eventgres/query/syntax"
)

// set gives a setting a value; nil values mean its default.
func (s *Session) set(name string, values []string, local bool) error {
	if k := setting.Known[name]; k != nil && k.Superuser && !s.trusted && !s.may().All {
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied to set parameter \"%s\"", k.Name)
	}
	v, err := s.settings.Check(name, values)
	if err != nil {
		return err
	}
	if k := setting.Known[name]; k != nil && k.Set != nil {
		return k.Set(s, v)
	}
	if name == setting.AsOf && v != s.settings.Value(name) && s.hasLooked() {
		return asof.TooLate("SET " + name)
	}
	if err := s.reserve(s.settings.Growth(name, v)); err != nil {
		return err
	}
	s.tx.keepSettings(s)
	s.settings.Put(name, v, local)
	if name == "session_authorization" { // who has become another acts as that one
		s.settings.Put("role", "none", local)
	}
	return s.account()
}

// effective is what settings amount to that are looked at often.
type effective struct {
	route       string
	least       string // of client_min_messages
	application string
	lockTimeout time.Duration
	// senderTimeout is how long a client that is sent a slot's changes may say nothing.
	senderTimeout time.Duration
	readAfter     int64 // what is read has the events up to this position; -1: nothing is asked for
	readWait      time.Duration
	linearizable  bool // what is read has all that was acknowledged anywhere
	past          bool // what is read is the log as of asOf, the position before which is seen
	asOf          int64
	log           activity.Log
	imports       bool // times may be given
	counts        bool // statements, for pg_stat_statements
	unsecured     bool // where policies would hide rows it wants an error instead
	// What a transaction begins with.
	isolation            string
	readOnly, deferrable bool
}

// The effects of settings.
func init() {
	for name, apply := range map[string]func(s *Session, v string){
		"search_path":                         (*Session).searches,
		"role":                                func(s *Session, _ string) { s.actAs() },
		"session_authorization":               func(s *Session, _ string) { s.actAs() },
		"client_encoding":                     func(s *Session, v string) { s.conn.SetEncoding(charset.Lookup(v)) },
		"client_min_messages":                 func(s *Session, v string) { s.effective.least = v },
		"application_name":                    func(s *Session, v string) { s.effective.application = v },
		setting.Route:                         func(s *Session, v string) { s.effective.route = v },
		"statement_timeout":                   func(s *Session, v string) { s.conn.StatementTimeout = setting.Duration(v) },
		"wal_sender_timeout":                  func(s *Session, v string) { s.effective.senderTimeout = setting.Duration(v) },
		"lock_timeout":                        func(s *Session, v string) { s.effective.lockTimeout = setting.Duration(v) },
		setting.FetchWait:                     func(s *Session, v string) { s.fetchWait = setting.Duration(v) },
		setting.ReadAfter:                     func(s *Session, v string) { s.effective.readAfter, _ = strconv.ParseInt(v, 10, 64) },
		setting.ReadAfterTimeout:              func(s *Session, v string) { s.effective.readWait = setting.Duration(v) },
		setting.ReadMode:                      func(s *Session, v string) { s.effective.linearizable = v == setting.Linearizable },
		setting.AsOf:                          func(s *Session, v string) { s.effective.asOf, s.effective.past = asof.Before(v) },
		setting.Import:                        func(s *Session, v string) { s.effective.imports = v == "on" },
		"pg_stat_statements.track":            func(s *Session, v string) { s.effective.counts = v == "top" },
		"log_statement":                       func(s *Session, v string) { s.effective.log.Level = activity.LevelOf(v) },
		"log_min_duration_statement":          func(s *Session, v string) { s.effective.log.Slow = slow(v) },
		"log_parameter_max_length":            func(s *Session, v string) { s.effective.log.Parameters = setting.Bytes(v) },
		"row_security":                        func(s *Session, v string) { s.effective.unsecured = v == "off" },
		"idle_session_timeout":                func(s *Session, v string) { s.conn.IdleTimeout = setting.Duration(v) },
		"idle_in_transaction_session_timeout": func(s *Session, v string) { s.conn.IdleInTransactionTimeout = setting.Duration(v) },
		"default_transaction_isolation":       func(s *Session, v string) { s.effective.isolation = v },
		"default_transaction_read_only":       func(s *Session, v string) { s.effective.readOnly = v == "on" },
		"default_transaction_deferrable":      func(s *Session, v string) { s.effective.deferrable = v == "on" },
	} {
		setting.Effect(name, func(h setting.Host, v string) { apply(h.(*Session), v) })
	}
	setting.Resolved(setting.AsOf, func(h setting.Host, zone *pgvalue.Zone, v string) (string, error) {
		s := h.(*Session)
		return asof.Resolve(s.ctx, s.server.index, zone, v)
	})
	setting.Computed("is_superuser", func(h setting.Host) string { return h.(*Session).isSuperuser() })
	for _, name := range []string{"timezone", "datestyle", "intervalstyle", "extra_float_digits", "bytea_output"} {
		setting.Effect(name, func(h setting.Host, _ string) {
			s := h.(*Session)
			s.conn.Zone = s.settings.Zone()
		})
	}
	for name, kept := range map[string]struct {
		set  func(s *Session, v string) error
		show func(t *transaction) string
	}{
		"transaction_isolation":  {(*Session).setIsolation, func(t *transaction) string { return t.isolation }},
		"transaction_read_only":  {func(s *Session, v string) error { return s.setReadOnly(v == "on") }, func(t *transaction) string { return onOff(t.readOnly) }},
		"transaction_deferrable": {func(s *Session, v string) error { return s.setDeferrable(v == "on") }, func(t *transaction) string { return onOff(t.deferrable) }},
	} {
		setting.OfTransaction(name, func(h setting.Host, v string) error { return kept.set(h.(*Session), v) },
			func(h setting.Host) string { return kept.show(&h.(*Session).tx) })
	}
}

// awaitPosition waits until all events up to a position can be read; false: they cannot after the time, if there is an end to it. The snapshot
// of a transaction that begins with it is taken behind it.
func (s *Session) awaitPosition(position int64, timeout time.Duration, endless bool) (there bool, err error) {
	if there = position <= s.server.index.GlobalPosition(); !there {
		ctx, stop := s.conn.WhilePeer(s.ctx)
		defer stop()
		s.activity.Blocked("IPC", "position")
		defer s.activity.Blocked("", "")
		err = s.conn.Waiting(func() error {
			there, err = live.Await(ctx, s.server.store.Hub(), position, timeout, endless)
			return err
		})
	}
	if there {
		s.lookAgain()
	}
	return there, err
}

// lookAgain has a transaction whose snapshot the statement that runs has taken see what there is by now.
func (s *Session) lookAgain() {
	if t := &s.tx; t.snapshot >= 0 && t.looked == t.statements {
		t.snapshot = s.server.index.GlobalPosition() + 1
	}
}

// refresh makes effective what the server itself has of settings by now.
func (s *Session) refresh() {
	if own := s.server.own.Seen(); own != s.own {
		s.own = own
		s.settings.Refresh()
	}
}

// attend has the client told of it when the node begins to lead its cluster or ceases to, even where it asks for nothing.
func (s *Session) attend() {
	if s.server.member != nil {
		s.conn.Attend()
		s.refresh() // from here on whoever changes something sees the session
	}
}

// looksFirst tells whether a statement that reads has to ask mayRead.
func (s *Session) looksFirst() bool {
	return s.effective.readAfter >= 0 || s.effective.linearizable || s.server.member != nil
}

// mayRead has a statement that reads wait as the session's settings say, and refuses one whose transaction cannot be had where it runs.
func (s *Session) mayRead(kind activity.Kind) error {
	if t, m := &s.tx, s.server.member; m != nil && t.isolation == setting.Serializable && !t.began {
		if err := m.MaySerialize(true); err != nil {
			return err
		}
	}
	if s.effective.linearizable && kind != activity.Insert { // what it rests on the log's order decides
		if err := s.readsNewest(); err != nil {
			return err
		}
	}
	if s.effective.readAfter >= 0 {
		return s.readsAfter()
	}
	return nil
}

// readsNewest waits until this node has all that was acknowledged on any. A transaction that sees throughout what it saw first has waited then.
func (s *Session) readsNewest() error {
	t, m := &s.tx, s.server.member
	if m == nil || s.effective.past || t.snapshot >= 0 && t.looked != t.statements {
		return nil
	}
	err := s.asksLeader()
	if err == nil {
		s.lookAgain()
	}
	return err
}

// asksLeader waits until the leader has said how far it is, and this node is as far.
func (s *Session) asksLeader() error {
	ctx, stop := s.conn.WhilePeer(s.ctx)
	defer stop()
	s.activity.Blocked("IPC", "read_index")
	defer s.activity.Blocked("", "")
	return s.conn.Waiting(func() error { return s.server.member.ReadIndex(ctx) })
}

// readOnly is why a transaction may not append. While nobody leads it waits for who will: that is what the client is to be told.
func (s *Session) readOnly(tag string) error {
	m := s.server.member
	if m.Leaderless() {
		if err := s.asksLeader(); err != nil {
			return err
		}
	}
	return m.ReadOnly(tag)
}

// readsAfter has a statement that reads wait as eventgres.read_after says.
func (s *Session) readsAfter() error {
	there, err := s.awaitPosition(s.effective.readAfter, s.effective.readWait, s.effective.readWait == 0)
	if err == nil && !there {
		err = pgerror.Errorf(pgerror.QueryCanceled, "canceling statement due to "+setting.ReadAfterTimeout).
			WithDetail("The event at position %d, or one before it, cannot be read here yet.", s.effective.readAfter)
	}
	return err
}

// slow is log_min_duration_statement's value.
func slow(v string) time.Duration {
	if v == "-1" {
		return -1
	}
	return setting.Duration(v)
}

func onOff(v bool) string {
	if v {
		return "on"
	}
	return "off"
}

// Report tells the client of a setting's value.
func (s *Session) Report(name, value string) { s.conn.SetParameter(name, value) }

// show returns a setting's value.
func (s *Session) show(name string) (string, error) {
	if k := setting.Known[name]; k != nil && k.Show != nil {
		return k.Show(s), nil
	}
	if !s.may().Shows(name) {
		return "", pgerror.Errorf(pgerror.InsufficientPrivilege, "must be superuser or have privileges of pg_read_all_settings to examine \"%s\"", name)
	}
	if !s.settings.Knows(name) {
		return "", pgerror.Errorf(pgerror.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	return s.settings.Value(name), nil
}

// applyStartup takes the settings of the start-up packet.
func (s *Session) applyStartup(params map[string]string) error {
	var asOf *string // a time is read once the zone is known
	take := func(name, value string) error {
		if name = strings.ToLower(name); name == setting.AsOf {
			asOf = &value
			return nil
		}
		if err := s.set(name, []string{value}, false); err != nil {
			return err
		}
		s.settings.Begin(name)
		return nil
	}
	options, err := setting.Options(params["options"])
	if err != nil {
		return err
	}
	for _, o := range options {
		if err := take(o.Name, o.Value); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		switch name {
		case "user", "database", "options":
			continue
		case "replication":
			if s.conn.Replication() && !s.Replicates() {
				return &pgerror.Error{Severity: "FATAL", Code: pgerror.InsufficientPrivilege, Message: "must be superuser or replication role to start walsender"}
			}
			continue
		}
		err := take(name, params[name])
		if e := charset.Lookup(params[name]); err != nil && name == "client_encoding" && e != nil && !e.Convertible() {
			err = pgerror.Errorf(pgerror.FeatureNotSupported, "conversion between %s and UTF8 is not supported", e.Name)
		}
		if err != nil {
			return err
		}
	}
	if asOf != nil {
		if err := s.set(setting.AsOf, []string{*asOf}, false); err != nil {
			return err
		}
		s.settings.Begin(setting.AsOf)
	}
	return nil
}

// Replicates checks that the session's role may use the replication protocol, and slots.
func (s *Session) Replicates() bool {
	if s.roles() == nil {
		return true
	}
	r := s.may()
	one := r.Roles.ByOID(r.User)
	return r.All || one != nil && one.Replication
}

func (s *Session) setTransaction(st *syntax.SetTransactionStmt, last pgwire.Lookahead) error {
	if !st.Session {
		if s.tx.state != txExplicit && !s.several {
			s.warn(pgerror.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks")
			if alone, err := last(); alone && st.Snapshot == nil && !s.server.member.Follows() || err != nil {
				return err // its transaction is over with it, so that it means nothing; but what cannot be is refused
			}
		}
		if st.Snapshot != nil {
			return s.importSnapshot(*st.Snapshot)
		}
		return s.applyModes(st.Modes)
	}
	for _, m := range st.Modes {
		if m.Isolation != "" {
			if err := s.set("default_transaction_isolation", []string{m.Isolation}, false); err != nil {
				return err
			}
		}
		if m.ReadOnly != nil {
			if err := s.set("default_transaction_read_only", []string{onOff(*m.ReadOnly)}, false); err != nil {
				return err
			}
		}
		if m.Deferrable != nil {
			if err := s.set("default_transaction_deferrable", []string{onOff(*m.Deferrable)}, false); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) applyModes(modes []syntax.TransactionMode) error {
	for _, m := range modes {
		if m.Isolation != "" {
			if err := s.set("transaction_isolation", []string{m.Isolation}, false); err != nil {
				return err
			}
		}
		if m.ReadOnly != nil {
			if err := s.setReadOnly(*m.ReadOnly); err != nil {
				return err
			}
		}
		if m.Deferrable != nil {
			if err := s.setDeferrable(*m.Deferrable); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) setIsolation(level string) error {
	t := &s.tx
	if t.isolation == level {
		return nil
	}
	if t.began {
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
	}
	if len(t.savepoints) > 0 {
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
	}
	if level == setting.Serializable {
		if err := s.server.member.MaySerialize(false); err != nil {
			return err
		}
	}
	t.isolation = level
	return nil
}

func (s *Session) setReadOnly(readOnly bool) error {
	if s.tx.readOnly && !readOnly && len(s.tx.savepoints) > 0 {
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "cannot set transaction read-write mode inside a read-only transaction")
	}
	if s.tx.readOnly && !readOnly && s.tx.began {
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "transaction read-write mode must be set before any query")
	}
	if s.tx.readOnly && !readOnly {
		if err := s.server.member.MayWrite(); err != nil {
			return err
		}
	}
	s.tx.readOnly = readOnly
	return nil
}

func (s *Session) setDeferrable(deferrable bool) error {
	if len(s.tx.savepoints) > 0 {
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction")
	}
	if s.tx.began {
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "SET TRANSACTION [NOT] DEFERRABLE must be called before any query")
	}
	s.tx.deferrable = deferrable
	return nil
}

// hasLooked tells whether the transaction has looked at the log, or changed anything, before the statement that runs.
func (s *Session) hasLooked() bool {
	t := &s.tx
	return t.began && t.first != t.statements || t.defining()
}

// importSnapshot has the transaction see what was there at a position, throughout.
func (s *Session) importSnapshot(id string) error {
	t := &s.tx
	switch {
	case s.hasLooked() || len(t.savepoints) > 0:
		return asof.TooLate("SET TRANSACTION SNAPSHOT")
	case !setting.Pins(t.isolation):
		return pgerror.Errorf(pgerror.FeatureNotSupported, "a snapshot-importing transaction must have isolation level SERIALIZABLE or REPEATABLE READ")
	case s.effective.past:
		return asof.ErrTwice
	}
	before, err := asof.Snapshot(s.server.index, id)
	if err == nil {
		t.snapshot, t.began = before, true
	}
	return err
}

func (s *Session) setCommand(st *syntax.SetStmt) error {
	if st.Local && s.tx.state != txExplicit && !s.several {
		s.warn(pgerror.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks")
	}
	if st.Values == nil {
		return s.resetOne(st.Name, st.Local)
	}
	if st.Name == "search_path" {
		quoted := make([]string, len(st.Values))
		for i, v := range st.Values {
			quoted[i] = syntax.QuoteName(v)
		}
		return s.set(st.Name, quoted, st.Local)
	}
	return s.set(st.Name, st.Values, st.Local)
}

func (s *Session) resetOne(name string, local bool) error {
	if setting.Known[name] == nil && !s.settings.Has(name) {
		if strings.Contains(name, ".") {
			return nil // one that a session may make up, which has no value
		}
		return pgerror.Errorf(pgerror.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	if name == "transaction_isolation" && s.tx.state != txExplicit && !s.several {
		s.warn(pgerror.NoActiveSQLTransaction, "RESET TRANSACTION can only be used in transaction blocks")
	}
	return s.set(name, nil, local)
}

func (s *Session) reset(name string) error {
	if name != "all" {
		return s.resetOne(name, false)
	}
	if s.settings.Has(setting.AsOf) {
		if err := s.resetOne(setting.AsOf, false); err != nil {
			return err
		}
	}
	s.tx.keepSettings(s)
	for _, n := range s.settings.Given() {
		if n == "session_authorization" || n == "role" {
			continue
		}
		s.settings.Unset(n)
	}
	return s.account()
}

// showPlan is SHOW.
type showPlan struct {
	plain
	name string
	out  []pgvalue.Column
}

func (s *Session) prepareShow(st *syntax.ShowStmt) (plan, error) {
	p := &showPlan{name: st.Name}
	if st.Name == "all" {
		for _, n := range []string{"name", "setting", "description"} {
			p.out = append(p.out, pgvalue.Column{Name: n, OID: pgvalue.OIDText})
		}
		return p, nil
	}
	if _, err := s.show(st.Name); err != nil {
		return nil, err
	}
	label := st.Name
	if k := setting.Known[st.Name]; k != nil {
		label = k.Name
	}
	p.out = []pgvalue.Column{{Name: label, OID: pgvalue.OIDText}}
	return p, nil
}

func (*showPlan) kind() activity.Kind { return activity.Set }

func (p *showPlan) ParameterOIDs() []uint32 { return nil }

func (p *showPlan) Columns() []pgvalue.Column { return p.out }

func (p *showPlan) bind(s *Session, _ []pgvalue.Value) (pgwire.Portal, error) {
	var rows [][]pgvalue.Value
	if p.name == "all" {
		for _, k := range setting.Shown() {
			if !s.may().Shows(strings.ToLower(k.Name)) {
				continue
			}
			v, err := s.show(strings.ToLower(k.Name))
			if err != nil {
				return nil, err
			}
			rows = append(rows, []pgvalue.Value{pgvalue.TextValue(k.Name), pgvalue.TextValue(v), pgvalue.TextValue(k.About)})
		}
		return &rowsPortal{tag: "SHOW", columns: p.out, rows: rows}, nil
	}
	return &rowsPortal{tag: "SHOW", columns: p.out, load: func() ([][]pgvalue.Value, error) {
		v, err := s.show(p.name)
		return [][]pgvalue.Value{{pgvalue.TextValue(v)}}, err
	}}, nil
}

// rowsPortal returns a few rows that are in memory.
type rowsPortal struct {
	tag     string
	counted bool // the tag ends in the number of rows
	columns []pgvalue.Column
	rows    [][]pgvalue.Value
	load    func() ([][]pgvalue.Value, error) // called once, when executed
	at      int
}

func (p *rowsPortal) Columns() []pgvalue.Column { return p.columns }

func (p *rowsPortal) Close() {}

func (p *rowsPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: p.tag, Rows: -1}
	if p.load != nil {
		var err error
		if p.rows, err = p.load(); err != nil {
			return tag, false, err
		}
		p.load = nil
	}
	n := int64(0)
	for ; p.at < len(p.rows); p.at++ {
		if limit > 0 && n == limit {
			return tag, false, nil
		}
		if err := out.Row(ctx, p.rows[p.at]); err != nil {
			return tag, false, err
		}
		n++
	}
	if p.counted {
		tag.Rows = n
	}
	return tag, limit == 0 || n < limit, nil
}

// channelsPlan is SELECT pg_listening_channels() where there is no worker: whoever listens can ask what to.
type channelsPlan struct {
	plain
	out []pgvalue.Column
}

const channelsFunction = "pg_listening_channels"

// listsChannels tells of such a statement, alone as it is written everywhere.
func listsChannels(st *syntax.SelectStmt) bool {
	if len(st.Items) != 1 || st.From != nil || st.Where != nil || st.GroupBy != nil || len(st.OrderBy) > 0 || st.Limit != nil || st.Offset != nil || st.Unsupported != nil {
		return false
	}
	call, ok := st.Items[0].Expr.(*syntax.CallExpr)
	return ok && call.Name == channelsFunction && (call.Schema == "" || call.Schema == "pg_catalog") && len(call.Args) == 0 && !call.Star && call.Unsupported == ""
}

func newChannelsPlan(st *syntax.SelectStmt) *channelsPlan {
	name := st.Items[0].Alias
	if name == "" {
		name = channelsFunction
	}
	return &channelsPlan{out: []pgvalue.Column{{Name: name, OID: pgvalue.OIDText}}}
}

func (*channelsPlan) kind() activity.Kind { return activity.Select }

func (*channelsPlan) ParameterOIDs() []uint32 { return nil }

func (p *channelsPlan) Columns() []pgvalue.Column { return p.out }

func (p *channelsPlan) bind(s *Session, _ []pgvalue.Value) (pgwire.Portal, error) {
	return &rowsPortal{tag: "SELECT", counted: true, columns: p.out, load: func() (rows [][]pgvalue.Value, err error) {
		for _, channel := range s.listener.Channels() {
			rows = append(rows, []pgvalue.Value{pgvalue.TextValue(channel)})
		}
		return rows, nil
	}}, nil
}

// searches makes the search path of the setting's value.
func (s *Session) searches(value string) {
	if s.path, _ = searchpath.Read(value, s.user); s.path.Has(searchpath.MessageStore) && s.may().MessageStore(0) != nil {
		s.path = searchpath.WithoutMessageStore(s.path)
	}
}

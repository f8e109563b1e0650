package query

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/advisory"
	"github.com/eventgres/eventgres/query/asof"
	"github.com/eventgres/eventgres/query/consumer"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/failure"
	"github.com/eventgres/eventgres/query/messagedb"
	"github.com/eventgres/eventgres/query/notify"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/reading"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/role"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/setting"
	"github.com/eventgres/eventgres/query/staging"
	"github.com/eventgres/eventgres/query/standby"
	"github.com/eventgres/eventgres/query/syntax"
)

type txState uint8

const (
	txNone     txState = iota
	txImplicit         // the statements of one simple query, or up to one Sync
	txExplicit         // BEGIN … COMMIT
)

// transaction is where a session's transaction stands.
type transaction struct {
	staging.Batch // what it appends when it commits
	state         txState
	failed        bool
	isolation     string
	readOnly      bool
	deferrable    bool
	began         bool // a statement has run, so that isolation can no longer change
	first         int  // that statement, as statements counts them; 0: none that reads

	// snapshot is the position before which a REPEATABLE READ or SERIALIZABLE transaction sees; -1
	// until its first statement, and always under READ COMMITTED.
	snapshot int64
	looked   int // the statement that began to see so, as statements counts them

	// sees is the position before which the newest statement that has looked sees, and asked is that statement.
	sees  int64
	asked int

	savepoints []savepoint
	copied     int            // entries that savepoints hold
	kept       int64          // bytes that savepoints hold
	settings   setting.Values // as they were before the transaction changed one
	holds      bool           // it has declared a cursor WITH HOLD
	statements int            // that began in it
	readings   reading.Set    // what a SERIALIZABLE transaction has read
	guards     reading.Set    // what decided about what another has staged
	defined    *schema.Schema // as the transaction has changed them; nil: not
	roles      *role.Catalog  // the same
	locks      advisory.Transaction
	messages   bool            // it has written messages of Message DB's
	told       *notify.Pending // what LISTEN, UNLISTEN and NOTIFY have said; nil: nothing
}

type savepoint struct {
	staging.Mark
	name     string
	settings setting.Values
	portals  map[string]bool
	defined  *schema.Schema
	roles    *role.Catalog
	defines  bool // the savepoint before has another schema
	locks    int
	consumed consumer.Mark
	told     notify.Mark
	guards   reading.Set
	readOnly bool // what the transaction was: made read-only behind it, it is so until the savepoint is left
}

const (
	maxSavepoints      = 1000    // what one transaction keeps copies for
	maxSavepointCopies = 1 << 20 // the entries that all of them hold
)

// enter begins the implicit transaction, if there is none yet.
func (t *transaction) enter(s *Session) {
	if t.state == txNone {
		t.begin(s, txImplicit)
	}
	t.statements++
}

func (t *transaction) begin(s *Session, state txState) {
	*t = transaction{
		Batch: t.Batch.Again(s.server.index, s.statementTime), state: state, snapshot: -1,
		isolation: s.effective.isolation, readOnly: s.effective.readOnly || s.server.member.Follows(), deferrable: s.effective.deferrable,
		locks: t.locks,
	}
}

// alone tells whether nothing that is to be committed, or was told of it, came before in an implicit transaction: a statement that
// ends it may append at once.
func (t *transaction) alone() bool {
	return t.state == txImplicit && len(t.Staged) == 0 && !t.defining() && !t.holds && t.Position < 0 && t.Xact == 0 && t.told == nil && t.readings.Empty() && t.guards.Empty() &&
		len(t.Streams) == 0
}

// defining tells whether the transaction changes more than events.
func (t *transaction) defining() bool { return t.defined != nil || t.roles != nil }

// keepSettings remembers the settings as they were before the transaction changed one.
func (t *transaction) keepSettings(s *Session) {
	if t.state != txNone && !t.settings.IsSet() {
		t.settings = s.settings.Clone()
	}
}

// before is the position before which the current statement sees committed events.
func (s *Session) before() int64 {
	next := s.server.index.GlobalPosition() + 1
	t := &s.tx
	if !t.began {
		t.began, t.first = true, t.statements
	}
	switch {
	case s.effective.past:
		next = s.effective.asOf
	case setting.Pins(t.isolation):
		if t.snapshot < 0 {
			t.snapshot, t.looked = next, t.statements
		}
		next = t.snapshot
	}
	t.sees, t.asked = next, t.statements
	return next
}

// stage adds one statement's events to the transaction.
func (s *Session) stage(events []engine.ProposedEvent, expected []staging.Expectation) ([]engine.EventResult, error) {
	t, limits := &s.tx, s.server.store.Limits()
	more := int64(0)
	for i := range events {
		more += int64(events[i].StoredSize()) + eventBytes + 2*entryBytes
	}
	if err := s.reserve(more); err != nil {
		return nil, err
	}
	defer func() { _ = s.account() }()
	results, err := t.Stage(s.ctx, limits, events, expected)
	if err == nil && (t.Size > limits.AppendBytes || len(t.Staged) > syntax.MaxRows) {
		return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "the transaction's appends are too large: %d events, %d bytes, the limit is %d and %d", len(t.Staged), t.Size, syntax.MaxRows, limits.AppendBytes).
			WithHint("A transaction is one atomic append. Commit smaller ones, or use COPY outside a transaction.")
	}
	return results, err
}

// commit appends what is staged, if anything, and ends the transaction. After an error
// the transaction has ended too, without effect.
func (s *Session) commit(ctx context.Context) error {
	err := s.commitStaged(ctx)
	s.activity.Count(err == nil)
	if err != nil {
		s.undo()
	}
	s.tx.told.End(err == nil)
	s.end()
	return err
}

// undo takes back what a transaction that does not commit did to its session: cursors WITH HOLD, and settings.
func (s *Session) undo() {
	s.conn.DropNewPortals()
	s.undoSettings()
}

// undoSettings takes back the settings that the transaction has changed.
func (s *Session) undoSettings() {
	if s.tx.settings.IsSet() {
		s.settings.Restore(s.tx.settings)
	}
}

func (s *Session) commitStaged(ctx context.Context) error {
	t := &s.tx
	if err := t.told.Prepare(&s.server.listeners, s.conn, &s.listener); err != nil {
		return err
	}
	if t.holds {
		if err := s.keepHeld(ctx); err != nil {
			return err
		}
	}
	if t.defining() {
		return s.commitDefined(ctx)
	}
	if len(t.Staged) == 0 && s.consuming.Staged() == nil {
		if t.Position >= 0 {
			return t.CheckPin()
		}
		return nil
	}
	return s.appendTransaction(ctx, nil)
}

// commitDefined commits a transaction that has changed the schema or roles, one at a time: what others have committed meanwhile stays.
func (s *Session) commitDefined(ctx context.Context) error {
	var end func()
	err := s.conn.Waiting(func() (err error) {
		end, err = s.server.schema.Begin(ctx)
		return err
	})
	if err != nil {
		return err
	}
	defer end()
	var changes []engine.ControlChange
	if t := &s.tx; t.defined != nil {
		if changes, err = s.server.schema.Changes(t.defined); err != nil {
			return err
		}
	}
	if t := &s.tx; t.roles != nil {
		more, err := s.server.roles.Changes(t.roles)
		if err != nil {
			return err
		}
		changes = append(changes, more...)
	}
	err = s.appendTransaction(ctx, changes)
	if err == nil && s.tx.roles != nil {
		s.endOthers()
	}
	return err
}

// endOthers ends the sessions of roles that are no more, but this one, which finds out itself.
func (s *Session) endOthers() {
	c := s.server.roles.Current()
	s.server.sessions.Each(func(e *activity.Entry) {
		gone := c.Roles().ByOID(e.Role.Load()) == nil
		if e.Guest.Load() {
			gone = !c.Alone() && c.Role(e.User()) == nil
		}
		if gone && e != s.activity {
			e.Conn.Terminate()
		}
	})
}

// appendTransaction appends what is staged, and changes of the schema, as one.
func (s *Session) appendTransaction(ctx context.Context, changes []engine.ControlChange) error {
	t := &s.tx
	r := t.Request()
	if len(r.Events) > 0 {
		r.Conditions = t.guards.Conditions(t.readings.Conditions(r.Conditions))
	}
	r.Control, r.Then = append(changes, s.consuming.Staged()...), t.told.Then()
	err := s.append(ctx, r)
	s.consuming.Committed(r.Control, err)
	if lost := standby.Lost(err); lost != nil {
		err = lost
	}
	if t.messages {
		err = messagedb.Told(err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Staged, t.Places = nil, nil // the request may be in the queue yet
	}
	if t.Skipped(err) { // the error itself names a stream as the log does
		var violated *pgerror.Error
		errors.As(failure.Of(err), &violated)
		return pgerror.Concurrent("What ON CONFLICT DO NOTHING has not found when the statement ran is there by now: %s", violated.Detail)
	}
	return err
}

// unlockTransaction gives back what advisory locks the transaction took, but for the first keep of them.
func (s *Session) unlockTransaction(keep int) { s.tx.locks.Release(s.server.advisory, s.conn, keep) }

// mayAppend checks that the transaction may append, or change what is defined; tag names the statement.
func (s *Session) mayAppend(tag string) error {
	if s.tx.readOnly || s.server.member.Follows() {
		return s.readOnly(tag)
	}
	if s.effective.past {
		return asof.ReadOnly(tag)
	}
	return s.audit.Ready()
}

// appendsNow decides whether a statement's events are appended at once: where nothing else belongs to its transaction, and nothing was
// told that the append has to keep, and the transaction is over with it. Otherwise they are staged.
func (s *Session) appendsNow(last pgwire.Lookahead) (bool, error) {
	s.before() // settles the snapshot of a REPEATABLE READ transaction
	if !s.tx.alone() || s.consuming.Staged() != nil {
		return false, nil
	}
	return last() // which may wait for the client to say
}

// append appends; who waits for the disk keeps nobody from computing.
func (s *Session) append(ctx context.Context, r *engine.AppendRequest) error {
	if err := s.audit.Ready(); err != nil {
		return err
	}
	s.steps = 0
	err := s.conn.Waiting(func() error { return s.server.writer.Append(ctx, r) })
	if err == nil {
		s.audit.Appended(r)
	}
	return err
}

// abort has a transaction fail. What it has locked, and what it has set, since the newest savepoint is taken back at once: who
// has met an error may take his time to say ROLLBACK.
func (s *Session) abort() {
	t := &s.tx
	if t.failed {
		return
	}
	t.failed = true
	if n := len(t.savepoints); n > 0 {
		sp := &t.savepoints[n-1]
		s.unlockTransaction(sp.locks)
		s.settings.Restore(sp.settings)
		return
	}
	s.unlockTransaction(0)
	s.undoSettings()
}

// rollback drops what is staged and ends the transaction.
func (s *Session) rollback() {
	if s.tx.state != txNone {
		s.activity.Count(false)
	}
	s.undo()
	s.end()
}

// end leaves the transaction. Buffers are kept if they are small.
func (s *Session) end() {
	explicit := s.tx.state == txExplicit
	s.untell(0)
	s.unlockTransaction(0)
	s.consuming.End()
	b := &s.tx.Batch
	if cap(b.Staged) > 256 {
		b.Staged, b.Places = nil, nil
	}
	clear(b.Staged)
	s.tx = transaction{Batch: b.Again(s.server.index, 0), snapshot: -1}
	s.settings.EndLocal()
	_ = s.account()
	if explicit {
		s.conn.EndTransaction(false)
	}
}

func (s *Session) addSavepoint(name string) error {
	t := &s.tx
	if len(t.savepoints) >= maxSavepoints {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a transaction may have %d savepoints at most", maxSavepoints)
	}
	// A savepoint keeps a copy of what is known of streams and ids.
	if t.copied+len(t.IDs)+len(t.Streams) > maxSavepointCopies {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "too many savepoints in a transaction of this size").
			WithHint("Commit smaller transactions.")
	}
	portals := s.conn.Portals()
	if err := s.reserve(syntax.StatementBytes + s.settings.Size() + entryBytes*int64(len(t.IDs)+len(t.Streams)+len(portals)) + t.defined.Own() + t.roles.Bytes() + s.consuming.Bytes()); err != nil {
		return err
	}
	last := len(t.savepoints) - 1
	sp := savepoint{
		defines: t.defined != nil && (last < 0 || t.savepoints[last].defined != t.defined),
		Mark:    t.Mark(), name: name, settings: s.settings.Clone(), portals: portals, defined: t.defined, roles: t.roles, locks: len(t.locks),
		readOnly: t.readOnly, consumed: s.consuming.Mark(), told: t.told.Mark(), guards: t.guards.Mark(),
	}
	t.savepoints = append(t.savepoints, sp)
	t.kept += sp.bytes()
	t.copied += len(sp.IDs) + len(sp.Streams)
	return s.account()
}

// findSavepoint returns the index of the newest savepoint of that name.
func (t *transaction) findSavepoint(name string) (int, error) {
	for i := len(t.savepoints) - 1; i >= 0; i-- {
		if t.savepoints[i].name == name {
			return i, nil
		}
	}
	return 0, pgerror.Errorf(pgerror.InvalidSavepointSpecification, "savepoint \"%s\" does not exist", name)
}

func (s *Session) rollbackTo(name string) error {
	t := &s.tx
	i, err := t.findSavepoint(name)
	if err != nil {
		return err
	}
	sp := &t.savepoints[i]
	s.untell(sp.Staged)
	s.unlockTransaction(sp.locks)
	t.Batch.Rollback(&sp.Mark)
	s.consuming.Rollback(sp.consumed)
	t.told.Rollback(sp.told)
	t.guards = sp.guards.Mark()
	t.defined, t.roles, t.readOnly = sp.defined, sp.roles, sp.readOnly
	t.dropSavepoints(i + 1)
	t.failed = false
	for name := range s.conn.Portals() {
		if !sp.portals[name] && name != "" {
			s.conn.DropPortal(name)
		}
	}
	s.settings.Restore(sp.settings)
	return s.account()
}

// bytes is what a savepoint keeps.
func (sp *savepoint) bytes() int64 {
	size := syntax.StatementBytes + sp.settings.Size() + entryBytes*int64(len(sp.IDs)+len(sp.Streams)+len(sp.portals)) + sp.roles.Bytes() + sp.consumed.Bytes() + sp.guards.Marked()
	if sp.defines {
		size += sp.defined.Own()
	}
	return size
}

// dropSavepoints forgets the savepoints from the i-th on.
func (t *transaction) dropSavepoints(i int) {
	for n := i; n < len(t.savepoints); n++ {
		sp := &t.savepoints[n]
		t.kept -= sp.bytes()
		t.copied -= len(sp.IDs) + len(sp.Streams)
		*sp = savepoint{}
	}
	t.savepoints = t.savepoints[:i]
}

func (s *Session) transactionCommand(ctx context.Context, st *syntax.TransactionStmt) (pgwire.Tag, error) {
	tag := pgwire.Tag{Command: st.Verb, Rows: -1}
	explicit := s.tx.state == txExplicit
	switch st.Verb {
	case "BEGIN", "START TRANSACTION":
		if explicit {
			s.warn(pgerror.ActiveSQLTransaction, "there is already a transaction in progress")
			return tag, s.applyModes(st.Modes)
		}
		s.beginBlock()
		_ = s.account()
		if err := s.applyModes(st.Modes); err != nil {
			s.end()
			return tag, err
		}
	case "COMMIT":
		return s.commitCommand(ctx, st)
	case "ROLLBACK":
		if !explicit {
			if st.Chain {
				return tag, pgerror.Errorf(pgerror.NoActiveSQLTransaction, "ROLLBACK AND CHAIN can only be used in transaction blocks")
			}
			s.warn(pgerror.NoActiveSQLTransaction, "there is no transaction in progress")
			s.rollback()
			s.conn.EndTransaction(false)
			return tag, nil
		}
		chained := s.tx
		s.rollback()
		if st.Chain {
			s.chain(&chained)
		}
	default:
		return s.savepointCommand(st)
	}
	return tag, nil
}

// beginBlock opens a transaction block. What the statements before it in an implicit transaction have done, events, views and
// settings, becomes part of it, as in PostgreSQL.
func (s *Session) beginBlock() {
	if s.tx.state == txImplicit && s.tx.statements > 1 {
		s.tx.state = txExplicit
		return
	}
	s.tx.begin(s, txExplicit)
}

func (s *Session) commitCommand(ctx context.Context, st *syntax.TransactionStmt) (pgwire.Tag, error) {
	tag := pgwire.Tag{Command: "COMMIT", Rows: -1}
	if s.tx.state != txExplicit {
		if st.Chain {
			return tag, pgerror.Errorf(pgerror.NoActiveSQLTransaction, "COMMIT AND CHAIN can only be used in transaction blocks")
		}
		s.warn(pgerror.NoActiveSQLTransaction, "there is no transaction in progress")
		if err := s.commit(ctx); err != nil {
			return tag, err
		}
		s.conn.EndTransaction(false)
		return tag, nil
	}
	chained := s.tx
	if s.tx.failed {
		tag.Command = "ROLLBACK"
		s.rollback()
	} else {
		if err := s.commit(ctx); err != nil {
			return tag, err
		}
	}
	if st.Chain {
		s.chain(&chained)
	}
	return tag, nil
}

// chain begins a transaction with the characteristics of the one before.
func (s *Session) chain(old *transaction) {
	isolation, readOnly, deferrable := old.isolation, old.readOnly, old.deferrable
	s.tx.begin(s, txExplicit)
	s.tx.isolation, s.tx.readOnly, s.tx.deferrable = isolation, readOnly, deferrable
}

func (s *Session) savepointCommand(st *syntax.TransactionStmt) (pgwire.Tag, error) {
	tag := pgwire.Tag{Command: st.Verb, Rows: -1}
	if s.tx.state != txExplicit {
		verb := st.Verb
		switch verb {
		case "RELEASE":
			verb = "RELEASE SAVEPOINT"
		case "ROLLBACK TO":
			verb = "ROLLBACK TO SAVEPOINT"
		}
		return tag, pgerror.Errorf(pgerror.NoActiveSQLTransaction, "%s can only be used in transaction blocks", verb)
	}
	switch st.Verb {
	case "SAVEPOINT":
		return tag, s.addSavepoint(st.Savepoint)
	case "RELEASE":
		i, err := s.tx.findSavepoint(st.Savepoint)
		if err == nil {
			s.tx.readOnly = s.tx.savepoints[i].readOnly
			s.tx.dropSavepoints(i)
			err = s.account()
		}
		return tag, err
	}
	tag.Command = "ROLLBACK"
	return tag, s.rollbackTo(st.Savepoint)
}

// source is what the session reads of a relation, nil: of none, as far as it may.
func (s *Session) source(rel *relation.Relation) (*read.Source, error) {
	if rel == nil {
		return &s.reads, nil
	}
	r := s.may()
	if rel.Roles || rel.Served {
		return &s.reads, r.OfRoles(rel)
	}
	if err := r.Relation(rel.Name, privilege.Select, 0); err != nil || !r.Secured || rel == relation.Health {
		return &s.reads, err
	}
	seen, err := s.seen(0)
	src := s.reads
	src.Seen = seen
	return &src, err
}

// Sees implements [live.Host].
func (s *Session) Sees() (*policy.Seen, error) {
	if s.effective.past {
		return nil, asof.NoFollowing("SUBSCRIBE")
	}
	isolation := s.effective.isolation
	if s.tx.state != txNone {
		isolation = s.tx.isolation
	}
	if setting.Pins(isolation) {
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "the log cannot be followed in a transaction of isolation level %s", isolation).
			WithDetail("It would never show what comes.").WithHint("Follow it in READ COMMITTED.")
	}
	return s.follows()
}

// follows is which events are seen by who follows the log, at this moment; nil: all.
func (s *Session) follows() (*policy.Seen, error) {
	if err := s.present(); err != nil {
		return nil, err
	}
	src, err := s.source(relation.Events)
	if err != nil {
		return nil, err
	}
	return src.Seen, nil
}

// policies are those that a command of who acts as a role, 0: the session's own, is subject to.
func (s *Session) policies(as uint32, command string) (permissive, restrictive []*privilege.Policy, none bool, err error) {
	return s.may().Rows(as, command, s.effective.unsecured)
}

// seen tells which events are seen by who reads as a role, 0: the session's own; nil: all.
func (s *Session) seen(as uint32) (*policy.Seen, error) {
	permissive, restrictive, none, err := s.policies(as, privilege.PolicySelect)
	if none || err != nil {
		return nil, err
	}
	return s.identity.filters.Seen(as, s, permissive, restrictive)
}

// seesStream tells whether the session sees an event of a stream.
func (s *Session) seesStream(id uuid.UUID) bool {
	src, err := s.source(relation.Events)
	if err != nil || src.Seen == nil {
		return err == nil
	}
	ok, err := src.SeesStream(s.ctx, &expr.Env{Host: s}, id)
	return ok && err == nil
}

// engineError is [failure.Of] for the session's client, who is not told of streams of which he sees no event.
func (s *Session) engineError(err error) error {
	var conflict *engine.VersionConflictError
	if errors.As(err, &conflict) && !s.may().All && !s.seesStream(conflict.StreamID) {
		label := conflict.StreamID.String() // its name is maybe the log's, and not his
		e := failure.Conflict(&engine.VersionConflictError{Stream: label})
		return e.WithDetail("Stream %s: expected version %d.", label, conflict.Expected)
	}
	return failure.Of(err)
}

// mayAdd checks events that are to be appended against the policies; reads: the statement tells of them. Who gives a stream's id alone appends to
// it whatever it is called: if there is none, nobody else may begin it before. err is about the n-th.
func (s *Session) mayAdd(events []engine.ProposedEvent, expected []staging.Expectation, reads bool) (_ []staging.Expectation, n int, err error) {
	r := s.may()
	if !r.Secured {
		return expected, 0, nil
	}
	var checks policy.Checks
	for _, command := range []string{privilege.PolicyInsert, privilege.PolicySelect} {
		if command == privilege.PolicySelect && !reads {
			continue
		}
		permissive, restrictive, _, err := s.policies(0, command)
		if err != nil {
			return nil, 0, err
		}
		added, err := s.identity.filters.Added(command, s, permissive, restrictive)
		if err != nil {
			return nil, 0, err
		}
		checks = append(checks, added)
	}
	begins, n, err := checks.Check(s, events, s.streamName)
	for _, id := range begins {
		expected = append(expected, staging.Expectation{Stream: staging.StreamRef{ID: id}, Version: -1})
	}
	return expected, n, err
}

// streamName is the name of a stream that is there, or that the transaction has begun.
func (s *Session) streamName(id uuid.UUID) (name string, known bool, err error) {
	if st := s.tx.Streams[id]; st != nil && st.Count > 0 && s.server.index.StreamVersion(id) < 0 {
		return st.Name, true, nil
	}
	info, known, err := s.server.index.Stream(s.ctx, id, s.server.index.GlobalPosition()+1)
	return info.Stream, known, err
}

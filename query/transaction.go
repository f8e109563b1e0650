package query

import (
	"context"
	"errors"
	"maps"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

type txState uint8

const (
	txNone     txState = iota
	txImplicit         // the statements of one simple query, or up to one Sync
	txExplicit         // BEGIN … COMMIT
)

// transaction is what a session has staged, and what it has told its client about it.
//
// Appends are staged here and committed as one append. A version or position that was
// returned is pinned: it becomes a condition of the commit.
type transaction struct {
	state     txState
	failed    bool
	startedAt int64
	isolation string
	readOnly  bool
	began     bool // a statement has run, so that isolation can no longer change

	// snapshot is the position before which a REPEATABLE READ transaction sees; -1
	// until its first statement, and always under READ COMMITTED.
	snapshot int64

	staged     []engine.ProposedEvent
	places     []int64 // of staged events among those of their stream
	size       int
	streams    map[uuid.UUID]*stagedStream
	ids        map[uuid.UUID]bool // of staged events
	newSince   int64              // none of these is in the log below this position
	position   int64              // pinned: of the first staged event; -1 if not
	savepoints []savepoint
	copied     int          // entries that savepoints hold
	settings   settings     // as they were before the transaction changed one
	statements int          // that began in it
	defined    *definitions // as the transaction has changed them; nil: not
}

// stagedStream is a stream that the transaction has appended to, or relies on.
type stagedStream struct {
	name   string
	base   int64 // version before the transaction's events
	count  int64 // events staged
	pinned bool  // base is a condition of the commit
}

type savepoint struct {
	name     string
	staged   int
	size     int
	streams  map[uuid.UUID]stagedStream
	ids      map[uuid.UUID]bool
	position int64
	settings settings
	portals  map[string]bool
	defined  *definitions
}

const (
	readCommitted  = "read committed"
	repeatableRead = "repeatable read"
	// maxSavepoints bounds what one transaction keeps copies for.
	maxSavepoints = 1000
	// maxSavepointCopies bounds the entries that all of them hold.
	maxSavepointCopies = 1 << 20
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
		state: state, startedAt: s.statementTime, position: -1, snapshot: -1,
		isolation: s.settings.value("default_transaction_isolation"),
		readOnly:  s.settings.value("default_transaction_read_only") == "on",
		staged:    t.staged[:0], places: t.places[:0],
	}
}

// keepSettings remembers the settings as they were before the transaction changed one.
func (t *transaction) keepSettings(s *Session) {
	if t.state != txNone && t.settings.values == nil {
		t.settings = s.settings.clone()
	}
}

// before is the position before which the current statement sees committed events.
func (s *Session) before() int64 {
	next := s.server.index.GlobalPosition() + 1
	t := &s.tx
	t.began = true
	if t.isolation != repeatableRead {
		return next
	}
	if t.snapshot < 0 {
		t.snapshot = next
	}
	return t.snapshot
}

// checkPin fails a transaction that relied on a position that somebody took.
func (t *transaction) checkPin(next int64) error {
	if t.position >= 0 && t.position != next {
		return &engine.PositionMovedError{Expected: t.position, Actual: next}
	}
	return nil
}

// pinPosition makes the position of the staged events part of what was told.
func (s *Session) pinPosition() (int64, error) {
	next := s.server.index.GlobalPosition() + 1
	if err := s.tx.checkPin(next); err != nil {
		return 0, err
	}
	s.tx.position = next
	return next, nil
}

// stream returns the transaction's view of a stream, refreshed unless it is pinned.
func (s *Session) stagedStream(ref streamRef) *stagedStream {
	t := &s.tx
	if t.streams == nil {
		t.streams = map[uuid.UUID]*stagedStream{}
	}
	st := t.streams[ref.id]
	if st == nil {
		st = &stagedStream{name: ref.name}
		t.streams[ref.id] = st
	}
	if !st.pinned {
		st.base = s.server.index.StreamVersion(ref.id)
	}
	return st
}

// stage adds one statement's events to the transaction. skipped tells by event which
// were left out as duplicates; versions are known as far as the stream's are.
func (s *Session) stage(events []engine.ProposedEvent, expected []expectation) (results []engine.EventResult, err error) {
	t := &s.tx
	limits := s.server.store.Limits()
	for i := range events {
		if err := events[i].Validate(limits); err != nil {
			return nil, err
		}
	}
	if len(t.staged) == 0 {
		t.newSince = s.server.index.GlobalPosition() + 1
	}
	results = make([]engine.EventResult, len(events))
	if err := s.findDuplicates(events, results); err != nil {
		return nil, err
	}
	if err := s.checkExpectations(events, results, expected); err != nil {
		return nil, err
	}
	for i := range events {
		if results[i].Position < 0 {
			continue
		}
		if err := s.stageOne(&events[i], &results[i]); err != nil {
			return nil, err
		}
	}
	if t.size > limits.AppendBytes || len(t.staged) > maxRows {
		return nil, pgwire.Errorf("54000", "the transaction's appends are too large: %d events, %d bytes, the limit is %d and %d", len(t.staged), t.size, maxRows, limits.AppendBytes).
			WithHint("A transaction is one atomic append. Commit smaller ones, or use COPY outside a transaction.")
	}
	return results, nil
}

// findDuplicates gives ids to events without, and marks those whose id is known, Position -1, or fails.
func (s *Session) findDuplicates(events []engine.ProposedEvent, results []engine.EventResult) error {
	t := &s.tx
	for i := range events {
		e := &events[i]
		made := e.GiveID()
		known := !made && t.ids[e.EventID]
		if !made && !known {
			position, err := s.server.index.FindEvent(s.ctx, e.EventID)
			if err != nil {
				return err
			}
			known = position >= 0
		}
		switch {
		case !known:
			if t.ids == nil {
				t.ids = map[uuid.UUID]bool{}
			}
			t.ids[e.EventID] = true
		case e.SkipDuplicate:
			results[i] = engine.EventResult{Position: -1, Version: -1}
		default:
			if e.Version >= 0 && int64(e.Version) <= s.currentVersion(e.StreamID) {
				return &engine.VersionTakenError{StreamID: e.StreamID, Stream: e.Stream, Version: int64(e.Version)}
			}
			return &engine.DuplicateEventError{EventID: e.EventID, Event: i}
		}
	}
	return nil
}

// currentVersion is a stream's version with what the transaction has staged.
func (s *Session) currentVersion(id uuid.UUID) int64 {
	st := s.stagedStream(streamRef{id: id})
	return st.base + st.count
}

func (s *Session) checkExpectations(events []engine.ProposedEvent, results []engine.EventResult, expected []expectation) error {
	for _, x := range expected {
		offered, kept := false, false
		for i := range events {
			if events[i].StreamID == x.stream.id {
				offered = true
				kept = kept || results[i].Position >= 0
			}
		}
		if offered && !kept {
			continue // all were there already
		}
		st := s.stagedStream(x.stream)
		if st.base+st.count != x.version {
			return conflictError(x.stream, x.version, st.base+st.count)
		}
		st.pinned = true
	}
	return nil
}

func (s *Session) stageOne(e *engine.ProposedEvent, result *engine.EventResult) error {
	t := &s.tx
	st := s.stagedStream(streamRef{e.StreamID, e.Stream})
	next := st.base + st.count + 1
	switch v := int64(e.Version); {
	case e.Version == engine.AnyVersion || v == next:
	case v < next:
		return &engine.VersionTakenError{StreamID: e.StreamID, Stream: e.Stream, Version: v}
	default:
		return conflictError(streamRef{e.StreamID, e.Stream}, v-1, next-1)
	}
	result.Version = next
	result.Position = int64(len(t.staged)) // relative, until it is pinned
	st.count++
	// The bytes are the client's buffer, which the next message overwrites.
	staged := *e
	staged.Payload = cloneBytes(e.Payload)
	staged.Metadata = cloneBytes(e.Metadata)
	staged.SkipDuplicate = false // its count was told; a duplicate by then is a conflict
	t.staged = append(t.staged, staged)
	t.places = append(t.places, st.count-1)
	t.size += e.StoredSize()
	return nil
}

func cloneBytes(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// expectation is an expected_version of a statement.
type expectation struct {
	stream  streamRef
	version int64
}

// stagedVersion is the version that a staged event will have, unless somebody else
// appends to its stream before.
func (s *Session) stagedVersion(i int) int64 {
	e := &s.tx.staged[i]
	return s.stagedStream(streamRef{e.StreamID, e.Stream}).base + 1 + s.tx.places[i]
}

// commit appends what is staged, if anything, and ends the transaction. After an error
// the transaction has ended too, without effect.
func (s *Session) commit(ctx context.Context) error {
	t := &s.tx
	defer s.end()
	if t.defined != nil {
		if len(t.staged) > 0 {
			return pgwire.Errorf("0A000", "a transaction cannot both append events and change views").WithHint("Commit in between.")
		}
		return s.server.define(ctx, t.defined)
	}
	if len(t.staged) == 0 {
		if t.position >= 0 {
			return t.checkPin(s.server.index.GlobalPosition() + 1)
		}
		return nil
	}
	r := &engine.AppendRequest{Events: t.staged, NewSince: t.newSince}
	for id, st := range t.streams {
		if st.pinned {
			r.Conditions = append(r.Conditions, engine.Condition{
				Kind: engine.StreamAt, StreamID: id, Stream: st.name, Version: engine.ExpectedVersion(st.base),
			})
		}
	}
	if t.position >= 0 {
		r.Conditions = append(r.Conditions, engine.Condition{Kind: engine.LogAt, Position: t.position})
	}
	err := s.server.writer.Append(ctx, r)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.staged, t.places = nil, nil // the request may be in the queue yet
	}
	return err
}

// rollback drops what is staged and ends the transaction.
func (s *Session) rollback() {
	s.conn.DropNewPortals()
	if s.tx.settings.values != nil {
		s.settings.restore(s.tx.settings, s.conn)
	}
	s.end()
}

// end leaves the transaction. Buffers are kept if they are small.
func (s *Session) end() {
	explicit := s.tx.state == txExplicit
	staged, places := s.tx.staged, s.tx.places
	if cap(staged) > 256 {
		staged, places = nil, nil
	}
	clear(staged)
	s.tx = transaction{staged: staged[:0], places: places[:0], position: -1, snapshot: -1}
	s.settings.endLocal(s.conn)
	if explicit {
		s.conn.EndTransaction(false)
	}
}

func (s *Session) addSavepoint(name string) error {
	t := &s.tx
	if len(t.savepoints) >= maxSavepoints {
		return pgwire.Errorf("54000", "a transaction may have %d savepoints at most", maxSavepoints)
	}
	// A savepoint keeps a copy of what is known of streams and ids.
	if t.copied += len(t.ids) + len(t.streams); t.copied > maxSavepointCopies {
		return pgwire.Errorf("54000", "too many savepoints in a transaction of this size").
			WithHint("Commit smaller transactions.")
	}
	sp := savepoint{
		name: name, staged: len(t.staged), size: t.size, position: t.position,
		ids: maps.Clone(t.ids), streams: map[uuid.UUID]stagedStream{}, settings: s.settings.clone(), portals: s.conn.Portals(), defined: t.defined,
	}
	for id, st := range t.streams {
		sp.streams[id] = *st
	}
	t.savepoints = append(t.savepoints, sp)
	return nil
}

// findSavepoint returns the index of the newest savepoint of that name.
func (t *transaction) findSavepoint(name string) (int, error) {
	for i := len(t.savepoints) - 1; i >= 0; i-- {
		if t.savepoints[i].name == name {
			return i, nil
		}
	}
	return 0, pgwire.Errorf("3B001", "savepoint \"%s\" does not exist", name)
}

func (s *Session) rollbackTo(name string) error {
	t := &s.tx
	i, err := t.findSavepoint(name)
	if err != nil {
		return err
	}
	sp := &t.savepoints[i]
	clear(t.staged[sp.staged:])
	t.staged, t.places, t.size = t.staged[:sp.staged], t.places[:sp.staged], sp.size
	t.ids, t.position, t.defined = maps.Clone(sp.ids), sp.position, sp.defined
	t.streams = map[uuid.UUID]*stagedStream{}
	for id, st := range sp.streams {
		t.streams[id] = &st
	}
	t.savepoints = t.savepoints[:i+1]
	t.failed = false
	for name := range s.conn.Portals() {
		if !sp.portals[name] && name != "" {
			s.conn.DropPortal(name)
		}
	}
	s.settings.restore(sp.settings, s.conn)
	return nil
}

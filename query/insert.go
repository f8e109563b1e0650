package query

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// insertPlan is a prepared INSERT INTO events.
type insertPlan struct {
	src       string // the text it came in
	columns   []int  // of events, by place in a row
	rows      [][]*scalar
	query     *analyticPlan // INSERT … SELECT: rows has one, which takes its row
	skip      bool          // ON CONFLICT (event_id) DO NOTHING
	returning []*scalar
	out       []pgwire.Column
	params    []uint32
	// What RETURNING names.
	returnsPosition, returnsVersion, returnsTime bool
}

func (p *insertPlan) ParameterOIDs() []uint32  { return p.params }
func (p *insertPlan) Columns() []pgwire.Column { return p.out }

func (s *Session) prepareInsert(c *compiler, st *insertStmt) (plan, error) {
	rel, err := findRelation(&st.relation, c.src)
	if err != nil {
		return nil, err
	}
	if rel != eventsRelation {
		e := pgwire.Errorf("55000", "cannot insert into view \"%s\"", rel.name).WithHint("Insert into events.")
		if rel == streamsRelation {
			e = e.WithDetail("A stream begins with its first event.")
		}
		return nil, e
	}
	p := &insertPlan{}
	if p.columns, err = insertColumns(c, rel, st.columns); err != nil {
		return nil, err
	}
	if st.query != nil {
		return nil, beyondError(c.src, st.query)
	}
	if st.from != nil {
		err = p.compileQuery(c, s, st, c.declared)
	} else {
		err = p.compileRows(c, st)
	}
	if err != nil {
		return nil, err
	}
	if err := p.compileConflict(c, st.conflict); err != nil {
		return nil, err
	}
	if err := p.compileReturning(c, st); err != nil {
		return nil, err
	}
	p.params, err = c.finishParams()
	return p, err
}

// finishParams settles the parameters that nothing has settled: they are text. One
// that is not mentioned at all has no type.
func (c *compiler) finishParams() ([]uint32, error) {
	for i, oid := range c.params {
		if oid != 0 && oid != pgwire.OIDUnknown {
			continue
		}
		if !c.mentioned[i+1] {
			return nil, pgwire.Errorf("42P18", "could not determine data type of parameter $%d", i+1)
		}
		c.params[i] = pgwire.OIDText
	}
	return c.params, nil
}

func insertColumns(c *compiler, rel *relation, names []name) ([]int, error) {
	var columns []int
	if names == nil {
		for i := range rel.visible {
			columns = append(columns, i)
		}
		return columns, nil
	}
	seen := map[int]bool{}
	for _, n := range names {
		i, ok := rel.byName[n.text]
		if !ok {
			return nil, c.at(pgwire.Errorf("42703", "column \"%s\" of relation \"%s\" does not exist", n.text, rel.name), n.pos)
		}
		if seen[i] {
			return nil, c.at(pgwire.Errorf("42701", "column \"%s\" specified more than once", n.text), n.pos)
		}
		if i == evCategory {
			return nil, c.at(pgwire.Errorf("428C9", "cannot insert a value into column \"category\"").
				WithDetail("It follows from the stream's name."), n.pos)
		}
		seen[i] = true
		columns = append(columns, i)
	}
	return columns, nil
}

func (p *insertPlan) compileRows(c *compiler, st *insertStmt) error {
	if st.rows == nil { // DEFAULT VALUES
		p.columns = nil
		p.rows = [][]*scalar{{}}
		return nil
	}
	width := len(st.rows[0])
	if width > len(p.columns) {
		return c.at(pgwire.Errorf("42601", "INSERT has more expressions than target columns"), st.rows[0][len(p.columns)].position())
	}
	if width < len(p.columns) {
		if st.columns != nil {
			return c.at(pgwire.Errorf("42601", "INSERT has more target columns than expressions"), st.columns[width].pos)
		}
		p.columns = p.columns[:width]
	}
	for _, row := range st.rows {
		if len(row) != width {
			return c.at(pgwire.Errorf("42601", "VALUES lists must all be the same length"), row[0].position())
		}
		out := make([]*scalar, len(row))
		for i, x := range row {
			s, err := compileForColumn(c, x, eventsRelation, p.columns[i])
			if err != nil {
				return err
			}
			out[i] = s
		}
		p.rows = append(p.rows, out)
	}
	return nil
}

// compileForColumn compiles a value for a column; nil for DEFAULT.
func compileForColumn(c *compiler, x expr, rel *relation, column int) (*scalar, error) {
	target := rel.columns[column]
	if _, ok := x.(*defaultExpr); ok {
		return nil, nil
	}
	if column == evPosition || column == evRecordedAt {
		return nil, c.at(pgwire.Errorf("428C9", "cannot insert a non-DEFAULT value into column \"%s\"", target.name).
			WithDetail("The log assigns it."), x.position())
	}
	s, err := c.compileAs(x, target.oid)
	if err != nil {
		return nil, err
	}
	if n := s.deduced; n > 0 && s.oid != target.oid {
		return nil, c.at(pgwire.Errorf("42P08", "inconsistent types deduced for parameter $%d", n).
			WithDetail("%s versus %s", pgwire.TypeName(s.oid), pgwire.TypeName(target.oid)), x.position())
	}
	out, ok := assign(s, target.oid, c.zone)
	if !ok {
		return nil, c.at(pgwire.Errorf("42804", "column \"%s\" is of type %s but expression is of type %s",
			target.name, pgwire.TypeName(target.oid), pgwire.TypeName(s.oid)).
			WithHint("You will need to rewrite or cast the expression."), leftmost(x))
	}
	return out, nil
}

func (p *insertPlan) compileConflict(c *compiler, cl *conflictClause) error {
	if cl == nil {
		return nil
	}
	if cl.beyond != nil {
		return pgwire.Errorf("0A000", "ON CONFLICT DO UPDATE is not possible: events are immutable").
			At(charPosition(c.src, cl.beyond.pos))
	}
	for _, n := range cl.target {
		if _, ok := eventsRelation.byName[n.text]; !ok && n.text != "stream_id, version" {
			return c.at(pgwire.Errorf("42703", "column \"%s\" does not exist", n.text), cl.targetPos)
		}
	}
	switch {
	case len(cl.target) == 1 && cl.target[0].text == "event_id",
		len(cl.target) == 0 && !slices.Contains(p.columns, evVersion): // nothing else can conflict
		p.skip = true
		return nil
	case len(cl.target) == 1 && cl.target[0].text == "position" || len(cl.target) == 0,
		len(cl.target) == 1 && cl.target[0].text == "stream_id, version",
		len(cl.target) == 2 && cl.target[0].text != cl.target[1].text && isVersionKey(cl.target[0].text) && isVersionKey(cl.target[1].text):
		return pgwire.Errorf("0A000", "ON CONFLICT is supported for event_id only").
			WithHint("Write ON CONFLICT (event_id) DO NOTHING; an occupied version is an error to be handled.").
			At(charPosition(c.src, cl.pos))
	}
	return pgwire.Errorf("42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification")
}

func isVersionKey(column string) bool { return column == "stream_id" || column == "version" }

func (p *insertPlan) compileReturning(c *compiler, st *insertStmt) error {
	if st.returning == nil {
		return nil
	}
	c.rel, c.alias = eventsRelation, eventsRelation.name
	if st.alias != "" {
		c.alias = st.alias
	}
	var err error
	p.returning, p.out, err = compileItems(c, st.returning)
	if err != nil {
		return err
	}
	for _, i := range mentioned(c, p.returning, st.returning) {
		if i == evExpectedVersion {
			return errInsertOnly
		}
		p.returnsPosition = p.returnsPosition || i == evPosition
		p.returnsVersion = p.returnsVersion || i == evVersion
		p.returnsTime = p.returnsTime || i == evRecordedAt
	}
	return nil
}

// maxKept bounds the bytes that a session keeps for the parameters of its next INSERT.
const maxKept = 64 << 10

// keepValues copies parameters out of the message they came in, which the next one overwrites, into
// memory that has served its purpose, or nil.
func keepValues(kept []pgwire.Value, bytes []byte, params []pgwire.Value) ([]pgwire.Value, []byte) {
	size := 0
	for i := range params {
		size += len(params[i].Bytes)
	}
	if cap(bytes) < size {
		bytes = make([]byte, 0, size)
	}
	kept, bytes = append(kept[:0], params...), bytes[:0]
	for i := range kept {
		if b := params[i].Bytes; len(b) == 0 && b != nil {
			kept[i].Bytes = []byte{} // which is not null
		} else if b != nil {
			start := len(bytes)
			bytes = append(bytes, b...)
			kept[i].Bytes = bytes[start:len(bytes):len(bytes)]
		}
	}
	return kept, bytes
}

func (p *insertPlan) bind(s *Session, params []pgwire.Value) (pgwire.Portal, error) {
	portal := s.spareInsert
	if portal == nil {
		portal = new(insertPortal)
	}
	s.spareInsert = nil
	values, bytes := keepValues(portal.params, portal.bytes, params)
	*portal = insertPortal{plan: p, s: s, params: values, bytes: bytes}
	return portal, nil
}

type insertPortal struct {
	plan   *insertPlan
	s      *Session
	params []pgwire.Value
	bytes  []byte // of the parameters
	// Rows of RETURNING that a row limit has left for later.
	pending []engine.RecordedEvent
	at      int
	ran     bool
	lost    bool // its append failed
	count   int64
}

func (p *insertPortal) Columns() []pgwire.Column { return p.plan.out }

// Close leaves the portal to the session's next INSERT, unless its append may still be in the
// queue, with the parameters' bytes in it.
func (p *insertPortal) Close() {
	if !p.lost && cap(p.bytes) <= maxKept && len(p.params) <= 1000 {
		clear(p.params)
		p.plan, p.pending = nil, nil
		p.s.spareInsert = p
	}
}

func (p *insertPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "INSERT 0"}
	if !p.ran {
		p.ran = true
		if err := p.append(ctx, last); err != nil {
			return tag, false, err
		}
	}
	if p.plan.returning == nil {
		tag.Rows = p.count
		return tag, true, nil
	}
	e := env{session: p.s, params: p.params}
	values := make([]pgwire.Value, len(p.plan.returning))
	for n := int64(0); p.at < len(p.pending); n++ {
		if limit > 0 && n == limit {
			return tag, false, nil
		}
		e.row.event = &p.pending[p.at]
		for i, s := range p.plan.returning {
			if err := s.eval(&e, &values[i]); err != nil {
				return tag, false, err
			}
		}
		if err := out.Row(ctx, values); err != nil {
			return tag, false, err
		}
		p.at++
		tag.Rows++
	}
	return tag, true, nil
}

// append builds the events and appends them: at once if nothing else belongs to the
// transaction, else by staging them.
func (p *insertPortal) append(ctx context.Context, last pgwire.Lookahead) error {
	s := p.s
	if s.tx.readOnly {
		return pgwire.Errorf("25006", "cannot execute INSERT in a read-only transaction")
	}
	b := builder{plan: p.plan, s: s}
	e := env{session: s, params: p.params}
	var events []engine.ProposedEvent
	if p.plan.query != nil {
		var err error
		if events, err = p.selected(ctx, &b); err != nil || len(events) == 0 {
			return err
		}
	} else {
		events = s.newEvents(len(p.plan.rows))
		for i, row := range p.plan.rows {
			if err := b.event(&e, row, &events[i]); err != nil {
				return err
			}
		}
	}
	s.before() // settles the snapshot of a REPEATABLE READ transaction
	if s.tx.state == txImplicit && len(s.tx.staged) == 0 {
		alone, err := last()
		if err != nil {
			return err
		}
		if alone {
			return p.appendNow(ctx, events, b.expected)
		}
	}
	return p.appendStaged(events, b.expected)
}

func (p *insertPortal) appendNow(ctx context.Context, events []engine.ProposedEvent, expected []expectation) error {
	s := p.s
	if s.request == nil {
		s.request = new(engine.AppendRequest)
	}
	s.request.Events, s.request.ProposedAt = events, 0
	s.request.Conditions = appendConditions(s.request.Conditions[:0], expected)
	r := s.request
	if err := s.server.writer.Append(ctx, r); err != nil {
		s.request, s.events, p.lost = nil, nil, true // a cancelled one may be in the queue yet
		return err
	}
	for i := range r.Results {
		if r.Results[i].Position < 0 {
			continue
		}
		p.count++
		if p.plan.returning != nil {
			p.pending = append(p.pending, recorded(&r.Events[i], r.Results[i].Position, r.Results[i].Version, r.RecordedAt))
		}
	}
	r.Events = nil
	clear(events) // not to keep what is large
	return nil
}

// appendConditions appends what an append expects of streams.
func appendConditions(conditions []engine.Condition, expected []expectation) []engine.Condition {
	for _, x := range expected {
		conditions = append(conditions, engine.Condition{
			Kind: engine.StreamAt, StreamID: x.stream.id, Stream: x.stream.name, Version: engine.ExpectedVersion(x.version),
		})
	}
	return conditions
}

// newEvents returns so many zero events, which are the statement's alone.
func (s *Session) newEvents(n int) []engine.ProposedEvent {
	if n > 128 {
		return make([]engine.ProposedEvent, n)
	}
	if cap(s.events) < n {
		s.events = make([]engine.ProposedEvent, n)
	}
	s.events = s.events[:n]
	clear(s.events)
	return s.events
}

// recorded is a proposed event as it is in the log.
func recorded(e *engine.ProposedEvent, position, version, recordedAt int64) engine.RecordedEvent {
	return engine.RecordedEvent{
		Position: position, StreamID: e.StreamID, Stream: e.Stream, Version: version, EventID: e.EventID,
		Type: e.Type, Payload: e.Payload, Opaque: e.Opaque, Metadata: e.Metadata, Tags: e.Tags, RecordedAt: recordedAt,
	}
}

func (p *insertPortal) appendStaged(events []engine.ProposedEvent, expected []expectation) error {
	s := p.s
	if p.plan.returnsTime {
		return errStagedTime
	}
	if err := s.tx.checkPin(s.server.index.GlobalPosition() + 1); err != nil {
		return err
	}
	results, err := s.stage(events, expected)
	if err != nil {
		return err
	}
	first := int64(0)
	if p.plan.returnsPosition {
		if first, err = s.pinPosition(); err != nil {
			return err
		}
	}
	for i := range events {
		if results[i].Position < 0 {
			continue
		}
		p.count++
		if p.plan.returning == nil {
			continue
		}
		if p.plan.returnsVersion {
			s.tx.streams[events[i].StreamID].pinned = true
		}
		p.pending = append(p.pending, recorded(&events[i], first+results[i].Position, results[i].Version, 0))
	}
	return nil
}

var errStagedTime = pgwire.Errorf("0A000", "recorded_at is not known before the transaction commits").
	WithHint("Leave it out, or run the statement outside a transaction block.")

// builder makes events of rows, and gathers what they expect.
type builder struct {
	plan     *insertPlan
	s        *Session
	expected []expectation
}

// event evaluates one row.
func (b *builder) event(e *env, row []*scalar, out *engine.ProposedEvent) error {
	out.Version = engine.AnyVersion
	out.SkipDuplicate = b.plan.skip
	expected, hasExpected := int64(0), false
	var v pgwire.Value
	var payload, opaque []byte
	typed := false
	for i, s := range row {
		if s == nil {
			continue // DEFAULT
		}
		v = pgwire.Value{}
		if err := s.eval(e, &v); err != nil {
			return err
		}
		if v.Kind == pgwire.Null {
			if b.plan.columns[i] == evEventID {
				return notNullError("event_id") // a null is not DEFAULT
			}
			continue
		}
		switch b.plan.columns[i] {
		case evPayload:
			payload = v.Bytes
		case evPayloadBytes:
			opaque = v.Bytes
		case evExpectedVersion:
			expected, hasExpected = v.Int, true
		default:
			typed = typed || b.plan.columns[i] == evType
			if err := setEventField(out, b.plan.columns[i], &v); err != nil {
				return err
			}
		}
	}
	if err := finishEvent(out, payload, opaque, typed); err != nil {
		return err
	}
	if !hasExpected {
		return nil
	}
	return b.expect(streamRef{out.StreamID, out.Stream}, expected)
}

func setEventField(out *engine.ProposedEvent, column int, v *pgwire.Value) error {
	switch column {
	case evStreamID:
		out.StreamID = v.UUID
	case evStream:
		if v.Text == "" {
			return pgwire.Errorf("22023", "a stream name cannot be empty").WithHint("Give stream_id alone for an unnamed stream.")
		}
		out.Stream = v.Text
	case evVersion:
		if v.Int < 0 {
			return pgwire.Errorf("22023", "version %d is negative", v.Int)
		}
		out.Version = engine.ExpectedVersion(v.Int)
	case evEventID:
		if v.UUID == (uuid.UUID{}) {
			return pgwire.Errorf("22023", "the nil UUID is not an event id")
		}
		out.EventID = v.UUID
	case evType:
		out.Type = v.Text
	case evMetadata:
		out.Metadata = v.Bytes
	case evTags:
		out.Tags = make([]string, 0, len(v.Array))
		for i := range v.Array {
			tag := v.Array[i].Text
			if v.Array[i].Kind == pgwire.Null {
				tag = engine.NullTag
			}
			out.Tags = append(out.Tags, tag)
		}
	default:
		return pgwire.Errorf("428C9", "cannot insert a non-DEFAULT value into column \"%s\"", eventsRelation.columns[column].name).
			WithDetail("The log assigns it.")
	}
	return nil
}

// finishEvent checks what a row needs as a whole.
func finishEvent(out *engine.ProposedEvent, payload, opaque []byte, typed bool) error {
	switch {
	case payload != nil && opaque != nil:
		return pgwire.Errorf("22023", "payload and payload_bytes cannot both be given")
	case opaque != nil:
		out.Payload, out.Opaque = opaque, true
	case payload != nil:
		out.Payload = payload
	}
	if out.Stream == "" && out.StreamID == (uuid.UUID{}) {
		return notNullError("stream_id")
	}
	if !typed {
		return notNullError("type")
	}
	if out.Stream != "" {
		id := engine.StreamID(out.Stream)
		if out.StreamID != (uuid.UUID{}) && out.StreamID != id {
			return pgwire.Errorf("22023", "stream_id %s is not the id of stream \"%s\"", out.StreamID, out.Stream).
				WithDetail("The id of stream \"%s\" is %s.", out.Stream, id).WithHint("Give one of the two.")
		}
		out.StreamID = id
	}
	return nil
}

// expect notes an expected version; all rows of a stream must agree.
func (b *builder) expect(stream streamRef, version int64) error {
	if version < -1 {
		return pgwire.Errorf("22023", "expected_version %d is less than -1", version).
			WithHint("-1 expects that the stream does not exist; null expects nothing.")
	}
	for _, x := range b.expected {
		if x.stream.id == stream.id {
			if x.version != version {
				return pgwire.Errorf("22023", "rows of one stream expect different versions, %d and %d", x.version, version).
					WithHint("expected_version is the stream's version before the statement, the same for all of its rows.")
			}
			return nil
		}
	}
	b.expected = append(b.expected, expectation{stream, version})
	return nil
}

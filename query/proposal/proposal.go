package proposal

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/staging"
)

// Builder makes events of rows, and gathers what they expect.
type Builder struct {
	Columns   []int // of events, by place in a row
	Latest    int64 // time that may be given, µs since the Unix epoch
	Skip      bool  // ON CONFLICT DO NOTHING, of event_id or in general
	SkipTaken bool  // likewise, of the version
	Expected  []staging.Expectation
	at        map[uuid.UUID]int // places of streams in Expected, once it is long
}

// Event makes an event of a row, in which nil is DEFAULT.
func (b *Builder) Event(e *expr.Env, row []*expr.Scalar, out *engine.ProposedEvent) error {
	out.Version = engine.AnyVersion
	out.SkipDuplicate, out.SkipTaken = b.Skip, b.SkipTaken
	expected, hasExpected := int64(0), false
	var v pgvalue.Value
	var payload, opaque []byte
	typed := false
	for i, s := range row {
		if s == nil {
			continue // DEFAULT
		}
		v = pgvalue.Value{}
		if err := s.Eval(e, &v); err != nil {
			return err
		}
		if v.Kind == pgvalue.Null {
			if c := b.Columns[i]; c == relation.EventEventID || c == relation.EventRecordedAt {
				return NotNull(relation.Events.Columns[c].Name) // a null is not DEFAULT
			}
			continue
		}
		switch b.Columns[i] {
		case relation.EventPayload:
			if payload = v.Bytes; s.Checked {
				out.SetCheckedPayload(payload)
			}
		case relation.EventPayloadBytes:
			opaque = v.Bytes
		case relation.EventExpectedVersion:
			expected, hasExpected = v.Int, true
		case relation.EventRecordedAt:
			if err := SetTime(out, &v, b.Latest); err != nil {
				return err
			}
		default:
			typed = typed || b.Columns[i] == relation.EventType
			if err := SetField(out, b.Columns[i], &v); err != nil {
				return err
			}
			if s.Checked && b.Columns[i] == relation.EventMetadata {
				out.SetCheckedMetadata(v.Bytes)
			}
		}
	}
	if err := Finish(out, payload, opaque, typed); err != nil {
		return err
	}
	if !hasExpected {
		return nil
	}
	return b.expect(staging.StreamRef{ID: out.StreamID, Name: out.Stream}, expected)
}

// SetField sets what a column says of an event: all but payload, payload_bytes and expected_version.
func SetField(out *engine.ProposedEvent, column int, v *pgvalue.Value) error {
	switch column {
	case relation.EventStreamID:
		out.StreamID = v.UUID
	case relation.EventStream:
		if v.Text == "" {
			return pgerror.Errorf(pgerror.InvalidParameterValue, "a stream name cannot be empty").WithHint("Give stream_id alone for an unnamed stream.")
		}
		out.Stream = v.Text
	case relation.EventVersion:
		if v.Int < 0 {
			return pgerror.Errorf(pgerror.InvalidParameterValue, "version %d is negative", v.Int)
		}
		out.Version = engine.ExpectedVersion(v.Int)
	case relation.EventEventID:
		if v.UUID == (uuid.UUID{}) {
			return pgerror.Errorf(pgerror.InvalidParameterValue, "the nil UUID is not an event id")
		}
		out.EventID = v.UUID
	case relation.EventType:
		out.Type = v.Text
	case relation.EventMetadata:
		out.Metadata = v.Bytes
	case relation.EventTags:
		out.Tags = make([]string, 0, len(v.Array))
		for i := range v.Array {
			tag := v.Array[i].Text
			if v.Array[i].Kind == pgvalue.Null {
				tag = engine.NullTag
			}
			out.Tags = append(out.Tags, tag)
		}
	default:
		return Assigned(column)
	}
	return nil
}

// Finish checks what a row needs as a whole.
func Finish(out *engine.ProposedEvent, payload, opaque []byte, typed bool) error {
	switch {
	case payload != nil && opaque != nil:
		return pgerror.Errorf(pgerror.InvalidParameterValue, "payload and payload_bytes cannot both be given")
	case opaque != nil:
		out.Payload, out.Opaque = opaque, true
	case payload != nil:
		out.Payload = payload
	}
	if out.Stream == "" && out.StreamID == (uuid.UUID{}) {
		return NotNull("stream_id")
	}
	if !typed {
		return NotNull("type")
	}
	if out.Stream != "" {
		id := engine.StreamID(out.Stream)
		if out.StreamID != (uuid.UUID{}) && out.StreamID != id {
			return pgerror.Errorf(pgerror.InvalidParameterValue, "stream_id %s is not the id of stream \"%s\"", out.StreamID, out.Stream).
				WithDetail("The id of stream \"%s\" is %s.", out.Stream, id).WithHint("Give one of the two.")
		}
		out.StreamID = id
	}
	return nil
}

// expect notes an expected version; all rows of a stream must agree.
func (b *Builder) expect(stream staging.StreamRef, version int64) error {
	if version < -1 {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "expected_version %d is less than -1", version).
			WithHint("-1 expects that the stream does not exist; null expects nothing.")
	}
	if i := b.place(stream.ID); i >= 0 {
		if x := &b.Expected[i]; x.Version != version {
			return pgerror.Errorf(pgerror.InvalidParameterValue, "rows of one stream expect different versions, %d and %d", x.Version, version).
				WithHint("expected_version is the stream's version before the statement, the same for all of its rows.")
		}
		return nil
	}
	if b.at != nil {
		b.at[stream.ID] = len(b.Expected)
	}
	b.Expected = append(b.Expected, staging.Expectation{Stream: stream, Version: version})
	return nil
}

// place finds a stream in expected; -1 if it is not there.
func (b *Builder) place(stream uuid.UUID) int {
	const long = 16 // from which on a map is faster
	if b.at == nil && len(b.Expected) >= long {
		b.at = make(map[uuid.UUID]int, 2*long)
		for i := range b.Expected {
			b.at[b.Expected[i].Stream.ID] = i
		}
	}
	if b.at != nil {
		if i, ok := b.at[stream]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(b.Expected, func(x staging.Expectation) bool { return x.Stream.ID == stream })
}

// ahead is how much later than the server's clock a time that is given may be, µs: clocks of different machines differ.
const ahead = 1e6

// Latest is the latest time that may be given.
func Latest() int64 { return time.Now().UnixMicro() + ahead }

// SetTime sets when an event was recorded elsewhere. All events after it get a time that is not before it, so one that is still
// to come would make theirs wrong.
func SetTime(out *engine.ProposedEvent, v *pgvalue.Value, latest int64) error {
	switch {
	case v.Int == pgvalue.NegativeInfinity:
		return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "recorded_at cannot be -infinity")
	case v.Int > latest:
		return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "recorded_at is later than the server's clock").
			WithDetail("No event after it could have an earlier time.")
	}
	out.Timed, out.GivenAt = true, v.Int
	return nil
}

// Assigns tells whether a column has no other value than the log's; imports: a time may be given.
func Assigns(column int, imports bool) bool {
	return column == relation.EventPosition || column == relation.EventRecordedAt && !imports
}

// Assigned says of a column that the log assigns it.
func Assigned(column int) *pgerror.Error {
	return pgerror.Errorf(pgerror.GeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", relation.Events.Columns[column].Name).
		WithDetail("The log assigns it.").WithHint("Leave the column out, or write DEFAULT.")
}

// NotNull says that a column has no value.
func NotNull(columnName string) *pgerror.Error {
	e := pgerror.Errorf(pgerror.NotNullViolation, "null value in column \"%s\" of relation \"events\" violates not-null constraint", columnName)
	e.Schema, e.Table, e.Column = "public", "events", columnName
	return e
}

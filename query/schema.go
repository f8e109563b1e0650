package query

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// relation is one of the two tables.
type relation struct {
	name    string
	oid     uint32
	columns []column
	byName  map[string]int
	visible int // columns in *; those after can only be named
}

type column struct {
	name string
	oid  uint32
}

// Columns of events, by their place in the relation.
const (
	evPosition = iota
	evStreamID
	evStream
	evVersion
	evEventID
	evType
	evPayload
	evMetadata
	evTags
	evRecordedAt
	evCategory
	evPayloadBytes
	evExpectedVersion
	evColumns
)

// Columns of streams.
const (
	stStreamID = iota
	stStream
	stCategory
	stVersion
	stFirstPosition
	stLastPosition
	stCreatedAt
	stUpdatedAt
)

// The OIDs are stable: clients keep them.
var (
	eventsRelation = newRelation("events", 16385, 10, []column{
		{"position", pgwire.OIDInt8},
		{"stream_id", pgwire.OIDUUID},
		{"stream", pgwire.OIDText},
		{"version", pgwire.OIDInt8},
		{"event_id", pgwire.OIDUUID},
		{"type", pgwire.OIDText},
		{"payload", pgwire.OIDJSONB},
		{"metadata", pgwire.OIDJSONB},
		{"tags", pgwire.OIDTextArray},
		{"recorded_at", pgwire.OIDTimestamptz},
		{"category", pgwire.OIDText},
		{"payload_bytes", pgwire.OIDBytea},
		{"expected_version", pgwire.OIDInt8},
	})
	streamsRelation = newRelation("streams", 16393, 8, []column{
		{"stream_id", pgwire.OIDUUID},
		{"stream", pgwire.OIDText},
		{"category", pgwire.OIDText},
		{"version", pgwire.OIDInt8},
		{"first_position", pgwire.OIDInt8},
		{"last_position", pgwire.OIDInt8},
		{"created_at", pgwire.OIDTimestamptz},
		{"updated_at", pgwire.OIDTimestamptz},
	})
)

// healthRelation has one row: the store's state. It is in no catalog, so that it does not stand
// among the user's tables.
var healthRelation = newRelation("eventgres_health", 16399, 7, []column{
	{"state", pgwire.OIDText},
	{"reason", pgwire.OIDText},
	{"since", pgwire.OIDTimestamptz},
	{"store_id", pgwire.OIDUUID},
	{"events", pgwire.OIDInt8},
	{"streams", pgwire.OIDInt8},
	{"analytics", pgwire.OIDText},
})

func newRelation(name string, oid uint32, visible int, columns []column) *relation {
	r := &relation{name: name, oid: oid, columns: columns, byName: map[string]int{}, visible: visible}
	for i, c := range columns {
		r.byName[c.name] = i
	}
	return r
}

// findRelation resolves a table name as a search path of public would.
func findRelation(ref *relationRef, src string) (*relation, error) {
	switch {
	case ref.schema == "" || ref.schema == "public":
		switch ref.table {
		case "events":
			return eventsRelation, nil
		case "streams":
			return streamsRelation, nil
		case healthRelation.name:
			return healthRelation, nil
		}
	case ref.schema == "pg_catalog" || ref.schema == "information_schema":
		return nil, beyondError(src, &beyond{what: "the system catalog", pos: ref.pos})
	}
	if ref.schema == "" && len(ref.table) > 3 && ref.table[:3] == "pg_" {
		return nil, beyondError(src, &beyond{what: "the system catalog", pos: ref.pos})
	}
	full := ref.table
	if ref.schema != "" {
		full = ref.schema + "." + ref.table
	}
	return nil, pgwire.Errorf("42P01", "relation \"%s\" does not exist", full).At(charPosition(src, ref.pos))
}

// beyondError says that a statement needs the full SQL path.
func beyondError(src string, b *beyond) error {
	return pgwire.Errorf("0A000", "%s is not supported yet", b.what).
		WithDetail("It needs the analytics worker, which this server does not have.").
		WithHint("Reads of events and streams may filter, order by position or version, limit, count, and take min and max.").
		At(charPosition(src, b.pos))
}

// errInsertOnly: what an append expected is not kept.
var errInsertOnly = pgwire.Errorf("0A000", "expected_version can be inserted and not read").
	WithHint("The stream's version is in column version.")

func badColumn(c *columnExpr, src string) error {
	if c.table != "" {
		return pgwire.Errorf("42703", "column %s.%s does not exist", c.table, c.column).At(charPosition(src, c.pos))
	}
	return pgwire.Errorf("42703", "column \"%s\" does not exist", c.column).At(charPosition(src, c.pos))
}

// row is what an expression's columns are taken from: an event, or a stream.
type row struct {
	event  *engine.RecordedEvent
	stream *engine.StreamInfo
	health *health
}

// column puts the value of a column of the relation the row is of into v.
func (r *row) column(i int, v *pgwire.Value) {
	if r.event != nil {
		eventColumn(r.event, i, v)
		return
	}
	if r.health != nil {
		r.health.column(i, v)
		return
	}
	streamColumn(r.stream, i, v)
}

func eventColumn(e *engine.RecordedEvent, i int, v *pgwire.Value) {
	v.Kind = pgwire.Null
	switch i {
	case evPosition:
		v.Kind, v.Int = pgwire.KindInt, e.Position
	case evStreamID:
		v.Kind, v.UUID = pgwire.KindUUID, e.StreamID
	case evStream:
		if e.Stream != "" {
			v.Kind, v.Text = pgwire.KindText, e.Stream
		}
	case evVersion:
		v.Kind, v.Int = pgwire.KindInt, e.Version
	case evEventID:
		v.Kind, v.UUID = pgwire.KindUUID, e.EventID
	case evType:
		v.Kind, v.Text = pgwire.KindText, e.Type
	case evPayload:
		if e.Payload != nil && !e.Opaque {
			v.Kind, v.Bytes = pgwire.KindBytes, e.Payload
		}
	case evMetadata:
		if e.Metadata != nil {
			v.Kind, v.Bytes = pgwire.KindBytes, e.Metadata
		}
	case evTags:
		if e.Tags != nil {
			v.Kind = pgwire.KindArray
			v.Array = make([]pgwire.Value, 0, len(e.Tags)) // what v held may be a constant's
			for _, tag := range e.Tags {
				item := pgwire.TextValue(tag)
				if tag == engine.NullTag {
					item = pgwire.Value{}
				}
				v.Array = append(v.Array, item)
			}
		}
	case evRecordedAt:
		v.Kind, v.Int = pgwire.KindTime, e.RecordedAt
	case evCategory:
		if e.Stream != "" {
			v.Kind, v.Text = pgwire.KindText, engine.Category(e.Stream)
		}
	case evPayloadBytes:
		if e.Payload != nil {
			v.Kind, v.Bytes = pgwire.KindBytes, e.Payload
		}
	case evExpectedVersion: // insert only: what was expected is not kept
	default:
		panic(fmt.Sprint("no such column of events: ", i))
	}
}

func streamColumn(s *engine.StreamInfo, i int, v *pgwire.Value) {
	v.Kind = pgwire.Null
	switch i {
	case stStreamID:
		v.Kind, v.UUID = pgwire.KindUUID, s.StreamID
	case stStream:
		if s.Stream != "" {
			v.Kind, v.Text = pgwire.KindText, s.Stream
		}
	case stCategory:
		if s.Stream != "" {
			v.Kind, v.Text = pgwire.KindText, engine.Category(s.Stream)
		}
	case stVersion:
		v.Kind, v.Int = pgwire.KindInt, s.Version
	case stFirstPosition:
		v.Kind, v.Int = pgwire.KindInt, s.FirstPosition
	case stLastPosition:
		v.Kind, v.Int = pgwire.KindInt, s.LastPosition
	case stCreatedAt:
		v.Kind, v.Int = pgwire.KindTime, s.CreatedAt
	case stUpdatedAt:
		v.Kind, v.Int = pgwire.KindTime, s.UpdatedAt
	default:
		panic(fmt.Sprint("no such column of streams: ", i))
	}
}

// streamRef is a stream as a statement names it.
type streamRef struct {
	id   uuid.UUID
	name string
}

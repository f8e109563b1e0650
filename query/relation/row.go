package relation

import (
	"fmt"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Row is what an expression's columns are taken from: an event, or a stream.
type Row struct {
	Event     *engine.RecordedEvent
	Stream    *engine.StreamInfo
	HealthRow *HealthRow
	Copied    *[EventColumns]pgvalue.Value // of COPY FROM
	Role      []pgvalue.Value              // of a relation of roles, or one that the server makes
}

// Column puts the value of a column of the relation the row is of into v.
func (r *Row) Column(i int, v *pgvalue.Value) {
	if r.Event != nil {
		eventColumn(r.Event, i, v)
		return
	}
	if r.Role != nil {
		*v = r.Role[i]
		return
	}
	if r.HealthRow != nil {
		r.HealthRow.column(i, v)
		return
	}
	if r.Copied != nil {
		*v = r.Copied[i]
		return
	}
	streamColumn(r.Stream, i, v)
}

// EventValue puts the value of a column of an event into v.
func EventValue(e *engine.RecordedEvent, i int, v *pgvalue.Value) { eventColumn(e, i, v) }

func eventColumn(e *engine.RecordedEvent, i int, v *pgvalue.Value) {
	v.Kind = pgvalue.Null
	switch i {
	case EventPosition:
		v.Kind, v.Int = pgvalue.KindInt, e.Position
	case EventStreamID:
		v.Kind, v.UUID = pgvalue.KindUUID, e.StreamID
	case EventStream:
		if e.Stream != "" {
			v.Kind, v.Text = pgvalue.KindText, e.Stream
		}
	case EventVersion:
		v.Kind, v.Int = pgvalue.KindInt, e.Version
	case EventEventID:
		v.Kind, v.UUID = pgvalue.KindUUID, e.EventID
	case EventType:
		v.Kind, v.Text = pgvalue.KindText, e.Type
	case EventPayload:
		if e.Payload != nil && !e.Opaque {
			v.Kind, v.Bytes = pgvalue.KindBytes, e.Payload
		}
	case EventMetadata:
		if e.Metadata != nil {
			v.Kind, v.Bytes = pgvalue.KindBytes, e.Metadata
		}
	case EventTags:
		if e.Tags != nil {
			v.Kind = pgvalue.KindArray
			v.Array = make([]pgvalue.Value, 0, len(e.Tags)) // what v held may be a constant's
			for _, tag := range e.Tags {
				item := pgvalue.TextValue(tag)
				if tag == engine.NullTag {
					item = pgvalue.Value{}
				}
				v.Array = append(v.Array, item)
			}
		}
	case EventRecordedAt:
		v.Kind, v.Int = pgvalue.KindTime, e.RecordedAt
	case EventCategory:
		if e.Stream != "" {
			v.Kind, v.Text = pgvalue.KindText, engine.Category(e.Stream)
		}
	case EventPayloadBytes:
		if e.Payload != nil {
			v.Kind, v.Bytes = pgvalue.KindBytes, e.Payload
		}
	case EventExpectedVersion: // insert only: what was expected is not kept
	default:
		panic(fmt.Sprint("no such column of events: ", i))
	}
}

func streamColumn(s *engine.StreamInfo, i int, v *pgvalue.Value) {
	v.Kind = pgvalue.Null
	switch i {
	case StreamStreamID:
		v.Kind, v.UUID = pgvalue.KindUUID, s.StreamID
	case StreamStream:
		if s.Stream != "" {
			v.Kind, v.Text = pgvalue.KindText, s.Stream
		}
	case StreamCategory:
		if s.Stream != "" {
			v.Kind, v.Text = pgvalue.KindText, engine.Category(s.Stream)
		}
	case StreamVersion:
		v.Kind, v.Int = pgvalue.KindInt, s.Version
	case StreamFirstPosition:
		v.Kind, v.Int = pgvalue.KindInt, s.FirstPosition
	case StreamLastPosition:
		v.Kind, v.Int = pgvalue.KindInt, s.LastPosition
	case StreamCreatedAt:
		v.Kind, v.Int = pgvalue.KindTime, s.CreatedAt
	case StreamUpdatedAt:
		v.Kind, v.Int = pgvalue.KindTime, s.UpdatedAt
	default:
		panic(fmt.Sprint("no such column of streams: ", i))
	}
}

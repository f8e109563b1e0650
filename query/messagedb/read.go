package messagedb

import (
	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/staging"
)

// Rows yields rows, each of which holds until the next; nil: there are no more.
type Rows = func() ([]pgvalue.Value, error)

// Serve opens the rows of a relation that the server makes, beside those that another knows.
func Serve(other func(h expr.Host, rel *relation.Relation, args []pgvalue.Value) (Rows, error)) func(h expr.Host, rel *relation.Relation, args []pgvalue.Value) (Rows, error) {
	return func(h expr.Host, rel *relation.Relation, a []pgvalue.Value) (Rows, error) {
		if !rel.MessageStore {
			return other(h, rel, a)
		}
		host := h.(Host)
		if err := host.Uses(0); err != nil {
			return nil, err
		}
		switch rel {
		case relation.StreamMessages:
			return streamMessages(host, a)
		case relation.CategoryMessages:
			return categoryMessages(host, a)
		}
		return lastMessage(host, a)
	}
}

// source yields messages in the order of the log.
type source struct {
	h         Host
	cursor    *engine.Cursor
	staged    []engine.RecordedEvent
	keep      func(e *engine.RecordedEvent) bool
	condition *condition // nil: none
	left      int64      // rows; -1: all
	looked    int
	row       []pgvalue.Value
	texts     []byte // of the row
}

// paceEvery is how many messages are looked at in between.
const paceEvery = 16

// next is the next message that the function returns; nil: there is none.
func (s *source) next() (*engine.RecordedEvent, error) {
	for {
		if s.looked++; s.looked%paceEvery == 0 {
			if err := s.h.Pace(); err != nil {
				return nil, err
			}
		}
		var e *engine.RecordedEvent
		switch {
		case s.cursor != nil && s.cursor.Next(s.h.Asking()):
			e = s.cursor.Event()
		case s.cursor != nil && s.cursor.Err() != nil:
			return nil, s.cursor.Err()
		case len(s.staged) > 0:
			s.cursor, e, s.staged = nil, &s.staged[0], s.staged[1:]
		default:
			return nil, nil
		}
		if e.Stream == "" || s.keep != nil && !s.keep(e) {
			continue
		}
		if s.condition != nil {
			if ok, err := s.condition.meets(e); err != nil {
				return nil, err
			} else if !ok {
				continue
			}
		}
		return e, nil
	}
}

// rows are the messages as rows of type message.
func (s *source) rows() Rows {
	s.row = make([]pgvalue.Value, len(relation.StreamMessages.Columns))
	return func() ([]pgvalue.Value, error) {
		if s.left == 0 {
			return nil, nil
		}
		e, err := s.next()
		if err != nil || e == nil {
			return nil, err
		}
		s.left--
		s.found(e)
		return s.row, nil
	}
}

// found makes the row of type message. The texts of one are allocated together.
func (s *source) found(e *engine.RecordedEvent) {
	id := pgvalue.UUIDValue(e.EventID)
	b := pgvalue.AppendText(s.texts[:0], pgvalue.OIDUUID, &id, nil)
	metadata := len(b)
	b = append(b, e.Metadata...)
	data := len(b)
	if !e.Opaque {
		b = append(b, e.Payload...)
	}
	s.texts = b
	all := string(b)
	row := s.row
	row[relation.FoundID] = pgvalue.TextValue(all[:metadata])
	row[relation.FoundStreamName] = pgvalue.TextValue(e.Stream)
	row[relation.FoundType] = pgvalue.TextValue(e.Type)
	row[relation.FoundPosition] = pgvalue.IntValue(e.Version)
	row[relation.FoundGlobalPosition] = pgvalue.IntValue(e.Position + 1)
	row[relation.FoundTime] = pgvalue.TimeValue(e.RecordedAt)
	row[relation.FoundData], row[relation.FoundMetadata] = pgvalue.Value{}, pgvalue.Value{}
	if e.Payload != nil && !e.Opaque {
		row[relation.FoundData] = pgvalue.TextValue(all[data:])
	}
	if e.Metadata != nil {
		row[relation.FoundMetadata] = pgvalue.TextValue(all[metadata:data])
	}
}

// Message makes a row of messages.
func Message(e *engine.RecordedEvent, row []pgvalue.Value) {
	row[relation.MessageGlobalPosition] = pgvalue.IntValue(e.Position + 1)
	row[relation.MessagePosition] = pgvalue.IntValue(e.Version)
	row[relation.MessageTime] = pgvalue.TimeValue(e.RecordedAt)
	row[relation.MessageStreamName] = pgvalue.TextValue(e.Stream)
	row[relation.MessageType] = pgvalue.TextValue(e.Type)
	row[relation.MessageData], row[relation.MessageMetadata] = pgvalue.Value{}, pgvalue.Value{}
	if e.Payload != nil && !e.Opaque {
		row[relation.MessageData] = pgvalue.BytesValue(e.Payload)
	}
	if e.Metadata != nil {
		row[relation.MessageMetadata] = pgvalue.BytesValue(e.Metadata)
	}
	row[relation.MessageID] = pgvalue.UUIDValue(e.EventID)
}

// or is an argument's value, or what holds where it is null.
func or(v *pgvalue.Value, otherwise int64) int64 {
	if v.Kind == pgvalue.Null {
		return otherwise
	}
	return v.Int
}

// defaultBatch is how many messages are read where nobody says.
const defaultBatch = 1000

// limit is how many messages are read by batch_size; -1: all.
func limit(v *pgvalue.Value) (int64, error) {
	n := or(v, defaultBatch)
	if n < -1 {
		return 0, pgerror.Errorf(pgerror.InvalidRowCountInLimitClause, "LIMIT must not be negative")
	}
	return n, nil
}

// ofTransaction are what the transaction has staged as it will be recorded, as far as it is kept. What is told of it is pinned.
func ofTransaction(ix *engine.ReadIndex, b *staging.Batch, keep func(e *engine.RecordedEvent) bool) ([]engine.RecordedEvent, error) {
	if len(b.Staged) == 0 {
		return nil, nil
	}
	if err := b.CheckPin(); err != nil {
		return nil, err
	}
	first := ix.GlobalPosition() + 1
	var out []engine.RecordedEvent
	for i := range b.Staged {
		e := staging.Recorded(&b.Staged[i], first+int64(i), b.Version(i), b.StartedAt)
		if !keep(&e) {
			continue
		}
		if err := b.PinVersion(e.StreamID); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	if len(out) > 0 {
		b.Position = first
	}
	return out, nil
}

func streamMessages(h Host, a []pgvalue.Value) (Rows, error) {
	if a[0].Kind == pgvalue.Null || IsCategory(a[0].Text) {
		return nil, raised("Must be a stream name: %s", shown(&a[0]))
	}
	c, err := conditionOf(h, &a[3])
	if err != nil {
		return nil, err
	}
	if err := h.Uses(privilege.Select); err != nil {
		return nil, err
	}
	n, err := limit(&a[2])
	if err != nil {
		return nil, err
	}
	ix, before, batch := h.Log()
	stream, from := a[0].Text, or(&a[1], 0)
	if c != nil && c.native == nil {
		return c.selected("stream_name = $1 AND position >= $2", n, []uint32{pgvalue.OIDText, pgvalue.OIDInt8}, []pgvalue.Value{a[0], pgvalue.IntValue(from)})
	}
	options := engine.Forward(max(from, 0))
	options.Before = before
	if n >= 0 && c == nil {
		options.Limit = n
	}
	s := &source{h: h, cursor: ix.ReadStream(engine.StreamID(stream), options), condition: c, left: n}
	if n == 0 {
		s.cursor = nil
	}
	s.staged, err = ofTransaction(ix, batch, func(e *engine.RecordedEvent) bool { return e.Stream == stream && e.Version >= from })
	return s.rows(), err
}

// Arguments of get_category_messages.
const (
	argCategory = iota
	argFrom
	argBatch
	argCorrelation
	argMember
	argSize
	argCondition
)

// maxSmallint is the greatest group of consumers: Message DB takes its size for a smallint.
const maxSmallint = 1<<15 - 1

// checkGroup checks what get_category_messages is told of a group of consumers.
func checkGroup(member, size *pgvalue.Value) error {
	const told = " (Consumer Group Member: %s, Consumer Group Size: %s)"
	switch {
	case member.Kind == pgvalue.Null && size.Kind == pgvalue.Null:
	case member.Kind == pgvalue.Null || size.Kind == pgvalue.Null:
		return raised("Consumer group member and size must be specified"+told, shown(member), shown(size))
	case size.Int < 1:
		return raised("Consumer group size must not be less than 1"+told, shown(member), shown(size))
	case member.Int < 0:
		return raised("Consumer group member must not be less than 0"+told, shown(member), shown(size))
	case member.Int >= size.Int:
		return raised("Consumer group member must be less than the group size"+told, shown(member), shown(size))
	}
	return nil
}

// checkCategory checks what get_category_messages is asked for, in the order in which Message DB does.
func checkCategory(h Host, a []pgvalue.Value) (*condition, error) {
	if a[argCategory].Kind != pgvalue.Null && !IsCategory(a[argCategory].Text) {
		return nil, raised("Must be a category: %s", a[argCategory].Text)
	}
	if a[argCorrelation].Kind != pgvalue.Null && !IsCategory(a[argCorrelation].Text) {
		return nil, raised("Correlation must be a category (Correlation: %s)", a[argCorrelation].Text)
	}
	if err := checkGroup(&a[argMember], &a[argSize]); err != nil {
		return nil, err
	}
	c, err := conditionOf(h, &a[argCondition])
	if err != nil {
		return nil, err
	}
	if a[argSize].Int > maxSmallint {
		return nil, pgerror.Errorf(pgerror.NumericValueOutOfRange, "smallint out of range")
	}
	return c, h.Uses(privilege.Select)
}

func categoryMessages(h Host, a []pgvalue.Value) (Rows, error) {
	c, err := checkCategory(h, a)
	if err != nil {
		return nil, err
	}
	n, err := limit(&a[argBatch])
	if err != nil {
		return nil, err
	}
	if a[argCategory].Kind == pgvalue.Null {
		return func() ([]pgvalue.Value, error) { return nil, nil }, nil
	}
	from := or(&a[argFrom], 1)
	if c != nil && c.native == nil {
		return c.ofCategory(a, n, from)
	}
	keep := inCategory(a)
	ix, before, batch := h.Log()
	options := engine.Forward(max(from, 1) - 1)
	options.Before, options.NamesOnly = before, true
	query := engine.Query{{{ix.Key(engine.CategoryKey, a[argCategory].Text)}}}
	s := &source{h: h, cursor: ix.Find(query, options, nil), keep: keep, condition: c, left: n}
	if n == 0 {
		s.cursor = nil
	}
	s.staged, err = ofTransaction(ix, batch, func(e *engine.RecordedEvent) bool { return e.Position+1 >= from && e.Stream != "" && keep(e) })
	return s.rows(), err
}

// inCategory tells which messages get_category_messages returns, but for its condition.
func inCategory(a []pgvalue.Value) func(e *engine.RecordedEvent) bool {
	category, correlation := a[argCategory].Text, a[argCorrelation]
	member, size := a[argMember].Int, a[argSize].Int
	grouped := a[argSize].Kind != pgvalue.Null
	return func(e *engine.RecordedEvent) bool {
		return engine.Category(e.Stream) == category &&
			(correlation.Kind == pgvalue.Null || correlated(e.Metadata, correlation.Text)) &&
			(!grouped || InGroup(e.Stream, member, size))
	}
}

// lastMessage is get_last_stream_message.
func lastMessage(h Host, a []pgvalue.Value) (Rows, error) {
	if err := h.Uses(privilege.Select); err != nil {
		return nil, err
	}
	none := func() ([]pgvalue.Value, error) { return nil, nil }
	if a[0].Kind == pgvalue.Null || a[0].Text == "" {
		return none, nil
	}
	ix, before, batch := h.Log()
	stream, kind := a[0].Text, a[1]
	keep := func(e *engine.RecordedEvent) bool {
		return e.Stream == stream && (kind.Kind == pgvalue.Null || e.Type == kind.Text)
	}
	staged, err := ofTransaction(ix, batch, keep)
	if err != nil {
		return nil, err
	}
	options := engine.Forward(0)
	options.Before, options.Backward = before, true
	s := &source{h: h, keep: keep, left: 1}
	if n := len(staged); n > 0 {
		s.staged = staged[n-1:]
	} else {
		if kind.Kind == pgvalue.Null {
			options.Limit = 1
		}
		s.cursor = ix.ReadStream(engine.StreamID(stream), options)
	}
	return s.rows(), nil
}

// correlated tells whether metadata names a stream of a category as the one that a message answers.
func correlated(metadata []byte, category string) bool {
	if metadata == nil {
		return false
	}
	stream, ok := pgfn.GetText(metadata, "correlationStreamName")
	return ok && engine.Category(string(stream)) == category
}

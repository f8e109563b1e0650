package messagedb

import (
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/staging"
	"github.com/eventgres/eventgres/query/syntax"
)

// Arguments of write_message.
const (
	argID = iota
	argStream
	argType
	argData
	argMetadata
	argExpected
)

// writeMessage is write_message.
func writeMessage(h Host, a []pgvalue.Value, v *pgvalue.Value) error {
	if err := h.Uses(privilege.Select); err != nil {
		return err
	}
	stream := a[argStream].Text
	now, err := h.BeginWrite(LockOf(stream))
	if err != nil {
		return err
	}
	var expected *staging.Expectation
	if a[argExpected].Kind != pgvalue.Null {
		version := int64(-1)
		if stream != "" {
			if version, err = versionOf(h, stream); err != nil {
				return err
			}
		}
		if a[argExpected].Int != version {
			return wrongVersion(&a[argExpected], &a[argStream], version)
		}
		expected = &staging.Expectation{Stream: staging.StreamRef{ID: engine.StreamID(stream), Name: stream}, Version: version}
	}
	e, err := event(a)
	if err != nil {
		return err
	}
	if err := h.Writes("INSERT"); err != nil {
		return err
	}
	if err := h.Uses(privilege.Insert); err != nil {
		return err
	}
	if err := complete(a, e, nextPosition(h, stream), func() int64 { return nextGlobal(h) }); err != nil {
		return err
	}
	position, err := h.Write(e, expected, now)
	if err != nil {
		return failed(err, &a[argExpected], &a[argStream])
	}
	*v = pgvalue.IntValue(position)
	return nil
}

func nextPosition(h Host, stream string) func() int64 {
	return func() int64 {
		now, _ := versionOf(h, stream)
		return now + 1
	}
}

// nextGlobal is the position of the log that a message would get.
func nextGlobal(h Host) int64 {
	ix, _, batch := h.Log()
	return ix.GlobalPosition() + 2 + int64(len(batch.Staged))
}

// event makes the event of a message.
func event(a []pgvalue.Value) (*engine.ProposedEvent, error) {
	e := &engine.ProposedEvent{Stream: a[argStream].Text, Type: a[argType].Text, Version: engine.AnyVersion}
	if a[argID].Kind != pgvalue.Null {
		id, err := pgvalue.ParseText(pgvalue.OIDUUID, a[argID].Text, nil)
		if err != nil {
			return nil, err
		}
		e.EventID = id.UUID
	}
	if e.Stream != "" {
		e.StreamID = engine.StreamID(e.Stream)
	}
	if a[argData].Kind != pgvalue.Null {
		data, err := pgfn.Normalize(nil, a[argData].Bytes)
		if err != nil {
			return nil, err
		}
		e.SetCheckedPayload(data)
	}
	if a[argMetadata].Kind != pgvalue.Null {
		metadata, err := pgfn.Normalize(nil, a[argMetadata].Bytes)
		if err != nil {
			return nil, err
		}
		e.SetCheckedMetadata(metadata)
	}
	return e, nil
}

// complete checks what a message must have.
func complete(a []pgvalue.Value, e *engine.ProposedEvent, next, global func() int64) error {
	for _, c := range []struct {
		arg  int
		name string
	}{{argStream, "stream_name"}, {argType, "type"}, {argID, "id"}} {
		if a[c.arg].Kind == pgvalue.Null {
			position := next()
			return notNull(c.name, a, e, &position, global())
		}
	}
	if e.Stream == "" {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "a stream name cannot be empty")
	}
	if e.EventID == (uuid.UUID{}) {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "the nil UUID is not an event id")
	}
	return nil
}

// notNull says that a column of messages has no value.
func notNull(column string, a []pgvalue.Value, e *engine.ProposedEvent, position *int64, global int64) error {
	cut := func(s string) string {
		const most = 64 // bytes of a value that PostgreSQL shows
		if len(s) <= most {
			return s
		}
		n := most
		for n > 0 && s[n]&0xc0 == 0x80 {
			n--
		}
		return s[:n] + "..."
	}
	text := func(arg int, value string) string {
		if a[arg].Kind == pgvalue.Null {
			return "null"
		}
		return cut(value)
	}
	now := pgvalue.TimeValue(time.Now().UnixMicro())
	at := "null"
	if position != nil {
		at = strconv.FormatInt(*position, 10)
	}
	row := strconv.FormatInt(global, 10) + ", " + at + ", " + string(pgvalue.AppendText(nil, pgvalue.OIDTimestamp, &now, nil)) + ", " + text(argStream, e.Stream) + ", " +
		text(argType, e.Type) + ", " + text(argData, string(e.Payload)) + ", " + text(argMetadata, string(e.Metadata)) + ", " + text(argID, e.EventID.String())
	x := pgerror.Errorf(pgerror.NotNullViolation, "null value in column \"%s\" of relation \"messages\" violates not-null constraint", column).
		WithDetail("Failing row contains (%s).", row)
	x.Schema, x.Table, x.Column = searchpath.MessageStore, relation.Messages.Name, column
	return x
}

func wrongVersion(expected, stream *pgvalue.Value, now int64) error {
	return raised("Wrong expected version: %s (Stream: %s, Stream Version: %d)", shown(expected), shown(stream), now)
}

// failed is the error of a write as Message DB tells it.
func failed(err error, expected, stream *pgvalue.Value) error {
	var conflict *engine.VersionConflictError
	if errors.As(err, &conflict) && expected.Kind != pgvalue.Null {
		return wrongVersion(expected, stream, conflict.Actual)
	}
	return Told(err)
}

// Told is the error of an append as who writes messages knows it: of an id that is known.
func Told(err error) error {
	var d *engine.DuplicateEventError
	if !errors.As(err, &d) {
		return err
	}
	x := pgerror.Errorf(pgerror.UniqueViolation, "duplicate key value violates unique constraint \"messages_id\"").
		WithDetail("Key (id)=(%s) already exists.", d.EventID)
	x.Schema, x.Table, x.Constraint = searchpath.MessageStore, relation.Messages.Name, "messages_id"
	return x
}

// WritesOne tells of a SELECT that writes one message and does nothing beside but compute its arguments.
func WritesOne(st *syntax.SelectStmt) bool {
	if st.Where != nil || st.GroupBy != nil || st.OrderBy != nil || st.Limit != nil || st.Offset != nil || len(st.Items) != 1 {
		return false
	}
	var args []syntax.Expr
	switch call, ok := st.Items[0].Expr.(*syntax.CallExpr); {
	case ok && st.From == nil && call.Name == relation.WriteMessage.Name:
		args = call.Args
	case st.From != nil && st.From.Called && st.From.Table == relation.WriteMessage.Name:
		if _, ok := st.Items[0].Expr.(*syntax.ColumnExpr); !ok {
			return false
		}
		args = st.From.Args
	default:
		return false
	}
	plain := true
	for _, a := range args {
		expr.Walk(a, func(x syntax.Expr) {
			call, ok := x.(*syntax.CallExpr)
			plain = plain && (!ok || expr.Computes(call))
		})
	}
	return plain
}

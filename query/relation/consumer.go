package relation

import (
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/syntax"
)

// Consumed is what consume returns: the columns of events, with the partition of each and how often it was tried. As of events, those after the
// visible ones can only be named.
var Consumed = served(syntax.ConsumeFunction, 0, EventCategory+2, slices.Concat(Events.Columns[:EventCategory],
	[]Column{{Name: "partition", OID: pgvalue.OIDInt4}, {Name: "attempt", OID: pgvalue.OIDInt4}}, Events.Columns[EventCategory:EventExpectedVersion]))

// Columns of Consumed that are not those of events.
const (
	ConsumedPartition = EventCategory
	ConsumedAttempt   = EventCategory + 1
)

// EventColumn is the column of events that one of Consumed is.
func EventColumn(i int) int {
	if i > ConsumedAttempt {
		return i - 2
	}
	return i
}

// What the server tells of consumers, to who may use them. They are in no catalog, as Health.
var (
	Consumers = served("eventgres_consumers", 16400, 15, []Column{
		{Name: "consumer", OID: pgvalue.OIDText},
		{Name: "owner", OID: pgvalue.OIDName},
		{Name: "filter", OID: pgvalue.OIDText},
		{Name: "partitions", OID: pgvalue.OIDInt4},
		{Name: "max_attempts", OID: pgvalue.OIDInt4},
		{Name: "lease", OID: pgvalue.OIDInterval},
		{Name: "on_park", OID: pgvalue.OIDText},
		{Name: "checkpoints", OID: pgvalue.OIDInt8Array},
		{Name: "lowest", OID: pgvalue.OIDInt8},
		{Name: "head", OID: pgvalue.OIDInt8},
		{Name: "lag", OID: pgvalue.OIDInt8},
		{Name: "lag_seconds", OID: pgvalue.OIDFloat8},
		{Name: "members", OID: pgvalue.OIDInt4},
		{Name: "parked", OID: pgvalue.OIDInt4},
		{Name: "state", OID: pgvalue.OIDText},
	})
	ParkedEvents = served("eventgres_parked_events", 16401, 9, []Column{
		{Name: "consumer", OID: pgvalue.OIDText},
		{Name: "partition", OID: pgvalue.OIDInt4},
		{Name: "position", OID: pgvalue.OIDInt8},
		{Name: "stream_id", OID: pgvalue.OIDUUID},
		{Name: "stream", OID: pgvalue.OIDText},
		{Name: "attempts", OID: pgvalue.OIDInt4},
		{Name: "reason", OID: pgvalue.OIDText},
		{Name: "parked_at", OID: pgvalue.OIDTimestamptz},
		{Name: "released", OID: pgvalue.OIDBool},
	})
)

func served(name string, oid uint32, visible int, columns []Column) *Relation {
	r := newRelation(name, oid, visible, columns)
	r.Served = true
	return r
}

// Functions of consumers. Their bodies are the server's.
var (
	CreateConsumer = consumers(16602, "create_consumer", pgvalue.OIDVoid, "a consumer of events, whose members share them",
		[]string{"name", "filter", "after", "partitions", "max_attempts", "lease", "on_park"},
		[]uint32{pgvalue.OIDText, pgvalue.OIDText, pgvalue.OIDInt8, pgvalue.OIDInt4, pgvalue.OIDInt4, pgvalue.OIDInterval, pgvalue.OIDText},
		"NULL", "-1", "64", "5", "'00:00:30'", "'continue'")
	DropConsumer  = consumers(16603, "drop_consumer", pgvalue.OIDVoid, "drop a consumer", []string{"name"}, []uint32{pgvalue.OIDText})
	AlterConsumer = consumers(16604, "alter_consumer", pgvalue.OIDVoid, "alter a consumer; what is null stays",
		[]string{"name", "filter", "partitions", "max_attempts", "lease", "on_park"},
		[]uint32{pgvalue.OIDText, pgvalue.OIDText, pgvalue.OIDInt4, pgvalue.OIDInt4, pgvalue.OIDInterval, pgvalue.OIDText},
		"NULL", "NULL", "NULL", "NULL", "NULL")
	ResetConsumer = consumers(16605, "reset_consumer", pgvalue.OIDVoid, "have a consumer go on after a position; null is now",
		[]string{"name", "after"}, []uint32{pgvalue.OIDText, pgvalue.OIDInt8})
	Consume = consumers(16606, syntax.ConsumeFunction, pgvalue.OIDRecord, "the next events of a consumer's member, which stay so until they are acknowledged",
		[]string{"name", "batch", "wait", "member"}, []uint32{pgvalue.OIDText, pgvalue.OIDInt4, pgvalue.OIDInterval, pgvalue.OIDText}, "NULL")
	Ack = consumers(16607, "ack", pgvalue.OIDVoid, "acknowledge consumed events up to a position",
		[]string{"name", "upto", "member"}, []uint32{pgvalue.OIDText, pgvalue.OIDInt8, pgvalue.OIDText}, "NULL")
	Nack = consumers(16608, "nack", pgvalue.OIDBool, "say that a consumed event has failed; true if it was parked",
		[]string{"name", "at", "reason", "retry_after", "member"},
		[]uint32{pgvalue.OIDText, pgvalue.OIDInt8, pgvalue.OIDText, pgvalue.OIDInterval, pgvalue.OIDText}, "NULL", "NULL")
	Leave = consumers(16609, "leave", pgvalue.OIDBool, "end the membership of a consumer; true if there was one",
		[]string{"name", "member"}, []uint32{pgvalue.OIDText, pgvalue.OIDText}, "NULL")
	Unpark = consumers(16610, "unpark", pgvalue.OIDInt8, "have a parked event delivered once more, with those of its stream that are parked with it; how many",
		[]string{"name", "at"}, []uint32{pgvalue.OIDText, pgvalue.OIDInt8})
)

// consumers declares a function of consumers, all of which do something to the session or the store.
func consumers(oid uint32, name string, result uint32, about string, names []string, args []uint32, defaults ...string) *Function {
	f := &Function{
		OID: oid, Schema: "public", Name: name, Args: args, ArgNames: names, Defaults: defaults, Result: result, Volatile: 'v', Effects: true,
		About: about, Source: "\nBEGIN\n  -- the server itself does it\nEND",
	}
	if name == syntax.ConsumeFunction {
		for _, c := range Consumed.Columns[:Consumed.Visible] {
			f.ArgNames, f.Out = append(f.ArgNames, c.Name), append(f.Out, c.OID)
		}
	}
	return f
}

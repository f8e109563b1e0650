package relation

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/syntax"
)

// Relation is one of those that there always are.
type Relation struct {
	Name    string
	OID     uint32
	Columns []Column
	ByName  map[string]int
	Visible int // columns in *; those after can only be named
	Keys    []Key
	Indexes []Index // beside those of the keys
	Roles   bool    // its rows are made of roles
	Served  bool    // its rows are the server's
	// MessageStore: it is of schema message_store. Its rows are the server's too.
	MessageStore bool
}

// Column is a column of a relation, with what the catalog says of it.
type Column struct {
	Name    string
	OID     uint32 // of its type
	NotNull bool
	Default string // an expression, empty if there is none
	// Identity says that the log gives the value: "a" always, "d" where an INSERT does not; empty: it does not.
	Identity string
	Secret   bool // the worker must not know it
}

// Key is a primary or unique key. Its index has its name.
type Key struct {
	Name    string
	Primary bool
	Columns []int
}

// Columns of events, by their place in the relation.
const (
	EventPosition = iota
	EventStreamID
	EventStream
	EventVersion
	EventEventID
	EventType
	EventPayload
	EventMetadata
	EventTags
	EventRecordedAt
	EventCategory
	EventPayloadBytes
	EventExpectedVersion
	EventColumns
)

// Columns of streams.
const (
	StreamStreamID = iota
	StreamStream
	StreamCategory
	StreamVersion
	StreamFirstPosition
	StreamLastPosition
	StreamCreatedAt
	StreamUpdatedAt
)

// The unique keys of events, by their constraints' names.
const (
	VersionKey = "events_stream_id_version_key"
	EventIDKey = "events_event_id_key"
)

// The OIDs are stable: clients keep them.
var (
	Events = newRelation("events", 16385, 10, []Column{
		{Name: "position", OID: pgvalue.OIDInt8, NotNull: true, Identity: "a"},
		{Name: "stream_id", OID: pgvalue.OIDUUID, NotNull: true},
		{Name: "stream", OID: pgvalue.OIDText},
		{Name: "version", OID: pgvalue.OIDInt8, NotNull: true, Identity: "d"},
		{Name: "event_id", OID: pgvalue.OIDUUID, NotNull: true, Default: "gen_random_uuid()"},
		{Name: "type", OID: pgvalue.OIDText, NotNull: true},
		{Name: "payload", OID: pgvalue.OIDJSONB},
		{Name: "metadata", OID: pgvalue.OIDJSONB},
		{Name: "tags", OID: pgvalue.OIDTextArray},
		{Name: "recorded_at", OID: pgvalue.OIDTimestamptz, NotNull: true, Default: "now()"},
		{Name: "category", OID: pgvalue.OIDText},
		{Name: "payload_bytes", OID: pgvalue.OIDBytea},
		{Name: "expected_version", OID: pgvalue.OIDInt8},
	},
		Key{Name: "events_pkey", Primary: true, Columns: []int{EventPosition}},
		Key{Name: VersionKey, Columns: []int{EventStreamID, EventVersion}},
		Key{Name: EventIDKey, Columns: []int{EventEventID}}).indexed(
		Index{Name: "events_category_idx", Column: EventStream, Expression: CategoryFunction + "(stream, '-'::text, 1)"},
		Index{Name: "events_type_idx", Column: EventType},
		Index{Name: "events_tags_idx", Column: EventTags})
	Streams = newRelation("streams", 16393, 8, []Column{
		{Name: "stream_id", OID: pgvalue.OIDUUID},
		{Name: "stream", OID: pgvalue.OIDText},
		{Name: "category", OID: pgvalue.OIDText},
		{Name: "version", OID: pgvalue.OIDInt8},
		{Name: "first_position", OID: pgvalue.OIDInt8},
		{Name: "last_position", OID: pgvalue.OIDInt8},
		{Name: "created_at", OID: pgvalue.OIDTimestamptz},
		{Name: "updated_at", OID: pgvalue.OIDTimestamptz},
	})
)

func newRelation(name string, oid uint32, visible int, columns []Column, keys ...Key) *Relation {
	r := &Relation{Name: name, OID: oid, Columns: columns, ByName: map[string]int{}, Visible: visible, Keys: keys}
	for i, c := range columns {
		r.ByName[c.Name] = i
	}
	return r
}

// CategoryFunction is PostgreSQL's function that makes a category of a stream's name.
const CategoryFunction = "split_part"

// Index is an index that is no key's, of a column, or of an expression over it.
type Index struct {
	Name       string
	Column     int
	Expression string
}

func (r *Relation) indexed(list ...Index) *Relation {
	r.Indexes = list
	return r
}

// Find resolves a table name as a search path of public would.
func Find(ref *syntax.RelationRef, src string, path searchpath.Path) (*Relation, error) {
	switch {
	case ref.Schema == "" && path.Has("public") || ref.Schema == "public":
		switch ref.Table {
		case "events":
			return Events, nil
		case "streams":
			return Streams, nil
		case Health.Name:
			return Health, nil
		case Consumers.Name:
			return Consumers, nil
		case ParkedEvents.Name:
			return ParkedEvents, nil
		case Cluster.Name:
			return Cluster, nil
		}
	case ref.Schema == "pg_catalog" || ref.Schema == "information_schema":
		return nil, syntax.UnsupportedError(src, &syntax.Unsupported{What: "the system catalog", Pos: ref.Pos})
	}
	if ref.Schema == "" && len(ref.Table) > 3 && ref.Table[:3] == "pg_" {
		return nil, syntax.UnsupportedError(src, &syntax.Unsupported{What: "the system catalog", Pos: ref.Pos})
	}
	full := ref.Table
	if ref.Schema != "" {
		full = ref.Schema + "." + ref.Table
	}
	return nil, pgerror.Errorf(pgerror.UndefinedTable, "relation \"%s\" does not exist", full).At(syntax.CharPosition(src, ref.Pos))
}

// ErrInsertOnly: what an append expected is not kept.
var ErrInsertOnly = pgerror.Errorf(pgerror.FeatureNotSupported, "expected_version can be inserted and not read").
	WithHint("The stream's version is in column version.")

func NoColumn(c *syntax.ColumnExpr, src string) error {
	if c.Table != "" {
		return pgerror.Errorf(pgerror.UndefinedColumn, "column %s.%s does not exist", c.Table, c.Column).At(syntax.CharPosition(src, c.Pos))
	}
	return pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" does not exist", c.Column).At(syntax.CharPosition(src, c.Pos))
}

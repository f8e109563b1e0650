package catalog

import "slices"

// The OIDs of the session's user and of its database, whatever their names.
const (
	UserOID     = 16384
	DatabaseOID = 16386
)

// The OIDs of what is ours. Clients keep them, so they never change.
const (
	oidUser     = UserOID
	oidEvents   = 16385
	oidDatabase = DatabaseOID
	oidStreams  = 16393

	oidEventsIndexes     = 16400 // and on, by constraint
	oidEventsConstraints = 16410
	oidEventsDefaults    = 16430 // plus the column's number
	oidStreamsRule       = 16420

	oidEventsType       = 16500
	oidEventsArrayType  = 16501
	oidStreamsType      = 16502
	oidStreamsArrayType = 16503

	oidStreamIDFunction = 16600
)

// PostgreSQL's own that are named here.
const (
	oidPostgres        = 10
	nsCatalog          = 11
	nsPublic           = 2200
	ownerOfPublic      = 6171
	amHeap             = 2
	amBtree            = 403
	langInternal       = 12
	collationDefault   = 100
	defaultTablespace  = 1663
	classRelid         = 1259
	typeRelid          = 1247
	procRelid          = 1255
	constraintRelid    = 2606
	attrdefRelid       = 2604
	rewriteRelid       = 2618
	namespaceRelid     = 2615
	databaseRelid      = 1262
	opclassInt8        = 3124
	opclassUUID        = 10065
	oidUUID            = 2950
	oidJSONB           = 3802
	oidBytea           = 17
	encodingUTF8       = 6
	serverCollation    = "C"
	btreeRelationPages = 1
	arraySubscript     = 6179 // array_subscript_handler
)

// relation is one of schema public, with what a query does not need to know.
type relation struct {
	Relation
	rowType, arrayType uint32
	keys               []key
	definition         string // of a view
	uses               []uint32
	rule               uint32
	comment            string
	bytes              int64
}

// key is a primary or unique key. Its index has its name.
type key struct {
	oid, index uint32
	name       string
	primary    bool
	columns    []int // numbers, from 1
	opclasses  []uint32
}

// relations are those of schema public: ours, and the views of the state.
func relations(s State) []*relation {
	list := []*relation{
		{
			Relation: Relation{OID: oidEvents, Name: "events", Kind: 'r', Columns: []RelationColumn{
				{Name: "position", OID: oidInt8, NotNull: true},
				{Name: "stream_id", OID: oidUUID, NotNull: true},
				{Name: "stream", OID: oidText},
				{Name: "version", OID: oidInt8, NotNull: true},
				{Name: "event_id", OID: oidUUID, NotNull: true, Default: "gen_random_uuid()"},
				{Name: "type", OID: oidText, NotNull: true},
				{Name: "payload", OID: oidJSONB},
				{Name: "metadata", OID: oidJSONB},
				{Name: "tags", OID: oidTextArray},
				{Name: "recorded_at", OID: oidTimestamptz, NotNull: true, Default: "now()"},
				{Name: "category", OID: oidText, Hidden: true},
				{Name: "payload_bytes", OID: oidBytea, Hidden: true},
				{Name: "expected_version", OID: oidInt8, Hidden: true},
			}},
			rowType: oidEventsType, arrayType: oidEventsArrayType,
			keys: []key{
				{name: "events_pkey", primary: true, columns: []int{1}, opclasses: []uint32{opclassInt8}},
				{name: "events_stream_id_version_key", columns: []int{2, 4}, opclasses: []uint32{opclassUUID, opclassInt8}},
				{name: "events_event_id_key", columns: []int{5}, opclasses: []uint32{opclassUUID}},
			},
		},
		{
			Relation: Relation{OID: oidStreams, Name: "streams", Kind: 'v', Columns: []RelationColumn{
				{Name: "stream_id", OID: oidUUID},
				{Name: "stream", OID: oidText},
				{Name: "category", OID: oidText},
				{Name: "version", OID: oidInt8},
				{Name: "first_position", OID: oidInt8},
				{Name: "last_position", OID: oidInt8},
				{Name: "created_at", OID: oidTimestamptz},
				{Name: "updated_at", OID: oidTimestamptz},
			}},
			rowType: oidStreamsType, arrayType: oidStreamsArrayType,
			rule: oidStreamsRule, definition: streamsDefinition,
		},
	}
	for i := range list[0].keys {
		k := &list[0].keys[i]
		k.oid, k.index = oidEventsConstraints+uint32(i), oidEventsIndexes+uint32(i)
	}
	for _, r := range list {
		for i := range r.Columns {
			r.Columns[i].Typmod = -1
		}
	}
	for _, v := range s.Views {
		r := &relation{
			Relation: Relation{OID: v.OID, Name: v.Name, Kind: 'v'},
			rowType:  v.OID + 1, arrayType: v.OID + 2, rule: v.OID + 3,
			definition: v.Definition, uses: v.Uses, comment: v.Comment,
		}
		if v.Materialized {
			r.Kind = 'm'
		}
		for _, c := range v.Columns {
			r.Columns = append(r.Columns, RelationColumn{Name: c.Name, OID: c.OID, Typmod: c.Typmod, Comment: c.Comment})
		}
		list = append(list, r)
	}
	for _, r := range list {
		r.bytes = s.Sizes[r.OID]
		if comment, ok := s.Comments[r.Name]; ok {
			r.comment = comment
		}
		for i := range r.Columns {
			if comment, ok := s.Comments[r.Name+"."+r.Columns[i].Name]; ok {
				r.Columns[i].Comment = comment
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *relation) int { return int(a.OID) - int(b.OID) })
	return list
}

// streamsDefinition is what the view would be if it were one. It is answered
// from the index of streams.
const streamsDefinition = ` SELECT events.stream_id,
    max(events.stream) AS stream,
    split_part(max(events.stream), '-'::text, 1) AS category,
    max(events.version) AS version,
    min(events."position") AS first_position,
    max(events."position") AS last_position,
    min(events.recorded_at) AS created_at,
    max(events.recorded_at) AS updated_at
   FROM events
  GROUP BY events.stream_id;`

// visible are the columns that pg_attribute has.
func (r *relation) visible() []RelationColumn {
	n := 0
	for n < len(r.Columns) && !r.Columns[n].Hidden {
		n++
	}
	return r.Columns[:n]
}

// pages is how much of a file r takes, as pg_class says.
func (r *relation) pages() int64 { return (r.bytes + 8191) / 8192 }

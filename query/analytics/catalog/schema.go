package catalog

import (
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
)

// The OIDs of the session's user and of its database, whatever their names.
const (
	UserOID     = 16384
	DatabaseOID = 16386
)

// The OIDs of what is ours. Clients keep them, so they never change.
const (
	oidUser     = UserOID
	oidDatabase = DatabaseOID

	oidEventsIndexes     = 16400 // and on, by constraint
	oidEventsConstraints = 16410
	oidEventsDefaults    = 16430 // plus the column's number
	oidStreamsRule       = 16420

	oidEventsType       = 16500
	oidEventsArrayType  = 16501
	oidStreamsType      = 16502
	oidStreamsArrayType = 16503
)

// PostgreSQL's own that are named here.
const (
	oidPostgres        = 10
	nsCatalog          = 11
	nsPublic           = 2200
	ownerOfPublic      = 6171
	amHeap             = 2
	amBtree            = 403
	langPLpgSQL        = 13563
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
	encodingUTF8       = 6
	serverCollation    = "C"
	btreeRelationPages = 1
	ginRelationPages   = 2
	arraySubscript     = 6179 // array_subscript_handler
)

// publicRelation is one of schema public, with what a query does not need to know.
type publicRelation struct {
	Relation
	namespace          uint32
	rowType, arrayType uint32
	keys               []key
	indexes            []index // that are no key's
	definition         string  // of a view
	bare               []BareName
	uses               []uint32
	rule               uint32
	comment            string
	bytes              int64
	object             privilege.Object
	options            []string
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
func relations(s State) []*publicRelation {
	list := []*publicRelation{
		{Relation: described(relation.Events, 'r'), rowType: oidEventsType, arrayType: oidEventsArrayType},
		{
			Relation: described(relation.Streams, 'v'), rowType: oidStreamsType, arrayType: oidStreamsArrayType,
			rule: oidStreamsRule, definition: streamsDefinition, bare: []BareName{{At: len(streamsHead), Schema: "public", Name: "events"}},
		},
	}
	for i, k := range relation.Events.Keys {
		out := key{name: k.Name, primary: k.Primary, oid: oidEventsConstraints + uint32(i), index: oidEventsIndexes + uint32(i)}
		for _, c := range k.Columns {
			out.columns = append(out.columns, c+1)
			out.opclasses = append(out.opclasses, opclasses[relation.Events.Columns[c].OID])
		}
		list[0].keys = append(list[0].keys, out)
	}
	list[0].indexes = indexesOf(relation.Events)
	for _, v := range s.Views {
		r := &publicRelation{
			Relation: Relation{OID: v.OID, Name: v.Name, Kind: 'v'},
			rowType:  v.OID + 1, arrayType: v.OID + 2, rule: v.OID + 3,
			definition: v.Definition, bare: v.Bare, uses: v.Uses, comment: v.Comment, object: v.Object, options: v.Options,
		}
		if v.Materialized {
			r.Kind = 'm'
		}
		for _, c := range v.Columns {
			r.Columns = append(r.Columns, RelationColumn{Name: c.Name, OID: c.OID, Typmod: c.Typmod, Comment: c.Comment})
		}
		list = append(list, r)
	}
	if s.MessageStore {
		list = append(list, messageStore()...)
		s.storeGrants(list)
	}
	for _, r := range list {
		if r.namespace == 0 {
			r.namespace = nsPublic
		}
		if r.object.Owner == 0 && s.Object != nil {
			r.object, _ = s.Object(r.Name)
		}
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
	slices.SortStableFunc(list, func(a, b *publicRelation) int { return int(a.OID) - int(b.OID) })
	return list
}

// opclasses are those of indexes, by the type of the column.
var opclasses = map[uint32]uint32{pgvalue.OIDInt8: opclassInt8, pgvalue.OIDUUID: opclassUUID}

// described is one of the relations that there always are, of a kind as pg_class has it.
func described(r *relation.Relation, kind byte) Relation {
	out := Relation{OID: r.OID, Name: r.Name, Kind: kind}
	for i, c := range r.Columns {
		out.Columns = append(out.Columns, RelationColumn{
			Name: c.Name, OID: c.OID, NotNull: c.NotNull, Default: c.Default, Identity: c.Identity, Hidden: i >= r.Visible, Typmod: -1,
		})
	}
	return out
}

// streamsDefinition is what the view would be if it were one. It is answered
// from the index of streams.
const (
	streamsDefinition = streamsHead + "events\n  GROUP BY events.stream_id;"
	streamsHead       = ` SELECT events.stream_id,
    max(events.stream) AS stream,
    split_part(max(events.stream), '-'::text, 1) AS category,
    max(events.version) AS version,
    min(events."position") AS first_position,
    max(events."position") AS last_position,
    min(events.recorded_at) AS created_at,
    max(events.recorded_at) AS updated_at
   FROM `
)

// visible are the columns that pg_attribute has.
func (r *publicRelation) visible() []RelationColumn {
	n := 0
	for n < len(r.Columns) && !r.Columns[n].Hidden {
		n++
	}
	return r.Columns[:n]
}

// pages is how much of a file r takes, as pg_class says.
func (r *publicRelation) pages() int64 { return (r.bytes + 8191) / 8192 }

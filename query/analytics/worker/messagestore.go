//go:build cgo

package worker

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/translate"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
)

// messagesQuery is what messages are: the events of named streams. Streams that have an id alone are not Message DB's.
const messagesQuery = `SELECT position + 1 AS global_position, version AS "position", recorded_at AT TIME ZONE 'UTC' AS "time", stream AS stream_name, type, payload AS data, metadata,
	event_id AS id FROM public.events WHERE stream IS NOT NULL`

// summaryQuery is a view that counts messages by some of what they have.
func summaryQuery(keys []string) string {
	list := strings.Join(keys, ", ")
	return "SELECT " + list + ", message_count, round(message_count / (SELECT count(*) FROM message_store.messages)::numeric * 100, 2) AS percent FROM (SELECT " + list +
		", count(*) AS message_count FROM (SELECT *, message_store.category(stream_name) AS category FROM message_store.messages) AS m GROUP BY " + list + ") AS counted ORDER BY " + list
}

// messages is a relation of schema message_store.
func (s *schema) messages(name string) (*translate.Relation, bool) {
	r := &translate.Relation{
		Schema: searchpath.MessageStore, Name: name, ViewZone: pgvalue.UTC.Key(), ViewPath: searchpath.WithMessageStore(""), Guarded: true, Owner: privilege.BootstrapOID,
	}
	if name == relation.Messages.Name {
		r.OID, r.View = relation.Messages.OID, messagesQuery
		for i, c := range relation.Messages.Columns {
			r.Columns = append(r.Columns, translate.RelationColumn{Name: c.Name, OID: c.OID, Mod: -1, Attr: int16(i + 1)})
		}
		return r, true
	}
	for i := range relation.MessageSummaries {
		v := relation.MessageSummaries[i]
		if v.Name != name {
			continue
		}
		r.OID = v.OID
		var keys []string
		for k, c := range v.Columns {
			r.Columns = append(r.Columns, translate.RelationColumn{Name: c.Name, OID: c.OID, Mod: -1, Attr: int16(k + 1)})
			if k < len(v.Columns)-2 {
				keys = append(keys, c.Name)
			}
		}
		r.View = summaryQuery(keys)
		return r, true
	}
	return nil, false
}

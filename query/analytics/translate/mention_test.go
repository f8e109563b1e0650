//go:build cgo

package translate

import (
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/searchpath"
)

// eventsOnly is a catalog of events, streams and a view of events.
type eventsOnly struct{}

func (eventsOnly) Relation(_, name string) (*Relation, bool) {
	column := func(name string, oid uint32) RelationColumn { return RelationColumn{Name: name, OID: oid, Mod: -1} }
	r := &Relation{Schema: "public", Name: name, OID: 1, SQL: name, Columns: []RelationColumn{
		column("position", pgvalue.OIDInt8), column("stream", pgvalue.OIDText), column("type", pgvalue.OIDText), column("payload", pgvalue.OIDJSONB),
	}}
	switch name {
	case "events", "streams":
	case "orders":
		r.SQL, r.View, r.Columns = "", "SELECT position AS at FROM events WHERE type = 'Ordered'", []RelationColumn{column("at", pgvalue.OIDInt8)}
	default:
		return nil, false
	}
	return r, true
}

func (eventsOnly) Operations(string) []catalog.Operation { return nil }
func (eventsOnly) HasFunction(string, int) bool          { return false }
func (eventsOnly) RegIn(uint32, string) (uint32, error)  { return 0, nil }
func (eventsOnly) Schema(name string) bool               { return name == "public" }
func (e eventsOnly) In(searchpath.Path) Catalog          { return e }
func (eventsOnly) Searches(string) bool                  { return true }

func TestMentions(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"SELECT 1", ""},
		{"SELECT count(*) FROM events", "events"},
		{"SELECT count(*) FROM events e WHERE e.type = 'A' AND stream = $1", "events: type = 'A' & stream = $1"},
		{"SELECT type, count(*) FROM events WHERE stream = 's' GROUP BY type HAVING count(*) > 1", "events: stream = 's'"},
		{"SELECT 1 FROM events a, events b WHERE a.type = 'A' AND b.type = 'B' AND a.stream = b.stream AND (a.type = 'C' OR b.type = 'D')", "events: type = 'A'; events: type = 'B'"},
		{"SELECT 1 FROM events a JOIN streams b ON a.stream = b.stream AND b.stream = 's' AND a.type = 'A'", "events: type = 'A'; streams: stream = 's'"},
		{"SELECT 1 FROM events a LEFT JOIN events b ON b.type = 'B' AND a.type = 'A' WHERE a.stream = 's' AND (b.type = 'C' OR b.type IS NULL)", "events: stream = 's'; events: type = 'B'"},
		{"SELECT 1 FROM events a RIGHT JOIN events b ON b.type = 'B' AND a.type = 'A' WHERE a.stream = 's' AND b.stream = 't'", "events: type = 'A'; events: stream = 't'"},
		{"SELECT 1 FROM events a FULL JOIN events b ON b.type = 'B' AND a.type = 'A' WHERE a.stream = 's'", "events; events"},
		{"SELECT 1 FROM events a LEFT JOIN (events b LEFT JOIN events c ON c.type = 'C') ON b.type = 'B' AND c.stream = 'c'", "events; events: type = 'B'; events: type = 'C'"},
		{"SELECT 1 FROM events a JOIN events b USING (stream) WHERE stream = 's'", "events: stream = 's'; events"},
		{"SELECT 1 FROM events AS e (p, s, kind) WHERE kind = 'A' AND e.p > 3", "events: type = 'A' & \"position\" > 3"},
		{"SELECT 1 FROM (SELECT * FROM events WHERE type = 'A') AS q WHERE q.stream = 's'", "events: type = 'A'"},
		{"WITH w AS (SELECT * FROM events WHERE type = 'A') SELECT 1 FROM w UNION ALL SELECT 2 FROM events WHERE type = 'B'", "events: type = 'A'; events: type = 'B'"},
		{"SELECT 1 FROM events a WHERE type = 'A' AND EXISTS (SELECT 1 FROM events b WHERE b.type = 'B' AND b.stream = a.stream AND a.type = 'C')", "events: type = 'A'; events: type = 'B'"},
		{"SELECT at FROM orders WHERE at > 3", "events: type = 'Ordered'"},
		{"SELECT 1 FROM events WHERE events IS NOT NULL AND payload ->> 'a' = 'x' AND random() < 2", "events: (payload ->> 'a') = 'x' & random() < 2"},
		{"SELECT 1 FROM events a LEFT JOIN streams b ON $1 > 0 WHERE false", "events: false; streams: $1 > 0"},
		// Whether the statement's own WHERE decides.
		{"SELECT 'a' WHERE NOT EXISTS (SELECT 1 FROM events WHERE type = 'A')", "events: type = 'A' guarded"},
		{"SELECT m FROM generate_series(1, 3) AS m WHERE (SELECT count(*) FROM events) < 3", "events guarded"},
		{"SELECT m FROM (SELECT max(position) AS m FROM events) AS q WHERE NOT EXISTS (SELECT 1 FROM streams)", "events; streams guarded"},
		{"SELECT n FROM (SELECT count(*) AS n FROM events GROUP BY type) AS q WHERE n < 3", "events"},
		{"SELECT type FROM events WHERE NOT EXISTS (SELECT 1 FROM streams)", "events; streams"},
		{"WITH w AS (SELECT 1 FROM events) SELECT 'a' WHERE NOT EXISTS (SELECT 1 FROM w)", "events guarded"},
		{"WITH w AS (SELECT 1 FROM events) SELECT 'a' FROM w WHERE NOT EXISTS (SELECT 1 FROM streams)", "events; streams"},
		{"SELECT 'a' FROM orders WHERE NOT EXISTS (SELECT 1 FROM streams)", "events: type = 'Ordered'; streams"},
		{"SELECT 'a' WHERE NOT EXISTS (SELECT 1 FROM events) UNION ALL SELECT 'b' WHERE NOT EXISTS (SELECT 1 FROM streams)", "events; streams guarded"},
		{"SELECT * FROM (SELECT 'a' WHERE NOT EXISTS (SELECT 1 FROM events)) AS q", "events guarded"},
		{"SELECT 'a' FROM events WHERE type = 'A' HAVING count(*) < 5", "events: type = 'A' guarded"},
		{"WITH w AS (SELECT 'a' WHERE NOT EXISTS (SELECT 1 FROM events)) SELECT * FROM w", "events guarded"},
	} {
		st, err := Translate(c.sql, Options{Catalog: eventsOnly{}, Mentions: true})
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		var list []string
		for _, m := range st.Mentions {
			text := m.Relation
			if len(m.Conditions) > 0 {
				text += ": " + strings.Join(m.Conditions, " & ")
			}
			list = append(list, text)
		}
		got := strings.Join(list, "; ")
		if st.Guarded {
			got += " guarded"
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
}

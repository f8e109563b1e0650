package query

import (
	"strings"
	"testing"
)

// TestNotFollowed: a condition that PostgreSQL has, and that is not evaluated natively, is 0A000 in SUBSCRIBE, in a consumer's filter and in a
// publication, and says what it is; what PostgreSQL has not is what it is there.
func TestNotFollowed(t *testing.T) {
	c := newConsumerTest(t)
	for _, test := range [][2]string{
		{"type ~ 'a'", "0A000 operator ~ is not supported"},
		{"type !~* 'a'", "0A000 operator !~* is not supported"},
		{"type SIMILAR TO 'a'", "0A000 SIMILAR TO"},
		{"type NOT SIMILAR TO 'a#%' ESCAPE '#'", "0A000 SIMILAR TO"},
		{"regexp_like(type, 'a')", "0A000 function regexp_like"},
		{"CASE WHEN type = 'a' THEN true ELSE false END", "0A000 CASE"},
		{"CASE type WHEN 'a' THEN true END", "0A000 CASE"},
		{"payload = '{}'", "0A000 a comparison of JSON"},
		{"payload->'a' = '1'", "0A000 a comparison of JSON"},
		{"payload->'a' > payload->'b'", "0A000 a comparison of JSON"},
		{"payload - 'a' = '{}'", "0A000 operator - on jsonb"},
		{"payload || '{}' = '{}'", "0A000 operator || on jsonb"},
		{"payload @@ '$.a'", "0A000 operator @@"},
		{"recorded_at - recorded_at > '1 s'", "0A000 operator - on timestamp with time zone"},
		{"type IS DISTINCT FROM 'a'", "0A000 IS DISTINCT FROM"},
		{"(type, version) = ('a', 1)", "0A000 a row constructor"},
		{"EXISTS (SELECT 1)", "0A000"},
		{"position IN (SELECT 1)", "0A000"},
		{"type = 1", "42883 operator does not exist: text = integer"},
		{"no_such(type)", "42883 function no_such(text) does not exist"},
	} {
		fails(t, c.conn, test[1], "SUBSCRIBE SELECT position FROM events WHERE "+test[0])
		quoted := strings.ReplaceAll(test[0], "'", "''")
		fails(t, c.conn, test[1][:5], "SELECT create_consumer('c', filter => '"+quoted+"')")
		fails(t, c.conn, "", "CREATE PUBLICATION p FOR TABLE events WHERE ("+test[0]+")")
	}
	for _, ok := range []string{"recorded_at + interval '1 hour' > '2020-01-01'", "recorded_at > now() - interval '1 day'", "interval '1 hour' + recorded_at > now()"} {
		if _, err := c.conn.PgConn().Prepare(t.Context(), "", "SUBSCRIBE SELECT position FROM events WHERE "+ok, nil); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
}

// TestFormsNotFollowed: a SELECT that needs more than one event has no end, and is refused, with its place.
func TestFormsNotFollowed(t *testing.T) {
	c := newConsumerTest(t)
	for _, test := range [][2]string{
		{"SELECT position FROM events GROUP BY position", "0A000 GROUP BY cannot be followed"},
		{"SELECT position FROM events LIMIT 1", "0A000 LIMIT cannot be followed"},
		{"SELECT position FROM events OFFSET 1", "0A000 OFFSET cannot be followed"},
		{"SELECT position FROM events FETCH FIRST 1 ROW WITH TIES", "0A000"},
		{"SELECT position FROM events FOR UPDATE", "0A000 FOR UPDATE cannot be followed"},
		{"SELECT count(*) FROM events", "0A000 an aggregate cannot be followed"},
		{"SELECT 1 + max(position) FROM events", "0A000 an aggregate cannot be followed"},
		{"SELECT DISTINCT type FROM events", "0A000"},
		{"SELECT position FROM events, events AS e", "0A000 a join cannot be followed"},
		{"SELECT position FROM events ORDER BY version", "0A000 ORDER BY anything but position cannot be followed"},
		{"SELECT position FROM events ORDER BY position DESC", "0A000 ORDER BY anything but position cannot be followed"},
		{"SELECT stream FROM streams", "0A000 \"streams\" cannot be followed"},
		{"SELECT FROM events", "0A000 SUBSCRIBE needs a column"},
		{"SELECT 1", "0A000 SUBSCRIBE needs a SELECT FROM events"},
	} {
		fails(t, c.conn, test[1], "SUBSCRIBE "+test[0])
		fails(t, c.conn, test[1], "COPY (SUBSCRIBE "+test[0]+") TO STDOUT")
	}
}

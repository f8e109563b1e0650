package catalog

import (
	"fmt"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
)

func TestParseIdent(t *testing.T) {
	for text, want := range map[string]string{
		"events": "[events]", " Public . Events ": "[public events]", `"A""b".c`: `[A"b c]`, "a1$": "[a1$]", "ä.b": "[ä b]",
		"": "error", ".a": "error", "a.": "error", "1a": "error", `"a`: "error", `""`: "error", "a b": "error", "a()": "error",
	} {
		parts, err := ParseIdent(text, true)
		got := fmt.Sprint(parts)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	if parts, err := ParseIdent("f(x)", false); err != nil || fmt.Sprint(parts) != "[f]" {
		t.Errorf("not strict: %v, %v", parts, err)
	}
}

func TestACL(t *testing.T) {
	c := New(State{})
	for kind, want := range map[string]string{
		"r": "[anna=arwdDxt/anna] true", "d": "[=Tc/anna anna=CTc/anna] true", "c": "[] true", "?": "[] false",
	} {
		items, ok := c.ACLDefault(kind, oidUser, "anna")
		if got := fmt.Sprint(items, " ", ok); got != want {
			t.Errorf("acldefault of %s: got %s, want %s", kind, got, want)
		}
	}
	for item, want := range map[string]string{
		"=r/postgres":        "[{10 0 SELECT false}]",
		"anna=a*U/anna":      "[{16384 16384 INSERT true} {16384 16384 USAGE false}]",
		`"an na"=r/postgres`: "[{10 0 SELECT false}]",
	} {
		if got := fmt.Sprint(c.ExplodeACL(item, "anna")); got != want {
			t.Errorf("aclexplode of %s: got %s, want %s", item, got, want)
		}
	}
}

func TestDescribeObject(t *testing.T) {
	c := New(State{})
	for _, o := range []struct {
		class, oid uint32
		column     int
		want       string
	}{
		{classRelid, relation.Events.OID, 0, "table events"},
		{classRelid, relation.Events.OID, 1, `column position of table events`},
		{classRelid, relation.Streams.OID, 0, "view streams"},
		{procRelid, relation.StreamID.OID, 0, "function stream_id(text)"},
		{constraintRelid, oidEventsConstraints, 0, "constraint events_pkey on table events"},
		{attrdefRelid, oidEventsDefaults + 5, 0, "default value for column event_id of table events"},
		{rewriteRelid, oidStreamsRule, 0, `rule _RETURN on view streams`},
		{namespaceRelid, nsPublic, 0, "schema public"},
		{typeRelid, pgvalue.OIDText, 0, "type text"},
	} {
		if got, ok := c.DescribeObject(o.class, o.oid, o.column); got != o.want || !ok {
			t.Errorf("%d %d %d: got %q, want %q", o.class, o.oid, o.column, got, o.want)
		}
	}
}

package proposal

import (
	"testing"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// TestJSONIsCheckedOnce: what a parameter's binding, a literal or a cast has found to be JSON the append does not look at again,
// and what nobody has looked at it does. The parameters here are no JSON, so that who looks finds it.
func TestJSONIsCheckedOnce(t *testing.T) {
	for _, c := range []struct {
		payload, metadata string
		checked           bool
	}{
		{"$3", "$4", true},
		{"$3", "'{}'", true},
		{"'[1]'", "$3::jsonb", true},
		{"$3::json", "null", true},
		{"'[1]'", "$4::text::jsonb", true},
		{"coalesce($3, '{}'::jsonb)", "null", false},
	} {
		parsed, err := syntax.Parse("SELECT $1::text, $2::text, " + c.payload + ", " + c.metadata)
		if err != nil {
			t.Fatal(err)
		}
		comp := &expr.Compiler{Params: []uint32{pgvalue.OIDText, pgvalue.OIDText}}
		b := Builder{Columns: []int{relation.EventStream, relation.EventType, relation.EventPayload, relation.EventMetadata}}
		var row []*expr.Scalar
		for i, item := range parsed[0].Statement.(*syntax.SelectStmt).Items {
			to := relation.Events.Columns[b.Columns[i]].OID
			s, err := comp.CompileAs(item.Expr, to)
			if err != nil {
				t.Fatal(c, err)
			}
			s, ok := expr.Assign(s, to, comp.Zone)
			if !ok {
				t.Fatal(c, "cannot be assigned")
			}
			row = append(row, s)
		}
		e := expr.Env{Params: []pgvalue.Value{pgvalue.TextValue("s"), pgvalue.TextValue("T"), pgvalue.BytesValue([]byte("{")), pgvalue.TextValue("{}")}}
		if len(comp.Params) > 3 && comp.Params[3] != pgvalue.OIDText {
			e.Params[3] = pgvalue.BytesValue([]byte("["))
		}
		var event engine.ProposedEvent
		if err := b.Event(&e, row, &event); err != nil {
			t.Errorf("%s, %s: %v", c.payload, c.metadata, err)
			continue
		}
		for _, of := range []engine.ProposedEvent{event, event.Clone()} {
			if err := of.Validate(engine.Limits{}); (err == nil) != c.checked {
				t.Errorf("%s, %s: the append says %v", c.payload, c.metadata, err)
			}
		}
	}
}

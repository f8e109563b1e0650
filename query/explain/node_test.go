package explain

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/query/syntax"
)

// odd is a plan whose texts need every kind of escape.
func odd() *Node {
	scan := &Node{Kind: "Log Scan", Relation: "events", Filter: `(type = 'a"b\c <&> é' AND payload ? 'x')`, Rows: 12, Total: 1.5, Width: 40, Output: []string{"type", `"a b"`}}
	return &Node{Kind: "Sort", Rows: 12, Startup: 1.5, Total: 2, Width: 40, Child: scan, GroupKey: "stream_id", Actual: &Actual{Rows: 3, First: time.Millisecond, Last: 2 * time.Millisecond}}
}

func TestPlanForms(t *testing.T) {
	took := Times{Planned: time.Microsecond, Executed: 2 * time.Millisecond}
	st := writer{&syntax.ExplainStmt{Analyze: true, Verbose: true}}
	text := strings.Join(st.text(odd(), took), "\n")
	if want := `Sort  (cost=1.50..2.00 rows=12 width=40) (actual time=1.000..2.000 rows=3 loops=1)
  Group Key: stream_id
  ->  Log Scan on events  (cost=0.00..1.50 rows=12 width=40)
        Output: type, "a b"
        Filter: (type = 'a"b\c <&> é' AND payload ? 'x')
Planning Time: 0.001 ms
Execution Time: 2.000 ms`; text != want {
		t.Errorf("text:\n%s\nwant\n%s", text, want)
	}

	var plans []struct {
		Plan struct {
			Type   string `json:"Node Type"`
			Rows   int    `json:"Plan Rows"`
			Actual int    `json:"Actual Rows"`
			Plans  []struct {
				Filter   string
				Output   []string
				Relation string `json:"Relation Name"`
			}
		}
		Execution float64 `json:"Execution Time"`
	}
	if err := json.Unmarshal([]byte(st.json(odd(), took)), &plans); err != nil {
		t.Fatal(err)
	}
	p := plans[0].Plan
	if p.Type != "Sort" || p.Rows != 12 || p.Actual != 3 || plans[0].Execution != 2 || len(p.Plans) != 1 || p.Plans[0].Filter != odd().Child.Filter ||
		p.Plans[0].Output[1] != `"a b"` || p.Plans[0].Relation != "events" {
		t.Errorf("JSON: %+v", plans)
	}

	texts, depth := "", 0
	d := xml.NewDecoder(strings.NewReader(st.xml(odd(), took)))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("XML: %v", err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			texts += string(x)
		}
	}
	if depth != 0 || !strings.Contains(texts, odd().Child.Filter) {
		t.Errorf("XML ends at depth %d: %s", depth, texts)
	}

	yaml := st.yaml(odd(), took)
	for _, line := range []string{
		"- Plan: ", "    Node Type: \"Sort\"", "    Plans: ", "      - Node Type: \"Log Scan\"", "        Relation Name: \"events\"",
		"        Filter: \"(type = 'a\\\"b\\\\c <&> é' AND payload ? 'x')\"", "  Execution Time: 2.000",
	} {
		if !strings.Contains(yaml+"\n", line+"\n") {
			t.Errorf("YAML has no line %q:\n%s", line, yaml)
		}
	}
}

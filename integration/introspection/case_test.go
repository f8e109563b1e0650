package introspection

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A question is one statement that a client sends, and how to compare the answers.
type question struct {
	name    string // "psql: \d events"
	sql     string // with placeholders
	params  []param
	compare string // one of those in the documentation
	reason  string // why not all; of an error or a refusal its SQLSTATE first
	line    int
}

// A param is the text of a parameter and the type that the client gives it.
type param struct {
	typ   string // unknown: none
	value string
	null  bool
}

// paramOIDs are the types that a params line may name.
var paramOIDs = map[string]uint32{
	"unknown": 0, "bool": 16, "name": 19, "int8": 20, "int2": 21, "int4": 23, "text": 25, "oid": 26,
	"varchar": 1043, "name[]": 1003, "text[]": 1009, "oid[]": 1028,
}

// questions reads one file of testdata.
func questions(t *testing.T, path string) []question {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return cases
}

func corpus(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	return files
}

func parse(text string) ([]question, error) {
	var cases []question
	var body []string
	seen := map[string]bool{}
	end := func() error {
		if len(cases) == 0 {
			return nil // the comment at the top
		}
		last := &cases[len(cases)-1]
		last.sql = strings.TrimSpace(strings.Join(body, "\n"))
		if last.sql == "" {
			return fmt.Errorf("line %d: %s has no statement", last.line, last.name)
		}
		return nil
	}
	for i, line := range strings.Split(text, "\n") {
		name, found := strings.CutPrefix(line, "-- case: ")
		switch {
		case found:
			if err := end(); err != nil {
				return nil, err
			}
			if seen[name] {
				return nil, fmt.Errorf("line %d: a second %s", i+1, name)
			}
			seen[name] = true
			cases = append(cases, question{name: name, compare: "all", line: i + 1})
			body = nil
		case len(cases) > 0 && len(body) == 0 && strings.HasPrefix(line, "-- params: "):
			p, err := parseParam(strings.TrimPrefix(line, "-- params: "))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			cases[len(cases)-1].params = append(cases[len(cases)-1].params, p)
		case len(cases) > 0 && len(body) == 0 && strings.HasPrefix(line, "-- needed by: "):
		case len(cases) > 0 && len(body) == 0 && strings.HasPrefix(line, "-- compare: "):
			if err := cases[len(cases)-1].directive(strings.TrimPrefix(line, "-- compare: ")); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		default:
			body = append(body, line)
		}
	}
	return cases, end()
}

func (q *question) directive(text string) error {
	q.compare, q.reason, _ = strings.Cut(text, " ")
	if !slices.Contains([]string{"all", "rows", "columns", "contains", "ours", "values", "refused", "error"}, q.compare) {
		return fmt.Errorf("compare: %s is not a way to compare", q.compare)
	}
	if q.compare != "all" && q.reason == "" {
		return fmt.Errorf("compare: %s wants a reason", q.compare)
	}
	return nil
}

func parseParam(text string) (param, error) {
	typ, value, found := strings.Cut(text, ":")
	if !found {
		return param{}, fmt.Errorf("params: %s: want type:value", text)
	}
	p := param{typ: typ, value: value}
	if typ == "null" {
		p = param{typ: value, null: true}
	}
	if _, known := paramOIDs[p.typ]; !known {
		return param{}, fmt.Errorf("params: unknown type %s", p.typ)
	}
	return p, nil
}

// placeholder is a name that stands for an OID. A brace of an array or of JSON
// is not followed by one of these.
var placeholder = regexp.MustCompile(`\{(?:(?:type|constraint|function|role) )?(?:_?[a-z][a-z_]*)\}`)

// fill puts a server's OIDs in place of the placeholders that it knows of; the
// error names one of ours that it lacks.
func fill(text string, oids map[string]string) (string, error) {
	var err error
	out := placeholder.ReplaceAllStringFunc(text, func(name string) string {
		oid, known := oids[name[1:len(name)-1]]
		switch {
		case known && oid == "":
			err = fmt.Errorf("the server has no OID for %s", name)
		case known:
			return oid
		}
		return name
	})
	return out, err
}

func TestParse(t *testing.T) {
	const file = `-- about the file
--

-- case: c: one
-- params: text:a:b
-- params: null:oid
-- compare: columns it is so
SELECT {events}, '{r,p}'
-- a comment
FROM x;

-- case: c: two
-- compare: error 42P01
SELECT 2
`
	got, err := parse(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []question{
		{
			name: "c: one", sql: "SELECT {events}, '{r,p}'\n-- a comment\nFROM x;", compare: "columns", reason: "it is so", line: 4,
			params: []param{{typ: "text", value: "a:b"}, {typ: "oid", null: true}},
		},
		{name: "c: two", sql: "SELECT 2", compare: "error", reason: "42P01", line: 12},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for _, wrong := range []string{
		"-- case: a\n-- case: b\nSELECT 1", "-- case: a\n-- compare: some why\nSELECT 1",
		"-- case: a\n-- compare: columns\nSELECT 1", "-- case: a\n-- params: x\nSELECT 1",
		"-- case: a\n-- params: box:x\nSELECT 1", "-- case: a\nSELECT 1\n-- case: a\nSELECT 2",
	} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("accepted %q", wrong)
		}
	}
}

func TestFill(t *testing.T) {
	oids := map[string]string{"events": "16400", "type events": "16402", "streams": ""}
	got, err := fill(`'{{events}}' {type events} {r,p} {a} {"k":1}`, oids)
	if want := `'{16400}' 16402 {r,p} {a} {"k":1}`; got != want || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := fill("{streams}", oids); err == nil {
		t.Error("an OID that is not there was filled in")
	}
}

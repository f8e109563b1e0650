package introspection

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// about tells a row that names something of ours from one about the system.
var about = regexp.MustCompile(`\b(events|streams|order_totals|stream_id)\b|\bevents_[a-z_]+key\b`)

// differences says how Eventgres' answer is not what the question wants; empty
// if it is. want is PostgreSQL's answer.
func (q question) differences(got, want answer) string {
	if q.compare == "error" {
		if got.state != q.reason {
			return fmt.Sprintf("got %swant error %s", head(got), q.reason)
		}
		return ""
	}
	if state, _, _ := strings.Cut(q.reason, " "); q.compare == "refused" && got.state == state {
		return ""
	}
	if got.state != "" || want.state != "" {
		if got.state == want.state {
			return ""
		}
		return fmt.Sprintf("got %swant %s", head(got), head(want))
	}
	if q.compare == "values" {
		got.columns, want.columns = names(got.columns), names(want.columns)
	}
	if !slices.Equal(got.columns, want.columns) {
		return "columns:\n" + diff(got.columns, want.columns)
	}
	switch q.compare {
	case "columns", "refused":
		return ""
	case "ours":
		return diff(sorted(ours(got.rows)), sorted(ours(want.rows)))
	case "contains":
		return missing(got.rows, want.rows)
	case "rows":
		return diff(sorted(got.rows), sorted(want.rows))
	default:
		if !ordered(q.sql) {
			return diff(sorted(got.rows), sorted(want.rows))
		}
		return diff(got.rows, want.rows)
	}
}

// names are the columns without their types.
func names(columns []string) []string {
	list := make([]string, len(columns))
	for i, column := range columns {
		list[i], _, _ = strings.Cut(column, " ")
	}
	return list
}

// hidden is what an ORDER BY of the statement itself is not in, parentheses aside.
var (
	hidden  = regexp.MustCompile(`(?s)'(?:[^']|'')*'|"[^"]*"|--[^\n]*|/\*.*?\*/`)
	orderBy = regexp.MustCompile(`(?i)\border\s+by\b`)
)

// ordered says whether the statement asks for an order of its rows.
func ordered(sql string) bool {
	depth := 0
	var outside strings.Builder
	for _, r := range hidden.ReplaceAllString(sql, " x ") {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case depth == 0:
			outside.WriteRune(r)
		}
	}
	return orderBy.MatchString(outside.String())
}

// head is an answer without most of its rows.
func head(a answer) string {
	a.rows = a.rows[:min(len(a.rows), 5)]
	return a.String()
}

func ours(rows []string) []string {
	var found []string
	for _, row := range rows {
		if about.MatchString(row) {
			found = append(found, row)
		}
	}
	return found
}

func sorted(rows []string) []string { return slices.Sorted(slices.Values(rows)) }

// missing says which rows of got are not in want, and which of want's are about
// us and not in got. An empty answer contains nothing.
func missing(got, want []string) string {
	var b strings.Builder
	if len(got) == 0 && len(want) > 0 {
		fmt.Fprintf(&b, "no rows; PostgreSQL has %d\n", len(want))
	}
	left := count(want)
	for _, row := range got {
		if left[row] == 0 {
			fmt.Fprintln(&b, "+", row)
		} else {
			left[row]--
		}
	}
	for _, row := range ours(want) {
		if left[row] > 0 {
			left[row]--
			fmt.Fprintln(&b, "-", row)
		}
	}
	return clip(b.String())
}

func count(rows []string) map[string]int {
	n := map[string]int{}
	for _, row := range rows {
		n[row]++
	}
	return n
}

// diff shows the lines that only one has, - for want and + for got, with lines
// that both have between them as they stand. Where both have the same lines, it
// is their order that differs.
func diff(got, want []string) string {
	if slices.Equal(got, want) {
		return ""
	}
	var b strings.Builder
	inGot, inWant := count(got), count(want)
	for _, row := range want {
		if inGot[row] > 0 {
			inGot[row]--
		} else {
			fmt.Fprintln(&b, "-", row)
		}
	}
	for _, row := range got {
		if inWant[row] > 0 {
			inWant[row]--
		} else {
			fmt.Fprintln(&b, "+", row)
		}
	}
	if b.Len() > 0 {
		return clip(b.String())
	}
	for i := range got {
		if got[i] != want[i] {
			fmt.Fprintf(&b, "the same rows in another order; row %d\n- %s\n+ %s\n", i+1, want[i], got[i])
			break
		}
	}
	return clip(b.String())
}

// shown bounds one difference, in bytes.
const shown = 4000

func clip(text string) string {
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + fmt.Sprintf("\n… %d bytes more\n", len(text)-shown)
}

func TestDifferences(t *testing.T) {
	rows := func(rows ...string) answer { return answer{columns: []string{"a 25"}, rows: rows} }
	for _, c := range []struct {
		compare   string
		got, want answer
		same      bool
	}{
		{"all", rows("x", "y"), rows("x", "y"), true},
		{"all", rows("y", "x"), rows("x", "y"), false},
		{"all", rows("x"), rows("x", "y"), false},
		{"all", rows("x"), answer{state: "42P01"}, false},
		{"all", answer{columns: []string{"a 19"}, rows: []string{"x"}}, rows("x"), false},
		{"rows", rows("y", "x"), rows("x", "y"), true},
		{"rows", rows("y", "y"), rows("x", "y"), false},
		{"columns", rows("z"), rows("x", "y"), true},
		{"columns", answer{columns: []string{"a 19"}}, rows("x", "y"), false},
		{"contains", rows("y"), rows("x", "y"), true},
		{"contains", rows("y", "y"), rows("x", "y"), false},
		{"contains", rows(), rows("x", "y"), false},
		{"contains", rows("x"), rows("x", "the events"), false},
		{"ours", rows("events|1", "z"), rows("y", "events|1"), true},
		{"ours", rows("events|2"), rows("events|1"), false},
		{"values", answer{columns: []string{"a 19"}, rows: []string{"x"}}, rows("x"), true},
		{"values", answer{columns: []string{"b 19"}, rows: []string{"x"}}, rows("x"), false},
		{"values", rows("x"), rows("y"), false},
		{"refused", answer{state: "42P01"}, rows("x"), true},
		{"refused", answer{state: "42703"}, rows("x"), false},
		{"refused", rows("y"), rows("x"), true},
		{"error", answer{state: "42P01"}, answer{state: "42P01"}, true},
		{"error", rows(), answer{state: "42P01"}, false},
	} {
		q := question{sql: "SELECT a FROM b ORDER BY 1", compare: c.compare, reason: "42P01"}
		if d := q.differences(c.got, c.want); (d == "") != c.same {
			t.Errorf("%s %v %v: %q", c.compare, c.got, c.want, d)
		}
	}
}

func TestOrdered(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT 1\nORDER\n BY 1":                                          true,
		"WITH a AS (SELECT 1 ORDER BY 1) TABLE a":                         false,
		"SELECT array_agg(a ORDER BY a), ' order by ' FROM b -- order by": false,
		"(SELECT ')') ORDER BY 1":                                         true,
	} {
		if ordered(sql) != want {
			t.Errorf("%s: want %v", sql, want)
		}
	}
	q := question{sql: "SELECT a", compare: "all"}
	if d := q.differences(answer{rows: []string{"y", "x"}}, answer{rows: []string{"x", "y"}}); d != "" {
		t.Errorf("an order was asked for that the statement does not ask for: %s", d)
	}
}

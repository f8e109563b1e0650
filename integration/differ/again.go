package differ

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/integration/analytics"
)

// Record renders the finding as Reread takes it: what it was in comments, and the
// statement as it was asked.
func (f *Finding) Record() string {
	return "-- " + strings.ReplaceAll(f.Show(), "\n", "\n-- ") + "\n\n" + f.Statement.Show() + "\n"
}

// A Question is a finding's statement, read from its record. Its text is as it was: it
// cannot be shrunk, nor asked with its rows in another order.
type Question struct {
	*Statement
	commands []string // what runs before it
	text     string
	inOrder  bool // whether what differed was the order of rows
}

var (
	recorded   = regexp.MustCompile(`^-- (\w+): (.*) \((\w+), statement (\d+)\)`)
	recordedAs = regexp.MustCompile(`;(?:  -- (simple|extended-text|extended-binary)((?: \$\d+=(?:"(?:[^"\\]|\\.)*"|NULL) \(oid \d+\))*))?\s*$`)
	parameter  = regexp.MustCompile(`\$\d+=("(?:[^"\\]|\\.)*"|NULL) \(oid (\d+)\)`)
)

// Reread is the question of a record.
func Reread(record string) (*Question, error) {
	head := recorded.FindStringSubmatch(record)
	if head == nil {
		return nil, fmt.Errorf("the first line does not say what was found")
	}
	q := &Question{Statement: &Statement{Generator: head[3], Mode: analytics.Simple}, inOrder: head[2] == "order of rows"}
	q.Number, _ = strconv.ParseUint(head[4], 10, 64)
	lines := strings.Split(record, "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "--") })
	body := strings.TrimSpace(strings.Join(lines, "\n"))
	tail := recordedAs.FindStringSubmatchIndex(body)
	if tail == nil {
		return nil, fmt.Errorf("the statement has no end: %s", body)
	}
	if tail[2] >= 0 {
		q.Mode = analytics.Mode(body[tail[2]:tail[3]])
		for _, m := range parameter.FindAllStringSubmatch(body[tail[4]:tail[5]], -1) {
			p := analytics.Param{Null: m[1] == "NULL"}
			if !p.Null {
				p.Text, _ = strconv.Unquote(m[1])
			}
			oid, _ := strconv.ParseUint(m[2], 10, 32)
			p.OID = uint32(oid)
			q.Params = append(q.Params, p)
		}
	}
	parts := strings.Split(body[:tail[0]], ";\n")
	q.commands, q.text = parts[:len(parts)-1], parts[len(parts)-1]
	q.Tree = node("", q.text)
	return q, nil
}

// before leaves out for PostgreSQL what it does not have.
func (q *Question) before(eventgres bool) []string {
	return slices.DeleteFunc(slices.Clone(q.commands), func(command string) bool {
		return !eventgres && strings.Contains(command, "eventgres.route")
	})
}

package sessions

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// script is a session: its name and its queries, each as a client sends it.
type script struct {
	name    string
	queries []string
}

// readScripts reads sessions: "# name", then a query a line. A line that begins with a space
// goes on with the query before it.
func readScripts(text string) []script {
	var out []script
	for _, line := range strings.Split(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "--"):
		case strings.HasPrefix(line, "# "):
			out = append(out, script{name: strings.TrimPrefix(line, "# ")})
		case strings.HasPrefix(line, " "):
			s := &out[len(out)-1]
			s.queries[len(s.queries)-1] += "\n" + line
		default:
			s := &out[len(out)-1]
			s.queries = append(s.queries, line)
		}
	}
	return out
}

// outcome is what a client is told in answer to a query, a line a message.
func outcome(ctx context.Context, c *pgconn.PgConn, query string) ([]string, error) {
	var out []string
	front := c.Frontend()
	front.Send(&pgproto3.Query{String: query})
	if err := front.Flush(); err != nil {
		return nil, err
	}
	for {
		m, err := c.ReceiveMessage(ctx)
		if err != nil {
			return out, err
		}
		switch m := m.(type) {
		case *pgproto3.RowDescription:
			line := "columns"
			for _, f := range m.Fields {
				line += fmt.Sprintf(" %s:%d", f.Name, f.DataTypeOID)
			}
			out = append(out, line)
		case *pgproto3.DataRow:
			line := "row"
			for _, v := range m.Values {
				if v == nil {
					line += " | null"
				} else {
					line += " | " + string(v)
				}
			}
			out = append(out, line)
		case *pgproto3.CommandComplete:
			out = append(out, "tag "+string(m.CommandTag))
		case *pgproto3.ErrorResponse:
			out = append(out, fmt.Sprintf("%s %s %s at %d, detail %q, hint %q", m.Severity, m.Code, m.Message, m.Position, m.Detail, m.Hint))
			if m.Severity == "FATAL" {
				return out, nil
			}
		case *pgproto3.CopyOutResponse:
			out = append(out, fmt.Sprintf("copy out %d %v", m.OverallFormat, m.ColumnFormatCodes))
		case *pgproto3.NoticeResponse:
			out = append(out, fmt.Sprintf("%s %s %s", m.Severity, m.Code, m.Message))
		case *pgproto3.ParameterStatus:
			out = append(out, "parameter "+m.Name+" = "+m.Value)
		case *pgproto3.CopyData:
			out = append(out, "copy "+string(m.Data))
		case *pgproto3.ReadyForQuery:
			out = append(out, "ready "+string(m.TxStatus))
			return out, nil
		}
	}
}

// masked are parts of an outcome that differ between any two servers.
var masked = regexp.MustCompile(`\b(pid|process) \d+`)

// mask leaves out what differs between any two servers, and the columns that were announced of a row
// that then failed: PostgreSQL evaluates constants before.
func mask(lines []string) []string {
	for i := 0; i+1 < len(lines); i++ {
		if strings.HasPrefix(lines[i], "columns") && strings.HasPrefix(lines[i+1], "ERROR") {
			lines = slices.Delete(lines, i, i+1)
		}
	}
	for i, l := range lines {
		lines[i] = masked.ReplaceAllString(l, "$1 N")
	}
	return lines
}

package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// An answer collects what the server says to one step, and renders it as the
// lines of a script.
type answer struct {
	step *Step
	mask []string

	lines   []string
	pending []string // of the result that may yet fail
	columns []pgproto3.FieldDescription
	params  []string // ParameterStatus, which comes in no particular order
	status  byte
}

func (a *answer) describe(columns []pgproto3.FieldDescription) {
	a.columns = copyColumns(columns)
	if len(columns) == 0 {
		return
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = quote(string(c.Name)) + " " + typeName(c.DataTypeOID)
		if c.DataTypeSize != typeSize(c.DataTypeOID) {
			parts[i] += fmt.Sprintf(" (size %d)", c.DataTypeSize)
		}
	}
	a.pending = append(a.pending, strings.Join(parts, " | "))
}

// copyColumns keeps a description beyond the next message.
func copyColumns(columns []pgproto3.FieldDescription) []pgproto3.FieldDescription {
	kept := slices.Clone(columns)
	for i := range kept {
		kept[i].Name = slices.Clone(kept[i].Name)
	}
	return kept
}

func (a *answer) row(values [][]byte) {
	parts := make([]string, len(values))
	for i, value := range values {
		parts[i] = a.value(i, value)
	}
	a.pending = append(a.pending, strings.Join(parts, " | "))
}

func (a *answer) value(i int, value []byte) string {
	switch {
	case i >= len(a.columns):
		return "(a value without a column)"
	case value == nil:
		return "NULL"
	case slices.Contains(a.mask, string(a.columns[i].Name)):
		return "*"
	case a.columns[i].Format == 1:
		return quote(decodeBinary(a.columns[i].DataTypeOID, value))
	default:
		return quote(string(value))
	}
}

// quote makes a value that could be misread unmistakable. A JSON string stays
// as it is.
func quote(s string) string {
	if inner, err := strconv.Unquote(s); plain(s) && (err != nil || plain(inner)) {
		return s
	}
	return strconv.Quote(s)
}

func plain(s string) bool {
	return s != "" && s != "NULL" && s != "*" && !strings.HasPrefix(s, rule) &&
		!strings.Contains(s, " | ") && strings.TrimSpace(s) == s && !strings.ContainsAny(s, "\n\r\x00")
}

// flush makes what is pending part of the answer: its result is complete.
func (a *answer) flush(last string) {
	a.lines = append(a.lines, a.pending...)
	a.lines = append(a.lines, last)
	a.pending, a.columns = nil, nil
}

// fail drops the result that ends in an error: how much of it was sent before
// depends on the protocol.
func (a *answer) fail(e *pgproto3.ErrorResponse) {
	a.pending = nil
	line := e.SeverityUnlocalized + " " + e.Code
	if e.Severity != e.SeverityUnlocalized {
		line = fmt.Sprintf("(severity %q and %q) %s", e.Severity, e.SeverityUnlocalized, line)
	}
	if e.Position != 0 {
		line += fmt.Sprintf(" at %d", e.Position)
	}
	a.lines = append(a.lines, line+": "+oneLine(e.Message))
	var names []string
	for _, field := range [][2]string{
		{"schema", e.SchemaName},
		{"table", e.TableName},
		{"column", e.ColumnName},
		{"constraint", e.ConstraintName},
	} {
		if field[1] != "" {
			names = append(names, field[0]+" "+field[1])
		}
	}
	if names != nil {
		a.lines = append(a.lines, "  "+strings.Join(names, ", "))
	}
	if a.step.Detail {
		a.lines = append(a.lines, "  detail: "+oneLine(e.Detail))
	}
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }

func (a *answer) notice(n *pgproto3.NoticeResponse) {
	a.pending = append(a.pending, fmt.Sprintf("%s %s: %s", n.Severity, n.Code, oneLine(n.Message)))
}

func (a *answer) parameters(oids []uint32) {
	if len(oids) == 0 {
		return
	}
	names := make([]string, len(oids))
	for i, oid := range oids {
		names[i] = typeName(oid)
	}
	a.lines = append(a.lines, "parameters "+strings.Join(names, ", "))
}

func (a *answer) copied(binary bool, data []byte) {
	if binary {
		a.pending = append(a.pending, decodeTuples(data)...)
		return
	}
	text, complete := strings.CutSuffix(string(data), "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if complete || line != "" {
			a.pending = append(a.pending, "> "+line)
		}
	}
	if len(data) > 0 && !complete {
		a.pending = append(a.pending, "(no newline at the end)")
	}
}

// render is the whole answer. Trailing blanks are not kept in scripts.
func (a *answer) render() []string {
	lines := append(slices.Clone(a.lines), a.pending...)
	slices.Sort(a.params)
	lines = append(lines, slices.Compact(a.params)...)
	if a.status == 'T' || a.status == 'E' {
		lines = append(lines, "["+string(a.status)+"]")
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

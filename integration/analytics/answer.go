package analytics

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// An Answer is what a server said to one statement: rows, or an error. How much
// of a result was sent before its error is not kept.
type Answer struct {
	Params  []uint32 // the parameters' types
	Columns []Column
	Rows    [][][]byte // nil is NULL
	Tag     string
	Err     *pgconn.PgError
}

// A Column is what RowDescription says of it, but for where it came from.
type Column struct {
	Name     string
	OID      uint32
	Size     int16
	Modifier int32
	Format   int16
}

func columns(fields []pgconn.FieldDescription) []Column {
	cols := make([]Column, len(fields))
	for i, f := range fields {
		cols[i] = Column{f.Name, f.DataTypeOID, f.DataTypeSize, f.TypeModifier, f.Format}
	}
	return cols
}

// described turns the answer into an error if the statement was described otherwise
// than its portal.
func (a *Answer) described(fields []pgconn.FieldDescription) {
	statement := columns(fields)
	for i := range statement {
		if i < len(a.Columns) {
			statement[i].Format = a.Columns[i].Format
		}
	}
	if !slices.Equal(statement, a.Columns) {
		a.Err = &pgconn.PgError{Severity: "BROKEN", Message: fmt.Sprintf(
			"the portal's columns %v are not the statement's %v", a.Columns, statement)}
	}
}

// Code is the error's SQLSTATE, "" if there is none.
func (a *Answer) Code() string {
	if a.Err == nil {
		return ""
	}
	return a.Err.Code
}

// text is all the rows' values, a line each.
func (a *Answer) text() []byte {
	var lines [][]byte
	for _, row := range a.Rows {
		lines = append(lines, row...)
	}
	return bytes.Join(lines, []byte("\n"))
}

// sorted is the answer with its rows in an order of their own.
func (a *Answer) sorted() *Answer {
	b := *a
	b.Rows = slices.Clone(a.Rows)
	slices.SortFunc(b.Rows, func(x, y [][]byte) int { return slices.CompareFunc(x, y, compareValues) })
	return &b
}

// compareValues tells NULL from the empty value.
func compareValues(x, y []byte) int {
	if (x == nil) != (y == nil) {
		return map[bool]int{true: -1, false: 1}[x == nil]
	}
	return bytes.Compare(x, y)
}

// Difference says where two answers differ; "" if they are the same.
func Difference(want, got *Answer) string {
	switch {
	case !slices.Equal(want.Params, got.Params):
		return "the parameters' types differ"
	case (want.Err == nil) != (got.Err == nil):
		return "one is an error"
	case want.Err != nil:
		return differentErrors(want.Err, got.Err)
	case !slices.Equal(want.Columns, got.Columns):
		return "the columns differ"
	case len(want.Rows) != len(got.Rows):
		return fmt.Sprintf("%d rows instead of %d", len(got.Rows), len(want.Rows))
	}
	for i := range want.Rows {
		if slices.CompareFunc(want.Rows[i], got.Rows[i], compareValues) != 0 {
			return fmt.Sprintf("row %d differs", i+1)
		}
	}
	if want.Tag != got.Tag {
		return "the command tags differ"
	}
	return ""
}

func differentErrors(want, got *pgconn.PgError) string {
	var parts []string
	for _, part := range []struct {
		name string
		same bool
	}{
		{"severities", want.Severity == got.Severity},
		{"SQLSTATEs", want.Code == got.Code},
		{"messages", want.Message == got.Message},
		{"positions", want.Position == got.Position},
	} {
		if !part.same {
			parts = append(parts, part.name)
		}
	}
	if parts == nil {
		return ""
	}
	return "the errors' " + strings.Join(parts, " and ") + " differ"
}

// rowsShown is how many rows of a long answer a message shows.
const rowsShown = 12

// Show renders the answer for a reader, with the rows about the one numbered near,
// from 0.
func (a *Answer) Show(near int) string {
	var b strings.Builder
	if len(a.Params) > 0 {
		names := make([]string, len(a.Params))
		for i, oid := range a.Params {
			names[i] = typeName(oid)
		}
		fmt.Fprintf(&b, "parameters %s\n", strings.Join(names, ", "))
	}
	if e := a.Err; e != nil {
		fmt.Fprintf(&b, "%s %s", e.Severity, e.Code)
		if e.Position != 0 {
			fmt.Fprintf(&b, " at %d", e.Position)
		}
		fmt.Fprintf(&b, ": %s\n", e.Message)
		for _, more := range []string{e.Detail, e.Hint} {
			if more != "" {
				fmt.Fprintf(&b, "  (%s)\n", more)
			}
		}
		return b.String()
	}
	heads := make([]string, len(a.Columns))
	for i, c := range a.Columns {
		heads[i] = c.String()
	}
	fmt.Fprintf(&b, "%s\n", strings.Join(heads, " | "))
	from := max(0, min(near-rowsShown/2, len(a.Rows)-rowsShown))
	to := min(len(a.Rows), from+rowsShown)
	if from > 0 {
		fmt.Fprintf(&b, "(%d rows)\n", from)
	}
	for _, row := range a.Rows[from:to] {
		fmt.Fprintf(&b, "%s\n", a.row(row))
	}
	if to < len(a.Rows) {
		fmt.Fprintf(&b, "(%d rows)\n", len(a.Rows)-to)
	}
	fmt.Fprintf(&b, "%s\n", a.Tag)
	return b.String()
}

func (c Column) String() string {
	text := fmt.Sprintf("%q %s", c.Name, typeName(c.OID))
	if c.Modifier != -1 {
		text += fmt.Sprintf(" modifier %d", c.Modifier)
	}
	if c.Size != typeSize(c.OID) {
		text += fmt.Sprintf(" size %d", c.Size)
	}
	return text
}

func (a *Answer) row(row [][]byte) string {
	parts := make([]string, len(row))
	for i, value := range row {
		switch {
		case value == nil:
			parts[i] = "NULL"
		case i < len(a.Columns) && a.Columns[i].Format == 1:
			parts[i] = showBinary(a.Columns[i].OID, value)
		default:
			parts[i] = fmt.Sprintf("%q", value)
		}
	}
	return strings.Join(parts, " | ")
}

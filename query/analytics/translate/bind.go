//go:build cgo

package translate

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// Bindings are what a translation's placeholders stand for in one run of it.
type Bindings struct {
	Parameters []pgwire.Value
	// Names maps the names of the session's placeholders to their SQL.
	Names map[string]string
}

// SQL is the statement as DuckDB runs it.
func (s *Statement) SQL(b *Bindings) string {
	var out strings.Builder
	rest := s.template
	for {
		before, after, ok := strings.Cut(rest, mark)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name, after, _ := strings.Cut(after, mark)
		rest = after
		if n, err := strconv.Atoi(strings.TrimPrefix(name, "p")); err == nil && name[0] == 'p' {
			out.WriteString(Literal(s.Parameters[n-1], &b.Parameters[n-1]))
			continue
		}
		out.WriteString(b.Names[name])
	}
}

// Uses tells whether the statement has a placeholder of a name.
func (s *Statement) Uses(name string) bool { return strings.Contains(s.template, placeholder(name)) }

// Placeholder is what stands in a relation's SQL for what the session binds to a name.
func Placeholder(name string) string { return placeholder(name) }

//go:build cgo

package translate

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Bindings are what a translation's places stand for in one run of it.
type Bindings struct {
	Parameters []pgvalue.Value
	// Names maps the names of the session's places to their SQL.
	Names map[string]string
}

// maxBound bounds the text of a statement with everything in its places, in bytes: an
// expression that is written several times has its literals and parameters as often.
const maxBound = 256 << 20

// SQL is the statement as DuckDB runs it. It fails with 54000 if that is too long.
func (s *Statement) SQL(b *Bindings) (string, error) {
	values := make(map[int]string, len(b.Parameters))
	size := 0
	guards := s.guards(b)
	parts := make([]string, len(s.segments))
	for i, g := range s.segments {
		switch g.kind {
		case literalSegment:
			parts[i] = quote(g.text)
		case paramSegment:
			v, ok := values[g.n]
			if !ok || g.part {
				oid, p := s.Parameters[g.n-1], &b.Parameters[g.n-1]
				v = Literal(oid, p)
				if guards != nil && !g.part {
					w := worthOf(oid, p)
					v = guards.begin("$"+strconv.Itoa(g.n), w) + v + guards.end(w)
				}
				if !g.part {
					values[g.n] = v
				}
			}
			parts[i] = v
		case sessionSegment:
			parts[i] = b.Names[g.text]
		case constantSegment:
			if parts[i] = g.text; !g.part {
				parts[i] = guards.begin(g.text, g.of.worth) + g.text + guards.end(g.of.worth)
			}
		case beginSegment:
			parts[i] = guards.begin(g.text, g.of.worth)
		case endSegment:
			parts[i] = guards.end(g.of.worth)
		default:
			parts[i] = g.text
		}
		if size += len(parts[i]); size > maxBound {
			return "", pgerror.Errorf(pgerror.ProgramLimitExceeded, "the statement is too complex").
				WithDetail("With its literals and parameters written out it has more than %d bytes.", maxBound)
		}
	}
	return strings.Join(parts, ""), nil
}

// Uses tells whether the statement has a place of a name.
func (s *Statement) Uses(name string) bool {
	for _, g := range s.segments {
		if g.kind == sessionSegment && g.text == name {
			return true
		}
	}
	return false
}

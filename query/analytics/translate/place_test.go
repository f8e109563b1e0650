//go:build cgo

package translate

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/searchpath"
)

// oneView is a catalog with one view, whose text is a client's too.
type oneView struct{ query string }

func (v oneView) Relation(_, name string) (*Relation, bool) {
	if name != "v" || v.query == "" {
		return nil, false
	}
	return &Relation{Schema: "public", Name: "v", OID: 1, View: v.query, Columns: []RelationColumn{{Name: "a", OID: pgvalue.OIDText, Mod: -1}}}, true
}

func (oneView) Operations(string) []catalog.Operation { return nil }
func (oneView) HasFunction(string, int) bool          { return false }
func (oneView) RegIn(uint32, string) (uint32, error)  { return 0, nil }

func (oneView) Schema(string) bool           { return false }
func (v oneView) In(searchpath.Path) Catalog { return v }
func (oneView) Searches(string) bool         { return true }

// places are the statements that hold a client's text, as a literal (L) or as an
// identifier (I), everywhere the grammar has one.
var places = []string{
	"SELECT L", "SELECT L AS I", "SELECT L || L, $1 || L", "SELECT I.I FROM (VALUES (L)) AS I(I)",
	"SELECT a FROM v", "SELECT I.a AS I FROM v AS I WHERE a = L OR a IN (L, 'x', $1)",
	"SELECT a LIKE L, a ILIKE L ESCAPE 'x', a ~ L, a SIMILAR TO L FROM v",
	"SELECT coalesce(a, L), CASE a WHEN L THEN L ELSE a END, greatest(a, L) FROM v GROUP BY a HAVING max(a) > L ORDER BY L || a",
	"WITH b AS (SELECT L AS I) SELECT b, to_json(b), row_to_json(b), to_jsonb(b) FROM b", "WITH I AS (SELECT L AS a) SELECT a, I.a FROM I",
	"SELECT string_agg(a, L ORDER BY a) FILTER (WHERE a <> L), max(max(a)) OVER (PARTITION BY max(a) || L) FROM v",
	"SELECT jsonb_build_object('k', L, 'l', a), to_jsonb(a) -> L, array[a, L], row(a, L) FROM v",
	"SELECT x.* FROM jsonb_to_record('{}') AS x(I text)", "SELECT array_position(array[L], a), L::name, L::varchar(3), L::char(4), L::\"char\" FROM v",
	"SELECT format('%s', L), concat(L, a), replace(a, L, L), translate(a, L, L), quote_literal(L), split_part(a, L, 1) FROM v",
	"SELECT EXISTS (SELECT 1 FROM v AS I WHERE I.a = L), (SELECT L FROM v LIMIT 1), a = ANY (SELECT L) FROM v WINDOW I AS (ORDER BY a)",
	"SELECT current_user, session_user, current_database(), now() AT TIME ZONE L, current_setting(L, true)",
}

func statement(place, text string) string {
	literal := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	ident := `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	var out strings.Builder
	for i := 0; i < len(place); i++ {
		apart := (i == 0 || !word(place[i-1])) && (i+1 == len(place) || !word(place[i+1]))
		switch {
		case apart && place[i] == 'L':
			out.WriteString(literal)
		case apart && place[i] == 'I':
			out.WriteString(ident)
		default:
			out.WriteByte(place[i])
		}
	}
	return out.String()
}

func word(b byte) bool { return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

func translated(t *testing.T, place, text string) *Statement {
	t.Helper()
	view := statement("SELECT max(L) || L AS a", text)
	st, err := Translate(statement(place, text), Options{Catalog: oneView{view}, Parameters: []uint32{pgvalue.OIDText}})
	if err != nil {
		t.Logf("%s: %v", place, err)
		return nil
	}
	return st
}

// words are the segments that are not literals, which must be the same whatever the
// literals hold.
func (s *Statement) words() (words []segment, literals []string) {
	for _, g := range s.segments {
		if g.kind == literalSegment {
			literals = append(literals, g.text)
			g.text = ""
		}
		words = append(words, g)
	}
	return words, literals
}

// unquoted takes a bound statement apart as DuckDB does: what is outside its string
// literals, and those.
func unquoted(sql string) (outside string, literals []string) {
	var out strings.Builder
	for sql != "" {
		i := strings.IndexByte(sql, '\'')
		if i < 0 {
			out.WriteString(sql)
			break
		}
		out.WriteString(sql[:i])
		sql = sql[i+1:]
		var text strings.Builder
		for {
			i = strings.IndexByte(sql, '\'')
			if i < 0 {
				return out.String() + " unterminated", literals
			}
			text.WriteString(sql[:i])
			sql = sql[i+1:]
			if !strings.HasPrefix(sql, "'") {
				break
			}
			text.WriteByte('\'')
			sql = sql[1:]
		}
		literals = append(literals, text.String())
	}
	return out.String(), literals
}

// FuzzPlaces: whatever a client's text is, this package's words are the same, and the text
// is in string literals alone, byte for byte.
func FuzzPlaces(f *testing.F) {
	for _, text := range []string{
		"x", "\x01p1\x01", "\x01user\x01", "\x01p9\x01", "a\x01b", "'", "''", `\'`, `"`, "$1", "$$", "@zone@", "%s", "%", "\x1f", "EVG22012:x",
		" AS t1", "pg_like_escape('a', 'b')", "é", "\u2028", "\U0010ffff", "--", "/*", ";", ", ", ")", "x' || version() || '", "NULL", "t1.c1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || !utf8.ValidString(text) || strings.ContainsRune(text, 0) || len(text) > 60 {
			return
		}
		for _, place := range places {
			want, got := translated(t, place, "xy"), translated(t, place, text)
			if want == nil {
				t.Fatalf("%s is no statement", place)
			}
			if got == nil {
				continue // an identifier may be another's name: refused, then
			}
			words, _ := got.words()
			expected, _ := want.words()
			if !slices.Equal(words, expected) {
				t.Fatalf("%q in %s changes the words:\n%v\n%v", text, place, words, expected)
			}
			parameter, login := pgvalue.TextValue(text), pgvalue.TextValue(text)
			names := map[string]string{}
			for _, name := range []string{"user", "database", "zone", "settings", "activity", "version"} {
				names[name] = Literal(pgvalue.OIDText, &login)
			}
			sql, err := got.SQL(&Bindings{Parameters: []pgvalue.Value{parameter, parameter}, Names: names})
			if err != nil {
				t.Fatal(err)
			}
			parameter, login = pgvalue.TextValue("xy"), pgvalue.TextValue("xy")
			for name := range names {
				names[name] = Literal(pgvalue.OIDText, &login)
			}
			plain, err := want.SQL(&Bindings{Parameters: []pgvalue.Value{parameter, parameter}, Names: names})
			if err != nil {
				t.Fatal(err)
			}
			outside, literals := unquoted(sql)
			if expected, _ := unquoted(plain); outside != expected {
				t.Fatalf("%q in %s is outside of quotes:\n%s\n%s", text, place, outside, expected)
			}
			if strings.Contains(place, " L") && !strings.Contains(place, "::") && !slices.Contains(literals, text) {
				t.Fatalf("%q in %s is not among the literals %q", text, place, literals)
			}
		}
	})
}

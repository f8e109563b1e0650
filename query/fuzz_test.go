package query

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/syntax"
)

var parseSeeds = []string{
	`INSERT INTO events (stream, type, payload, expected_version) VALUES ('a', 'b', '{"a": 1}'::jsonb, -1), ($1, DEFAULT, $2, null) ON CONFLICT (event_id) DO NOTHING RETURNING position AS p, *`,
	`SELECT e.version, count(*), coalesce(max(version), -1) FROM public.events e WHERE stream = 'a' AND NOT (version BETWEEN 1 AND 2 OR type IN ('x', E'y\n')) AND position >= $1::bigint ORDER BY position DESC NULLS LAST LIMIT 10 OFFSET 5`,
	`SELECT a->'b', x.y[1], (SELECT 1), CASE WHEN true THEN 1 ELSE 2 END, ARRAY[1,2], $$dollar$$, 1.5e3, -2, f(DISTINCT x ORDER BY y) FILTER (WHERE z) OVER (PARTITION BY a) FROM t JOIN u ON true`,
	`COPY events (stream, type) FROM STDIN WITH (FORMAT csv, HEADER true, NULL 'x', FORCE_QUOTE (a, b))`,
	`COPY (SELECT * FROM events WHERE version = 1) TO STDOUT BINARY`,
	`BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SAVEPOINT "A b"; ROLLBACK TO SAVEPOINT "A b"; RELEASE x; COMMIT AND CHAIN`,
	`PREPARE p (int, text[]) AS SELECT $1; EXECUTE p (1, '{a}'); DEALLOCATE ALL; DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT 1; FETCH BACKWARD ALL FROM c; MOVE ABSOLUTE -3 IN c; CLOSE ALL`,
	`EXPLAIN (ANALYZE, FORMAT text) SELECT 1; SET LOCAL TIME ZONE 'Europe/Amsterdam'; SHOW ALL; RESET x.y; DISCARD ALL; SET search_path TO a, "B"`,
	`/* a /* nested */ comment */ -- line` + "\n" + `select 'it''s' 'not' , "q""q", U&'x', b'01', :a, @ 1`,
	`UPDATE events SET type = $1; DELETE FROM events; TRUNCATE events; ALTER TABLE events ADD x int; VACUUM ANALYZE events; WITH a AS (SELECT 1) SELECT * FROM a; VALUES (1)`,
	`select 1 = any('{1,2}') and x is not distinct from null or y is not true and z similar to 'a' escape 'b'`,
	`((((((((((1))))))))))`, `select - - + - 1`, `select 1::int::text::varchar(10)[]`, "select '\xff'", ";;;", "",
}

// FuzzParse: any text parses or fails with an error that has a SQLSTATE and, where it has
// a position, one within the text. Parsing it again gives the same.
func FuzzParse(f *testing.F) {
	for _, s := range parseSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if !utf8.ValidString(src) {
			return // refused before it gets here
		}
		list, err := syntax.Parse(src)
		if err != nil {
			var e *pgerror.Error
			if !errors.As(err, &e) || len(e.Code) != 5 || e.Message == "" {
				t.Fatalf("%q: error without a SQLSTATE: %v", src, err)
			}
			if e.Position < 0 || e.Position > utf8.RuneCountInString(src)+1 {
				t.Fatalf("%q: position %d is outside", src, e.Position)
			}
			return
		}
		for _, p := range list {
			if p.Pos < 0 || p.End < p.Pos || p.End > len(src) {
				t.Fatalf("%q: statement at %d to %d", src, p.Pos, p.End)
			}
			compileAny(t, p)
		}
	})
}

// compileAny analyses what can be analysed without a server.
func compileAny(t *testing.T, p *syntax.Parsed) {
	t.Helper()
	err := compileAlone(p)
	var e *pgerror.Error
	if err != nil && (!errors.As(err, &e) || len(e.Code) != 5) {
		t.Fatalf("%q: error without a SQLSTATE: %v", p.Src, err)
	}
}

// compileAlone analyses a statement by a session without a server.
func compileAlone(p *syntax.Parsed) (err error) {
	s := &Session{}
	switch st := p.Statement.(type) {
	case *syntax.InsertStmt:
		_, err = s.prepareInsert(&expr.Compiler{Src: p.Src}, st)
	case *syntax.SelectStmt:
		_, err = s.prepareSelect(&expr.Compiler{Src: p.Src}, st)
	case *syntax.CopyStmt:
		_, err = s.prepareCopy(&expr.Compiler{Src: p.Src}, st, s.prepareQuery)
	}
	return err
}

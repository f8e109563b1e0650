package syntax

import (
	"strings"
	"testing"
)

func printOf(t *testing.T, sql string) (int64, string) {
	t.Helper()
	list, err := Parse(sql)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s: %d statements, %v", sql, len(list), err)
	}
	p := list[0]
	return Fingerprint(p.Src, p.Pos, p.End), Normalized(p.Src, p.Pos, p.End, p.Params)
}

// TestNormalized: as PostgreSQL 15's pg_stat_statements writes them, but for white space, comments, and statements that PostgreSQL leaves as
// they are.
func TestNormalized(t *testing.T) {
	for sql, want := range map[string]string{
		`SELECT true, null, -5, 3-2, 3 -2, date '2020-01-01', interval '1' day, 'a'::text, cast(5 as int), B'1', $$x$$`: "SELECT $1, $2, $3, $4-$5, $6 -$7, date $8, interval $9 day, $10::text, cast($11 as int), $12, $13",
		`select 1 /* hi 5 */ + 2 where 1 in (1,2) and 2 between -1 and -3 limit 5 offset 1;`:                            "select $1 + $2 where $3 in ($4,$5) and $6 between $7 and $8 limit $9 offset $10",
		"values (1,2),\n\t(3,4) -- 5":                                    "values ($1,$2), ($3,$4)",
		`SELECT * FROM events WHERE stream = $1 AND version > 5`:         "SELECT * FROM events WHERE stream = $1 AND version > $2",
		`SELECT count(*) FROM events WHERE payload IS NOT NULL`:          "SELECT count(*) FROM events WHERE payload IS NOT NULL",
		`SELECT version-1, $1-1, (2)-1 FROM events WHERE NOT true`:       "SELECT version-$2, $1-$3, ($4)-$5 FROM events WHERE NOT $6",
		`SET application_name TO secret`:                                 "SET application_name TO $1",
		`SET LOCAL search_path = a, "b", 'c'`:                            "SET LOCAL search_path = $1, $2, $3",
		`SET search_path TO DEFAULT`:                                     "SET search_path TO DEFAULT",
		`ALTER ROLE postgres PASSWORD 'x'`:                               "ALTER ROLE postgres PASSWORD $1",
		`ALTER ROLE postgres SET work_mem TO secret`:                     "ALTER ROLE postgres SET work_mem TO $1",
		`COMMENT ON TABLE events IS 'it''s'`:                             "COMMENT ON TABLE events IS $1",
		`SELECT E'a\'b' 'c', U&'\0041', N'x', X'1F', 'a'` + "\n" + `'b'`: "SELECT $1 $2, $3, $4, $5, $6",
	} {
		if strings.Contains(sql, `' 'c'`) { // no SQL, and all constants
			if got := Normalized(sql, 0, len(sql), 0); got != want {
				t.Errorf("%s\n got %s\nwant %s", sql, got, want)
			}
			continue
		}
		if _, got := printOf(t, sql); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}

// templates are statements with constants where @ stands.
var templates = []string{
	`SELECT @`, `SELECT @, @`, `SELECT -@`, `SELECT @ AS "A"`, `SELECT a FROM events WHERE b = @`, `SELECT a FROM events WHERE b <> @`, `SELECT b FROM events WHERE b = @`,
	`SELECT * FROM events WHERE stream = @ AND version > @ ORDER BY version LIMIT @`, `SELECT * FROM events WHERE stream = $1 AND version > @`,
	`SELECT * FROM events WHERE stream = $2 AND version > @`, `SELECT * FROM streams WHERE stream = @`, `SELECT * FROM "Streams" WHERE stream = @`,
	`SELECT * FROM events WHERE type IN (@, @)`, `SELECT * FROM events WHERE type IN (@, @, @)`, `SELECT * FROM events WHERE payload @> @`,
	`SELECT * FROM events WHERE payload ->> @ = @`, `SELECT * FROM events WHERE payload -> @ IS NULL`, `SELECT * FROM events WHERE payload -> @ IS NOT NULL`,
	`INSERT INTO events (stream, type, payload) VALUES (@, @, @)`, `INSERT INTO events (stream, type, payload) VALUES (@, @, @), (@, @, @)`,
	`INSERT INTO events (stream, type) VALUES (@, @) ON CONFLICT DO NOTHING`, `INSERT INTO events (stream, type) VALUES (@, @) RETURNING version`,
	`WITH x AS (SELECT @ AS n) SELECT n FROM x`, `SELECT count(*) FROM events GROUP BY type HAVING count(*) > @`, `SELECT CASE WHEN a = @ THEN @ ELSE @ END FROM events`,
	`SELECT a::text || @ FROM events`, `SELECT coalesce(payload, @) FROM events`, `SELECT jsonb_build_object(@, @)`,
	`SET application_name = @`, `SET LOCAL application_name = @`, `SELECT set_config(@, @, true)`, `ALTER ROLE postgres PASSWORD @`, `ALTER ROLE postgres VALID UNTIL @`,
	`COMMENT ON TABLE events IS @`, `COMMENT ON VIEW events IS @`, `COPY events FROM STDIN WITH (DELIMITER @)`, `COPY events TO STDOUT WITH (DELIMITER @)`,
	`COPY (SELECT @) TO STDOUT`, `PREPARE p AS SELECT @`, `EXECUTE p (@)`, `EXECUTE q (@)`, `DECLARE c CURSOR FOR SELECT @`, `EXPLAIN SELECT @`, `EXPLAIN ANALYZE SELECT @`,
	`CREATE VIEW v AS SELECT @ AS a`, `CREATE VIEW w AS SELECT @ AS a`, `NOTIFY c, @`,
}

// TestFingerprints: no constant of a statement is in what is kept of it; those that differ in constants alone have one fingerprint and one text,
// and all others another fingerprint.
func TestFingerprints(t *testing.T) {
	fill := func(template string, constants ...string) string {
		for n := 0; strings.Contains(template, "@ ") || strings.HasSuffix(template, "@") || strings.Contains(template, "@,") || strings.Contains(template, "@)"); n++ {
			at := strings.IndexByte(template, '@')
			if strings.HasPrefix(template[at:], "@>") {
				template = template[:at] + "\x00" + template[at+1:]
				continue
			}
			template = template[:at] + constants[n%len(constants)] + template[at+1:]
		}
		return strings.ReplaceAll(template, "\x00", "@")
	}
	seen := map[int64]string{}
	for _, template := range templates {
		id, text := int64(0), ""
		for i, constants := range [][]string{
			{`'sesame1'`, `'sesame2'`},
			{`'it''s sesame'`},
			{`'sesame /* not */ -- a comment'`},
			{`E'\'sesame\\'`},
			{`$$sesame$$`},
			{`$q$ses'ame$q$`},
			{`'` + strings.Repeat("sesame", 10_000) + `'`},
			{`'sesame' ` + "\n" + ` 'sesame'`},
			{"'\u00e4 sesame'"},
		} {
			sql := fill(template, constants...)
			gotID, got := Fingerprint(sql, 0, len(sql)), Normalized(sql, 0, len(sql), 0)
			if i == 0 {
				id, text = gotID, got
				if other, ok := seen[id]; ok {
					t.Errorf("%s and %s have one fingerprint", template, other)
				}
				seen[id] = template
			}
			if gotID != id || got != text {
				t.Errorf("%.200s\n has %d %s\n with others %d %s", sql, gotID, got, id, text)
			}
			if strings.Contains(got, "sesame") {
				t.Errorf("%s tells of it", got)
			}
		}
	}
	for _, same := range [][2]string{
		{"SELECT 1", "select   2 -- x"},
		{"SELECT a FROM events", `SELECT A /* "b" */ FROM "events"`},
		{"SELECT -1", "SELECT 1.5e3"},
		{"SELECT a != 1", "SELECT a <> x'1F'"},
		{"SELECT NULL", "SELECT 'x'"},
		{"SELECT true", "SELECT FALSE"},
		{"SELECT a BETWEEN -1 AND 1", "SELECT a BETWEEN 1 AND -1"},
		{"SET a.b = secret", "SET A.B = 'other'"},
		{"ALTER ROLE x PASSWORD NULL", "ALTER ROLE x PASSWORD 'y'"},
	} {
		if a, b := Fingerprint(same[0], 0, len(same[0])), Fingerprint(same[1], 0, len(same[1])); a != b {
			t.Errorf("%q and %q: %d, %d", same[0], same[1], a, b)
		}
	}
	for _, other := range [][2]string{
		{"SELECT a - 1", "SELECT a, -1"},
		{"SELECT $1", "SELECT 1"},
		{"SELECT $1", "SELECT $2"},
		{`SELECT "A"`, "SELECT A"},
		{`SELECT "user"`, "SELECT user"},
		{"SELECT a IS NULL", "SELECT a IS NOT NULL"},
		{"SELECT a IS TRUE", "SELECT a IS FALSE"},
		{"SELECT a IS NOT TRUE", "SELECT a IS NOT FALSE"},
		{"SELECT ab", "SELECT a b"},
	} {
		if a, b := Fingerprint(other[0], 0, len(other[0])), Fingerprint(other[1], 0, len(other[1])); a == b {
			t.Errorf("%q and %q have one fingerprint", other[0], other[1])
		}
	}
	// Stable over versions: tools keep it.
	if id, _ := printOf(t, "SELECT * FROM events WHERE position = $1"); id != -182729279832646204 {
		t.Errorf("the fingerprint is %d", id)
	}
}

// TestLongFingerprints: of a long statement the beginning counts, and nothing of a token that is cut is kept.
func TestLongFingerprints(t *testing.T) {
	list := func(n int) string { return "SELECT a IN (" + strings.Repeat("'sesame', ", n) + "1)" }
	if id, text := printOf(t, list(5000)); id != Fingerprint(list(6000), 0, len(list(6000))) || len(text) > maxNormalized+8 || !strings.HasSuffix(text, " ...") {
		t.Errorf("%d, %.60s", id, text)
	}
	for cut := maxFingerprintBytes - 4; cut < maxFingerprintBytes+4; cut++ {
		for _, open := range []string{"'", "E'", "$$", `"`, "/*", "'a''", "U&'"} {
			sql := "SELECT 1" + strings.Repeat(" ", cut-8) + open + strings.Repeat("sesame", 100)
			if text := Normalized(sql, 0, len(sql), 0); strings.Contains(text, "s") {
				t.Errorf("%q is told of", text)
			}
		}
	}
}

// TestFingerprintAllocates: nothing, so that a statement that comes once can be counted.
func TestFingerprintAllocates(t *testing.T) {
	sql := `INSERT INTO "Events" (stream, TYPE, payload) VALUES ('it''s', E'\x41', '{"a": 1}'), (NULL, -5, TRUE)`
	if n := testing.AllocsPerRun(100, func() { Fingerprint(sql, 0, len(sql)) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzFingerprint: whatever a text is, what is kept of it has no string of it.
func FuzzFingerprint(f *testing.F) {
	for _, template := range templates {
		f.Add(strings.ReplaceAll(template, "@", "'sesame'"))
	}
	f.Fuzz(func(t *testing.T, sql string) {
		list, err := Parse(sql)
		if err != nil {
			return
		}
		for _, p := range list {
			text := Normalized(p.Src, p.Pos, p.End, p.Params)
			if Fingerprint(p.Src, p.Pos, p.End) == 0 {
				t.Error("no fingerprint")
			}
			for l := (Lexer{Src: text}); ; {
				tok, err := l.Next()
				if err != nil || tok.Kind == TokEOF {
					break
				}
				if tok.Kind == TokString || tok.Kind == TokInteger || tok.Kind == TokDecimal || tok.Kind == tokBits {
					t.Fatalf("%q has a constant of %q", text, sql)
				}
			}
		}
	})
}

// BenchmarkFingerprint: what a statement costs that comes once.
func BenchmarkFingerprint(b *testing.B) {
	sql := `INSERT INTO events (stream, type, payload, metadata, expected_version) VALUES ('order-1234567', 'OrderPlaced',
		'{"order": 1234567, "items": [{"sku": "A-1", "quantity": 2}], "total": "12.50"}', '{"by": "it''s me"}'::jsonb, 41) RETURNING position, version`
	b.ReportAllocs()
	for b.Loop() {
		Fingerprint(sql, 0, len(sql))
	}
}

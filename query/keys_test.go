package query

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/engine"
)

// keyed is an event, and keyCondition a condition on it as it is written and as it is meant.
type keyed struct {
	stream, typ string
	tags        []string // nil: null
}

type keyCondition struct {
	sql   string
	meets func(position int64, e *keyed) bool
}

func tagList(tags []string) string { return "{" + strings.Join(tags, ",") + "}" }

func randomTags(rng *rand.Rand, n int) []string {
	tags := []string{}
	for range n {
		tags = append(tags, fmt.Sprint("t", rng.IntN(5)*rng.IntN(5)))
	}
	return tags
}

// keyLeaf is a condition on the category, the type, the tags or the position.
func keyLeaf(rng *rand.Rand, events int) keyCondition {
	typ := fmt.Sprint("T", rng.IntN(12))
	other := fmt.Sprint("T", rng.IntN(12))
	category := fmt.Sprint("c", rng.IntN(6))
	tags := randomTags(rng, rng.IntN(3))
	at := int64(rng.IntN(events))
	all := func(_ int64, e *keyed) bool {
		return e.tags != nil && !slices.ContainsFunc(tags, func(t string) bool { return !slices.Contains(e.tags, t) })
	}
	some := func(_ int64, e *keyed) bool {
		return slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(e.tags, t) })
	}
	types := func(_ int64, e *keyed) bool { return e.typ == typ || e.typ == other }
	switch rng.IntN(13) {
	case 11: // of many, some beyond what is looked up one by one
		for i := range 200 + rng.IntN(1200) {
			tags = append(tags, fmt.Sprint("many", i))
		}
		return keyCondition{"tags && '" + tagList(tags) + "'", some}
	case 0:
		return keyCondition{"type = '" + typ + "'", func(_ int64, e *keyed) bool { return e.typ == typ }}
	case 1:
		return keyCondition{"'" + typ + "'::varchar = type", func(_ int64, e *keyed) bool { return e.typ == typ }}
	case 2:
		return keyCondition{"type IN ('" + typ + "', NULL, '" + other + "')", types}
	case 3:
		return keyCondition{"type = ANY('{" + typ + "," + other + ",NULL}')", types}
	case 4:
		return keyCondition{"category = '" + category + "'", func(_ int64, e *keyed) bool { return engine.Category(e.stream) == category }}
	case 5:
		return keyCondition{"tags @> '" + tagList(tags) + "'", all}
	case 6:
		return keyCondition{"'" + tagList(tags) + "'::text[] <@ tags", all}
	case 7:
		return keyCondition{"tags && '" + tagList(tags) + "'", some}
	case 8:
		return keyCondition{"'" + tagList(tags) + "' && tags", some}
	case 9:
		tags = randomTags(rng, 1)
		return keyCondition{"'" + tags[0] + "' = ANY(tags)", some}
	case 10:
		return keyCondition{fmt.Sprintf("position > %d", at), func(p int64, _ *keyed) bool { return p > at }}
	}
	return keyCondition{"type <> '" + typ + "'", func(_ int64, e *keyed) bool { return e.typ != typ }}
}

func randomCondition(rng *rand.Rand, events, depth int) keyCondition {
	if depth == 0 || rng.IntN(4) == 0 {
		return keyLeaf(rng, events)
	}
	n := 2 + rng.IntN(2)
	and := rng.IntN(2) == 0
	var list []keyCondition
	var texts []string
	for range n {
		c := randomCondition(rng, events, depth-1)
		list = append(list, c)
		texts = append(texts, c.sql)
	}
	op := " OR "
	if and {
		op = " AND "
	}
	return keyCondition{"(" + strings.Join(texts, op) + ")", func(p int64, e *keyed) bool {
		for i := range list {
			if list[i].meets(p, e) != and {
				return !and
			}
		}
		return and
	}}
}

// TestKeyConditions compares what is found by conditions on category, type and tags with what they mean: of random ones, in
// both directions, with LIMIT and OFFSET, counted, over many segments, and with what a transaction has staged.
func TestKeyConditions(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	store := openStore(t, engine.Options{SegmentBytes: 8000})
	ctx := t.Context()
	conn, err := connect(ctx, serve(t, NewServer(store, nil)), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var events []keyed
	insert := func(n int) string {
		var rows []string
		for range n {
			e := keyed{stream: fmt.Sprintf("c%d-%d", rng.IntN(3)*rng.IntN(3), rng.IntN(9)), typ: fmt.Sprint("T", rng.IntN(4)*rng.IntN(4))}
			tags := "NULL"
			if rng.IntN(5) > 0 {
				e.tags = randomTags(rng, rng.IntN(4))
				tags = "'" + tagList(e.tags) + "'"
			}
			events = append(events, e)
			rows = append(rows, fmt.Sprintf("('%s', '%s', %s)", e.stream, e.typ, tags))
		}
		return "INSERT INTO events (stream, type, tags) VALUES " + strings.Join(rows, ", ")
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	check := func(n int) {
		t.Helper()
		for range n {
			c := randomCondition(rng, len(events), 3)
			var want []string
			for i := range events {
				if c.meets(int64(i), &events[i]) {
					want = append(want, fmt.Sprint(i))
				}
			}
			sql := "SELECT position FROM events WHERE " + c.sql + " ORDER BY position"
			counted := "SELECT count(*), coalesce(min(position), -1), coalesce(max(position), -1) FROM events WHERE " + c.sql
			first, last := "-1", "-1"
			if len(want) > 0 {
				first, last = want[0], want[len(want)-1]
			}
			var count int
			var lowest, highest int64
			if err := conn.QueryRow(ctx, counted).Scan(&count, &lowest, &highest); err != nil || count != len(want) || fmt.Sprint(lowest) != first || fmt.Sprint(highest) != last {
				t.Fatalf("%s: %d from %d to %d, %v; want %v", counted, count, lowest, highest, err, want)
			}
			if err := conn.QueryRow(ctx, strings.Replace(counted, "count(*)", "1", 1)).Scan(&count, &lowest, &highest); err != nil || fmt.Sprint(lowest) != first || fmt.Sprint(highest) != last {
				t.Fatalf("%s: from %d to %d, %v; want %v", counted, lowest, highest, err, want)
			}
			if rng.IntN(2) == 0 {
				sql += " DESC"
				slices.Reverse(want)
			}
			if rng.IntN(2) == 0 {
				offset, limit := rng.IntN(5), rng.IntN(60)
				sql += fmt.Sprintf(" LIMIT %d OFFSET %d", limit, offset)
				want = want[min(offset, len(want)):]
				want = want[:min(limit, len(want))]
			}
			if got := positions(t, conn, sql); got != strings.Join(want, " ") {
				t.Fatalf("%s:\n%s\nwant\n%v", sql, got, want)
			}
		}
	}
	for range 20 {
		exec(insert(1 + rng.IntN(60)))
	}
	check(400)
	exec("BEGIN")
	exec(insert(20))
	check(100)
	exec("COMMIT")
	check(50)
}

// TestKeyPlans: EXPLAIN says which conditions the index of keys answers.
func TestKeyPlans(t *testing.T) {
	store := openStore(t, engine.Options{})
	conn, err := connect(t.Context(), serve(t, NewServer(store, nil)), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "INSERT INTO events (stream, type, tags) VALUES ('a-1', 'A', '{x}'), ('b-1', 'B', '{y}')"); err != nil {
		t.Fatal(err)
	}
	for where, scan := range map[string]string{
		"type = 'A'":                                    "Index Scan",
		"type = 'A' AND position > 0":                   "Index Scan",
		"category IN ('a', 'b') AND payload IS NULL":    "Index Scan",
		"tags @> '{x}' OR (tags && '{y}' AND type='B')": "Index Scan",
		"type = ANY('{A,B}'::text[])":                   "Index Scan",
		"'x' = ANY(tags)":                               "Index Scan",
		"type = 'A' OR position > 0":                    "Log Scan",
		"NOT type = 'A'":                                "Log Scan",
		"type = 'A' AND stream = 'a-1'":                 "Stream Scan",
		"type = 'A'::char(1)":                           "Log Scan",
		"type < 'A'":                                    "Log Scan",
		"tags <@ '{x}'":                                 "Log Scan",
	} {
		var line string
		if err := conn.QueryRow(t.Context(), "EXPLAIN (COSTS off) SELECT position FROM events WHERE "+where).Scan(&line); err != nil {
			t.Fatal(err)
		}
		if line != scan+" on events" {
			t.Errorf("%s: %s, want %s", where, line, scan)
		}
	}
}

//go:build cgo

package worker

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

// TestVerifyProjection forges every column of a projection, rows more, fewer and in another order, and what
// could stand before its tables: each is found, and what is not forged is the same as the log.
func TestVerifyProjection(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "data")
	store, err := engine.Open(dir, engine.Options{SegmentBytes: 8 << 10})
	if err != nil {
		t.Fatal(err)
	}
	const n = 200
	for i := range n {
		e := engine.NewEvent(fmt.Sprintf("s-%d", i%7), "T", fmt.Appendf(nil, `{"n": %d, "pad": %q}`, i, strings.Repeat("é", 60)))
		switch i % 4 {
		case 0:
			e.Tags = []string{"a", engine.NullTag, ""}
		case 1:
			e.Metadata, e.Tags = []byte(`{"m": 1}`), []string{}
		case 2:
			e.Payload = nil
		}
		if err := store.Writer().Append(ctx, &engine.AppendRequest{Events: []engine.ProposedEvent{e}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	verify := func() ProjectionReport {
		t.Helper()
		report, err := VerifyProjection(ctx, dir, n)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if report := verify(); !report.Missing {
		t.Errorf("without a projection: %+v", report)
	}
	p, err := openProjection(dir, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.reach(ctx, n); err != nil {
		t.Fatal(err)
	}
	p.close()
	if report := verify(); report.Events != n || report.Damage+report.Stale != "" {
		t.Fatalf("as it was made: %+v", report)
	}
	path := filepath.Join(dir, projectionFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A list that is updated moves its row to the end, so that it is the order that differs first.
	for sql, want := range map[string]string{
		"UPDATE events SET stream_id = event_id WHERE position = 11":                                                               "stream_id",
		"UPDATE events SET stream = 'other' WHERE position = 0":                                                                    "stream ",
		"UPDATE events SET stream = NULL WHERE position = 199":                                                                     "stream ",
		"UPDATE events SET version = version + 1 WHERE position = 50":                                                              "version",
		"UPDATE events SET event_id = stream_id WHERE position = 11":                                                               "event_id",
		"UPDATE events SET type = 'U' WHERE position = 11":                                                                         "type",
		"UPDATE events SET payload = payload || ' ' WHERE position = 11":                                                           "payload ",
		"UPDATE events SET payload = NULL WHERE position = 11":                                                                     "payload ",
		"UPDATE events SET payload = 'null' WHERE position = 10":                                                                   "payload ",
		"UPDATE events SET payload_bytes = 'x'::blob WHERE position = 10":                                                          "payload_bytes",
		"UPDATE events SET metadata = '{}' WHERE position = 11":                                                                    "metadata",
		"UPDATE events SET tags = ['a', '', ''] WHERE position = 8":                                                                "position",
		"UPDATE events SET tags = NULL WHERE position = 9":                                                                         "position",
		"UPDATE events SET tags = [] WHERE position = 11":                                                                          "position",
		"UPDATE events SET recorded_at = recorded_at + INTERVAL 1 MICROSECOND":                                                     "recorded_at",
		"UPDATE events SET position = 1000 WHERE position = 199":                                                                   "position",
		"DELETE FROM events WHERE position = 199; UPDATE progress SET position = 199":                                              "",
		"INSERT INTO events SELECT * FROM events WHERE position = 1":                                                               "stale",
		"DELETE FROM events WHERE position = 100":                                                                                  "stale",
		"UPDATE progress SET store = 'another'":                                                                                    "stale",
		"INSERT INTO events SELECT * REPLACE (200 AS position) FROM events WHERE position = 1; UPDATE progress SET position = 201": "it has 201 events",
		"DELETE FROM events WHERE position = 100; INSERT INTO events SELECT * FROM events WHERE position = 1":                      "position",
		"CREATE VIEW streams AS SELECT 1":                                                                                          "streams",
		"CREATE MACRO lower(x) AS 'forged'":                                                                                        "lower",
		"CREATE TABLE pg_roles (a INT)":                                                                                            "pg_roles",
		"CREATE SCHEMA other; CREATE TABLE other.a (b INT)":                                                                        "a",
	} {
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		forge(t, path, sql)
		report := verify()
		switch {
		case want == "" && (report.Damage+report.Stale != "" || report.Events != n-1):
			t.Errorf("%s: %+v", sql, report) // it is only behind
		case want == "stale" && report.Stale == "":
			t.Errorf("%s: %+v", sql, report)
		case want != "" && want != "stale" && !strings.Contains(report.Damage+" ", want):
			t.Errorf("%s: %+v, want %s", sql, report, want)
		}
	}
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if report := verify(); report.Damage+report.Stale == "" {
		t.Errorf("half of the file: %+v", report)
	}
}

func forge(t *testing.T, path, sql string) {
	t.Helper()
	db, err := duck.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec(sql + "; CHECKPOINT"); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

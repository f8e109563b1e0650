package engine

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestRaisedMetadata: the text stays, and what comes to it is one member of one object.
func TestRaisedMetadata(t *testing.T) {
	given := time.Date(2019, 7, 1, 12, 30, 0, 45_000, time.UTC).UnixMicro()
	const member = `"$recorded_at": "2019-07-01T12:30:00.000045+00:00"`
	for metadata, want := range map[string]string{
		"":                      "{" + member + "}",
		"{}":                    "{" + member + "}",
		" {\n} ":                " {" + member + "}",
		`{"a": 1}`:              `{"a": 1, ` + member + "}",
		`{"a": {} } `:           `{"a": {}, ` + member + "}",
		`{"a": "{"}`:            `{"a": "{", ` + member + "}",
		`{"$recorded_at": "x"}`: `{"$metadata": {"$recorded_at": "x"}, ` + member + "}",
		`{"a": {"$recorded_at": 1}, "b": ["$recorded_at", {}], "c": "$recorded_at"}`: `{"a": {"$recorded_at": 1}, "b": ["$recorded_at", {}], "c": "$recorded_at", ` + member + "}",
		`{"a": [1, {"b": 2}], "$recorded_at": null}`:                                 `{"$metadata": {"a": [1, {"b": 2}], "$recorded_at": null}, ` + member + "}",
		"null":                   `{"$metadata": null, ` + member + "}",
		`[{"a": 1}]`:             `{"$metadata": [{"a": 1}], ` + member + "}",
		`"}"`:                    `{"$metadata": "}", ` + member + "}",
		" 7 ":                    `{"$metadata":  7 , ` + member + "}",
		`{"a":{"b":{}},"c":[]}`:  `{"a":{"b":{}},"c":[], ` + member + "}",
		`{"$metadata": {"a":1}}`: `{"$metadata": {"a":1}, ` + member + "}",
	} {
		var text []byte
		if metadata != "" {
			text = []byte(metadata)
		}
		got := RaisedMetadata(text, given)
		if string(got) != want || !json.Valid(got) {
			t.Errorf("%q: %s, want %s", metadata, got, want)
		}
		if len(got)-len(metadata) > maxRaised {
			t.Errorf("%q grows by %d bytes", metadata, len(got)-len(metadata))
		}
	}
	if got := RaisedMetadata([]byte("1"), -1<<58); len(got) > maxRaised {
		t.Errorf("%s", got)
	}
}

// TestOlderThanItsFile: a log may begin with an event that is older than the file it is in, and an append refused
// or left out changes no time.
func TestOlderThanItsFile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	fs := vfs.NewMem()
	options := Options{FS: fs, SegmentBytes: 64 << 10}
	ctx := context.Background()
	s, err := Open("data", options)
	if err != nil {
		t.Fatal(err)
	}
	var want []int64
	newest := int64(noTime)
	for n := range 400 {
		at := time.Date(1960+min(r.IntN(8), n/50), 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
		e := NewEvent("s", "T", []byte(`{"n": 1}`))
		e.Timed, e.GivenAt = true, at
		failing := e
		failing.Version, failing.GivenAt = 7777, time.Now().UnixMicro()
		if err := s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{e, failing}}); err == nil {
			t.Fatal("version 7777 was taken")
		}
		request := &AppendRequest{Events: []ProposedEvent{e, e}}
		if err := s.Writer().Append(ctx, request); err != nil {
			t.Fatal(err)
		}
		newest = max(newest, at)
		want = append(want, newest, newest)
		if request.Recorded(1).RecordedAt != newest || s.Index().NewestTime() != newest {
			t.Fatalf("%d, the index has %d, want %d", request.Recorded(1).RecordedAt, s.Index().NewestTime(), newest)
		}
		if r.IntN(40) > 0 {
			continue
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if report, err := Verify("data", options); err != nil || len(report.Damage) > 0 {
			t.Fatal(report.Damage, err)
		}
		if s, err = Open("data", options); err != nil {
			t.Fatal(err)
		}
	}
	c := s.Index().ReadAll(Forward(0))
	for i := range want {
		if !c.Next(ctx) || c.Event().RecordedAt != want[i] {
			t.Fatalf("event %d: %v, want %d, %v", i, c.Event().RecordedAt, want[i], c.Err())
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestParseLine(t *testing.T) {
	seven := int64(7)
	id := uuid.MustParse("0195d8a0-1111-7000-8000-000000000001")
	for name, tt := range map[string]struct {
		text string
		want line
	}{
		"least": {`{"stream":"a-1","type":"T"}`, line{Stream: "a-1", Type: "T"}},
		"all": {
			`{"stream":"a-1","version":7,"event_id":"0195d8a0-1111-7000-8000-000000000001","type":"T",` +
				`"payload":{"b": 1.50, "a":[]},"metadata":"m","tags":["x","y"]}`,
			line{
				Stream: "a-1", Version: &seven, EventID: id, Type: "T", Payload: json.RawMessage(`{"b": 1.50, "a":[]}`),
				Metadata: json.RawMessage(`"m"`), Tags: []string{"x", "y"},
			},
		},
		"space everywhere": {
			" { \"stream\" : \"a\" ,\t\"type\" :\"T\" , \"payload\" : [ 1 , {} ] , \"tags\" : [ \"x\" , \"y\" ] } \r",
			line{Stream: "a", Type: "T", Payload: json.RawMessage(`[ 1 , {} ]`), Tags: []string{"x", "y"}},
		},
		"brackets and quotes in strings": {
			`{"payload":{"]}\"\\":"{["},"stream":"a","type":"T"}`,
			line{Stream: "a", Type: "T", Payload: json.RawMessage(`{"]}\"\\":"{["}`)},
		},
		"escapes": {
			`{"stre\u0061m":"\u00fcn\"i\ud83d\ude00","type":"a\/b","tags":["\n"]}`,
			line{Stream: "ün\"i😀", Type: "a/b", Tags: []string{"\n"}},
		},
		"unnamed": {
			`{"stream_id":"0195d8a0-1111-7000-8000-000000000001","type":"T"}`,
			line{StreamID: id, Type: "T"},
		},
		"opaque":       {`{"stream":"a","type":"T","payload_base64":"AAE="}`, line{Stream: "a", Type: "T", PayloadBytes: []byte{0, 1}}},
		"opaque empty": {`{"stream":"a","type":"T","payload_base64":""}`, line{Stream: "a", Type: "T", PayloadBytes: []byte{}}},
		"the log's own": {
			`{"position":1,"stream":"a","type":"T","recorded_at":"2026-01-01","category":null}`,
			line{Stream: "a", Type: "T"},
		},
		"nulls": {
			`{"stream":"a","stream_id":null,"version":null,"event_id":null,"type":"T","payload":null,"metadata":null,"tags":null,"payload_base64":null}`,
			line{Stream: "a", Type: "T", Payload: json.RawMessage("null"), Metadata: json.RawMessage("null")},
		},
		"no tags": {`{"stream":"a","type":"T","tags":[]}`, line{Stream: "a", Type: "T", Tags: []string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseLine([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestParseBadLine(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                      `not a JSON object`,
		``:                        `not a JSON object`,
		`{`:                       `the line ends where a key was expected`,
		`{"stream"`:               `the line ends where ":" was expected`,
		`{"stream":`:              `column 11: stream is not valid JSON: The input string ended unexpectedly`,
		`{"stream":}`:             `column 11: stream is not valid JSON: Expected JSON value, but found "}"`,
		`{"stream":"a",}`:         `column 15: '}' where a key was expected`,
		`{"stream":"a" "b"}`:      `column 15: '"' where "," or "}" was expected`,
		`{"str` + "\t" + `":"a"}`: `column 2: the key is not a JSON string`,
		`{é:1}`:                   `column 2: 'é' where a key was expected`,
		"{\"stream\":\"\xff\"}":   `not UTF-8`,
		`{}`:                      `no type`,
		`{"stream":"a"}`:          `no type`,
		`{"type":"T"}`:            `neither stream nor stream_id`,
		`{"type":""}`:             `type is empty`,
		`{"type":1}`:              `type is not a string`,
		`{"Type":"T"}`:            `unknown key "Type"`,
		`{"typo":"T"}`:            `unknown key "typo"`,
		`{"type":"a","type":"b"}`: `key "type" twice`,
		`{"stream_id":"x"}`:       `stream_id is not a UUID: "x"`,
		`{"event_id":"00000000-0000-0000-0000-000000000000"}`: `event_id is not a UUID: "00000000-0000-0000-0000-000000000000"`,
		`{"version":-1}`:                 `version is not a whole number from 0 up`,
		`{"version":1.0}`:                `version is not a whole number from 0 up`,
		`{"version":"1"}`:                `version is not a whole number from 0 up`,
		`{"tags":{}}`:                    `tags is not an array`,
		`{"tags":["a",null]}`:            `tags holds something other than strings`,
		`{"payload_base64":"A"}`:         `payload_base64 is not base64`,
		`{"payload":tru}`:                `column 12: payload is not valid JSON: Token "tru" is invalid`,
		`{"payload":{"a":"\u0000"}}`:     `column 17: payload is not valid JSON: \u0000 cannot be converted to text`,
		`{"payload":[1}]`:                `column 14: payload is not valid JSON: Expected "," or "]", but found "}"`,
		`{"metadata":"` + "\x01" + `"}`:  `column 13: metadata is not valid JSON: Character with value 0x01 must be escaped`,
		`{"recorded_at":oops}`:           `column 16: recorded_at is not valid JSON: Token "oops" is invalid`,
		`{"stream":"a","type":"T"} x`:    `column 27: 'x' where the end of the line was expected`,
		`{"stream":"a","type":"\ud800"}`: `column 22: type is not valid JSON: Unicode low surrogate must follow a high surrogate`,
		`{"stream":"a","type":"T","payload":1,"payload_base64":""}`: `both payload and payload_base64`,
	} {
		_, err := parseLine([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestAppendLine(t *testing.T) {
	zero := int64(0)
	id := uuid.MustParse("0195d8a0-1111-7000-8000-000000000001")
	for want, e := range map[string]line{
		`{"stream":"a","version":0,"event_id":"0195d8a0-1111-7000-8000-000000000001","type":"T","payload":{ },"metadata":null,"tags":["x","<&>"]}`: {
			Stream: "a", StreamID: id, Version: &zero, EventID: id, Type: "T", Payload: json.RawMessage("{ }"),
			Metadata: json.RawMessage("null"), Tags: []string{"x", "<&>"},
		},
		`{"stream_id":"0195d8a0-1111-7000-8000-000000000001","type":"T","payload_base64":""}`: {
			StreamID: id, Type: "T", PayloadBytes: []byte{},
		},
		`{"stream":"a","type":"\"\\\n\t\u0001\u001fü` + "\u2028" + `","tags":[]}`: {Stream: "a", Type: "\"\\\n\t\x01\x1fü\u2028", Tags: []string{}},
		// Only line ends cost a payload its space.
		`{"stream":"a","type":"T","payload":{"<a>":[1,"x y"]},"metadata":[1, 2]}`: {
			Stream: "a", Type: "T", Payload: json.RawMessage("{\r\n  \"<a>\": [1, \"x y\"]\r\n}"), Metadata: json.RawMessage("[1, 2]"),
		},
	} {
		if got := string(appendLine(nil, &e)); got != want+"\n" {
			t.Errorf("got  %swant %s", got, want)
		}
	}
}

// Nesting that encoding/json gives up on is kept too.
func TestAppendLineDeep(t *testing.T) {
	const depth = 20_000
	deep := strings.Repeat("[", depth) + "\n" + strings.Repeat("]", depth)
	got := string(appendJSON(nil, []byte(deep)))
	if want := strings.ReplaceAll(deep, "\n", " "); got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`{"stream":"a-1","version":7,"event_id":"0195d8a0-1111-7000-8000-000000000001","type":"T","payload":{"b": 1.50},"metadata":"m","tags":["x","y"]}`))
	f.Add([]byte(`{"stream_id":"0195d8a0-1111-7000-8000-000000000001","type":"\u00fc\n","payload_base64":"AAE=","tags":[]}`))
	f.Add([]byte(`{"stream":"a","type":"T","payload":{"]}\"\\":"{["},"position":1}`))
	f.Add([]byte("{ \"payload\" : [1 ,\r2] , \"type\":\"\\ud83d\\ude00\",\"stream\":null}"))
	f.Add([]byte(`{"tags":[,],"payload":}{"a":1]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := parseLine(text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatal("taken, and not JSON")
		}
		out := appendLine(nil, &e)
		if bytes.IndexByte(out, '\n') != len(out)-1 {
			t.Fatalf("not one line: %q", out)
		}
		again, err := parseLine(bytes.TrimSuffix(out, []byte("\n")))
		if err != nil {
			t.Fatalf("%v: %q", err, out)
		}
		if e.Stream != "" {
			e.StreamID = uuid.Nil // export leaves it out
		}
		if !bytes.ContainsAny(text, "\r\n") && !reflect.DeepEqual(e, again) {
			t.Fatalf("written %+v\nread    %+v", e, again)
		}
		if twice := appendLine(nil, &again); !bytes.Equal(out, twice) {
			t.Fatalf("written %q\nagain   %q", out, twice)
		}
	})
}

package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
)

// FuzzDecodeRecord: any bytes decode without a panic, and only to what encodes again.
func FuzzDecodeRecord(f *testing.F) {
	e := NewEvent("order-1", "Placed", []byte(`{"a": 1}`))
	e.EventID, e.StreamID = uuid.UUID{1}, StreamID("order-1")
	e.Metadata, e.Tags = []byte(`{}`), []string{"a", "", NullTag}
	f.Add(appendRecord(nil, &e, placement{position: 7, version: 3, recordedAt: 1000, baseTime: 10}), int64(7))
	e.Stream, e.Payload, e.Opaque, e.Tags = "", nil, false, nil
	f.Add(appendRecord(nil, &e, placement{position: 0, version: 0, recordedAt: 10, baseTime: 10}), int64(0))
	f.Add([]byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff}, int64(1))
	dict := newPackingDictionary([]byte(`Placed{"a": 1, "b": "what all of them say", "c": [true]}{"user": 7}`))
	e.Payload = []byte(`{"a": 17, "b": "what all of them say", "c": [true]}`)
	f.Add(appendRecord(nil, &e, placement{position: 7, version: 3, recordedAt: 1000, baseTime: 10, dictionary: dict}), int64(7))
	f.Fuzz(func(t *testing.T, b []byte, position int64) {
		seg := &segment{name: "log/1.seg", baseTime: 10}
		seg.dict.Store(dict)
		var d, d2 decoder
		var got RecordedEvent
		if size := recordSize(b); size > 4 && size <= len(b) {
			// Let the fuzzer past the checksum.
			le.PutUint32(b, recordCRC(position, b[4:size]))
		}
		if d.decode(&got, b, position, seg, 64) != nil {
			return
		}
		p := ProposedEvent{
			StreamID: got.StreamID, Stream: got.Stream, EventID: got.EventID, Type: got.Type,
			Payload: got.Payload, Opaque: got.Opaque, Metadata: got.Metadata, Tags: got.Tags,
		}
		again := appendRecord(nil, &p, placement{position: position, version: got.Version, recordedAt: got.RecordedAt, baseTime: 10, dictionary: dict})
		var second RecordedEvent
		if err := d2.decode(&second, again, position, seg, 64); err != nil {
			t.Fatalf("encoded again it does not decode: %v", err)
		}
		if fmt.Sprint(got) != fmt.Sprint(second) {
			t.Fatalf("decoded %v, again %v", got, second)
		}
	})
}

// FuzzValidateJSON holds the validator to encoding/json, where the two agree on what
// JSON is: PostgreSQL refuses \u0000 and lone surrogates, and nesting has a bound.
func FuzzValidateJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `{"a": [1, 2.5e-3, true, null], "b": {"c": "\u00e9\ud83d\ude00"}}`, `"\u0000"`, `"\ud800"`,
		`01`, `1.`, `-`, `{"a" 1}`, `[1,]`, `tru`, ` 1 `, "\"\xff\"", `""`, `{"a":1,}`, `nullx`, "\"\t\"",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := ValidateJSON(b)
		want := json.Valid(b) && utf8.Valid(b)
		if err == nil && !want {
			t.Fatalf("accepted %q", b)
		}
		if err != nil && want {
			je := err.(*JSONError)
			surrogate := bytes.Contains(b, []byte(`\u`)) || bytes.Contains(b, []byte(`\U`))
			if je.Kind != JSONTooDeep && !surrogate {
				t.Fatalf("refused %q: %v", b, err)
			}
		}
	})
}

// FuzzOpen opens a store whose only segment ends in any bytes: it opens without what was
// never acknowledged, or says what is damaged.
func FuzzOpen(f *testing.F) {
	frame := func(n int) []byte {
		e := NewEvent("s", "T", nil)
		e.EventID, e.StreamID = uuid.UUID{9}, StreamID("s")
		b := beginFrame(nil)
		b = appendRecord(b, &e, placement{position: 3, version: int64(n), recordedAt: 1 << 60, baseTime: 0})
		return frameKey(0).endFrame(b, 0, kindAppend, 3, 1, 64)
	}
	f.Add([]byte{})
	f.Add(frame(3))
	f.Add(frame(4))
	f.Add(append(make([]byte, 600), frame(3)...))
	f.Add(bytes.Repeat([]byte{0xE7, 0xF5}, 40))
	base := f.TempDir()
	s, err := Open(base, Options{})
	if err != nil {
		f.Fatal(err)
	}
	for range 3 {
		mustAppend(f, s, NewEvent("s", "T", []byte(`{}`)))
	}
	want := collect(f, s.Index().ReadAll(Forward(0)))
	s.Close()
	whole, err := os.ReadFile(segmentName(base, 1))
	if err != nil {
		f.Fatal(err)
	}
	os.Remove(base + "/CHECKPOINT")
	f.Fuzz(func(t *testing.T, tail []byte) {
		if err := os.WriteFile(segmentName(base, 1), append(append([]byte{}, whole...), tail...), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(base, Options{})
		if err != nil {
			return
		}
		got := collect(t, s.Index().ReadAll(Forward(0)))
		if len(got) < len(want) {
			t.Fatalf("%d events of %d", len(got), len(want))
		}
		sameEvents(t, got[:len(want)], want)
		s.Close()
		os.Remove(base + "/CHECKPOINT")
	})
}

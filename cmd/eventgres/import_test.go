package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// deliver runs a batchReader over the input and describes what it delivers.
func deliver(t *testing.T, in io.Reader) (batches []*batch, end error) {
	t.Helper()
	out := make(chan delivery)
	r := &batchReader{in: in, out: out, streams: map[uuid.UUID]struct{}{}}
	go r.run(t.Context())
	for d := range out {
		if d.batch == nil {
			return batches, d.err
		}
		batches = append(batches, d.batch)
	}
	panic("not reached")
}

// outline is a batch as text: COPY or INSERT, and its lines.
func outline(b *batch) string {
	if b.keyed {
		return "INSERT " + b.lines()
	}
	return "COPY " + b.lines()
}

const (
	plainLine = `{"stream":"a","type":"T"}` + "\n"
	keyedLine = `{"stream":"a","type":"T","event_id":"0195d8a0-1111-7000-8000-000000000001"}` + "\n"
)

func TestBatches(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		want string
		end  string
	}{
		"nothing":             {"", "", "EOF"},
		"blank lines":         {"\n  \n" + plainLine + "\r\n" + plainLine + "\n", "COPY lines 3 to 5", "EOF"},
		"no end of line":      {strings.TrimSpace(plainLine), "COPY line 1", "EOF"},
		"ids":                 {keyedLine + keyedLine, "INSERT lines 1 to 2", "EOF"},
		"ids begin later":     {plainLine + plainLine + keyedLine, "COPY lines 1 to 2, INSERT line 3", "EOF"},
		"ids and none":        {keyedLine + plainLine + keyedLine, "INSERT lines 1 to 3", "EOF"},
		"more ids than go":    {strings.Repeat(keyedLine, 1001), "INSERT lines 1 to 500, INSERT lines 501 to 1000, INSERT line 1001", "EOF"},
		"no ids again":        {strings.Repeat(keyedLine, 500) + plainLine, "INSERT lines 1 to 500, COPY line 501", "EOF"},
		"more lines than go":  {strings.Repeat(plainLine, copyRows+1), fmt.Sprintf("COPY lines 1 to %d, COPY line %d", copyRows, copyRows+1), "EOF"},
		"a bad line":          {plainLine + plainLine + "oops\n" + plainLine, "COPY lines 1 to 2", "line 3: not a JSON object"},
		"a bad line at first": {"{\n", "", "line 1: the line ends where a key was expected"},
		"large lines": {
			strings.Repeat(`{"stream":"a","type":"T","payload":"`+strings.Repeat("x", batchBytes/3)+"\"}\n", 5),
			"COPY lines 1 to 2, COPY lines 3 to 4, COPY line 5", "EOF",
		},
	} {
		t.Run(name, func(t *testing.T) {
			batches, end := deliver(t, strings.NewReader(tt.in))
			var got []string
			for _, b := range batches {
				got = append(got, outline(b))
			}
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
			if end.Error() != tt.end {
				t.Errorf("ended with %v, want %s", end, tt.end)
			}
		})
	}
}

func TestLongestLine(t *testing.T) {
	frame := len(`{"stream":"a","type":"T","payload":""}`)
	text := func(size int) io.Reader {
		line := `{"stream":"a","type":"T","payload":"` + strings.Repeat("x", size-frame) + `"}`
		return strings.NewReader(plainLine + line + "\r\n")
	}
	if batches, end := deliver(t, text(maxLine)); !errors.Is(end, io.EOF) || len(batches) != 2 {
		t.Errorf("%d batches and %v, want 2 and EOF", len(batches), end)
	}
	if _, end := deliver(t, text(maxLine+1)); end.Error() != "line 2: longer than 64 MiB" {
		t.Error(end)
	}
}

func TestFailingInput(t *testing.T) {
	broken := io.MultiReader(strings.NewReader(plainLine), errReader{})
	batches, end := deliver(t, broken)
	if len(batches) != 1 || end.Error() != "line 2: the disk is on fire" {
		t.Errorf("%d batches and %v", len(batches), end)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("the disk is on fire") }

// A reader that nobody listens to any more ends.
func TestReaderStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &batchReader{in: strings.NewReader(keyedLine + "oops"), out: make(chan delivery), streams: map[uuid.UUID]struct{}{}}
	r.run(ctx)
}

func TestBatchRows(t *testing.T) {
	text := `{"stream":"a","version":258,"event_id":"0195d8a0-1111-7000-8000-000000000001","type":"T","payload": {"a": 1} ,"tags":["x","yz"]}
{"stream_id":"0195d8a0-1111-7000-8000-000000000002","type":"U","payload_base64":"","metadata":null,"tags":[]}
`
	batches, _ := deliver(t, strings.NewReader(text))
	params := batches[0].params()
	generated := params[17]
	if id, err := uuid.FromBytes(generated); err != nil || id.Version() != 7 {
		t.Errorf("the id made for line 2 is %v, %v", id, err)
	}
	id := func(last byte) []byte {
		u := uuid.MustParse("0195d8a0-1111-7000-8000-000000000000")
		u[15] = last
		return u[:]
	}
	want := [][]byte{
		[]byte("a"), nil,
		{0, 0, 0, 0, 0, 0, 1, 2},
		[]byte("T"), []byte("\x01{\"a\": 1}"), nil, nil, textArray(t, "x", "yz"), id(1),
		nil, id(2), nil, []byte("U"), nil,
		{},
		[]byte("\x01null"), []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19"), generated,
	}
	if len(params) != len(want) {
		t.Fatalf("%d parameters, want %d", len(params), len(want))
	}
	for i := range want {
		if (params[i] == nil) != (want[i] == nil) || !bytes.Equal(params[i], want[i]) {
			t.Errorf("parameter %d is %q, want %q", i, params[i], want[i])
		}
	}
	if part := batches[0].part(1, 2).params(); len(part) != 9 || !bytes.Equal(part[1], id(2)) {
		t.Errorf("the second row alone is %q", part)
	}
}

// textArray is an array as pgx encodes it.
func textArray(t *testing.T, tags ...string) []byte {
	t.Helper()
	out, err := pgtype.NewMap().Encode(pgtype.TextArrayOID, pgtype.BinaryFormatCode, tags, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestInsertSQL(t *testing.T) {
	want := "INSERT INTO events (stream, stream_id, version, type, payload, payload_bytes, metadata, tags, event_id)" +
		" VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9), ($10,$11,$12,$13,$14,$15,$16,$17,$18) ON CONFLICT (event_id) DO NOTHING"
	if got := insertSQL(2); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.add(5000)
	if out.Len() > 0 {
		t.Errorf("told at once: %s", &out)
	}
	p.told = p.told.Add(-10 * time.Second)
	p.add(5000)
	var events int
	var rate float64
	if _, err := fmt.Sscanf(out.String(), "%d events %f events/s\n", &events, &rate); err != nil || events != 10_000 {
		t.Errorf("%q: %v", &out, err)
	}
	if rate < 900 || rate > 1000 {
		t.Errorf("10,000 events in 10 s are %.0f a second", rate)
	}
}

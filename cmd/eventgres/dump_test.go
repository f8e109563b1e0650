package main

import (
	"strings"
	"testing"
)

const dumpColumns = "position, stream_id, stream, version, event_id, type, payload, metadata, tags, recorded_at"

func readDump(text string) (events []line, err error) {
	d := newDumpReader()
	for _, l := range strings.Split(text, "\n") {
		e, err := d.parse([]byte(l))
		if err != nil {
			return events, err
		}
		if e != nil {
			events = append(events, *e)
		}
	}
	return events, d.end()
}

func TestDump(t *testing.T) {
	events, err := readDump(`--
COPY public.streams (stream, version) FROM stdin;
no	event
\.
SET x = 1;
COPY public.events (` + dumpColumns + `) FROM stdin;
7	5eb8f3a2-0000-4000-8000-000000000001	a-1	0	5eb8f3a2-0000-4000-8000-000000000002	A	{"t": "a\\nb\\\\c"}	\N	{"x y",z}	2026-01-01 00:00:00+00
9	5eb8f3a2-0000-4000-8000-000000000003	\N	3	5eb8f3a2-0000-4000-8000-000000000004	tab\there\\	\N	{}	{}	\N
\.
SELECT 1;`)
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events: %v", len(events), err)
	}
	a, b := events[0], events[1]
	if a.Stream != "a-1" || *a.Version != 0 || a.Type != "A" || string(a.Payload) != `{"t": "a\nb\\c"}` || a.Metadata != nil ||
		strings.Join(a.Tags, "|") != "x y|z" {
		t.Errorf("the first event is %+v", a)
	}
	if b.Stream != "" || b.StreamID.String() != "5eb8f3a2-0000-4000-8000-000000000003" || *b.Version != 3 || b.Type != "tab\there\\" ||
		b.Payload != nil || string(b.Metadata) != "{}" || b.Tags == nil || len(b.Tags) != 0 {
		t.Errorf("the second event is %+v", b)
	}
}

func TestDumpRefuses(t *testing.T) {
	begin := "COPY events (position, stream, type, tags) FROM stdin;\n"
	for name, tt := range map[string]struct{ dump, message string }{
		"no events":      {"SELECT 1;", "no COPY of a table events"},
		"cut off":        {begin + "1\ta\tA\t\\N", "ends within the rows"},
		"columns":        {begin + "1\ta", "2 columns where the COPY names 4"},
		"order":          {begin + "2\ta\tA\t\\N\n1\ta\tA\t\\N", "position 1 comes after 2"},
		"no type":        {begin + "2\ta\t\\N\t\\N", "no type"},
		"no stream":      {begin + "2\t\\N\tA\t\\N", "neither stream nor stream_id"},
		"tags":           {begin + "2\ta\tA\tx", "tags is not an array of texts"},
		"null among":     {begin + "2\ta\tA\t{x,NULL}", "tags is not an array of texts"},
		"position":       {begin + "x\ta\tA\t\\N", "position is not a whole number"},
		"half an escape": {begin + "2\ta\\\tA\t\\N", "stream ends in a backslash"},
		"inserts":        {"INSERT INTO public.events VALUES (1);", "without --inserts"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := readDump(tt.dump); err == nil || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("got %v, want %s", err, tt.message)
			}
		})
	}
}

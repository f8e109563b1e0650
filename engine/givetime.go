package engine

import (
	"bytes"
	"encoding/json"
	"math"
	"time"
)

// What becomes of the times that events bring along, which were recorded elsewhere: see ProposedEvent.Timed.

const (
	// GivenTimeKey is the key of metadata under which a time stands that was given and is not the event's, and GivenMetadataKey
	// that of metadata which were no object, and so had no room for it.
	GivenTimeKey     = "$recorded_at"
	GivenMetadataKey = "$metadata"
	// maxRaised bounds what metadata grow by: both keys, the longest time, and what stands between them.
	maxRaised = 128
	// givenTimeFormat is how to_json writes a timestamptz in UTC, with all of its digits.
	givenTimeFormat = "2006-01-02T15:04:05.000000+00:00"
)

// noTime is before every time: that of a log without events.
const noTime = math.MinInt64

// time decides when an event of a request with times was recorded, and returns it as it is stored.
func (g *group) time(r *AppendRequest, i int) *ProposedEvent {
	e := &r.Events[i]
	newest := g.recordedAt
	if g.next == 0 {
		newest = noTime // the log begins with this event; it may be older than its file
	}
	if !e.Timed {
		g.recordedAt = max(g.recordedAt, r.ProposedAt)
	} else if g.recordedAt = max(newest, e.GivenAt); g.recordedAt > e.GivenAt {
		raised := *e
		raised.Metadata = RaisedMetadata(e.Metadata, e.GivenAt)
		if r.raised == nil {
			r.raised = map[int][]byte{}
		}
		r.raised[i], e = raised.Metadata, &raised
	}
	r.times[i] = g.recordedAt
	return e
}

// RaisedMetadata are the metadata of an event that was given a time, µs since the Unix epoch, and got a later one: with the
// time that was given as the last member, or, where they are no object, as another of theirs. Their text stays as it is.
func RaisedMetadata(metadata []byte, given int64) []byte {
	return AddMember(metadata, GivenTimeKey, `"`+time.UnixMicro(given).UTC().Format(givenTimeFormat)+`"`)
}

// AddMember adds a member to metadata that are JSON or nil. Those that are no object, or have a member of the key, become one of another object.
func AddMember(metadata []byte, key, value string) []byte {
	member := `"` + key + `": ` + value
	out := make([]byte, 0, len(metadata)+len(member)+len(GivenMetadataKey)+8)
	text := bytes.TrimRight(metadata, " \t\r\n")
	switch {
	case metadata == nil:
		return append(append(append(out, '{'), member...), '}')
	case text[len(text)-1] != '}' || hasMember(metadata, key):
		out = append(append(out, `{"`+GivenMetadataKey+`": `...), metadata...)
		return append(append(append(out, ", "...), member...), '}')
	}
	text = bytes.TrimRight(text[:len(text)-1], " \t\r\n")
	out = append(out, text...)
	if text[len(text)-1] != '{' {
		out = append(out, ", "...)
	}
	return append(append(out, member...), '}')
}

// hasMember tells whether an object has a member of a key.
func hasMember(object []byte, key string) bool {
	d := json.NewDecoder(bytes.NewReader(object))
	depth, name := 0, false
	for {
		t, err := d.Token()
		if err != nil {
			return false // its end
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
			name = depth == 1
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
		default:
			if depth == 1 && name {
				if t == key {
					return true
				}
				name = false
				continue
			}
		}
		name = depth == 1 // a value of the object has ended
	}
}

// Time is when an event of a request that has succeeded was recorded, µs since the Unix epoch.
func (r *AppendRequest) Time(i int) int64 {
	if r.timed {
		return r.times[i]
	}
	return r.RecordedAt
}

// Recorded is an event of a request that has succeeded, as it is in the log. It shares the request's memory. One that was left out
// as a duplicate is not there, and has position -1.
func (r *AppendRequest) Recorded(i int) RecordedEvent {
	e := &r.Events[i]
	out := RecordedEvent{
		Position: r.Results[i].Position, StreamID: e.StreamID, Stream: e.Stream, Version: r.Results[i].Version, EventID: e.EventID,
		Type: e.Type, Payload: e.Payload, Opaque: e.Opaque, Metadata: e.Metadata, Tags: e.Tags, RecordedAt: r.Time(i),
	}
	if raised, ok := r.raised[i]; ok {
		out.Metadata = raised
	}
	return out
}

package main

import "encoding/json"

// line is one event as import reads it and export writes it: a JSON object a line.
type line struct {
	Stream   string          `json:"stream,omitempty"`
	StreamID string          `json:"stream_id,omitempty"`
	Version  *int64          `json:"version,omitempty"`
	EventID  string          `json:"event_id,omitempty"`
	Type     string          `json:"type"`
	Payload  json.RawMessage `json:"payload,omitempty"`
	// PayloadBase64 is the payload where it is not JSON.
	PayloadBase64 []byte          `json:"payload_base64,omitempty"`
	Metadata      json.RawMessage `json:"metadata,omitempty"`
	Tags          []string        `json:"tags,omitempty"`
}

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
)

// line is one event as import reads it and export writes it: a JSON object a line.
//
//	{"stream":"order-17","version":0,"event_id":"0195…","type":"OrderPlaced",
//	 "payload":{"total":12.5},"metadata":{"user":"ann"},"tags":["country:NL"]}
//
// A stream is given by its name, or by its stream_id; type is required and all else is
// optional. A payload that is not JSON is payload_base64. Payload and metadata are the
// bytes between the key's colon and the next comma or brace, less the space around
// them: a null there is the JSON null, whereas a null elsewhere is as good as no key.
// position, recorded_at and category are the log's to assign, and passed over.
type line struct {
	Stream   string    // empty: not given
	StreamID uuid.UUID // zero: not given
	Version  *int64
	EventID  uuid.UUID // zero: not given
	Type     string
	Payload  json.RawMessage // nil: none
	// PayloadBytes is a payload that is not JSON; nil: none. It may be empty.
	PayloadBytes []byte
	Metadata     json.RawMessage // nil: none
	Tags         []string        // nil: none, which is not the same as empty
}

// lineKeys are the keys that a line may have.
var lineKeys = []string{
	"stream", "stream_id", "version", "event_id", "type", "payload", "payload_base64",
	"metadata", "tags", "position", "recorded_at", "category",
}

// parseLine reads a line. The event's Payload and Metadata are parts of b.
//
// encoding/json would take a key in any case or twice, and put U+FFFD in place of what
// is not Unicode, all without a word.
func parseLine(b []byte) (line, error) {
	var e line
	if !utf8.Valid(b) {
		return e, errors.New("not UTF-8")
	}
	p := lineParser{b: b}
	if !p.take('{') {
		return e, errors.New("not a JSON object")
	}
	seen := 0
	for more := !p.take('}'); more; {
		key, err := p.key()
		if err != nil {
			return e, err
		}
		i := slices.Index(lineKeys, key)
		switch {
		case i < 0:
			return e, fmt.Errorf("unknown key %q", key)
		case seen>>i&1 == 1:
			return e, fmt.Errorf("key %q twice", key)
		}
		seen |= 1 << i
		if err := p.member(&e, key); err != nil {
			return e, err
		}
		if more = p.take(','); !more && !p.take('}') {
			return e, p.expected(`"," or "}"`)
		}
	}
	if p.space(); p.i < len(b) {
		return e, p.expected("the end of the line")
	}
	return e, e.check()
}

// check looks at the event as a whole. The rest the server knows better.
func (e *line) check() error {
	switch {
	case e.Type == "":
		return errors.New("no type")
	case e.Stream == "" && e.StreamID == uuid.Nil:
		return errors.New("neither stream nor stream_id")
	case e.Payload != nil && e.PayloadBytes != nil:
		return errors.New("both payload and payload_base64")
	}
	return nil
}

// streamID is the id of the event's stream, however it was given.
func (e *line) streamID() uuid.UUID {
	if e.Stream != "" {
		return engine.StreamID(e.Stream)
	}
	return e.StreamID
}

// set takes the value of a key, which is valid JSON.
func (e *line) set(key string, value []byte) error {
	switch {
	case key == "payload":
		e.Payload = value
		return nil
	case key == "metadata":
		e.Metadata = value
		return nil
	case key == "position" || key == "recorded_at" || key == "category" || string(value) == "null":
		return nil
	case key == "version":
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || n < 0 {
			return errors.New("is not a whole number from 0 up")
		}
		e.Version = &n
		return nil
	case key == "tags":
		var err error
		e.Tags, err = parseTags(value)
		return err
	}
	s, ok := unquote(value)
	if !ok {
		return errors.New("is not a string")
	}
	return e.setText(key, s)
}

func (e *line) setText(key, s string) (err error) {
	switch key {
	case "stream":
		e.Stream = s
	case "type":
		e.Type = s
	case "stream_id":
		e.StreamID, err = parseID(s)
	case "event_id":
		e.EventID, err = parseID(s)
	case "payload_base64":
		if e.PayloadBytes, err = base64.StdEncoding.Strict().DecodeString(s); err != nil {
			return errors.New("is not base64")
		}
	}
	if s == "" && key != "payload_base64" {
		return errors.New("is empty")
	}
	return err
}

func parseID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil || id == uuid.Nil {
		return id, fmt.Errorf("is not a UUID: %q", s)
	}
	return id, nil
}

func parseTags(value []byte) ([]string, error) {
	p := lineParser{b: value}
	if !p.take('[') {
		return nil, errors.New("is not an array")
	}
	tags := []string{}
	for more := !p.take(']'); more; more = p.take(',') {
		tag, ok := unquote(p.value())
		if !ok {
			return nil, errors.New("holds something other than strings")
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// unquote decodes a JSON string, which is known to be valid.
func unquote(value []byte) (s string, ok bool) {
	if value[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1]), true
	}
	return s, json.Unmarshal(value, &s) == nil
}

// lineParser walks over an object or array without looking into its values.
type lineParser struct {
	b []byte
	i int
}

func (p *lineParser) space() {
	for p.i < len(p.b) && isSpace(p.b[p.i]) {
		p.i++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// take passes over a byte if it is the next one.
func (p *lineParser) take(c byte) bool {
	p.space()
	if p.i == len(p.b) || p.b[p.i] != c {
		return false
	}
	p.i++
	return true
}

func (p *lineParser) expected(what string) error {
	if p.i == len(p.b) {
		return fmt.Errorf("the line ends where %s was expected", what)
	}
	r, _ := utf8.DecodeRune(p.b[p.i:])
	return fmt.Errorf("column %d: %q where %s was expected", p.i+1, r, what)
}

func (p *lineParser) key() (string, error) {
	if p.space(); p.i == len(p.b) || p.b[p.i] != '"' {
		return "", p.expected("a key")
	}
	at := p.i
	value := p.value()
	if engine.ValidateJSON(value) != nil {
		return "", fmt.Errorf("column %d: the key is not a JSON string", at+1)
	}
	key, _ := unquote(value)
	if !p.take(':') {
		return "", p.expected(`":"`)
	}
	return key, nil
}

func (p *lineParser) member(e *line, key string) error {
	p.space()
	at := p.i
	value := p.value()
	err := engine.ValidateJSON(value)
	if err == nil {
		err = e.set(key, value)
	}
	if bad := new(engine.JSONError); errors.As(err, &bad) {
		return fmt.Errorf("column %d: %s is not valid JSON: %s", at+bad.Offset+1, key, strings.TrimSuffix(bad.Detail, "."))
	}
	if err != nil {
		return fmt.Errorf("%s %w", key, err)
	}
	return nil
}

// value returns the text of the next value. It finds the end by counting brackets
// outside of strings; whether that text is JSON is another matter.
func (p *lineParser) value() []byte {
	p.space()
	start, depth := p.i, 0
	for p.i < len(p.b) {
		c := p.b[p.i]
		if depth == 0 && p.i > start && (isSpace(c) || c == ',' || c == '}' || c == ']') {
			break // the end of a number or a word
		}
		p.i++
		switch c {
		case '"':
			p.string()
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			continue
		}
		if depth <= 0 {
			break
		}
	}
	return p.b[start:p.i:p.i]
}

// string passes over the rest of a string whose quote has been taken.
func (p *lineParser) string() {
	for p.i < len(p.b) {
		c := p.b[p.i]
		p.i++
		switch c {
		case '"':
			return
		case '\\':
			p.i = min(p.i+1, len(p.b))
		}
	}
}

// appendLine writes an event as one line, with its end.
//
// Payload and metadata stay as they are, byte for byte, unless there are line ends in
// them. Those are always outside of strings, so then, and only then, all space there is
// taken out.
func appendLine(out []byte, e *line) []byte {
	if e.Stream != "" {
		out = appendText(append(out, `{"stream":`...), e.Stream)
	} else {
		out = appendID(append(out, `{"stream_id":`...), e.StreamID)
	}
	if e.Version != nil {
		out = strconv.AppendInt(append(out, `,"version":`...), *e.Version, 10)
	}
	if e.EventID != uuid.Nil {
		out = appendID(append(out, `,"event_id":`...), e.EventID)
	}
	out = appendText(append(out, `,"type":`...), e.Type)
	if e.Payload != nil {
		out = appendJSON(append(out, `,"payload":`...), e.Payload)
	}
	if e.PayloadBytes != nil {
		out = base64.StdEncoding.AppendEncode(append(out, `,"payload_base64":"`...), e.PayloadBytes)
		out = append(out, '"')
	}
	if e.Metadata != nil {
		out = appendJSON(append(out, `,"metadata":`...), e.Metadata)
	}
	if e.Tags != nil {
		out = append(out, `,"tags":[`...)
		for i, tag := range e.Tags {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendText(out, tag)
		}
		out = append(out, ']')
	}
	return append(out, '}', '\n')
}

func appendID(out []byte, id uuid.UUID) []byte {
	text, _ := id.MarshalText() // never fails
	return append(append(append(out, '"'), text...), '"')
}

func appendJSON(out []byte, value []byte) []byte {
	if bytes.IndexByte(value, '\n') < 0 && bytes.IndexByte(value, '\r') < 0 {
		return append(out, value...)
	}
	compact := bytes.NewBuffer(out)
	if err := json.Compact(compact, value); err != nil {
		// Deeper than encoding/json goes, or not from a server of ours.
		return append(out, bytes.Map(unbroken, value)...)
	}
	return compact.Bytes()
}

func unbroken(r rune) rune {
	if r == '\n' || r == '\r' {
		return ' '
	}
	return r
}

// appendText writes a JSON string, escaping no more than JSON asks for: encoding/json
// means well by browsers and escapes < and > too.
func appendText(out []byte, s string) []byte {
	out = append(out, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c < ' ':
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}

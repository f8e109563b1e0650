package auth

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	// maxFileBytes bounds a file of rules or maps: a file this long is none of these. It is read as a whole, and for
	// each connection its lines are looked at in turn.
	maxFileBytes = 1 << 20
	// maxTokenBytes is PostgreSQL's MAX_TOKEN, less the end.
	maxTokenBytes = 10239
)

// token is a word of a file. Quoted, it is only itself: no keyword, no sign before a name.
type token struct {
	text   string
	quoted bool
	long   bool // it has more than maxTokenBytes, and text is its beginning
}

func (t token) is(keyword string) bool { return !t.quoted && t.text == keyword }

// line is a line of a file, with what continues it: fields that blanks part, each a list that commas part.
type line struct {
	number int // of its first, from 1
	fields [][]token
	err    string // why it cannot be split
}

// split makes lines of a file's text; empty ones and comments are none.
func split(text []byte) []line {
	var lines []line
	for number := 1; len(text) > 0; {
		l := line{number: number}
		var whole []byte
		for continued := 0; ; {
			var part []byte
			part, text, _ = bytes.Cut(text, []byte{'\n'})
			number++
			whole = bytes.TrimRight(append(whole, part...), "\r\n")
			// A backslash that was left when the one behind it was taken continues nothing.
			if len(whole) <= continued || whole[len(whole)-1] != '\\' {
				break
			}
			whole = whole[:len(whole)-1]
			continued = len(whole)
			if len(text) == 0 {
				break
			}
		}
		l.fields, l.err = fields(string(whole))
		if l.fields != nil || l.err != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

// fields are those of a line, up to a comment.
func fields(s string) (all [][]token, err string) {
	if strings.IndexByte(s, 0) >= 0 {
		return nil, "the line has a zero byte"
	}
	for s != "" {
		var field []token
		for more := true; more; {
			var t token
			var ok bool
			if t, s, ok, more = next(s); !ok {
				break
			}
			if t.long {
				return all, "authentication file token too long"
			}
			if !t.quoted && len(t.text) > 1 && t.text[0] == '@' {
				return all, fmt.Sprintf(`including the file "%s" is not supported`, t.text[1:])
			}
			field = append(field, t)
		}
		if field != nil {
			all = append(all, field)
		}
	}
	return all, ""
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// next takes a token off s; ok is false if none is left, more tells that a comma follows it, and with it another of the
// same field.
func next(s string) (t token, rest string, ok, more bool) {
	for s != "" && (blank(s[0]) || s[0] == ',') {
		s = s[1:]
	}
	var text []byte
	inside, quote, seen := false, false, false // quotes; quote: the byte before closed them
	i := 0
	for ; i < len(s) && (inside || !blank(s[i])); i++ {
		c := s[i]
		if c == '#' && !inside {
			i = len(s)
			break
		}
		if len(text) >= maxTokenBytes {
			t.long = true
			break
		}
		if c == ',' && !inside {
			more = true
			i++
			break
		}
		if c != '"' || quote {
			text = append(text, c)
		}
		quote = inside && c == '"' && !quote // two within quotes are one
		if c == '"' {
			inside, seen = !inside, true
			if len(text) == 0 {
				t.quoted = true
			}
		}
	}
	t.text = string(text)
	return t, s[i:], seen || len(text) > 0, more
}

package auth

import (
	"fmt"
	"strings"
)

// attributes reads the attributes of a SCRAM message, a=value,b=value, in their order.
type attributes struct {
	rest string
}

func (m *attributes) end() bool  { return m.rest == "" }
func (m *attributes) skip(n int) { m.rest = m.rest[n:] }

// peek is the next byte, 0 at the end: no message has one in it.
func (m *attributes) peek() byte {
	if m.rest == "" {
		return 0
	}
	return m.rest[0]
}

// value reads the value of the attribute that must come next, and the comma behind it.
func (m *attributes) value(name byte) (string, error) {
	if m.peek() != name {
		return "", malformed(`Expected attribute "%c" but found "%s".`, name, m.shown())
	}
	m.skip(1)
	return m.assigned(name)
}

// any reads an attribute of any name.
func (m *attributes) any() (name byte, value string, err error) {
	name = m.peek()
	switch {
	case name == 0:
		return 0, "", malformed("Attribute expected, but found end of string.")
	case (name < 'a' || name > 'z') && (name < 'A' || name > 'Z'):
		return 0, "", malformed(`Attribute expected, but found invalid character "%s".`, m.shown())
	}
	m.skip(1)
	value, err = m.assigned(name)
	return name, value, err
}

func (m *attributes) assigned(name byte) (string, error) {
	if m.peek() != '=' {
		return "", malformed(`Expected character "=" for attribute "%c".`, name)
	}
	value, rest, _ := strings.Cut(m.rest[1:], ",")
	m.rest = rest
	return value, nil
}

// shown is the next byte as an error may quote it.
func (m *attributes) shown() string {
	if c := m.peek(); c > ' ' && c <= '~' {
		return "'" + string(rune(c)) + "'"
	}
	return fmt.Sprintf("0x%02x", m.peek())
}

// shownText is a text as an error may quote it.
func shownText(s string) string {
	const longest = 30
	b := []byte(s[:min(len(s), longest)])
	for i, c := range b {
		if c <= ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

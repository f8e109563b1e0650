package auth

import (
	"fmt"
	"strings"
)

// Maps say which roles the names of operating system users and certificates stand for: the lines of a file in the
// format of pg_ident.conf, each a map's name, a name elsewhere and a role. It is safe for concurrent use.
type Maps struct {
	lines []Mapping
	to    map[[2]string][]string // map and name: roles
	named map[string]bool
	err   error
}

// Mapping is a line, as pg_ident_file_mappings shows it; the other texts are empty where there is an Error.
type Mapping struct {
	Line            int
	Map, Name, Role string
	Error           string
}

// ParseMaps reads a file. As with [ParseRules] all its lines are read, and with an error none has effect.
func ParseMaps(text []byte) *Maps {
	m := &Maps{to: map[[2]string][]string{}, named: map[string]bool{}}
	if len(text) > maxFileBytes {
		m.err = fmt.Errorf("the file has %d bytes, the limit is %d", len(text), maxFileBytes)
		return m
	}
	for _, l := range split(text) {
		mapping, err := parseMapping(l)
		if err != nil {
			mapping = Mapping{Line: l.number, Error: err.message}
			if m.err == nil {
				m.err = fmt.Errorf("line %d: %w", l.number, err)
			}
		} else {
			key := [2]string{mapping.Map, mapping.Name}
			m.to[key] = append(m.to[key], mapping.Role)
			m.named[mapping.Map] = true
		}
		m.lines = append(m.lines, mapping)
	}
	return m
}

func parseMapping(l line) (Mapping, *lineError) {
	m := Mapping{Line: l.number}
	if l.err != "" {
		return m, refuse("%s", l.err)
	}
	for i, to := range []*string{&m.Map, &m.Name, &m.Role} {
		switch {
		case len(l.fields) <= i:
			return m, refuse("missing entry at end of line")
		case len(l.fields[i]) > 1:
			return m, refuse("multiple values in ident field")
		}
		*to = l.fields[i][0].text
	}
	switch {
	case strings.HasPrefix(m.Name, "/"):
		return m, refuse("regular expressions are not supported: a name stands for a role only as a whole")
	case m.Map == OwnerMap:
		return m, refuse(`the map "owner" is built in`)
	}
	return m, nil
}

// Err is the first error of the file, with its line.
func (m *Maps) Err() error { return m.err }

// Lines are the file's.
func (m *Maps) Lines() []Mapping { return m.lines }

func (m *Maps) has(name string) bool { return m != nil && m.named[name] }

// Allows tells whether a name elsewhere may be a role. Without a map it must be the same.
func (m *Maps) Allows(name, elsewhere, role string) bool {
	if name == "" {
		return elsewhere == role
	}
	if m == nil {
		return false
	}
	for _, to := range m.to[[2]string{name, elsewhere}] {
		if to == role {
			return true
		}
	}
	return false
}

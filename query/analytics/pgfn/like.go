package pgfn

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/limit"
)

// LikeMatcher is a compiled pattern of LIKE or ILIKE. It keeps no state.
type LikeMatcher struct {
	parts []likePart // between the percent signs
	fold  bool
	exact bool // the pattern has no percent sign
	size  int
	work  *limit.Work
}

// Size is about how many bytes the pattern takes.
func (m *LikeMatcher) Size() int { return m.size }

// With returns the pattern for a call that may be told to end.
func (m *LikeMatcher) With(w *limit.Work) *LikeMatcher {
	c := *m
	c.work = w
	return &c
}

// likePart is text to match, in which a wild character is any one.
type likePart struct {
	text  string
	wild  []bool // by character; nil if none is
	runes []rune // if wild is not nil
}

// CompileLike compiles a pattern. An empty escape means none. With fold, ASCII letters
// match in any case, as ILIKE has it in locale C.
func CompileLike(pattern, escape string, fold bool) (*LikeMatcher, error) {
	escapeRune := rune(-1)
	if escape != "" {
		r, n := utf8.DecodeRuneInString(escape)
		if n != len(escape) {
			return nil, pgerror.Errorf(pgerror.InvalidEscapeSequence, "invalid escape string").
				WithHint("Escape string must be empty or one character.")
		}
		escapeRune = r
	}
	if fold {
		pattern = Lower(pattern)
		if escapeRune >= 'A' && escapeRune <= 'Z' {
			escapeRune |= 0x20
		}
	}
	m := &LikeMatcher{fold: fold, exact: true, size: 100 + 10*len(pattern)}
	var current []rune
	var wild []bool
	anyWild := false
	flush := func() {
		p := likePart{text: string(current)}
		if anyWild {
			p.wild, p.runes = wild, current
		}
		m.parts = append(m.parts, p)
		current, wild, anyWild = nil, nil, false
	}
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			escaped = false
		case r == escapeRune:
			escaped = true
			continue
		case r == '%':
			m.exact = false
			flush()
			continue
		case r == '_':
			anyWild = true
			current, wild = append(current, r), append(wild, true)
			continue
		}
		current, wild = append(current, r), append(wild, false)
	}
	if escaped {
		return nil, pgerror.Errorf(pgerror.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
	}
	flush()
	return m, nil
}

// Match tells whether s matches the whole pattern.
func (m *LikeMatcher) Match(s string) bool {
	if m.fold {
		s = Lower(s)
	}
	first, last := &m.parts[0], &m.parts[len(m.parts)-1]
	n, ok := first.prefix(s)
	if !ok {
		return false
	}
	s = s[n:]
	if m.exact {
		return s == ""
	}
	for i := 1; i < len(m.parts)-1; i++ {
		from, n := m.parts[i].find(s, m.work)
		if from < 0 {
			return false
		}
		s = s[from+n:]
	}
	return last.suffix(s)
}

// prefix returns how long the part is at the beginning of s.
func (p *likePart) prefix(s string) (int, bool) {
	if p.wild == nil {
		return len(p.text), strings.HasPrefix(s, p.text)
	}
	at := 0
	for i, want := range p.runes {
		if at >= len(s) {
			return 0, false
		}
		r, n := utf8.DecodeRuneInString(s[at:])
		if !p.wild[i] && r != want {
			return 0, false
		}
		at += n
	}
	return at, true
}

// find returns where the part is first in s, and its length.
func (p *likePart) find(s string, w *limit.Work) (from, length int) {
	w.Step()
	if p.wild == nil {
		return strings.Index(s, p.text), len(p.text)
	}
	for from = 0; from <= len(s); {
		w.Steps(1 + len(p.runes)/8)
		if n, ok := p.prefix(s[from:]); ok {
			return from, n
		}
		_, n := utf8.DecodeRuneInString(s[from:])
		from += max(n, 1)
	}
	return -1, 0
}

func (p *likePart) suffix(s string) bool {
	if p.wild == nil {
		return strings.HasSuffix(s, p.text)
	}
	at := len(s)
	for i := len(p.runes) - 1; i >= 0; i-- {
		if at == 0 {
			return false
		}
		r, n := utf8.DecodeLastRuneInString(s[:at])
		if !p.wild[i] && r != p.runes[i] {
			return false
		}
		at -= n
	}
	return true
}

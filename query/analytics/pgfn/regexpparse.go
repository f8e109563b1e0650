package pgfn

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// reTranslator writes Go's regular expression for one of PostgreSQL's. In locale C
// classes and case are ASCII's only, thus case is spelled out and not left to (?i).
type reTranslator struct {
	src         string
	i           int
	out         strings.Builder
	fold        bool
	dotStops    bool // the dot and complements do not match a newline
	lineAnchors bool // ^ and $ match at newlines
	expanded    bool
	literal     bool
	basic       bool
	lazy        bool // every quantifier is written to prefer less
	mixed       bool // some quantifier prefers less
	groups      int  // that are closed
	context     bool
	edges       int  // how many \m and \M there are
	marked      bool // these are written as marks, which checkEdges looks for
	depth       int
}

// option takes a letter of flags or of (?...).
func (t *reTranslator) option(c byte) bool {
	switch c {
	case 'b':
		t.basic = true
	case 'c':
		t.fold = false
	case 'e', 't':
		if c == 't' {
			t.expanded = false
		} else {
			t.basic, t.literal = false, false
		}
	case 'i':
		t.fold = true
	case 'm', 'n':
		t.dotStops, t.lineAnchors = true, true
	case 'p':
		t.dotStops, t.lineAnchors = true, false
	case 'q':
		t.literal = true
	case 's':
		t.dotStops, t.lineAnchors = false, false
	case 'w':
		t.dotStops, t.lineAnchors = false, true
	case 'x':
		t.expanded = true
	default:
		return false
	}
	return true
}

// translate returns the expression as written, and what it prefers as a whole.
func (t *reTranslator) translate() (string, preference, error) {
	if err := t.prefixes(); err != nil {
		return "", none, err
	}
	if t.literal {
		for _, r := range t.src[t.i:] {
			t.char(r)
		}
		return t.out.String(), none, nil
	}
	if t.basic {
		return "", none, pgerror.Errorf(pgerror.FeatureNotSupported, "basic regular expressions are not supported")
	}
	prefers, err := t.alternation()
	if err != nil {
		return "", none, err
	}
	if t.i < len(t.src) {
		return "", none, errRegexp("parentheses () not balanced")
	}
	return t.out.String(), prefers, nil
}

// shortened is the expression with every quantifier preferring less, which finds the
// shortest match as a whole.
func (t *reTranslator) shortened() (string, error) {
	again := reTranslator{
		src: t.src, fold: t.fold, dotStops: t.dotStops, lineAnchors: t.lineAnchors, expanded: t.expanded, lazy: true,
	}
	if err := again.prefixes(); err != nil {
		return "", err
	}
	_, err := again.alternation()
	return again.out.String(), err
}

// preference is what a part of an expression prefers, which its first quantifier decides.
type preference uint8

const (
	none preference = iota
	longest
	shortest
)

// prefixes takes the directors *** and the options at the beginning.
func (t *reTranslator) prefixes() error {
	if strings.HasPrefix(t.src, "***") {
		switch {
		case strings.HasPrefix(t.src, "***="):
			t.literal = true
			t.i = 4
			return nil
		case strings.HasPrefix(t.src, "***:"):
			t.i = 4
		}
	}
	rest := t.src[t.i:]
	if t.literal || len(rest) < 3 || rest[0] != '(' || rest[1] != '?' || !isLetter(rest[2]) {
		return nil
	}
	end := 2
	for end < len(rest) && isLetter(rest[end]) {
		if !t.option(rest[end]) {
			return errRegexp("invalid embedded option")
		}
		end++
	}
	if end >= len(rest) || rest[end] != ')' {
		return errRegexp("invalid embedded option")
	}
	t.i += end + 1
	return nil
}

func (t *reTranslator) at(s string) bool { return strings.HasPrefix(t.src[t.i:], s) }

// skip passes what the expanded syntax ignores, and comments.
func (t *reTranslator) skip() {
	for t.i < len(t.src) {
		switch c := t.src[t.i]; {
		case t.expanded && isSpace(c):
			t.i++
		case t.expanded && c == '#':
			for t.i < len(t.src) && t.src[t.i] != '\n' {
				t.i++
			}
		case t.at("(?#"):
			n := strings.IndexByte(t.src[t.i:], ')')
			if n < 0 {
				t.i = len(t.src)
				return
			}
			t.i += n + 1
		default:
			return
		}
	}
}

func (t *reTranslator) alternation() (preference, error) {
	if t.depth++; t.depth > 500 {
		return none, errRegexp("regular expression is too complex")
	}
	defer func() { t.depth-- }()
	prefers, err := t.branch()
	for err == nil && t.i < len(t.src) && t.src[t.i] == '|' {
		t.i++
		t.out.WriteByte('|')
		prefers = longest
		_, err = t.branch()
	}
	return prefers, err
}

func (t *reTranslator) branch() (preference, error) {
	prefers := none
	for {
		t.skip()
		if t.i >= len(t.src) || t.src[t.i] == '|' || t.src[t.i] == ')' {
			return prefers, nil
		}
		quantifiable, atom, err := t.atom()
		if err != nil {
			return none, err
		}
		t.skip()
		if atom, err = t.quantifier(quantifiable, atom); err != nil {
			return none, err
		}
		if prefers == none {
			prefers = atom
		}
	}
}

var errQuantifier = errRegexp("quantifier operand invalid")

// atom takes an atom or a constraint, which must have no quantifier.
func (t *reTranslator) atom() (quantifiable bool, prefers preference, err error) {
	if t.src[t.i] == '(' {
		prefers, err = t.group()
		return true, prefers, err
	}
	quantifiable, err = t.simpleAtom()
	return quantifiable, none, err
}

func (t *reTranslator) simpleAtom() (quantifiable bool, err error) {
	c := t.src[t.i]
	switch c {
	case '*', '+', '?':
		return false, errQuantifier
	case '{':
		if t.i+1 < len(t.src) && isDigit(t.src[t.i+1]) {
			return false, errQuantifier
		}
	case '[':
		switch {
		case t.at("[[:<:]]"), t.at("[[:>:]]"):
			begins := t.src[t.i+3] == '<'
			t.i += 7
			t.context = true
			t.out.WriteString(t.wordEdge(begins))
			return false, nil
		}
		return true, t.bracket()
	case '.':
		t.i++
		if t.dotStops {
			t.out.WriteString(`[^\n]`)
		} else {
			t.out.WriteString(`(?s:.)`)
		}
		return true, nil
	case '^', '$':
		t.i++
		t.context = t.context || c == '^'
		switch {
		case t.lineAnchors:
			t.out.WriteString(`(?m:` + string(c) + `)`)
		case c == '^':
			t.out.WriteString(`\A`)
		default:
			t.out.WriteString(`\z`)
		}
		return false, nil
	case '\\':
		return t.escape()
	}
	r, n := utf8.DecodeRuneInString(t.src[t.i:])
	t.i += n
	t.char(r)
	return true, nil
}

// char writes a literal character.
func (t *reTranslator) char(r rune) {
	if t.fold && r < utf8.RuneSelf && isLetter(byte(r)) {
		fmt.Fprintf(&t.out, "[%c%c]", r|0x20, r&^0x20)
		return
	}
	t.out.WriteString(regexp.QuoteMeta(string(r)))
}

func (t *reTranslator) group() (preference, error) {
	captures := false
	switch {
	case t.at("(?:"):
		t.i += 3
		t.out.WriteString("(?:")
	case t.at("(?=") || t.at("(?!") || t.at("(?<=") || t.at("(?<!"):
		return none, pgerror.Errorf(pgerror.FeatureNotSupported, "lookahead and lookbehind constraints are not supported in regular expressions")
	case t.at("(?"):
		return none, errQuantifier
	default:
		t.i++
		captures = true
		t.out.WriteByte('(')
	}
	prefers, err := t.alternation()
	if err != nil {
		return none, err
	}
	if t.i >= len(t.src) || t.src[t.i] != ')' {
		return none, errRegexp("parentheses () not balanced")
	}
	t.i++
	if captures {
		t.groups++
	}
	t.out.WriteByte(')')
	return prefers, nil
}

// atQuantifier tells whether a quantifier comes next.
func (t *reTranslator) atQuantifier() bool {
	if t.i >= len(t.src) {
		return false
	}
	c := t.src[t.i]
	return c == '*' || c == '+' || c == '?' || c == '{' && t.i+1 < len(t.src) && isDigit(t.src[t.i+1])
}

// quantifier takes the quantifier after an atom, if there is one, and returns what both
// together prefer.
func (t *reTranslator) quantifier(quantifiable bool, atom preference) (preference, error) {
	if !t.atQuantifier() {
		return atom, nil
	}
	q, fixed := t.src[t.i:t.i+1], false
	if q == "{" {
		var err error
		if q, err = t.bound(); err != nil {
			return none, err
		}
		fixed = !strings.Contains(q, ",")
	} else {
		t.i++
	}
	if !quantifiable {
		return none, errQuantifier
	}
	prefers := longest
	if t.i < len(t.src) && t.src[t.i] == '?' {
		t.i++
		prefers = shortest
		t.mixed = true
	}
	t.out.WriteString(q)
	if prefers == shortest || t.lazy {
		t.out.WriteByte('?')
	}
	t.skip()
	if t.atQuantifier() {
		return none, errQuantifier
	}
	if fixed {
		return atom, nil
	}
	return prefers, nil
}

const maxRepeat = 255 // as in PostgreSQL

func (t *reTranslator) bound() (string, error) {
	number := func() (int, error) {
		first := t.i
		for t.i < len(t.src) && isDigit(t.src[t.i]) {
			t.i++
		}
		v, err := strconv.Atoi(t.src[first:t.i])
		if err != nil || v > maxRepeat {
			return 0, errRegexp("invalid repetition count(s)")
		}
		return v, nil
	}
	t.i++
	low, err := number()
	if err != nil {
		return "", err
	}
	q := "{" + strconv.Itoa(low)
	if t.i < len(t.src) && t.src[t.i] == ',' {
		t.i++
		q += ","
		if t.i < len(t.src) && isDigit(t.src[t.i]) {
			high, err := number()
			if err != nil {
				return "", err
			}
			if high < low {
				return "", errRegexp("invalid repetition count(s)")
			}
			q += strconv.Itoa(high)
		}
	}
	if t.i >= len(t.src) {
		return "", errRegexp("braces {} not balanced")
	}
	if t.src[t.i] != '}' {
		return "", errRegexp("invalid repetition count(s)")
	}
	t.i++
	return q + "}", nil
}

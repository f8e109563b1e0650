//go:build cgo

package translate

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// While a translation is put together its text holds this package's own words and
// references to places, nothing else. A place stands for what is not known yet (a
// parameter's value, the session's time zone) or is not ours (the text of a literal, a key
// made of a column's name). So no byte that a client sent is in the text: it can not be
// taken for a reference, for a quote or for a word, and what looks for those sees our words
// only. When the text is whole it is taken apart into segments, once.
//
// A reference is the byte 0xFF, what it refers to, and the byte 0xFE; neither byte is in
// any UTF-8 text.
const (
	refBegin = "\xff"
	refEnd   = "\xfe"
)

// placeholder refers to what the session binds to a name.
func placeholder(name string) string { return refBegin + name + refEnd }

// paramRef refers to the value of parameter $n.
func paramRef(n int) string { return refBegin + "$" + strconv.Itoa(n) + refEnd }

// held refers to a string literal of a text that is not ours. Equal texts have equal
// references, so that equal expressions are equal texts.
func (c *compiler) held(text string) string {
	n, ok := c.heldAt[text]
	if !ok {
		n = len(c.holds)
		if c.heldAt == nil {
			c.heldAt = map[string]int{}
		}
		c.heldAt[text] = n
		c.holds = append(c.holds, text)
	}
	return refBegin + "'" + strconv.Itoa(n) + refEnd
}

// optional refers to words that are there if a mark is asked for.
func (c *compiler) optional(m *mark, words string) string {
	c.optionals = append(c.optionals, optional{m, words})
	return refBegin + "?" + strconv.Itoa(len(c.optionals)-1) + refEnd
}

type optional struct {
	of    *mark
	words string
}

// Placeholder is what stands in a relation's SQL for what the session binds to a name.
func Placeholder(name string) string { return placeholder(name) }

// segmentKind says what a segment of a statement is.
type segmentKind uint8

const (
	wordsSegment    segmentKind = iota // SQL of this package's
	literalSegment                     // a text that becomes a string literal
	paramSegment                       // the value of a parameter
	sessionSegment                     // what the session binds to a name
	constantSegment                    // a constant that others may compare equal to
	beginSegment                       // what stands in front of one that DuckDB computes
	endSegment                         // and behind it
)

// segment is a part of a statement.
type segment struct {
	kind segmentKind
	text string // words, the literal's text, the name
	n    int    // of a parameter, from 1
	of   *constant
	part bool // of a constant that DuckDB computes, which alone counts
}

// segments takes a whole text apart.
func (c *compiler) segments(text string) []segment {
	var out []segment
	within := 0 // constants that DuckDB computes
	for text != "" {
		words, rest, found := strings.Cut(text, refBegin)
		if i := strings.IndexFunc(words, foreign); i >= 0 {
			c.fail(pgerror.Errorf(pgerror.InternalError, "a translated statement holds a character of another's"))
		}
		if words != "" {
			out = append(out, segment{kind: wordsSegment, text: words})
		}
		if !found {
			break
		}
		ref, after, _ := strings.Cut(rest, refEnd)
		text = after
		switch n, _ := strconv.Atoi(ref[1:]); ref[0] {
		case '$':
			out = append(out, segment{kind: paramSegment, n: n, part: within > 0})
		case '=':
			out = append(out, segment{kind: constantSegment, text: c.constants[n].sql, of: c.constants[n], part: within > 0})
		case '(':
			if within++; within == 1 {
				out = append(out, segment{kind: beginSegment, text: c.constants[n].sql, of: c.constants[n]})
			}
		case ')':
			if within--; within == 0 {
				out = append(out, segment{kind: endSegment, of: c.constants[n]})
			}
		case '?':
			if o := c.optionals[n]; o.of.wanted {
				out = append(out, segment{kind: wordsSegment, text: o.words})
			}
		case '\'':
			out = append(out, segment{kind: literalSegment, text: c.holds[n]})
		default:
			out = append(out, segment{kind: sessionSegment, text: ref})
		}
	}
	return out
}

// foreign tells of characters that this package never writes.
func foreign(r rune) bool { return r >= 0x7f || r < ' ' && r != '\n' && r != '\t' }

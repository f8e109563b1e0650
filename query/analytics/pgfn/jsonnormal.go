package pgfn

import (
	"bytes"
	"slices"
	"sync"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// normalizer writes jsonb's text of a document in one pass. An object is written in the
// order of its text, and put in jsonb's order behind it if it is not already.
type normalizer struct {
	src       []byte
	i         int
	canonical bool // numbers without zeros at their end
	members   []writtenMember
	keys      []byte // decoded keys of the objects that are open
	scratch   []byte
}

// writtenMember is where a member is in keys and in the output.
type writtenMember struct {
	key, keyEnd int
	out, outEnd int // the whole of "key": value
}

var normalizers = sync.Pool{New: func() any { return new(normalizer) }}

// Normalize appends the text that jsonb has for json: one space after colons and commas,
// keys by length and then by bytes, the last of duplicates, numbers as numeric prints
// them. Errors are those of the cast to jsonb.
func Normalize(dst, json []byte) ([]byte, error) { return normalize(dst, json, false) }

// Canonical is Normalize for comparing: equal jsonb values have equal bytes, as numbers
// have no zeros at the end of their fraction.
func Canonical(dst, json []byte) ([]byte, error) { return normalize(dst, json, true) }

func normalize(dst, json []byte, canonical bool) ([]byte, error) {
	start := len(dst)
	n := normalizers.Get().(*normalizer)
	n.src, n.i, n.canonical = json, 0, canonical
	n.members, n.keys = n.members[:0], n.keys[:0]
	dst, ok := n.value(dst, 0)
	if ok {
		n.space()
		ok = n.i == len(json)
	}
	n.src = nil
	if cap(n.keys)+cap(n.scratch) < 1<<20 && cap(n.members) < 1<<14 {
		normalizers.Put(n)
	}
	if ok {
		return dst, nil
	}
	if err := Validate(json); err != nil {
		return dst[:start], err
	}
	return dst[:start], invalidJSON() // not reached: Validate refuses what value does
}

func invalidJSON() *pgerror.Error {
	return pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type json")
}

func (n *normalizer) space() { n.i = skipSpace(n.src, n.i) }

// take takes a byte after white space.
func (n *normalizer) take(c byte) bool {
	n.space()
	if n.i < len(n.src) && n.src[n.i] == c {
		n.i++
		return true
	}
	return false
}

func (n *normalizer) value(dst []byte, depth int) ([]byte, bool) {
	n.space()
	if n.i >= len(n.src) || depth > maxDepth {
		return dst, false
	}
	switch n.src[n.i] {
	case '"':
		raw, escaped, ok := n.rawString()
		if !ok {
			return dst, false
		}
		if !escaped {
			return append(append(append(dst, '"'), raw...), '"'), true
		}
		n.scratch = unescape(n.scratch[:0], raw)
		return AppendString(dst, n.scratch), true
	case '{':
		n.i++
		return n.object(dst, depth)
	case '[':
		n.i++
		return n.array(dst, depth)
	}
	start := n.i
	end := wordEnd(n.src, start)
	word := n.src[start:end]
	n.i = end
	switch {
	case len(word) == 0:
		return dst, false
	case word[0] == '-' || isDigit(word[0]):
		if !validNumber(word) {
			return dst, false
		}
		return n.number(dst, word)
	}
	return append(dst, word...), string(word) == "true" || string(word) == "false" || string(word) == "null"
}

func (n *normalizer) number(dst, raw []byte) ([]byte, bool) {
	if plainNumber(raw) && (!n.canonical || bytes.IndexByte(raw, '.') < 0) {
		return append(dst, raw...), true
	}
	v, status := parseDecimal(raw)
	if status == tooLarge {
		// An old log may hold what no append is taken with any more. It stays as it is written: only who asks for its
		// value is told that it has none.
		return append(dst, raw...), true
	}
	if n.canonical {
		v = v.TrimScale()
	}
	return v.AppendTo(dst), status == parsed
}

// rawString takes a string and returns its inside. What text cannot hold is refused.
func (n *normalizer) rawString() (raw []byte, escaped, ok bool) {
	start := n.i
	end, escaped := skipString(n.src, start)
	n.i = end
	if end < start+2 || n.src[end-1] != '"' {
		return nil, false, false
	}
	raw = n.src[start+1 : end-1]
	for _, c := range raw {
		if c < ' ' {
			return nil, false, false
		}
	}
	return raw, escaped, !escaped || checkEscapes(raw) == nil
}

func (n *normalizer) array(dst []byte, depth int) ([]byte, bool) {
	dst = append(dst, '[')
	if n.take(']') {
		return append(dst, ']'), true
	}
	for {
		var ok bool
		if dst, ok = n.value(dst, depth+1); !ok {
			return dst, false
		}
		if n.take(']') {
			return append(dst, ']'), true
		}
		if !n.take(',') {
			return dst, false
		}
		dst = append(dst, ',', ' ')
	}
}

func (n *normalizer) object(dst []byte, depth int) ([]byte, bool) {
	dst = append(dst, '{')
	if n.take('}') {
		return append(dst, '}'), true
	}
	first, keys, body := len(n.members), len(n.keys), len(dst)
	sorted := true
	for {
		n.space()
		if n.i >= len(n.src) || n.src[n.i] != '"' {
			return dst, false
		}
		m := writtenMember{key: len(n.keys), out: len(dst)}
		raw, escaped, ok := n.rawString()
		if !ok {
			return dst, false
		}
		if escaped {
			n.keys = unescape(n.keys, raw)
			dst = AppendString(dst, n.keys[m.key:])
		} else {
			n.keys = append(n.keys, raw...)
			dst = append(append(append(dst, '"'), raw...), '"')
		}
		m.keyEnd = len(n.keys)
		if !n.take(':') {
			return dst, false
		}
		dst = append(dst, ':', ' ')
		at := len(n.members)
		n.members = append(n.members, m)
		if dst, ok = n.value(dst, depth+1); !ok {
			return dst, false
		}
		n.members[at].outEnd = len(dst)
		if at > first && n.compare(n.members[at-1], m) >= 0 {
			sorted = false
		}
		if n.take('}') {
			break
		}
		if !n.take(',') {
			return dst, false
		}
		dst = append(dst, ',', ' ')
	}
	if !sorted {
		dst = n.sort(dst, n.members[first:], body)
	}
	n.members, n.keys = n.members[:first], n.keys[:keys]
	return append(dst, '}'), true
}

func (n *normalizer) compare(a, b writtenMember) int {
	return compareKeys(n.keys[a.key:a.keyEnd], n.keys[b.key:b.keyEnd])
}

// compareKeys is the order that jsonb keeps keys in.
func compareKeys(a, b []byte) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return bytes.Compare(a, b)
}

// sort rewrites the members that begin at dst[body].
func (n *normalizer) sort(dst []byte, members []writtenMember, body int) []byte {
	slices.SortStableFunc(members, n.compare)
	n.scratch = append(n.scratch[:0], dst[body:]...)
	dst = dst[:body]
	for i, m := range members {
		if i+1 < len(members) && n.compare(m, members[i+1]) == 0 {
			continue // the last of them counts
		}
		if len(dst) > body {
			dst = append(dst, ',', ' ')
		}
		dst = append(dst, n.scratch[m.out-body:m.outEnd-body]...)
	}
	return dst
}

// wordEnd returns where a number or a literal ends.
func wordEnd(b []byte, i int) int {
	for i < len(b) {
		switch c := b[i]; {
		case isDigit(c), c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '+', c == '.', c == '_', c >= 0x80:
			i++
		default:
			return i
		}
	}
	return i
}

// validNumber checks JSON's grammar of numbers.
func validNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	digits := func() bool {
		n := 0
		for n < len(b) && isDigit(b[n]) {
			n++
		}
		b = b[n:]
		return n > 0
	}
	if len(b) > 0 && b[0] == '0' {
		b = b[1:]
	} else if !digits() {
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		if b = b[1:]; !digits() {
			return false
		}
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(b) == 0
}

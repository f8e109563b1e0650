package pgfn

import (
	"bytes"
	"slices"
	"sort"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/limit"
)

// jsonKind is in jsonb's order of kinds.
type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonString
	jsonNumber
	jsonBool
	jsonArray
	jsonObject
)

var jsonKindNames = [...]string{"null", "string", "number", "boolean", "array", "object"}

// jsonNode is a value as jsonb has it, for what needs more than a look at the text.
type jsonNode struct {
	kind   jsonKind
	truth  bool
	text   []byte   // of a string, decoded
	num    Numeric  // of a number
	raw    []byte   // of a number that numeric cannot hold
	keys   [][]byte // of an object, decoded, in jsonb's order
	items  []*jsonNode
	moment *moment // of a string that jsonpath took for a date or a time
}

// parseJSON reads a document; errors are Validate's.
func parseJSON(json []byte) (*jsonNode, error) {
	p := treeParser{src: json}
	n, ok := p.value(0)
	if ok {
		p.i = skipSpace(p.src, p.i)
		ok = p.i == len(p.src)
	}
	if ok {
		return n, nil
	}
	if err := Validate(json); err != nil {
		return nil, err
	}
	return nil, invalidJSON() // not reached: Validate refuses what value does
}

type treeParser struct {
	src   []byte
	i     int
	nodes int
}

// maxNodes bounds a document that is taken apart as a whole, which takes tens of times as much memory as its
// text.
const maxNodes = 2 << 20

func (p *treeParser) take(c byte) bool {
	p.i = skipSpace(p.src, p.i)
	if p.i < len(p.src) && p.src[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *treeParser) value(depth int) (*jsonNode, bool) {
	p.i = skipSpace(p.src, p.i)
	if p.i >= len(p.src) || depth > maxDepth {
		return nil, false
	}
	if p.nodes++; p.nodes > maxNodes {
		panic(limit.Stop{Err: pgerror.Errorf(pgerror.OutOfMemory, "out of memory").WithDetail("A JSON value has more than %d values in it.", maxNodes)})
	}
	switch p.src[p.i] {
	case '"':
		text, ok := p.string()
		return &jsonNode{kind: jsonString, text: text}, ok
	case '{':
		p.i++
		return p.object(depth)
	case '[':
		p.i++
		n := &jsonNode{kind: jsonArray}
		for !p.take(']') {
			if len(n.items) > 0 && !p.take(',') {
				return nil, false
			}
			item, ok := p.value(depth + 1)
			if !ok {
				return nil, false
			}
			n.items = append(n.items, item)
		}
		return n, true
	}
	start := p.i
	p.i = wordEnd(p.src, start)
	switch word := p.src[start:p.i]; string(word) {
	case "null":
		return &jsonNode{}, true
	case "true", "false":
		return &jsonNode{kind: jsonBool, truth: word[0] == 't'}, true
	default:
		if !validNumber(word) {
			return nil, false
		}
		v, status := parseDecimal(word)
		if status == tooLarge { // as in an old log
			return &jsonNode{kind: jsonNumber, num: beyondNumeric(word), raw: word}, true
		}
		return &jsonNode{kind: jsonNumber, num: v}, status == parsed
	}
}

func (p *treeParser) string() ([]byte, bool) {
	n := normalizer{src: p.src, i: p.i}
	raw, escaped, ok := n.rawString()
	p.i = n.i
	if escaped && ok {
		raw = unescape(make([]byte, 0, len(raw)), raw)
	}
	return raw, ok
}

func (p *treeParser) object(depth int) (*jsonNode, bool) {
	n := &jsonNode{kind: jsonObject}
	for !p.take('}') {
		if len(n.items) > 0 && !p.take(',') {
			return nil, false
		}
		if p.i = skipSpace(p.src, p.i); p.i >= len(p.src) || p.src[p.i] != '"' {
			return nil, false
		}
		key, ok := p.string()
		if !ok || !p.take(':') {
			return nil, false
		}
		item, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		n.keys = append(n.keys, key)
		n.items = append(n.items, item)
	}
	n.arrange()
	return n, true
}

// byKey sorts an object's members.
type byKey struct{ *jsonNode }

func (o byKey) Len() int           { return len(o.keys) }
func (o byKey) Less(i, j int) bool { return compareKeys(o.keys[i], o.keys[j]) < 0 }
func (o byKey) Swap(i, j int) {
	o.keys[i], o.keys[j] = o.keys[j], o.keys[i]
	o.items[i], o.items[j] = o.items[j], o.items[i]
}

// arrange puts members in order; the last of those with one key stays.
func (n *jsonNode) arrange() {
	sort.Stable(byKey{n})
	kept := 0
	for i := range n.keys {
		if i+1 < len(n.keys) && bytes.Equal(n.keys[i], n.keys[i+1]) {
			continue
		}
		n.keys[kept], n.items[kept] = n.keys[i], n.items[i]
		kept++
	}
	n.keys, n.items = n.keys[:kept], n.items[:kept]
}

func (n *jsonNode) isScalar() bool { return n.kind < jsonArray }

// find returns a member, nil if there is none.
func (n *jsonNode) find(key []byte) *jsonNode {
	if i, ok := n.index(key); ok {
		return n.items[i]
	}
	return nil
}

func (n *jsonNode) index(key []byte) (int, bool) {
	return slices.BinarySearchFunc(n.keys, key, compareKeys)
}

// appendTo writes jsonb's text.
func (n *jsonNode) appendTo(dst []byte) []byte {
	switch n.kind {
	case jsonString:
		return AppendString(dst, n.text)
	case jsonNumber:
		if n.raw != nil {
			return append(dst, n.raw...)
		}
		return n.num.AppendTo(dst)
	case jsonBool:
		if n.truth {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case jsonArray:
		dst = append(dst, '[')
		for i, item := range n.items {
			if i > 0 {
				dst = append(dst, ',', ' ')
			}
			dst = item.appendTo(dst)
		}
		return append(dst, ']')
	case jsonObject:
		dst = append(dst, '{')
		for i, item := range n.items {
			if i > 0 {
				dst = append(dst, ',', ' ')
			}
			dst = append(AppendString(dst, n.keys[i]), ':', ' ')
			dst = item.appendTo(dst)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

func (n *jsonNode) bytes() []byte { return n.appendTo(nil) }

// compare orders two values as elements of containers are; only their kinds, sizes and
// contents matter.
func (n *jsonNode) compare(m *jsonNode) int {
	if n.kind != m.kind {
		return int(n.kind) - int(m.kind)
	}
	switch n.kind {
	case jsonString:
		return bytes.Compare(n.text, m.text)
	case jsonNumber:
		if c := Cmp(n.num, m.num); c != 0 {
			return c
		}
		return bytes.Compare(n.raw, m.raw)
	case jsonBool:
		return compareBools(n.truth, m.truth)
	}
	if len(n.items) != len(m.items) {
		return len(n.items) - len(m.items)
	}
	for i, item := range n.items {
		if n.kind == jsonObject {
			if c := bytes.Compare(n.keys[i], m.keys[i]); c != 0 {
				return c
			}
		}
		if c := item.compare(m.items[i]); c != 0 {
			return c
		}
	}
	return 0
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// compareRoots orders documents. To jsonb a scalar is an array of one that is marked; it
// is below other arrays, except the empty one.
func compareRoots(n, m *jsonNode) int {
	switch {
	case n.kind == m.kind, n.isScalar() && m.isScalar():
		return n.compare(m)
	case n.isScalar() && m.kind == jsonArray:
		if len(m.items) == 0 {
			return 1
		}
		return -1
	case m.isScalar() && n.kind == jsonArray:
		return -compareRoots(m, n)
	}
	return int(n.kind) - int(m.kind)
}

// Compare is jsonb's btree order. Text that is no JSON is below all that is.
func Compare(a, b []byte) int {
	n, err := parseJSON(a)
	m, other := parseJSON(b)
	switch {
	case err != nil && other != nil:
		return bytes.Compare(a, b)
	case err != nil:
		return -1
	case other != nil:
		return 1
	}
	return sign(compareRoots(n, m))
}

func sign(n int) int { return compareInts(int64(n), 0) }

// Contains is a @> b.
func Contains(a, b []byte) (bool, error) { return ContainsWith(nil, a, b) }

// ContainsWith is Contains for a call that may be told to end.
func ContainsWith(w *limit.Work, a, b []byte) (bool, error) {
	n, err := parseJSON(a)
	if err != nil {
		return false, err
	}
	m, err := parseJSON(b)
	if err != nil {
		return false, err
	}
	switch {
	case n.kind == jsonArray && m.isScalar(): // an array contains its scalars, as a document only
		return n.holds(m, w), nil
	case n.isScalar() && m.isScalar():
		return n.compare(m) == 0, nil
	}
	return n.contains(m, w), nil
}

// holds tells whether an array has an element that contains m.
func (n *jsonNode) holds(m *jsonNode, w *limit.Work) bool {
	for _, item := range n.items {
		if item.contains(m, w) {
			return true
		}
	}
	return false
}

func (n *jsonNode) contains(m *jsonNode, w *limit.Work) bool {
	w.Step()
	if n.kind != m.kind {
		return false
	}
	switch n.kind {
	case jsonArray:
		for _, item := range m.items {
			if !n.holds(item, w) {
				return false
			}
		}
		return true
	case jsonObject:
		for i, key := range m.keys {
			if item := n.find(key); item == nil || !item.contains(m.items[i], w) {
				return false
			}
		}
		return true
	}
	return n.compare(m) == 0
}

// beyondNumeric stands for a number that numeric cannot hold where numbers are ordered.
func beyondNumeric(word []byte) Numeric {
	mantissa, exponent, _ := bytes.Cut(bytes.ToLower(word), []byte("e"))
	switch {
	case bytes.HasPrefix(exponent, []byte("-")), !bytes.ContainsAny(mantissa, "123456789"), bytes.HasPrefix(bytes.TrimPrefix(mantissa, []byte("-")), []byte("0")):
		return Numeric{} // near nothing
	case mantissa[0] == '-':
		return numericNInf
	}
	return numericPInf
}

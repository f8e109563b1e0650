package pgfn

import (
	"bytes"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// JSON is taken as stored: text that is valid but may have white space, escapes and
// duplicate keys, of which the last counts as in jsonb. The getters do not check it again;
// what they find in text that is not valid is not defined, but they return.

const (
	// maxDepth is how deep JSON may nest where a function follows the structure, as deep as
	// PostgreSQL follows it with its default stack. The log holds less: engine.MaxJSONDepth.
	maxDepth = 6400
	// maxPathDepth is how deep a jsonpath may.
	maxPathDepth = 1000
)

func isJSONSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipSpace(b []byte, i int) int {
	for i < len(b) && isJSONSpace(b[i]) {
		i++
	}
	return i
}

// skipString returns where the string that begins at b[i] ends, after its quote, and
// whether it has escapes.
func skipString(b []byte, i int) (end int, escaped bool) {
	for i++; i < len(b); {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			break
		}
		// Mostly there is no backslash, and looking for one is a single pass.
		e := bytes.IndexByte(b[i:i+n], '\\')
		if e < 0 {
			return i + n + 1, escaped
		}
		escaped = true
		i += e + 2
	}
	return len(b), escaped
}

// skipValue returns where the value that begins at b[i] ends. It always goes on, if
// there is something left.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return i
	}
	switch b[i] {
	case '"':
		end, _ := skipString(b, i)
		return end
	case '{', '[':
		depth := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				i, _ = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return i
	}
	start := i
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r', ':':
			if i == start {
				i++
			}
			return i
		}
		i++
	}
	return i
}

// trimJSON cuts the white space around a document.
func trimJSON(b []byte) []byte {
	i, end := skipSpace(b, 0), len(b)
	for end > i && isJSONSpace(b[end-1]) {
		end--
	}
	return b[i:end]
}

// nextMember takes a member of an object from b[i], which is after the brace or the
// comma. next is after the value's comma.
func nextMember(b []byte, i int) (key, value []byte, escaped bool, next int, ok bool) {
	i = skipSpace(b, i)
	if i >= len(b) || b[i] != '"' {
		return nil, nil, false, i, false
	}
	end, escaped := skipString(b, i)
	if end-1 <= i {
		return nil, nil, false, end, false
	}
	key = b[i+1 : end-1]
	i = skipSpace(b, end)
	if i >= len(b) || b[i] != ':' {
		return nil, nil, false, i, false
	}
	start := skipSpace(b, i+1)
	end = skipValue(b, start)
	value = b[start:end]
	if i = skipSpace(b, end); i < len(b) && b[i] == ',' {
		i++
	}
	return key, value, escaped, i, true
}

// nextElement takes an element of an array from b[i], as nextMember does.
func nextElement(b []byte, i int) (value []byte, next int, ok bool) {
	i = skipSpace(b, i)
	if i >= len(b) || b[i] == ']' {
		return nil, i, false
	}
	end := skipValue(b, i)
	value = b[i:end]
	if i = skipSpace(b, end); i < len(b) && b[i] == ',' {
		i++
	}
	return value, i, true
}

// Get is json -> key: the value as it is in the text. It is not found if json is no
// object or has no such key.
func Get(json []byte, key string) ([]byte, bool) {
	i := skipSpace(json, 0)
	if i >= len(json) || json[i] != '{' {
		return nil, false
	}
	var found []byte
	for i++; ; {
		k, value, escaped, next, ok := nextMember(json, i)
		if !ok {
			return found, found != nil
		}
		i = next
		if !escaped {
			if string(k) == key {
				found = value
			}
		} else if len(k) > len(key) && sameKey(k, key) {
			found = value
		}
	}
}

// sameKey compares a key with escapes, which is longer than what it stands for.
func sameKey(raw []byte, key string) bool {
	var buf [64]byte
	return string(unescape(buf[:0], raw)) == key
}

// GetIndex is json -> i. A negative index counts from the end. As to jsonb a scalar is
// an array of itself.
func GetIndex(json []byte, i int) ([]byte, bool) {
	start := skipSpace(json, 0)
	if start >= len(json) || json[start] == '{' {
		return nil, false
	}
	if json[start] != '[' {
		return trimJSON(json), i == 0 || i == -1
	}
	start++
	if i < 0 {
		count := 0
		for at := start; ; count++ {
			_, next, ok := nextElement(json, at)
			if !ok {
				break
			}
			at = next
		}
		if i += count; i < 0 {
			return nil, false
		}
	}
	for at := start; ; i-- {
		value, next, ok := nextElement(json, at)
		if !ok {
			return nil, false
		}
		if i == 0 {
			return value, true
		}
		at = next
	}
}

// GetText is json ->> key. JSON's null is not found.
func GetText(json []byte, key string) ([]byte, bool) {
	value, ok := Get(json, key)
	if !ok {
		return nil, false
	}
	return Text(value)
}

// GetIndexText is json ->> i. JSON's null is not found.
func GetIndexText(json []byte, i int) ([]byte, bool) {
	value, ok := GetIndex(json, i)
	if !ok {
		return nil, false
	}
	return Text(value)
}

// GetPath is json #> path.
func GetPath(json []byte, path []string) ([]byte, bool) {
	json = trimJSON(json)
	for _, step := range path {
		if len(json) == 0 {
			return nil, false
		}
		ok := false
		switch json[0] {
		case '{':
			json, ok = Get(json, step)
		case '[':
			if i, isIndex := pathIndex(step); isIndex {
				json, ok = GetIndex(json, i)
			}
		}
		if !ok {
			return nil, false
		}
	}
	return json, true
}

// GetPathText is json #>> path. JSON's null is not found.
func GetPathText(json []byte, path []string) ([]byte, bool) {
	value, ok := GetPath(json, path)
	if !ok {
		return nil, false
	}
	return Text(value)
}

// pathIndex is strtoint as PostgreSQL uses it on a step of a path: white space before
// the number is taken, nothing after it.
func pathIndex(s string) (int, bool) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	negative := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		negative = s[i] == '-'
		i++
	}
	if i == len(s) {
		return 0, false
	}
	v := 0
	for ; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		if v = v*10 + int(s[i]-'0'); v > 1<<31 {
			return 0, false
		}
	}
	if negative {
		return -v, true
	}
	return v, v < 1<<31
}

// Text is a value as ->> shows it: a string without its quotes, a number as numeric
// prints it, an object or array as jsonb does. JSON's null is false. It allocates only
// if the text is not there as it must be shown.
func Text(json []byte) ([]byte, bool) {
	json = trimJSON(json)
	if len(json) == 0 {
		return nil, false
	}
	switch json[0] {
	case 'n':
		return nil, false
	case 't', 'f':
		return json, true
	case '"':
		if end, escaped := skipString(json, 0); !escaped && end > 1 {
			return json[1 : end-1], true
		}
		if len(json) < 2 {
			return nil, false
		}
		return unescape(make([]byte, 0, len(json)), json[1:len(json)-1]), true
	case '{', '[':
		out, err := Normalize(make([]byte, 0, len(json)+len(json)/8), json)
		if err != nil {
			return json, true
		}
		return out, true
	}
	return numberText(json), true
}

// numberText returns a number as numeric prints it.
func numberText(raw []byte) []byte {
	if plainNumber(raw) {
		return raw
	}
	n, status := parseDecimal(raw)
	if status != parsed {
		return raw
	}
	return n.AppendTo(make([]byte, 0, len(raw)+8))
}

// plainNumber tells whether numeric prints a JSON number just as it is written.
func plainNumber(raw []byte) bool {
	for _, c := range raw {
		if c == 'e' || c == 'E' {
			return false
		}
	}
	if len(raw) > 1 && raw[0] == '-' && raw[1] == '0' {
		return len(bytes.Trim(raw, "-0.")) > 0 // -0 loses its sign
	}
	if len(raw) <= maxFraction {
		return true
	}
	whole, fraction, _ := bytes.Cut(bytes.TrimPrefix(raw, []byte("-")), []byte("."))
	return len(whole) <= maxWhole && len(fraction) <= maxFraction // what numeric holds
}

// The digits that numeric can have before and after its point.
const (
	maxWhole    = 131_072
	maxFraction = 16_383
)

// unescape appends what the inside of a JSON string stands for. \u0000, which text
// cannot hold, stays an escape; half a surrogate pair becomes U+FFFD.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		n := bytes.IndexByte(raw[i:], '\\')
		if n < 0 || i+n+1 >= len(raw) {
			return append(dst, raw[i:]...)
		}
		dst = append(dst, raw[i:i+n]...)
		i += n + 2
		switch c := raw[i-1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(raw, i)
			if r < 0 {
				dst = append(dst, '\\', 'u')
				continue
			}
			i += 4
			if r == 0 {
				dst = append(dst, `\u0000`...)
				continue
			}
			if r&0xfc00 == 0xd800 && i+1 < len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
				if low := hex4(raw, i+2); low >= 0 && low&0xfc00 == 0xdc00 {
					r = 0x10000 + (r&0x3ff)<<10 + low&0x3ff
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// hex4 reads four hexadecimal digits, -1 if they are not there.
func hex4(b []byte, i int) rune {
	if i+4 > len(b) {
		return -1
	}
	var r rune
	for _, c := range b[i : i+4] {
		d := pgvalue.HexDigit(c)
		if d < 0 {
			return -1
		}
		r = r<<4 | rune(d)
	}
	return r
}

// AppendString appends s as a JSON string, escaped as PostgreSQL's escape_json does.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"')
}

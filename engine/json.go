package engine

import (
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// JSONError says where and why a text is not JSON as PostgreSQL's jsonb takes it.
type JSONError struct {
	Offset int // byte offset of the token that is wrong
	End    int // end of that token
	Kind   JSONErrorKind
	Detail string // a sentence, as PostgreSQL's errdetail
}

// JSONErrorKind tells apart the errors that PostgreSQL gives different SQLSTATEs.
type JSONErrorKind int

const (
	JSONSyntax  JSONErrorKind = iota // not JSON
	JSONUnicode                      // an escape that text cannot hold: \u0000
	JSONTooDeep                      // nested deeper than MaxJSONDepth
	JSONBadUTF8                      // not UTF-8
	JSONNumber                       // a number that PostgreSQL's numeric cannot hold
)

// MaxJSONDepth bounds nesting. PostgreSQL stops near 6,400 with its default stack.
const MaxJSONDepth = 5000

func (e *JSONError) Error() string { return "is not valid JSON: " + e.Detail }

// ValidateJSON checks that b is one JSON value that PostgreSQL's jsonb accepts:
// UTF-8, no \u0000, paired surrogates, at most MaxJSONDepth deep. It allocates only
// for an error and beyond 64 levels, and does not recurse.
func ValidateJSON(b []byte) error {
	v := jsonValidator{b: b}
	if err := v.run(); err != nil {
		return err
	}
	return nil
}

type jsonValidator struct {
	b []byte
	i int
	// The stack of open brackets, one bit a level, set for an object: the newest 64 levels in top,
	// its lowest bit the innermost, those around them in rest.
	top   uint64
	rest  []uint64
	depth int
}

func (v *jsonValidator) push(object bool) bool {
	if v.depth == MaxJSONDepth {
		return false
	}
	if v.depth > 0 && v.depth%64 == 0 {
		v.rest = append(v.rest, v.top)
	}
	v.top <<= 1
	if object {
		v.top |= 1
	}
	v.depth++
	return true
}

func (v *jsonValidator) pop() {
	v.top >>= 1
	if v.depth--; v.depth > 0 && v.depth%64 == 0 {
		v.top, v.rest = v.rest[len(v.rest)-1], v.rest[:len(v.rest)-1]
	}
}

func (v *jsonValidator) inObject() bool { return v.top&1 == 1 }

func (v *jsonValidator) space() {
	for v.i < len(v.b) && v.b[v.i] <= ' ' {
		switch v.b[v.i] {
		case ' ', '\t', '\n', '\r':
			v.i++
		default:
			return
		}
	}
}

// plain returns the first place from i on of a byte that is not one of a string's own: a quote,
// a backslash, a control character or part of a character beyond ASCII.
func plain(b []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		w := le.Uint64(b[i:])
		// A byte below n, for n up to 128, has its high bit set after n was taken from it. What it borrows
		// from can only be marked wrongly behind it.
		if found := (w | (w - ' '*ones) | ((w ^ '"'*ones) - ones) | ((w ^ '\\'*ones) - ones)) & high; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] >= ' ' && b[i] < utf8.RuneSelf && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// What the validator may meet next.
const (
	wantValue = iota
	wantValueOrClose
	wantKey
	wantKeyOrClose
	wantCommaOrClose
)

func (v *jsonValidator) run() *JSONError {
	state := wantValue
	for {
		v.space()
		if v.i == len(v.b) {
			return v.syntax("The input string ended unexpectedly.")
		}
		c := v.b[v.i]
		switch state {
		case wantKey, wantKeyOrClose:
			if c == '}' && state == wantKeyOrClose {
				v.i++
				v.pop()
				break
			}
			if err := v.key(c, state); err != nil {
				return err
			}
			state = wantValue
			continue
		case wantCommaOrClose:
			next, closed, err := v.separator(c)
			if err != nil {
				return err
			}
			if !closed {
				state = next
				continue
			}
		default:
			if c == ']' && state == wantValueOrClose {
				v.i++
				v.pop()
				break
			}
			next, opened, err := v.value(c)
			if err != nil {
				return err
			}
			if opened {
				state = next
				continue
			}
		}
		// A value has just ended.
		if v.depth == 0 {
			v.space()
			if v.i < len(v.b) {
				return v.unexpected("Expected end of input, but found %q.")
			}
			return nil
		}
		state = wantCommaOrClose
	}
}

func (v *jsonValidator) key(c byte, state int) *JSONError {
	if c != '"' {
		if state == wantKeyOrClose {
			return v.unexpected(`Expected string or "}", but found %q.`)
		}
		return v.unexpected(`Expected string, but found %q.`)
	}
	if err := v.str(); err != nil {
		return err
	}
	v.space()
	if v.i == len(v.b) {
		return v.syntax("The input string ended unexpectedly.")
	}
	if v.b[v.i] != ':' {
		return v.unexpected(`Expected ":", but found %q.`)
	}
	v.i++
	return nil
}

func (v *jsonValidator) separator(c byte) (next int, closed bool, err *JSONError) {
	object := v.inObject()
	switch {
	case c == ',' && object:
		v.i++
		return wantKey, false, nil
	case c == ',':
		v.i++
		return wantValue, false, nil
	case c == '}' && object, c == ']' && !object:
		v.i++
		v.pop()
		return 0, true, nil
	case object:
		return 0, false, v.unexpected(`Expected "," or "}", but found %q.`)
	}
	return 0, false, v.unexpected(`Expected "," or "]", but found %q.`)
}

func (v *jsonValidator) value(c byte) (next int, opened bool, err *JSONError) {
	switch {
	case c == '{' || c == '[':
		if !v.push(c == '{') {
			return 0, false, &JSONError{Offset: v.i, End: v.i + 1, Kind: JSONTooDeep, Detail: "It is nested too deep."}
		}
		v.i++
		if c == '{' {
			return wantKeyOrClose, true, nil
		}
		return wantValueOrClose, true, nil
	case c == '"':
		return 0, false, v.str()
	case c == '-' || c >= '0' && c <= '9':
		return 0, false, v.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if end := v.i + len(word); end <= len(v.b) && string(v.b[v.i:end]) == word && v.wordEnd(v.i) == end {
			v.i = end
			return 0, false, nil
		}
	}
	if v.wordEnd(v.i) > v.i+1 || isWordByte(c) {
		return 0, false, v.invalidToken()
	}
	switch c {
	case '}', ']', ',', ':':
		return 0, false, v.unexpected("Expected JSON value, but found %q.")
	}
	return 0, false, v.invalidToken()
}

func (v *jsonValidator) number() *JSONError {
	start := v.i
	i := v.i
	digits := func() bool {
		from := i
		for i < len(v.b) && v.b[i] >= '0' && v.b[i] <= '9' {
			i++
		}
		return i > from
	}
	if v.b[i] == '-' {
		i++
	}
	ok := true
	if i < len(v.b) && v.b[i] == '0' {
		i++
	} else {
		ok = digits()
	}
	if ok && i < len(v.b) && v.b[i] == '.' {
		i++
		ok = digits()
	}
	exponent := 0
	if ok && i < len(v.b) && (v.b[i] == 'e' || v.b[i] == 'E') {
		exponent = i
		i++
		if i < len(v.b) && (v.b[i] == '+' || v.b[i] == '-') {
			i++
		}
		ok = digits()
	}
	if !ok || i < len(v.b) && isWordByte(v.b[i]) {
		v.i = start
		return v.invalidToken()
	}
	if i-start > maxPlainNumber || exponent > 0 {
		if !numericHolds(v.b[start:i]) {
			return &JSONError{Offset: start, End: i, Kind: JSONNumber, Detail: "A number in it is beyond what numeric holds."}
		}
	}
	v.i = i
	return nil
}

// What PostgreSQL's numeric holds, in decimal digits before and behind the point.
const (
	maxNumericDigits = 131072
	maxNumericScale  = 16383
	// maxPlainNumber is a length at which a number without an exponent is within them.
	maxPlainNumber = maxNumericScale
)

// numericHolds tells whether numeric holds a JSON number, which is well-formed.
func numericHolds(b []byte) bool {
	if b[0] == '-' {
		b = b[1:]
	}
	fraction, significant := 0, 0
	i := 0
	digits := func() (n int) {
		for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
			if n++; significant > 0 || b[i] != '0' {
				significant++
			}
		}
		return n
	}
	digits()
	if i < len(b) && b[i] == '.' {
		i++
		fraction = digits()
	}
	exponent := 0
	if i < len(b) {
		i++ // e
		negative := b[i] == '-'
		if negative || b[i] == '+' {
			i++
		}
		for ; i < len(b); i++ {
			exponent = min(10*exponent+int(b[i]-'0'), 1<<30)
		}
		if negative {
			exponent = -exponent
		}
	}
	if exponent >= 1<<29 || exponent <= -1<<29 {
		return false
	}
	scale, shift := fraction-exponent, 0
	if scale < 0 {
		scale, shift = 0, -scale
	}
	if significant == 0 {
		shift = 0
	}
	return scale <= maxNumericScale && significant+shift-scale <= maxNumericDigits
}

func (v *jsonValidator) str() *JSONError {
	b := v.b
	start := v.i
	high := false // the escape before this one was a high surrogate
	for i := v.i + 1; i < len(b); {
		if !high {
			if i = plain(b, i); i == len(b) {
				break
			}
		}
		c := b[i]
		if c != '\\' && high {
			return v.escape(i, "Unicode low surrogate must follow a high surrogate.", JSONSyntax)
		}
		switch {
		case c == '"':
			v.i = i + 1
			return nil
		case c < 0x20:
			return &JSONError{Offset: start, End: i + 1, Detail: fmt.Sprintf("Character with value 0x%02x must be escaped.", c)}
		case c == '\\':
			n, h, err := v.backslash(i, high)
			if err != nil {
				return err
			}
			i, high = i+n, h
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n <= 1 {
				return &JSONError{Offset: i, End: i + 1, Kind: JSONBadUTF8, Detail: "It is not UTF-8."}
			}
			i += n
		}
	}
	return &JSONError{Offset: start, End: len(b), Detail: fmt.Sprintf("Token \"%s\" is invalid.", clip(b[start:]))}
}

// backslash checks the escape at i and returns its length and whether it is a high
// surrogate, which a low one must follow.
func (v *jsonValidator) backslash(i int, high bool) (n int, nowHigh bool, err *JSONError) {
	b := v.b
	if i+1 == len(b) {
		return 0, false, v.escape(i, fmt.Sprintf("Token \"%s\" is invalid.", clip(b[v.i:])), JSONSyntax)
	}
	if b[i+1] != 'u' {
		if high {
			return 0, false, v.escape(i, "Unicode low surrogate must follow a high surrogate.", JSONSyntax)
		}
		switch b[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			return 2, false, nil
		}
		return 0, false, v.escape(i, fmt.Sprintf(`Escape sequence "\%c" is invalid.`, b[i+1]), JSONSyntax)
	}
	var r rune
	for k := i + 2; k < i+6; k++ {
		d := -1
		if k < len(b) {
			d = hexValue(b[k])
		}
		if d < 0 {
			return 0, false, v.escape(i, `"\u" must be followed by four hexadecimal digits.`, JSONSyntax)
		}
		r = r<<4 | rune(d)
	}
	low := r >= 0xDC00 && r <= 0xDFFF
	nowHigh = r >= 0xD800 && r <= 0xDBFF
	switch {
	case high && nowHigh:
		return 0, false, v.escape(i, "Unicode high surrogate must not follow a high surrogate.", JSONSyntax)
	case high != low:
		return 0, false, v.escape(i, "Unicode low surrogate must follow a high surrogate.", JSONSyntax)
	case r == 0:
		return 0, false, v.escape(i, `\u0000 cannot be converted to text.`, JSONUnicode)
	}
	return 6, nowHigh, nil
}

func (v *jsonValidator) escape(i int, detail string, kind JSONErrorKind) *JSONError {
	return &JSONError{Offset: v.i, End: min(i+6, len(v.b)), Kind: kind, Detail: detail}
}

func (v *jsonValidator) syntax(detail string) *JSONError {
	return &JSONError{Offset: v.i, End: len(v.b), Detail: detail}
}

func (v *jsonValidator) unexpected(format string) *JSONError {
	end := v.i + 1
	switch c := v.b[v.i]; {
	case c == '"':
		probe := jsonValidator{b: v.b, i: v.i}
		if err := probe.str(); err != nil {
			return err
		}
		end = probe.i
	case isWordByte(c) || c == '-':
		end = v.wordEnd(v.i)
		// PostgreSQL lexes the token before it finds it out of place.
		probe := jsonValidator{b: v.b[:end], i: v.i}
		if _, _, err := probe.value(c); err != nil {
			return err
		}
	case c != '{' && c != '}' && c != '[' && c != ']' && c != ',' && c != ':':
		return v.invalidToken()
	}
	token := string(clip(v.b[v.i:end]))
	return &JSONError{Offset: v.i, End: end, Detail: fmt.Sprintf(quoteVerb(format), token)}
}

// quoteVerb: PostgreSQL puts the token between quotes without escaping it.
func quoteVerb(format string) string {
	out := make([]byte, 0, len(format)+2)
	for i := 0; i < len(format); i++ {
		if format[i] == '%' && i+1 < len(format) && format[i+1] == 'q' {
			out = append(out, `"%s"`...)
			i++
			continue
		}
		out = append(out, format[i])
	}
	return string(out)
}

func (v *jsonValidator) invalidToken() *JSONError {
	end := v.wordEnd(v.i)
	if end == v.i {
		end = v.i + 1
	}
	return &JSONError{Offset: v.i, End: end, Detail: fmt.Sprintf(`Token "%s" is invalid.`, clip(v.b[v.i:end]))}
}

func (v *jsonValidator) wordEnd(i int) int {
	if v.b[i] == '-' {
		i++
	}
	for i < len(v.b) && (isWordByte(v.b[i]) || v.b[i] == '.' || v.b[i] == '+' || v.b[i] == '-') {
		i++
	}
	return i
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// clip keeps an error message short.
func clip(b []byte) []byte {
	if len(b) > 100 {
		return b[:100]
	}
	return b
}

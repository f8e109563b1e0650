package pgfn

import (
	"fmt"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Validate returns the error of the cast of json to jsonb, with PostgreSQL's detail and
// context, or nil.
func Validate(json []byte) error { return validate(json, false) }

func validate(json []byte, raw bool) error {
	l := jsonLexer{src: json, line: 1, raw: raw}
	if err := l.advance(); err != nil {
		return err
	}
	if err := l.value(0); err != nil {
		return err
	}
	if l.token != tokenEnd {
		return l.unexpected("end of input")
	}
	return nil
}

type jsonToken byte

const (
	tokenEnd    jsonToken = 0
	tokenString jsonToken = '"'
	tokenNumber jsonToken = '1'
	tokenWord   jsonToken = 'w' // true, false, null
)

// jsonLexer is PostgreSQL's, one token ahead, as its errors tell.
type jsonLexer struct {
	src        []byte
	line       int
	raw        bool      // for json, which keeps escapes and numerals as they are
	token      jsonToken // or the punctuation itself
	start, end int       // of the token
}

func (l *jsonLexer) fail(code, message, detail string, end int) error {
	err := pgerror.Errorf(code, "%s", message).WithDetail("%s", detail)
	l.end = min(end, len(l.src))
	err.Where = l.where()
	return err
}

func (l *jsonLexer) invalid(end int, format string, args ...any) error {
	return l.fail(pgerror.InvalidTextRepresentation, "invalid input syntax for type json", fmt.Sprintf(format, args...), end)
}

// where quotes some 50 bytes before the end of the token.
func (l *jsonLexer) where() string {
	from, lineStart := 0, 0
	for {
		if from < l.end && l.src[from] == '\n' {
			from++
			lineStart = from
			continue
		}
		if l.end-from < 50 {
			break
		}
		_, n := utf8.DecodeRune(l.src[from:])
		from += n
	}
	if from-lineStart <= 3 {
		from = lineStart
	}
	prefix, suffix := "", ""
	if from > lineStart {
		prefix = "..."
	}
	if l.token != tokenEnd && l.end < len(l.src) && l.src[l.end] != '\n' && l.src[l.end] != '\r' {
		suffix = "..."
	}
	return fmt.Sprintf("JSON data, line %d: %s%s%s", l.line, prefix, l.src[from:max(from, l.end)], suffix)
}

func (l *jsonLexer) text() string { return string(l.src[l.start:l.end]) }

func (l *jsonLexer) badToken(end int) error {
	l.end = min(end, len(l.src))
	return l.invalid(l.end, "Token \"%s\" is invalid.", l.text())
}

func (l *jsonLexer) unexpected(what string) error {
	if l.token == tokenEnd {
		return l.invalid(l.end, "The input string ended unexpectedly.")
	}
	return l.invalid(l.end, "Expected %s, but found \"%s\".", what, l.text())
}

// inWord tells PostgreSQL's JSON_ALPHANUMERIC_CHAR.
func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '_' || c >= 0x80
}

func (l *jsonLexer) advance() error {
	i := l.end
	for i < len(l.src) && isJSONSpace(l.src[i]) {
		if l.src[i] == '\n' {
			l.line++
		}
		i++
	}
	l.start = i
	if i == len(l.src) {
		l.token, l.end = tokenEnd, i
		return nil
	}
	c := l.src[i]
	switch c {
	case '{', '}', '[', ']', ',', ':':
		l.token, l.end = jsonToken(c), i+1
		return nil
	case '"':
		l.token = tokenString
		return l.string(i)
	}
	if c == '-' || isDigit(c) {
		l.token = tokenNumber
		return l.number(i)
	}
	l.token = tokenWord
	for i < len(l.src) && inWord(l.src[i]) {
		i++
	}
	if i == l.start {
		return l.badToken(i + 1)
	}
	l.end = i
	switch string(l.src[l.start:i]) {
	case "true", "false", "null":
		return nil
	}
	return l.badToken(i)
}

func (l *jsonLexer) number(i int) error {
	bad := false
	digits := func() {
		first := i
		for i < len(l.src) && isDigit(l.src[i]) {
			i++
		}
		bad = bad || i == first
	}
	at := func(a, b byte) bool { return i < len(l.src) && (l.src[i] == a || l.src[i] == b) }
	if at('-', '-') {
		i++
	}
	if at('0', '0') {
		i++
	} else {
		digits()
	}
	if at('.', '.') {
		i++
		digits()
	}
	if at('e', 'E') {
		i++
		if at('+', '-') {
			i++
		}
		digits()
	}
	for i < len(l.src) && inWord(l.src[i]) {
		bad = true
		i++
	}
	if bad {
		return l.badToken(i)
	}
	l.end = i
	return nil
}

func (l *jsonLexer) string(i int) error {
	for i++; i < len(l.src); {
		switch c := l.src[i]; {
		case c == '"':
			l.end = i + 1
			return nil
		case c < ' ':
			return l.invalid(i, "Character with value 0x%02x must be escaped.", c)
		case c == '\\':
			var err error
			if i, err = l.escape(i); err != nil {
				return err
			}
		default:
			i++
		}
	}
	return l.badToken(i)
}

// escape checks the escape at i and returns what follows it.
func (l *jsonLexer) escape(i int) (int, error) {
	if i++; i >= len(l.src) {
		return i, l.badToken(i)
	}
	if l.src[i] != 'u' {
		switch l.src[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			return i + 1, nil
		}
		n := l.char(i)
		return i, l.invalid(i+n, "Escape sequence \"\\%s\" is invalid.", l.src[i:i+n])
	}
	r, err := l.hex(i)
	if err != nil {
		return i, err
	}
	i += 5
	if l.raw {
		return i, nil
	}
	const low = "Unicode low surrogate must follow a high surrogate."
	switch {
	case r == 0:
		return i, l.fail(pgerror.UntranslatableCharacter, "unsupported Unicode escape sequence", `\u0000 cannot be converted to text.`, i)
	case r&0xfc00 == 0xdc00:
		return i, l.invalid(i, low)
	case r&0xfc00 != 0xd800:
		return i, nil
	case i+1 >= len(l.src) || l.src[i] != '\\' || l.src[i+1] != 'u':
		if i >= len(l.src) || l.src[i] == '\\' && i+1 >= len(l.src) {
			return i, l.badToken(len(l.src))
		}
		if l.src[i] == '\\' {
			i++
		}
		return i, l.invalid(i+l.char(i), low)
	}
	second, err := l.hex(i + 1)
	if err != nil {
		return i, err
	}
	i += 6
	switch {
	case second&0xfc00 == 0xd800:
		return i, l.invalid(i, "Unicode high surrogate must not follow a high surrogate.")
	case second&0xfc00 != 0xdc00:
		return i, l.invalid(i, low)
	}
	return i, nil
}

// char is the length of the character at i.
func (l *jsonLexer) char(i int) int {
	_, n := utf8.DecodeRune(l.src[i:])
	return n
}

// hex reads the digits after the u at i.
func (l *jsonLexer) hex(i int) (rune, error) {
	var r rune
	for k := i + 1; k <= i+4; k++ {
		if k >= len(l.src) {
			return 0, l.badToken(k)
		}
		d := pgvalue.HexDigit(l.src[k])
		if d < 0 {
			return 0, l.invalid(k+l.char(k), `"\u" must be followed by four hexadecimal digits.`)
		}
		r = r<<4 | rune(d)
	}
	return r, nil
}

// checkEscapes returns the error of a string's inside, without its context.
func checkEscapes(raw []byte) error {
	l := jsonLexer{src: raw, token: tokenString}
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			i++
			continue
		}
		var err error
		if i, err = l.escape(i); err != nil {
			return err
		}
	}
	return nil
}

func errDepth() error {
	return pgerror.Errorf(pgerror.StatementTooComplex, "stack depth limit exceeded")
}

func (l *jsonLexer) value(depth int) error {
	if depth > maxDepth {
		return errDepth()
	}
	switch l.token {
	case tokenString, tokenWord:
		return l.advance()
	case tokenNumber:
		raw := l.src[l.start:l.end]
		if err := l.advance(); err != nil {
			return err
		}
		if l.raw || plainNumber(raw) {
			return nil
		}
		if _, status := parseDecimal(raw); status != parsed {
			return errOverflow()
		}
		return nil
	case '{':
		return l.object(depth)
	case '[':
		return l.array(depth)
	}
	return l.unexpected("JSON value")
}

func (l *jsonLexer) array(depth int) error {
	if err := l.advance(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if first && l.token == ']' {
			return l.advance()
		}
		if err := l.value(depth + 1); err != nil {
			return err
		}
		if l.token == ']' {
			return l.advance()
		}
		if l.token != ',' {
			return l.unexpected(`"," or "]"`)
		}
		if err := l.advance(); err != nil {
			return err
		}
	}
}

func (l *jsonLexer) object(depth int) error {
	if err := l.advance(); err != nil {
		return err
	}
	for first := true; ; first = false {
		switch {
		case first && l.token == '}':
			return l.advance()
		case l.token != tokenString && first:
			return l.unexpected(`string or "}"`)
		case l.token != tokenString:
			return l.unexpected("string")
		}
		if err := l.advance(); err != nil {
			return err
		}
		if l.token != ':' {
			return l.unexpected(`":"`)
		}
		if err := l.advance(); err != nil {
			return err
		}
		if err := l.value(depth + 1); err != nil {
			return err
		}
		if l.token == '}' {
			return l.advance()
		}
		if l.token != ',' {
			return l.unexpected(`"," or "}"`)
		}
		if err := l.advance(); err != nil {
			return err
		}
	}
}

package query

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire"
)

type tokenKind uint8

const (
	tokEOF     tokenKind = iota
	tokIdent             // text: folded to lower case; may be a keyword
	tokQuoted            // "identifier", never a keyword
	tokString            // text: its value
	tokInteger           // text as written
	tokDecimal           // text as written
	tokParam             // $n; num
	tokOp                // operator or punctuation
)

type token struct {
	kind tokenKind
	text string
	num  int
	pos  int // bytes from the start of the source
	end  int
}

// lexer splits SQL as PostgreSQL does with standard_conforming_strings on.
type lexer struct {
	src string
	i   int
}

// next returns the next token, or an error with its position.
func (l *lexer) next() (token, error) {
	if err := l.skipSpace(); err != nil {
		return token{}, err
	}
	start := l.i
	if start == len(l.src) {
		return token{kind: tokEOF, pos: start, end: start}, nil
	}
	t, err := l.scan()
	t.pos, t.end = start, l.i
	return t, err
}

func (l *lexer) skipSpace() error {
	for l.i < len(l.src) {
		switch c := l.src[l.i]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			l.i++
		case c == '-' && strings.HasPrefix(l.src[l.i:], "--"):
			n := strings.IndexAny(l.src[l.i:], "\n\r")
			if n < 0 {
				l.i = len(l.src)
				return nil
			}
			l.i += n
		case c == '/' && strings.HasPrefix(l.src[l.i:], "/*"):
			if err := l.skipComment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// skipComment skips a block comment; they nest.
func (l *lexer) skipComment() error {
	start := l.i
	depth := 0
	for l.i < len(l.src) {
		switch {
		case strings.HasPrefix(l.src[l.i:], "/*"):
			depth++
			l.i += 2
		case strings.HasPrefix(l.src[l.i:], "*/"):
			depth--
			l.i += 2
			if depth == 0 {
				return nil
			}
		default:
			l.i++
		}
	}
	return l.errorf(start, "unterminated /* comment at or near \"%s\"", clipToken(l.src[start:]))
}

func (l *lexer) errorf(pos int, format string, args ...any) error {
	return pgwire.Errorf("42601", format, args...).At(charPosition(l.src, pos))
}

// charPosition turns a byte offset into PostgreSQL's position: characters, from 1.
func charPosition(src string, offset int) int {
	return utf8.RuneCountInString(src[:offset]) + 1
}

// maxTokenInError keeps messages short where PostgreSQL would repeat the text.
const maxTokenInError = 200

func clipToken(s string) string {
	if len(s) <= maxTokenInError {
		return s
	}
	n := maxTokenInError
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

const operatorChars = "+-*/<>=~!@#%^&|`?"

func (l *lexer) scan() (token, error) {
	c := l.src[l.i]
	var following byte
	if l.i+1 < len(l.src) {
		following = l.src[l.i+1]
	}
	switch {
	case following == '\'' && strings.IndexByte("eEnNbBxXuU", c) >= 0:
		return l.prefixedString(c)
	case (c == 'u' || c == 'U') && following == '&' && l.i+2 < len(l.src) && l.src[l.i+2] == '\'':
		return l.unicodeString()
	case (c == 'u' || c == 'U') && following == '&' && l.i+2 < len(l.src) && l.src[l.i+2] == '"':
		return token{}, pgwire.Errorf("0A000", "Unicode escapes in the form U& are not supported").
			WithHint(`Write the character itself, or E'\uXXXX'.`).At(charPosition(l.src, l.i))
	case isIdentStart(c):
		return l.ident(), nil
	case c == '"':
		return l.quotedIdent()
	case c == '\'':
		s, err := l.str(false)
		return token{kind: tokString, text: s}, err
	case c == '$' && isDigit(following):
		return l.param()
	case c == '$':
		return l.dollarString()
	case isDigit(c) || c == '.' && isDigit(following):
		return l.number()
	case c == ':' && following == ':', c == ':' && following == '=', c == '.' && following == '.':
		l.i += 2
		return token{kind: tokOp, text: l.src[l.i-2 : l.i]}, nil
	case strings.IndexByte("(),;.[]:", c) >= 0:
		l.i++
		return token{kind: tokOp, text: l.src[l.i-1 : l.i]}, nil
	case strings.IndexByte(operatorChars, c) >= 0:
		return l.operator(), nil
	}
	_, n := utf8.DecodeRuneInString(l.src[l.i:])
	pos := l.i
	l.i += n
	return token{}, l.errorf(pos, "syntax error at or near \"%s\"", l.src[pos:l.i])
}

// operator follows PostgreSQL's rule: the longest run of operator characters, cut at
// a comment, and not ending in + or - unless it holds one of ~ ! @ # % ^ & | ` ?.
func (l *lexer) operator() token {
	start := l.i
	for l.i < len(l.src) && strings.IndexByte(operatorChars, l.src[l.i]) >= 0 {
		if l.i > start && (strings.HasPrefix(l.src[l.i:], "--") || strings.HasPrefix(l.src[l.i:], "/*")) {
			break
		}
		l.i++
	}
	op := l.src[start:l.i]
	for len(op) > 1 && (op[len(op)-1] == '+' || op[len(op)-1] == '-') && !strings.ContainsAny(op, "~!@#%^&|`?") {
		op = op[:len(op)-1]
	}
	l.i = start + len(op)
	if op == "!=" {
		op = "<>"
	}
	return token{kind: tokOp, text: op}
}

func (l *lexer) ident() token {
	start := l.i
	upper := false
	for l.i < len(l.src) {
		c := l.src[l.i]
		if !isIdentStart(c) && !isDigit(c) && c != '$' {
			break
		}
		upper = upper || c >= 'A' && c <= 'Z'
		l.i++
	}
	text := l.src[start:l.i]
	if upper {
		text = foldASCII(text)
	}
	return token{kind: tokIdent, text: truncateName(text)}
}

func foldASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// truncateName cuts an identifier as PostgreSQL does, to 63 bytes.
func truncateName(s string) string {
	const limit = 63
	if len(s) <= limit {
		return s
	}
	n := limit
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func (l *lexer) quotedIdent() (token, error) {
	start := l.i
	var b strings.Builder
	for l.i++; l.i < len(l.src); l.i++ {
		if l.src[l.i] != '"' {
			b.WriteByte(l.src[l.i])
			continue
		}
		if l.i+1 < len(l.src) && l.src[l.i+1] == '"' {
			b.WriteByte('"')
			l.i++
			continue
		}
		l.i++
		if b.Len() == 0 {
			return token{}, l.errorf(start, "zero-length delimited identifier at or near \"\"\"\"")
		}
		return token{kind: tokQuoted, text: truncateName(b.String())}, nil
	}
	return token{}, l.errorf(start, "unterminated quoted identifier at or near \"%s\"", clipToken(l.src[start:]))
}

func (l *lexer) prefixedString(prefix byte) (token, error) {
	switch prefix {
	case 'e', 'E':
		l.i++
		s, err := l.str(true)
		if err != nil {
			return token{}, err
		}
		if err := pgwire.CheckText([]byte(s)); err != nil {
			return token{}, err
		}
		return token{kind: tokString, text: s}, nil
	case 'n', 'N':
		l.i++
		s, err := l.str(false)
		return token{kind: tokString, text: s}, err
	case 'u', 'U':
		return l.ident(), nil
	}
	return token{}, pgwire.Errorf("0A000", "bit string literals are not supported").At(charPosition(l.src, l.i))
}

// str reads a string literal at the quote, and what continues it on later lines.
func (l *lexer) str(escapes bool) (string, error) {
	start := l.i
	// Most literals have no quotes or escapes inside and need no copy.
	if n := strings.IndexByte(l.src[start+1:], '\''); n >= 0 && !escapes {
		end := start + 1 + n + 1
		if (end == len(l.src) || l.src[end] != '\'') && !l.continues(end) {
			l.i = end
			return l.src[start+1 : end-1], nil
		}
	}
	var b strings.Builder
	for l.i++; l.i < len(l.src); {
		switch c := l.src[l.i]; {
		case c == '\'' && strings.HasPrefix(l.src[l.i+1:], "'"):
			b.WriteByte('\'')
			l.i += 2
		case c == '\'':
			l.i++
			if !l.continues(l.i) {
				return b.String(), nil
			}
			l.i += strings.IndexByte(l.src[l.i:], '\'') + 1
		case c == '\\' && escapes:
			if err := l.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			l.i++
		}
	}
	if escapes {
		start-- // the E
	}
	return "", l.errorf(start, "unterminated quoted string at or near \"%s\"", clipToken(l.src[start:]))
}

// continues tells whether a string goes on after white space with a line break in it.
func (l *lexer) continues(i int) bool {
	broken := false
	for ; i < len(l.src); i++ {
		switch c := l.src[i]; {
		case c == '\n' || c == '\r':
			broken = true
		case c == ' ' || c == '\t' || c == '\f' || c == '\v':
		default:
			return c == '\'' && broken
		}
	}
	return false
}

// escape reads a backslash escape of an E” string.
func (l *lexer) escape(b *strings.Builder) error {
	pos := l.i
	l.i++
	if l.i == len(l.src) {
		return nil // unterminated; the caller says so
	}
	c := l.src[l.i]
	l.i++
	switch c {
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'x':
		if v, n := l.digits(16, 2); n > 0 {
			b.WriteByte(byte(v))
		} else {
			b.WriteByte('x')
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		l.i--
		v, _ := l.digits(8, 3)
		b.WriteByte(byte(v))
	case 'u', 'U':
		return l.unicodeEscape(b, pos, c)
	default:
		b.WriteByte(c)
	}
	return nil
}

func (l *lexer) unicodeEscape(b *strings.Builder, pos int, kind byte) error {
	want := 4
	if kind == 'U' {
		want = 8
	}
	v, n := l.digits(16, want)
	if n < want {
		return pgwire.Errorf("22025", "invalid Unicode escape").WithHint(`Unicode escapes must be \uXXXX or \UXXXXXXXX.`).At(charPosition(l.src, pos))
	}
	r := rune(v)
	if r >= 0xD800 && r < 0xDC00 {
		if !strings.HasPrefix(l.src[l.i:], `\u`) {
			at := min(l.i+1, len(l.src))
			return l.errorf(l.i, "invalid Unicode surrogate pair at or near \"%s\"", l.src[l.i:at])
		}
		l.i += 2
		low, n := l.digits(16, 4)
		if n < 4 || low < 0xDC00 || low > 0xDFFF {
			return l.errorf(pos, "invalid Unicode surrogate pair at or near \"%s\"", l.src[pos:l.i])
		}
		r = 0x10000 + (r-0xD800)<<10 + rune(low) - 0xDC00
	}
	if !utf8.ValidRune(r) || r == 0 {
		return l.errorf(pos, "invalid Unicode escape value at or near \"%s\"", l.src[pos:l.i])
	}
	b.WriteRune(r)
	return nil
}

func (l *lexer) digits(base, limit int) (v uint32, n int) {
	for n < limit && l.i < len(l.src) {
		d := 99
		switch c := l.src[l.i]; {
		case isDigit(c):
			d = int(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = int(c|0x20-'a') + 10
		}
		if d >= base {
			break
		}
		v = v*uint32(base) + uint32(d)
		l.i++
		n++
	}
	return v, n
}

func (l *lexer) dollarString() (token, error) {
	start := l.i
	i := start + 1
	for i < len(l.src) && (isIdentStart(l.src[i]) || isDigit(l.src[i])) {
		i++
	}
	if i == len(l.src) || l.src[i] != '$' {
		l.i++
		return token{}, l.errorf(start, "syntax error at or near \"$\"")
	}
	tag := l.src[start : i+1]
	n := strings.Index(l.src[i+1:], tag)
	if n < 0 {
		return token{}, l.errorf(start, "unterminated dollar-quoted string at or near \"%s\"", clipToken(l.src[start:]))
	}
	l.i = i + 1 + n + len(tag)
	return token{kind: tokString, text: l.src[i+1 : i+1+n]}, nil
}

// maxParams is what a Bind message can carry.
const maxParams = 65535

func (l *lexer) param() (token, error) {
	start := l.i
	n := 0
	for l.i++; l.i < len(l.src) && isDigit(l.src[l.i]); l.i++ {
		if n = n*10 + int(l.src[l.i]-'0'); n > 1<<30 {
			n = 1 << 30
		}
	}
	if l.i < len(l.src) && isIdentStart(l.src[l.i]) {
		for l.i < len(l.src) && (isIdentStart(l.src[l.i]) || isDigit(l.src[l.i])) {
			l.i++
		}
		return token{}, l.errorf(start, "trailing junk after parameter at or near \"%s\"", l.src[start:l.i])
	}
	if n == 0 || n > maxParams {
		return token{}, pgwire.Errorf("42P02", "there is no parameter $%s", l.src[start+1:l.i]).At(charPosition(l.src, start))
	}
	return token{kind: tokParam, num: n}, nil
}

func (l *lexer) number() (token, error) {
	start := l.i
	kind := tokInteger
	digits := func() {
		for l.i < len(l.src) && isDigit(l.src[l.i]) {
			l.i++
		}
	}
	digits()
	if l.i < len(l.src) && l.src[l.i] == '.' && !strings.HasPrefix(l.src[l.i:], "..") {
		kind = tokDecimal
		l.i++
		digits()
	}
	if l.i < len(l.src) && l.src[l.i]|0x20 == 'e' {
		at := l.i
		l.i++
		if l.i < len(l.src) && (l.src[l.i] == '+' || l.src[l.i] == '-') {
			l.i++
		}
		if l.i < len(l.src) && isDigit(l.src[l.i]) {
			kind = tokDecimal
			digits()
		} else {
			l.i = at
		}
	}
	if l.i < len(l.src) && isIdentStart(l.src[l.i]) {
		for l.i < len(l.src) && (isIdentStart(l.src[l.i]) || isDigit(l.src[l.i])) {
			l.i++
		}
		return token{}, l.errorf(start, "trailing junk after numeric literal at or near \"%s\"", l.src[start:l.i])
	}
	return token{kind: kind, text: l.src[start:l.i]}, nil
}

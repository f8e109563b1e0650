package pgfn

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

type pathTokenKind uint8

const (
	pathEnd pathTokenKind = iota
	pathOp                // text is the operator
	pathWord
	pathString
	pathNumber
	pathVar
)

type pathToken struct {
	kind pathTokenKind
	text string
	near string // what a syntax error shows
}

type pathLexer struct {
	src string
	i   int
}

func errPathSyntax(message, near string) error {
	if near == "" {
		return pgerror.Errorf(pgerror.SyntaxError, "%s at end of jsonpath input", message)
	}
	return pgerror.Errorf(pgerror.SyntaxError, "%s at or near \"%s\" of jsonpath input", message, near)
}

const pathSpecial = "?%$.[]{}()|&!=<>@#,*:-+/"

func isPathWord(c byte) bool {
	return !isSpace(c) && c != '"' && c != '\\' && strings.IndexByte(pathSpecial, c) < 0
}

func (l *pathLexer) next() (pathToken, error) {
	for l.i < len(l.src) {
		if isSpace(l.src[l.i]) {
			l.i++
			continue
		}
		if !strings.HasPrefix(l.src[l.i:], "/*") {
			break
		}
		end := strings.Index(l.src[l.i+2:], "*/")
		if end < 0 {
			l.i = len(l.src)
			return pathToken{}, errPathSyntax("unexpected end of comment", "")
		}
		l.i += end + 4
	}
	if l.i >= len(l.src) {
		return pathToken{}, nil
	}
	start := l.i
	c := l.src[l.i]
	rest := l.src[l.i:]
	done := func(kind pathTokenKind, text string) (pathToken, error) {
		return pathToken{kind: kind, text: text, near: l.near(kind, start)}, nil
	}
	for _, op := range [...]string{"**", "&&", "||", "==", "<>", "!=", "<=", ">="} {
		if strings.HasPrefix(rest, op) {
			l.i += 2
			switch op {
			case "<>":
				op = "!="
			}
			return done(pathOp, op)
		}
	}
	switch {
	case c == '"':
		text, err := l.quoted()
		if err != nil {
			return pathToken{}, err
		}
		return done(pathString, text)
	case c == '$':
		l.i++
		if l.i < len(l.src) && l.src[l.i] == '"' {
			text, err := l.quoted()
			if err != nil {
				return pathToken{}, err
			}
			return done(pathVar, text)
		}
		if l.i < len(l.src) && (isPathWord(l.src[l.i]) || l.src[l.i] == '\\') {
			text, err := l.word()
			if err != nil {
				return pathToken{}, err
			}
			return done(pathVar, text)
		}
		return done(pathOp, "$")
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return l.number()
	case strings.IndexByte(pathSpecial, c) >= 0:
		l.i++
		return done(pathOp, l.src[start:l.i])
	}
	text, err := l.word()
	if err != nil {
		return pathToken{}, err
	}
	return done(pathWord, text)
}

// near is what PostgreSQL's lexer has before it when it returns a token: of a name, what
// ended it, if that is a space.
func (l *pathLexer) near(kind pathTokenKind, start int) string {
	switch {
	case kind != pathOp && l.src[l.i-1] == '"':
		return `"`
	case kind == pathOp, kind == pathVar:
		return l.src[start:l.i]
	case l.i < len(l.src) && isSpace(l.src[l.i]):
		return l.src[l.i : l.i+1]
	}
	return ""
}

func (l *pathLexer) number() (pathToken, error) {
	start := l.i
	digits := func() int {
		first := l.i
		for l.i < len(l.src) && isDigit(l.src[l.i]) {
			l.i++
		}
		return l.i - first
	}
	whole := digits()
	if l.i < len(l.src) && l.src[l.i] == '.' {
		l.i++
		digits()
	}
	if l.i < len(l.src) && l.src[l.i]|0x20 == 'e' {
		l.i++
		if l.i < len(l.src) && (l.src[l.i] == '+' || l.src[l.i] == '-') {
			l.i++
		}
		if digits() == 0 {
			return pathToken{}, errPathSyntax("trailing junk after numeric literal", l.src[start:l.i])
		}
	}
	if l.i < len(l.src) && isPathWord(l.src[l.i]) || whole > 1 && l.src[start] == '0' {
		if l.i < len(l.src) {
			_, n := utf8.DecodeRuneInString(l.src[l.i:])
			l.i += n
		}
		return pathToken{}, errPathSyntax("trailing junk after numeric literal", l.src[start:l.i])
	}
	return pathToken{kind: pathNumber, text: l.src[start:l.i], near: l.src[start:l.i]}, nil
}

// word takes a name without quotes, which may have escapes.
func (l *pathLexer) word() (string, error) {
	var b []byte
	for l.i < len(l.src) {
		if c := l.src[l.i]; c == '\\' {
			var err error
			if b, err = l.escape(b); err != nil {
				return "", err
			}
			continue
		} else if !isPathWord(c) {
			break
		}
		b = append(b, l.src[l.i])
		l.i++
	}
	return string(b), nil
}

func (l *pathLexer) quoted() (string, error) {
	var b []byte
	for l.i++; l.i < len(l.src); {
		switch l.src[l.i] {
		case '"':
			l.i++
			return string(b), nil
		case '\\':
			var err error
			if b, err = l.escape(b); err != nil {
				return "", err
			}
		default:
			b = append(b, l.src[l.i])
			l.i++
		}
	}
	return "", errPathSyntax("unexpected end of quoted string", "")
}

func (l *pathLexer) escape(b []byte) ([]byte, error) {
	start := l.i
	if l.i++; l.i >= len(l.src) {
		return nil, errPathSyntax("unexpected end after backslash", "")
	}
	c := l.src[l.i]
	l.i++
	switch c {
	case 'b':
		return append(b, '\b'), nil
	case 'f':
		return append(b, '\f'), nil
	case 'n':
		return append(b, '\n'), nil
	case 'r':
		return append(b, '\r'), nil
	case 't':
		return append(b, '\t'), nil
	case 'v':
		return append(b, '\v'), nil
	case 'x':
		r := l.hex(2)
		if r < 0 {
			return nil, errPathSyntax("invalid hexadecimal character sequence", l.src[start:l.i])
		}
		return appendPathRune(b, r)
	case 'u':
		r := l.unicode()
		if r&0xfc00 == 0xd800 && strings.HasPrefix(l.src[l.i:], `\u`) {
			l.i += 2
			low := l.unicode()
			if low&0xfc00 != 0xdc00 {
				return nil, errSurrogate("Unicode low surrogate must follow a high surrogate.")
			}
			r = 0x10000 + (r&0x3ff)<<10 + low&0x3ff
		}
		if r < 0 {
			return nil, errPathSyntax("invalid Unicode escape sequence", l.src[start:l.i])
		}
		return appendPathRune(b, r)
	}
	l.i--
	_, n := utf8.DecodeRuneInString(l.src[l.i:])
	b = append(b, l.src[l.i:l.i+n]...)
	l.i += n
	return b, nil
}

func errSurrogate(detail string) error {
	return pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type jsonpath").WithDetail("%s", detail)
}

func appendPathRune(b []byte, r rune) ([]byte, error) {
	switch {
	case r == 0:
		return nil, pgerror.Errorf(pgerror.UntranslatableCharacter, "unsupported Unicode escape sequence").
			WithDetail(`\u0000 cannot be converted to text.`)
	case r&0xf800 == 0xd800:
		return nil, errSurrogate("Unicode low surrogate must follow a high surrogate.")
	}
	return utf8.AppendRune(b, r), nil
}

// unicode takes XXXX or {X…}, -1 if neither is there.
func (l *pathLexer) unicode() rune {
	if l.i >= len(l.src) || l.src[l.i] != '{' {
		return l.hex(4)
	}
	r, n := rune(0), 0
	for l.i++; l.i < len(l.src) && pgvalue.HexDigit(l.src[l.i]) >= 0 && n < 6; n++ {
		r = r<<4 | rune(pgvalue.HexDigit(l.src[l.i]))
		l.i++
	}
	if n == 0 || l.i >= len(l.src) || l.src[l.i] != '}' || r > utf8.MaxRune {
		return -1
	}
	l.i++
	return r
}

func (l *pathLexer) hex(digits int) rune {
	r := rune(0)
	for range digits {
		if l.i >= len(l.src) || pgvalue.HexDigit(l.src[l.i]) < 0 {
			return -1
		}
		r = r<<4 | rune(pgvalue.HexDigit(l.src[l.i]))
		l.i++
	}
	return r
}

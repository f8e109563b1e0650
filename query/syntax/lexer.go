package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

type tokenKind uint8

const (
	TokEOF     tokenKind = iota
	TokIdent             // text: folded to lower case; may be a keyword
	tokQuoted            // "identifier", never a keyword
	TokString            // text: its value
	TokInteger           // text as written
	TokDecimal           // text as written
	tokBits              // text: b or x and the digits
	tokParam             // $n; num
	TokOp                // operator or punctuation
)

type token struct {
	Kind tokenKind
	Text string
	num  int
	Pos  int // bytes from the start of the source
	End  int
}

// Lexer splits SQL as PostgreSQL does with standard_conforming_strings on.
type Lexer struct {
	Src string
	I   int
	run operatorRun
	// built is how many bytes the long texts have that were copied out of the source since somebody looked.
	built int
	// skim: tokens are only told apart. Nothing is copied: names are as they are written, and strings empty.
	skim bool
}

// Next returns the next token, or an error with its position.
func (l *Lexer) Next() (token, error) {
	if err := l.skipSpace(); err != nil {
		return token{}, err
	}
	start := l.I
	if start == len(l.Src) {
		return token{Kind: TokEOF, Pos: start, End: start}, nil
	}
	t, err := l.scan()
	t.Pos, t.End = start, l.I
	return t, err
}

func (l *Lexer) skipSpace() error {
	for l.I < len(l.Src) {
		switch c := l.Src[l.I]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			l.I++
		case c == '-' && strings.HasPrefix(l.Src[l.I:], "--"):
			n := strings.IndexAny(l.Src[l.I:], "\n\r")
			if n < 0 {
				l.I = len(l.Src)
				return nil
			}
			l.I += n
		case c == '/' && strings.HasPrefix(l.Src[l.I:], "/*"):
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
func (l *Lexer) skipComment() error {
	start := l.I
	depth := 0
	for l.I < len(l.Src) {
		switch {
		case strings.HasPrefix(l.Src[l.I:], "/*"):
			depth++
			l.I += 2
		case strings.HasPrefix(l.Src[l.I:], "*/"):
			depth--
			l.I += 2
			if depth == 0 {
				return nil
			}
		default:
			l.I++
		}
	}
	return l.errorf(start, "unterminated /* comment at or near \"%s\"", clipToken(l.Src[start:]))
}

func (l *Lexer) errorf(pos int, format string, args ...any) error {
	return pgerror.Errorf(pgerror.SyntaxError, format, args...).At(CharPosition(l.Src, pos))
}

// CharPosition turns a byte offset into PostgreSQL's position: characters, from 1.
func CharPosition(src string, offset int) int {
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

func (l *Lexer) scan() (token, error) {
	c := l.Src[l.I]
	var following byte
	if l.I+1 < len(l.Src) {
		following = l.Src[l.I+1]
	}
	switch {
	case following == '\'' && strings.IndexByte("eEnNbBxXuU", c) >= 0:
		return l.prefixedString(c)
	case (c == 'u' || c == 'U') && following == '&' && l.I+2 < len(l.Src) && l.Src[l.I+2] == '\'':
		return l.unicodeString()
	case (c == 'u' || c == 'U') && following == '&' && l.I+2 < len(l.Src) && l.Src[l.I+2] == '"':
		return token{}, pgerror.Errorf(pgerror.FeatureNotSupported, "Unicode escapes in the form U& are not supported").
			WithHint(`Write the character itself, or E'\uXXXX'.`).At(CharPosition(l.Src, l.I))
	case isIdentStart(c):
		return l.ident(), nil
	case c == '"':
		return l.quotedIdent()
	case c == '\'':
		s, err := l.str(false)
		return token{Kind: TokString, Text: s}, err
	case c == '$' && isDigit(following):
		return l.param()
	case c == '$':
		return l.dollarString()
	case isDigit(c) || c == '.' && isDigit(following):
		return l.number()
	case c == ':' && following == ':', c == ':' && following == '=', c == '.' && following == '.':
		l.I += 2
		return token{Kind: TokOp, Text: l.Src[l.I-2 : l.I]}, nil
	case strings.IndexByte("(),;.[]:", c) >= 0:
		l.I++
		return token{Kind: TokOp, Text: l.Src[l.I-1 : l.I]}, nil
	case strings.IndexByte(operatorChars, c) >= 0:
		return l.operator(), nil
	}
	_, n := utf8.DecodeRuneInString(l.Src[l.I:])
	pos := l.I
	l.I += n
	return token{}, l.errorf(pos, "syntax error at or near \"%s\"", l.Src[pos:l.I])
}

// operator follows PostgreSQL's rule: the longest run of operator characters, cut at
// a comment, and not ending in + or - unless it holds one of ~ ! @ # % ^ & | ` ?.
func (l *Lexer) operator() token {
	start := l.I
	if start >= l.run.end {
		l.run = l.operatorRun()
	}
	end := l.run.end
	if !l.run.special {
		end = max(start+1, l.run.trimmed)
	}
	l.I = end
	op := l.Src[start:end]
	if op == "!=" {
		op = "<>"
	}
	return token{Kind: TokOp, Text: op}
}

// operatorRun is a run of operator characters. It is kept while its operators are read: one of a million
// signs is looked at once, not a million times.
type operatorRun struct {
	end     int
	trimmed int  // where it ends without the + and - at its end
	special bool // it holds one of ~ ! @ # % ^ & | ` ?
}

func (l *Lexer) operatorRun() operatorRun {
	var r operatorRun
	i := l.I
	for ; i < len(l.Src) && strings.IndexByte(operatorChars, l.Src[i]) >= 0; i++ {
		if i > l.I && (strings.HasPrefix(l.Src[i:], "--") || strings.HasPrefix(l.Src[i:], "/*")) {
			break
		}
		switch c := l.Src[i]; {
		case c == '+' || c == '-':
			continue
		case strings.IndexByte("~!@#%^&|`?", c) >= 0:
			r.special = true
		}
		r.trimmed = i + 1
	}
	r.end = i
	return r
}

func (l *Lexer) ident() token {
	start := l.I
	upper := false
	for l.I < len(l.Src) {
		c := l.Src[l.I]
		if !isIdentStart(c) && !isDigit(c) && c != '$' {
			break
		}
		upper = upper || c >= 'A' && c <= 'Z'
		l.I++
	}
	text := l.Src[start:l.I]
	if upper && !l.skim {
		text = foldASCII(text)
	}
	return token{Kind: TokIdent, Text: truncateName(text)}
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

func (l *Lexer) quotedIdent() (token, error) {
	if l.skim {
		return l.skipQuoted()
	}
	start := l.I
	const most = 256 // far more than is kept of it
	var b strings.Builder
	for l.I++; l.I < len(l.Src); l.I++ {
		if l.Src[l.I] != '"' {
			if b.Len() < most {
				b.WriteByte(l.Src[l.I])
			}
			continue
		}
		if l.I+1 < len(l.Src) && l.Src[l.I+1] == '"' {
			if b.Len() < most {
				b.WriteByte('"')
			}
			l.I++
			continue
		}
		l.I++
		if b.Len() == 0 {
			return token{}, l.errorf(start, "zero-length delimited identifier at or near \"\"\"\"")
		}
		return token{Kind: tokQuoted, Text: truncateName(b.String())}, nil
	}
	return token{}, l.errorf(start, "unterminated quoted identifier at or near \"%s\"", clipToken(l.Src[start:]))
}

func (l *Lexer) prefixedString(prefix byte) (token, error) {
	switch prefix {
	case 'e', 'E':
		l.I++
		s, err := l.str(true)
		if err != nil {
			return token{}, err
		}
		if err := pgvalue.CheckText([]byte(s)); err != nil {
			return token{}, err
		}
		return token{Kind: TokString, Text: s}, nil
	case 'n', 'N':
		l.I++
		s, err := l.str(false)
		return token{Kind: TokString, Text: s}, err
	case 'u', 'U':
		return l.ident(), nil
	}
	l.I++ // b'101' or x'1f'
	s, err := l.str(false)
	if l.skim {
		return token{Kind: tokBits}, err
	}
	return token{Kind: tokBits, Text: string(prefix|0x20) + s}, err
}

// str reads a string literal at the quote, and what continues it on later lines.
func (l *Lexer) str(escapes bool) (string, error) {
	if l.skim {
		return "", l.skipString(escapes)
	}
	return l.strValue(escapes)
}

func (l *Lexer) strValue(escapes bool) (string, error) {
	start := l.I
	// Most literals have no quotes or escapes inside and need no copy.
	n := pgvalue.IndexString(l.Src[start+1:], "'")
	if n >= 0 && !escapes {
		end := start + 1 + n + 1
		if (end == len(l.Src) || l.Src[end] != '\'') && !l.continues(end) {
			l.I = end
			return l.Src[start+1 : end-1], nil
		}
	}
	if n < 0 {
		l.I = len(l.Src)
		if escapes {
			start-- // the E
		}
		return "", l.errorf(start, "unterminated quoted string at or near \"%s\"", clipToken(l.Src[start:]))
	}
	var b strings.Builder
	defer func() {
		if b.Len() > LookBytes {
			l.built += b.Len()
		}
	}()
	for l.I++; l.I < len(l.Src); {
		// What stands for itself, a piece at a time.
		rest := l.Src[l.I:min(len(l.Src), l.I+LookBytes)]
		run := strings.IndexByte(rest, '\'')
		if run < 0 {
			run = len(rest)
		}
		if escapes {
			if at := strings.IndexByte(rest[:run], '\\'); at >= 0 {
				run = at
			}
		}
		if run > 0 {
			if b.Len() == 0 && len(l.Src)-l.I > LookBytes {
				// It is as long as the text at most, which is what it would come to by growing; and
				// a long copy keeps Go from stopping everybody.
				b.Grow(l.literalBytes(escapes))
			}
			b.WriteString(rest[:run])
			l.I += run
			continue
		}
		switch c := l.Src[l.I]; {
		case c == '\'' && strings.HasPrefix(l.Src[l.I+1:], "'"):
			b.WriteByte('\'')
			l.I += 2
		case c == '\'':
			l.I++
			if !l.continues(l.I) {
				return b.String(), nil
			}
			l.I += pgvalue.IndexString(l.Src[l.I:], "'") + 1
		case c == '\\' && escapes:
			if err := l.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			l.I++
		}
	}
	if escapes {
		start-- // the E
	}
	return "", l.errorf(start, "unterminated quoted string at or near \"%s\"", clipToken(l.Src[start:]))
}

// literalBytes is how many bytes the rest of a string has at most: up to the quote that ends its last part,
// which is not searched behind the first part.
func (l *Lexer) literalBytes(escapes bool) int {
	for i := l.I; i < len(l.Src); i++ {
		switch l.Src[i] {
		case '\\':
			if escapes {
				i++
			}
		case '\'':
			if i+1 == len(l.Src) || l.Src[i+1] != '\'' {
				return i - l.I
			}
			i++
		}
	}
	return 0
}

// continues tells whether a string goes on after white space with a line break in it.
func (l *Lexer) continues(i int) bool {
	broken := false
	for ; i < len(l.Src); i++ {
		switch c := l.Src[i]; {
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
func (l *Lexer) escape(b *strings.Builder) error {
	pos := l.I
	l.I++
	if l.I == len(l.Src) {
		return nil // unterminated; the caller says so
	}
	c := l.Src[l.I]
	l.I++
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
		if v, n := l.Digits(16, 2); n > 0 {
			b.WriteByte(byte(v))
		} else {
			b.WriteByte('x')
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		l.I--
		v, _ := l.Digits(8, 3)
		b.WriteByte(byte(v))
	case 'u', 'U':
		return l.unicodeEscape(b, pos, c)
	default:
		b.WriteByte(c)
	}
	return nil
}

func (l *Lexer) unicodeEscape(b *strings.Builder, pos int, kind byte) error {
	want := 4
	if kind == 'U' {
		want = 8
	}
	v, n := l.Digits(16, want)
	if n < want {
		return pgerror.Errorf(pgerror.InvalidEscapeSequence, "invalid Unicode escape").WithHint(`Unicode escapes must be \uXXXX or \UXXXXXXXX.`).At(CharPosition(l.Src, pos))
	}
	r := rune(v)
	if r >= 0xD800 && r < 0xDC00 {
		if !strings.HasPrefix(l.Src[l.I:], `\u`) {
			at := min(l.I+1, len(l.Src))
			return l.errorf(l.I, "invalid Unicode surrogate pair at or near \"%s\"", l.Src[l.I:at])
		}
		l.I += 2
		low, n := l.Digits(16, 4)
		if n < 4 || low < 0xDC00 || low > 0xDFFF {
			return l.errorf(pos, "invalid Unicode surrogate pair at or near \"%s\"", l.Src[pos:l.I])
		}
		r = 0x10000 + (r-0xD800)<<10 + rune(low) - 0xDC00
	}
	if !utf8.ValidRune(r) || r == 0 {
		return l.errorf(pos, "invalid Unicode escape value at or near \"%s\"", l.Src[pos:l.I])
	}
	b.WriteRune(r)
	return nil
}

func (l *Lexer) Digits(base, limit int) (v uint32, n int) {
	for n < limit && l.I < len(l.Src) {
		d := 99
		switch c := l.Src[l.I]; {
		case isDigit(c):
			d = int(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = int(c|0x20-'a') + 10
		}
		if d >= base {
			break
		}
		v = v*uint32(base) + uint32(d)
		l.I++
		n++
	}
	return v, n
}

func (l *Lexer) dollarString() (token, error) {
	start := l.I
	i := start + 1
	for i < len(l.Src) && (isIdentStart(l.Src[i]) || isDigit(l.Src[i])) {
		i++
	}
	if i == len(l.Src) || l.Src[i] != '$' {
		l.I++
		return token{}, l.errorf(start, "syntax error at or near \"$\"")
	}
	tag := l.Src[start : i+1]
	n := pgvalue.IndexString(l.Src[i+1:], tag)
	if n < 0 {
		return token{}, l.errorf(start, "unterminated dollar-quoted string at or near \"%s\"", clipToken(l.Src[start:]))
	}
	l.I = i + 1 + n + len(tag)
	return token{Kind: TokString, Text: l.Src[i+1 : i+1+n]}, nil
}

// maxParams is what a Bind message can carry.
const maxParams = 65535

func (l *Lexer) param() (token, error) {
	start := l.I
	n := 0
	for l.I++; l.I < len(l.Src) && isDigit(l.Src[l.I]); l.I++ {
		if n = n*10 + int(l.Src[l.I]-'0'); n > 1<<30 {
			n = 1 << 30
		}
	}
	if l.I < len(l.Src) && isIdentStart(l.Src[l.I]) {
		for l.I < len(l.Src) && (isIdentStart(l.Src[l.I]) || isDigit(l.Src[l.I])) {
			l.I++
		}
		return token{}, l.errorf(start, "trailing junk after parameter at or near \"%s\"", l.Src[start:l.I])
	}
	if n == 0 || n > maxParams {
		return token{}, pgerror.Errorf(pgerror.UndefinedParameter, "there is no parameter $%s", l.Src[start+1:l.I]).At(CharPosition(l.Src, start))
	}
	return token{Kind: tokParam, num: n}, nil
}

func (l *Lexer) number() (token, error) {
	start := l.I
	kind := TokInteger
	digits := func() {
		for l.I < len(l.Src) && isDigit(l.Src[l.I]) {
			l.I++
		}
	}
	digits()
	if l.I < len(l.Src) && l.Src[l.I] == '.' && !strings.HasPrefix(l.Src[l.I:], "..") {
		kind = TokDecimal
		l.I++
		digits()
	}
	if l.I < len(l.Src) && l.Src[l.I]|0x20 == 'e' {
		at := l.I
		l.I++
		if l.I < len(l.Src) && (l.Src[l.I] == '+' || l.Src[l.I] == '-') {
			l.I++
		}
		if l.I < len(l.Src) && isDigit(l.Src[l.I]) {
			kind = TokDecimal
			digits()
		} else {
			l.I = at
		}
	}
	if l.I < len(l.Src) && isIdentStart(l.Src[l.I]) {
		for l.I < len(l.Src) && (isIdentStart(l.Src[l.I]) || isDigit(l.Src[l.I])) {
			l.I++
		}
		return token{}, l.errorf(start, "trailing junk after numeric literal at or near \"%s\"", l.Src[start:l.I])
	}
	return token{Kind: kind, Text: l.Src[start:l.I]}, nil
}

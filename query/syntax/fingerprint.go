package syntax

import (
	"strconv"
	"strings"
)

// A statement is told from others by its tokens, with constants left out: a queryid of pg_stat_statements. It is PostgreSQL's idea, by
// the text and not by the tree: what is written in two ways is two statements. Nothing that is kept of one holds a constant of it,
// whatever the statement, a password as little as a payload; PostgreSQL leaves those of SET, ALTER ROLE and their like.

// Bounds on what is looked at of a statement. What differs behind them alone is one statement.
const (
	maxFingerprintTokens = 4096
	maxFingerprintBytes  = 1 << 20
	// maxNormalized bounds a text, in bytes.
	maxNormalized = 4096
)

// Fingerprint is what tells the statement in src[pos:end] from others that differ in more than constants. It is the same on every
// machine and after every start, is never 0, and copies nothing.
func Fingerprint(src string, pos, end int) int64 {
	o := newTokenScan(src, pos, end)
	h := fnvOffset
	for o.next() {
		switch t := &o.tok; {
		case o.constant:
			h = h.add("\x00c")
		case t.Kind == tokParam:
			h = h.add("\x00p").byte(byte(t.num >> 8)).byte(byte(t.num))
		case t.Kind == tokQuoted && QuoteName(t.Text) != t.Text:
			h = h.add("\x00q").add(t.Text)
		case t.Kind == TokIdent:
			h = h.add("\x00t").addFolded(t.Text)
		default:
			h = h.add("\x00t").add(t.Text)
		}
	}
	if h == 0 {
		return 1
	}
	return int64(h)
}

// fnv is a hash, FNV-1a of 64 bits, which is the same everywhere.
type fnv uint64

const (
	fnvOffset fnv = 14695981039346656037
	fnvPrime  fnv = 1099511628211
)

func (h fnv) byte(c byte) fnv { return (h ^ fnv(c)) * fnvPrime }

func (h fnv) add(text string) fnv {
	for i := range len(text) {
		h = h.byte(text[i])
	}
	return h
}

// addFolded adds a word as it is in lower case.
func (h fnv) addFolded(text string) fnv {
	for i := range len(text) {
		c := text[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = h.byte(c)
	}
	return h
}

// Normalized is the text of the statement in src[pos:end] with $n for its constants, numbered behind its parameters, and one space
// where white space and comments were.
func Normalized(src string, pos, end, params int) string {
	o := newTokenScan(src, pos, end)
	var b strings.Builder
	at := 0
	for o.next() && b.Len() < maxNormalized {
		if b.Len() > 0 && o.tok.Pos > at {
			b.WriteByte(' ')
		}
		if at = o.tok.End; o.constant {
			params++
			b.WriteString("$" + strconv.Itoa(params))
			continue
		}
		b.WriteString(o.src()[o.tok.Pos:o.tok.End])
	}
	text := strings.ToValidUTF8(b.String(), "\uFFFD")
	if !o.ended {
		text = strings.ToValidUTF8(text[:min(len(text), maxNormalized)], "") + " ..."
	}
	return text
}

// tokenScan reads the tokens of a statement, and tells its constants.
type tokenScan struct {
	lex    Lexer
	tokens int
	ended  bool // there are no more

	tok      token // the current one, Text as it is written
	constant bool
	last     [2]token // those before it, the nearest first
	sets     bool     // SET was read, whose value may be a name
	values   bool     // what follows are values of a setting
}

func newTokenScan(src string, pos, end int) *tokenScan {
	return &tokenScan{lex: Lexer{Src: src[pos:min(end, pos+maxFingerprintBytes)], skim: true}}
}

func (o *tokenScan) src() string { return o.lex.Src }

// next goes to the next token, if there is one to be looked at.
func (o *tokenScan) next() bool {
	o.last[1], o.last[0] = o.last[0], o.tok
	t, err := o.lex.Next()
	if err != nil || t.Kind == TokEOF || o.tokens == maxFingerprintTokens {
		// An error: the text was cut within a token, of which nothing is kept.
		o.ended = err == nil && t.Kind == TokEOF && len(o.lex.Src) < maxFingerprintBytes
		return false
	}
	o.tokens++
	if t.Kind == TokOp && t.Text == "-" && !endsOperand(&o.last[0]) {
		t = o.signed(t)
	}
	o.tok, o.constant = t, false
	switch t.Kind {
	case TokString, TokInteger, TokDecimal, tokBits:
		o.constant = true
	case tokQuoted:
		o.constant = o.values
	case TokIdent:
		o.constant = o.values && !isKeyword(&t, "default") || o.constantWord(&t)
		o.sets = o.sets || isKeyword(&t, "set") && o.mayAssign()
		o.values = o.values || o.sets && isKeyword(&t, "to")
	case TokOp:
		o.values = o.values || o.sets && t.Text == "="
	}
	return true
}

// signed is a number with the sign before it, or the sign.
func (o *tokenScan) signed(sign token) token {
	saved := o.lex
	if n, err := o.lex.Next(); err == nil && (n.Kind == TokInteger || n.Kind == TokDecimal) {
		n.Pos = sign.Pos
		return n
	}
	o.lex = saved
	return sign
}

// mayAssign tells whether a SET here is one of settings: at the beginning, or in what ALTER alters.
func (o *tokenScan) mayAssign() bool {
	if o.tokens == 1 {
		return true
	}
	first, err := (&Lexer{Src: o.lex.Src, skim: true}).Next()
	return err == nil && isKeyword(&first, "alter")
}

// constantWord tells whether a word is a constant: null, true or false, but for IS NULL, NOT NULL and their like.
func (o *tokenScan) constantWord(t *token) bool {
	null := isKeyword(t, "null")
	if !null && !isKeyword(t, "true") && !isKeyword(t, "false") {
		return false
	}
	near, before := &o.last[0], &o.last[1]
	negated := isKeyword(near, "not")
	return !isKeyword(near, "is") && !(negated && (null || isKeyword(before, "is")))
}

// isKeyword tells whether a token is a word, in lower case, however it is written.
func isKeyword(t *token, word string) bool {
	return t.Kind == TokIdent && len(t.Text) == len(word) && strings.EqualFold(t.Text, word)
}

// valueWords are reserved words that stand for a value, or end an expression, so that a minus behind one subtracts.
var valueWords = Words(`true false null current_catalog current_date current_role current_time current_timestamp current_user
	localtime localtimestamp session_user user end`)

// endsOperand tells whether a minus behind a token subtracts; else it is a sign.
func endsOperand(t *token) bool {
	switch t.Kind {
	case TokEOF:
		return false // nothing is before it
	case TokOp:
		return t.Text == ")" || t.Text == "]"
	case TokIdent:
		word := foldASCII(t.Text)
		return word != "between" && (!Reserved[word] || valueWords[word])
	}
	return true
}

// skipQuoted passes over a quoted name. Its text is what stands between the quotes.
func (l *Lexer) skipQuoted() (token, error) {
	start := l.I
	for l.I++; ; l.I++ {
		n := strings.IndexByte(l.Src[min(l.I, len(l.Src)):], '"')
		if n < 0 {
			l.I = len(l.Src)
			return token{}, l.errorf(start, "unterminated quoted identifier")
		}
		if l.I += n + 1; !strings.HasPrefix(l.Src[l.I:], `"`) {
			return token{Kind: tokQuoted, Text: l.Src[start+1 : l.I-1]}, nil
		}
	}
}

// skipString passes over a string literal at the quote, and what continues it on later lines.
func (l *Lexer) skipString(escapes bool) error {
	start := l.I
	stops := "'"
	if escapes {
		stops = `'\`
	}
	for l.I++; ; {
		n := strings.IndexAny(l.Src[min(l.I, len(l.Src)):], stops)
		if n < 0 {
			l.I = len(l.Src)
			return l.errorf(start, "unterminated quoted string")
		}
		l.I += n + 1
		switch {
		case l.Src[l.I-1] == '\\', strings.HasPrefix(l.Src[l.I:], "'"):
			l.I++
		case !l.continues(l.I):
			return nil
		default:
			l.I += strings.IndexByte(l.Src[l.I:], '\'') + 1
		}
	}
}

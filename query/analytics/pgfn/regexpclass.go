package pgfn

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Classes as Go writes them inside brackets.
var reClasses = map[byte]string{
	'd': `0-9`, 's': `\t\n\v\f\r `, 'w': `0-9A-Za-z_`,
	'D': `\x00-/:-\x{10FFFF}`, 'S': `\x00-\x08\x0e-\x1f!-\x{10FFFF}`, 'W': "\\x00-/:-@\\[-\\^`{-\\x{10FFFF}",
}

var rePosixClasses = map[string]string{
	"alnum": `0-9A-Za-z`, "alpha": `A-Za-z`, "ascii": `\x00-\x7f`, "blank": ` \t`, "cntrl": `\x00-\x1f\x7f`,
	"digit": `0-9`, "graph": `!-~`, "lower": `a-z`, "print": ` -~`, "punct": "!-/:-@\\[-`{-~",
	"space": `\t\n\v\f\r `, "upper": `A-Z`, "xdigit": `0-9A-Fa-f`, "word": `0-9A-Za-z_`,
}

func errEscape() error { return errRegexp(`invalid escape \ sequence`) }

// escape takes a backslash outside of brackets.
func (t *reTranslator) escape() (quantifiable bool, err error) {
	if t.i+1 >= len(t.src) {
		return false, errEscape()
	}
	constraint := func(s string) (bool, error) {
		t.i += 2
		t.context = true
		t.out.WriteString(s)
		return false, nil
	}
	switch c := t.src[t.i+1]; c {
	case 'A':
		return constraint(`\A`)
	case 'Z':
		t.i += 2
		t.out.WriteString(`\z`)
		return false, nil
	case 'm', 'M':
		return constraint(t.wordEdge(c == 'm'))
	case 'y':
		return constraint(`\b`)
	case 'Y':
		return constraint(`\B`)
	case 'd', 's', 'w', 'D', 'S', 'W':
		t.i += 2
		t.out.WriteString("[" + reClasses[c] + "]")
		return true, nil
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if err := t.backReference(); err != nil {
			return false, err
		}
	}
	r, err := t.escapedChar()
	if err != nil {
		return false, err
	}
	t.char(r)
	return true, nil
}

// backReference is the error of one, nil if the digits are an octal escape: more than one,
// and a number above that of the groups so far.
func (t *reTranslator) backReference() error {
	n, v := t.i+1, 0
	for n < len(t.src) && isDigit(t.src[n]) && v < 1000 {
		v = v*10 + int(t.src[n]-'0')
		n++
	}
	switch {
	case v <= t.groups:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "back-references are not supported in regular expressions")
	case n == t.i+2:
		return errRegexp("invalid backreference number")
	}
	return nil
}

// escapedChar takes an escape that stands for one character.
func (t *reTranslator) escapedChar() (rune, error) {
	if t.i+1 >= len(t.src) {
		return 0, errEscape()
	}
	c := t.src[t.i+1]
	if !isLetter(c) && !isDigit(c) {
		r, n := utf8.DecodeRuneInString(t.src[t.i+1:])
		t.i += 1 + n
		return r, nil
	}
	t.i += 2
	switch c {
	case 'a':
		return '\a', nil
	case 'b':
		return '\b', nil
	case 'B':
		return '\\', nil
	case 'e':
		return 0x1b, nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'v':
		return '\v', nil
	case 'c':
		if t.i >= len(t.src) {
			return 0, errEscape()
		}
		r, n := utf8.DecodeRuneInString(t.src[t.i:])
		t.i += n
		return r & 0x1f, nil
	case 'u':
		return t.hexChar(4, 4)
	case 'U':
		return t.hexChar(8, 8)
	case 'x':
		return t.hexChar(1, 255)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v := rune(c - '0')
		for n := 0; n < 2 && t.i < len(t.src) && t.src[t.i] >= '0' && t.src[t.i] <= '7'; n++ {
			v = v<<3 | rune(t.src[t.i]-'0')
			t.i++
		}
		return v, nil
	}
	return 0, errEscape()
}

func (t *reTranslator) hexChar(low, high int) (rune, error) {
	v, n := rune(0), 0
	for n < high && t.i < len(t.src) && pgvalue.HexDigit(t.src[t.i]) >= 0 {
		if v = v<<4 | rune(pgvalue.HexDigit(t.src[t.i])); v > utf8.MaxRune {
			return 0, errEscape()
		}
		t.i++
		n++
	}
	if n < low || !utf8.ValidRune(v) {
		return 0, errEscape()
	}
	return v, nil
}

var errBrackets = errRegexp("brackets [] not balanced")

// bracket takes a bracket expression.
func (t *reTranslator) bracket() error {
	t.i++
	negated := false
	if t.at("^") {
		negated = true
		t.i++
	}
	var set strings.Builder
	for first := true; ; first = false {
		if t.i >= len(t.src) {
			return errBrackets
		}
		if t.src[t.i] == ']' && !first {
			t.i++
			break
		}
		if err := t.bracketItem(&set); err != nil {
			return err
		}
	}
	if negated && t.dotStops {
		set.WriteString(`\n`)
	}
	if negated {
		t.out.WriteString("[^" + set.String() + "]")
	} else {
		t.out.WriteString("[" + set.String() + "]")
	}
	return nil
}

func (t *reTranslator) bracketItem(set *strings.Builder) error {
	if t.at("[:") {
		end := strings.Index(t.src[t.i+2:], ":]")
		if end < 0 {
			return errBrackets
		}
		name := t.src[t.i+2 : t.i+2+end]
		class, ok := rePosixClasses[name]
		if !ok {
			return errRegexp("invalid character class")
		}
		if t.fold && (name == "lower" || name == "upper") {
			class = rePosixClasses["alpha"]
		}
		set.WriteString(class)
		t.i += end + 4
		return nil
	}
	if t.at(`\`) && t.i+1 < len(t.src) {
		if class, ok := reClasses[t.src[t.i+1]]; ok {
			set.WriteString(class)
			t.i += 2
			return nil
		}
	}
	low, err := t.bracketChar()
	if err != nil {
		return err
	}
	high := low
	if t.at("-") && !t.at("-]") {
		t.i++
		if t.i >= len(t.src) {
			return errBrackets
		}
		if high, err = t.bracketChar(); err != nil {
			return err
		}
		if high < low {
			return errRegexp("invalid character range")
		}
	}
	t.addRange(set, low, high)
	return nil
}

// bracketChar takes one character, maybe as [.x.] or [=x=].
func (t *reTranslator) bracketChar() (rune, error) {
	switch {
	case t.at(`\`):
		if t.i+1 < len(t.src) && isLetter(t.src[t.i+1]) && strings.IndexByte("dswDSW", t.src[t.i+1]) >= 0 {
			return 0, errRegexp("invalid character range")
		}
		return t.escapedChar()
	case t.at("[."), t.at("[="):
		end := strings.Index(t.src[t.i+2:], t.src[t.i+1:t.i+2]+"]")
		if end < 0 {
			return 0, errBrackets
		}
		r, n := utf8.DecodeRuneInString(t.src[t.i+2:])
		if n != end {
			return 0, errRegexp("invalid collating element")
		}
		t.i += end + 4
		return r, nil
	}
	r, n := utf8.DecodeRuneInString(t.src[t.i:])
	t.i += n
	return r, nil
}

// addRange writes a range, with the other case of its letters if case does not matter.
func (t *reTranslator) addRange(set *strings.Builder, low, high rune) {
	fmt.Fprintf(set, `\x{%x}-\x{%x}`, low, high)
	if !t.fold {
		return
	}
	other := func(from, to, shift rune) {
		if from, to = max(low, from), min(high, to); from <= to {
			fmt.Fprintf(set, `\x{%x}-\x{%x}`, from+shift, to+shift)
		}
	}
	other('a', 'z', 'A'-'a')
	other('A', 'Z', 'a'-'A')
}

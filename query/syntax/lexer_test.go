package syntax

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// tokens writes what a text splits into: a letter for the kind, and the token's text.
func tokens(src string) (string, error) {
	l := Lexer{Src: src}
	var list []string
	for {
		t, err := l.Next()
		if err != nil || t.Kind == TokEOF {
			return strings.Join(list, " "), err
		}
		switch t.Kind {
		case TokIdent:
			list = append(list, "i:"+t.Text)
		case tokQuoted:
			list = append(list, "q:"+t.Text)
		case TokString:
			list = append(list, fmt.Sprintf("s:%q", t.Text))
		case TokInteger:
			list = append(list, "n:"+t.Text)
		case TokDecimal:
			list = append(list, "d:"+t.Text)
		case tokParam:
			list = append(list, fmt.Sprintf("p:%d", t.num))
		case TokOp:
			list = append(list, t.Text)
		}
	}
}

func TestLexer(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", ""},
		{" \t\r\n\f\v ", ""},

		// Names: unquoted ones fold A to Z only.
		{`Events _x a$1 ÉTÉ été`, `i:events i:_x i:a$1 i:ÉtÉ i:été`},
		{`"Events" "a ""b""" "é"`, `q:Events q:a "b" q:é`},
		{strings.Repeat("A", 70), "i:" + strings.Repeat("a", 63)},
		{`"` + strings.Repeat("é", 40) + `"`, "q:" + strings.Repeat("é", 31)}, // 62 bytes: a character is not cut
		{`e x n u b`, `i:e i:x i:n i:u i:b`},
		{`u 'a'`, `i:u s:"a"`},

		// Strings.
		{`'' 'it''s' 'back\slash' ''''`, `s:"" s:"it's" s:"back\\slash" s:"'"`},
		{"'a'\n'b'", `s:"ab"`},
		{"'a' \t\r\n  '''b'", `s:"a'b"`},
		{"'a' 'b'", `s:"a" s:"b"`},
		{"E'a\\n'\n'b\\t'", `s:"a\nb\t"`},
		{`e'\b\f\n\r\t\'\\\"\q'`, `s:"\b\f\n\r\t'\\\"q"`},
		{`E'\x41\x4a\xg\101\0601'`, `s:"AJxgA01"`},
		{`E'\u00e9\U0001F600\uD83D\uDE00'`, `s:"é😀😀"`},
		{`N'a' n'b'`, `s:"a" s:"b"`},
		{`$$a'b$$ $x$ $$ $y$ $x$ $é$é$é$`, `s:"a'b" s:" $$ $y$ " s:"é"`},
		{`$_1$a$_1$`, `s:"a"`},
		{`$$$$`, `s:""`},

		// Numbers.
		{`0 12 007 99999999999999999999`, `n:0 n:12 n:007 n:99999999999999999999`},
		{`1.5 .5 5. 1e3 1E+3 1.e-3 .5e1`, `d:1.5 d:.5 d:5. d:1e3 d:1E+3 d:1.e-3 d:.5e1`},
		{`1..2`, `n:1 .. n:2`},
		{`1.5.5`, `d:1.5 d:.5`},
		{`-1`, `- n:1`},

		// Parameters.
		{`$1 $65535,$2::int`, `p:1 p:65535 , p:2 :: i:int`},

		// Operators: the longest run; + and - end one only beside ~ ! @ # % ^ & | ` ?.
		{`a<=b<>c!=d>=e`, `i:a <= i:b <> i:c <> i:d >= i:e`},
		{`1=-1`, `n:1 = - n:1`},
		{`a*-+b`, `i:a * - + i:b`},
		{`a@-b`, `i:a @- i:b`},
		{`a->>'b' #>> ?| @>`, `i:a ->> s:"b" #>> ?| @>`},
		{`a||b`, `i:a || i:b`},
		{`a::b:=c..d:e`, `i:a :: i:b := i:c .. i:d : i:e`},
		{`(a)[1];.,`, `( i:a ) [ n:1 ] ; . ,`},
		{"a*--x\nb", `i:a * i:b`},
		{"a+/* x */b", `i:a + i:b`},

		// Comments.
		{"a -- b\nc--", `i:a i:c`},
		{"a -- b\rc", `i:a i:c`},
		{"a/* b /* c */ d */e/**/f", `i:a i:e i:f`},
		{"a /* -- */ b", `i:a i:b`},
	} {
		got, err := tokens(c.src)
		if err != nil || got != c.want {
			t.Errorf("%q: got %s (%v), want %s", c.src, got, err, c.want)
		}
	}
}

func TestLexerErrors(t *testing.T) {
	for _, c := range []struct {
		src, code string
		position  int
		message   string
	}{
		{`é 'a`, "42601", 3, `unterminated quoted string at or near "'a"`},
		{`E'a`, "42601", 1, `unterminated quoted string at or near "E'a"`},
		{`E'a\`, "42601", 1, `unterminated quoted string at or near "E'a\"`},
		{`a "b`, "42601", 3, `unterminated quoted identifier at or near ""b"`},
		{`a ""`, "42601", 3, `zero-length delimited identifier at or near """"`},
		{`a /* b /* c */`, "42601", 3, `unterminated /* comment at or near "/* b /* c */"`},
		{`a $x$ b`, "42601", 3, `unterminated dollar-quoted string at or near "$x$ b"`},
		{`a $x b`, "42601", 3, `syntax error at or near "$"`},
		{`$1a`, "42601", 1, `trailing junk after parameter at or near "$1a"`},
		{`$0`, "42P02", 1, `there is no parameter $0`},
		{`$65536`, "42P02", 1, `there is no parameter $65536`},
		{`$99999999999999999999`, "42P02", 1, `there is no parameter $99999999999999999999`},
		{`a 1b`, "42601", 3, `trailing junk after numeric literal at or near "1b"`},
		{`1.5e`, "42601", 1, `trailing junk after numeric literal at or near "1.5e"`},
		{`E'\u12'`, "22025", 3, `invalid Unicode escape`},
		{`E'\uD83Dx'`, "42601", 9, `invalid Unicode surrogate pair at or near "x"`},
		{`E'\U00110000'`, "42601", 3, `invalid Unicode escape value at or near "\U00110000"`},
		{`E'\xff'`, "22021", 0, `invalid byte sequence for encoding "UTF8": 0xff`},
		{`E'\000'`, "22021", 0, `invalid byte sequence for encoding "UTF8": 0x00`},
		{`a \`, "42601", 3, `syntax error at or near "\"`},
		{`é € {`, "42601", 5, `syntax error at or near "{"`},
		{`U&'\12'`, "42601", 1, `invalid Unicode escape`},
	} {
		_, err := tokens(c.src)
		var e *pgerror.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: no error", c.src)
		} else if e.Code != c.code || e.Position != c.position || e.Message != c.message {
			t.Errorf("%q: got %s at %d: %s, want %s at %d: %s", c.src, e.Code, e.Position, e.Message, c.code, c.position, c.message)
		}
	}
}

// TestErrorsAreShort: a long token is cut in a message, between characters.
func TestErrorsAreShort(t *testing.T) {
	_, err := tokens("'" + strings.Repeat("€", 1000))
	var e *pgerror.Error
	if !errors.As(err, &e) || len(e.Message) > 300 || pgvalue.CheckText([]byte(e.Message)) != nil {
		t.Errorf("got %v", err)
	}
}

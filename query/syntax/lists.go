package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// What somebody else than the parser is to make of a statement's lists he gets as they are written.

// ValueRow is a row of VALUES as it is written.
type ValueRow struct {
	Pos, End int // between the parentheses
	Items    []ValueItem
}

// ValueItem is a value of one.
type ValueItem struct {
	Pos     int
	Default bool
}

// ScanRows finds the rows of VALUES. It returns at least one, and each is closed, or it says that the text
// ends too early.
func ScanRows(src string, pos, end int) (rows []ValueRow, err error) {
	l := Lexer{Src: src[:end], I: pos}
	depth, begins, bare := 0, false, false // bare: DEFAULT was just there
	for {
		t, err := l.Next()
		if err == nil && t.Kind == TokEOF && (depth != 0 || len(rows) == 0) {
			err = pgerror.Errorf(pgerror.SyntaxError, "syntax error at end of input").At(CharPosition(src, end))
		}
		if err != nil || t.Kind == TokEOF {
			return rows, err
		}
		if bare {
			if t.Kind != TokOp || t.Text != "," && t.Text != ")" {
				items := rows[len(rows)-1].Items
				return nil, pgerror.Errorf(pgerror.SyntaxError, "DEFAULT is not allowed in this context").At(CharPosition(src, items[len(items)-1].Pos))
			}
			bare = false
		}
		opens := t.Kind == TokOp && (t.Text == "(" || t.Text == "[")
		closes := t.Kind == TokOp && (t.Text == ")" || t.Text == "]")
		switch {
		case depth == 0 && opens:
			rows = append(rows, ValueRow{Pos: t.End})
			begins = true
		case depth == 1 && closes:
			rows[len(rows)-1].End = t.Pos
		case depth == 1 && t.Kind == TokOp && t.Text == ",":
			begins = true
			continue
		case depth > 0 && begins:
			row := &rows[len(rows)-1]
			bare = t.Kind == TokIdent && t.Text == "default"
			row.Items = append(row.Items, ValueItem{Pos: t.Pos, Default: bare})
			begins = false
		}
		if opens {
			depth++
		}
		if closes {
			depth--
		}
	}
}

// SelectText makes a SELECT of a list that stands at pos in a text, so that what is said of places in it can
// be told as places in the text: it begins as many characters before the list as SELECT takes.
func SelectText(src string, pos int, list string) (text string, at int) {
	return "SELECT " + list, BackBy(src, pos, len("SELECT "))
}

// BackBy is where so many characters before a place begin.
func BackBy(src string, pos, n int) int {
	for range n {
		_, size := utf8.DecodeLastRuneInString(src[:pos])
		pos -= size
	}
	return pos
}

// BehindWith puts a text's WITH in front of a query that was made of a part behind it.
func BehindWith(with *QueryText, src, text string, at int) (string, int) {
	if with == nil || at < with.End {
		return text, at
	}
	return src[with.Pos:with.End] + Blank(src[with.End:at]) + text, with.Pos
}

// Blank is as many spaces as a text has characters.
func Blank(s string) string { return strings.Repeat(" ", utf8.RuneCountInString(s)) }

// SubqueryAt is where a list of expressions has a subquery, -1 where it has none.
func SubqueryAt(list string) int {
	l := Lexer{Src: list}
	open := -1 // the parenthesis just before
	for {
		t, err := l.Next()
		if err != nil || t.Kind == TokEOF {
			return -1
		}
		if open >= 0 && IsQueryStart(t) && t.Kind == TokIdent {
			return open
		}
		if open = -1; t.Kind == TokOp && t.Text == "(" {
			open = t.Pos
		}
	}
}

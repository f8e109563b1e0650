package syntax

import "strings"

// Conjunct is a part of a condition, as it is written.
type Conjunct struct {
	Text string
	N    int // how many it is in the tree: BETWEEN is two
}

// Conjuncts are the parts of a condition that are AND-ed: the whole of one that has no such parts.
func Conjuncts(text string) []Conjunct {
	l := Lexer{Src: text, skim: true}
	var parts []Conjunct
	depth, begin, between, not := 0, 0, 0, false
	n := 1
	end := func(at int) {
		parts = append(parts, Conjunct{strings.TrimSpace(text[begin:at]), n})
		n = 1
	}
	for {
		t, err := l.Next()
		if err != nil || t.Kind == TokEOF {
			break
		}
		word := ""
		if t.Kind == TokIdent {
			word = strings.ToLower(t.Text)
		}
		switch {
		case t.Text == "(" || t.Text == "[" || word == "case":
			depth++
		case t.Text == ")" || t.Text == "]" || word == "end":
			depth--
		case depth > 0:
		case word == "or":
			return []Conjunct{{text, 1}}
		case word == "between":
			if between++; !not {
				n++
			}
		case word == "and" && between > 0:
			between--
		case word == "and":
			end(t.Pos)
			begin = t.End
		}
		not = word == "not"
	}
	end(len(text))
	return parts
}

package pgfn

import (
	"regexp/syntax"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Go has an edge of a word, \b, and not PostgreSQL's \m and \M, which are its beginning and
// its end. Where a character of a word must follow, or come before, an edge can be no other.

// What marks them in an expression that is only looked at: surrogates, which no text holds.
const (
	markBegins = `(\x{D800})`
	markEnds   = `(\x{D801})`
)

// wordEdge is what is written for \m or \M.
func (t *reTranslator) wordEdge(begins bool) string {
	t.edges++
	switch {
	case !t.marked:
		return `\b`
	case begins:
		return markBegins
	}
	return markEnds
}

// checkEdges refuses an expression with a \m behind which something else than a word may be, or
// with a \M before which it may.
func (t *reTranslator) checkEdges() error {
	again := reTranslator{src: t.src, fold: t.fold, dotStops: t.dotStops, lineAnchors: t.lineAnchors, expanded: t.expanded, marked: true}
	if err := again.prefixes(); err != nil {
		return err
	}
	if _, err := again.alternation(); err != nil {
		return err
	}
	tree, err := syntax.Parse(again.out.String(), syntax.Perl)
	if err != nil {
		return errRegexp("regular expression is too complex")
	}
	w := edgeWalk{}
	w.walk(tree, false, false)
	if w.unsettled || w.seen < again.edges {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "\\m in a regular expression is supported where a letter, digit or _ must follow, \\M where one must come before")
	}
	return nil
}

// edgeWalk goes through an expression with marks.
type edgeWalk struct {
	seen      int
	unsettled bool
}

// walk is told whether a character of a word must come before, and after, what n matches.
func (w *edgeWalk) walk(n *syntax.Regexp, before, after bool) {
	switch n.Op {
	case syntax.OpCapture:
		switch edgeMark(n) {
		case 'm':
			w.seen, w.unsettled = w.seen+1, w.unsettled || !after
		case 'M':
			w.seen, w.unsettled = w.seen+1, w.unsettled || !before
		default:
			w.walk(n.Sub[0], before, after)
		}
	case syntax.OpConcat:
		for i, sub := range n.Sub {
			b, a := before, after
			for _, left := range n.Sub[:i] { // the nearest that cannot be empty decides
				b = endsIn(left, b)
			}
			for k := len(n.Sub) - 1; k > i; k-- {
				a = beginsIn(n.Sub[k], a)
			}
			w.walk(sub, b, a)
		}
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		sub := n.Sub[0]
		w.walk(sub, before && endsIn(sub, true), after && beginsIn(sub, true))
	default:
		for _, sub := range n.Sub {
			w.walk(sub, before, after)
		}
	}
}

func edgeMark(n *syntax.Regexp) byte {
	if n.Op != syntax.OpCapture || n.Sub[0].Op != syntax.OpLiteral || len(n.Sub[0].Rune) != 1 {
		return 0
	}
	switch n.Sub[0].Rune[0] {
	case 0xD800:
		return 'm'
	case 0xD801:
		return 'M'
	}
	return 0
}

// beginsIn tells whether what n matches, and then what follows it, begins with a character of a
// word; after tells that of what follows.
func beginsIn(n *syntax.Regexp, after bool) bool { return edgeOf(n, after, true) }

// endsIn is the same of ends.
func endsIn(n *syntax.Regexp, before bool) bool { return edgeOf(n, before, false) }

func edgeOf(n *syntax.Regexp, beyond, begins bool) bool {
	if edgeMark(n) != 0 {
		return beyond
	}
	switch n.Op {
	case syntax.OpLiteral:
		r := n.Rune[len(n.Rune)-1]
		if begins {
			r = n.Rune[0]
		}
		return isWordRune(r)
	case syntax.OpCharClass:
		for i := 0; i < len(n.Rune); i += 2 {
			for r := n.Rune[i]; r <= n.Rune[i+1]; r++ {
				if !isWordRune(r) {
					return false
				}
			}
		}
		return true
	case syntax.OpConcat:
		for i := range n.Sub {
			sub := n.Sub[i]
			if begins {
				sub = n.Sub[len(n.Sub)-1-i]
			}
			beyond = edgeOf(sub, beyond, begins)
		}
		return beyond
	case syntax.OpCapture, syntax.OpPlus:
		return edgeOf(n.Sub[0], beyond, begins)
	case syntax.OpAlternate:
		for _, sub := range n.Sub {
			if !edgeOf(sub, beyond, begins) {
				return false
			}
		}
		return true
	case syntax.OpStar, syntax.OpQuest:
		return beyond && edgeOf(n.Sub[0], beyond, begins)
	case syntax.OpRepeat:
		return (n.Min > 0 || beyond) && edgeOf(n.Sub[0], beyond, begins)
	case syntax.OpEmptyMatch, syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return beyond
	case syntax.OpNoMatch:
		return true
	}
	return false
}

func isWordRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r == '_' || r >= 'a' && r <= 'z'
}

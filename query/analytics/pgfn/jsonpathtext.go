package pgfn

import (
	"math"
	"strconv"
	"strings"
)

// FormatJSONPath checks the text of a jsonpath, and writes it as PostgreSQL shows it. Read again it is
// the same path: what follows an expression has it in parentheses, which PostgreSQL forgets in
// an operand.
func FormatJSONPath(text string) (string, error) {
	p, err := CompilePath(text)
	if err != nil {
		return "", err
	}
	var w pathWriter
	if !p.lax {
		w.out = append(w.out, "strict "...)
	}
	w.item(p.root, true)
	return string(w.out), nil
}

type pathWriter struct{ out []byte }

func (w *pathWriter) put(s string) { w.out = append(w.out, s...) }

// pathRank orders what binds items together; a higher one binds closer.
func pathRank(n *pathNode) int {
	switch n.kind {
	case pathOr:
		return 0
	case pathAnd:
		return 1
	case pathCompare, pathStartsWith:
		return 2
	case pathBinary:
		if n.name == "+" || n.name == "-" {
			return 3
		}
		return 4
	case pathUnary:
		if signedNumber(n) == nil {
			return 5
		}
	}
	return 6
}

// signedNumber is the number that signs before a number make; nil if n is something else.
func signedNumber(n *pathNode) *Numeric {
	switch {
	case n.kind == pathLiteral && n.value.kind == jsonNumber:
		return &n.value.num
	case n.kind != pathUnary || n.left.next != nil:
		return nil
	}
	v := signedNumber(n.left)
	if v != nil && n.name == "-" {
		negative := v.Neg()
		return &negative
	}
	return v
}

// operand writes an item beside an operator of a rank.
func (w *pathWriter) operand(n *pathNode, rank int) { w.item(n, pathRank(n) <= rank) }

// item writes an item and what follows it.
func (w *pathWriter) item(n *pathNode, grouped bool) {
	for following := false; n != nil; n, following = n.next, true {
		if following {
			w.accessor(n)
			continue
		}
		if v := signedNumber(n); v != nil {
			w.group(n.next != nil, func() { w.put(v.String()) })
			continue
		}
		switch n.kind {
		case pathOr, pathAnd, pathCompare, pathStartsWith, pathLikeRegex, pathBinary, pathUnary:
			w.group(grouped || n.next != nil, func() { w.expression(n) })
		case pathNot, pathExists, pathIsUnknown:
			w.group(n.next != nil, func() { w.expression(n) })
		case pathRoot:
			w.put("$")
		case pathCurrent:
			w.put("@")
		case pathLast:
			w.put("last")
		case pathVariable:
			w.put("$")
			w.out = AppendString(w.out, n.name)
		case pathLiteral:
			w.literal(n.value)
		}
	}
}

func (w *pathWriter) group(grouped bool, write func()) {
	if grouped {
		w.put("(")
	}
	write()
	if grouped {
		w.put(")")
	}
}

func (w *pathWriter) literal(v *jsonNode) {
	switch v.kind {
	case jsonString:
		w.out = AppendString(w.out, v.text)
	case jsonBool:
		w.put(strconv.FormatBool(v.truth))
	default:
		w.put("null")
	}
}

func (w *pathWriter) expression(n *pathNode) {
	rank := pathRank(n)
	infix := func(op string) {
		w.operand(n.left, rank)
		w.put(" " + op + " ")
		w.operand(n.right, rank)
	}
	inside := func(before, after string) {
		w.put(before)
		w.item(n.left, false)
		w.put(after)
	}
	switch n.kind {
	case pathOr:
		infix("||")
	case pathAnd:
		infix("&&")
	case pathCompare, pathBinary:
		infix(n.name)
	case pathStartsWith:
		infix("starts with")
	case pathUnary:
		w.put(n.name)
		w.operand(n.left, rank)
	case pathNot:
		inside("!(", ")")
	case pathExists:
		inside("exists (", ")")
	case pathIsUnknown:
		inside("(", ") is unknown")
	case pathLikeRegex:
		w.operand(n.left, rank)
		w.put(" like_regex ")
		w.out = AppendString(w.out, n.value.text)
		if n.name == "" {
			return
		}
		w.put(` flag "`)
		for _, flag := range "ismxq" {
			if strings.ContainsRune(n.name, flag) {
				w.put(string(flag))
			}
		}
		w.put(`"`)
	}
}

// accessor writes what follows an item.
func (w *pathWriter) accessor(n *pathNode) {
	switch n.kind {
	case pathKey:
		w.put(".")
		w.out = AppendString(w.out, n.name)
	case pathAnyKey:
		w.put(".*")
	case pathAny:
		w.put(".**")
		switch {
		case n.first == 0 && n.last == -1:
		case n.first == n.last:
			w.put("{" + pathLevel(n.first) + "}")
		default:
			w.put("{" + pathLevel(n.first) + " to " + pathLevel(n.last) + "}")
		}
	case pathAnyArray:
		w.put("[*]")
	case pathSubscript:
		for i, pair := range n.subscripts {
			w.put([]string{"[", ","}[min(i, 1)])
			w.item(pair[0], false)
			if pair[1] != nil {
				w.put(" to ")
				w.item(pair[1], false)
			}
		}
		w.put("]")
	case pathFilter:
		w.put("?(")
		w.item(n.left, false)
		w.put(")")
	case pathMethod:
		w.put("." + n.name + "(")
		if n.value != nil {
			w.out = AppendString(w.out, n.value.text)
		}
		w.put(")")
	}
}

// pathLevel writes a level of **, of which -1 and no level that a text holds is the last.
func pathLevel(n int) string {
	if n < 0 || n > math.MaxInt32 {
		return "last"
	}
	return strconv.Itoa(n)
}

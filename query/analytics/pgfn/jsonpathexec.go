package pgfn

import (
	"bytes"
	"math"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/limit"
)

// pathExecutor follows a path through a document. Items are handed to a function as they
// are found, which returns false if it has enough.
type pathExecutor struct {
	root, current   *jsonNode
	vars            *jsonNode
	lax             bool
	ignoreStructure bool // what has not the structure that the path expects is no error
	arraySize       int  // of the array whose subscripts are computed, for last
	depth           int
	work            *limit.Work
	testing         bool // only whether there is anything counts
}

// found takes an item and tells whether to go on.
type found func(*jsonNode) bool

// collect returns all that a path finds.
func (e *pathExecutor) collect(n *pathNode, item *jsonNode) (out []*jsonNode, err error) {
	saved := e.testing
	e.testing = false
	defer func() { e.testing = saved }()
	_, err = e.item(n, item, e.lax, func(v *jsonNode) bool {
		e.work.Take(8)
		out = append(out, v)
		return true
	})
	return out, err
}

// unwrapped is collect, and in lax mode takes the elements of arrays instead of them.
func (e *pathExecutor) unwrapped(n *pathNode, item *jsonNode) ([]*jsonNode, error) {
	items, err := e.collect(n, item)
	if err != nil || !e.lax {
		return items, err
	}
	var out []*jsonNode
	for _, v := range items {
		if v.kind == jsonArray {
			out = append(out, v.items...)
		} else {
			out = append(out, v)
		}
	}
	return out, nil
}

// exists tells whether a path finds anything; in lax mode it looks no further.
func (e *pathExecutor) exists(n *pathNode, item *jsonNode) (bool, error) {
	if !e.lax {
		items, err := e.collect(n, item)
		return len(items) > 0, err
	}
	saved := e.testing
	e.testing = true
	defer func() { e.testing = saved }()
	some := false
	_, err := e.item(n, item, true, func(*jsonNode) bool {
		some = true
		return false
	})
	return some && err == nil, err
}

// next goes on with the accessor after n.
func (e *pathExecutor) next(n *pathNode, v *jsonNode, f found) (bool, error) {
	if n.next == nil {
		return f(v), nil
	}
	return e.item(n.next, v, e.lax, f)
}

// item runs a node. With unwrap, nodes that want no array take its elements. The first
// result is false if f had enough.
func (e *pathExecutor) item(n *pathNode, v *jsonNode, unwrap bool, f found) (bool, error) {
	e.work.Steps(8)
	if e.depth++; e.depth > 4*maxDepth {
		return false, errDepth()
	}
	defer func() { e.depth-- }()
	if n.isPredicate() {
		t, err := e.predicate(n, v)
		if err != nil {
			return false, err
		}
		return e.next(n, t.node(), f)
	}
	if unwrap && v.kind == jsonArray && e.wantsElements(n) {
		for _, element := range v.items {
			if more, err := e.item(n, element, false, f); !more || err != nil {
				return more, err
			}
		}
		return true, nil
	}
	switch n.kind {
	case pathRoot:
		return e.next(n, e.root, f)
	case pathCurrent:
		return e.next(n, e.current, f)
	case pathLiteral:
		return e.next(n, n.value, f)
	case pathVariable:
		if e.vars == nil { // as the operators, which have none
			return e.next(n, &jsonNode{}, f)
		}
		if value := e.vars.find([]byte(n.name)); value != nil {
			return e.next(n, value, f)
		}
		return false, pgerror.Errorf(pgerror.UndefinedObject, "could not find jsonpath variable \"%s\"", n.name)
	case pathLast:
		if e.arraySize < 0 {
			return false, pgerror.Errorf(pgerror.InternalError, "evaluating jsonpath LAST outside of array subscript")
		}
		return e.next(n, &jsonNode{kind: jsonNumber, num: NumericFromInt(int64(e.arraySize - 1))}, f)
	case pathKey:
		return e.key(n, v, f)
	case pathAnyKey:
		if v.kind != jsonObject {
			return e.structure(pgerror.SQLJSONObjectNotFound, "jsonpath wildcard member accessor can only be applied to an object")
		}
		return e.all(n, v.items, f)
	case pathAnyArray:
		switch {
		case v.kind == jsonArray:
			return e.all(n, v.items, f)
		case e.lax:
			return e.next(n, v, f)
		}
		return e.structure(pgerror.SQLJSONArrayNotFound, "jsonpath wildcard array accessor can only be applied to an array")
	case pathSubscript:
		return e.subscripts(n, v, f)
	case pathAny:
		return e.any(n, v, f)
	case pathFilter:
		saved := e.current
		e.current = v
		t, err := e.predicate(n.left, v)
		e.current = saved
		if err != nil || t != isTrue {
			return true, err
		}
		return e.next(n, v, f)
	case pathMethod:
		return e.method(n, v, f)
	case pathUnary:
		return e.unary(n, v, f)
	}
	return e.binary(n, v, f)
}

// wantsElements tells of the nodes that take an array's elements in lax mode.
func (e *pathExecutor) wantsElements(n *pathNode) bool {
	switch n.kind {
	case pathKey, pathAnyKey, pathFilter:
		return true
	case pathMethod:
		return n.name != "type" && n.name != "size"
	}
	return false
}

// structure is what an item means that has not the structure which the path expects.
func (e *pathExecutor) structure(code, message string) (bool, error) {
	if e.ignoreStructure {
		return true, nil
	}
	return false, soft(code, "%s", message)
}

func (e *pathExecutor) all(n *pathNode, items []*jsonNode, f found) (bool, error) {
	for _, v := range items {
		if more, err := e.next(n, v, f); !more || err != nil {
			return more, err
		}
	}
	return true, nil
}

func (e *pathExecutor) key(n *pathNode, v *jsonNode, f found) (bool, error) {
	if v.kind != jsonObject {
		return e.structure(pgerror.SQLJSONMemberNotFound, "jsonpath member accessor can only be applied to an object")
	}
	value := v.find([]byte(n.name))
	if value == nil {
		if e.ignoreStructure {
			return true, nil
		}
		return false, soft(pgerror.SQLJSONMemberNotFound, "JSON object does not contain key \"%s\"", n.name)
	}
	return e.next(n, value, f)
}

func (e *pathExecutor) subscripts(n *pathNode, v *jsonNode, f found) (bool, error) {
	if v.kind != jsonArray && !e.lax {
		return e.structure(pgerror.SQLJSONArrayNotFound, "jsonpath array accessor can only be applied to an array")
	}
	items := []*jsonNode{v} // what is no array is one of itself
	if v.kind == jsonArray {
		items = v.items
	}
	saved := e.arraySize
	defer func() { e.arraySize = saved }()
	for _, pair := range n.subscripts {
		e.arraySize = len(items)
		from, err := e.subscript(pair[0], v)
		if err != nil {
			return false, err
		}
		to := from
		if pair[1] != nil {
			if to, err = e.subscript(pair[1], v); err != nil {
				return false, err
			}
		}
		if !e.ignoreStructure && (from < 0 || from > to || to >= len(items)) {
			return false, soft(pgerror.InvalidSQLJSONSubscript, "jsonpath array subscript is out of bounds")
		}
		for i := max(from, 0); i <= min(to, len(items)-1); i++ {
			if more, err := e.next(n, items[i], f); !more || err != nil {
				return more, err
			}
		}
	}
	return true, nil
}

func (e *pathExecutor) subscript(n *pathNode, v *jsonNode) (int, error) {
	items, err := e.collect(n, v)
	if err != nil {
		return 0, err
	}
	if len(items) != 1 || items[0].kind != jsonNumber {
		return 0, soft(pgerror.InvalidSQLJSONSubscript, "jsonpath array subscript is not a single numeric value")
	}
	i, err := items[0].num.Trunc(0).Int32()
	if err != nil {
		return 0, soft(pgerror.InvalidSQLJSONSubscript, "jsonpath array subscript is out of integer range")
	}
	return int(i), nil
}

func (e *pathExecutor) any(n *pathNode, v *jsonNode, f found) (bool, error) {
	saved := e.ignoreStructure
	defer func() { e.ignoreStructure = saved }()
	if n.first == 0 {
		e.ignoreStructure = true
		more, err := e.next(n, v, f)
		e.ignoreStructure = saved
		if !more || err != nil {
			return more, err
		}
	}
	return e.levels(n, v, 1, f)
}

// levels visits what is in v, level by level down.
func (e *pathExecutor) levels(n *pathNode, v *jsonNode, level int, f found) (bool, error) {
	first, last := n.first, n.last
	if last < 0 {
		last = math.MaxInt
	}
	if level > last {
		return true, nil
	}
	for _, item := range v.items {
		if first >= 0 && level >= first || first < 0 && item.isScalar() {
			saved := e.ignoreStructure
			e.ignoreStructure = true
			more, err := e.next(n, item, f)
			e.ignoreStructure = saved
			if !more || err != nil {
				return more, err
			}
		}
		if more, err := e.levels(n, item, level+1, f); !more || err != nil {
			return more, err
		}
	}
	return true, nil
}

// ternary is the truth of a predicate.
type ternary uint8

const (
	isFalse ternary = iota
	isTrue
	isUnknown
)

func (t ternary) node() *jsonNode {
	if t == isUnknown {
		return &jsonNode{}
	}
	return &jsonNode{kind: jsonBool, truth: t == isTrue}
}

func truth(b bool) ternary {
	if b {
		return isTrue
	}
	return isFalse
}

func (e *pathExecutor) predicate(n *pathNode, v *jsonNode) (ternary, error) {
	if e.depth++; e.depth > 4*maxDepth {
		return isUnknown, errDepth()
	}
	defer func() { e.depth-- }()
	switch n.kind {
	case pathAnd, pathOr:
		decisive := truth(n.kind == pathOr)
		left, err := e.predicate(n.left, v)
		if err != nil || left == decisive {
			return left, err
		}
		right, err := e.predicate(n.right, v)
		if err != nil || right == decisive || left != isUnknown {
			return right, err
		}
		return isUnknown, nil
	case pathNot:
		t, err := e.predicate(n.left, v)
		if t != isUnknown {
			t = truth(t == isFalse)
		}
		return t, err
	case pathIsUnknown:
		t, err := e.predicate(n.left, v)
		return truth(t == isUnknown), err
	case pathExists:
		ok, err := e.exists(n.left, v)
		if err != nil && isSoft(err) {
			return isUnknown, nil
		}
		return truth(ok), err
	}
	return e.compare(n, v)
}

// compare applies a comparison to all pairs of items.
func (e *pathExecutor) compare(n *pathNode, v *jsonNode) (ternary, error) {
	unknown := func(err error) (ternary, error) {
		if isSoft(err) {
			return isUnknown, nil
		}
		return isUnknown, err
	}
	left, err := e.unwrapped(n.left, v)
	if err != nil {
		return unknown(err)
	}
	right := []*jsonNode{nil}
	switch {
	case n.kind == pathCompare:
		right, err = e.unwrapped(n.right, v)
	case n.right != nil:
		right, err = e.collect(n.right, v)
	}
	if err != nil {
		return unknown(err)
	}
	result := isFalse
	failed := false
	for _, l := range left {
		for _, r := range right {
			e.work.Steps(4)
			t, err := e.compareItems(n, l, r)
			switch {
			case err != nil:
				return isUnknown, err
			case t == isUnknown && !e.lax:
				return isUnknown, nil
			case t == isUnknown:
				failed = true
			case t == isTrue && e.lax:
				return isTrue, nil
			case t == isTrue:
				result = isTrue
			}
		}
	}
	if result == isFalse && failed {
		return isUnknown, nil
	}
	return result, nil
}

func (e *pathExecutor) compareItems(n *pathNode, l, r *jsonNode) (ternary, error) {
	switch n.kind {
	case pathLikeRegex:
		if l.kind != jsonString || l.moment != nil {
			return isUnknown, nil
		}
		return truth(n.regexp.With(e.work).Matches(string(l.text))), nil
	case pathStartsWith:
		if l.kind != jsonString || r.kind != jsonString || l.moment != nil || r.moment != nil {
			return isUnknown, nil
		}
		return truth(bytes.HasPrefix(l.text, r.text)), nil
	}
	if l.kind != r.kind || (l.moment != nil) != (r.moment != nil) {
		if l.kind == jsonNull || r.kind == jsonNull {
			return truth(n.name == "!="), nil
		}
		return isUnknown, nil
	}
	c := 0
	switch {
	case !l.isScalar():
		return isUnknown, nil
	case l.moment != nil:
		var ok bool
		var err error
		if c, ok, err = l.moment.compare(r.moment); err != nil || !ok {
			return isUnknown, err
		}
	default:
		c = l.compare(r)
	}
	switch n.name {
	case "==":
		return truth(c == 0), nil
	case "!=":
		return truth(c != 0), nil
	case "<":
		return truth(c < 0), nil
	case "<=":
		return truth(c <= 0), nil
	case ">":
		return truth(c > 0), nil
	}
	return truth(c >= 0), nil
}

func (e *pathExecutor) unary(n *pathNode, v *jsonNode, f found) (bool, error) {
	items, err := e.unwrapped(n.left, v)
	if err != nil {
		return false, err
	}
	for _, item := range items {
		if item.kind != jsonNumber {
			if e.testing && n.next == nil {
				continue // as PostgreSQL does
			}
			return false, soft(pgerror.SQLJSONNumberNotFound, "operand of unary jsonpath operator %s is not a numeric value", n.name)
		}
		num := item.num
		if n.name == "-" {
			num = num.Neg()
		}
		if more, err := e.next(n, &jsonNode{kind: jsonNumber, num: num}, f); !more || err != nil {
			return more, err
		}
	}
	return true, nil
}

func (e *pathExecutor) binary(n *pathNode, v *jsonNode, f found) (bool, error) {
	var operands [2]Numeric
	for i, side := range [...]*pathNode{n.left, n.right} {
		items, err := e.unwrapped(side, v)
		if err != nil {
			return false, err
		}
		if len(items) != 1 || items[0].kind != jsonNumber {
			return false, soft(pgerror.SingletonSQLJSONItemRequired, "%s operand of jsonpath operator %s is not a single numeric value",
				[...]string{"left", "right"}[i], n.name)
		}
		operands[i] = items[0].num
	}
	operations := map[string]func(Numeric, Numeric) (Numeric, error){
		"+": Numeric.Add, "-": Numeric.Sub, "*": Numeric.Mul, "/": Numeric.Div, "%": Numeric.Mod,
	}
	num, err := operations[n.name](operands[0], operands[1])
	if err != nil {
		return false, soften(err)
	}
	return e.next(n, &jsonNode{kind: jsonNumber, num: num}, f)
}

func soften(err error) error {
	if e, ok := err.(*pgerror.Error); ok {
		return softError{e}
	}
	return err
}

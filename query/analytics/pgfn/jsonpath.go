package pgfn

import (
	"errors"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/limit"
)

// Path is a compiled jsonpath. It keeps no state.
type Path struct {
	root *pathNode
	lax  bool
	work *limit.Work
}

// With returns the path for a call that may be told to end.
func (p *Path) With(w *limit.Work) *Path {
	c := *p
	c.work = w
	return &c
}

type pathKind uint8

const (
	pathRoot pathKind = iota
	pathCurrent
	pathLast
	pathLiteral
	pathVariable
	pathKey
	pathAnyKey
	pathAny // .**
	pathAnyArray
	pathSubscript
	pathFilter
	pathMethod
	pathUnary
	pathBinary
	// Predicates.
	pathAnd
	pathOr
	pathNot
	pathIsUnknown
	pathCompare
	pathExists
	pathStartsWith
	pathLikeRegex
)

// pathNode is an item of a path; next is the accessor that follows it.
type pathNode struct {
	kind        pathKind
	next        *pathNode
	name        string    // of a key, variable, method or operator; flags of like_regex
	value       *jsonNode // of a literal; like_regex's pattern
	left, right *pathNode
	subscripts  [][2]*pathNode // from and to; to may be nil
	first, last int            // levels of **; -1 is the last
	regexp      *Regexp
}

func (n *pathNode) isPredicate() bool { return n.kind >= pathAnd }

// CompilePath compiles a jsonpath.
func CompilePath(text string) (*Path, error) {
	p := &pathParser{lexer: pathLexer{src: text}, lax: true}
	return p.parse(text)
}

// softError is an error that silent suppresses, and that a predicate takes for unknown.
type softError struct{ err *pgerror.Error }

func (e softError) Error() string { return e.err.Error() }
func (e softError) Unwrap() error { return e.err }

func soft(code, format string, args ...any) error {
	return softError{pgerror.Errorf(code, format, args...)}
}

// isSoft tells whether an error may be suppressed, as those of arithmetic may too.
func isSoft(err error) bool {
	var s softError
	return errors.As(err, &s)
}

// plain takes the mark off.
func plain(err error) error {
	var s softError
	if errors.As(err, &s) {
		return s.err
	}
	return err
}

func (p *Path) start(json, vars []byte) (*pathExecutor, error) {
	root, err := parseJSON(json)
	if err != nil {
		return nil, err
	}
	e := &pathExecutor{work: p.work, root: root, current: root, lax: p.lax, ignoreStructure: p.lax, arraySize: -1}
	if len(vars) > 0 {
		if e.vars, err = parseJSON(vars); err != nil {
			return nil, err
		}
		if e.vars.kind != jsonObject {
			return nil, pgerror.Errorf(pgerror.InvalidParameterValue, `"vars" argument is not an object`).
				WithDetail(`Jsonpath parameters should be encoded as key-value pairs of "vars" object.`)
		}
	}
	return e, nil
}

// run collects what the path finds.
func (p *Path) run(json, vars []byte) ([]*jsonNode, error) {
	e, err := p.start(json, vars)
	if err != nil {
		return nil, err
	}
	return e.collect(p.root, e.root)
}

// Query is jsonb_path_query(json, path, vars, silent): the items in jsonb's normal form.
// With empty vars, as the operators have them, every variable is null.
func (p *Path) Query(json, vars []byte, silent bool) ([][]byte, error) {
	items, err := p.run(json, vars)
	if err != nil {
		if silent && isSoft(err) {
			return nil, nil
		}
		return nil, plain(err)
	}
	out := make([][]byte, len(items))
	for i, item := range items {
		p.work.Take(24 + len(item.text))
		out[i] = item.bytes()
	}
	return out, nil
}

// Exists is jsonb_path_exists; null, that is false, is an error that silent suppressed.
// The operator @? is silent.
func (p *Path) Exists(json, vars []byte, silent bool) (exists, ok bool, err error) {
	e, err := p.start(json, vars)
	if err == nil {
		exists, err = e.exists(p.root, e.root)
	}
	if err != nil {
		if silent && isSoft(err) {
			return false, false, nil
		}
		return false, false, plain(err)
	}
	return exists, true, nil
}

// Match is jsonb_path_match; null, that is false, is JSON's null, or an error that silent
// suppressed. The operator @@ is silent.
func (p *Path) Match(json, vars []byte, silent bool) (match, ok bool, err error) {
	items, err := p.run(json, vars)
	if err != nil {
		if silent && isSoft(err) {
			return false, false, nil
		}
		return false, false, plain(err)
	}
	if len(items) == 1 {
		switch items[0].kind {
		case jsonBool:
			return items[0].truth, true, nil
		case jsonNull:
			return false, false, nil
		}
	}
	if !silent {
		return false, false, pgerror.Errorf(pgerror.SingletonSQLJSONItemRequired, "single boolean result is expected")
	}
	return false, false, nil
}

package pgfn

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

type pathParser struct {
	lexer     pathLexer
	token     pathToken
	lax       bool
	depth     int
	filters   int // that are open, in which @ is allowed
	subscript int // in which last is
}

// pathKeywords are in any case, but for the constants.
func (t pathToken) keyword() string {
	if t.kind != pathWord {
		return ""
	}
	switch t.text {
	case "true", "false", "null":
		return t.text
	}
	switch w := strings.ToLower(t.text); w {
	case "is", "to", "lax", "exists", "last", "like_regex", "starts", "strict", "unknown", "with", "flag":
		return w
	}
	return ""
}

func (p *pathParser) parse(text string) (*Path, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == pathEnd {
		return nil, pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type jsonpath: \"%s\"", text)
	}
	switch p.token.keyword() {
	case "lax", "strict":
		p.lax = p.token.keyword() == "lax"
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.token.kind != pathEnd {
		return nil, p.unexpected()
	}
	return &Path{root: root, lax: p.lax}, nil
}

func (p *pathParser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

func (p *pathParser) unexpected() error { return errPathSyntax("syntax error", p.token.near) }

func (p *pathParser) at(op string) bool { return p.token.kind == pathOp && p.token.text == op }

func (p *pathParser) expect(op string) error {
	if !p.at(op) {
		return p.unexpected()
	}
	return p.advance()
}

func (p *pathParser) expectWord(word string) error {
	if p.token.keyword() != word {
		return p.unexpected()
	}
	return p.advance()
}

func (p *pathParser) predicate(n *pathNode, err error) (*pathNode, error) {
	if err == nil && (!n.isPredicate() || n.next != nil) {
		err = p.unexpected()
	}
	return n, err
}

func (p *pathParser) expression(n *pathNode, err error) (*pathNode, error) {
	if err == nil && n.isPredicate() && n.next == nil {
		err = p.unexpected()
	}
	return n, err
}

func (p *pathParser) or() (*pathNode, error) {
	if p.depth++; p.depth > maxPathDepth/4 { // each level is several calls
		return nil, errDepth()
	}
	defer func() { p.depth-- }()
	return p.chain("||", pathOr, func() (*pathNode, error) { return p.chain("&&", pathAnd, p.not) })
}

func (p *pathParser) chain(op string, kind pathKind, operand func() (*pathNode, error)) (*pathNode, error) {
	left, err := operand()
	for err == nil && p.at(op) {
		if left, err = p.predicate(left, nil); err != nil {
			break
		}
		if err = p.advance(); err != nil {
			break
		}
		var right *pathNode
		if right, err = p.predicate(operand()); err == nil {
			left = &pathNode{kind: kind, left: left, right: right}
		}
	}
	return left, err
}

func (p *pathParser) not() (*pathNode, error) {
	if !p.at("!") {
		return p.comparison()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.at("(") && p.token.keyword() != "exists" {
		return nil, p.unexpected()
	}
	operand, err := p.predicate(p.accessors(p.primary()))
	if err != nil {
		return nil, err
	}
	return &pathNode{kind: pathNot, left: operand}, nil
}

func (p *pathParser) comparison() (*pathNode, error) {
	left, err := p.additive()
	if err != nil {
		return nil, err
	}
	if p.token.kind == pathOp {
		switch p.token.text {
		case "==", "!=", "<", "<=", ">", ">=":
			if left, err = p.expression(left, nil); err != nil {
				return nil, err
			}
			n := &pathNode{kind: pathCompare, name: p.token.text, left: left}
			if err := p.advance(); err != nil {
				return nil, err
			}
			n.right, err = p.expression(p.additive())
			return n, err
		}
	}
	switch p.token.keyword() {
	case "starts":
		if left, err = p.expression(left, nil); err != nil {
			return nil, err
		}
		return p.startsWith(left)
	case "like_regex":
		if left, err = p.expression(left, nil); err != nil {
			return nil, err
		}
		return p.likeRegex(left)
	}
	return left, nil
}

func (p *pathParser) startsWith(left *pathNode) (*pathNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expectWord("with"); err != nil {
		return nil, err
	}
	n := &pathNode{kind: pathStartsWith, left: left}
	switch p.token.kind {
	case pathString:
		n.right = &pathNode{kind: pathLiteral, value: &jsonNode{kind: jsonString, text: []byte(p.token.text)}}
	case pathVar:
		n.right = &pathNode{kind: pathVariable, name: p.token.text}
	default:
		return nil, p.unexpected()
	}
	return n, p.advance()
}

func (p *pathParser) likeRegex(left *pathNode) (*pathNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind != pathString {
		return nil, p.unexpected()
	}
	pattern, flags := p.token.text, ""
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.keyword() == "flag" {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.token.kind != pathString {
			return nil, p.unexpected()
		}
		flags = p.token.text
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n := &pathNode{kind: pathLikeRegex, left: left, name: flags, value: &jsonNode{kind: jsonString, text: []byte(pattern)}}
	converted, err := pathRegexFlags(flags)
	if err != nil {
		return nil, err
	}
	n.regexp, err = CompileRegexp(pattern, converted)
	return n, err
}

// pathRegexFlags turns XQuery's flags into CompileRegexp's: the dot does not match a
// newline, except with s.
func pathRegexFlags(flags string) (string, error) {
	has := func(c string) bool { return strings.Contains(flags, c) }
	for i := 0; i < len(flags); i++ {
		if strings.IndexByte("ismxq", flags[i]) < 0 {
			_, n := utf8.DecodeRuneInString(flags[i:])
			return "", pgerror.Errorf(pgerror.SyntaxError, "invalid input syntax for type jsonpath").
				WithDetail("Unrecognized flag character \"%s\" in LIKE_REGEX predicate.", flags[i:i+n])
		}
	}
	out := ""
	if has("i") {
		out = "i"
	}
	switch {
	case has("q"):
		return out + "q", nil
	case has("x"):
		return "", pgerror.Errorf(pgerror.FeatureNotSupported, `XQuery "x" flag (expanded regular expressions) is not implemented`)
	case has("m") && has("s"):
		return out + "w", nil
	case has("m"):
		return out + "n", nil
	case has("s"):
		return out + "s", nil
	}
	return out + "p", nil
}

func (p *pathParser) binary(ops string, operand func() (*pathNode, error)) (*pathNode, error) {
	left, err := operand()
	for err == nil && p.token.kind == pathOp && len(p.token.text) == 1 && strings.Contains(ops, p.token.text) {
		if left, err = p.expression(left, nil); err != nil {
			break
		}
		n := &pathNode{kind: pathBinary, name: p.token.text, left: left}
		if err = p.advance(); err != nil {
			break
		}
		if n.right, err = p.expression(operand()); err == nil {
			left = n
		}
	}
	return left, err
}

func (p *pathParser) additive() (*pathNode, error) {
	return p.binary("+-", func() (*pathNode, error) { return p.binary("*/%", p.unary) })
}

func (p *pathParser) unary() (*pathNode, error) {
	if !p.at("+") && !p.at("-") {
		return p.accessors(p.primary())
	}
	if p.depth++; p.depth > maxPathDepth/4 {
		return nil, errDepth()
	}
	defer func() { p.depth-- }()
	n := &pathNode{kind: pathUnary, name: p.token.text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	var err error
	n.left, err = p.expression(p.unary())
	return n, err
}

func (p *pathParser) primary() (*pathNode, error) {
	t := p.token
	literal := func(v *jsonNode) (*pathNode, error) {
		return &pathNode{kind: pathLiteral, value: v}, p.advance()
	}
	switch t.kind {
	case pathString:
		return literal(&jsonNode{kind: jsonString, text: []byte(t.text)})
	case pathNumber:
		v, err := ParseNumeric(t.text)
		if err != nil {
			return nil, err
		}
		return literal(&jsonNode{kind: jsonNumber, num: v})
	case pathVar:
		return &pathNode{kind: pathVariable, name: t.text}, p.advance()
	case pathOp:
		switch t.text {
		case "$":
			return &pathNode{kind: pathRoot}, p.advance()
		case "@":
			if p.filters == 0 {
				return nil, pgerror.Errorf(pgerror.SyntaxError, "@ is not allowed in root expressions")
			}
			return &pathNode{kind: pathCurrent}, p.advance()
		case "(":
			return p.parenthesis()
		}
	}
	switch t.keyword() {
	case "null":
		return literal(&jsonNode{})
	case "true", "false":
		return literal(&jsonNode{kind: jsonBool, truth: t.text == "true"})
	case "last":
		if p.subscript == 0 {
			return nil, pgerror.Errorf(pgerror.SyntaxError, "LAST is allowed only in array subscripts")
		}
		return &pathNode{kind: pathLast}, p.advance()
	case "exists":
		if err := p.advance(); err != nil {
			return nil, err
		}
		if err := p.expect("("); err != nil {
			return nil, err
		}
		operand, err := p.expression(p.or())
		if err != nil {
			return nil, err
		}
		return &pathNode{kind: pathExists, left: operand}, p.expect(")")
	}
	return nil, p.unexpected()
}

func (p *pathParser) parenthesis() (*pathNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if n.isPredicate() && n.next == nil && p.token.keyword() == "is" {
		if err := p.advance(); err != nil {
			return nil, err
		}
		return &pathNode{kind: pathIsUnknown, left: n}, p.expectWord("unknown")
	}
	return n, nil
}

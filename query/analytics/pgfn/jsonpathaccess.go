package pgfn

import (
	"strconv"
	"strings"
)

// accessors takes what follows an item.
func (p *pathParser) accessors(n *pathNode, err error) (*pathNode, error) {
	if err != nil {
		return nil, err
	}
	last := n
	for last.next != nil {
		last = last.next
	}
	for {
		var next *pathNode
		switch {
		case p.at("."):
			next, err = p.dot()
		case p.at("["):
			next, err = p.array()
		case p.at("?"):
			next, err = p.filter()
		default:
			return n, nil
		}
		if err != nil {
			return nil, err
		}
		last.next = next
		last = next
	}
}

func (p *pathParser) filter() (*pathNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	p.filters++
	condition, err := p.predicate(p.or())
	p.filters--
	if err != nil {
		return nil, err
	}
	return &pathNode{kind: pathFilter, left: condition}, p.expect(")")
}

var pathMethods = map[string]bool{
	"type": true, "size": true, "double": true, "ceiling": true, "floor": true, "abs": true, "keyvalue": true,
	"datetime": true,
}

func (p *pathParser) dot() (*pathNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	t := p.token
	switch {
	case p.at("*"):
		return &pathNode{kind: pathAnyKey}, p.advance()
	case p.at("**"):
		return p.anyLevels()
	case t.kind != pathString && t.kind != pathWord:
		return nil, p.unexpected()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if method := strings.ToLower(t.text); t.kind == pathWord && pathMethods[method] && p.at("(") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		n := &pathNode{kind: pathMethod, name: method}
		if method == "datetime" && p.token.kind == pathString {
			n.value = &jsonNode{kind: jsonString, text: []byte(p.token.text)}
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		return n, p.expect(")")
	}
	return &pathNode{kind: pathKey, name: t.text}, nil
}

func (p *pathParser) anyLevels() (*pathNode, error) {
	n := &pathNode{kind: pathAny, first: 0, last: -1}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.at("{") {
		return n, nil
	}
	level := func() (int, error) {
		if err := p.advance(); err != nil {
			return 0, err
		}
		if p.token.keyword() == "last" {
			return -1, p.advance()
		}
		v, err := strconv.ParseInt(p.token.text, 10, 32)
		if p.token.kind != pathNumber || err != nil {
			return 0, p.unexpected()
		}
		return int(v), p.advance()
	}
	var err error
	if n.first, err = level(); err != nil {
		return nil, err
	}
	n.last = n.first
	if p.token.keyword() == "to" {
		if n.last, err = level(); err != nil {
			return nil, err
		}
	}
	return n, p.expect("}")
}

func (p *pathParser) array() (*pathNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.at("*") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		return &pathNode{kind: pathAnyArray}, p.expect("]")
	}
	n := &pathNode{kind: pathSubscript}
	p.subscript++
	defer func() { p.subscript-- }()
	for {
		from, err := p.expression(p.or())
		if err != nil {
			return nil, err
		}
		pair := [2]*pathNode{from}
		if p.token.keyword() == "to" {
			if err := p.advance(); err != nil {
				return nil, err
			}
			if pair[1], err = p.expression(p.or()); err != nil {
				return nil, err
			}
		}
		n.subscripts = append(n.subscripts, pair)
		if !p.at(",") {
			return n, p.expect("]")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

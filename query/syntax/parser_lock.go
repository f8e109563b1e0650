package syntax

import (
	"slices"
	"strings"
)

// LockModes are those of LOCK TABLE, each stronger than the one before.
var LockModes = []string{
	"access share", "row share", "row exclusive", "share update exclusive", "share", "share row exclusive", "exclusive", "access exclusive",
}

// lockStatement takes LOCK [TABLE] name [, …] [IN mode MODE] [NOWAIT].
func (p *parser) lockStatement() Statement {
	s := &LockStmt{pos: p.tok.Pos, Mode: "access exclusive"}
	p.advance()
	p.word("table")
	for {
		p.word("only")
		s.Relations = append(s.Relations, p.relation())
		p.op("*")
		if !p.op(",") {
			break
		}
	}
	if p.word("in") {
		s.Mode = p.lockMode()
	}
	p.word("nowait")
	return s
}

func (p *parser) lockMode() string {
	var words []string
	for !p.isWord("mode") {
		words = append(words, p.tok.Text)
		sofar := strings.Join(words, " ")
		if p.tok.Kind != TokIdent || !slices.ContainsFunc(LockModes, func(m string) bool { return m == sofar || strings.HasPrefix(m, sofar+" ") }) {
			p.unexpected()
		}
		p.advance()
	}
	mode := strings.Join(words, " ")
	if !slices.Contains(LockModes, mode) {
		p.unexpected()
	}
	p.advance()
	return mode
}

package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// PolicyExpr is a condition of a policy, as it was written between its parentheses.
type PolicyExpr struct {
	Text string
	Pos  int // where it begins
	X    Expr
}

// createPolicy takes what comes behind CREATE POLICY.
func (p *parser) createPolicy() Statement {
	s := &PolicyStmt{Create: true, Command: "all"}
	s.Name = p.ident()
	p.expectWord("on")
	s.Relation = p.relation()
	if p.word("as") {
		at := p.tok.Pos
		switch kind := p.ident(); kind {
		case "permissive":
		case "restrictive":
			s.Restrictive = true
		default:
			p.fail(pgerror.Errorf(pgerror.SyntaxError, "unrecognized row security option \"%s\"", kind).
				WithHint("Only PERMISSIVE or RESTRICTIVE policies are supported currently.").At(CharPosition(p.Src, at)))
		}
	}
	if p.word("for") {
		switch {
		case p.tok.Kind == TokIdent && strings.Contains(" all select insert update delete ", " "+p.tok.Text+" "):
			s.Command = p.tok.Text
			p.advance()
		default:
			p.unexpected()
		}
	}
	p.policyParts(s)
	return s
}

// policyParts takes for whom a policy is, and its conditions.
func (p *parser) policyParts(s *PolicyStmt) {
	if p.word("to") {
		s.Roles = p.roleSpecs()
	}
	if p.word("using") {
		s.Using = p.policyExpr()
	}
	if p.word("with") {
		p.expectWord("check")
		s.Check = p.policyExpr()
	}
}

func (p *parser) policyExpr() *PolicyExpr {
	p.expectOp("(")
	e := &PolicyExpr{Pos: p.tok.Pos}
	e.X = p.expression()
	e.Text = p.Src[e.Pos:p.prev.End]
	p.expectOp(")")
	return e
}

// alterPolicy takes what comes behind ALTER POLICY.
func (p *parser) alterPolicy() Statement {
	s := &PolicyStmt{}
	s.Name = p.ident()
	p.expectWord("on")
	s.Relation = p.relation()
	if p.words("rename", "to") {
		s.NewName = p.ident()
		return s
	}
	p.policyParts(s)
	return s
}

// dropPolicy takes what comes behind DROP POLICY.
func (p *parser) dropPolicy() Statement {
	s := &DropPolicyStmt{IfExists: p.words("if", "exists")}
	s.Name = p.ident()
	p.expectWord("on")
	s.Relation = p.relation()
	p.behaviour()
	return s
}

// rowSecurity takes ALTER TABLE … ROW LEVEL SECURITY; nil: it is something else.
func (p *parser) rowSecurity() Statement {
	s := &RowSecurityStmt{}
	p.advance()
	s.IfExists = p.words("if", "exists")
	p.word("only")
	s.Relation = p.relation()
	for {
		p.room(len(s.Actions), maxOptions, "a list of actions")
		action := ""
		switch {
		case p.isWord("enable"), p.isWord("disable"), p.isWord("force"):
			action = p.tok.Text
			p.advance()
		case p.isWord("no") && p.followedBy("force"):
			p.advance()
			p.advance()
			action = "no force"
		default:
			return nil
		}
		if !p.words("row", "level") || !p.word("security") {
			return nil
		}
		if s.Actions = append(s.Actions, action); !p.op(",") {
			return s
		}
	}
}

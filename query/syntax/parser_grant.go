package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// grantStatement takes GRANT and REVOKE, of privileges and of roles.
func (p *parser) grantStatement() Statement {
	revoke := p.isWord("revoke")
	p.advance()
	option := ""
	if revoke {
		for _, word := range [...]string{"grant", "admin"} {
			if p.isWord(word) && p.followedBy("option") {
				option = word
				p.advance()
				p.advance()
				p.expectWord("for")
				break
			}
		}
	}
	list, all := p.privilegeNames()
	if option != "admin" && (all || p.isWord("on")) {
		return p.grantPrivileges(&GrantStmt{Revoke: revoke, Privileges: list, Option: option == "grant"})
	}
	if option == "grant" || all {
		p.unexpected()
	}
	s := &GrantRoleStmt{Revoke: revoke, Admin: option == "admin"}
	for _, n := range list {
		s.Roles = append(s.Roles, RoleSpec{Name: n.Name, Pos: n.Pos})
		if n.Columns {
			p.fail(pgerror.Errorf(pgerror.SyntaxError, "column names cannot be included in GRANT/REVOKE ROLE").At(CharPosition(p.Src, n.Pos)))
		}
	}
	s.Members = p.grantees(revoke)
	if !revoke && p.word("with") {
		p.expectWord("admin")
		p.expectWord("option")
		s.Admin = true
	}
	s.By = p.grantedBy()
	if revoke {
		p.behaviour()
	}
	return s
}

// privilegeNames takes the names behind GRANT, which may be those of roles.
func (p *parser) privilegeNames() (list []PrivilegeName, all bool) {
	if p.word("all") {
		p.word("privileges")
		if p.op("(") {
			columns(p, p.name)
			p.expectOp(")")
			return []PrivilegeName{{Name: "all", Columns: true}}, true
		}
		return nil, true
	}
	for {
		p.room(len(list), maxOptions, "a list of privileges")
		n := PrivilegeName{Pos: p.tok.Pos}
		if p.tok.Kind == TokIdent && (p.tok.Text == "select" || p.tok.Text == "references" || p.tok.Text == "create") {
			n.Name = p.tok.Text
			p.advance()
		} else {
			n.Name = p.ident()
		}
		if n.Columns = p.op("("); n.Columns {
			columns(p, p.name)
			p.expectOp(")")
		}
		list = append(list, n)
		if !p.op(",") {
			return list, false
		}
	}
}

// otherKinds are what PostgreSQL grants privileges on and there is nothing of here that could be granted.
var otherKinds = []string{"sequence", "database", "domain", "foreign", "function", "procedure", "routine", "language", "large", "parameter", "tablespace", "type"}

// grantPrivileges takes what comes from ON on.
func (p *parser) grantPrivileges(s *GrantStmt) Statement {
	p.expectWord("on")
	verb := "GRANT"
	if s.Revoke {
		verb = "REVOKE"
	}
	switch {
	case p.word("schema"):
		s.Schema = true
	case p.isWord("all") && p.followedBy("tables"):
		p.advance()
		p.advance()
		p.expectWord("in")
		p.expectWord("schema")
		s.Everything = true
	case p.word("table"):
	default:
		for _, kind := range otherKinds {
			if next := p.peek(); p.isWord(kind) && (next.Kind == TokIdent && next.Text != "to" && next.Text != "from" || next.Kind == tokQuoted) {
				return p.skipUnsupported(verb + " ON " + strings.ToUpper(kind))
			}
		}
		if p.isWord("all") {
			return p.skipUnsupported(verb + " ON ALL " + strings.ToUpper(p.peek().Text))
		}
	}
	for {
		p.room(len(s.Names), maxOptions, "a list of names")
		s.Names = append(s.Names, p.relation())
		if !p.op(",") {
			break
		}
	}
	s.Roles = p.grantees(s.Revoke)
	if !s.Revoke && p.word("with") {
		p.expectWord("grant")
		p.expectWord("option")
		s.Option = true
	}
	s.By = p.grantedBy()
	if s.Revoke {
		s.Cascade = p.behaviour()
	}
	return s
}

// grantees takes the roles behind TO or FROM.
func (p *parser) grantees(revoke bool) (list []RoleSpec) {
	if revoke {
		p.expectWord("from")
	} else {
		p.expectWord("to")
	}
	for {
		p.room(len(list), maxOptions, "a list of roles")
		if next := p.peek(); p.isWord("group") && next.Kind != TokOp && next.Kind != TokEOF {
			p.advance()
		}
		list = append(list, p.roleSpec())
		if !p.op(",") {
			return list
		}
	}
}

func (p *parser) grantedBy() *RoleSpec {
	if !p.word("granted") {
		return nil
	}
	p.expectWord("by")
	r := p.roleSpec()
	return &r
}

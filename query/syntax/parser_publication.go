package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// PublishedTable is a table of a publication, with what of it is published.
type PublishedTable struct {
	Relation RelationRef
	Columns  []Name
	Where    *PolicyExpr
}

// createPublication takes what comes behind CREATE PUBLICATION.
func (p *parser) createPublication() Statement {
	s := &PublicationStmt{Create: true}
	s.Name = p.ident()
	if p.word("for") {
		if s.All = p.words("all", "tables"); !s.All {
			p.publicationObjects(s)
		}
	}
	if p.word("with") {
		s.Options = p.publicationOptions()
	}
	return s
}

// alterPublication takes what comes behind ALTER PUBLICATION.
func (p *parser) alterPublication() Statement {
	s := &PublicationStmt{}
	s.Name = p.ident()
	switch {
	case p.words("rename", "to"):
		s.NewName = p.ident()
	case p.words("owner", "to"):
		owner := p.roleSpec()
		s.Owner = &owner
	case p.isWord("set"), p.isWord("add"), p.isWord("drop"):
		s.Does = p.tok.Text
		p.advance()
		if s.Does == "set" && p.isOp("(") {
			s.Does, s.Options = "", p.publicationOptions()
			return s
		}
		p.publicationObjects(s)
	default:
		p.unexpected()
	}
	return s
}

// publicationObjects takes the tables of a publication.
func (p *parser) publicationObjects(s *PublicationStmt) {
	for tables := false; ; tables = true {
		p.room(len(s.Tables), maxOptions, "a list of tables")
		switch {
		case p.words("tables", "in", "schema"):
			s.Schemas = true
			p.label()
			for p.op(",") {
				p.label()
			}
			return
		case p.word("table"):
		case !tables:
			p.unexpected()
		}
		s.Tables = append(s.Tables, p.publishedTable())
		if !p.op(",") {
			return
		}
	}
}

func (p *parser) publishedTable() PublishedTable {
	only := p.word("only")
	inside := only && p.op("(")
	t := PublishedTable{Relation: p.relation()}
	if inside {
		p.expectOp(")")
	} else if !only {
		p.op("*")
	}
	if p.op("(") {
		t.Columns = columns(p, p.name)
		p.expectOp(")")
	}
	if p.word("where") {
		t.Where = p.policyExpr()
	}
	return t
}

// publicationOptions takes a list of options in parentheses.
func (p *parser) publicationOptions() (list []CopyOption) {
	p.expectOp("(")
	for {
		p.room(len(list), maxOptions, "a list of options")
		o := CopyOption{Pos: p.tok.Pos, Name: p.label()}
		if p.op("=") {
			switch p.tok.Kind {
			case TokIdent, tokQuoted, TokString, TokInteger, TokDecimal:
				o.Value = p.tok.Text
				p.advance()
			default:
				p.unexpected()
			}
		} else {
			o.Value = "true"
		}
		list = append(list, o)
		if !p.op(",") {
			p.expectOp(")")
			return list
		}
	}
}

// dropPublication takes what comes behind DROP PUBLICATION.
func (p *parser) dropPublication() Statement {
	s := &DropPublicationStmt{IfExists: p.words("if", "exists")}
	for {
		p.room(len(s.Names), maxOptions, "a list of names")
		name := p.ident()
		if p.isOp(".") {
			p.fail(pgerror.Errorf(pgerror.SyntaxError, "syntax error at or near \".\"").At(CharPosition(p.Src, p.tok.Pos)))
		}
		if s.Names = append(s.Names, strings.Clone(name)); !p.op(",") {
			break
		}
	}
	p.behaviour()
	return s
}

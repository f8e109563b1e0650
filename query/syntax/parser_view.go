package syntax

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// createStatement takes CREATE [OR REPLACE] VIEW, CREATE EXTENSION, policies, publications and roles; what else can be created in PostgreSQL is
// refused.
func (p *parser) createStatement() Statement {
	start := *p
	p.expectWord("create")
	if p.word("extension") {
		return p.createExtension()
	}
	if p.atRole() {
		return p.createRole()
	}
	if p.word("policy") {
		return p.createPolicy()
	}
	if p.word("publication") {
		return p.createPublication()
	}
	s := &CreateViewStmt{Replace: p.words("or", "replace")}
	if !p.word("view") {
		*p = start
		return p.refused()
	}
	s.Relation = p.relation()
	if p.op("(") {
		s.Columns = columns(p, p.name)
		p.expectOp(")")
	}
	if p.word("with") {
		p.expectOp("(")
		s.Options = p.viewOptions()
	}
	p.expectWord("as")
	if !p.atQuery() {
		p.unexpected()
	}
	s.Query = &QueryText{Src: p.Src, Pos: p.tok.Pos}
	p.view = true
	switch q := p.query().(type) {
	case *UnsupportedStmt:
		s.Query.Unsupported = q
	case *InsertStmt:
		p.fail(pgerror.Errorf(pgerror.FeatureNotSupported, "views must not contain data-modifying statements in WITH"))
	}
	p.view = false
	s.Query.End = p.prev.End
	if p.word("with") {
		_ = p.word("cascaded") || p.word("local")
		p.expectWord("check")
		p.expectWord("option")
		p.fail(errCheckOption)
	}
	return s
}

// createExtension takes the rest of CREATE EXTENSION.
func (p *parser) createExtension() Statement {
	s := &CreateExtensionStmt{IfNotExists: p.words("if", "not", "exists")}
	s.Name = p.ident()
	p.word("with")
	for {
		switch {
		case p.word("schema"):
			p.ident()
		case p.word("version"):
			if p.tok.Kind == TokString {
				p.advance()
			} else {
				p.ident()
			}
		case p.word("cascade"):
		default:
			return s
		}
	}
}

// dropStatement takes DROP VIEW, POLICY, ROLE and OWNED.
func (p *parser) dropStatement() Statement {
	start := *p
	p.expectWord("drop")
	if p.isWord("owned") {
		return p.ownedStatement()
	}
	if p.atRole() {
		return p.dropRole()
	}
	if p.word("policy") {
		return p.dropPolicy()
	}
	if p.word("publication") {
		return p.dropPublication()
	}
	if !p.word("view") {
		*p = start
		return p.refused()
	}
	s := &DropViewStmt{IfExists: p.words("if", "exists")}
	for {
		p.room(len(s.Relations), maxOptions, "a list of names")
		s.Relations = append(s.Relations, p.relation())
		if !p.op(",") {
			break
		}
	}
	if s.Cascade = p.word("cascade"); !s.Cascade {
		p.word("restrict")
	}
	return s
}

// commentStatement takes COMMENT ON a relation or a column.
func (p *parser) commentStatement() Statement {
	start := *p
	p.expectWord("comment")
	p.expectWord("on")
	s := &CommentStmt{}
	switch {
	case p.word("table"):
		s.Kind = "table"
	case p.word("view"):
		s.Kind = "view"
	case p.word("column"):
		s.Kind = "column"
	case p.word("role"):
		s.Kind = "role"
	case p.word("policy"):
		s.Kind, s.Policy = "policy", p.ident()
		p.expectWord("on")
	default:
		*p = start
		return p.refused()
	}
	path := []string{p.ident()}
	pos := p.prev.Pos
	for p.op(".") {
		p.room(len(path), maxNameParts, "a name")
		path = append(path, p.label())
	}
	if s.Kind == "column" {
		if len(path) < 2 {
			p.unexpected()
		}
		s.Column, path = path[len(path)-1], path[:len(path)-1]
	}
	s.Relation = RelationRef{Table: path[len(path)-1], Pos: pos}
	if len(path) > 1 {
		s.Relation.Schema = path[len(path)-2]
	}
	p.expectWord("is")
	if p.word("null") {
		return s
	}
	if p.tok.Kind != TokString {
		p.unexpected()
	}
	s.Text = p.tok.Text
	p.advance()
	return s
}

var errCheckOption = pgerror.Errorf(pgerror.FeatureNotSupported, "WITH CHECK OPTION is not supported: nothing is inserted into a view")

// viewOptions takes the options of a view.
func (p *parser) viewOptions() (list []string) {
	for n := 0; ; n++ {
		p.room(n, maxOptions, "a list of options")
		name, value := p.label(), "true"
		if p.op("=") {
			switch p.tok.Kind {
			case TokIdent, tokQuoted, TokString, TokInteger, TokDecimal:
				value = p.tok.Text
				p.advance()
			default:
				p.unexpected()
			}
		}
		switch name {
		case "security_barrier", "security_invoker":
			if _, err := pgvalue.ParseText(pgvalue.OIDBool, value, pgvalue.UTC); err != nil {
				p.fail(pgerror.Errorf(pgerror.InvalidParameterValue, "invalid value for boolean option \"%s\": %s", name, value))
			}
		case "check_option":
			p.fail(errCheckOption)
		default:
			p.fail(pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized parameter \"%s\"", name))
		}
		list = append(list, name+"="+value)
		if !p.op(",") {
			p.expectOp(")")
			return list
		}
	}
}

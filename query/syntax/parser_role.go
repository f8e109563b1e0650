package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// RoleOption is one of what CREATE and ALTER ROLE set of a role.
type RoleOption struct {
	Name string // in lower case, in one word or two: "superuser", "valid until"; without "no" before it
	Off  bool   // with "no" before it, or PASSWORD NULL
	Text string
	Pos  int
}

// roleFlags are the options that are one word, or that word behind "no".
var roleFlags = []string{"superuser", "createdb", "createrole", "inherit", "login", "replication", "bypassrls"}

// alterStatement takes ALTER ROLE and ALTER USER with options; what else can be altered in PostgreSQL is refused.
func (p *parser) alterStatement() Statement {
	start := *p
	p.expectWord("alter")
	if !p.word("role") && !p.word("user") || p.isWord("mapping") || p.isWord("all") {
		*p = start
		return p.refused()
	}
	s := &AlterRoleStmt{Role: p.roleSpec()}
	if p.isWord("set") || p.isWord("reset") || p.isWord("rename") || p.isWord("in") {
		*p = start
		return p.refused()
	}
	p.word("with")
	for p.tok.Kind != TokEOF && !p.isOp(";") {
		p.room(len(s.Options), maxOptions, "a list of options")
		s.Options = append(s.Options, p.roleOption())
	}
	return s
}

// roleSpec takes a role's name, or a word that stands for one, whose Name is empty.
func (p *parser) roleSpec() RoleSpec {
	r := RoleSpec{Pos: p.tok.Pos}
	if p.tok.Kind == TokIdent {
		switch p.tok.Text {
		case "current_user", "current_role", "session_user":
			r.Word = p.tok.Text
			p.advance()
			return r
		case "public", "none":
			p.fail(pgerror.Errorf(pgerror.ReservedName, "role name \"%s\" is reserved", p.tok.Text).At(CharPosition(p.Src, p.tok.Pos)))
		}
	}
	r.Name = p.ident()
	return r
}

func (p *parser) roleOption() RoleOption {
	t := p.tok
	o := RoleOption{Pos: t.Pos}
	if t.Kind != TokIdent {
		p.unexpected()
	}
	for _, flag := range roleFlags {
		if t.Text == flag || t.Text == "no"+flag {
			p.advance()
			o.Name, o.Off = flag, t.Text != flag
			return o
		}
	}
	p.advance()
	switch t.Text {
	case "unencrypted":
		p.expectWord("password")
		p.secret()
		p.fail(pgerror.Errorf(pgerror.FeatureNotSupported, "UNENCRYPTED PASSWORD is no longer supported").
			WithHint("Remove UNENCRYPTED to store the password in encrypted form instead.").At(CharPosition(p.Src, t.Pos)))
	case "encrypted", "password":
		if o.Name = "password"; t.Text == "encrypted" {
			p.expectWord("password")
		} else if p.word("null") {
			o.Off = true
			return o
		}
		o.Text = p.secret()
	case "valid":
		p.expectWord("until")
		o.Name, o.Text = "valid until", p.stringToken()
	case "connection":
		p.expectWord("limit")
		o.Name = "connection limit"
		if p.op("-") {
			o.Text = "-"
		}
		if p.tok.Kind != TokInteger {
			p.unexpected()
		}
		o.Text += p.tok.Text
		p.advance()
	default:
		p.fail(pgerror.Errorf(pgerror.SyntaxError, "unrecognized role option \"%s\"", clipToken(t.Text)).At(CharPosition(p.Src, t.Pos)))
	}
	return o
}

func (p *parser) stringToken() string {
	if p.tok.Kind != TokString {
		p.unexpected()
	}
	text := p.tok.Text
	p.advance()
	return text
}

// secret takes a string that nobody else may see.
func (p *parser) secret() string {
	from := p.tok
	text := p.stringToken()
	p.secrets = append(p.secrets, span{from.Pos, from.End})
	return text
}

// span is a part of a text, in bytes.
type span struct{ from, to int }

// hide has the statements of a text shown without its secrets.
func (p *parser) hide(list []*Parsed) {
	if len(p.secrets) == 0 {
		return
	}
	text := masked(p.Src, p.secrets)
	for _, statement := range list {
		statement.masked = text
	}
}

// Shown is the whole text as others may see it.
func (p *Parsed) Shown() string {
	if p.masked != "" {
		return p.masked
	}
	return p.Src
}

// Secret tells whether the text has something that nobody else may see.
func (p *Parsed) Secret() bool { return p.masked != "" }

// masked is a text with its secrets out of it.
func masked(src string, secrets []span) string {
	var b strings.Builder
	at := 0
	for _, s := range secrets {
		b.WriteString(src[at:s.from])
		b.WriteString("'********'")
		at = s.to
	}
	b.WriteString(src[at:])
	return b.String()
}

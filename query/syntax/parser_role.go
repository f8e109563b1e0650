package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// RoleOption is one of what CREATE and ALTER ROLE set of a role.
type RoleOption struct {
	Name  string // in lower case, in one word or two: "superuser", "valid until", "in role"; without "no" before it
	Off   bool   // with "no" before it, or PASSWORD NULL
	Text  string
	Roles []RoleSpec // of "in role", "role" and "admin"
	Pos   int
}

// roleFlags are the options that are one word, or that word behind "no".
var roleFlags = []string{"superuser", "createdb", "createrole", "inherit", "login", "replication", "bypassrls"}

// atRole tells whether a statement is about roles: USER MAPPING is not.
func (p *parser) atRole() bool {
	return p.isWord("role") || p.isWord("group") || p.isWord("user") && !p.followedBy("mapping")
}

func (p *parser) followedBy(word string) bool {
	next := p.peek()
	return next.Kind == TokIdent && next.Text == word
}

// createRole takes CREATE ROLE, USER and GROUP.
func (p *parser) createRole() Statement {
	s := &RoleStmt{Create: true, User: p.isWord("user")}
	p.advance()
	s.Role = p.newRole()
	p.word("with")
	p.roleOptions(s)
	return s
}

func (p *parser) roleOptions(s *RoleStmt) {
	for p.tok.Kind != TokEOF && !p.isOp(";") {
		p.room(len(s.Options), maxOptions, "a list of options")
		s.Options = append(s.Options, p.roleOption(s.Create))
	}
}

// alterStatement takes ALTER ROLE, USER, GROUP, POLICY and PUBLICATION, ALTER VIEW … OWNER TO and ALTER TABLE … ROW LEVEL SECURITY; what else can be altered in PostgreSQL is refused.
func (p *parser) alterStatement() Statement {
	start := *p
	p.expectWord("alter")
	switch {
	case p.isWord("group"):
		return p.alterGroup()
	case p.atRole():
		p.advance()
		return p.alterRole()
	case p.word("policy"):
		return p.alterPolicy()
	case p.word("publication"):
		return p.alterPublication()
	case p.isWord("view") || p.isWord("table"):
		behind := *p
		if s := p.viewOwner(); s != nil {
			return s
		}
		if *p = behind; !p.isWord("table") {
			break
		}
		if s := p.rowSecurity(); s != nil {
			return s
		}
	}
	*p = start
	return p.refused()
}

// alterRole takes what comes behind ALTER ROLE.
func (p *parser) alterRole() Statement {
	set := &RoleSetStmt{}
	if set.All = p.word("all"); !set.All {
		set.Role = p.roleSpec()
	}
	if !set.All && p.words("rename", "to") {
		return &RenameRoleStmt{Role: set.Role, To: p.newRole()}
	}
	in := p.words("in", "database")
	if in {
		set.Database = p.ident()
	}
	switch {
	case p.word("reset"):
		set.Reset = p.settingName()
		return set
	case p.word("set"):
		set.Set = &SetStmt{pos: p.tok.Pos}
		p.roleSetting(set.Set)
		return set
	}
	if set.All || in {
		p.unexpected()
	}
	s := &RoleStmt{Role: set.Role}
	p.word("with")
	p.roleOptions(s)
	return s
}

// roleSetting takes a setting with its value, as SET has it.
func (p *parser) roleSetting(s *SetStmt) {
	if p.words("time", "zone") {
		if s.Name = "timezone"; p.word("local") {
			return
		}
		p.setValue(s)
		return
	}
	if p.isWord("role") && !p.peekAssigns() {
		p.advance()
		p.roleValue(s, "role")
		return
	}
	if s.Name = p.settingName(); s.Name == "all" {
		p.unexpectedAt(p.prev)
	}
	if p.words("from", "current") {
		p.fail(pgerror.Errorf(pgerror.FeatureNotSupported, "SET … FROM CURRENT is not supported").At(CharPosition(p.Src, s.pos)))
	}
	if !p.word("to") && !p.op("=") {
		p.unexpected()
	}
	p.setValue(s)
}

// alterGroup takes ALTER GROUP, which is an older way to grant a role, or to rename it.
func (p *parser) alterGroup() Statement {
	p.advance()
	s := &GrantRoleStmt{Group: true, Roles: []RoleSpec{p.roleSpec()}}
	switch {
	case p.words("rename", "to"):
		return &RenameRoleStmt{Role: s.Roles[0], To: p.newRole()}
	case p.word("drop"):
		s.Revoke = true
	default:
		p.expectWord("add")
	}
	p.expectWord("user")
	s.Members = p.roleSpecs()
	return s
}

func (p *parser) dropRole() Statement {
	p.advance()
	s := &DropRoleStmt{IfExists: p.words("if", "exists")}
	s.Roles = p.roleSpecs()
	return s
}

// ownedStatement takes REASSIGN OWNED and DROP OWNED; the word before OWNED may have been taken.
func (p *parser) ownedStatement() Statement {
	reassign := p.word("reassign")
	p.expectWord("owned")
	p.expectWord("by")
	s := &OwnedStmt{Roles: p.roleSpecs()}
	if reassign {
		p.expectWord("to")
		to := p.roleSpec()
		s.To = &to
		return s
	}
	s.Cascade = p.behaviour()
	return s
}

// viewOwner takes ALTER VIEW or TABLE … OWNER TO; nil: it is something else.
func (p *parser) viewOwner() Statement {
	s := &ViewOwnerStmt{Table: p.isWord("table")}
	p.advance()
	s.IfExists = p.words("if", "exists")
	p.word("only")
	s.Relation = p.relation()
	if !p.words("owner", "to") {
		return nil
	}
	s.Owner = p.roleSpec()
	return s
}

// behaviour takes CASCADE or RESTRICT.
func (p *parser) behaviour() (cascade bool) {
	if p.word("cascade") {
		return true
	}
	p.word("restrict")
	return false
}

func (p *parser) roleSpecs() (list []RoleSpec) {
	for {
		p.room(len(list), maxOptions, "a list of roles")
		list = append(list, p.roleSpec())
		if !p.op(",") {
			return list
		}
	}
}

// roleSpec takes a role's name, or a word that stands for one, whose Name is empty.
func (p *parser) roleSpec() RoleSpec {
	r := RoleSpec{Pos: p.tok.Pos}
	if p.tok.Kind == TokIdent || p.tok.Kind == tokQuoted {
		switch word := p.tok.Text; {
		case word == "public", p.tok.Kind == TokIdent && (word == "current_user" || word == "current_role" || word == "session_user"):
			r.Word = word
			p.advance()
			return r
		case word == "none":
			p.fail(pgerror.Errorf(pgerror.ReservedName, "role name \"%s\" is reserved", word).At(CharPosition(p.Src, p.tok.Pos)))
		}
	}
	r.Name = p.ident()
	return r
}

// newRole takes the name of a role that is to be.
func (p *parser) newRole() RoleSpec {
	r := p.roleSpec()
	switch r.Word {
	case "":
		return r
	case "public":
		p.fail(pgerror.Errorf(pgerror.ReservedName, "role name \"public\" is reserved").At(CharPosition(p.Src, r.Pos)))
	}
	p.fail(pgerror.Errorf(pgerror.ReservedName, "%s cannot be used as a role name here", strings.ToUpper(r.Word)).At(CharPosition(p.Src, r.Pos)))
	return r
}

func (p *parser) roleOption(create bool) RoleOption {
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
	case "role", "user", "admin", "sysid", "in":
		p.memberOption(&o, t.Text, create)
	default:
		p.fail(pgerror.Errorf(pgerror.SyntaxError, "unrecognized role option \"%s\"", clipToken(t.Text)).At(CharPosition(p.Src, t.Pos)))
	}
	return o
}

// memberOption takes the options of CREATE ROLE that name other roles.
func (p *parser) memberOption(o *RoleOption, word string, create bool) {
	if word == "user" && !create { // as ALTER GROUP once had it
		word = "role"
	}
	switch {
	case word == "role" || create && (word == "user" || word == "admin"):
		if o.Name = word; word == "user" {
			o.Name = "role"
		}
		if !create {
			p.unexpectedAt(p.prev)
		}
	case create && word == "in":
		if !p.word("role") {
			p.expectWord("group")
		}
		o.Name = "in role"
	case create && word == "sysid":
		if o.Name = "sysid"; p.tok.Kind != TokInteger {
			p.unexpected()
		}
		p.advance()
		return
	default:
		p.unexpectedAt(p.prev)
	}
	o.Roles = p.roleSpecs()
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

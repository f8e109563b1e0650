package replication

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Command is a command of the replication protocol.
type Command struct {
	Verb      string // as the command tag has it
	Slot      string
	Plugin    string
	Temporary bool
	Wait      bool
	At        LSN
	Options   []Option
}

// Stmt makes it a statement, which stands where one of SQL would.
func (*Command) Stmt() {}

// Option is one of a command's.
type Option struct {
	Name, Value string
	Given       bool // it has a value
}

// The commands, by their tags.
const (
	identifySystem  = "IDENTIFY_SYSTEM"
	readSlot        = "READ_REPLICATION_SLOT"
	createSlot      = "CREATE_REPLICATION_SLOT"
	dropSlot        = "DROP_REPLICATION_SLOT"
	StartCommand    = "START_REPLICATION"
	timelineHistory = "TIMELINE_HISTORY"
	baseBackup      = "BASE_BACKUP"
)

// IsCommand tells whether a text is a command of the replication protocol and not SQL: by its first word, in capitals, as PostgreSQL
// does. SHOW is SQL's as well.
func IsCommand(text string) bool {
	s := scanner{src: text}
	switch s.next(); s.text {
	case identifySystem, readSlot, createSlot, dropSlot, StartCommand, timelineHistory, baseBackup:
		return s.kind == word
	}
	return false
}

// maxOptions bounds a command's.
const maxOptions = 100

// Parse reads a command.
func Parse(text string) (*Command, error) {
	p := &commandParser{scanner: scanner{src: text}}
	p.next()
	c := &Command{Verb: p.text}
	p.next()
	switch c.Verb {
	case identifySystem:
	case readSlot:
		c.Slot = p.name()
	case dropSlot:
		c.Slot = p.name()
		c.Wait = p.word("WAIT")
	case createSlot:
		p.createSlot(c)
	case StartCommand:
		p.start(c)
	case timelineHistory:
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "TIMELINE_HISTORY is not supported").WithDetail("There is one timeline, and it has no history.")
	default:
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "BASE_BACKUP is not supported").WithHint("Use eventgres backup.")
	}
	if p.is(";") {
		p.next()
	}
	if p.err == nil && p.kind != end {
		p.fail()
	}
	return c, p.err
}

// commandParser takes a command's words. After an error it stays where it is, and takes nothing.
type commandParser struct {
	scanner
	err error
}

func (p *commandParser) fail() {
	if p.err == nil {
		p.err = pgerror.Errorf(pgerror.SyntaxError, "syntax error")
	}
}

// refuse notes that something is not supported.
func (p *commandParser) refuse(what string) {
	if p.err == nil {
		p.err = pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not supported", what).WithDetail("Events can be followed, and files of a log cannot.")
	}
}

func (p *commandParser) word(w string) bool {
	if p.kind != word || p.text != w {
		return false
	}
	p.next()
	return true
}

func (p *commandParser) is(punctuation string) bool { return p.kind == other && p.text == punctuation }

// name takes the name of a slot or plugin: in lower case, unless it is quoted.
func (p *commandParser) name() string {
	name := p.text
	switch p.kind {
	case word:
		name = strings.ToLower(name)
	case quoted:
	default:
		p.fail()
	}
	p.next()
	return name
}

func (p *commandParser) createSlot(c *Command) {
	c.Slot = p.name()
	c.Temporary = p.word("TEMPORARY")
	if p.word("PHYSICAL") {
		p.refuse("a physical replication slot")
		return
	}
	if !p.word("LOGICAL") {
		p.fail()
		return
	}
	c.Plugin = p.name()
	if p.is("(") {
		c.Options = p.options()
		return
	}
	for { // as versions before 15 have them
		switch {
		case p.word("EXPORT_SNAPSHOT"):
			c.Options = append(c.Options, Option{"snapshot", "export", true})
		case p.word("NOEXPORT_SNAPSHOT"):
			c.Options = append(c.Options, Option{"snapshot", "nothing", true})
		case p.word("USE_SNAPSHOT"):
			c.Options = append(c.Options, Option{"snapshot", "use", true})
		case p.word("TWO_PHASE"):
			c.Options = append(c.Options, Option{"two_phase", "true", true})
		case p.word("RESERVE_WAL"):
			c.Options = append(c.Options, Option{"reserve_wal", "true", true})
		default:
			return
		}
		if len(c.Options) > maxOptions {
			p.fail()
			return
		}
	}
}

func (p *commandParser) start(c *Command) {
	if p.word("SLOT") {
		c.Slot = p.name()
	}
	if !p.word("LOGICAL") {
		p.refuse("physical replication")
		return
	}
	at, ok := ParseLSN(p.text)
	if !ok || c.Slot == "" {
		p.fail()
	}
	c.At = at
	p.next()
	if p.is("(") {
		c.Options = p.options()
	}
}

// options takes a list in parentheses.
func (p *commandParser) options() (list []Option) {
	p.next()
	for p.err == nil {
		if len(list) == maxOptions {
			p.err = pgerror.Errorf(pgerror.ProgramLimitExceeded, "a command may have %d options at most", maxOptions)
		}
		o := Option{Name: p.name()}
		if p.kind == literal || p.kind == word || p.kind == quoted || p.kind == number {
			o.Value, o.Given = p.text, true
			p.next()
		}
		list = append(list, o)
		switch {
		case p.is(","):
			p.next()
		case p.is(")"):
			p.next()
			return list
		default:
			p.fail()
		}
	}
	return list
}

// The kinds of words of a command.
const (
	end = iota
	word
	quoted
	literal
	number // or an LSN
	other
)

// scanner splits a command.
type scanner struct {
	src  string
	at   int
	kind int
	text string
}

func (s *scanner) next() {
	for s.at < len(s.src) && strings.IndexByte(" \t\r\n\f\v", s.src[s.at]) >= 0 {
		s.at++
	}
	start := s.at
	if start == len(s.src) {
		s.kind, s.text = end, ""
		return
	}
	run := func(in func(c byte) bool) string {
		for s.at < len(s.src) && in(s.src[s.at]) {
			s.at++
		}
		return s.src[start:s.at]
	}
	switch c := s.src[start]; {
	case c == '"' || c == '\'':
		s.kind = quoted
		if c == '\'' {
			s.kind = literal
		}
		s.quotedText(c)
	case letter(c):
		s.kind, s.text = word, run(func(c byte) bool { return letter(c) || digit(c) || c == '$' })
		if s.at < len(s.src) && s.src[s.at] == '/' { // an LSN that begins with a letter
			s.kind, s.text = number, run(func(c byte) bool { return hexDigit(c) || c == '/' })
		}
	case digit(c):
		s.kind, s.text = number, run(func(c byte) bool { return hexDigit(c) || c == '/' })
	default:
		s.at++
		s.kind, s.text = other, s.src[start:s.at]
	}
}

// quotedText takes what stands between two of a quote, which stands for itself where it is twice.
func (s *scanner) quotedText(q byte) {
	var b strings.Builder
	for s.at++; s.at < len(s.src); s.at++ {
		if s.src[s.at] != q {
			b.WriteByte(s.src[s.at])
			continue
		}
		if s.at++; s.at == len(s.src) || s.src[s.at] != q {
			s.text = b.String()
			return
		}
		b.WriteByte(q)
	}
	s.kind, s.text = other, "" // it has no end
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
func digit(c byte) bool { return c >= '0' && c <= '9' }
func hexDigit(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// Columns are those of a command's row; nil: it returns none.
func (c *Command) Columns() []pgvalue.Column {
	text := func(names ...string) (out []pgvalue.Column) {
		for _, n := range names {
			out = append(out, pgvalue.Column{Name: n, OID: pgvalue.OIDText})
		}
		return out
	}
	switch c.Verb {
	case identifySystem:
		out := text("systemid", "timeline", "xlogpos", "dbname")
		out[1].OID = pgvalue.OIDInt4
		return out
	case createSlot:
		return text("slot_name", "consistent_point", "snapshot_name", "output_plugin")
	case readSlot:
		out := text("slot_type", "restart_lsn", "restart_tli")
		out[2].OID = pgvalue.OIDInt8
		return out
	}
	return nil
}

package compare

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Script is one file of testdata.
type Script struct {
	Name  string
	Cases []*Case
	lines []string
}

// A Case runs on a fresh store, with sessions of its own.
type Case struct {
	Name          string
	Line          int // of its "-- case:", from 1
	SimpleOnly    string
	ExtendedOnly  string
	EventgresOnly string
	Mask          []string
	Steps         []*Step
}

// A Step is a statement and what must come of it.
type Step struct {
	Line           int
	Session        string
	SQL            string
	Params         []Param
	MaxRows        uint32
	Detail         bool
	MessageDiffers string
	Difference     string
	Stdin          *Stdin
	Want           []string // PostgreSQL's answer, and Eventgres' where nothing says otherwise
	WantEventgres  []string // with Difference

	wantFrom, wantTo int // the lines of Want, for rewriting
}

// A Param is a parameter's text, and its type's OID if the client gives one.
type Param struct {
	OID  uint32
	Null bool
	Text string
}

// Stdin is what the client sends when the server asks for COPY data.
type Stdin struct {
	Form  string // "", crlf, binary or fail
	Lines []string
}

// Load reads a script.
func Load(path string) (*Script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &Script{Name: path, lines: strings.Split(string(text), "\n")}
	p := &parser{script: s, session: "a"}
	for p.at < len(s.lines) {
		if err := p.next(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, p.at+1, err)
		}
	}
	if p.step != nil {
		return nil, fmt.Errorf("%s: directives without a statement at the end", path)
	}
	return s, nil
}

type parser struct {
	script  *Script
	at      int // the current line, from 0
	session string
	step    *Step // with the directives read so far
}

var directive = regexp.MustCompile(`^-- ([a-z-]+)(?:: *(.*))?$`)

const rule = "----"

func (p *parser) next() error {
	line := p.script.lines[p.at]
	if line == "" || strings.HasPrefix(line, "#") {
		p.at++
		return nil
	}
	if m := directive.FindStringSubmatch(line); m != nil {
		p.at++
		if m[1] == "case" {
			p.begin(m[2])
			return nil
		}
		return p.directive(m[1], m[2])
	}
	return p.statement()
}

func (p *parser) begin(name string) {
	p.session = "a"
	p.script.Cases = append(p.script.Cases, &Case{Name: name, Line: p.at})
}

func (p *parser) current() (*Case, error) {
	if len(p.script.Cases) == 0 {
		return nil, fmt.Errorf("no case yet")
	}
	return p.script.Cases[len(p.script.Cases)-1], nil
}

func (p *parser) directive(name, value string) error {
	c, err := p.current()
	if err != nil {
		return err
	}
	reason, inCase := map[string]*string{
		"simple-only":    &c.SimpleOnly,
		"extended-only":  &c.ExtendedOnly,
		"eventgres-only": &c.EventgresOnly,
	}[name]
	switch {
	case inCase && value == "":
		return fmt.Errorf("%s wants a reason", name)
	case inCase:
		*reason = value
		return nil
	case name == "mask":
		c.Mask = strings.Fields(value)
		return nil
	case name == "session":
		p.session = value
		return nil
	}
	if p.step == nil {
		p.step = &Step{}
	}
	return p.step.directive(name, value)
}

func (s *Step) directive(name, value string) (err error) {
	switch name {
	case "params":
		s.Params, err = parseParams(value)
	case "max-rows":
		var n uint64
		n, err = strconv.ParseUint(value, 10, 31)
		s.MaxRows = uint32(n)
	case "detail":
		s.Detail = true
	case "message-differs":
		s.MessageDiffers, err = value, needReason(value)
	case "expect-difference":
		s.Difference, err = value, needReason(value)
	default:
		err = fmt.Errorf("no directive %q", name)
	}
	return err
}

func needReason(value string) error {
	if value == "" {
		return fmt.Errorf("a difference wants a reason")
	}
	return nil
}

var typedParam = regexp.MustCompile(`^([a-z_0-9]+(?:\[\])?):(.*)$`)

// parseParams reads "VALUE | type:VALUE | NULL". A value that itself looks like
// "word:…" is written in Go's quotes.
func parseParams(text string) ([]Param, error) {
	var params []Param
	for value := range strings.SplitSeq(text, " | ") {
		var p Param
		if m := typedParam.FindStringSubmatch(value); m != nil {
			oid, ok := oidOf(m[1])
			if !ok {
				return nil, fmt.Errorf("no type %q", m[1])
			}
			p.OID, value = oid, m[2]
		}
		p.Null, p.Text = value == "NULL", value
		if strings.HasPrefix(value, `"`) {
			quoted, err := strconv.Unquote(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", value, err)
			}
			p.Text = quoted
		}
		params = append(params, p)
	}
	return params, nil
}

// statement reads a step from its SQL to the end of its answer.
func (p *parser) statement() error {
	c, err := p.current()
	if err != nil {
		return err
	}
	s := p.step
	if s == nil {
		s = &Step{}
	}
	p.step = nil
	s.Line, s.Session = p.at+1, p.session
	sql, err := p.until(func(line string) bool { return strings.HasPrefix(line, rule) })
	if err != nil {
		return err
	}
	s.SQL = strings.Join(sql, "\n")
	if err := p.stdin(s); err != nil {
		return err
	}
	if err := p.answer(s); err != nil {
		return err
	}
	c.Steps = append(c.Steps, s)
	return nil
}

// until collects lines before the one that ends them.
func (p *parser) until(end func(string) bool) ([]string, error) {
	from := p.at
	for ; p.at < len(p.script.lines); p.at++ {
		if end(p.script.lines[p.at]) {
			return p.script.lines[from:p.at], nil
		}
	}
	return nil, fmt.Errorf("no %s after line %d", rule, from+1)
}

func (p *parser) stdin(s *Step) (err error) {
	head := p.script.lines[p.at]
	if head == rule {
		return nil
	}
	form, ok := strings.CutPrefix(head, rule+" stdin")
	form = strings.TrimSpace(form)
	if !ok || !slices.Contains([]string{"", "crlf", "binary", "fail"}, form) {
		return fmt.Errorf("%q instead of %s", head, rule)
	}
	p.at++
	s.Stdin = &Stdin{Form: form}
	s.Stdin.Lines, err = p.until(func(line string) bool { return line == rule })
	return err
}

func (p *parser) answer(s *Step) error {
	block := func() []string {
		p.at++ // the rule
		from := p.at
		for p.at < len(p.script.lines) && p.script.lines[p.at] != "" && !strings.HasPrefix(p.script.lines[p.at], rule) {
			p.at++
		}
		return p.script.lines[from:p.at]
	}
	s.wantFrom = p.at + 1
	s.Want = block()
	s.wantTo = p.at
	other := p.at < len(p.script.lines) && p.script.lines[p.at] == rule+" eventgres"
	if other != (s.Difference != "") {
		return fmt.Errorf("expect-difference and %q belong together", rule+" eventgres")
	}
	if other {
		s.WantEventgres = block()
	}
	return nil
}

// Rewrite writes the script back with PostgreSQL's answers in got; a step that
// is not in it keeps its own.
func (s *Script) Rewrite(got map[*Step][]string) error {
	var lines []string
	at := 0
	for _, c := range s.Cases {
		for _, step := range c.Steps {
			lines = append(lines, s.lines[at:step.wantFrom]...)
			at = step.wantTo
			if answer, ok := got[step]; ok {
				lines = append(lines, answer...)
			} else {
				lines = append(lines, step.Want...)
			}
		}
	}
	lines = append(lines, s.lines[at:]...)
	return os.WriteFile(s.Name, []byte(strings.Join(lines, "\n")), 0o644)
}

// writes says whether the case could have changed the store.
func (c *Case) writes() bool {
	for _, s := range c.Steps {
		sql := strings.ToUpper(s.SQL)
		if strings.Contains(sql, "INSERT") || strings.Contains(sql, "COPY") {
			return true
		}
	}
	return false
}

// modes are the ways to run the case.
func (c *Case) modes() []Mode {
	simple := c.ExtendedOnly == ""
	for _, s := range c.Steps {
		if s.Params != nil || s.MaxRows > 0 {
			simple = false
		}
	}
	switch {
	case c.SimpleOnly != "":
		return []Mode{Simple}
	case simple:
		return []Mode{Simple, ExtendedText, ExtendedBinary}
	default:
		return []Mode{ExtendedText, ExtendedBinary}
	}
}

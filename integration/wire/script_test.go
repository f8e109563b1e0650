package wire

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// A script is one file of testdata.
type script struct {
	path          string
	lines         []string // as read, for rewriting
	conversations []*conversation
}

type conversation struct {
	title  string
	line   int
	only   string // the one target to run against; "" is all
	reason string
	covers []string
	server []string // arguments of a server of its own
	steps  []*step
}

// A step is a verb and the messages under it.
type step struct {
	line int // of the verb, from 1
	verb string
	args []string
	body []bodyLine
	end  int // the line after the body
}

// A bodyLine is one message, of one target only where they differ.
type bodyLine struct {
	line    int
	target  string
	kind    string
	payload string
}

var targets = []string{"eventgres", "postgres"}

var verbs = []string{
	"connect", "dial", "use", "close", "send", "until", "receive", "byte", "cancel", "stop",
}

func readScript(path string) (*script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &script{path: path, lines: strings.Split(string(text), "\n")}
	p := &parser{script: s, defaults: &conversation{}}
	for p.at < len(s.lines) {
		if err := p.next(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, p.at+1, err)
		}
	}
	return s, p.check()
}

// A parser goes through a script's lines; at is the index of the next one.
type parser struct {
	script   *script
	at       int
	defaults *conversation // what stands above the first title
}

func (p *parser) current() *conversation {
	if n := len(p.script.conversations); n > 0 {
		return p.script.conversations[n-1]
	}
	return p.defaults
}

func (p *parser) next() error {
	text := p.script.lines[p.at]
	if text == "" || text[0] == '#' {
		p.at++
		return nil
	}
	if title, ok := strings.CutPrefix(text, "=== "); ok {
		return p.begin(title)
	}
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case word == "covers":
		p.current().covers = append(p.current().covers, strings.Fields(rest)...)
	case word == "only":
		return p.only(rest)
	case word == "server":
		p.current().server = strings.Fields(rest)
	case slices.Contains(verbs, word):
		return p.step(word, rest)
	default:
		return fmt.Errorf("unknown directive or verb %q", word)
	}
	p.at++
	return nil
}

func (p *parser) begin(title string) error {
	for _, c := range p.script.conversations {
		if c.title == title {
			return fmt.Errorf("title %q is used twice", title)
		}
	}
	c := &conversation{
		title: title, line: p.at + 1, only: p.defaults.only, reason: p.defaults.reason,
		covers: slices.Clone(p.defaults.covers), server: p.defaults.server,
	}
	p.script.conversations = append(p.script.conversations, c)
	p.at++
	return nil
}

func (p *parser) only(rest string) error {
	target, reason, _ := strings.Cut(rest, ": ")
	if !slices.Contains(targets, target) || reason == "" {
		return fmt.Errorf("write `only TARGET: REASON`")
	}
	c := p.current()
	c.only, c.reason = target, reason
	p.at++
	return nil
}

func (p *parser) step(verb, rest string) error {
	if len(p.script.conversations) == 0 {
		return fmt.Errorf("a step before the first title")
	}
	args, err := splitArgs(rest)
	if err != nil {
		return err
	}
	s := &step{line: p.at + 1, verb: verb, args: args}
	c := p.current()
	c.steps = append(c.steps, s)
	p.at++
	return p.body(s)
}

func (p *parser) body(s *step) error {
	explained := false
	for ; p.at < len(p.script.lines) && p.script.lines[p.at] != ""; p.at++ {
		text := p.script.lines[p.at]
		if text[0] == '#' {
			continue
		}
		if reason, ok := strings.CutPrefix(text, "difference "); ok {
			explained = reason != ""
			continue
		}
		l := bodyLine{line: p.at + 1}
		for _, target := range targets {
			if rest, ok := strings.CutPrefix(text, target+": "); ok {
				l.target, text = target, rest
			}
		}
		if l.target != "" && !explained {
			return fmt.Errorf("a line of one target needs a `difference` line above it")
		}
		l.kind, l.payload, _ = strings.Cut(text, " ")
		s.body = append(s.body, l)
	}
	s.end = p.at
	return nil
}

// check finds what would otherwise prove nothing.
func (p *parser) check() error {
	for _, c := range p.script.conversations {
		for _, s := range c.steps {
			if err := s.check(); err != nil {
				return fmt.Errorf("%s:%d: %w", p.script.path, s.line, err)
			}
		}
	}
	return nil
}

func (s *step) check() error {
	reads := s.verb == "until" || s.verb == "receive"
	if len(s.body) > 0 && !reads && s.verb != "send" {
		return fmt.Errorf("%s has no body", s.verb)
	}
	for _, l := range s.body {
		if !reads || (l.kind != "ErrorResponse" && l.kind != "NoticeResponse") {
			continue
		}
		if !strings.Contains(l.payload, `"Severity":`) || !strings.Contains(l.payload, `"Code":`) {
			return fmt.Errorf("%s must name Severity and Code", l.kind)
		}
	}
	return nil
}

// of is the body as one target has it.
func (s *step) of(target string) []bodyLine {
	var lines []bodyLine
	for _, l := range s.body {
		if l.target == "" || l.target == target {
			lines = append(lines, l)
		}
	}
	return lines
}

// splitArgs splits at spaces, but not inside "…".
func splitArgs(text string) ([]string, error) {
	var args []string
	var arg strings.Builder
	quoted, begun := false, false
	for _, r := range text {
		switch {
		case r == '"':
			quoted, begun = !quoted, true
		case r == ' ' && !quoted:
			if begun {
				args = append(args, arg.String())
			}
			arg.Reset()
			begun = false
		default:
			arg.WriteRune(r)
			begun = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote is not closed")
	}
	if begun {
		args = append(args, arg.String())
	}
	return args, nil
}

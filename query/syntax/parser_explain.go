package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// explainStatement takes EXPLAIN, with options in parentheses or in words.
func (p *parser) explainStatement() Statement {
	p.advance()
	s := &ExplainStmt{Format: "text"}
	if p.op("(") {
		p.explainOptions(s)
		p.expectOp(")")
	} else {
		if p.word("analyze") || p.word("analyse") {
			s.Analyze = true
		}
		s.Verbose = p.word("verbose")
	}
	s.Body = p.body()
	return s
}

func (p *parser) explainOptions(s *ExplainStmt) {
	var wal, timing bool
	for {
		at := p.tok.Pos
		option := p.label()
		if option == "analyse" {
			option = "analyze"
		}
		if option == "format" {
			p.explainFormat(s, at)
		} else {
			on := p.explainSwitch(option)
			switch option {
			case "analyze":
				s.Analyze = on
			case "verbose":
				s.Verbose = on
			case "costs":
				s.NoCosts = !on
			case "timing":
				s.NoTiming, timing = !on, true
			case "summary":
				s.Summary = &on
			case "wal":
				wal = on
			case "buffers", "settings":
				// No step of a plan here has buffers of PostgreSQL's, and no setting changes
				// a plan: as where there were none, nothing is printed.
			default:
				p.fail(pgerror.Errorf(pgerror.SyntaxError, "unrecognized EXPLAIN option \"%s\"", option).At(CharPosition(p.Src, at)))
			}
		}
		if !p.op(",") {
			break
		}
	}
	switch {
	case wal && !s.Analyze:
		p.fail(pgerror.Errorf(pgerror.InvalidParameterValue, "EXPLAIN option WAL requires ANALYZE"))
	case timing && !s.NoTiming && !s.Analyze:
		p.fail(pgerror.Errorf(pgerror.InvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE"))
	}
}

// explainSwitch takes the value of an option that is on or off.
func (p *parser) explainSwitch(option string) bool {
	if p.isOp(",") || p.isOp(")") {
		return true
	}
	value := strings.ToLower(p.tok.Text)
	p.advance()
	switch value {
	case "true", "on", "1":
		return true
	case "false", "off", "0":
		return false
	}
	p.fail(pgerror.Errorf(pgerror.SyntaxError, "%s requires a Boolean value", option))
	return false
}

func (p *parser) explainFormat(s *ExplainStmt, at int) {
	if p.isOp(",") || p.isOp(")") {
		p.fail(pgerror.Errorf(pgerror.SyntaxError, "format requires a parameter"))
	}
	value := p.tok.Text
	p.advance()
	switch s.Format = strings.ToLower(value); s.Format {
	case "text", "json", "yaml", "xml":
	default:
		p.fail(pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized value for EXPLAIN option \"format\": \"%s\"", value).At(CharPosition(p.Src, at)))
	}
}

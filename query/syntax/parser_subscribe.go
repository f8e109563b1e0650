package syntax

import (
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// OptionText is the value of an option, as it is written.
type OptionText struct {
	Text string
	Pos  int
}

// Duration reads it as an interval, whose months have 30 days; 22007 or 22008 if it is none.
func (o *OptionText) Duration() (time.Duration, error) {
	iv, err := pgfn.ParseInterval(o.Text)
	if err != nil {
		return 0, err
	}
	const day = 24 * time.Hour
	d := iv.Duration()
	if d < -365*day || d >= 366*day {
		return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "\"%s\" is too long a time", o.Text)
	}
	return d, nil
}

func (p *parser) subscribeStatement() *SubscribeStmt {
	p.expectWord("subscribe")
	p.word("to")
	s := &SubscribeStmt{Pos: p.tok.Pos}
	if !p.isWord("select") {
		p.unexpected()
	}
	s.Query = p.selectStatement()
	if p.word("with") {
		s.Progress = p.option("progress")
	}
	return s
}

// option takes the one option that a statement has, in parentheses.
func (p *parser) option(name string) *OptionText {
	p.expectOp("(")
	if pos := p.tok.Pos; !p.word(name) {
		p.fail(pgerror.Errorf(pgerror.SyntaxError, "unrecognized option \"%s\"", p.label()).At(CharPosition(p.Src, pos)))
	}
	p.op("=")
	o := &OptionText{Text: p.tok.Text, Pos: p.tok.Pos}
	switch p.tok.Kind {
	case TokString:
	case TokInteger, TokDecimal: // of seconds, as an interval without a unit
	default:
		p.unexpected()
	}
	p.advance()
	p.expectOp(")")
	return o
}

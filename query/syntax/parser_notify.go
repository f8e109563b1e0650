package syntax

import "strings"

// clippedChannel is more of a channel's name than is ever taken, in bytes of the text: what is longer is too long.
const clippedChannel = 2048

// notifyStatement takes LISTEN, UNLISTEN and NOTIFY.
func (p *parser) notifyStatement() Statement {
	s := &NotifyStmt{Verb: strings.ToUpper(p.tok.Text)}
	p.advance()
	if s.Verb == "UNLISTEN" && p.op("*") {
		return s
	}
	s.Channel = p.channel()
	if s.Verb == "NOTIFY" && p.op(",") {
		if p.tok.Kind != TokString {
			p.unexpected()
		}
		s.Payload = p.tok.Text
		p.advance()
	}
	return s
}

// channel takes the name of a channel. It is an identifier, but not cut to 63 bytes as others are: a stream's name has to have room in it.
func (p *parser) channel() string {
	t := p.tok
	p.ident()
	text := p.Src[t.Pos:min(t.End, t.Pos+clippedChannel)]
	if t.Kind == tokQuoted {
		return strings.ReplaceAll(strings.TrimSuffix(text[1:], `"`), `""`, `"`)
	}
	return foldASCII(text)
}

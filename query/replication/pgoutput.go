package replication

import (
	"context"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/schema"
)

// pgoutput writes what PostgreSQL's own subscribers read.
type pgoutput struct {
	w            *Sender
	publications []string
	binary       bool

	published *published // as of the append that is looked at
	described *published // as the client was told the relation
	value     pgvalue.Value
	row       relation.Row
	converted []byte
}

// The versions of its protocol. What those above 1 add to it, transactions in pieces or in two phases, never comes.
const (
	leastProtocol    = 1
	greatestProtocol = 4
)

func newPgoutput(w *Sender, options []Option) (*pgoutput, error) {
	p := &pgoutput{w: w}
	version, given := 0, map[string]bool{}
	for _, o := range options {
		if given[o.Name] {
			return nil, pgerror.Errorf(pgerror.SyntaxError, "conflicting or redundant options")
		}
		given[o.Name] = true
		var err error
		switch o.Name {
		case "proto_version":
			if version, err = numberOption(o); err != nil {
				return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid proto_version")
			}
		case "publication_names":
			p.publications, err = readNames(o.Value)
		case "binary":
			p.binary, err = boolOption(o)
		case "messages", "two_phase":
			_, err = boolOption(o)
		case "streaming": // also 'parallel'
		case "origin":
			if v := strings.ToLower(o.Value); v != "none" && v != "any" {
				err = pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized origin value: \"%s\"", o.Value)
			}
		default:
			err = pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized pgoutput option: %s", o.Name)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case !given["proto_version"]:
		return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "proto_version option missing")
	case version > greatestProtocol:
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "client sent proto_version=%d but we only support protocol %d or lower", version, greatestProtocol)
	case version < leastProtocol:
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "client sent proto_version=%d but we only support protocol %d or higher", version, leastProtocol)
	case len(p.publications) == 0:
		return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "publication_names parameter missing")
	}
	return p, nil
}

// readNames reads a list of names, which may be quoted.
func readNames(text string) (names []string, err error) {
	s := scanner{src: text}
	for s.next(); s.kind != end; s.next() {
		switch s.kind {
		case word:
			names = append(names, strings.ToLower(s.text))
		case quoted:
			names = append(names, s.text)
		default:
			return nil, pgerror.Errorf(pgerror.InvalidName, "invalid publication_names syntax")
		}
		if len(names) > maxPublications {
			return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "there may be %d publications at most", maxPublications)
		}
		if s.next(); s.kind == end {
			break
		}
		if s.kind != other || s.text != "," {
			return nil, pgerror.Errorf(pgerror.InvalidName, "invalid publication_names syntax")
		}
	}
	return names, nil
}

func (p *pgoutput) look(d *schema.Schema) (err error) {
	if p.published != nil && p.published.of == d {
		return nil
	}
	p.published, err = publish(p.w.Host, d, p.publications)
	return err
}

func (p *pgoutput) wants(e *expr.Env, event *engine.RecordedEvent) (bool, error) {
	return p.published.wants(e, event)
}

func (p *pgoutput) begin(ctx context.Context, t *transaction) error {
	at := LSNOf(t.first)
	return p.w.send(ctx, at, at, 0, func(dst []byte) ([]byte, error) {
		dst = append(dst, 'B')
		dst = pgvalue.Be.AppendUint64(dst, uint64(t.commitLSN()))
		dst = pgvalue.Be.AppendUint64(dst, uint64(postgresTime(t.at)))
		return pgvalue.Be.AppendUint32(dst, Xid(t.first)), nil
	})
}

func (p *pgoutput) commit(ctx context.Context, t *transaction) error {
	return p.w.send(ctx, t.endLSN(), t.endLSN(), 0, func(dst []byte) ([]byte, error) {
		dst = append(dst, 'C', 0)
		dst = pgvalue.Be.AppendUint64(dst, uint64(t.commitLSN()))
		dst = pgvalue.Be.AppendUint64(dst, uint64(t.endLSN()))
		return pgvalue.Be.AppendUint64(dst, uint64(postgresTime(t.at))), nil
	})
}

// describe tells the client what the relation is, before the first row of it and when that has changed.
func (p *pgoutput) describe(ctx context.Context, at LSN) error {
	p.described = p.published
	return p.w.send(ctx, at, at, 0, func(dst []byte) ([]byte, error) {
		dst = append(dst, 'R')
		dst = pgvalue.Be.AppendUint32(dst, relation.Events.OID)
		dst = append(append(append(dst, "public\x00"...), relation.Events.Name...), 0)
		dst = append(dst, 'd') // the replica identity is the primary key
		dst = pgvalue.Be.AppendUint16(dst, uint16(len(p.published.columns)))
		for _, i := range p.published.columns {
			c := &relation.Events.Columns[i]
			key := byte(0)
			if i == relation.EventPosition {
				key = 1
			}
			dst = append(append(append(dst, key), c.Name...), 0)
			dst = pgvalue.Be.AppendUint32(dst, c.OID)
			dst = pgvalue.Be.AppendUint32(dst, 0xffffffff) // no modifier
		}
		return dst, nil
	})
}

func (p *pgoutput) event(ctx context.Context, _ *transaction, e *engine.RecordedEvent) error {
	at := LSNOf(e.Position)
	if p.described == nil || p.described != p.published && !p.described.sameColumns(p.published) {
		if err := p.describe(ctx, at); err != nil {
			return err
		}
	}
	p.row.Event = e
	return p.w.send(ctx, at, at, eventSize(e), func(dst []byte) ([]byte, error) {
		dst = append(dst, 'I')
		dst = pgvalue.Be.AppendUint32(dst, relation.Events.OID)
		dst = append(dst, 'N')
		dst = pgvalue.Be.AppendUint16(dst, uint16(len(p.published.columns)))
		for _, i := range p.published.columns {
			p.row.Column(i, &p.value)
			oid := relation.Events.Columns[i].OID
			switch {
			case p.value.Kind == pgvalue.Null:
				dst = append(dst, 'n')
			case p.binary && !p.w.both.Encoded():
				dst = pgvalue.AppendSized(append(dst, 'b'), oid, &p.value)
			default:
				var err error
				if dst, err = p.text(ctx, append(dst, 't'), oid); err != nil {
					return dst, err
				}
			}
		}
		return dst, nil
	})
}

// text appends the value as text, with its length.
func (p *pgoutput) text(ctx context.Context, dst []byte, oid uint32) ([]byte, error) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if !p.w.both.Encoded() {
		dst = pgvalue.AppendText(dst, oid, &p.value, p.w.Host.Zone())
	} else {
		var err error
		p.converted = pgvalue.AppendText(p.converted[:0], oid, &p.value, p.w.Host.Zone())
		if dst, err = p.w.both.Text(ctx, dst, p.converted); err != nil {
			return dst, err
		}
	}
	pgvalue.Be.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst, nil
}

// eventSize is about how long an event is in a message.
func eventSize(e *engine.RecordedEvent) int {
	n := 256 + len(e.Stream) + len(e.Type) + len(e.Payload) + len(e.Metadata)
	for _, tag := range e.Tags {
		n += 2*len(tag) + 4
	}
	return n
}

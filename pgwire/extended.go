package pgwire

import (
	"context"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/jackc/pgx/v5/pgproto3"
)

func (c *Conn) parse() error {
	m := c.received()
	name := m.string()
	text := m.stringBytes()
	oids := []uint32{}
	for n := m.int16(); n > 0 && !m.bad; n-- {
		oids = append(oids, uint32(m.int32()))
	}
	if err := m.end(); err != nil {
		return err
	}
	return c.run(func(ctx context.Context) error {
		whole, err := c.statementText(ctx, text)
		if err != nil {
			return err
		}
		if name == "" {
			c.forget("")
		}
		st, bytes, err := c.prepare(ctx, whole, oids)
		if err != nil {
			return err
		}
		if err := c.addStatement(name, &statement{Statement: st, text: whole}, bytes+4*int64(len(oids))); err != nil {
			return err
		}
		c.out = append(c.out, '1', 0, 0, 0, 4)
		return nil
	})
}

// prepare makes a statement, and tells what it takes.
func (c *Conn) prepare(ctx context.Context, text string, oids []uint32) (Statement, int64, error) {
	queries, err := c.session.Parse(ctx, text)
	if err != nil {
		return nil, 0, err
	}
	switch len(queries) {
	case 0:
		return emptyStatement{}, int64(len(text)), nil
	case 1:
		st, err := c.session.Prepare(ctx, queries[0], oids)
		if err != nil {
			return nil, 0, err
		}
		return st, queries[0].Size(), nil
	}
	return nil, 0, pgerror.Errorf(pgerror.SyntaxError, "cannot insert multiple commands into a prepared statement")
}

func (c *Conn) execute() error {
	m := c.received()
	name := m.name()
	maxRows := int64(m.int32())
	if err := m.end(); err != nil {
		return err
	}
	p := c.portal(string(name))
	if p == nil {
		return missingPortal(string(name))
	}
	if p.finished {
		return c.executeFinished(p, string(name))
	}
	return c.run(func(ctx context.Context) error {
		out := c.newOutput(p.Columns(), p.formats)
		tag, done, err := p.Execute(ctx, out, max(maxRows, 0), c.syncFollows)
		if err != nil {
			return err
		}
		if !done {
			c.out = append(c.out, 's', 0, 0, 0, 4)
			return nil
		}
		p.finished, p.tag = true, tag
		c.complete(tag)
		return nil
	})
}

// executeFinished: a result that was read to its end has no more rows; a command is
// not run twice.
func (c *Conn) executeFinished(p *portal, name string) error {
	if p.Columns() == nil && p.tag.Command != "" {
		return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", name)
	}
	tag := p.tag
	if tag.Rows > 0 {
		tag.Rows = 0
	}
	c.complete(tag)
	return nil
}

// syncFollows tells whether the client's next message is Sync. A client that waits for
// a reply must send Sync or Flush, so waiting for its next message keeps nobody
// waiting; what is in the buffer is nearly always enough.
func (c *Conn) syncFollows() (bool, error) {
	if c.r.Buffered() == 0 {
		// A client may have sent Flush earlier and be waiting for earlier replies.
		if err := c.flush(); err != nil {
			return false, err
		}
		c.armIdle() // a client may take its time between the messages of a pipeline
	}
	b, err := c.r.Peek(1)
	if err != nil {
		return false, c.readError(err)
	}
	return b[0] == 'S', nil
}

func (c *Conn) complete(tag Tag) {
	if tag.Command == "" {
		c.send(&pgproto3.EmptyQueryResponse{})
		return
	}
	start := len(c.out)
	c.out = append(c.out, 'C', 0, 0, 0, 0)
	c.out = append(c.out, tag.Command...)
	if tag.Rows >= 0 {
		c.out = append(c.out, ' ')
		c.out = pgvalue.AppendPadded(c.out, int(tag.Rows), 1)
	}
	c.out = append(c.out, 0)
	pgvalue.Be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
}

func (c *Conn) close() error {
	m := c.received()
	kind := m.take(1)
	name := m.string()
	if err := m.end(); err != nil {
		return err
	}
	switch kind[0] {
	case 'S':
		c.forget(name)
	case 'P':
		c.dropPortal(name)
	default:
		return pgerror.Errorf(pgerror.ProtocolViolation, "invalid CLOSE message subtype %d", kind[0])
	}
	c.out = append(c.out, '3', 0, 0, 0, 4)
	return nil
}

func (c *Conn) sync() error {
	m := c.received()
	if err := m.end(); err != nil {
		return err
	}
	if err := c.run(c.session.Sync); err != nil {
		return err
	}
	c.endPortals()
	return c.ready()
}

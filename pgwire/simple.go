package pgwire

import (
	"context"

	"github.com/jackc/pgx/v5/pgproto3"
)

func (c *Conn) query() error {
	m := c.received()
	text := m.stringBytes()
	if err := m.end(); err != nil {
		return err
	}
	// A simple query ends what an extended one left without Sync.
	if err := c.run(func(ctx context.Context) error {
		whole, err := c.statementText(ctx, text)
		if err != nil {
			return err
		}
		return c.runQuery(ctx, whole)
	}); err != nil {
		return err
	}
	c.endPortals()
	return c.ready()
}

func (c *Conn) runQuery(ctx context.Context, text string) error {
	c.dropPortal("")
	c.forget("")
	queries, err := c.session.Parse(ctx, text)
	if err != nil {
		return err
	}
	if len(queries) == 0 {
		c.send(&pgproto3.EmptyQueryResponse{})
		return c.session.Sync(ctx)
	}
	for i, q := range queries {
		if err := c.Pace(ctx); err != nil {
			return err
		}
		if i > 0 {
			c.restartTimeout() // each statement has its own time, and one before may have set it
		}
		if err := c.runSimple(ctx, q, i == len(queries)-1); err != nil {
			return err
		}
		if len(c.out) >= flushBytes {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return c.session.Sync(ctx)
}

func (c *Conn) runSimple(ctx context.Context, q Query, last bool) error {
	st, err := c.session.Prepare(ctx, q, nil)
	if err != nil {
		return err
	}
	p, err := c.session.Bind(ctx, st, nil)
	if err != nil {
		return err
	}
	defer p.Close()
	if columns := p.Columns(); columns != nil {
		if err := c.rowDescription(columns, nil); err != nil {
			return err
		}
	}
	tag, _, err := p.Execute(ctx, c.newOutput(p.Columns(), nil), 0, func() (bool, error) { return last, nil })
	if err != nil {
		return err
	}
	c.complete(tag)
	return nil
}

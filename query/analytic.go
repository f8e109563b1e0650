package query

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
)

// analyticPlan is a prepared SELECT that the analytics worker answers.
type analyticPlan struct {
	sql    string // the statement's own text
	pos    int    // where it begins in what the client sent, for positions in errors
	src    string
	prep   analytics.Preparation
	params []uint32
	out    []pgwire.Column
	native *selectPlan
	// described: params and out are known, and stay as they are.
	described bool
}

func (p *analyticPlan) ParameterOIDs() []uint32  { return p.params }
func (p *analyticPlan) Columns() []pgwire.Column { return p.out }

// prepareAnalytic has the worker analyse src[pos:end].
func (s *Session) prepareAnalytic(src string, pos, end int, oids, want []uint32) (*analyticPlan, error) {
	if s.worker() == nil {
		return nil, errNoWorker
	}
	// The semicolon is part of what is wrong where something is missing before it.
	if rest := strings.TrimLeft(src[end:], " \t\r\n"); strings.HasPrefix(rest, ";") {
		end = len(src) - len(rest) + 1
	}
	p := &analyticPlan{sql: src[pos:end], pos: pos, src: src, prep: analytics.Preparation{Zone: s.conn.Zone.Name, Parameters: oids, Want: want}}
	if err := checkHostile(src, pos, end); err != nil {
		return nil, err
	}
	return p, s.retryLost(func() error {
		d, err := s.describeAnalytic(s.ctx, p)
		if err == nil {
			p.params, p.out, p.described = d.Parameters, d.Columns, true
		}
		return err
	})
}

// worker is the analytics worker, nil if there is none.
func (s *Session) worker() *analytics.Supervisor {
	if s == nil || s.server == nil {
		return nil // a statement is compiled for a test
	}
	return s.server.worker
}

var errNoWorker = errors.New("no analytics worker")

// analyticConn is the session's connection to the worker, and what is prepared on it.
type analyticConn struct {
	*analytics.Conn
	prepared map[*analyticPlan]analyticStatement
	order    []*analyticPlan // the oldest first
}

// analyticStatement is a plan that is prepared on a connection.
type analyticStatement struct {
	*analytics.Description
	defined *definitions // the transaction's own, with which it was analysed
}

// forget closes a plan's statement.
func (c *analyticConn) forget(p *analyticPlan) {
	d, ok := c.prepared[p]
	if !ok {
		return
	}
	c.CloseStatement(d.Name)
	delete(c.prepared, p)
	c.order = slices.DeleteFunc(c.order, func(other *analyticPlan) bool { return other == p })
}

// maxAnalytic bounds the statements that are prepared on one connection to the worker; the
// oldest make room, and are prepared again when they are needed.
const maxAnalytic = 200

// workerConn returns the session's connection to the worker, a new one if it has none that
// works, and makes sure that the worker knows the schema.
func (s *Session) workerConn(ctx context.Context) (*analyticConn, error) {
	if s.analytic == nil || s.analytic.Broken() {
		c, err := s.worker().Dial(ctx)
		if err != nil {
			return nil, err
		}
		c.SchemaVersion = -1
		s.analytic = &analyticConn{Conn: c, prepared: map[*analyticPlan]analyticStatement{}}
	}
	if schema := s.server.schema.Load(); s.analytic.SchemaVersion != schema.Version {
		if err := s.analytic.Define(ctx, &schema.Schema); err != nil {
			return nil, err
		}
	}
	return s.analytic, nil
}

// describeAnalytic prepares a plan on the session's connection, where it is not yet, or not
// with the views that the transaction has now.
func (s *Session) describeAnalytic(ctx context.Context, p *analyticPlan) (*analytics.Description, error) {
	c, err := s.workerConn(ctx)
	if err != nil {
		return nil, err
	}
	if d, ok := c.prepared[p]; ok {
		if d.defined == s.tx.defined {
			return d.Description, nil
		}
		c.forget(p)
	}
	prep := p.prep
	if s.tx.defined != nil {
		prep.Views = s.tx.defined.list()
	}
	d, err := c.Prepare(ctx, prep, p.sql)
	if err != nil {
		return nil, p.placed(err)
	}
	if p.described && !slices.EqualFunc(d.Columns, p.out, sameColumn) {
		c.CloseStatement(d.Name)
		return nil, pgwire.Errorf("0A000", "cached plan must not change result type")
	}
	if len(c.order) >= maxAnalytic {
		c.forget(c.order[0])
	}
	c.prepared[p] = analyticStatement{Description: d, defined: s.tx.defined}
	c.order = append(c.order, p)
	return d, nil
}

func sameColumn(a, b pgwire.Column) bool { return a.Name == b.Name && a.OID == b.OID && a.Mod == b.Mod }

// placed moves an error's position from the statement to the text it came in.
func (p *analyticPlan) placed(err error) error {
	var e *pgwire.Error
	if !errors.As(err, &e) || e.Position == 0 {
		return err
	}
	out := *e
	out.Position += utf8.RuneCountInString(p.src[:p.pos])
	return &out
}

func (p *analyticPlan) bind(s *Session, params []pgwire.Value) (pgwire.Portal, error) {
	if p.native != nil && len(s.tx.staged) > 0 {
		return p.native.bind(s, params)
	}
	kept, _ := keepValues(nil, nil, params)
	return &analyticPortal{plan: p, s: s, params: kept}, nil
}

// analyticPortal runs an analyticPlan.
type analyticPortal struct {
	plan   *analyticPlan
	s      *Session
	params []pgwire.Value
	conn   *analyticConn
	name   string // of the worker's portal; empty before it is opened
	before int64
	opened bool
	done   bool

	// For those who take a row at a time: rows that came, and the current one.
	rows  [][]byte
	row   []pgwire.Value
	batch int // how many are asked for next
}

func (p *analyticPortal) Columns() []pgwire.Column { return p.plan.out }

func (p *analyticPortal) Close() {
	if p.name != "" && p.conn != nil {
		p.conn.ClosePortal(p.name)
		p.name = ""
	}
}

var errStagedAnalytic = pgwire.Errorf("0A000", "an analytical SELECT cannot see appends that are not committed").
	WithHint("Commit first, or read the streams themselves.")

// start opens the worker's portal.
func (p *analyticPortal) start(ctx context.Context, formats []int16) error {
	return p.described(ctx, func(d *analytics.Description, run analytics.Run) (err error) {
		p.name, err = p.conn.Open(ctx, d, run, p.params, formats, p.s.conn.Zone)
		if err != nil {
			p.name = ""
		}
		return err
	})
}

// described runs f with the statement as it is prepared on the session's connection.
func (p *analyticPortal) described(ctx context.Context, f func(*analytics.Description, analytics.Run) error) error {
	s := p.s
	if len(s.tx.staged) > 0 {
		return errStagedAnalytic
	}
	if !p.opened {
		p.before, p.opened = s.before(), true
	}
	return s.retryLost(func() error {
		d, err := s.describeAnalytic(ctx, p.plan)
		if err != nil {
			return err
		}
		p.conn = s.analytic
		return f(d, s.run(p.before, d.SessionAware))
	})
}

// retryLost does once more what failed because the worker went while the session had
// nothing running on it.
func (s *Session) retryLost(f func() error) error {
	had := s.analytic
	err := f()
	if err != nil && had != nil && had == s.analytic && had.Unsent() && s.ctx.Err() == nil {
		return f()
	}
	return err
}

// run describes the session to the worker.
func (s *Session) run(before int64, aware bool) analytics.Run {
	run := analytics.Run{
		Before: before, Now: s.transactionTime(), Statement: s.statementTime, Zone: s.conn.Zone.Name, User: s.user,
		Database: s.database, PID: s.conn.PID(), Version: versionText,
	}
	if !aware {
		return run
	}
	settings := maps.Clone(s.settings.startup)
	if settings == nil {
		settings = map[string]string{}
	}
	for name := range knownSettings {
		if v, err := s.show(name); err == nil {
			settings[name] = v
		}
	}
	maps.Copy(settings, s.settings.values)
	run.Settings, run.Activity = settings, s.server.activities()
	return run
}

// Execute passes the worker's rows on as they come.
func (p *analyticPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "SELECT"}
	if p.done {
		return tag, true, nil
	}
	watched, stop := p.s.conn.WhilePeer(ctx)
	defer stop()
	splice := func(body []byte) error { return out.Splice(ctx, body) }
	if p.name == "" && limit == 0 {
		err := p.described(watched, func(d *analytics.Description, run analytics.Run) (err error) {
			tag.Rows, err = p.conn.Run(watched, d, run, p.params, out.Formats(), p.s.conn.Zone, splice)
			return err
		})
		p.done = true
		return tag, true, p.plan.placed(err)
	}
	if p.name == "" {
		if err := p.start(ctx, out.Formats()); err != nil {
			return tag, false, err
		}
	}
	n, done, err := p.conn.Fetch(watched, p.name, uint32(min(limit, 1<<31-1)), splice)
	tag.Rows, p.done = n, done
	if err != nil || done {
		p.Close()
	}
	return tag, done, p.plan.placed(err)
}

// How many rows are asked for at a time where they are taken one by one: as many as make
// about fetchBytes, by the size of those before them.
const (
	fetchRows  = 64
	fetchBytes = 1 << 20
)

// open prepares the rows as of now, or of an earlier opening.
func (p *analyticPortal) open(ctx context.Context) error {
	p.Close()
	p.rows, p.done, p.batch = nil, false, 0
	return p.start(ctx, nil)
}

func (p *analyticPortal) current() []pgwire.Value { return p.row }

// next moves to the next row.
func (p *analyticPortal) next(ctx context.Context) (bool, error) {
	if len(p.rows) == 0 && !p.done {
		watched, stop := p.s.conn.WhilePeer(ctx)
		defer stop()
		bytes := 0
		_, done, err := p.conn.Fetch(watched, p.name, uint32(max(p.batch, 1)), func(body []byte) error {
			bytes += len(body)
			p.rows = append(p.rows, append([]byte(nil), body...))
			return nil
		})
		if err != nil {
			return false, p.plan.placed(err)
		}
		p.done = done
		if p.batch = min(8*max(p.batch, 1), fetchRows); bytes > fetchBytes {
			p.batch = 1
		}
	}
	if len(p.rows) == 0 {
		p.Close()
		return false, nil
	}
	var err error
	p.row, err = readRow(p.rows[0], p.plan.out, p.s.conn.Zone)
	p.rows = p.rows[1:]
	return err == nil, err
}

// readRow reads a row's message, in text formats.
func readRow(body []byte, columns []pgwire.Column, zone *pgwire.Zone) ([]pgwire.Value, error) {
	fields, err := pgwire.ReadRow(body)
	if err != nil {
		return nil, err
	}
	out := make([]pgwire.Value, len(columns))
	for i, f := range fields {
		if f == nil {
			continue
		}
		if oid := columns[i].OID; oid == pgwire.OIDJSON || oid == pgwire.OIDJSONB {
			out[i] = pgwire.BytesValue(f)
			continue
		}
		if out[i], err = pgwire.ParseText(columns[i].OID, string(f), zone); err != nil {
			out[i], err = pgwire.TextValue(string(f)), nil // a type that has no other form here
		}
	}
	return out, nil
}

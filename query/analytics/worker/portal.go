//go:build cgo

package worker

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// portal is a statement that runs.
type portal struct {
	w   *Worker
	sql string // as the client wrote it
	*analysis
	closed     bool // the schema's copies are no longer held
	run        analytics.Run
	parameters []pgvalue.Value
	staged     []engine.RecordedEvent // of the session, when it was bound
	shown      []int64                // numbers of what it sees of them, and of rows that not everybody sees
	barriers   barriers
	open       *openPortals // of its session
	held       int64        // as open counts it
	conn       *duck.Conn
	rows       *duck.Rows
	encoder    encoder
	vectors    []duck.Vector
	spoilt     bool // it failed in a way that is not foreseen
	n, at      int  // rows of the chunk, and the next of them
	done       bool
}

func (p *portal) Columns() []pgvalue.Column { return p.columns }

// Close ends what runs.
func (p *portal) Close() {
	if p.rows != nil {
		p.rows.Close()
		p.rows = nil
	}
	if p.conn != nil {
		p.w.end(p.conn, p.spoilt)
		p.conn = nil
		p.open.close(p.held)
		p.held = 0
	}
	p.w.forget(p.shown)
	p.shown = nil
	if !p.closed {
		p.closed = true
		p.w.release(p.schema)
	}
}

// end ends a connection's transaction and gives it back, or closes it where it failed in a way that nobody
// foresaw: nothing is known of what state it is in.
func (w *Worker) end(c *duck.Conn, spoilt bool) {
	if rollBack(c) && !spoilt {
		w.giveBack(c)
		return
	}
	c.Close()
}

const (
	rollBackTries = 100
	rollBackEvery = 20 * time.Millisecond
)

// rollBack ends a transaction, which only ever read. Where memory is short even that can fail; to
// disconnect then would end the process, so it waits until others have let go of some.
func rollBack(c *duck.Conn) bool {
	for range rollBackTries {
		err := c.Exec("ROLLBACK")
		if err == nil || strings.Contains(err.Error(), "no transaction is active") {
			return true
		}
		time.Sleep(rollBackEvery)
	}
	return false
}

// interruptEvery is how often a cancelled statement is interrupted until it ends: one that
// has not quite begun does not notice the first time.
const interruptEvery = 50 * time.Millisecond

// Execute runs the statement, or goes on with it.
func (p *portal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "SELECT"}
	if p.done {
		return tag, true, nil
	}
	if p.rows == nil {
		if err := p.w.projection.reach(ctx, p.run.Before); err != nil {
			return tag, false, engineError(err)
		}
		if err := p.open.open(); err != nil {
			return tag, false, err
		}
		conn, err := p.w.conn()
		if err != nil {
			p.open.close(0)
			return tag, false, duckError(err)
		}
		p.conn = conn
	}
	var n int64
	var done bool
	err := interruptible(ctx, p.interrupt, func() error {
		return duck.Guard(func() (err error) {
			n, done, err = p.send(ctx, out, limit)
			return err
		})
	})
	tag.Rows = n
	if err == nil && !done {
		err = p.wait()
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		err = duckError(err)
		p.spoilt = !foreseen(err)
		p.Close()
		p.done = true
		return tag, false, err
	}
	if done {
		p.done = true
		p.Close()
	}
	return tag, done, nil
}

// wait counts what waits in the portal until its next rows are asked for.
func (p *portal) wait() error {
	return duck.Guard(func() error {
		now := int64(0)
		if p.at < p.n {
			for i := range p.vectors {
				now += chunksHeld * p.vectors[i].Held(p.n)
			}
		}
		before := p.held
		p.held = now
		return p.open.hold(before, now)
	})
}

// interrupt interrupts what runs for the statement.
func (p *portal) interrupt() {
	p.conn.Interrupt()
	p.barriers.interrupt()
}

// interruptible runs f, and interrupts the connection when ctx ends. When it returns nothing
// will interrupt the connection any more: it may go to another session.
func interruptible(ctx context.Context, interrupt func(), f func() error) error {
	stop := make(chan struct{})
	var interrupter sync.WaitGroup
	interrupter.Add(1)
	unused := context.AfterFunc(ctx, func() {
		defer interrupter.Done()
		for {
			interrupt()
			select {
			case <-stop:
				return
			case <-time.After(interruptEvery):
			}
		}
	})
	err := f()
	close(stop)
	if unused() {
		interrupter.Done()
	}
	interrupter.Wait()
	return err
}

func (p *portal) send(ctx context.Context, out *pgwire.Output, limit int64) (n int64, done bool, err error) {
	if p.rows == nil {
		for i, c := range p.columns {
			if c.OID == pgvalue.OIDRecord && out.Binary(i) && p.st.Columns[i].Fields == nil {
				return 0, false, pgerror.Errorf(pgerror.FeatureNotSupported, "binary output of type record is not supported").WithHint("Ask for it in text format.")
			}
		}
		if err := p.begin(); err != nil {
			return 0, false, err
		}
	}
	columns := p.columns
	for {
		if p.at == p.n {
			if err := ctx.Err(); err != nil {
				return n, false, err
			}
			if p.vectors, p.n, err = p.rows.Next(); err != nil {
				return n, false, err
			}
			p.at = 0
			if p.n == 0 {
				return n, true, nil
			}
		}
		if limit > 0 && n == limit {
			return n, false, nil
		}
		row := p.at
		p.at++
		n++
		err := out.RawRow(ctx, func(dst []byte) ([]byte, error) {
			p.encoder.begin(len(dst))
			for i := range columns {
				if columns[i].OID == pgvalue.OIDRecord && out.Binary(i) {
					dst = p.encoder.record(dst, p.st.Columns[i].Fields, p.vectors, i, row)
					continue
				}
				dst = p.encoder.field(dst, columns[i].OID, &p.vectors[i], row, out.Binary(i))
			}
			return dst, p.encoder.err()
		})
		if err != nil {
			return n, false, err
		}
	}
}

// begin starts the statement in a transaction, which sees the projection as it is then.
func (p *portal) begin() error {
	for _, t := range p.tables {
		if err := p.schema.copies.load(p.schema, t); err != nil {
			return err
		}
	}
	if err := p.conn.Exec("BEGIN TRANSACTION READ ONLY"); err != nil {
		return err // where memory is short the transaction has begun all the same
	}
	visible, err := visiblePosition(p.conn)
	if err != nil {
		return err
	}
	zone, err := zones.get(p.run.Zone)
	if err != nil {
		return err
	}
	intervals := zone.Style.Interval
	if p.run.Plain {
		zone = zone.Plain()
	}
	p.encoder = encoder{intervals: intervals, schema: p.schema.in(p.run.Path), zone: zone, user: p.run.User}
	names := p.names()
	if err := p.bindRows(names, visible); err != nil {
		return err
	}
	sql, err := p.st.SQL(&translate.Bindings{Parameters: p.parameters, Names: names})
	if err != nil {
		return err
	}
	if err := p.check(p.conn, sql); err != nil {
		return err
	}
	p.rows, err = p.conn.Query(sql)
	if err != nil && traceSQL {
		p.w.logger.Info("statement failed", "sql", p.sql, "duckdb", sql, "error", err)
	}
	return err
}

// check looks at what a connection is about to run for the statement. What it may not is for the log, unless it was only interrupted.
func (p *portal) check(c *duck.Conn, sql string) error {
	if p.w.approved.has(sql) {
		return nil
	}
	err := checkStatement(c, sql)
	if err == nil {
		p.w.approved.add(sql)
	} else if !errors.Is(duckError(err), context.Canceled) {
		p.w.logger.Error("a translation is not what it should be", "sql", p.sql, "error", err)
	}
	return err
}

// names are what the statement's places of the session stand for.
func (p *portal) names() map[string]string {
	text := func(s string) string {
		v := pgvalue.TextValue(s)
		return translate.Literal(pgvalue.OIDText, &v)
	}
	at := func(micros int64) string {
		v := pgvalue.TimeValue(micros)
		return translate.Literal(pgvalue.OIDTimestamptz, &v)
	}
	object := func(of map[string]string, none string) string {
		if len(of) == 0 {
			return none
		}
		b, _ := json.Marshal(of) // texts alone
		return text(string(b))
	}
	names := map[string]string{
		"zone": text(p.run.Zone), "now": at(p.run.Now), "statement": at(p.run.Statement), "loaded": at(p.run.Loaded), "user": text(p.run.User), "session": text(p.run.SessionUser),
		"database": text(p.run.Database), "version": text(p.run.Version), "pid": strconv.Itoa(int(p.run.PID)),
		"path": text(string(p.run.Path)), "position": strconv.FormatInt(p.run.Before, 10),
		"next": strconv.FormatInt(p.run.Next, 10), "xact": strconv.FormatInt(p.run.Xact, 10), "assigned": "NULL", "secured": strconv.FormatBool(p.run.Secured),
		"queue": strconv.FormatFloat(p.run.Queue, 'g', -1, 64),
	}
	if p.run.Xact > 0 {
		names["assigned"] = names["xact"]
	}
	if len(p.run.Activity) > 0 {
		names["activity"] = activitySQL(p.run.Activity)
	}
	for name, write := range map[string]func() string{
		"settings": func() string { return object(p.run.Settings, "") }, "origins": func() string { return object(p.run.Origins, text("{}")) },
		"locks": func() string { return locksSQL(p.run.Locks, p.run.PID) }, "ssl": func() string { return sslSQL(p.run.Activity) },
		"statements": func() string { return namedStatementsSQL(p.run.Statements) }, "cursors": func() string { return cursorsSQL(p.run.Cursors) },
		"channels": func() string { return channelsSQL(p.run.Channels) },
		"counted":  func() string { return countedSQL(p.run.Counted) }, "counting": func() string { return countingSQL(p.run.Counted) },
		"slots": func() string { return slotsSQL(p.run.Slots) }, "senders": func() string { return sendersSQL(p.run.Slots, p.run.Activity, p.run.Nodes) },
		"rules": func() string { return rulesSQL(p.run.Door) }, "mappings": func() string { return mappingsSQL(p.run.Door) },
	} {
		if p.st.Uses(name) {
			names[name] = write()
		}
	}
	if c := p.run.Counters; c != nil {
		for name, n := range map[string]int64{"sessions": c.Sessions, "committed": c.Committed, "rolled_back": c.RolledBack, "appended": c.Inserted} {
			names[name] = strconv.FormatInt(n, 10)
		}
	}
	return names
}

func visiblePosition(c *duck.Conn) (int64, error) {
	rows, err := c.Read("SELECT position FROM main.progress")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	v, n, err := rows.Next()
	if err != nil || n != 1 {
		return 0, errors.Join(err, errors.New("the projection says nothing of its progress"))
	}
	return v[0].Int64(0), nil
}

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

	"github.com/eventgres/eventgres/pgwire"
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
	parameters []pgwire.Value
	conn       *duck.Conn
	rows       *duck.Rows
	encoder    encoder
	vectors    []duck.Vector
	n, at      int // rows of the chunk, and the next of them
	done       bool
}

func (p *portal) Columns() []pgwire.Column { return p.columns }

// Close ends what runs.
func (p *portal) Close() {
	if p.rows != nil {
		p.rows.Close()
		p.rows = nil
	}
	if p.conn != nil {
		if rollBack(p.conn) {
			p.w.giveBack(p.conn)
		} else {
			p.conn.Close()
		}
		p.conn = nil
	}
	if !p.closed {
		p.closed = true
		p.w.release(p.schema)
	}
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
		conn, err := p.w.conn()
		if err != nil {
			return tag, false, duckError(err)
		}
		p.conn = conn
	}
	var n int64
	var done bool
	err := interruptible(ctx, p.conn, func() (err error) {
		n, done, err = p.send(ctx, out, limit)
		return err
	})
	tag.Rows = n
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		p.Close()
		p.done = true
		return tag, false, duckError(err)
	}
	if done {
		p.done = true
		p.Close()
	}
	return tag, done, nil
}

// interruptible runs f, and interrupts the connection when ctx ends. When it returns nothing
// will interrupt the connection any more: it may go to another session.
func interruptible(ctx context.Context, conn *duck.Conn, f func() error) error {
	stop := make(chan struct{})
	var interrupter sync.WaitGroup
	interrupter.Add(1)
	unused := context.AfterFunc(ctx, func() {
		defer interrupter.Done()
		for {
			conn.Interrupt()
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
			if c.OID == oidRecord && out.Binary(i) && p.st.Columns[i].Fields == nil {
				return 0, false, pgwire.Errorf("0A000", "binary output of type record is not supported").WithHint("Ask for it in text format.")
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
				if columns[i].OID == oidRecord && out.Binary(i) {
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
	text := func(s string) string {
		v := pgwire.TextValue(s)
		return translate.Literal(pgwire.OIDText, &v)
	}
	at := func(micros int64) string {
		v := pgwire.TimeValue(micros)
		return translate.Literal(pgwire.OIDTimestamptz, &v)
	}
	zone, err := zones.get(p.run.Zone)
	if err != nil {
		return err
	}
	p.encoder = encoder{schema: p.schema, zone: zone, user: p.run.User}
	var settings string
	if len(p.run.Settings) > 0 {
		b, err := json.Marshal(p.run.Settings)
		if err != nil {
			return err
		}
		settings = text(string(b))
	}
	names := map[string]string{
		"zone": text(p.run.Zone), "now": at(p.run.Now), "statement": at(p.run.Statement), "user": text(p.run.User),
		"database": text(p.run.Database), "version": text(p.run.Version), "pid": strconv.Itoa(int(p.run.PID)),
		"settings": settings, "position": strconv.FormatInt(p.run.Before, 10),
	}
	if len(p.run.Activity) > 0 {
		names["activity"] = activitySQL(p.run.Activity)
	}
	names["events"] = eventsSQL(p.run.Before, visible)
	sql := p.st.SQL(&translate.Bindings{Parameters: p.parameters, Names: names})
	p.rows, err = p.conn.Query(sql)
	if err != nil && traceSQL {
		p.w.logger.Info("statement failed", "sql", p.sql, "duckdb", sql, "error", err)
	}
	return err
}

const oidRecord = 2249

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

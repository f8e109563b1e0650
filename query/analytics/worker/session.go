//go:build cgo

package worker

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// session is a connection of the front's.
type session struct{ w *Worker }

// Connect begins a session.
func (w *Worker) Connect(_ context.Context, c *pgwire.Conn) (pgwire.Session, error) {
	c.SetParameter("client_encoding", "UTF8")
	return &session{w: w}, nil
}

// Parse takes a text as it is: it is one statement, with what precedes it.
func (s *session) Parse(text string) ([]pgwire.Query, error) { return []pgwire.Query{text}, nil }

func (s *session) Sync(context.Context) error { return nil }
func (s *session) Fail()                      {}
func (s *session) Close()                     {}

// Status says that a transaction is open, always: portals live until they are closed.
func (s *session) Status() byte { return 'T' }

// statement is a translated statement.
type statement struct {
	w       *Worker
	prep    analytics.Preparation
	sql     string
	schema  *schema
	tables  []*catalog.Table // of the system, that it reads
	st      *translate.Statement
	columns []pgwire.Column
	params  []uint32
}

func (s *statement) ParameterOIDs() []uint32  { return s.params }
func (s *statement) Columns() []pgwire.Column { return s.columns }

// defined is the command that tells the worker the schema.
type defined struct{}

func (defined) ParameterOIDs() []uint32  { return nil }
func (defined) Columns() []pgwire.Column { return nil }
func (defined) Close()                   {}
func (defined) Execute(context.Context, *pgwire.Output, int64, pgwire.Lookahead) (pgwire.Tag, bool, error) {
	return pgwire.Tag{Command: "SCHEMA", Rows: -1}, true, nil
}

// Prepare translates a statement.
func (s *session) Prepare(_ context.Context, q pgwire.Query, _ []uint32) (pgwire.Statement, error) {
	text := q.(string)
	if schema, ok, err := analytics.ReadSchemaCommand(text); ok {
		if err != nil {
			return nil, pgwire.Errorf("08P01", "bad schema: %s", err)
		}
		s.w.define(schema)
		return defined{}, nil
	}
	prep, sql, err := analytics.SplitPreparation(text)
	if err != nil {
		return nil, pgwire.Errorf("08P01", "bad preparation: %s", err)
	}
	st := &statement{w: s.w, prep: prep, sql: sql}
	if err := st.translate(); err != nil {
		return nil, err
	}
	return st, nil
}

func (s *statement) translate() error {
	base := s.w.schema.Load()
	if s.prep.Views != nil {
		own := newSchema(&analytics.Schema{Version: transient.Add(-1), Views: s.prep.Views})
		base = own
	}
	scoped := *base
	s.tables = nil
	scoped.used = func(t *catalog.Table) { s.tables = append(s.tables, t) }
	zone := pgwire.UTC
	if z, err := zones.get(s.prep.Zone); err == nil && s.prep.Zone != "" {
		zone = z
	}
	st, err := translate.Translate(s.sql, translate.Options{Catalog: &scoped, Zone: zone, Parameters: s.prep.Parameters, Want: s.prep.Want})
	if err != nil {
		return err
	}
	s.schema, s.st = &scoped, st
	s.params = append([]uint32{pgwire.OIDText}, st.Parameters...)
	s.columns = make([]pgwire.Column, len(st.Columns))
	for i, c := range st.Columns {
		s.columns[i] = c.Column
		s.columns[i].Mod = c.Mod + 1
	}
	return nil
}

// transient numbers the schemas of transactions, below all versions.
var transient atomic.Int64

func init() { transient.Store(-1) }

// Bind makes a portal; the first parameter is what the run depends on.
func (s *session) Bind(_ context.Context, st pgwire.Statement, parameters []pgwire.Value) (pgwire.Portal, error) {
	if d, ok := st.(defined); ok {
		return d, nil
	}
	stmt := st.(*statement)
	p := &portal{st: stmt}
	if err := json.Unmarshal([]byte(parameters[0].Text), &p.run); err != nil {
		return nil, pgwire.Errorf("08P01", "bad run: %s", err)
	}
	if stmt.prep.Views == nil && stmt.schema.version != s.w.schema.Load().version {
		// A view may have changed since.
		before := stmt.columns
		if err := stmt.translate(); err != nil {
			return nil, err
		}
		if !sameColumns(before, stmt.columns) {
			return nil, pgwire.Errorf("0A000", "cached plan must not change result type")
		}
	}
	for i := range parameters[1:] {
		v := parameters[1+i]
		if oid := stmt.st.Parameters[i]; isReg(oid) && v.Kind == pgwire.KindText {
			n, err := stmt.schema.RegIn(oid, v.Text)
			if err != nil {
				return nil, err
			}
			v = pgwire.IntValue(int64(n))
		}
		v.Bytes = append([]byte(nil), v.Bytes...)
		p.parameters = append(p.parameters, v)
	}
	return p, nil
}

func sameColumns(a, b []pgwire.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].OID != b[i].OID || a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}

// portal is a statement that runs.
type portal struct {
	st         *statement
	run        analytics.Run
	parameters []pgwire.Value
	conn       *duck.Conn
	rows       *duck.Rows
	encoder    encoder
	vectors    []duck.Vector
	n, at      int // rows of the chunk, and the next of them
	done       bool
}

func (p *portal) Columns() []pgwire.Column { return p.st.columns }

// Close ends what runs.
func (p *portal) Close() {
	if p.rows != nil {
		p.rows.Close()
		p.rows = nil
	}
	if p.conn != nil {
		if err := p.conn.Exec("ROLLBACK"); err == nil { // only ever read
			p.st.w.giveBack(p.conn)
		} else {
			p.conn.Close()
		}
		p.conn = nil
	}
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
		if err := p.st.w.projection.reach(ctx, p.run.Before); err != nil {
			return tag, false, engineError(err)
		}
		conn, err := p.st.w.conn()
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
		for i, c := range p.st.columns {
			if c.OID == oidRecord && out.Binary(i) && p.st.st.Columns[i].Fields == nil {
				return 0, false, pgwire.Errorf("0A000", "binary output of type record is not supported").WithHint("Ask for it in text format.")
			}
		}
		if err := p.begin(); err != nil {
			return 0, false, err
		}
	}
	columns := p.st.columns
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
		err := out.RawRow(ctx, func(dst []byte) []byte {
			for i := range columns {
				if columns[i].OID == oidRecord && out.Binary(i) {
					dst = p.encoder.record(dst, p.st.st.Columns[i].Fields, p.vectors, i, row)
					continue
				}
				dst = p.encoder.field(dst, columns[i].OID, &p.vectors[i], row, out.Binary(i))
			}
			return dst
		})
		if err != nil {
			return n, false, err
		}
	}
}

// begin starts the statement in a transaction, which sees the projection as it is then.
func (p *portal) begin() error {
	for _, t := range p.st.tables {
		if err := p.st.w.load(p.st.schema, t); err != nil {
			return err
		}
	}
	if err := p.conn.Exec("BEGIN TRANSACTION READ ONLY"); err != nil {
		p.conn.Close() // nothing to roll back
		p.conn = nil
		return err
	}
	visible, err := visiblePosition(p.conn)
	if err != nil {
		return err
	}
	settings, err := json.Marshal(p.run.Settings)
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
	p.encoder = encoder{schema: p.st.schema, zone: zone}
	sql := p.st.st.SQL(&translate.Bindings{Parameters: p.parameters, Names: map[string]string{
		"zone": text(p.run.Zone), "now": at(p.run.Now), "statement": at(p.run.Statement), "user": text(p.run.User),
		"database": text(p.run.Database), "version": text(p.run.Version), "pid": strconv.Itoa(int(p.run.PID)),
		"settings": text(string(settings)), "position": strconv.FormatInt(p.run.Before, 10),
		"events": eventsSQL(p.run.Before, visible),
	}})
	p.rows, err = p.conn.Query(sql)
	if err != nil && traceSQL {
		p.st.w.logger.Info("statement failed", "sql", p.st.sql, "duckdb", sql, "error", err)
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

// engineError gives an error of reading the log its SQLSTATE.
func engineError(err error) error {
	var corrupt *engine.CorruptionError
	switch {
	case errors.As(err, &corrupt):
		return pgwire.Errorf("XX001", "%s", corrupt.Error()).WithHint("Run eventgres verify on the data directory.")
	case errors.Is(err, context.Canceled):
		return err
	}
	return duckError(err)
}

// duckError turns DuckDB's error into PostgreSQL's.
func duckError(err error) error {
	var e *duck.Error
	if !errors.As(err, &e) {
		return err
	}
	if code, rest, ok := cutMark(e.Message); ok {
		parts := strings.SplitN(rest, errorField, 3)
		out := pgwire.Errorf(code, "%s", strings.TrimSpace(parts[0]))
		if len(parts) == 3 {
			out.Detail, out.Hint = parts[1], strings.TrimSpace(parts[2])
		}
		return out
	}
	first, _, _ := strings.Cut(e.Message, "\n")
	if e.Kind == "FATAL" || strings.Contains(e.Message, "database has been invalidated") {
		// The engine refuses everything from here on. The projection is derived: a new
		// process is the way back.
		slog.Error("the analytics engine failed; the worker ends", "error", e.Message)
		os.Exit(3)
	}
	switch e.Kind {
	case "Out of Memory":
		return pgwire.Errorf("53200", "out of memory").WithDetail("%s", first).
			WithHint("The statement needs more memory or disk than the analytics worker may use.")
	case "INTERRUPT", "Interrupt":
		return context.Canceled
	case "Out of Range", "Conversion":
		return pgwire.Errorf("22003", "%s", outOfRange(e.Message))
	case "Invalid Input":
		if strings.Contains(e.Message, "Lists larger than") {
			return pgwire.Errorf("54000", "a set or array is too large").WithDetail("%s", first)
		}
		if strings.Contains(e.Message, "More than one row returned by a subquery") {
			return pgwire.Errorf("21000", "more than one row returned by a subquery used as an expression")
		}
	case "Binder", "Catalog", "Parser", "Not implemented", "Syntax":
		return pgwire.Errorf("0A000", "the analytics worker cannot run this statement").WithDetail("%s Error: %s", e.Kind, first)
	case "IO":
		return pgwire.Errorf("58030", "%s", first)
	}
	return pgwire.Errorf("58000", "the analytics worker failed").WithDetail("%s Error: %s", e.Kind, first)
}

// cutMark finds an error of ours in a message of DuckDB's.
func cutMark(message string) (code, rest string, ok bool) {
	i := strings.Index(message, errorMark)
	if i < 0 || len(message) < i+9 || message[i+8] != ':' {
		return "", "", false
	}
	return message[i+3 : i+8], message[i+9:], true
}

// outOfRange words an overflow as PostgreSQL does.
func outOfRange(message string) string {
	for _, t := range [...]struct{ duck, postgres string }{
		{"INT16", "smallint"}, {"INT32", "integer"}, {"INT64", "bigint"}, {"TIMESTAMP", "timestamp"}, {"DATE", "date"}, {"INTERVAL", "interval"},
	} {
		if strings.Contains(message, "destination type "+t.duck) || strings.Contains(message, "of "+t.duck) || strings.Contains(message, "in "+t.duck) {
			return t.postgres + " out of range"
		}
	}
	if strings.Contains(message, "Overflow on abs") {
		switch {
		case strings.Contains(message, "(-32768)"):
			return "smallint out of range"
		case strings.Contains(message, "(-2147483648)"):
			return "integer out of range"
		}
		return "bigint out of range"
	}
	if strings.Contains(message, "HUGEINT") || strings.Contains(message, "INT128") || strings.Contains(message, "DECIMAL") {
		return "numeric value out of range of the analytics worker"
	}
	first, _, _ := strings.Cut(message, "\n")
	return "value out of range: " + first
}

//go:build cgo

package worker

import (
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/translate"
	"github.com/eventgres/eventgres/query/relation"
)

// Who may not see all events gets those that he may from a query of its own, behind a function that the engine's optimizer does not look
// into. It moves conditions as it likes, and one that fails, or takes its time, tells of the rows that it is tried on: so those of the
// client's statement are never in the query that looks at all rows, and what is hidden never comes where they are.

// barrier is what somebody sees of events, or of streams.
type barrier struct {
	p     *portal
	names []string
	types []*duck.Type
	sql   func(visible int64) (string, error) // the rows, of which the projection has so many
}

// barriers are the connections that barriers of a statement read on.
type barriers struct {
	mu    sync.Mutex
	conns map[*duck.Conn]bool
	ended bool
}

func (b *barriers) add(c *duck.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conns == nil {
		b.conns = map[*duck.Conn]bool{}
	}
	if b.conns[c] = true; b.ended {
		c.Interrupt()
	}
}

func (b *barriers) remove(c *duck.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, c)
}

// interrupt ends what is read, and what will be.
func (b *barriers) interrupt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	for c := range b.conns {
		c.Interrupt()
	}
}

// barrierFunction is the table function that yields them.
const barrierFunction = "evg_seen"

func (w *Worker) registerBarrier(c *duck.Conn) error {
	allow(barrierFunction)
	return c.RegisterStream(&duck.Stream{Name: barrierFunction, Mark: marked, Open: func(number int64) (duck.Source, error) {
		w.staging.Lock()
		defer w.staging.Unlock()
		if b := w.barred[number]; b != nil {
			return b, nil
		}
		return nil, fmt.Errorf("nothing is seen as %d", number)
	}})
}

// Columns implements [duck.Source].
func (b *barrier) Columns() ([]string, []*duck.Type) { return b.names, b.types }

// Query implements [duck.Source].
func (b *barrier) Query(columns []int) (*duck.Rows, func(), error) {
	w := b.p.w
	conn, err := w.conn()
	if err != nil {
		return nil, nil, err
	}
	b.p.barriers.add(conn)
	end := func(spoilt bool) {
		b.p.barriers.remove(conn)
		w.end(conn, spoilt)
	}
	rows, err := b.begin(conn, columns)
	if err != nil {
		end(!foreseen(duckError(err)))
		return nil, nil, err
	}
	return rows, func() {
		rows.Close()
		end(false)
	}, nil
}

// begin begins to read on a connection. What its snapshot has more than the statement's lies behind the position that bounds both.
func (b *barrier) begin(conn *duck.Conn, columns []int) (*duck.Rows, error) {
	if err := conn.Exec("BEGIN TRANSACTION READ ONLY"); err != nil {
		return nil, err
	}
	visible, err := visiblePosition(conn)
	if err != nil {
		return nil, err
	}
	sql, err := b.sql(visible)
	if err != nil {
		return nil, err
	}
	list := make([]string, len(columns))
	for i, at := range columns {
		list[i] = b.names[at]
	}
	sql = "SELECT " + strings.Join(list, ", ") + " FROM (" + sql + ") AS t0"
	if err := b.p.check(conn, sql); err != nil {
		return nil, err
	}
	return conn.Query(sql)
}

// What streams are made of: as a query over all events, and where not all are seen.
const (
	streamsOf = "SELECT stream_id, arg_min(stream, position) AS stream, max(version) AS version, min(position) AS first_position, " +
		"max(position) AS last_position, min(recorded_at) AS created_at, max(recorded_at) AS updated_at FROM %s GROUP BY stream_id"
	// A stream's version is the true one.
	seenStreamsOf = "SELECT t2.stream_id, t2.stream, t1.version, t2.first_position, t2.last_position, t2.created_at, t2.updated_at FROM " +
		"(SELECT stream_id, max(version) AS version FROM %s GROUP BY stream_id) AS t1 JOIN (" + streamsOf + ") AS t2 ON t1.stream_id = t2.stream_id"
)

var (
	streamNames = []string{"stream_id", "stream", "version", "first_position", "last_position", "created_at", "updated_at"}
	streamTypes = []*duck.Type{duck.TUUID, duck.TVarchar, duck.TInt64, duck.TInt64, duck.TInt64, duck.TTimestamp, duck.TTimestamp}
)

// bindRows has the places of events and streams stand for what whoever reads them sees.
func (p *portal) bindRows(names map[string]string, visible int64) error {
	staged, inserted, err := p.showStaged()
	if err != nil {
		return err
	}
	names["inserted"] = inserted
	all := func(visible int64) string {
		sql := eventsSQL(p.run.Before, visible)
		if staged != "" {
			sql = "(SELECT * FROM " + sql + " UNION ALL SELECT * FROM " + staged + ")"
		}
		return sql
	}
	for _, r := range p.st.Reads {
		if !ownRows(r) {
			continue
		}
		filter, told := p.run.Rows[r.As]
		sql := all(visible)
		switch {
		case !told:
			return pgerror.Errorf(pgerror.ProtocolViolation, "nothing is said of the rows that role %d sees", r.As)
		case filter.All && r.Name == relation.Streams.Name:
			sql = "(" + fmt.Sprintf(streamsOf, sql) + ")"
		case filter.All:
		default:
			if sql, err = p.bar(r.Name, filter, all, names); err != nil {
				return err
			}
		}
		names[translate.RowsPlace(r.Name, r.As)] = sql
	}
	return nil
}

// bar makes a barrier, and returns what stands for it in FROM.
func (p *portal) bar(name string, filter analytics.RowFilter, all func(visible int64) string, names map[string]string) (string, error) {
	st, err := translate.Translate(filter.Where, translate.Options{Catalog: p.schema.in(""), Zone: pgvalue.UTC, Rows: true})
	if err != nil {
		return "", err
	}
	seen := func(visible int64) (string, error) {
		bound := maps.Clone(names)
		zone := pgvalue.TextValue(pgvalue.UTC.Key()) // whatever the session's is, the condition means the same
		bound["zone"], bound[relation.Events.Name] = translate.Literal(pgvalue.OIDText, &zone), all(visible)
		return st.SQL(&translate.Bindings{Names: bound})
	}
	b := &barrier{p: p, names: projectionNames, types: projectionTypes, sql: seen}
	if name == relation.Streams.Name {
		b.names, b.types = streamNames, streamTypes
		b.sql = func(visible int64) (string, error) {
			sql, err := seen(visible)
			return fmt.Sprintf(seenStreamsOf, all(visible), "("+sql+")"), err
		}
	}
	w := p.w
	w.staging.Lock()
	defer w.staging.Unlock()
	w.lastShown++
	w.barred[w.lastShown] = b
	p.shown = append(p.shown, w.lastShown)
	return fmt.Sprintf("%s(%d)", barrierFunction, w.lastShown), nil
}

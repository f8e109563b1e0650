package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// How a Message DB is read: in one snapshot, which is checked before anything is written.

// begin finds the table and takes the snapshot. A global position is given to a message before its transaction commits, so one may
// appear below others that were there; the snapshot waits for those who are writing, and has none missing therefore.
func (m *messageImport) begin(ctx context.Context, dsn string) error {
	row, err := oneRow(ctx, m.source, "SELECT coalesce(to_regclass('message_store.messages'), to_regclass('messages'))::text")
	switch {
	case err != nil:
		return fmt.Errorf("the Message DB: %w", err)
	case row == nil || row[0] == "":
		return errors.New("the Message DB: there is no table message_store.messages")
	}
	m.table = row[0]
	release, err := m.hold(ctx, dsn)
	if err != nil {
		return err
	}
	defer release()
	for _, sql := range []string{
		"SET statement_timeout = 0", "SET idle_in_transaction_session_timeout = 0", "SET TimeZone = 'UTC'", "SET client_encoding = 'UTF8'",
		"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT 1 FROM " + m.table + " LIMIT 1",
	} {
		if _, err := m.source.Exec(ctx, sql).ReadAll(); err != nil {
			return fmt.Errorf("the Message DB: %w", err)
		}
	}
	return nil
}

// hold keeps others from writing until it is released, and waits for those who do, though not for long: others wait behind it.
func (m *messageImport) hold(ctx context.Context, dsn string) (release func(), err error) {
	conn, err := connect(ctx, dsn, "eventgres import")
	if err != nil {
		return nil, fmt.Errorf("the Message DB: %w", err)
	}
	_, err = conn.Exec(ctx, "SET lock_timeout = '5s'; BEGIN; LOCK TABLE "+m.table+" IN SHARE MODE").ReadAll()
	var e *pgconn.PgError
	switch {
	case err == nil:
	case !errors.As(err, &e):
		hangUp(conn)
		return nil, fmt.Errorf("the Message DB: %w", err)
	case e.Code == pgerror.LockNotAvailable:
		hangUp(conn)
		return nil, errors.New("the Message DB: a transaction that writes messages has been open for 5 seconds; import again when it has ended")
	default: // no right to, or a standby
		fmt.Fprintf(m.log, "those who write to the Message DB are not waited for (%s): what they commit later, import again\n", e.Message)
	}
	return func() { hangUp(conn) }, nil
}

// check refuses what the server would not take, or not as it is.
func (m *messageImport) check(ctx context.Context) error {
	impossible := []struct{ what, condition string }{
		{"have a stream without a name", "stream_name = ''"},
		{"have the nil UUID as id", "id = '00000000-0000-0000-0000-000000000000'"},
		{"have a time that is infinite, or still to come", "NOT isfinite(time) OR time > now() AT TIME ZONE 'UTC' + interval '1 second'"},
		{
			fmt.Sprintf("have a stream's name of more than %d bytes, which eventgres serve --max-name allows", m.limits[0]),
			fmt.Sprintf("octet_length(stream_name) > %d", m.limits[0]),
		},
		{fmt.Sprintf("have a type of more than %d bytes, which eventgres serve --max-type allows", m.limits[1]), fmt.Sprintf("octet_length(type) > %d", m.limits[1])},
		{
			fmt.Sprintf("are larger than %d bytes, which eventgres serve --max-event allows", m.limits[2]),
			fmt.Sprintf("octet_length(coalesce(data::text, '')) + octet_length(coalesce(metadata::text, '')) + octet_length(stream_name) + octet_length(type) > %d", m.limits[2]-messageOverhead),
		},
	}
	columns := []string{"count(*)", "count(DISTINCT stream_name)", "coalesce(min(global_position), 0)", "coalesce(max(global_position), 0)", "coalesce(min(global_position), 1) > 0"}
	for _, i := range impossible {
		columns = append(columns, "count(*) FILTER (WHERE "+i.condition+")", "min(global_position) FILTER (WHERE "+i.condition+")")
	}
	row, err := oneRow(ctx, m.source, "SELECT "+strings.Join(columns, ", ")+" FROM "+m.table)
	if err != nil {
		return fmt.Errorf("the Message DB: %w", err)
	}
	c := &m.counts
	if _, err := fmt.Sscan(strings.Join(row[:4], " "), &c.messages, &c.streams, &c.first, &c.last); err != nil {
		return err
	}
	refused := row[4] != "t"
	if refused {
		fmt.Fprintf(m.log, "global positions begin at %d, below 1\n", c.first)
	}
	for i, what := range impossible {
		if n, at := row[5+2*i], row[6+2*i]; n != "0" {
			refused = true
			fmt.Fprintf(m.log, "%s of the messages %s, the first at global position %s\n", n, what.what, at)
		}
	}
	if err := m.checkStreams(ctx); err != nil {
		return err
	}
	if m.irregular > 0 && !m.renumber {
		return fmt.Errorf("nothing is written: positions of %s cannot be versions, which have no gaps; --renumber gives new ones, and keeps those of before in metadata", counted(m.irregular, "stream"))
	}
	if refused {
		return errors.New("nothing is written: there are messages that the server cannot take")
	}
	return nil
}

// messageOverhead bounds what an event takes beside its texts, what may come to its metadata among that.
const messageOverhead = 512

// maxListed bounds the streams that are listed: more than anybody reads.
const maxListed = 100

// checkStreams lists the streams whose positions are not 0, 1, 2 … in the order of global positions.
func (m *messageImport) checkStreams(ctx context.Context) error {
	rows := m.source.ExecParams(ctx, fmt.Sprintf(`SELECT stream_name::text, count(*)::text, min(position)::text, max(position)::text, bool_or(position <= before)::text
		FROM (SELECT stream_name, position, lag(position) OVER (PARTITION BY stream_name ORDER BY global_position) AS before FROM %s) q
		GROUP BY stream_name HAVING min(position) <> 0 OR max(position) <> count(*) - 1 OR bool_or(position <= before) ORDER BY stream_name`, m.table), nil, nil, nil, nil)
	for rows.NextRow() {
		v := rows.Values()
		if m.irregular++; m.irregular > maxListed {
			continue
		}
		var count, first, last int64
		if _, err := fmt.Sscan(string(v[1])+" "+string(v[2])+" "+string(v[3]), &count, &first, &last); err != nil {
			return err
		}
		var why []string
		if first != 0 {
			why = append(why, "does not begin at 0")
		}
		if last-first+1 > count {
			why = append(why, "has gaps")
		}
		if string(v[4]) == "true" {
			why = append(why, "is not in the order of global positions")
		}
		fmt.Fprintf(m.log, "stream %s: %s, positions %d to %d: %s\n", v[0], counted(count, "message"), first, last, strings.Join(why, ", "))
	}
	if _, err := rows.Close(); err != nil {
		return fmt.Errorf("the Message DB: %w", err)
	}
	if m.irregular > maxListed {
		fmt.Fprintf(m.log, "and %s more\n", counted(m.irregular-maxListed, "stream"))
	}
	return nil
}

// A message is a row of the source. Its slices share the connection's memory.
type message struct {
	global, position, version int64
	recordedAt                int64 // µs since the Unix epoch
	stream, typ               string
	data, metadata            []byte // nil: null
	id                        uuid.UUID
}

// fetched is how many messages are read at a time: a cursor can be left, and the snapshot stays.
const fetched = 5000

var errEnough = errors.New("enough")

// each calls f with each message after a global position, and the version that it gets. It ends when f returns an error.
func (m *messageImport) each(ctx context.Context, after int64, f func(*message) error) error {
	version, from := "m.position", m.table+" m"
	if m.irregular > 0 {
		version = "v.version"
		from += " JOIN (SELECT global_position, row_number() OVER (PARTITION BY stream_name ORDER BY global_position) - 1 AS version FROM " + m.table + ") v USING (global_position)"
	}
	sql := fmt.Sprintf(`DECLARE messages NO SCROLL CURSOR FOR SELECT global_position, m.position, %s, m.time::timestamp, m.stream_name::text, m.type::text,
		m.data::text, m.metadata::text, m.id FROM %s WHERE global_position > %d ORDER BY global_position`, version, from, after)
	if _, err := m.source.Exec(ctx, sql).ReadAll(); err != nil {
		return fmt.Errorf("the Message DB: %w", err)
	}
	var x message
	var failed error
	for count := fetched; count == fetched && failed == nil; {
		count = 0
		rows := m.source.ExecParams(ctx, fmt.Sprintf("FETCH %d FROM messages", fetched), nil, nil, nil, []int16{1})
		for rows.NextRow() {
			count++
			if failed == nil {
				failed = x.read(rows.Values())
			}
			if failed == nil {
				failed = f(&x)
			}
		}
		if _, err := rows.Close(); err != nil {
			return fmt.Errorf("the Message DB: %w", err)
		}
	}
	if _, err := m.source.Exec(ctx, "CLOSE messages").ReadAll(); err != nil && failed == nil {
		failed = fmt.Errorf("the Message DB: %w", err)
	}
	return failed
}

// postgresEpoch is that of PostgreSQL's times, 2000-01-01, in µs since the Unix epoch.
const postgresEpoch = 946_684_800_000_000

// read takes a row, in binary. A time there has no zone: Message DB writes UTC.
func (x *message) read(v [][]byte) error {
	if len(v) != 9 || len(v[0]) != 8 || len(v[1]) != 8 || len(v[2]) != 8 || len(v[3]) != 8 || len(v[8]) != 16 {
		return errors.New("the Message DB sent a row that is not a message's")
	}
	*x = message{
		global: int64(be.Uint64(v[0])), position: int64(be.Uint64(v[1])), version: int64(be.Uint64(v[2])), recordedAt: int64(be.Uint64(v[3])) + postgresEpoch,
		stream: string(v[4]), typ: string(v[5]), data: v[6], metadata: v[7], id: uuid.UUID(v[8]),
	}
	if x.version != x.position {
		x.metadata = engine.AddMember(x.metadata, "$position", strconv.FormatInt(x.position, 10))
	}
	return nil
}

// A messageReader makes batches of messages, until there are no more or nobody wants them.
type messageReader struct {
	*messageImport
	out   chan *batch // closed when it has ended
	quit  chan struct{}
	err   error // why it ended; read it then
	batch *batch
}

func (r *messageReader) run(ctx context.Context, after int64) {
	defer close(r.out)
	r.err = r.each(ctx, after, func(x *message) error {
		if b := r.batch; b != nil && (len(b.rows) >= copyRows || len(b.data)+len(x.data)+len(x.metadata) > batchBytes) && !r.flush() {
			return errEnough
		}
		if r.batch == nil {
			r.batch = &batch{messages: true}
		}
		r.batch.addMessage(x)
		return nil
	})
	if r.err == nil && r.batch != nil {
		r.flush()
	}
}

func (r *messageReader) flush() bool {
	select {
	case r.out <- r.batch:
		r.batch = nil
		return true
	case <-r.quit:
		return false
	}
}

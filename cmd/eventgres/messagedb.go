package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

// A messageImport copies the messages of a Message DB, in the order of their global positions, into a server.
//
// How far it is follows from what the server has: messages are appended in order, so those that are there are a beginning, and which
// is found by their ids. So one that was killed goes on where its last append ended, whichever that is.
type messageImport struct {
	source, target *pgconn.PgConn
	renumber       bool
	log            io.Writer
	*progress

	table     string // messages, with its schema
	limits    [3]int64
	counts    messageCounts
	irregular int64 // streams whose positions cannot be versions
	im        importer
}

// messageCounts are what the source has.
type messageCounts struct{ messages, streams, first, last int64 }

// importLock is the advisory lock that an import has on the server: "msgdb" in ASCII, and nobody else's.
const importLock = 0x6d73676462

func (c *importCommand) fromMessageDB(ctx context.Context) error {
	source, err := connect(ctx, c.FromMessageDB, "eventgres import")
	if err != nil {
		return fmt.Errorf("the Message DB: %w", err)
	}
	defer hangUp(source)
	target, err := connect(ctx, c.URL, "eventgres import")
	if err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	defer hangUp(target)
	m := &messageImport{source: source, target: target, renumber: c.Renumber, log: os.Stderr, progress: newProgress(os.Stderr)}
	m.im = importer{conn: target, progress: m.progress}
	if err := m.run(ctx, c.FromMessageDB); err != nil {
		if err = interrupted(ctx, err); m.im.imported > 0 {
			err = fmt.Errorf("%w; durable: %s, up to global position %d; to go on, import again", err, counted(m.im.imported, "message"), m.im.lastLine)
		}
		return err
	}
	verifying, err := connect(ctx, c.URL, "eventgres import")
	if err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	defer hangUp(verifying)
	fmt.Fprintln(m.log, "verifying")
	v := &messageVerifier{messageImport: m}
	if err := v.run(ctx, verifying); err != nil {
		return interrupted(ctx, err)
	}
	v.report(os.Stdout)
	if v.differences > 0 {
		return fmt.Errorf("%s between the Message DB and the server", counted(v.differences, "difference"))
	}
	return nil
}

func (m *messageImport) run(ctx context.Context, dsn string) error {
	if err := m.admit(ctx); err != nil {
		return err
	}
	if err := m.begin(ctx, dsn); err != nil {
		return err
	}
	if err := m.check(ctx); err != nil {
		return err
	}
	before := int64(-1)
	var failed error
	for {
		after, err := m.found(ctx)
		if err != nil {
			return err
		}
		if after <= before {
			return failed
		}
		if after == m.counts.last {
			return nil
		}
		rest, err := m.rest(ctx, after)
		if err != nil {
			return err
		}
		m.progress.restart(rest)
		fmt.Fprintf(m.log, "importing %s, global positions %d to %d\n", counted(rest, "message"), after+1, m.counts.last)
		// What an importer that was killed had sent may have been appended after it was asked for.
		if failed = m.copy(ctx, after); !hasClass(failed, "23", "40") {
			return failed
		}
		before = after
	}
}

// admit prepares the server: times may be given, and one import runs at a time.
func (m *messageImport) admit(ctx context.Context) error {
	for _, sql := range []string{"SET statement_timeout = 0", "SET lock_timeout = 0", "SET eventgres.import = on"} {
		if _, err := m.target.Exec(ctx, sql).ReadAll(); err != nil {
			return fmt.Errorf("the server: %s: %w", sql, err)
		}
	}
	row, err := oneRow(ctx, m.target, fmt.Sprintf("SELECT pg_try_advisory_lock(%d)", importLock))
	if err == nil && row[0] == "f" {
		fmt.Fprintln(m.log, "waiting for another import into this server to end")
		_, err = oneRow(ctx, m.target, fmt.Sprintf("SELECT pg_advisory_lock(%d)", importLock))
	}
	for i, name := range []string{"eventgres.max_name", "eventgres.max_type", "eventgres.max_event"} {
		if err == nil {
			row, err = oneRow(ctx, m.target, "SHOW "+name)
		}
		if err == nil {
			_, err = fmt.Sscan(row[0], &m.limits[i])
		}
	}
	if err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	return nil
}

// found is the global position up to which the server has the source's messages; 0 if it has none.
func (m *messageImport) found(ctx context.Context) (int64, error) {
	there, err := m.has(ctx, m.counts.last)
	if err != nil || there == m.counts.last {
		return there, err
	}
	// What is at low or below is there, what is at high or above is not.
	low, high := int64(0), m.counts.last
	for low+1 < high {
		middle := low + (high-low)/2
		next, err := m.has(ctx, middle)
		switch {
		case err != nil:
			return 0, err
		case next > 0 && next < high:
			low = next
		default:
			high = middle
		}
	}
	return low, nil
}

// rest is how many messages are to be appended. It fails where those before cannot all be in the server, which has ids of theirs.
func (m *messageImport) rest(ctx context.Context, after int64) (int64, error) {
	var before, first, newest int64
	row, err := oneRow(ctx, m.source, fmt.Sprintf("SELECT count(*), (SELECT id FROM %[1]s WHERE global_position = %[2]d), (SELECT id FROM %[1]s WHERE global_position = %[3]d) FROM %[1]s WHERE global_position <= %[3]d",
		m.table, m.counts.first, after))
	if err != nil {
		return 0, fmt.Errorf("the Message DB: %w", err)
	}
	if after == 0 {
		return m.counts.messages, nil
	}
	there, err := oneRow(ctx, m.target, fmt.Sprintf("SELECT (SELECT position FROM events WHERE event_id = '%s'), (SELECT position FROM events WHERE event_id = '%s')", row[1], row[2]))
	if err != nil {
		return 0, fmt.Errorf("the server: %w", err)
	}
	_, err = fmt.Sscan(row[0]+" "+strings.Join(there, " "), &before, &first, &newest)
	if err != nil || newest-first+1 < before {
		return 0, fmt.Errorf("the server has an event with the id of the message at global position %d, and not all messages before it", after)
	}
	return m.counts.messages - before, nil
}

// has returns the global position of the first message at one or above, if the server has it; else 0.
func (m *messageImport) has(ctx context.Context, at int64) (int64, error) {
	row, err := oneRow(ctx, m.source, fmt.Sprintf("SELECT global_position, id FROM %s WHERE global_position >= %d ORDER BY global_position LIMIT 1", m.table, at))
	if err != nil || row == nil {
		return 0, err
	}
	id, err := uuid.Parse(row[1])
	if err != nil {
		return 0, err
	}
	there, err := oneRow(ctx, m.target, "SELECT position FROM events WHERE event_id = '"+id.String()+"'")
	if err != nil || there == nil {
		return 0, err
	}
	var found int64
	_, err = fmt.Sscan(row[0], &found)
	return found, err
}

// copy appends the messages after a global position.
func (m *messageImport) copy(ctx context.Context, after int64) error {
	r := &messageReader{messageImport: m, out: make(chan *batch), quit: make(chan struct{})}
	go r.run(ctx, after)
	var err error
	for b := range r.out {
		// ^C does not cut a batch short: what became of it would be unknown.
		if err = m.im.append(context.WithoutCancel(ctx), b); err != nil {
			break
		}
	}
	close(r.quit)
	for range r.out { // the connection is the reader's until it has ended
	}
	if err == nil && r.err != nil {
		err = r.err
	}
	return err
}

// oneRow is the first row of a query, as text; nil if it has none. A null is empty.
func oneRow(ctx context.Context, conn *pgconn.PgConn, sql string) ([]string, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) == 0 || len(results[0].Rows) == 0 {
		return nil, nil
	}
	out := make([]string, len(results[0].Rows[0]))
	for i, v := range results[0].Rows[0] {
		out[i] = string(v)
	}
	return out, nil
}

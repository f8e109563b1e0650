package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/schema"
)

// consumerTest is a server with a client, for what consumers do.
type consumerTest struct {
	*testing.T
	addr string
	conn *pgx.Conn
}

func newConsumerTest(t *testing.T) *consumerTest {
	t.Helper()
	c := &consumerTest{T: t, addr: serve(t, NewServer(openStore(t, engine.Options{}), nil))}
	c.conn = c.connect()
	return c
}

func (c *consumerTest) connect() *pgx.Conn {
	c.Helper()
	conn, err := connect(c.Context(), c.addr, pgx.QueryExecModeCacheStatement)
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// append appends n events, of so many streams in turn.
func (c *consumerTest) append(n, streams int) {
	c.Helper()
	for i := range n {
		c.exec("INSERT INTO events (stream, type, payload) VALUES ($1, $2, $3)", fmt.Sprintf("s-%d", i%streams), "T", fmt.Sprintf(`{"n": %d}`, i))
	}
}

func (c *consumerTest) exec(sql string, args ...any) {
	c.Helper()
	if _, err := c.conn.Exec(c.Context(), sql, args...); err != nil {
		c.Fatalf("%s: %v", sql, err)
	}
}

// positions are the first column of a query, of bigints, in one line.
func positions(t testing.TB, conn *pgx.Conn, sql string, args ...any) string {
	t.Helper()
	rows, _ := conn.Query(t.Context(), sql, args...)
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Trim(fmt.Sprint(list), "[]")
}

// want checks the positions that a query returns.
func (c *consumerTest) want(conn *pgx.Conn, want, sql string, args ...any) {
	c.Helper()
	if got := positions(c, conn, sql, args...); got != want {
		c.Fatalf("%s: %s, expected %s", sql, got, want)
	}
}

// fails checks that a statement fails.
func fails(t testing.TB, conn *pgx.Conn, want, sql string, args ...any) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql, args...)
	var e *pgconn.PgError
	if !errors.As(err, &e) || !strings.HasPrefix(e.Code+" "+e.Message, want) {
		t.Fatalf("%s: %v, expected %s", sql, err, want)
	}
}

const next = "SELECT position FROM consume('c', 3, '0')"

// TestConsume: what was consumed comes again until it is acknowledged.
func TestConsume(t *testing.T) {
	c := newConsumerTest(t)
	c.append(10, 4)
	c.exec("SELECT create_consumer('c')")
	c.want(c.conn, "0 1 2", next)
	c.want(c.conn, "0 1 2", next)
	c.exec("SELECT ack('c', 1)")
	c.want(c.conn, "2 3 4", next)
	c.exec("BEGIN")
	c.exec("SELECT ack('c', 3)")
	c.exec("ROLLBACK")
	c.want(c.conn, "2 3 4", next)
	c.exec("SELECT ack('c', 3)")
	c.exec("SELECT ack('c', 4)")
	c.want(c.conn, "5 6 7 8 9", "SELECT position FROM consume('c', batch => 100, wait => '0 seconds')")
	c.exec("SELECT ack(upto => 9, name => 'c')")
	c.want(c.conn, "", next)
	c.append(1, 1)
	c.want(c.conn, "10", next)
	c.exec("SELECT leave('c')")
	fails(t, c.conn, "40001", "SELECT ack('c', 10)")
	other := c.connect()
	c.want(other, "10", next)
	c.exec("SELECT drop_consumer('c')")
	fails(t, other, "42704", next)
	c.exec("SELECT create_consumer('c', after => 8)")
	fails(t, other, "40001", "SELECT ack('c', 10)")
	c.want(other, "9 10", next)
}

// TestConsumeColumns: consume has the columns of events and two more.
func TestConsumeColumns(t *testing.T) {
	c := newConsumerTest(t)
	c.append(2, 2)
	c.exec("SELECT create_consumer('c', partitions => 1)")
	var line string
	sql := "SELECT position || ' ' || stream || ' ' || version || ' ' || type || ' ' || category || ' ' || partition || ' ' || attempt AS line FROM consume('c', $1, $2, $3) AS e"
	if err := c.conn.QueryRow(t.Context(), sql, 1, time.Duration(0), "m").Scan(&line); err != nil {
		t.Fatal(err)
	}
	if line != "0 s-0 0 T s 0 1" {
		t.Error(line)
	}
	rows, err := c.conn.Query(t.Context(), "SELECT * FROM consume('c', 5, '0', 'm')")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range rows.FieldDescriptions() {
		names = append(names, f.Name)
	}
	rows.Close()
	if got := strings.Join(names, " "); got != "position stream_id stream version event_id type payload metadata tags recorded_at partition attempt" {
		t.Error(got)
	}
}

// TestConsumerRefusals: what is refused, and how.
func TestConsumerRefusals(t *testing.T) {
	c := newConsumerTest(t)
	c.append(3, 1)
	c.exec("SELECT create_consumer('c', lease => '1 minute')")
	for _, pair := range [][2]string{
		{"SELECT create_consumer('c')", "42710"},
		{"SELECT create_consumer('')", "22023"},
		{"SELECT create_consumer(NULL)", "22004"},
		{"SELECT create_consumer('d', partitions => 0)", "22023"},
		{"SELECT create_consumer('d', partitions => NULL)", "22004"},
		{"SELECT create_consumer('d', lease => '1 ms')", "22023"},
		{"SELECT create_consumer('d', lease => 'soon')", "22007"},
		{"SELECT create_consumer('d', on_park => 'stop')", "22023"},
		{"SELECT create_consumer('d', after => 3)", "22023"},
		{"SELECT create_consumer('d', filter => 'now() > recorded_at')", "42P17"},
		{"SELECT create_consumer('d', filter => 'recorded_at > ''now''')", "22008"},
		{"SELECT create_consumer('d', filter => 'expected_version = 1')", "0A000"},
		{"SELECT create_consumer('d', filter => 'count(*) > 1')", "42"},
		{"SELECT create_consumer('d', filter => 'type')", "42804"},
		{"SELECT create_consumer('d', filter => 'nothing = 1')", "42703"},
		{"SELECT create_consumer('d', filter => 'true) LIMIT (1')", "42601"},
		{"SELECT create_consumer('d', filter => 'true; SELECT 1')", "42601"},
		{"SELECT create_consumer('d', sooner => 1)", "42883"},
		{"SELECT create_consumer('d', 'true', filter => 'true')", "42883"},
		{"SELECT create_consumer(name => 'd', 'true')", "42601"},
		{"SELECT create_consumer()", "42883"},
		{"SELECT drop_consumer('d')", "42704"},
		{"SELECT alter_consumer('c', partitions => 5)", "55000"},
		{"SELECT ack('c', 1)", "40001"},
		{"SELECT nack('c', 1, 'why')", "40001"},
		{"SELECT * FROM consume('c', 0, '0')", "22023"},
		{"SELECT * FROM consume('c', NULL, '0')", "22004"},
		{"SELECT * FROM consume('c', 1)", "42883"},
		{"SELECT * FROM consume('c', 1, '-1 s')", "22023"},
		{"SELECT * FROM consume('c', 1, '0') WHERE position > 1", "0A000 WHERE is not supported with consume()"},
		{"SELECT * FROM consume('c', 1, '0') ORDER BY position", "0A000 ORDER BY"},
		{"SELECT * FROM consume('c', 1, '0') LIMIT 1", "0A000 LIMIT"},
		{"SELECT count(*) FROM consume('c', 1, '0')", "0A000 an aggregate"},
		{"SELECT * FROM consume('c', 1, '0') FOR UPDATE", "0A000"},
		{"SELECT * FROM consume('c', 1, '0'), events", "0A000 a join"},
		{"SELECT * FROM consume('c', 1, '0') GROUP BY position", "0A000 GROUP BY"},
		{"DECLARE x CURSOR WITH HOLD FOR SELECT * FROM consume('c', 1, '0')", "0A000 consume() is not supported in a cursor"},
		{"COPY (SELECT * FROM consume('c', 1, '0')) TO STDOUT", "0A000 consume() is not supported in COPY"},
		{"SELECT expected_version FROM consume('c', 1, '0')", "42703"},
		{"SELECT consume('c', 1, '0')", "42883"},
		{"SELECT unpark('c', 1)", "42704"},
		{"SELECT reset_consumer('c', 7)", "22023"},
	} {
		fails(t, c.conn, pair[1], pair[0])
	}
	c.want(c.conn, "0 1 2", next)
	fails(t, c.conn, "22023", "SELECT ack('c', 3)")
	fails(t, c.conn, "22023", "SELECT nack('c', 3, 'why')")
	c.exec("SELECT ack('c', -1)")
	c.exec("BEGIN READ ONLY")
	c.want(c.conn, "0 1 2", next)
	fails(t, c.conn, "25006 cannot execute ack() in a read-only transaction", "SELECT ack('c', 0)")
	c.exec("ROLLBACK")
	c.exec("BEGIN")
	c.exec("INSERT INTO events (stream, type) VALUES ('x', 'X')")
	fails(t, c.conn, "25001", "SELECT nack('c', 0, 'why')")
	c.exec("ROLLBACK")
}

// TestConsumerTransactional: consumers are made, altered and dropped with their transaction.
func TestConsumerTransactional(t *testing.T) {
	c := newConsumerTest(t)
	c.append(3, 1)
	c.exec("BEGIN")
	c.exec("SELECT create_consumer('c')")
	c.exec("SAVEPOINT s")
	fails(t, c.conn, "42710", "SELECT create_consumer('c')")
	c.exec("ROLLBACK TO s")
	c.exec("SELECT create_consumer('d')")
	c.exec("ROLLBACK TO s")
	c.exec("SELECT create_consumer('e', partitions => 2)")
	c.exec("COMMIT")
	fails(t, c.conn, "42704", "SELECT drop_consumer('d')")
	c.exec("BEGIN")
	c.exec("SELECT drop_consumer('e')")
	c.exec("ROLLBACK")
	c.want(c.conn, "0 1 2", "SELECT position FROM consume('e', 3, '0')")
	c.exec("BEGIN")
	c.exec("SELECT alter_consumer('e', filter => 'position = 2')")
	c.exec("COMMIT")
	c.want(c.conn, "2", "SELECT position FROM consume('e', 3, '0')")
	c.exec("SELECT ack('e', 2)")
	c.want(c.conn, "", "SELECT position FROM consume('e', 3, '0')")
	c.exec("SELECT alter_consumer('e', filter => '')")
	c.exec("SELECT reset_consumer('e', 0)")
	fails(t, c.conn, "22023", "SELECT ack('e', 2)")
	c.want(c.conn, "1 2", "SELECT position FROM consume('e', 3, '0')")
}

// TestRelay: what is made of events is appended together with the acknowledgement, or neither is.
func TestRelay(t *testing.T) {
	c := newConsumerTest(t)
	c.append(5, 3)
	c.exec("SELECT create_consumer('c', filter => 'category = ''s''')")
	relay := func(conn *pgx.Conn, member string) error {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		rows, _ := tx.Query(t.Context(), "SELECT position FROM consume('c', 2, '0', $1)", member)
		list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(list) == 0 {
			return cmpErr(err, pgx.ErrNoRows)
		}
		for _, position := range list {
			if _, err := tx.Exec(t.Context(), "INSERT INTO events (stream, type, payload) VALUES ('out', 'R', $1)", fmt.Sprint(position)); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(t.Context(), "SELECT ack('c', $1, $2)", slices.Max(list), member); err != nil {
			return err
		}
		return tx.Commit(t.Context())
	}
	for relay(c.conn, "m") == nil {
	}
	c.want(c.conn, "0 1 2 3 4", "SELECT payload::text::bigint FROM events WHERE stream = 'out' ORDER BY version")

	// Two that speak for one member: what has been acknowledged meanwhile cannot be once more.
	c.append(1, 1)
	other := c.connect()
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.want(other, "10", "SELECT position FROM consume('c', 2, '0', 'm')")
	if _, err := tx.Exec(t.Context(), "INSERT INTO events (stream, type) VALUES ('out', 'R')"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT ack('c', 10, 'm')"); err != nil {
		t.Fatal(err)
	}
	c.exec("SELECT ack('c', 10, 'm')")
	err = tx.Commit(t.Context())
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "40001" {
		t.Fatal(err)
	}
	c.want(c.conn, "5", "SELECT count(*) FROM events WHERE stream = 'out'")
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// TestConsumeRestart: checkpoints are there after a restart.
func TestConsumeRestart(t *testing.T) {
	dir := t.TempDir()
	for i, want := range []string{"0 1 2", "3 4 5", "6 7"} {
		store, err := engine.Open(dir, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := &consumerTest{T: t, addr: serve(t, NewServer(store, nil))}
		conn, err := connect(t.Context(), c.addr, pgx.QueryExecModeCacheStatement)
		if err != nil {
			t.Fatal(err)
		}
		c.conn = conn
		if i == 0 {
			c.append(8, 5)
			c.exec("SELECT create_consumer('c')")
		}
		c.want(conn, want, next)
		if i < 2 {
			c.exec(fmt.Sprintf("SELECT ack('c', %d)", 3*i+2))
		}
		_ = conn.Close(t.Context())
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// all collects what a member is given until it is given so many events; it acknowledges nothing.
func (c *consumerTest) partitionsOf(conn *pgx.Conn, member string) (n int) {
	c.Helper()
	rows, _ := conn.Query(c.Context(), "SELECT partition FROM consume('c', 10000, '0', $1)", member)
	list, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		c.Fatal(err)
	}
	slices.Sort(list)
	return len(slices.Compact(list))
}

// TestConsumerMembers: members share the partitions, evenly, and hand them over when they consume.
func TestConsumerMembers(t *testing.T) {
	c := newConsumerTest(t)
	c.append(400, 400) // so that every partition has some
	c.exec("SELECT create_consumer('c', partitions => 8, lease => '1 hour')")
	shares := func(members ...string) (list []int) {
		for range 3 { // what one gives up, another takes
			list = nil
			for _, m := range members {
				list = append(list, c.partitionsOf(c.conn, m))
			}
		}
		return list
	}
	for _, test := range []struct {
		members []string
		want    string
	}{
		{[]string{"a"}, "[8]"},
		{[]string{"a", "b"}, "[4 4]"},
		{[]string{"a", "b", "c"}, "[3 3 2]"},
		{[]string{"a", "b", "c", "d", "e"}, "[2 2 2 1 1]"},
	} {
		list := shares(test.members...)
		slices.SortFunc(list, func(a, b int) int { return b - a })
		if got := fmt.Sprint(list); got != test.want {
			t.Errorf("%v hold %s partitions, expected %s", test.members, got, test.want)
		}
	}
	for _, m := range []string{"a", "b", "c"} {
		c.exec("SELECT leave('c', $1)", m)
	}
	if got := fmt.Sprint(shares("d", "e")); got != "[4 4]" {
		t.Error(got)
	}
	c.exec("SELECT leave('c', 'e')")
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprint("x", i))
	}
	sum := 0
	for _, n := range shares(append(many, "d")...) {
		if sum += n; n > 1 {
			t.Errorf("one of 13 members holds %d of 8 partitions", n)
		}
	}
	if sum != 8 {
		t.Errorf("%d of 8 partitions are held", sum)
	}
}

// TestConsumerHandsOver: a member that ends while it has events hands them over, with an attempt that counts; one that leaves, without.
func TestConsumerHandsOver(t *testing.T) {
	c := newConsumerTest(t)
	c.append(2, 1)
	c.exec("SELECT create_consumer('c', partitions => 1, lease => '1 hour')")
	const attempts = "SELECT attempt FROM consume('c', 3, '1 hour')"
	first, second := c.connect(), c.connect()
	c.want(first, "1 1", attempts)
	c.want(second, "", "SELECT attempt FROM consume('c', 3, '0')")
	got := make(chan string, 1)
	go func() { got <- positions(t, second, attempts) }()
	_ = first.Close(t.Context())
	if list := <-got; list != "2 1" {
		t.Errorf("attempts %s, expected 2 1", list)
	}
	go func() { got <- positions(t, c.conn, attempts) }()
	if _, err := second.Exec(t.Context(), "SELECT leave('c')"); err != nil {
		t.Fatal(err)
	}
	if list := <-got; list != "2 1" {
		t.Errorf("attempts %s, expected 2 1", list)
	}
	c.exec("SELECT ack('c', 0)")
	c.exec("DISCARD ALL")
	c.want(second, "2", attempts) // the second was given, and not acknowledged
}

// TestConsumerLease: a member that does not call loses what it holds, but not while a transaction of its is open.
func TestConsumerLease(t *testing.T) {
	c := newConsumerTest(t)
	c.append(1, 1)
	c.exec("SELECT create_consumer('c', partitions => 1, lease => '100 ms')")
	c.exec("BEGIN")
	c.want(c.conn, "0", next)
	other := c.connect()
	c.want(other, "", "SELECT position FROM consume('c', 3, '300 ms')")
	c.exec("COMMIT")
	c.want(other, "0", "SELECT position FROM consume('c', 3, '1 hour')")
	fails(t, c.conn, "40001", "SELECT ack('c', 0)")
	if _, err := other.Exec(t.Context(), "SELECT ack('c', 0)"); err != nil {
		t.Error(err)
	}
}

// TestConsumerParks: what fails is tried again, later, and parked at last; unparked, it comes once more.
func TestConsumerParks(t *testing.T) {
	c := newConsumerTest(t)
	c.append(4, 2)
	c.exec("SELECT create_consumer('c', partitions => 1, max_attempts => 2)")
	nack := func(at int64, want bool) {
		t.Helper()
		var parked bool
		if err := c.conn.QueryRow(t.Context(), "SELECT nack('c', $1, 'why', '1 ms')", at).Scan(&parked); err != nil || parked != want {
			t.Fatalf("nack %d: %v, %v", at, parked, err)
		}
	}
	const wait, attempts = "SELECT position FROM consume('c', 9, '1 hour')", "SELECT attempt FROM consume('c', 9, '1 hour')"
	const parked = "SELECT position FROM eventgres_parked_events WHERE reason = 'why' AND NOT released ORDER BY position"
	c.want(c.conn, "0 1 2 3", wait)
	nack(1, false)
	c.want(c.conn, "1 2 3", wait)
	c.want(c.conn, "2 1 1", attempts)
	nack(1, true)
	c.want(c.conn, "1", parked)
	c.want(c.conn, "2 3", wait)
	c.exec("SELECT ack('c', 3)")
	c.want(c.conn, "", next)
	c.exec("SELECT unpark('c', 1)")
	c.want(c.conn, "1", wait)
	nack(1, false)
	c.want(c.conn, "2", attempts)
	nack(1, true)
	c.want(c.conn, "1", parked)
	c.exec("SELECT unpark('c', 1)")
	c.append(1, 1)
	c.want(c.conn, "1 4", wait)
	c.exec("SELECT ack('c', 1)")
	c.want(c.conn, "4", wait)
	c.want(c.conn, "0", "SELECT count(*) FROM eventgres_parked_events")
	fails(t, c.conn, "42704", "SELECT unpark('c', 1)")
	c.exec("SELECT nack('c', 4, 'later')")
	c.want(c.conn, "", next)
	c.exec("SELECT reset_consumer('c', 3)")
	c.want(c.conn, "4", next)
}

// TestConsumerParksStream: with on_park => 'stream' nothing of a stream is handled out of order.
func TestConsumerParksStream(t *testing.T) {
	c := newConsumerTest(t)
	c.append(6, 2) // s-0: 0 2 4, s-1: 1 3 5
	c.exec("SELECT create_consumer('c', partitions => 1, max_attempts => 1, on_park => 'stream')")
	const wait, parked = "SELECT position FROM consume('c', 9, '1 hour')", "SELECT position FROM eventgres_parked_events ORDER BY position"
	c.want(c.conn, "0 1 2 3 4 5", wait)
	c.exec("SELECT nack('c', 2, 'why')")
	c.want(c.conn, "2", parked)
	c.want(c.conn, "3 5", wait)
	c.exec("SELECT ack('c', 3)")
	c.want(c.conn, "2", parked)
	c.want(c.conn, "5", wait)
	c.exec("SELECT ack('c', 5)")
	c.want(c.conn, "2 4", parked)
	c.append(2, 1) // 6 and 7, of s-0
	c.want(c.conn, "", next)
	c.want(c.conn, "2 4 6 7", parked)
	c.exec("SELECT unpark('c', 6)")
	c.append(2, 2) // 8, of s-0, and 9
	c.want(c.conn, "2 4 6 7 8 9", wait)
	c.exec("SELECT ack('c', 2)")
	c.want(c.conn, "4 6 7 8 9", wait)
	c.exec("SELECT nack('c', 4, 'again')")
	c.want(c.conn, "9", wait)
	c.exec("SELECT ack('c', 9)")
	c.want(c.conn, "4 6 7 8", parked)
	c.exec("SELECT unpark('c', 4)")
	c.want(c.conn, "4 6 7 8", wait)
	c.exec("SELECT ack('c', 8)")
	c.want(c.conn, "", parked)
}

// TestConsumerKilledOften: an event whose handler dies each time is parked.
func TestConsumerKilledOften(t *testing.T) {
	for _, onPark := range []string{"continue", "stream"} {
		c := newConsumerTest(t)
		c.append(4, 2)
		c.exec(fmt.Sprintf("SELECT create_consumer('c', partitions => 1, max_attempts => 3, on_park => '%s')", onPark))
		for i := range 3 {
			conn := c.connect()
			c.want(conn, fmt.Sprint(i+1), "SELECT attempt FROM consume('c', 1, '1 hour')")
			_ = conn.Close(t.Context())
		}
		want := "1 2 3"
		if onPark == "stream" {
			want = "1 3"
		}
		c.want(c.conn, want, "SELECT position FROM consume('c', 9, '1 hour')")
		c.exec("SELECT ack('c', 3)")
		c.want(c.conn, strings.Trim(strings.Replace("0 2", "2", map[string]string{"stream": "2"}[onPark], 1), " "), "SELECT position FROM eventgres_parked_events ORDER BY position")
	}
}

// TestConsumeWaits: consume waits for an event that is wanted, as long as it may, and a cancel ends it.
func TestConsumeWaits(t *testing.T) {
	c := newConsumerTest(t)
	c.exec("SELECT create_consumer('c', filter => 'type = ''T''')")
	other := c.connect()
	got := make(chan string, 1)
	go func() { got <- positions(t, other, "SELECT position FROM consume('c', 3, '1 hour')") }()
	c.exec("INSERT INTO events (stream, type) VALUES ('x', 'X')")
	c.exec("INSERT INTO events (stream, type) VALUES ('x', 'T')")
	if list := <-got; list != "1" {
		t.Error(list)
	}
	if _, err := other.Exec(t.Context(), "SELECT ack('c', 1)"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c.want(other, "", "SELECT position FROM consume('c', 3, '50 ms')")
	if d := time.Since(began); d < 50*time.Millisecond {
		t.Errorf("it waited %v", d)
	}
	if _, err := other.Exec(t.Context(), "SET statement_timeout = '50 ms'"); err != nil {
		t.Fatal(err)
	}
	fails(t, other, "57014", "SELECT * FROM consume('c', 3, '1 hour')")
}

// TestConsumeSnapshot: in REPEATABLE READ it waits before the snapshot is taken, and sees no further than that.
func TestConsumeSnapshot(t *testing.T) {
	c := newConsumerTest(t)
	c.exec("SELECT create_consumer('c')")
	other := c.connect()
	got := make(chan string, 1)
	if _, err := other.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ"); err != nil {
		t.Fatal(err)
	}
	go func() { got <- positions(t, other, "SELECT position FROM consume('c', 3, '1 hour')") }()
	c.append(1, 1)
	if list := <-got; list != "0" {
		t.Error(list)
	}
	c.append(1, 1)
	c.want(other, "0", "SELECT position FROM consume('c', 3, '1 hour')")
	c.want(other, "1", "SELECT count(*) FROM events")
	if _, err := other.Exec(t.Context(), "SELECT ack('c', 0)"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	c.want(other, "1", next)
}

// TestConsumerLost: a consumer that is further than the log stands still until it is reset.
func TestConsumerLost(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		store, err := engine.Open(dir, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := &consumerTest{T: t, addr: serve(t, NewServer(store, nil))}
		c.conn = c.connect()
		switch i {
		case 0:
			c.append(3, 3)
			c.exec("SELECT create_consumer('c', partitions => 2, after => 0)")
			if _, err := store.Writer().Put(t.Context(), "checkpoints/00000/0001", []byte(`{"position": 100}`), engine.AnyControlVersion); err != nil {
				t.Fatal(err)
			}
		case 1:
			fails(t, c.conn, "55000", next)
			c.append(200, 3) // which does not mend it
		case 2:
			fails(t, c.conn, "55000", next)
			c.exec("SELECT reset_consumer('c', 0)")
			c.want(c.conn, "1 2 3", next)
		}
		_ = c.conn.Close(t.Context())
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestConsumerLags: a partition that stands still is passed over once its queue is full, and read anew when it goes on.
func TestConsumerLags(t *testing.T) {
	c := newConsumerTest(t)
	c.exec("SELECT create_consumer('c', partitions => 1024, max_attempts => 1000)") // so that a queue has 64 events
	const most = 300
	c.append(2*most, 2)
	got := map[string][]int64{}
	take := func() {
		t.Helper()
		rows, _ := c.conn.Query(t.Context(), "SELECT position, stream, version FROM consume('c', 50, '1 hour')")
		type event struct {
			Position int64
			Stream   string
			Version  int64
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[event])
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			got[e.Stream] = append(got[e.Stream], e.Version)
		}
		c.exec("SELECT ack('c', $1)", list[len(list)-1].Position)
	}
	c.want(c.conn, "0", "SELECT position FROM consume('c', 1, '0')")
	c.exec("SELECT nack('c', 0, 'not now', '500 ms')") // of s-0
	for len(got["s-0"])+len(got["s-1"]) < 2*most {
		take()
	}
	for stream, versions := range got {
		for i, v := range versions {
			if v != int64(i) {
				t.Fatalf("the event %d of %s that was given has version %d", i, stream, v)
			}
		}
	}
}

// TestConsumersHidden: a view of an older store that is called as one of the server's stays what it is.
func TestConsumersHidden(t *testing.T) {
	store := openStore(t, engine.Options{})
	if _, err := store.Writer().Put(t.Context(), schema.Root+"/view/00000", []byte(`{"oid": 17000, "name": "eventgres_consumers", "query": "SELECT 1 AS x"}`), 0); err != nil {
		t.Fatal(err)
	}
	c := &consumerTest{T: t, addr: serve(t, NewServer(store, nil))}
	c.conn = c.connect()
	fails(t, c.conn, "0A000 a view is not supported", "SELECT * FROM eventgres_consumers") // but by the worker, which this server has not
	c.want(c.conn, "0", "SELECT count(*) FROM eventgres_parked_events")
}

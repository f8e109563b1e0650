package query

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/engine"
)

// until waits until a query returns a number.
func (c *consumerTest) until(want, sql string, args ...any) {
	c.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for got := ""; got != want; got = positions(c, c.conn, sql, args...) {
		if time.Now().After(deadline) {
			c.Fatalf("%s: %s, expected %s", sql, got, want)
		}
	}
}

// copy appends n events of a stream each that name tells.
func (c *consumerTest) copy(n int, name func(i int) string) {
	c.Helper()
	i := -1
	_, err := c.conn.CopyFrom(c.Context(), pgx.Identifier{"events"}, []string{"stream", "type"}, pgx.CopyFromFunc(func() ([]any, error) {
		if i++; i == n {
			return nil, nil
		}
		return []any{name(i), "T"}, nil
	}))
	if err != nil {
		c.Fatal(err)
	}
}

// TestLeaseEndsAlone: a member that never comes back loses its place though nobody asks for its consumer, and so does one of a lease that was
// shortened.
func TestLeaseEndsAlone(t *testing.T) {
	c := newConsumerTest(t)
	c.append(1, 1)
	c.exec("SELECT create_consumer('c', lease => '100 ms')")
	c.exec("SELECT create_consumer('d', lease => '1 hour')")
	const members = "SELECT members FROM eventgres_consumers WHERE consumer = $1"
	c.want(c.conn, "0", "SELECT position FROM consume('c', 1, '0', 'a')")
	c.until("0", members, "c")
	c.want(c.conn, "0", "SELECT position FROM consume('d', 1, '0', 'a')")
	c.exec("SELECT alter_consumer('d', lease => '100 ms')")
	c.want(c.conn, "1", members, "d") // what it was promised holds
	c.want(c.conn, "0", "SELECT position FROM consume('d', 1, '0', 'a')")
	c.until("0", members, "d")
}

// TestLeaseHeld: no lease ends in a transaction, however long that is, and it begins when that ends.
func TestLeaseHeld(t *testing.T) {
	c := newConsumerTest(t)
	c.append(1, 1)
	c.exec("SELECT create_consumer('c', lease => '100 ms')")
	holder := c.connect()
	tx, err := holder.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.want(holder, "0", next)
	c.want(c.conn, "", "SELECT position FROM consume('c', 1, '350 ms', 'm')") // while three leases pass
	c.until("1", "SELECT members FROM eventgres_consumers")                   // which is not m
	if _, err := holder.Exec(t.Context(), "SELECT ack('c', 0)"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.until("0", "SELECT members FROM eventgres_consumers")
}

// TestConsumerNamesAreUnique: of two transactions that make a consumer of one name one fails, whatever places for it they have found.
func TestConsumerNamesAreUnique(t *testing.T) {
	c := newConsumerTest(t)
	c.exec("SELECT create_consumer('before')")
	other := c.connect()
	for _, sql := range []string{"BEGIN", "SELECT create_consumer('c')"} {
		if _, err := other.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	c.exec("SELECT drop_consumer('before')")
	c.exec("SELECT create_consumer('c')") // where that was
	fails(t, other, "40001", "COMMIT")
	c.want(c.conn, "1", "SELECT count(*) FROM eventgres_consumers")
	fails(t, other, "42710", "SELECT create_consumer('c')")
	c.exec("SELECT create_consumer('before')")
}

// TestShelfIsFull: where 10,000 events of a consumer are parked its partition stops, says so, and goes on when some of them were dealt with.
func TestShelfIsFull(t *testing.T) {
	c := newConsumerTest(t)
	const most, more = 10_000, 20
	c.copy(most+more, func(int) string { return "s" })
	c.exec("SELECT create_consumer('c', partitions => 1, max_attempts => 1, on_park => 'stream')")
	const stopped = "SELECT parked FROM eventgres_consumers WHERE state = 'stopped'"
	c.want(c.conn, "0", "SELECT position FROM consume('c', 1, '0')")
	c.exec("SELECT nack('c', 0, 'why')")
	c.want(c.conn, "", next)
	c.want(c.conn, fmt.Sprint(most), stopped)
	c.want(c.conn, "", next)
	c.exec("SELECT unpark('c', 0)")
	handled := int64(0)
	for _, batch := range []int{1, 100, most} { // room for one of those that follow is enough to go on
		rows, _ := c.conn.Query(t.Context(), "SELECT position FROM consume('c', $1, '0')", batch)
		list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(list) == 0 {
			t.Fatalf("consume of %d: %d events, %v", batch, len(list), err)
		}
		for _, position := range list {
			if position != handled {
				t.Fatalf("the event at %d was given, expected that at %d", position, handled)
			}
			handled++
		}
		c.exec("SELECT ack('c', $1)", handled-1)
		c.want(c.conn, "", stopped)
	}
	if handled != most+more {
		t.Errorf("%d events were given, expected %d", handled, most+more)
	}
	c.want(c.conn, "0", "SELECT parked FROM eventgres_consumers")
}

// TestAllShelvesAreFull: what all consumers have parked has a bound too, at which partitions stop until there is room, whoever makes it.
func TestAllShelvesAreFull(t *testing.T) {
	store := openStore(t, engine.Options{})
	c := &consumerTest{T: t, addr: serve(t, NewServer(store, nil))}
	c.conn = c.connect()
	c.append(3, 3)
	c.exec("SELECT create_consumer('c', partitions => 1, max_attempts => 1)")
	c.exec("SELECT create_consumer('d', partitions => 1)")
	for i := range 3 { // as if that had parked so much
		value := fmt.Sprintf(`{"position": %d, "reason": "%s"}`, i, strings.Repeat("x", 12<<20))
		if _, err := store.Writer().Put(t.Context(), fmt.Sprintf("parked/00001/0000/%05d", i), []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	}
	const state = "SELECT count(*) FROM eventgres_consumers WHERE consumer = 'c' AND state = $1"
	c.want(c.conn, "0 1 2", next)
	c.exec("SELECT nack('c', 0, 'why', '0')")
	c.want(c.conn, "", next)
	c.want(c.conn, "1", state, "stopped")
	c.exec("SELECT leave('c')")
	waits := c.connect()
	got := make(chan string, 1)
	go func() { got <- positions(t, waits, "SELECT position FROM consume('c', 3, '1 hour')") }()
	c.until("1", "SELECT members FROM eventgres_consumers WHERE consumer = 'c'")
	c.exec("SELECT drop_consumer('d')")
	if list := <-got; list != "1 2" {
		t.Errorf("events %s, expected 1 2", list)
	}
	if _, err := waits.Exec(t.Context(), "SELECT ack('c', 2)"); err != nil {
		t.Fatal(err)
	}
	c.want(c.conn, "1", state, "active")
	c.want(c.conn, "0", "SELECT position FROM eventgres_parked_events")
}

// TestSlotsBesideConsumers: replication slots are shown beside consumers, and are none.
func TestSlotsBesideConsumers(t *testing.T) {
	c := newConsumerTest(t)
	c.append(3, 3)
	c.exec("SELECT * FROM pg_create_logical_replication_slot('s', 'wal2json')")
	c.exec("SELECT create_consumer('c', after => 0)")
	const row = "SELECT partitions, lowest, head, lag, members, parked FROM eventgres_consumers WHERE consumer = $1 AND state = $2"
	shown := func(name, state string) string {
		t.Helper()
		var n [6]int64
		if err := c.conn.QueryRow(t.Context(), row, name, state).Scan(&n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil {
			return err.Error()
		}
		return strings.Trim(fmt.Sprint(n), "[]")
	}
	for _, want := range [][3]string{{"s", "idle", "1 2 2 0 0 0"}, {"c", "idle", "64 0 2 2 0 0"}} {
		if got := shown(want[0], want[1]); got != want[2] {
			t.Errorf("%s: %s, expected %s", want[0], got, want[2])
		}
	}
	c.append(2, 2)
	c.want(c.conn, "2", "SELECT lag FROM eventgres_consumers WHERE consumer = 's' AND checkpoints = '{2}' AND owner IS NULL AND lease IS NULL AND lag_seconds > 0")
	conn := walsenderConn(t, c.addr)
	if err := pglogrepl.StartReplication(t.Context(), conn, "s", 0, pglogrepl.StartReplicationOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := shown("s", "active"); got != "1 2 4 2 1 0" {
		t.Error(got)
	}
	for _, sql := range []string{"SELECT * FROM consume('s', 1, '0')", "SELECT ack('s', 1)", "SELECT nack('s', 1, 'why')", "SELECT leave('s')", "SELECT drop_consumer('s')"} {
		fails(t, c.conn, "42809 \"s\" is a replication slot", sql)
	}
	fails(t, c.conn, "42704", "SELECT ack('t', 1)")
}

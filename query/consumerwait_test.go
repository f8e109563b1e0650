package query

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestConsumeInterrupted: a consume that is cut short wherever it is gives nothing twice afterwards.
func TestConsumeInterrupted(t *testing.T) {
	c := newConsumerTest(t)
	const events = 20_000
	n := 0
	_, err := c.conn.CopyFrom(t.Context(), pgx.Identifier{"events"}, []string{"stream", "type"}, pgx.CopyFromFunc(func() ([]any, error) {
		if n++; n > events {
			return nil, nil
		}
		return []any{fmt.Sprintf("s-%d", n%50), "T"}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	c.exec("SELECT create_consumer('c', filter => 'type like ''%T%''')")
	cut := 0
	for i := range 40 {
		c.exec(fmt.Sprintf("SET statement_timeout = '%dms'", 1+i%4))
		rows, _ := c.conn.Query(t.Context(), "SELECT position FROM consume('c', 10000, '0')")
		if _, err := pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			cut++
		}
	}
	c.exec("SET statement_timeout = 0")
	rows, _ := c.conn.Query(t.Context(), "SELECT position FROM consume('c', 10000, '0')")
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	for i, position := range list {
		if position != int64(i) {
			t.Fatalf("after %d that were cut short, event %d of the batch is at %d", cut, i, position)
		}
	}
	t.Logf("%d of 40 were cut short; %d events", cut, len(list))
}

// TestStandby: a member that has no partition, and waits, keeps nobody who has one from being told of events.
func TestStandby(t *testing.T) {
	c := newConsumerTest(t)
	c.exec("SELECT create_consumer('c', partitions => 1)")
	standby, writer := c.connect(), c.connect()
	const waiting = "SELECT position FROM consume('c', 10, '20 seconds')"
	c.want(c.conn, "", "SELECT position FROM consume('c', 10, '0')")
	stood := make(chan error, 1)
	go func() {
		_, err := standby.Exec(t.Context(), waiting)
		stood <- err
	}()
	began := time.Now()
	for i := range 20 {
		written := make(chan error, 1)
		go func() {
			_, err := writer.Exec(t.Context(), "INSERT INTO events (stream, type) VALUES ('s', 'T')")
			written <- err
		}()
		c.want(c.conn, fmt.Sprint(i), waiting)
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		c.exec("SELECT ack('c', $1)", i)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("20 events took %v: the one that waits was not told", took)
	}
	if err := standby.PgConn().CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-stood
}

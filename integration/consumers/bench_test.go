package consumers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// benchClients are the members, or clients, of a benchmark.
const benchClients = 8

// bench runs something in benchClients sessions until it was done b.N times, and tells how many events that came to in a second.
func bench(b *testing.B, before int, each int, step func(ctx context.Context, conn *pgx.Conn, client int) (int, error)) {
	server := harness.Eventgres(b, harness.WithArgs("--no-analytics"))
	setup, err := pgx.Connect(b.Context(), server.URL())
	if err != nil {
		b.Fatal(err)
	}
	defer setup.Close(b.Context())
	for _, sql := range []string{"SELECT create_consumer('c', filter => 'category = ''s''', partitions => 64)"} {
		if _, err := setup.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	n := before * b.N
	rows := 0
	if _, err := setup.CopyFrom(b.Context(), pgx.Identifier{"events"}, []string{"stream", "type", "payload"}, pgx.CopyFromFunc(func() ([]any, error) {
		if rows++; rows > n {
			return nil, nil
		}
		return []any{fmt.Sprintf("s-%d", rows%5000), "T", []byte(`{"amount": 5, "note": "one of many"}`)}, nil
	})); err != nil {
		b.Fatal(err)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	var group sync.WaitGroup
	var conns []*pgx.Conn
	for range benchClients {
		conn, err := pgx.Connect(b.Context(), server.URL())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close(b.Context())
		conns = append(conns, conn)
	}
	b.ResetTimer()
	for i, conn := range conns {
		group.Go(func() {
			for left.Load() > 0 {
				done, err := step(b.Context(), conn, i)
				if e := new(pgconn.PgError); errors.As(err, &e) && e.Code == "40001" {
					continue
				}
				if err != nil {
					b.Error(err)
					return
				}
				if done == 0 && before > 0 && left.Load() < benchClients { // the last ones are others'
					return
				}
				left.Add(-int64(done))
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N*each)/b.Elapsed().Seconds(), "events/s")
}

const insertOne = "INSERT INTO events (stream, type, payload) VALUES ($1, 'R', '{\"amount\": 5}')"

// BenchmarkTransaction is what BenchmarkRelay is beside: as many statements of the usual kind.
func BenchmarkTransaction(b *testing.B) {
	bench(b, 0, 1, func(ctx context.Context, conn *pgx.Conn, i int) (int, error) {
		return 1, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SELECT position, stream, payload FROM events WHERE position = 0"); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insertOne, fmt.Sprint("out-", i)); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "SELECT 1")
			return err
		})
	})
}

func relayStep(batch int, insert string) func(ctx context.Context, conn *pgx.Conn, i int) (int, error) {
	return func(ctx context.Context, conn *pgx.Conn, i int) (n int, err error) {
		err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			rows, _ := tx.Query(ctx, "SELECT position FROM consume('c', $1, '10 ms')", batch)
			list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			if err != nil || len(list) == 0 {
				return err
			}
			if _, err := tx.Exec(ctx, insert, fmt.Sprint("out-", i)); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "SELECT ack('c', $1)", list[len(list)-1])
			n = (len(list) + batch - 1) / batch
			return err
		})
		return n, err
	}
}

// BenchmarkRelay: consume one, append one, ack, COMMIT.
func BenchmarkRelay(b *testing.B) { bench(b, 1, 1, relayStep(1, insertOne)) }

// many inserts 100 rows.
var many = func() string {
	sql := "INSERT INTO events (stream, type, payload) VALUES "
	for i := range 100 {
		if i > 0 {
			sql += ", "
		}
		sql += "($1, 'R', '{\"amount\": 5}')"
	}
	return sql
}()

// BenchmarkInsert100 is what BenchmarkRelay100 is beside.
func BenchmarkInsert100(b *testing.B) {
	bench(b, 0, 100, func(ctx context.Context, conn *pgx.Conn, i int) (int, error) {
		_, err := conn.Exec(ctx, many, fmt.Sprint("out-", i))
		return 1, err
	})
}

// BenchmarkRelay100: consume 100, append 100, ack, COMMIT.
func BenchmarkRelay100(b *testing.B) { bench(b, 100, 100, relayStep(100, many)) }

// BenchmarkConsume100: consume 100 and ack.
func BenchmarkConsume100(b *testing.B) { benchConsume(b, 100) }

// BenchmarkConsume1000: consume 1,000 and ack; the members wait for fewer syncs.
func BenchmarkConsume1000(b *testing.B) { benchConsume(b, 1000) }

func benchConsume(b *testing.B, batch int) {
	bench(b, batch, batch, func(ctx context.Context, conn *pgx.Conn, i int) (int, error) {
		rows, _ := conn.Query(ctx, "SELECT position, stream, type, payload FROM consume('c', $1, '10 ms')", batch)
		last, n := int64(-1), 0
		for rows.Next() {
			if err := rows.Scan(&last, nil, nil, nil); err != nil {
				return 0, err
			}
			n++
		}
		if err := rows.Err(); err != nil || n == 0 {
			return 0, err
		}
		_, err := conn.Exec(ctx, "SELECT ack('c', $1)", last)
		return (n + batch - 1) / batch, err
	})
}

// BenchmarkSubscribe is what BenchmarkConsume100 is beside: one follower that reads as many.
func BenchmarkSubscribe(b *testing.B) {
	server := harness.Eventgres(b, harness.WithArgs("--no-analytics"))
	conn, err := pgx.Connect(b.Context(), server.URL())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	n, rows := 100*b.N, 0
	if _, err := conn.CopyFrom(b.Context(), pgx.Identifier{"events"}, []string{"stream", "type", "payload"}, pgx.CopyFromFunc(func() ([]any, error) {
		if rows++; rows > n {
			return nil, nil
		}
		return []any{fmt.Sprintf("s-%d", rows%5000), "T", []byte(`{"amount": 5, "note": "one of many"}`)}, nil
	})); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	list, err := conn.Query(b.Context(), fmt.Sprintf("SUBSCRIBE SELECT position, stream, type, payload FROM events WHERE position >= 0 AND position < %d", n))
	if err != nil {
		b.Fatal(err)
	}
	for list.Next() {
		if err := list.Scan(nil, nil, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
	if err := list.Err(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgoutput is how fast a slot is streamed to a client that discards what it is sent, beside PostgreSQL's walsender, and beside a COPY of the same rows.
func (b *bench) pgoutput(ctx context.Context) (f figure, err error) {
	f = figure{workload: "pgoutput, one slot, binary, a client that discards, rows/s; of COPY binary of the same rows", aim: "≥ 2.0×; ≥ 0.60×"}
	const n = 100_000
	setup := []string{"-c", "CREATE PUBLICATION bench FOR TABLE events", "-c", "SELECT pg_create_logical_replication_slot('bench', 'pgoutput')"}
	var from int64
	for _, s := range []*side{b.pg, b.eg} {
		if s == b.eg {
			setup[3] = "SELECT * FROM pg_create_logical_replication_slot('bench', 'pgoutput')"
		}
		if err := b.psql(ctx, s, setup...); err != nil {
			return f, err
		}
		if from, err = number64(ctx, s, "SELECT max(position) + 1 FROM events"); err != nil {
			return f, err
		}
		if err := b.append(ctx, s, n); err != nil {
			return f, err
		}
	}
	var ours, theirs, plain series
	for range b.rounds {
		for s, to := range map[*side]*series{b.pg: &theirs, b.eg: &ours} {
			took, err := stream(ctx, s, n)
			if err != nil {
				return f, fmt.Errorf("%s: %w", s.name, err)
			}
			*to = append(*to, sample{value: n / took.Seconds()})
		}
		c, err := b.eg.connect(ctx)
		if err != nil {
			return f, err
		}
		begin := time.Now()
		_, err = c.CopyTo(ctx, io.Discard, fmt.Sprintf("COPY (SELECT * FROM events WHERE position >= %d) TO STDOUT (FORMAT binary)", from))
		c.Close(ctx)
		if err != nil {
			return f, err
		}
		plain = append(plain, sample{value: n / time.Since(begin).Seconds()})
	}
	f.ours = fmt.Sprintf("%s (%.1f×); %.2f×", number(ours.median()), ours.median()/theirs.median(), ours.median()/plain.median())
	f.theirs = number(theirs.median())
	return f, nil
}

// number64 is a number that a query returns.
func number64(ctx context.Context, s *side, sql string) (n int64, err error) {
	c, err := pgx.Connect(ctx, s.url())
	if err != nil {
		return 0, err
	}
	defer c.Close(ctx)
	return n, c.QueryRow(ctx, sql).Scan(&n)
}

// append copies n events more into a side, of streams that it does not have.
func (b *bench) append(ctx context.Context, s *side, n int) error {
	name := b.path("more.copy")
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	if err := errors.Join(writeEvents(file, b.events, n), file.Close()); err != nil {
		return err
	}
	return b.psql(ctx, s, "-c", fmt.Sprintf(`\copy events (stream_id, version, type, payload, metadata) from '%s'`, name))
}

// stream is how long it takes to stream n rows of a slot, of which nothing is confirmed: it can be streamed again.
func stream(ctx context.Context, s *side, n int) (time.Duration, error) {
	conn, err := pgconn.Connect(ctx, s.url()+"&replication=database")
	if err != nil {
		return 0, err
	}
	raw, err := conn.Hijack()
	if err != nil {
		return 0, err
	}
	defer raw.Conn.Close()
	sql := "START_REPLICATION SLOT bench LOGICAL 0/0 (proto_version '1', publication_names 'bench', binary 'true')\x00"
	begin := time.Now()
	if _, err := raw.Conn.Write(append([]byte{'Q', 0, 0, 0, byte(4 + len(sql))}, sql...)); err != nil {
		return 0, err
	}
	in := bufio.NewReaderSize(raw.Conn, 64<<10)
	for rows := 0; rows < n; {
		header, err := in.Peek(5)
		if err != nil {
			return 0, err
		}
		kind, size := header[0], int(header[1])<<24|int(header[2])<<16|int(header[3])<<8|int(header[4])
		if kind == 'E' {
			text, _ := in.Peek(min(size+1, 500))
			return 0, fmt.Errorf("it was refused: %q", text)
		}
		if kind == 'd' {
			// 'w', three numbers of eight bytes, and then the message of pgoutput.
			if message, err := in.Peek(min(size+1, 31)); err == nil && len(message) == 31 && message[5] == 'w' && message[30] == 'I' {
				rows++
			}
		}
		if _, err := in.Discard(size + 1); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

// members runs something in eight sessions for a workload's time, or until it has handled as many events as were loaded, and returns how many a second
// that came to. A member may find nothing while others hold what will be its share.
func (b *bench) members(ctx context.Context, step func(c *pgx.Conn, member int) (events int, err error)) (float64, error) {
	var group sync.WaitGroup
	var events atomic.Int64
	var conns []*pgx.Conn
	for range 8 {
		c, err := pgx.Connect(ctx, b.eg.url())
		if err != nil {
			return 0, err
		}
		defer c.Close(ctx)
		conns = append(conns, c)
	}
	failed := make(chan error, len(conns))
	begin := time.Now()
	for i, c := range conns {
		group.Go(func() {
			for time.Since(begin) < b.time && events.Load() < int64(b.events) {
				n, err := step(c, i)
				if e := new(pgconn.PgError); errors.As(err, &e) && e.Code == "40001" {
					continue // its partitions were shared anew
				}
				if err != nil {
					failed <- err
					return
				}
				events.Add(int64(n))
			}
		})
	}
	group.Wait()
	took := time.Since(begin)
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(events.Load()) / took.Seconds(), nil
	}
}

// querier is a connection, or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// consumed reads a batch of the consumer, and tells how many events it has, and where the last is.
func consumed(ctx context.Context, q querier, batch int) (n int, last int64, err error) {
	rows, _ := q.Query(ctx, "SELECT position, stream_id, type, payload FROM consume('bench', $1, '0')", batch)
	for rows.Next() {
		if err := rows.Scan(&last, nil, nil, nil); err != nil {
			return 0, 0, err
		}
		n++
	}
	return n, last, rows.Err()
}

const acknowledge = "SELECT ack('bench', $1)"

// anew has the consumer begin at the beginning.
func (b *bench) anew(ctx context.Context) error {
	return b.psql(ctx, b.eg, "-c", "SELECT reset_consumer('bench', -1)")
}

// consumers is what eight members of a consumer read and acknowledge, beside what one follower reads.
func (b *bench) consumers(ctx context.Context) (f figure, err error) {
	f = figure{workload: "8 members of a consumer, consume and ack of 100, events/s, of one SUBSCRIBE; of 1,000", aim: "≥ 0.50×"}
	if err := b.psql(ctx, b.eg, "-c", "SELECT create_consumer('bench')"); err != nil {
		return f, err
	}
	var follower series
	rates := map[int]*series{100: {}, 1000: {}}
	for range b.rounds {
		c, err := pgx.Connect(ctx, b.eg.url())
		if err != nil {
			return f, err
		}
		begin := time.Now()
		rows, err := c.Query(ctx, fmt.Sprintf("SUBSCRIBE SELECT position, stream_id, type, payload FROM events WHERE position >= 0 AND position < %d", b.events), pgx.QueryExecModeExec)
		if err != nil {
			return f, err
		}
		for rows.Next() {
			if err := rows.Scan(nil, nil, nil, nil); err != nil {
				return f, err
			}
		}
		err = rows.Err()
		c.Close(ctx)
		if err != nil {
			return f, err
		}
		follower = append(follower, sample{value: float64(b.events) / time.Since(begin).Seconds()})
		for batch, to := range rates {
			if err := b.anew(ctx); err != nil {
				return f, err
			}
			rate, err := b.members(ctx, func(c *pgx.Conn, _ int) (int, error) {
				n, last, err := consumed(ctx, c, batch)
				if err == nil && n > 0 {
					_, err = c.Exec(ctx, acknowledge, last)
				}
				return n, err
			})
			if err != nil {
				return f, err
			}
			*to = append(*to, sample{value: rate})
		}
	}
	f.ours = fmt.Sprintf("%.2f× (%s of %s); %.2f×", rates[100].median()/follower.median(), number(rates[100].median()), number(follower.median()), rates[1000].median()/follower.median())
	return f, nil
}

// relay is what eight members make of what they consume, each batch in a transaction with its acknowledgement, beside transactions of as many
// statements, and beside inserts of as many rows.
func (b *bench) relay(ctx context.Context) (f figure, err error) {
	f = figure{workload: "relay by 8 members, of 1: of a transaction of as many statements; of 100: of INSERT of 100 rows", aim: "≥ 0.70×; ≥ 0.30×"}
	insert := func(rows int) string {
		return "INSERT INTO events (stream, type, payload) VALUES " + strings.Repeat(", ($1, 'Relayed', '{\"amount\": 5}')", rows)[2:]
	}
	one, many := insert(1), insert(100)
	relay := func(batch int, sql string) func(c *pgx.Conn, member int) (int, error) {
		return func(c *pgx.Conn, member int) (n int, err error) {
			err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
				var last int64
				if n, last, err = consumed(ctx, tx, batch); err != nil || n == 0 {
					return err
				}
				if _, err := tx.Exec(ctx, sql, fmt.Sprint("relayed-", member)); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, acknowledge, last)
				return err
			})
			return n, err
		}
	}
	var rates [4]series
	for range b.rounds {
		for i, step := range []func(c *pgx.Conn, member int) (int, error){
			relay(1, one),
			func(c *pgx.Conn, member int) (int, error) {
				return 1, pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
					for _, sql := range []string{"SELECT position, stream_id, type, payload FROM events WHERE position = 0", "SELECT 1"} {
						if _, err := tx.Exec(ctx, sql); err != nil {
							return err
						}
					}
					_, err := tx.Exec(ctx, one, fmt.Sprint("relayed-", member))
					return err
				})
			},
			relay(100, many),
			func(c *pgx.Conn, member int) (int, error) {
				_, err := c.Exec(ctx, many, fmt.Sprint("relayed-", member))
				return 100, err
			},
		} {
			if err := b.anew(ctx); err != nil {
				return f, err
			}
			rate, err := b.members(ctx, step)
			if err != nil {
				return f, err
			}
			rates[i] = append(rates[i], sample{value: rate})
		}
	}
	f.ours = fmt.Sprintf("%.2f× (%s of %s/s); %.2f× (%s of %s events/s)", rates[0].median()/rates[1].median(), number(rates[0].median()), number(rates[1].median()),
		rates[2].median()/rates[3].median(), number(rates[2].median()), number(rates[3].median()))
	return f, nil
}

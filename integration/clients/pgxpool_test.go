package clients

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Eight goroutines of a pool count up one stream: each reads the version,
// appends on condition, and starts again after a conflict.
func TestPgxpool(t *testing.T) {
	ctx := testContext(t)
	config, err := pgxpool.ParseConfig(newTarget(t).url)
	must(t, err)
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(ctx, config)
	must(t, err)
	defer pool.Close()
	must(t, pool.Ping(ctx))
	const each = 25
	ended := make(chan error, config.MaxConns)
	for range config.MaxConns {
		go func() { ended <- raceFor(ctx, pool, "race", each) }()
	}
	for range config.MaxConns {
		must(t, <-ended)
	}
	var n, last int64
	must(t, pool.QueryRow(ctx, "SELECT count(*), max(version) FROM events WHERE stream = 'race'").Scan(&n, &last))
	want := int64(each) * int64(config.MaxConns)
	expect(t, "count and version", []int64{n, last}, []int64{want, want - 1})
}

func raceFor(ctx context.Context, pool *pgxpool.Pool, stream string, wins int) error {
	for wins > 0 {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return appendNext(ctx, tx, stream) })
		switch {
		case err == nil:
			wins--
		case sqlState(err) != "40001":
			return err
		}
	}
	return nil
}

func appendNext(ctx context.Context, tx pgx.Tx, stream string) error {
	var last *int64
	if err := tx.QueryRow(ctx, "SELECT max(version) FROM events WHERE stream = $1", stream).Scan(&last); err != nil {
		return err
	}
	expected := int64(-1)
	if last != nil {
		expected = *last
	}
	_, version, err := appendOne(ctx, tx, stream, "Tick", expected)
	if err == nil && version != expected+1 {
		return fmt.Errorf("version %d after %d", version, expected)
	}
	return err
}

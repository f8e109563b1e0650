// A newcomer's first transaction with pgx.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5"
)

func main() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close(ctx)
	for n := range 3 {
		if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return save(ctx, tx, n+1) }); err != nil {
			log.Fatal(err)
		}
	}
	var count, sum int
	if err := conn.QueryRow(ctx, "SELECT count(*), sum((payload->>'n')::int) FROM events").Scan(&count, &sum); err != nil {
		log.Fatal(err)
	}
	fmt.Println(count, sum)
}

func save(ctx context.Context, tx pgx.Tx, n int) error {
	rows, err := tx.Query(ctx, "INSERT INTO events (stream, type, payload) VALUES ($1, $2, $3) RETURNING *", "cart-1", "ItemAdded", map[string]int{"n": n})
	if err != nil {
		return err
	}
	event, err := pgx.CollectExactlyOneRow(rows, pgx.RowToMap)
	if err != nil {
		return err
	}
	fmt.Printf("%v %v %v %v %T\n", event["position"], event["version"], event["type"], event["payload"], event["recorded_at"])
	var sum int
	if err := tx.QueryRow(ctx, "SELECT sum((payload->>'n')::int) FROM events").Scan(&sum); err != nil {
		return err
	}
	fmt.Println(sum)
	return nil
}

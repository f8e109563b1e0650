package query

import (
	"bytes"
	"context"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/engine"
)

// BenchmarkInsertJSON: appends of a JSON parameter of so many bytes, each alone, and 50 in a transaction.
func BenchmarkInsertJSON(b *testing.B) {
	const insert = "INSERT INTO events (stream, type, payload) VALUES ($1, 'T', $2)"
	for _, size := range []int{1 << 10, 32 << 10, 512 << 10} {
		payload := longJSON(size)
		for _, batch := range []int{1, 50} {
			if size*batch > 8<<20 {
				continue
			}
			b.Run(strconv.Itoa(size>>10)+"KiB/"+strconv.Itoa(batch), func(b *testing.B) {
				ctx := context.Background()
				conn, err := connect(ctx, serve(b, NewServer(openStore(b, engine.Options{}), nil)), pgx.QueryExecModeCacheStatement)
				if err != nil {
					b.Fatal(err)
				}
				defer conn.Close(ctx)
				b.SetBytes(int64(size * batch))
				for b.Loop() {
					if batch == 1 {
						_, err = conn.Exec(ctx, insert, "s", payload)
					} else {
						err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
							var all pgx.Batch
							for range batch {
								all.Queue(insert, "s", payload)
							}
							return tx.SendBatch(ctx, &all).Close()
						})
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// longJSON is an object of about so many bytes.
func longJSON(size int) []byte {
	var out bytes.Buffer
	out.WriteString(`{"items": [`)
	for i := 0; out.Len() < size; i++ {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString(`{"sku": "A-` + strconv.Itoa(i) + `", "quantity": 2, "price": 12.5, "gift": false, "note": null}`)
	}
	out.WriteString(`]}`)
	return out.Bytes()
}

package query

import (
	"testing"

	"github.com/eventgres/eventgres/query/syntax"
)

// BenchmarkParse: an append with its values in the text, and a read of a stream.
func BenchmarkParse(b *testing.B) {
	for name, sql := range map[string]string{
		"insert": `INSERT INTO events (stream, type, payload, metadata, expected_version) VALUES ('order-1234567', 'OrderPlaced',
			'{"order": 1234567, "items": [{"sku": "A-1", "quantity": 2}], "total": "12.50"}', '{"by": "it''s me"}'::jsonb, 41) RETURNING position, version`,
		"select": `SELECT version, type, payload FROM events WHERE stream = $1 AND version > $2 ORDER BY version LIMIT 100`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(sql)))
			for b.Loop() {
				if _, err := syntax.Parse(sql); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

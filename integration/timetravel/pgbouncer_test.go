//go:build unix

package timetravel

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestPool: clients that share one connection by the transaction read each as of its own moment, and nobody's stays behind.
func TestPool(t *testing.T) {
	server := harness.Eventgres(t)
	url := harness.Pool(t, server.URL(), "transaction", 1) + "&default_query_exec_mode=simple_protocol"
	setup := connect(t, url, "")
	must(t, setup, "INSERT INTO events (stream, type) VALUES ('s', 'A'), ('s', 'A'), ('s', 'A'), ('s', 'A')")
	var clients sync.WaitGroup
	for client := range 4 {
		conn := connect(t, url, "")
		clients.Go(func() {
			for i := range 30 {
				p := (client + i) % 4
				for _, sql := range []string{
					fmt.Sprintf("BEGIN; SET LOCAL eventgres.as_of = %d; SELECT count(*) FROM events; COMMIT", p),
					fmt.Sprintf("BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '%d'; SELECT count(*) FROM events; COMMIT", p),
					fmt.Sprintf("BEGIN; SET LOCAL eventgres.as_of = %d; SELECT count(*) FROM events; ROLLBACK", p),
				} {
					if got, err := count(t, conn, sql); err != nil || got != strconv.Itoa(p+1) {
						t.Errorf("%s: %s, %v", sql, got, err)
					}
				}
				if got, err := count(t, conn, "SELECT count(*) FROM events"); err != nil || got != "4" {
					t.Errorf("between: %s, %v", got, err)
				}
			}
		})
	}
	clients.Wait()
}

// count is the only value that a text of several statements returns.
func count(t *testing.T, conn *pgx.Conn, sql string) (value string, err error) {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	for _, r := range results {
		for _, row := range r.Rows {
			value += text(row)
		}
	}
	return value, err
}

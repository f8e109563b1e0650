package live

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// forms are drivers' own ways to take rows as they come, beside those that have a program in docs/following.md.
var forms = []struct{ name, language, source string }{
	{"psycopg's stream()", "python", `
import psycopg
with psycopg.connect("postgresql://app@127.0.0.1:5433/events", autocommit=True) as conn:
    with conn.cursor() as cur:
        for row in cur.stream("SUBSCRIBE SELECT position, stream, type FROM events WHERE position > %s", [-1]):
            print(*row, flush=True)
`},
	{"node's pg-cursor", "js", `
import pg from 'pg';
import Cursor from 'pg-cursor';
const client = new pg.Client('postgres://app@127.0.0.1:5433/events');
await client.connect();
const cursor = client.query(new Cursor('SUBSCRIBE SELECT position, stream, type FROM events WHERE position > $1', [-1]));
for (;;) {
  for (const row of await cursor.read(10)) console.log(row.position, row.stream, row.type);
}
`},
	{"JDBC's setFetchSize", "java", `
import java.sql.DriverManager;
public class Fetch {
    public static void main(String[] args) throws Exception {
        try (var conn = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:5433/events?user=app&sslmode=disable")) {
            conn.setAutoCommit(false);
            try (var statement = conn.prepareStatement("SUBSCRIBE SELECT position, stream, type FROM events WHERE position > ?")) {
                statement.setFetchSize(10);
                statement.setLong(1, -1);
                var rows = statement.executeQuery();
                while (rows.next()) {
                    System.out.println(rows.getLong(1) + " " + rows.getString(2) + " " + rows.getString(3));
                    System.out.flush();
                }
            }
        }
    }
}
`},
}

// TestDriverForms: each prints what was appended and what is, as it comes, a row and not a bufferful.
func TestDriverForms(t *testing.T) {
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
			ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
			defer stop()
			c := as(ctx, t, server, "app")
			execute(ctx, t, c, "INSERT INTO events (stream, type) VALUES ('order-1', 'Placed'), ('order-1', 'Paid')")
			p := startPrinter(ctx, t, form.name, harness.Program(t, form.language, strings.ReplaceAll(form.source, "127.0.0.1:5433", server.Address())))
			same(t, []printer{p}, func() { execute(ctx, t, c, "INSERT INTO events (stream, type) VALUES ('order-2', 'Placed')") })
		})
	}
}

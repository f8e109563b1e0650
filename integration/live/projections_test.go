package live

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// projected are a projection's rows.
const projected = "SELECT stream || ' ' || events || ' ' || total FROM order_totals ORDER BY stream"

func over(ended chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// TestProjections: each program of docs/projections.md makes the tables that the events say, whenever it is killed.
func TestProjections(t *testing.T) {
	const page = "docs/projections.md"
	cluster, server := harness.Postgres(t), harness.Eventgres(t)
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	events := as(ctx, t, server, "app")
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	var last int64
	add := func() {
		t.Helper()
		var b strings.Builder
		b.WriteString("INSERT INTO events (stream, type, payload) VALUES ('order-0', 'Paid', '{\"amount\": 0.5}')")
		for range 400 {
			fmt.Fprintf(&b, ", ('%s-%d', 'Paid', '%s')", []string{"order", "other"}[r.IntN(2)], r.IntN(20), []string{fmt.Sprintf(`{"amount": %d.25}`, r.IntN(100)), "{}"}[r.IntN(2)])
		}
		b.WriteString(", ('order-1', 'Paid', '{\"amount\": 1}') RETURNING position")
		rows, err := events.Query(ctx, b.String(), pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		positions, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			t.Fatal(err)
		}
		last = positions[len(positions)-1]
	}
	sql := harness.Blocks(harness.Document(t, page), "sql")
	for _, language := range []string{"go", "python", "js", "java"} {
		source := harness.Blocks(harness.Document(t, page), language)
		if len(sql) != 1 || len(source) != 1 {
			t.Fatalf("%d blocks of SQL, %d of %s", len(sql), len(source), language)
		}
		t.Run(language, func(t *testing.T) {
			url := cluster.Database(t)
			model, err := pgx.Connect(ctx, url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { model.Close(context.Background()) })
			execute(ctx, t, model, sql[0])
			program := strings.ReplaceAll(source[0], "127.0.0.1:5433", server.Address())
			for _, own := range []string{"postgres://app@127.0.0.1:5432/app", "postgresql://app@127.0.0.1:5432/app"} {
				program = strings.ReplaceAll(program, own, url)
			}
			c := model.Config()
			program = strings.ReplaceAll(program, "jdbc:postgresql://127.0.0.1:5432/app?user=app", fmt.Sprintf("jdbc:postgresql://%s:%d/%s?user=%s", c.Host, c.Port, c.Database, c.User))
			cmd := harness.Program(t, language, program)
			for run := range 3 {
				again := *cmd
				p := exec.CommandContext(ctx, again.Path, again.Args[1:]...)
				p.Dir, p.Stdin = again.Dir, again.Stdin
				if p.Stdin != nil {
					p.Stdin = strings.NewReader(program)
				}
				var said strings.Builder
				p.Stdout, p.Stderr = &said, &said
				if err := p.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan struct{})
				go func() { _ = p.Wait(); close(ended) }()
				add()
				want := last
				if run < 2 {
					want = r.Int64N(last + 1) // and then it is killed, wherever it is
				}
				reached := int64(-2)
				for ctx.Err() == nil && reached < want && !over(ended) {
					if err := model.QueryRow(ctx, "SELECT coalesce(max(position), -2) FROM projections").Scan(&reached); err != nil {
						t.Fatal(err)
					}
				}
				_ = p.Process.Kill()
				<-ended
				if reached < want {
					t.Fatalf("it has come to %d of %d\n%s", reached, want, said.String())
				}
			}
			strs := func(c *pgx.Conn, sql string) []string {
				t.Helper()
				rows, err := c.Query(ctx, sql)
				if err != nil {
					t.Fatal(err)
				}
				list, err := pgx.CollectRows(rows, pgx.RowTo[string])
				if err != nil {
					t.Fatal(err)
				}
				return list
			}
			got := strs(model, projected)
			want := strs(events, "WITH order_totals AS (SELECT stream, count(*) AS events, sum(coalesce((payload->>'amount')::numeric, 0)) AS total FROM events WHERE category = 'order' GROUP BY stream) "+projected)
			if !slices.Equal(got, want) {
				t.Errorf("\n got %v\nwant %v", got, want)
			}
		})
	}
}

package boundaries

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

const page = "docs/consistency.md"

// statements runs the statements of a page's blocks of SQL, one after the other, and holds what comes of each against what stands behind it: the
// command tag, or the first value of the first row.
func statements(t *testing.T, conn *pgx.Conn, page string) (answered int) {
	t.Helper()
	var sql strings.Builder
	for _, block := range harness.Blocks(harness.Document(t, page), "sql") {
		for line := range strings.Lines(block) {
			code, want, answers := strings.Cut(strings.TrimRight(line, "\n"), " -- ")
			sql.WriteString(code + "\n")
			if !strings.HasSuffix(code, ";") {
				continue
			}
			results, err := conn.PgConn().Exec(t.Context(), sql.String()).ReadAll()
			if err != nil {
				t.Fatalf("%s: %v", sql.String(), err)
			}
			got := results[0].CommandTag.String()
			if len(results[0].Rows) > 0 {
				got = string(results[0].Rows[0][0])
			}
			if answers && got != want {
				t.Errorf("%s: %s, the page says %s", sql.String(), got, want)
			}
			if answers {
				answered++
			}
			sql.Reset()
		}
	}
	if sql.Len() > 0 {
		t.Errorf("without an end: %s", sql.String())
	}
	return answered
}

// TestUniqueness: the statements of docs/uniqueness.md do what stands behind them.
func TestUniqueness(t *testing.T) {
	conn := harness.Eventgres(t, harness.WithArgs("--no-analytics")).Connect(t)
	if n := statements(t, conn, "docs/uniqueness.md"); n < 20 {
		t.Errorf("%d statements of the page have answers", n)
	}
}

// TestPrograms: the programs of docs/consistency.md keep their rules, all at once, two of each.
func TestPrograms(t *testing.T) { programs(t, "go", "python", "js", "java") }

// TestTypeScript: so does the one in TypeScript, whose compiler is not everywhere, beside one in Go.
func TestTypeScript(t *testing.T) { programs(t, "ts", "go") }

func programs(t *testing.T, languages ...string) {
	t.Helper()
	const each, students = 2, 16
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	conn := server.Connect(t)
	statements(t, conn, page)
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	offered := courses{"d1": 12, "d2": 5, "d3": 16, "d4": 16, "d5": 16, "d6": 16}
	offered.define(t, conn)
	pairs := offered.pairs("p", students)
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		said  strings.Builder
		ready []func()
	)
	address := gate(ctx, t, server.Address(), each*len(languages))
	for _, language := range languages {
		source := harness.Blocks(harness.Document(t, page), language)
		if len(source) != 1 {
			t.Fatalf("%d programs in %s", len(source), language)
		}
		program := strings.ReplaceAll(source[0], "127.0.0.1:5433", address)
		cmd := harness.Program(t, language, program)
		for range each {
			p := exec.CommandContext(ctx, cmd.Path, append(cmd.Args[1:len(cmd.Args):len(cmd.Args)], shuffled(r, pairs)...)...)
			p.Dir = cmd.Dir
			if cmd.Stdin != nil {
				p.Stdin = strings.NewReader(program)
			}
			ready = append(ready, func() {
				var errors strings.Builder
				p.Stderr = &errors
				out, err := p.Output()
				if err != nil {
					t.Errorf("a program in %s ends with %v\n%s", language, err, errors.String())
				}
				mu.Lock()
				defer mu.Unlock()
				said.Write(out)
			})
		}
	}
	for _, run := range ready {
		all.Go(run)
	}
	all.Wait()
	if !t.Failed() {
		offered.check(t, conn, pairs, said.String(), len(ready))
	}
}

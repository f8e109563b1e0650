package serializable

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

var histories = flag.Int("histories", 25, "random histories")

// attempt is a transaction of a history, and what became of it.
type attempt struct {
	id        string
	questions []question
	answers   []string
	guard     *question // of a guarded INSERT in autocommit
	want      string    // the answer that the guard asks for
	appended  int64     // rows of the guarded INSERT
	committed bool
	refused   int64 // position of the event that the refusal names, -1: it was not refused
}

// TestHistories: sessions decide by random questions beside each other. What each was answered holds just before what it has appended, and nobody was refused but for an
// event that meets a question of his. So the committed transactions are serializable, in the order of the log.
func TestHistories(t *testing.T) {
	server := harness.Eventgres(t)
	seed := harness.Seed(t)
	ctx := t.Context()
	var pool []*pgx.Conn
	for range 8 {
		c, err := pgx.Connect(ctx, server.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(context.WithoutCancel(ctx))
		pool = append(pool, c)
	}
	committed, refused, guards := 0, 0, 0
	for h := range *histories {
		r := rand.New(rand.NewPCG(seed, uint64(h)))
		list := play(t, pool, r, fmt.Sprintf("h%dx", h))
		log := readLog(t, pool[0], fmt.Sprintf("h%dx", h))
		for _, a := range list {
			if err := a.check(log); err != nil {
				t.Fatalf("history %d: %v", h, err)
			}
			switch {
			case a.guard != nil:
				guards++
			case a.committed:
				committed++
			case a.refused >= 0:
				refused++
			}
		}
	}
	t.Logf("%d committed, %d refused, %d guards", committed, refused, guards)
	if committed == 0 || refused == 0 || guards == 0 {
		t.Error("too little happens")
	}
}

// play has two to eight sessions append beside each other.
func play(t *testing.T, pool []*pgx.Conn, r *rand.Rand, own string) []*attempt {
	t.Helper()
	n := 2 + r.IntN(len(pool)-1)
	lists := make([][]*attempt, n)
	var wg sync.WaitGroup
	for i := range n {
		mine := rand.New(rand.NewPCG(r.Uint64(), uint64(i)))
		wg.Go(func() {
			for k := range 3 {
				a := &attempt{id: fmt.Sprintf("%s%d.%d", own, i, k), refused: -1}
				if err := a.run(t.Context(), pool[i], mine, own); err != nil {
					t.Errorf("%+v: %v", a, err)
					return
				}
				lists[i] = append(lists[i], a)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return slices.Concat(lists...)
}

// values are the rows of an INSERT of the attempt's.
func (a *attempt) values(r *rand.Rand, own string) string {
	tags := []string{tagOf(r, own), tagOf(r, own)}
	return fmt.Sprintf("'%s', '%s', '{%s}'::text[], '{\"n\": \"%d\", \"of\": \"%s\"}'::jsonb", streamOf(r, own), kindOf(r, own), strings.Join(tags, ","), r.IntN(3), a.id)
}

const inserts = "INSERT INTO events (stream, type, tags, payload) "

func (a *attempt) run(ctx context.Context, c *pgx.Conn, r *rand.Rand, own string) error {
	if r.IntN(4) == 0 {
		return a.runGuard(ctx, c, r, own)
	}
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
	if err != nil {
		return err
	}
	for range 1 + r.IntN(3) {
		q := ask(r, own)
		got, err := query(ctx, tx, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.sql, err)
		}
		a.questions, a.answers = append(a.questions, q), append(a.answers, got)
	}
	if r.IntN(10) == 0 {
		return tx.Rollback(ctx)
	}
	for range 1 + r.IntN(2) {
		if _, err := tx.Exec(ctx, inserts+"VALUES ("+a.values(r, own)+")"); err != nil {
			return err
		}
	}
	err = tx.Commit(ctx)
	if a.committed = err == nil; a.committed {
		return nil
	}
	a.refused, err = refusal(err)
	return err
}

var named = regexp.MustCompile(`^Event (\d+) of stream`)

// refusal is the event that a 40001 names.
func refusal(err error) (int64, error) {
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "40001" {
		return -1, err
	}
	m := named.FindStringSubmatch(e.Detail)
	if m == nil {
		return -1, fmt.Errorf("%w (%s)", err, e.Detail)
	}
	return strconv.ParseInt(m[1], 10, 64)
}

// runGuard appends if a question has just this answer, in one statement.
func (a *attempt) runGuard(ctx context.Context, c *pgx.Conn, r *rand.Rand, own string) error {
	p := predicate(r, own)
	where := p.of("")
	n := r.IntN(3)
	q := question{meets: p.meets}
	var guard string
	count := func(log []event) (n int) {
		for i := range log {
			if p.meets(&log[i]) {
				n++
			}
		}
		return n
	}
	switch r.IntN(4) {
	case 0:
		guard, a.want = "NOT EXISTS (SELECT 1 FROM events WHERE "+where+")", "true"
		q.answer = func(log []event) string { return fmt.Sprint(count(log) == 0) }
	case 1:
		guard, a.want = "EXISTS (SELECT 1 FROM events WHERE "+where+") AND (SELECT count(*) FROM events WHERE "+where+") % 2 = 1", "true"
		q.answer = func(log []event) string { return fmt.Sprint(count(log)%2 == 1) }
	case 2: // by the worker
		guard, a.want = "(SELECT count(*) FROM (SELECT DISTINCT position FROM events WHERE "+where+") AS d) <= "+fmt.Sprint(n), "true"
		q.answer = func(log []event) string { return fmt.Sprint(count(log) <= n) }
	default:
		guard, a.want = "(SELECT count(*) FROM events WHERE "+where+") <= "+fmt.Sprint(n), "true"
		q.answer = func(log []event) string { return fmt.Sprint(count(log) <= n) }
	}
	q.sql, a.guard = guard, &q
	tag, err := c.Exec(ctx, inserts+"SELECT "+a.values(r, own)+" WHERE "+guard)
	if err != nil {
		return err
	}
	a.appended = tag.RowsAffected()
	return nil
}

func query(ctx context.Context, tx pgx.Tx, q question) (string, error) {
	rows, err := tx.Query(ctx, q.sql, q.params...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return "", err
		}
		var texts []string
		for _, v := range values {
			texts = append(texts, fmt.Sprint(v))
		}
		list = append(list, strings.Join(texts, ","))
	}
	return strings.Join(list, ";"), rows.Err()
}

// readLog reads the events of a history.
func readLog(t *testing.T, c *pgx.Conn, own string) (log []event) {
	t.Helper()
	rows, err := c.Query(t.Context(), "SELECT position, stream, type, tags, payload->>'n', payload->>'of' FROM events WHERE category IN ($1, $2) ORDER BY position", own+"c0", own+"c1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var e event
		var of string
		if err := rows.Scan(&e.position, &e.stream, &e.kind, &e.tags, &e.number, &of); err != nil {
			t.Fatal(err)
		}
		e.category, _, _ = strings.Cut(e.stream, "-")
		e.of = of
		log = append(log, e)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return log
}

// check holds an attempt against the log.
func (a *attempt) check(log []event) error {
	first := slices.IndexFunc(log, func(e event) bool { return e.of == a.id })
	switch {
	case a.guard != nil:
		if (first >= 0) != (a.appended > 0) {
			return fmt.Errorf("%s: said %d rows", a.id, a.appended)
		}
		if first >= 0 && a.guard.answer(log[:first]) != a.want {
			return fmt.Errorf("%s was appended as event %d though its guard is not true there: %s", a.id, log[first].position, a.guard.sql)
		}
		return nil
	case !a.committed && first >= 0:
		return fmt.Errorf("%s was not committed, and event %d is there", a.id, log[first].position)
	case a.committed:
		for i, q := range a.questions {
			if now := q.answer(log[:first]); now != a.answers[i] {
				return fmt.Errorf("%s was told %q and committed event %d, before which it is %q: %s", a.id, a.answers[i], log[first].position, now, q.sql)
			}
		}
		return nil
	case a.refused < 0:
		return nil // rolled back
	}
	i := slices.IndexFunc(log, func(e event) bool { return e.position == a.refused })
	if i < 0 || !slices.ContainsFunc(a.questions, func(q question) bool { return q.meets(&log[i]) }) {
		return fmt.Errorf("%s was refused for event %d, which none of its questions is about: %+v", a.id, a.refused, a.questions)
	}
	return nil
}

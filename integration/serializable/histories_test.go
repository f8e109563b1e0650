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
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

var (
	histories    = flag.Int("histories", 60, "random histories")
	players      = flag.Int("players", 3, "how many are played at once")
	workerOdds   = flag.Int("workerodds", 4, "in how many histories one asks the worker, too: it takes as long for a question as a history without")
	segmentBytes = flag.Int("segmentbytes", 256<<10, "at which size a segment is sealed")
)

// attempt is a transaction of a history, and what became of it.
type attempt struct {
	id         string
	analytical bool // the worker is asked, too
	questions  []question
	answers    []string
	guard      *question // of a guarded INSERT in autocommit
	want       string    // the answer that the guard asks for
	appended   int64     // rows of the guarded INSERT
	committed  bool
	refused    int64 // position of the event that the refusal names, -1: it was not refused
}

// TestHistories: sessions decide by random questions beside each other. What each was answered holds just before what it has appended, and nobody was refused but for an
// event that meets a question of his. So the committed transactions are serializable, in the order of the log. Several histories are played at once, which share the log, its
// groups and its segments, and no key.
func TestHistories(t *testing.T) {
	server := harness.Eventgres(t, harness.WithEnv("EVENTGRES_SEGMENT_BYTES="+strconv.Itoa(*segmentBytes)))
	seed := harness.Seed(t)
	var next, committed, refused, guards atomic.Int64
	var wg sync.WaitGroup
	for range *players {
		wg.Go(func() {
			p, err := newPlayer(t.Context(), server.URL())
			if err != nil {
				t.Error(err)
				return
			}
			defer p.close(t.Context())
			for h := int(next.Add(1)); h <= *histories && !t.Failed(); h = int(next.Add(1)) {
				list, err := p.play(t.Context(), rand.New(rand.NewPCG(seed, uint64(h))), fmt.Sprintf("h%dx", h))
				if err != nil {
					t.Errorf("history %d: %v", h, err)
				}
				for _, a := range list {
					switch {
					case a.guard != nil:
						guards.Add(1)
					case a.committed:
						committed.Add(1)
					case a.refused >= 0:
						refused.Add(1)
					}
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d committed, %d refused, %d guards", committed.Load(), refused.Load(), guards.Load())
	if !t.Failed() && (committed.Load() == 0 || refused.Load() == 0 || guards.Load() == 0) {
		t.Error("too little happens")
	}
}

// player plays histories one after the other.
type player struct{ pool []*pgx.Conn }

func newPlayer(ctx context.Context, url string) (*player, error) {
	p := &player{}
	for range 8 {
		c, err := pgx.Connect(ctx, url)
		if err != nil {
			return nil, err
		}
		p.pool = append(p.pool, c)
	}
	return p, nil
}

func (p *player) close(ctx context.Context) {
	for _, c := range p.pool {
		c.Close(context.WithoutCancel(ctx))
	}
}

// play has two to eight sessions append beside each other, and holds what they were told against the log.
func (p *player) play(ctx context.Context, r *rand.Rand, own string) ([]*attempt, error) {
	n := 2 + r.IntN(len(p.pool)-1)
	lists, errs := make([][]*attempt, n), make([]error, n)
	analytical := r.IntN(*workerOdds) == 0
	var wg sync.WaitGroup
	for i := range n {
		mine := rand.New(rand.NewPCG(r.Uint64(), uint64(i)))
		wg.Go(func() {
			for k := range 3 {
				a := &attempt{id: fmt.Sprintf("%s%d.%d", own, i, k), refused: -1, analytical: analytical}
				if err := a.run(ctx, p.pool[i], mine, own); err != nil {
					errs[i] = fmt.Errorf("%+v: %w", a, err)
					return
				}
				lists[i] = append(lists[i], a)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	log, err := readLog(ctx, p.pool[0], own)
	list := slices.Concat(lists...)
	for i := 0; i < len(list) && err == nil; i++ {
		err = list[i].check(log)
	}
	return list, err
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
		q := ask(r, own, a.analytical)
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
	if !a.analytical {
		p = p.within(own)
	}
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
	kind := r.IntN(4)
	if kind == 2 && !a.analytical {
		kind = 3
	}
	switch kind {
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
func readLog(ctx context.Context, c *pgx.Conn, own string) (log []event, err error) {
	rows, err := c.Query(ctx, "SELECT position, stream, type, tags, payload->>'n', payload->>'of' FROM events WHERE category IN ($1, $2) ORDER BY position", own+"c0", own+"c1")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e event
		if err := rows.Scan(&e.position, &e.stream, &e.kind, &e.tags, &e.number, &e.of); err != nil {
			return nil, err
		}
		e.category, _, _ = strings.Cut(e.stream, "-")
		log = append(log, e)
	}
	return log, rows.Err()
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

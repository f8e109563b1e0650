package differ

import (
	"context"
	"strings"
	"time"

	"github.com/eventgres/eventgres/integration/analytics"
)

// A Pair is sessions with both servers, and two more with PostgreSQL to see whether it
// promises what it answers. It is for one goroutine.
type Pair struct {
	postgres, shuffled, eventgres *analytics.Session
	recent                        recent
}

// A Finding is a statement that the servers answer differently.
type Finding struct {
	*Statement
	Verdict
	Want, Got *analytics.Answer
	took      time.Duration
	Beside    string // of a lost one: what others asked at the time
}

const (
	// Statements are small: what PostgreSQL does not answer within a second is left out.
	// Eventgres is given time for a machine that does other things besides.
	postgresTime  = "SET statement_timeout = '1s'"
	eventgresTime = "SET statement_timeout = '30s'"
)

// NewPair opens sessions when first used. The second database of PostgreSQL holds the same
// events in another order.
func NewPair(postgres, shuffled, eventgres string) *Pair {
	return &Pair{
		postgres: analytics.NewSession("PostgreSQL", postgres, postgresTime),
		shuffled: analytics.NewSession("PostgreSQL, shuffled", shuffled, postgresTime, "SET enable_hashagg = off",
			"SET enable_hashjoin = off", "SET enable_indexscan = off", "SET enable_bitmapscan = off", "SET enable_indexonlyscan = off", "SET enable_sort = on", "SET enable_material = off"),
		eventgres: analytics.NewSession("Eventgres", eventgres, eventgresTime),
	}
}

// Close ends the sessions.
func (p *Pair) Close() {
	p.postgres.Close()
	p.shuffled.Close()
	p.eventgres.Close()
}

// Compare asks both, and gives the finding; its class is None where they agree.
func (p *Pair) Compare(ctx context.Context, s *Statement) *Finding {
	f := &Finding{Statement: s}
	f.Want = ask(ctx, p.postgres, s, false, false)
	if f.Want.Code() == "57014" {
		// All rows that come are held here: of a series without end, gigabytes, for which the system ends a
		// process, the worker among the first.
		_ = p.eventgres.Exec(ctx, "SET statement_timeout = '2s'")
		defer func() { _ = p.eventgres.Exec(ctx, eventgresTime) }()
	}
	p.recent.begin(s)
	f.Got = ask(ctx, p.eventgres, s, true, false)
	f.took = p.recent.end(f.Got.Code())
	f.Verdict = judge(f.Want, f.Got, s.Order)
	if f.Class == None || f.Class == Unclear {
		return f
	}
	if s.Way == Native && f.Class == Refused && f.Got.Code() == "0A000" {
		f.Class = None // that path cannot, and says so
		return f
	}
	if !p.promised(ctx, f) {
		f.Class = Unclear
	}
	return f
}

// promised asks PostgreSQL again: with other plans, with events and VALUES in another order.
func (p *Pair) promised(ctx context.Context, f *Finding) bool {
	for _, turned := range []bool{false, true} {
		again := ask(ctx, p.shuffled, f.Statement, false, turned)
		if v := judge(f.Want, again, f.Order); v.Class != None && v.Class != Message {
			return false
		}
	}
	return true
}

// ask puts one statement to one server, with what belongs before it, and clears up.
func ask(ctx context.Context, session *analytics.Session, s *Statement, eventgres, turned bool) *analytics.Answer {
	before := s.before(eventgres, turned)
	answer := prepare(ctx, session, before)
	if answer == nil {
		answer = session.Ask(ctx, &analytics.Case{SQL: s.asked(turned), Params: s.Params}, s.Mode)
	}
	if len(s.Settings) == 0 && s.Way == Plain {
		return answer
	}
	if err := session.Exec(ctx, strings.Join(s.after(eventgres), "; ")); err != nil {
		session.Close() // the next statement begins anew
	}
	return answer
}

// prepare runs commands one by one; the answer is the first error's.
func prepare(ctx context.Context, session *analytics.Session, commands []string) *analytics.Answer {
	for _, command := range commands {
		if err := session.Exec(ctx, command); err != nil {
			return analytics.Failed(err)
		}
	}
	return nil
}

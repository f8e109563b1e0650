package query

import (
	"errors"

	"github.com/eventgres/eventgres/pgwire"
)

// The setting that forces a SELECT onto one path, for tests, and its values.
const (
	routeSetting   = "eventgres.route"
	routeAuto      = "auto"
	routeNative    = "native"
	routeAnalytics = "analytics"
)

// prepareQuery decides which path answers a query. st is nil if the front's parser does
// not take it. Everything the native path can answer well it answers; the rest, and what is
// wrong, is for the worker, which knows all of PostgreSQL's grammar, functions and errors.
func (s *Session) prepareQuery(c *compiler, st *selectStmt, q *queryText, oids []uint32) (plan, error) {
	route := s.settings.value(routeSetting)
	var native *selectPlan
	var err error
	switch {
	case st == nil && q.beyond.err != nil:
		err = q.beyond.err
	case st == nil:
		err = beyondError(c.src, &q.beyond.beyond)
	case route != routeAnalytics || s.worker() == nil:
		var p plan
		if p, err = s.prepareSelect(c, st); err == nil {
			native = p.(*selectPlan)
		}
	}
	if native != nil && (route == routeNative || s.worker() == nil || len(s.tx.staged) > 0 && !native.byStream || !native.wasteful()) {
		return native, nil
	}
	if route == routeNative || isLimit(err) {
		return nil, err
	}
	a, missing := s.prepareAnalytic(q.src, q.pos, q.end, oids, nil)
	if missing == nil {
		if native != nil {
			a.native = native
		}
		return a, nil
	}
	var e *pgwire.Error
	unavailable := errors.Is(missing, errNoWorker) || errors.As(missing, &e) && e.Code == "57P03"
	switch {
	case !unavailable:
		return nil, missing
	case native != nil:
		return native, nil
	case errors.Is(missing, errNoWorker):
		return nil, err
	}
	return nil, missing
}

// wasteful tells of a plan that reads the whole log, or all streams, to keep or to sort
// them: the worker's columns serve that better. Streams of which memory knows what is asked for are not read.
func (p *selectPlan) wasteful() bool {
	if p.rel == nil || p.rel == healthRelation || p.access.kind != accessLog || len(p.access.bound) > 0 || p.usesExpected {
		return false
	}
	if p.narrow {
		return p.sort != nil && !p.few
	}
	return p.sort != nil || p.residual != nil && p.limit == nil
}

// checkSyntax has the worker look at the queries of a text that the front's parser does not
// take: a syntax error anywhere keeps all of its statements from running.
func (s *Session) checkSyntax(list []*parsed) error {
	for _, p := range list {
		b, ok := p.statement.(*beyondStmt)
		if !ok || !b.query || b.err == nil {
			continue
		}
		_, err := s.prepareAnalytic(p.src, p.pos, p.end, nil, nil)
		var e *pgwire.Error
		if errors.As(err, &e) && e.Code == "42601" {
			return err
		}
		if errors.Is(err, errNoWorker) {
			return b.err
		}
	}
	return nil
}

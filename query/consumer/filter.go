package consumer

import (
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/live"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// filter is which events a consumer is about: its own condition, and what its owner sees.
type filter struct {
	text  string // of the condition
	basis Basis
	where *read.Plan   // nil: all
	key   live.Key     // of all events that it lets pass
	seen  *policy.Seen // nil: all
	env   expr.Env
}

// wants tells whether an event is one of those.
func (f *filter) wants(e *engine.RecordedEvent) (bool, error) {
	if f.seen != nil {
		if ok, err := f.seen.Sees(&f.env, e); err != nil || !ok {
			return false, err
		}
	}
	if f.where == nil {
		return true, nil
	}
	f.env.Row.Event = e
	return f.where.Meets(&f.env)
}

// refilter has the filter be what it is by now. What was queued by another one is read anew.
func (c *Consumer) refilter(h Host) error {
	known := c.what.basis
	if c.what.text != c.def.Filter {
		known = Basis{}
	}
	basis, seen, host, err := h.OwnerSees(c.owner, known)
	if err != nil || basis == known {
		return err
	}
	if seen != nil && (seen.Settings || seen.Session) {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "consumer \"%s\" cannot be read: a policy asks for what is the session's", c.name).
			WithDetail("A consumer is read for its owner, whoever's session it is.")
	}
	next := filter{text: c.def.Filter, basis: basis, seen: seen, env: expr.Env{Host: host}}
	if next.where, err = compile(host, next.text); err != nil {
		return err
	}
	if next.where != nil {
		if next.key, err = live.KeyOf(next.where.Comparisons(), &next.env); err != nil {
			return err
		}
	}
	same := c.what.basis != (Basis{}) && c.what.text == next.text && seenText(c.what.seen) == seenText(seen)
	c.what = next
	if !same {
		for i := range c.parts {
			c.restart(&c.parts[i], c.parts[i].Position)
		}
	}
	return nil
}

func seenText(s *policy.Seen) string {
	if s == nil {
		return ""
	}
	return s.Where
}

// always is the host of conditions that mean the same to everybody, for ever.
type always struct {
	expr.Host
	once *bool
}

func (always) Zone() *pgvalue.Zone { return pgvalue.UTC }

func (always) Searches(schema string) bool { return schema == "pg_catalog" || schema == "public" }

func (a always) OnlyOnce() { *a.once = true }

// compile compiles a filter; nil: there is none.
func compile(host expr.Host, text string) (*read.Plan, error) {
	if text == "" {
		return nil, nil
	}
	st, src, err := parse(text)
	if err != nil {
		return nil, err
	}
	immutable := func() error {
		return pgerror.Errorf(pgerror.InvalidObjectDefinition, "what a consumer's filter says must be immutable").
			WithHint("It may name columns of events, literals, operators, and functions that are immutable.")
	}
	expr.Walk(st.Where, func(x syntax.Expr) {
		switch x := x.(type) {
		case *syntax.CallExpr:
			if err == nil && expr.Known(x.Name) && !expr.Immutable(x.Name) {
				err = immutable()
			}
			if err == nil && expr.IsAggregate(x) {
				err = pgerror.Errorf(pgerror.GroupingError, "aggregate functions are not allowed in a filter")
			}
		case *syntax.ColumnExpr:
			if err == nil && relation.Events.ByName[x.Column] == relation.EventExpectedVersion {
				err = relation.ErrInsertOnly
			}
		case *syntax.ParamExpr:
			err = pgerror.Errorf(pgerror.UndefinedParameter, "there is no parameter $%d", x.N)
		}
	})
	if err != nil {
		return nil, err
	}
	once := false
	c, p := &expr.Compiler{Src: src, Host: always{host, &once}}, &read.Plan{}
	if err = p.From(c, relation.Events, st.From); err == nil {
		err = p.Compile(c, st)
	}
	if err == nil && once {
		err = immutable()
	}
	return p, unplaced(err)
}

// unplaced is an error without a place in the text, which is no part of the statement.
func unplaced(err error) error {
	if e, ok := err.(*pgerror.Error); ok {
		own := *e
		own.Position = 0
		return &own
	}
	return err
}

// parse reads a filter.
func parse(text string) (st *syntax.SelectStmt, src string, err error) {
	src = "SELECT 1 FROM events WHERE (" + text + "\n)"
	list, err := syntax.Parse(src)
	if err != nil {
		return nil, "", unplaced(err)
	}
	if len(list) == 1 {
		if st, ok := list[0].Statement.(*syntax.SelectStmt); ok && st.Where != nil && st.Unsupported == nil && strings.HasSuffix(st.WhereText, "\n)") {
			return st, src, nil
		}
		if u, ok := list[0].Statement.(*syntax.UnsupportedStmt); ok && u.Err != nil {
			return nil, "", unplaced(u.Err)
		}
	}
	return nil, "", pgerror.Errorf(pgerror.SyntaxError, "a filter is a condition on events, as it stands in WHERE")
}

package query

import (
	"context"
	"hash/maphash"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/cursor"
	"github.com/eventgres/eventgres/query/explain"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/statements"
	"github.com/eventgres/eventgres/query/syntax"
)

// plan is a prepared statement of any kind.
type plan interface {
	pgwire.Statement
	// bind makes a portal; params are of the types the plan declared.
	bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error)
	// madeOf is what it was made of; nil where what it means depends on no names.
	madeOf() *origin
	// text is the statement as the client sent it; empty where that is not known.
	text() string
	// counts is the statement that a run of it counts as; nil where that is not known.
	counts() *query
	// cacheable: made once more under the same key it would be the same.
	cacheable() bool
	// runsWhenFailed: it ends a transaction that has failed, or goes back in it.
	runsWhenFailed() bool
	// kind is what it is counted as.
	kind() activity.Kind
	// describe names the way that it takes, and estimates it, for EXPLAIN.
	describe(ctx context.Context, s *Session, body *syntax.Parsed, params []pgvalue.Value) (*explain.Node, error)
}

// queryPreparer prepares a query, whichever path answers it.
type queryPreparer func(c *expr.Compiler, st *syntax.SelectStmt, q *syntax.QueryText, oids []uint32) (plan, error)

// rowsPlan is a plan whose portals are rowReaders.
type rowsPlan interface {
	plan
	readsRows()
}

// plain is a plan that is made each time, and of which nothing more is to say.
type plain struct{ of *query }

func (plain) madeOf() *origin { return nil }

func (p *plain) text() string {
	if p.of == nil {
		return ""
	}
	return p.of.Shown()
}

func (p *plain) counts() *query { return p.of }

// keep has the plan know the statement that it was made of.
func (p *plain) keep(of *query) { p.of = of }

func (plain) cacheable() bool { return false }

func (plain) runsWhenFailed() bool { return false }

func (plain) kind() activity.Kind { return activity.Other }

func (plain) describe(context.Context, *Session, *syntax.Parsed, []pgvalue.Value) (*explain.Node, error) {
	return explain.Utility(), nil
}

// origin is what a plan was made of. A prepared statement lives on while search_path changes; as in PostgreSQL it means what it would
// mean if it came now.
type origin struct {
	query *query // nil: the plan is part of another
	oids  []uint32
	path  searchpath.Path
	// secured: it is for who does not see all rows.
	secured bool
}

// text is the text that the plan came in.
func (o *origin) text() string {
	if o.query == nil {
		return ""
	}
	return o.query.Shown()
}

func (o *origin) counts() *query { return o.query }

func (o *origin) madeOf() *origin { return o }

func (o *origin) cacheable() bool { return true }

func (o *origin) runsWhenFailed() bool { return false }

func (o *origin) kind() activity.Kind { return activity.Select }

// A session keeps the statements it has seen more than once, parsed and analysed:
// programs without prepared statements send the same few texts again and again. A text
// with its values in it comes once, and is not kept.
const (
	cachedTexts    = 64   // per session
	cachedTextSize = 4096 // bytes; a longer one is worth parsing again
	seenTexts      = 512
	cachedBytes    = 1 << 20 // of all texts, with their trees and plans
)

// query is a statement as a session keeps it, with its plan.
type query struct {
	*syntax.Parsed
	beside int64 // bytes that the plan keeps and the tree's tokens do not tell of
	keep   bool  // the plan; else it is made each time
	plan   plan
	key    planKey // what it was made for
	// What it counts as: its fingerprint, 0 where that was not needed yet, and where it is counted.
	fingerprint int64
	counted     *statements.Entry
	countedAs   uint32 // the role
}

// Size is about what the statement and its plan take.
func (q *query) Size() int64 { return q.Parsed.Size() + q.beside }

// planKey is what a plan that is kept depends on, beside its text.
type planKey struct {
	zone, route string
	path        searchpath.Path
	schema      int64
	secured     bool // who runs it does not see all rows
}

type statementCache struct {
	seed  maphash.Seed
	first uint64             // the hash of the only text that came so far, once; who sends one alone, and follows the log, needs no table
	seen  *[seenTexts]uint64 // hashes of texts that came once, by hash
	texts map[string][]pgwire.Query
	held  pgwire.Share
}

// find returns the statements of a text, nil if they are not kept. A long text is not even looked for: its hash would take long.
func (c *statementCache) find(text string) []pgwire.Query {
	if len(text) > cachedTextSize {
		return nil
	}
	return c.texts[text]
}

// put keeps the statements of a text that has come before.
func (c *statementCache) put(text string, list []pgwire.Query) {
	if len(text) > cachedTextSize || len(list) > 0 && list[0].(*query).Secret() {
		return
	}
	if c.texts == nil {
		c.seed, c.texts = maphash.MakeSeed(), map[string][]pgwire.Query{}
		c.first = maphash.String(c.seed, text)
		return
	}
	if c.seen == nil {
		c.seen = new([seenTexts]uint64)
		c.seen[c.first%seenTexts] = c.first
	}
	sum := maphash.String(c.seed, text)
	if slot := &c.seen[sum%seenTexts]; *slot != sum {
		*slot = sum
		return
	}
	size := int64(len(text))
	for _, q := range list {
		size += q.Size()
	}
	if len(c.texts) >= cachedTexts || c.held.Held()+size > cachedBytes {
		clear(c.texts)
		_ = c.held.Set(0)
	}
	if size > cachedBytes || c.held.Add(size) != nil {
		return // it works without
	}
	for _, q := range list {
		q.(*query).keep = true
	}
	c.texts[text] = list
}

// rowReader is a portal whose rows can be taken one by one, and from the start again.
type rowReader = cursor.Rows

// keepValues copies parameters out of the message they came in, which the next one overwrites, into
// memory that has served its purpose, or nil.
func keepValues(kept []pgvalue.Value, bytes []byte, params []pgvalue.Value) ([]pgvalue.Value, []byte) {
	size := 0
	for i := range params {
		size += len(params[i].Bytes)
	}
	if cap(bytes) < size {
		bytes = make([]byte, 0, size)
	}
	kept, bytes = append(kept[:0], params...), bytes[:0]
	for i := range kept {
		if b := params[i].Bytes; len(b) == 0 && b != nil {
			kept[i].Bytes = []byte{} // which is not null
		} else if b != nil {
			start := len(bytes)
			bytes = append(bytes, b...)
			kept[i].Bytes = bytes[start:len(bytes):len(bytes)]
		}
	}
	return kept, bytes
}

// refuseConsume refuses a plan that reads what consume returns where it cannot be.
func refuseConsume(p plan, where string) error {
	if c, ok := p.(interface{ consumes() bool }); ok && c.consumes() {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "consume() is not supported in %s", where).
			WithHint("SELECT … FROM consume(…) is a statement of its own.")
	}
	return nil
}

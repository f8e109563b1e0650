package read

import (
	"bytes"
	"container/heap"
	"context"
	"sort"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
)

// sortKey is one of ORDER BY.
type sortKey struct {
	*expr.Scalar
	desc       bool
	nullsFirst bool
}

// sortable tells whether the native path orders a type as PostgreSQL does.
func sortable(oid uint32) bool {
	return expr.IsNumber(oid) || expr.IsText(oid) || expr.IsTimeType(oid) || oid == pgvalue.OIDUUID || oid == pgvalue.OIDBool ||
		oid == pgvalue.OIDBytea || oid == pgvalue.OIDTextArray
}

// maxSortBytes bounds what a sort holds: results stream otherwise, and a client must
// not be able to fill the server's memory with one statement.
const maxSortBytes = 32 << 20

// sorter holds rows in order; with a limit, only those that can still be returned.
type sorter struct {
	keys  []sortKey
	limit int64 // rows to keep; the first in order
	rows  []sortedRow
	bytes int
	at    int
	hold  func(bytes int64) error
}

type sortedRow struct {
	keys   []pgvalue.Value
	values []pgvalue.Value
	n      int // as read, so that equal rows keep their order
	size   int
}

// before tells whether row a comes before row b.
func (s *sorter) before(a, b *sortedRow) bool {
	for i := range s.keys {
		k := &s.keys[i]
		x, y := &a.keys[i], &b.keys[i]
		switch {
		case x.Kind == pgvalue.Null && y.Kind == pgvalue.Null:
			continue
		case x.Kind == pgvalue.Null:
			return k.nullsFirst
		case y.Kind == pgvalue.Null:
			return !k.nullsFirst
		}
		if order := expr.CompareValues(x, y); order != 0 {
			return order < 0 != k.desc
		}
	}
	return a.n < b.n
}

// A heap with the row that comes last on top, to be pushed out.
func (s *sorter) Len() int           { return len(s.rows) }
func (s *sorter) Less(i, j int) bool { return s.before(&s.rows[j], &s.rows[i]) }
func (s *sorter) Swap(i, j int)      { s.rows[i], s.rows[j] = s.rows[j], s.rows[i] }
func (s *sorter) Push(x any)         { s.rows = append(s.rows, x.(sortedRow)) }
func (s *sorter) Pop() any {
	last := s.rows[len(s.rows)-1]
	s.rows = s.rows[:len(s.rows)-1]
	return last
}

func (s *sorter) add(row sortedRow) error {
	heap.Push(s, row)
	s.bytes += row.size
	if int64(len(s.rows)) > s.limit {
		s.bytes -= heap.Pop(s).(sortedRow).size
	}
	if s.bytes > maxSortBytes {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "a result this large can be ordered by position only").
			WithHint("Order by position (or by version within one stream), or add a LIMIT.")
	}
	return s.hold(int64(s.bytes))
}

// nextSorted reads all rows on its first call, and then returns them in order.
func (p *Reader) nextSorted(ctx context.Context) (bool, error) {
	if p.sorted == nil {
		if err := p.sortRows(ctx); err != nil {
			return false, err
		}
	}
	if p.sorted.at == len(p.sorted.rows) {
		p.Ended = true
		return false, nil
	}
	p.Values = p.sorted.rows[p.sorted.at].values
	p.sorted.at++
	return true, nil
}

func (p *Reader) sortRows(ctx context.Context) error {
	s := &sorter{keys: p.Plan.Sort, limit: p.left, hold: p.Hold}
	if skip := max(p.skip, 0); p.left < MaxInt64-skip {
		s.limit += skip
	}
	if p.left == 0 {
		p.sorted = s // LIMIT 0 reads nothing
		return nil
	}
	next := sortedRow{keys: make([]pgvalue.Value, len(s.keys))}
	for n := 0; ; n++ {
		ok, err := p.rows.Next(ctx, &p.E.Row)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if int64(len(s.rows)) == s.limit {
			// Most rows come after all that are kept, and need no copy.
			next.n = n
			for i, k := range s.keys {
				if err := k.Eval(&p.E, &next.keys[i]); err != nil {
					return err
				}
			}
			if !s.before(&next, &s.rows[0]) {
				if err := p.try(); err != nil {
					return err
				}
				continue
			}
		}
		row := sortedRow{n: n, size: 256}
		for _, k := range s.keys {
			if err := row.add(&row.keys, k.Scalar, &p.E); err != nil {
				return err
			}
		}
		for _, item := range p.Plan.items {
			if err := row.add(&row.values, item, &p.E); err != nil {
				return err
			}
		}
		if err := s.add(row); err != nil {
			return err
		}
	}
	sort.Slice(s.rows, func(i, j int) bool { return s.before(&s.rows[i], &s.rows[j]) })
	s.at = int(min(max(p.skip, 0), int64(len(s.rows))))
	p.sorted = s
	return nil
}

// try evaluates what may fail of a row that is not kept: PostgreSQL computes rows before it sorts them.
func (p *Reader) try() error {
	for i, item := range p.Plan.items {
		if item.Column < 0 {
			if err := item.Eval(&p.E, &p.Values[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// add evaluates an expression and keeps a copy of its value.
func (r *sortedRow) add(to *[]pgvalue.Value, s *expr.Scalar, e *expr.Env) error {
	var v pgvalue.Value
	if err := s.Eval(e, &v); err != nil {
		return err
	}
	v.Bytes = bytes.Clone(v.Bytes)
	r.size += 128 + len(v.Bytes) + len(v.Text) + 128*len(v.Array)
	*to = append(*to, v)
	return nil
}

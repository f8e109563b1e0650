package query

import (
	"container/heap"
	"context"
	"sort"

	"github.com/eventgres/eventgres/pgwire"
)

// sortKey is one of ORDER BY.
type sortKey struct {
	*scalar
	desc       bool
	nullsFirst bool
}

// sortable tells whether the native path orders a type as PostgreSQL does.
func sortable(oid uint32) bool {
	return isNumber(oid) || isText(oid) || isTimeType(oid) || oid == pgwire.OIDUUID || oid == pgwire.OIDBool ||
		oid == pgwire.OIDBytea || oid == pgwire.OIDTextArray
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
}

type sortedRow struct {
	keys   []pgwire.Value
	values []pgwire.Value
	n      int // as read, so that equal rows keep their order
	size   int
}

// before tells whether row a comes before row b.
func (s *sorter) before(a, b *sortedRow) bool {
	for i := range s.keys {
		k := &s.keys[i]
		x, y := &a.keys[i], &b.keys[i]
		switch {
		case x.Kind == pgwire.Null && y.Kind == pgwire.Null:
			continue
		case x.Kind == pgwire.Null:
			return k.nullsFirst
		case y.Kind == pgwire.Null:
			return !k.nullsFirst
		}
		if order := compareValues(x, y); order != 0 {
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
		return pgwire.Errorf("0A000", "a result this large can be ordered by position only").
			WithHint("Order by position (or by version within one stream), or add a LIMIT.")
	}
	return nil
}

// nextSorted reads all rows on its first call, and then returns them in order.
func (p *selectPortal) nextSorted(ctx context.Context) (bool, error) {
	if p.sorted == nil {
		if err := p.sortRows(ctx); err != nil {
			return false, err
		}
	}
	if p.sorted.at == len(p.sorted.rows) {
		p.ended = true
		return false, nil
	}
	p.values = p.sorted.rows[p.sorted.at].values
	p.sorted.at++
	return true, nil
}

func (p *selectPortal) sortRows(ctx context.Context) error {
	s := &sorter{keys: p.plan.sort, limit: p.left}
	if skip := max(p.skip, 0); p.left < maxInt64-skip {
		s.limit += skip
	}
	if p.left == 0 {
		p.sorted = s // LIMIT 0 reads nothing
		return nil
	}
	next := sortedRow{keys: make([]pgwire.Value, len(s.keys))}
	for n := 0; ; n++ {
		ok, err := p.rows.next(ctx, &p.e.row)
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
				if err := k.eval(&p.e, &next.keys[i]); err != nil {
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
			if err := row.add(&row.keys, k.scalar, &p.e); err != nil {
				return err
			}
		}
		for _, item := range p.plan.items {
			if err := row.add(&row.values, item, &p.e); err != nil {
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
func (p *selectPortal) try() error {
	for i, item := range p.plan.items {
		if item.column < 0 {
			if err := item.eval(&p.e, &p.values[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// add evaluates an expression and keeps a copy of its value.
func (r *sortedRow) add(to *[]pgwire.Value, s *scalar, e *env) error {
	var v pgwire.Value
	if err := s.eval(e, &v); err != nil {
		return err
	}
	v.Bytes = cloneBytes(v.Bytes)
	r.size += 128 + len(v.Bytes) + len(v.Text) + 128*len(v.Array)
	*to = append(*to, v)
	return nil
}

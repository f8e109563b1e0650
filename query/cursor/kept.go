package cursor

import (
	"bytes"
	"context"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
)

// Kept are a cursor's rows in memory, or the first of them: those of one WITH HOLD when its transaction commits. What that has
// staged is gone then, its time is over, and what is volatile would be something else the next time. They count in the connection's budget.
type Kept struct {
	Rows  // what they came from; it is closed if they are all
	rows  [][]pgvalue.Value
	whole bool  // there are no others
	at    int64 // the row that Next went to last
	taken int64 // rows of Rows since it was opened
	held  pgwire.Share
}

// maxHeldRows is how much of a cursor is kept where the rest can be read later; PostgreSQL keeps all, in a file if need be.
const maxHeldRows = 4 << 20

// Keep reads all rows, which count in a share. What they tell of staged events is pinned thereby, and holds once COMMIT succeeds.
func Keep(ctx context.Context, from Rows, held pgwire.Share) (*Kept, error) {
	return keepFirst(ctx, from, -1, held)
}

// keepFirst reads rows until they have limit bytes, negative: all.
func keepFirst(ctx context.Context, from Rows, limit int64, held pgwire.Share) (*Kept, error) {
	k := &Kept{Rows: from, held: held}
	for size := int64(0); limit < 0 || size < limit; {
		ok, err := from.Next(ctx)
		if err == nil && !ok {
			from.Close()
			k.whole = true
			return k, nil
		}
		if err == nil {
			k.taken++
			row := from.Current()
			for i := range row {
				size += expr.ValueBytes + valueSize(&row[i])
			}
			if err = k.held.Set(size); err == nil {
				k.rows = append(k.rows, cloneValues(row))
				continue
			}
			if limit >= 0 {
				return k, nil // that row is read again
			}
		}
		k.Close()
		return nil, err
	}
	return k, nil
}

func cloneValues(row []pgvalue.Value) []pgvalue.Value {
	out := append([]pgvalue.Value(nil), row...)
	for i := range out {
		out[i].Text, out[i].Bytes = strings.Clone(out[i].Text), bytes.Clone(out[i].Bytes)
		if out[i].Array != nil {
			out[i].Array = cloneValues(out[i].Array)
		}
	}
	return out
}

func valueSize(v *pgvalue.Value) int64 {
	n := int64(len(v.Text) + len(v.Bytes))
	for i := range v.Array {
		n += expr.ValueBytes + valueSize(&v.Array[i])
	}
	return n
}

func (k *Kept) Open(context.Context) error {
	k.at = 0
	return nil
}

func (k *Kept) Next(ctx context.Context) (bool, error) {
	kept := int64(len(k.rows))
	if k.at < kept {
		k.at++
		return true, nil
	}
	if k.whole {
		return false, nil
	}
	if k.taken != k.at { // it was read beyond, and the cursor has gone back
		if err := k.Rows.Open(ctx); err != nil {
			return false, err
		}
		for k.taken = 0; k.taken < k.at; k.taken++ {
			if ok, err := k.Rows.Next(ctx); err != nil || !ok {
				return false, err
			}
		}
	}
	ok, err := k.Rows.Next(ctx)
	if ok && err == nil {
		k.taken++
		k.at++
	}
	return ok, err
}

func (k *Kept) Current() []pgvalue.Value {
	if k.at > int64(len(k.rows)) {
		return k.Rows.Current()
	}
	return k.rows[k.at-1]
}

func (k *Kept) Close() {
	k.Rows.Close()
	k.rows, k.at = nil, 0
	_ = k.held.Set(0)
}

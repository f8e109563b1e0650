package advisory

import (
	"context"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Transaction is the locks that an owner's transaction has taken, each once, in the order in which they were.
type Transaction []taken

type taken struct {
	key  Key
	mode Mode
}

// Take takes a lock for an owner, or for its transaction, if tx, and tells whether it has it. Where others are in the way it waits in block, until
// timeout, 0: without end, or until block's context ends; without block it does not wait.
func (t *Transaction) Take(table *Table, o Owner, key Key, mode Mode, tx bool, timeout time.Duration, block func(await func(context.Context))) (bool, error) {
	if tx && table.HoldsInTransaction(o, key, mode) {
		return true, nil // until the transaction, or what began before the savepoint, ends
	}
	w, granted, err := table.Lock(o, key, mode, tx, block != nil)
	if err == nil && w != nil {
		block(func(ctx context.Context) {
			if err = w.await(ctx, timeout); err == nil || !table.Cancel(w) {
				return
			}
			if ctx.Err() == nil { // it was granted in the meantime
				err = nil
			} else {
				table.Unlock(o, key, mode, tx)
			}
		})
		granted = err == nil
	}
	if granted && tx {
		*t = append(*t, taken{key, mode})
	}
	return granted, err
}

// Release gives back the locks that the transaction took, but for the first keep of them.
func (t *Transaction) Release(table *Table, o Owner, keep int) {
	for i := keep; i < len(*t); i++ {
		table.Unlock(o, (*t)[i].key, (*t)[i].mode, true)
	}
	*t = (*t)[:min(keep, len(*t))]
}

// await waits until a lock is granted, until timeout, or until ctx ends.
func (w *Wait) await(ctx context.Context, timeout time.Duration) error {
	var late <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-w.Done():
		return nil
	case <-late:
		return pgerror.Errorf(pgerror.LockNotAvailable, "canceling statement due to lock timeout")
	case <-ctx.Done():
		return ctx.Err()
	}
}

//go:build cgo

package worker

import "sync"

// approved are statements that were looked at and may run, as texts: of one that is run again and again, as a dashboard does, the engine's tree
// would be the same each time, and to make it takes as long as a short query. What may run hangs on nothing else.
type approved struct {
	mu    sync.Mutex
	texts map[string]struct{}
	bytes int
}

// maxApproved bounds their texts, and maxApprovedText one of them, in bytes. Where there are more, all are looked at anew.
const (
	maxApproved     = 1 << 20
	maxApprovedText = 16 << 10
)

func (a *approved) has(sql string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.texts[sql]
	return ok
}

func (a *approved) add(sql string) {
	if len(sql) > maxApprovedText {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.texts[sql]; ok {
		return // by another session, meanwhile
	}
	if a.bytes += len(sql); a.texts == nil || a.bytes > maxApproved {
		a.texts, a.bytes = map[string]struct{}{}, len(sql)
	}
	a.texts[sql] = struct{}{}
}

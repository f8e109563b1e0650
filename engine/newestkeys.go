package engine

import "sync/atomic"

// newestKeys tells of keys at which position the newest event that has one may be: that of the newest with a key of the same highest bits, which is it or a
// later one. So it says quickly of most premises that nothing has come which matters.
//
// The writer enters an event when it encodes it, before it is committed: one whose write fails leaves a position behind that is too high, and costs a look.
// There is none before the first append with a premise.
type newestKeys struct {
	begin int64 // nothing is known of events below this position
	slots [1 << newestKeyBits]atomic.Int64
}

// newestKeyBits: 512 KiB. Of 1,000 events that came since a snapshot, with four keys each, one key in sixteen is taken for one of theirs.
const newestKeyBits = 16

func (n *newestKeys) slot(key Key) *atomic.Int64 { return &n.slots[key>>(64-newestKeyBits)] }

func (n *newestKeys) note(key Key, position int64) {
	slot := n.slot(key)
	if failpoint(bugForgetKeys) && slot.Load() > 0 {
		return
	}
	slot.Store(position + 1)
}

// noteEvent notes the keys of an event: that of its stream, and the others.
func (n *newestKeys) noteEvent(stream Key, keys []Key, position int64) {
	n.note(stream, position)
	for _, key := range keys {
		n.note(key, position)
	}
}

// mayHave tells whether an event from a position on may matter to a premise.
func (n *newestKeys) mayHave(p Premise, from int64) bool {
	keys, ok := p.Keys()
	if !ok || from < n.begin {
		return true
	}
	for _, key := range keys {
		if n.slot(key).Load() > from {
			return true
		}
	}
	return false
}

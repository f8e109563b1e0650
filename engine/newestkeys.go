package engine

import "sync/atomic"

// newestKeys tells of keys (see [Key]) at which position the newest event that has one may be: of each hash the position of the newest event with a
// key of the same lowest bits, which is that or a later one. So it says quickly of most premises that nothing has come which matters.
//
// The writer enters an event when it encodes it, before it is committed: one whose write fails leaves a position behind that is too high, and costs a look.
// There is none before the first append with a premise.
type newestKeys struct {
	begin int64 // nothing is known of events below this position
	slots [1 << newestKeyBits]atomic.Int64
}

// newestKeyBits: 512 KiB. Of 1,000 events that came since a snapshot, with four keys each, one key in sixteen is taken for one of theirs.
const newestKeyBits = 16

func (n *newestKeys) note(hash uint64, position int64) {
	if failpoint(bugForgetKeys) && n.slots[hash&(1<<newestKeyBits-1)].Load() > 0 {
		return
	}
	n.slots[hash&(1<<newestKeyBits-1)].Store(position + 1)
}

// mayHave tells whether an event from a position on may matter to a premise.
func (n *newestKeys) mayHave(p Premise, from int64) bool {
	hashes, ok := p.Keys()
	if !ok || from < n.begin {
		return true
	}
	for _, hash := range hashes {
		if n.slots[hash&(1<<newestKeyBits-1)].Load() > from {
			return true
		}
	}
	return false
}

package engine

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Frames with control records are of two kinds: an append that changes the control state, with events
// or without, and the state that a segment begins with, carried over from the one before. The package
// comment draws them.

const (
	controlDeleted = 1 << 0 // flag of a record
	// minControlRecord is the least that a record takes: what a reader believes of how many there are.
	minControlRecord = 1 + 2 + 1
)

// appendControl appends what a frame of either kind begins with: how many appends have changed the state,
// this one included, and records.
func appendControl(dst []byte, changes int64, n int) []byte {
	dst = binary.AppendUvarint(dst, uint64(changes))
	return binary.AppendUvarint(dst, uint64(n))
}

func appendControlRecord(dst []byte, r *ControlRecord) []byte {
	flags := byte(0)
	if r.Deleted {
		flags |= controlDeleted
	}
	dst = append(dst, flags)
	dst = appendString(dst, r.Key)
	dst = binary.AppendUvarint(dst, uint64(r.Version))
	if !r.Deleted {
		dst = appendString(dst, r.Value)
	}
	return dst
}

// carryFrame appends the frame that carries the state over to a segment.
func (s *controlState) carryFrame(dst []byte, key frameKey, first int64, synced uint32) []byte {
	start := len(dst)
	dst = slices.Grow(dst, int(s.size)+frameHeaderSize+32)
	n := 0
	s.ascend("", func(r *ControlRecord) bool {
		if !r.Deleted || !failpoint(bugForgetDeletions) {
			n++
		}
		return true
	})
	dst = appendControl(beginFrame(dst), s.changes, n)
	s.ascend("", func(r *ControlRecord) bool {
		if !r.Deleted || !failpoint(bugForgetDeletions) {
			dst = appendControlRecord(dst, r)
		}
		return true
	})
	return key.endFrame(dst, start, kindCarried, first, 0, synced)
}

// controlPart is the beginning of a frame's body, up to the events.
type controlPart struct {
	changes int64
	n       int
	records []byte
}

// decodeControl splits a frame whose checksums are right; rest is what follows the control records. It
// returns ok false if it is not what was described.
func decodeControl(frame []byte) (p controlPart, rest []byte, ok bool) {
	r := reader{b: frame[frameHeaderSize : len(frame)-1]}
	p.changes = int64(r.uvarint())
	n := r.uvarint()
	if r.bad || p.changes < 0 || n > uint64(len(r.b)/minControlRecord) {
		return p, nil, false
	}
	p.n, p.records = int(n), r.b
	var record ControlRecord
	for range n {
		if !readControlRecord(&r, &record) {
			return p, nil, false
		}
	}
	p.records = p.records[:len(p.records)-len(r.b)]
	return p, r.b, true
}

// readControlRecord reads the next record; its value aliases what is read.
func readControlRecord(r *reader, record *ControlRecord) bool {
	flags := r.byte()
	key := r.string()
	record.Version = int64(r.uvarint())
	record.Deleted = flags&controlDeleted != 0
	record.Value = nil
	if !record.Deleted {
		record.Value = r.string()
	}
	if r.bad || flags&^controlDeleted != 0 || record.Version <= 0 || len(key) == 0 || len(key) > maxControlKey || len(record.Value) > maxControlValue {
		return false
	}
	record.Key = string(key)
	return true
}

// each calls f with copies of the records, until it returns something.
func (p *controlPart) each(f func(*ControlRecord) string) string {
	r := reader{b: p.records}
	for range p.n {
		record := new(ControlRecord)
		readControlRecord(&r, record)
		record.Value = slices.Clone(record.Value)
		if bad := f(record); bad != "" {
			return bad
		}
	}
	return ""
}

// apply makes an append's changes; it returns what is wrong with them, "" if nothing is.
func (s *controlState) apply(p *controlPart) string {
	s.changes = p.changes
	return p.each(s.enter)
}

// enter makes a change, if it is what may come next.
func (s *controlState) enter(r *ControlRecord) string {
	version := int64(0)
	if now := s.find(r.Key); now != nil {
		version = now.Version
	}
	if r.Version != version+1 {
		return fmt.Sprintf("version %d of control key %q where %d is next", r.Version, r.Key, version+1)
	}
	s.set(r)
	return ""
}

// load returns the state that was carried over.
func (p *controlPart) load() (s *controlState, bad string) {
	s = newControlState()
	s.changes = p.changes
	last := ""
	bad = p.each(func(r *ControlRecord) string {
		if r.Key <= last {
			return "the carried control state is not in order"
		}
		last = r.Key
		s.set(r)
		return ""
	})
	return s, bad
}

// What a scan of a segment may still meet.
const (
	leadUnknown = iota // it began within the segment
	leadAhead          // the dictionary, the carried control state
	leadPassed
)

// keepControl has the scan make the control state: from what the log before has left, nil if that is
// not known.
func (s *frameScanner) keepControl(left *controlState) {
	switch {
	case s.changes == 0 || left == nil:
		s.state = newControlState()
	default:
		s.state, s.before = left, left.changes
	}
}

// left is the control state where the scan has come to, nil if it is not known: a segment that has no
// frames yet takes it from the one before.
func (s *frameScanner) left() *controlState {
	if s.changes < 0 && s.before < 0 {
		return nil
	}
	return s.state
}

// reached tells whether the scan has come to an extent, or beyond.
func (s *frameScanner) reached(e Extent) bool {
	changes := s.changes
	if changes < 0 {
		changes = s.before
	}
	return s.next >= e.Events && changes >= e.Changes
}

// lost says that something was left out of the scan.
func (s *frameScanner) lost() { s.lead, s.changes, s.before = leadUnknown, -1, -1 }

// control checks a frame of either kind against what the scan has seen, and applies it to the state, if
// that is kept; it returns what is wrong.
func (s *frameScanner) control(h *frameHeader, frame []byte) string {
	p, rest, ok := decodeControl(frame)
	switch {
	case !ok:
		return "control records"
	case h.kind == kindCarried:
		return s.carried(h, &p, rest)
	case p.n == 0:
		return "a control frame without records"
	case s.changes >= 0 && p.changes != s.changes+1:
		return fmt.Sprintf("the frame makes change %d of the control state instead of %d", p.changes, s.changes+1)
	case s.state != nil && s.changes < 0:
		return "" // behind damage: the next segment says what the state is
	case s.state != nil:
		if bad := s.state.apply(&p); bad != "" {
			return bad
		}
	}
	s.changes = p.changes
	return ""
}

func (s *frameScanner) carried(h *frameHeader, p *controlPart, rest []byte) string {
	switch {
	case s.lead == leadPassed:
		return "control state that is carried over within a segment"
	case h.count != 0 || len(rest) != 0:
		return "bytes after the carried control state"
	case s.before >= 0 && p.changes != s.before:
		return fmt.Sprintf("the control state of change %d is carried over, the log before ends at change %d", p.changes, s.before)
	}
	if s.state != nil {
		state, bad := p.load()
		switch {
		case bad != "":
			return bad
		case s.before >= 0 && !state.equal(s.state):
			return "the carried control state is not what the log before made"
		}
		*s.state = *state
	}
	s.changes, s.carry = p.changes, int64(h.length)
	return ""
}

package engine

import "slices"

// seeker goes through ordinals of a segment's events, ascending or, if it is a backward one, descending.
type seeker interface {
	// seek returns the first ordinal that is at or behind the given one, in the seeker's direction. What it is asked
	// for never goes back.
	seek(ordinal uint32) (uint32, bool, error)
}

// firstFrom returns the first of a page at or above an ordinal, which is not above its last.
func firstFrom(page []uint32, ordinal uint32) uint32 {
	i, _ := slices.BinarySearch(page, ordinal)
	return page[i]
}

// lastUpTo returns the last of a page at or below an ordinal, which is not below its first.
func lastUpTo(page []uint32, ordinal uint32) uint32 {
	i, found := slices.BinarySearch(page, ordinal)
	if !found {
		i--
	}
	return page[i]
}

// nothing is a seeker without ordinals.
type nothing struct{}

func (nothing) seek(uint32) (uint32, bool, error) { return 0, false, nil }

// allOrdinals is a seeker of all that a segment has, where it is not known which of its events have a key.
type allOrdinals struct{}

func (allOrdinals) seek(ordinal uint32) (uint32, bool, error) { return ordinal, true, nil }

// allOf are the ordinals that all of the seekers have.
type allOf struct{ list []seeker }

func (a *allOf) seek(ordinal uint32) (uint32, bool, error) {
	for i, agreed := 0, 0; agreed < len(a.list); i = (i + 1) % len(a.list) {
		o, ok, err := a.list[i].seek(ordinal)
		if err != nil || !ok {
			return 0, false, err
		}
		if o == ordinal {
			agreed++
		} else {
			ordinal, agreed = o, 1
		}
	}
	return ordinal, true, nil
}

// anyOf are the ordinals that one of the seekers has.
type anyOf struct {
	list     []seeker
	next     []uint32 // of each, where it is
	began    bool
	backward bool
}

func (a *anyOf) behind(o, ordinal uint32) bool { return o < ordinal != a.backward && o != ordinal }

func (a *anyOf) seek(ordinal uint32) (best uint32, found bool, err error) {
	if !a.began {
		a.began, a.next = true, slices.Repeat([]uint32{unread}, len(a.list))
	}
	kept := 0
	for i, s := range a.list {
		o := a.next[i]
		if o == unread || a.behind(o, ordinal) {
			var ok bool
			if o, ok, err = s.seek(ordinal); err != nil {
				return 0, false, err
			} else if !ok {
				continue // it has ended
			}
		}
		a.list[kept], a.next[kept] = s, o
		kept++
		if !found || a.behind(o, best) {
			best, found = o, true
		}
	}
	a.list, a.next = a.list[:kept], a.next[:kept]
	return best, found, nil
}

// unread is no ordinal.
const unread = 1<<32 - 1

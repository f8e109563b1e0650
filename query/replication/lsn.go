package replication

import (
	"fmt"
	"strconv"
	"strings"
)

// LSN is a place in PostgreSQL's log, as its clients know it: that of the event at position p is Origin + p.
type LSN uint64

// Origin is the LSN of the first event. PostgreSQL's logs begin there too, and clients take 0 for none.
const Origin LSN = 0x1000000

// LSNOf is the LSN of a position.
func LSNOf(position int64) LSN { return Origin + LSN(position) }

// Position is the first event that is not below an LSN.
func (l LSN) Position() int64 {
	if l < Origin {
		return 0
	}
	return int64(min(l-Origin, 1<<62))
}

func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// ParseLSN reads one as it is written.
func ParseLSN(text string) (LSN, bool) {
	high, low, ok := strings.Cut(text, "/")
	h, herr := strconv.ParseUint(high, 16, 32)
	l, lerr := strconv.ParseUint(low, 16, 32)
	return LSN(h<<32 | l), ok && herr == nil && lerr == nil
}

// Xid is the number of the transaction that an append is, by the position of its first event. PostgreSQL has no transaction below 3.
func Xid(first int64) uint32 { return uint32(3 + first%(1<<32-3)) }

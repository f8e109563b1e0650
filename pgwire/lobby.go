package pgwire

import (
	"net"
	"net/netip"
	"slices"
)

// lobby holds the connections that have not begun a session, in the order in which they came. Where
// an address has too many, or all of them, the one that has waited longest makes room: a client that
// means it says what it wants at once, one that only holds a place does not. So a client that comes
// while others hold places, from its own address even, gets in. The server's lock guards it.
type lobby struct {
	room int // connections
	each int // of them from one address
	n    int
	came uint64 // connections so far
	from map[string][]*Conn
}

// lobbyShare is the part of the places that one address may have, unless sessions are more: a pool
// may open all of its connections at once.
const lobbyShare = 4

func newLobby(room, sessions int) *lobby {
	return &lobby{room: room, each: min(room, max(room/lobbyShare, sessions)), from: map[string][]*Conn{}}
}

// enter takes a connection in, and returns the one that has to go for it, nil if none has.
func (l *lobby) enter(c *Conn) (out *Conn) {
	c.origin = origin(c.raw.RemoteAddr())
	crowded := c.origin
	if len(l.from[crowded]) < l.each && l.n >= l.room {
		for address, list := range l.from {
			most := l.from[crowded]
			if len(list) > len(most) || len(list) == len(most) && list[0].came < most[0].came { // at least one is there
				crowded = address
			}
		}
	}
	if list := l.from[crowded]; len(list) > 0 && (l.n >= l.room || len(list) >= l.each) {
		out = list[0]
		l.leave(out)
		out.late = true
	}
	l.from[c.origin] = append(l.from[c.origin], c)
	l.n++
	l.came++
	c.came, c.waits = l.came, true
	return out
}

// leave lets a connection go: it has begun, ended, or had to make room. It may have left before.
func (l *lobby) leave(c *Conn) {
	if !c.waits {
		return
	}
	c.waits = false
	l.n--
	list := l.from[c.origin]
	i := slices.Index(list, c)
	if list = slices.Delete(list, i, i+1); len(list) == 0 {
		delete(l.from, c.origin)
		return
	}
	l.from[c.origin] = list
}

// origin is what counts as one address: of IPv6 the network, of which one machine has all addresses.
func origin(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return "" // Unix sockets
	}
	address := tcp.AddrPort().Addr().Unmap().WithZone("")
	if address.Is6() {
		if network, err := address.Prefix(64); err == nil {
			return network.String()
		}
	}
	return netip.Addr.String(address)
}

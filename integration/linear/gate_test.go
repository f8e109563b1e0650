package linear

import "sync"

// A gate keeps clients from connecting while the server is down, and tells an error that
// a crash explains from one that nothing does.
type gate struct {
	mu      sync.Mutex
	address string
	up      chan struct{} // closed while the server is up
	outage  int           // how many there were
}

func newGate(address string) *gate {
	g := &gate{address: address, up: make(chan struct{})}
	close(g.up)
	return g
}

// shut is to be called before the server is ended, open when it listens again.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.up = make(chan struct{})
	g.outage++
}

func (g *gate) open(address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.address = address
	close(g.up)
}

// pass waits for the server and gives its address and the number of outages so far.
func (g *gate) pass() (string, int) {
	for {
		g.mu.Lock()
		up, address, outage := g.up, g.address, g.outage
		g.mu.Unlock()
		select {
		case <-up:
			return address, outage
		default:
			<-up // and look again: it may be down once more
		}
	}
}

func (g *gate) outages() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.outage
}

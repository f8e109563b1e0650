package pgwire

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// proofQueue bounds how many proofs are checked at once. Those that wait have their turn by address, and each address' in their order:
// one from which a thousand come keeps nobody else's waiting for longer than the check of one of them.
// As many wait as connections may be starting, at most.
type proofQueue struct {
	mu      sync.Mutex
	free    int
	waiting map[string][]chan struct{} // by address, the first that came first
	turns   []string                   // addresses of which some wait, the next first
}

func newProofQueue(most int) *proofQueue {
	return &proofQueue{free: most, waiting: map[string][]chan struct{}{}}
}

// proofs are those of all servers in this process: what they share are its processors.
var proofs = newProofQueue(runtime.GOMAXPROCS(0))

// check runs f when a proof from an address has its turn; the error is that of a connection that has to end before.
func (q *proofQueue) check(ctx context.Context, origin string, f func()) error {
	if turn := q.ask(origin); turn != nil {
		select {
		case <-turn:
		case <-ctx.Done():
			if q.withdraw(origin, turn) {
				return errDisconnected
			}
		}
	}
	defer q.leave()
	f()
	return nil
}

// ask asks for a turn: nil is one, otherwise it is there when the channel is closed.
func (q *proofQueue) ask(origin string) chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free > 0 {
		q.free--
		return nil
	}
	turn := make(chan struct{})
	if len(q.waiting[origin]) == 0 {
		q.turns = append(q.turns, origin)
	}
	q.waiting[origin] = append(q.waiting[origin], turn)
	return turn
}

// withdraw takes back what was asked for; false: it was given meanwhile.
func (q *proofQueue) withdraw(origin string, turn chan struct{}) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.waiting[origin]
	i := slices.Index(list, turn)
	if i < 0 {
		return false
	}
	if q.waiting[origin] = slices.Delete(list, i, i+1); len(list) == 1 {
		delete(q.waiting, origin)
		i = slices.Index(q.turns, origin)
		q.turns = slices.Delete(q.turns, i, i+1)
	}
	return true
}

// leave gives the turn to the next address.
func (q *proofQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.turns) == 0 {
		q.free++
		return
	}
	origin := q.turns[0]
	q.turns = slices.Delete(q.turns, 0, 1)
	list := q.waiting[origin]
	close(list[0])
	if list = slices.Delete(list, 0, 1); len(list) == 0 {
		delete(q.waiting, origin)
		return
	}
	q.waiting[origin] = list
	q.turns = append(q.turns, origin)
}

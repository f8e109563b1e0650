package messagedb

import "sync"

// gates is how many there are: categories of one wait for each other's appends where one of them is being locked.
const gates = 64

// Gates let who has locked a category wait for those who are appending to it without the lock, which they need not take while nobody has it.
type Gates [gates]sync.RWMutex

func (g *Gates) of(number int64) *sync.RWMutex { return &g[uint64(number)%gates] }

// Enter is called by who appends, before it looks whether the category is locked.
func (g *Gates) Enter(number int64) { g.of(number).RLock() }

// Leave is called when it has appended.
func (g *Gates) Leave(number int64) { g.of(number).RUnlock() }

// Pass waits for those who have entered.
func (g *Gates) Pass(number int64) {
	m := g.of(number)
	m.Lock()
	defer m.Unlock() // nobody is within, and that is all
}

package consumer

// Stats is what consumers have done since the server's start, and where they are.
type Stats struct {
	Consumers []Status
	Given     int64 // events, each as often as it was given
	Failed    int64 // attempts of which a program has said so
}

// Status is where a consumer, or a replication slot, is.
type Status struct {
	Name    string
	Lag     int64 // events
	Members int
	Parked  int
	Stopped bool // a partition of it, or all of it, goes on only when somebody has dealt with what was parked or lost
}

// Stats returns them.
func (r *Registry) Stats() Stats {
	s := Stats{Given: r.gave.Load(), Failed: r.failed.Load()}
	for _, c := range r.all() {
		s.Consumers = append(s.Consumers, c.status())
	}
	return s
}

func (c *Consumer) status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.progress(c.registry.index.GlobalPosition())
	return Status{Name: c.name, Lag: p.head - p.lowest, Members: len(c.members), Parked: c.shelved, Stopped: p.state == stopped || p.state == lost}
}

// Followed is where the replication slots are, which have no members and park nothing.
func (r *Registry) Followed() (list []Status) {
	head := r.index.GlobalPosition()
	for _, slot := range r.slots() {
		s := Status{Name: slot.Name, Lag: max(0, head+1-slot.Confirmed), Stopped: slot.Confirmed > head+1}
		if slot.Active {
			s.Members = 1
		}
		list = append(list, s)
	}
	return list
}

// The states of a consumer.
const (
	idle    = "idle"
	active  = "active"
	stopped = "stopped"
	lost    = "lost"
)

// progress is how far a consumer is.
type progress struct {
	checkpoints  []int64
	lowest, head int64
	state        string
}

func (c *Consumer) progress(head int64) progress {
	c.loadShelves()
	p := progress{checkpoints: make([]int64, len(c.parts)), lowest: head, head: head, state: idle}
	if len(c.members) > 0 {
		p.state = active
	}
	for i := range c.parts {
		at := c.reached(i)
		p.checkpoints[i], p.lowest = at, min(p.lowest, at)
		if c.parts[i].stuck {
			p.state = stopped
		}
	}
	if c.def.Lost {
		p.state = lost
	}
	return p
}

// reached is how far a partition is: its checkpoint, or behind what it is not about.
func (c *Consumer) reached(p int) int64 {
	s := &c.parts[p]
	at, version := c.checkpointOf(p)
	if s.read && version == s.version && len(s.entries) == 0 && !s.stuck {
		return max(at.Position, s.next-1)
	}
	return at.Position
}

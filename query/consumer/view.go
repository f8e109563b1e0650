package consumer

import (
	"context"
	"slices"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/relation"
)

// values yields events as rows of what consume returns; each holds until the next.
func values(events []Event) func() []pgvalue.Value {
	var row []pgvalue.Value
	return func() []pgvalue.Value {
		if len(events) == 0 {
			return nil
		}
		if row == nil {
			row = make([]pgvalue.Value, len(relation.Consumed.Columns))
		}
		e := &events[0]
		events = events[1:]
		for i := range row {
			switch i {
			case relation.ConsumedPartition:
				row[i] = pgvalue.IntValue(int64(e.Partition))
			case relation.ConsumedAttempt:
				row[i] = pgvalue.IntValue(int64(e.Attempt))
			default:
				relation.EventValue(e.RecordedEvent, relation.EventColumn(i), &row[i])
			}
		}
		return row
	}
}

// rows yields the rows of a relation that tells of the consumers which a session may use.
func (r *Registry) rows(h Host, rel *relation.Relation) (func() []pgvalue.Value, error) {
	var rows [][]pgvalue.Value
	for _, c := range r.all() {
		if !h.ActsFor(c.owner) {
			continue
		}
		if rel == relation.Consumers {
			row, err := c.row(h)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
			continue
		}
		more, err := c.shelfRows(h.Asking())
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return func() []pgvalue.Value {
		if len(rows) == 0 {
			return nil
		}
		row := rows[0]
		rows = rows[1:]
		return row
	}, nil
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

func (c *Consumer) row(h Host) ([]pgvalue.Value, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loadShelves()
	now := time.Now()
	head := c.registry.index.GlobalPosition()
	checkpoints, lowest := make([]pgvalue.Value, len(c.parts)), head
	state := "idle"
	if len(c.members) > 0 {
		state = "active"
	}
	for p := range c.parts {
		at := c.reached(p)
		checkpoints[p], lowest = pgvalue.IntValue(at), min(lowest, at)
		if c.parts[p].stuck {
			state = "stopped"
		}
	}
	if c.def.Lost {
		state = "lost"
	}
	seconds := 0.0
	if lowest < head {
		e, err := c.event(h.Asking(), lowest+1)
		if err != nil {
			return nil, err
		}
		seconds = max(0, now.Sub(e.Time()).Seconds())
	}
	filter := pgvalue.Value{}
	if c.def.Filter != "" {
		filter = pgvalue.TextValue(c.def.Filter)
	}
	whole := func(n int) pgvalue.Value { return pgvalue.IntValue(int64(n)) }
	return []pgvalue.Value{
		pgvalue.TextValue(c.name), pgvalue.TextValue(h.RoleName(c.owner)), filter, whole(c.def.Partitions), whole(c.def.MaxAttempts),
		pgvalue.TextValue(pgfn.Interval{Micros: c.def.Lease}.String()), pgvalue.TextValue(c.def.OnPark), pgvalue.ArrayValue(checkpoints),
		pgvalue.IntValue(lowest), pgvalue.IntValue(head), pgvalue.IntValue(head - lowest), pgvalue.FloatValue(seconds), whole(len(c.members)),
		whole(c.shelved), pgvalue.TextValue(state),
	}, nil
}

// shelfRows are the rows of what is parked, by position.
func (c *Consumer) shelfRows(ctx context.Context) (rows [][]pgvalue.Value, err error) {
	c.mu.Lock()
	c.loadShelves()
	shelves := c.shelves
	c.mu.Unlock()
	for p := range shelves {
		for i := range shelves[p].list {
			one := &shelves[p].list[i]
			stream, reason := pgvalue.Value{}, pgvalue.Value{}
			name, _, err := c.registry.index.StreamName(one.Stream)
			if err != nil {
				return nil, err
			}
			if name != "" {
				stream = pgvalue.TextValue(name)
			}
			if one.Reason != "" {
				reason = pgvalue.TextValue(one.Reason)
			}
			if i%100 == 99 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			rows = append(rows, []pgvalue.Value{
				pgvalue.TextValue(c.name), pgvalue.IntValue(int64(p)), pgvalue.IntValue(one.Position), pgvalue.UUIDValue(one.Stream), stream,
				pgvalue.IntValue(int64(one.Attempts)), reason, pgvalue.TimeValue(one.Time), pgvalue.BoolValue(one.Released),
			})
		}
	}
	slices.SortStableFunc(rows, func(a, b []pgvalue.Value) int { return int(min(1, max(-1, a[2].Int-b[2].Int))) })
	return rows, nil
}

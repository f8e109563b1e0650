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
func values(events []Event) func() ([]pgvalue.Value, error) {
	var row []pgvalue.Value
	return func() ([]pgvalue.Value, error) {
		if len(events) == 0 {
			return nil, nil
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
		return row, nil
	}
}

// rows yields the rows of a relation that tells of the consumers which a session may use.
func (r *Registry) rows(h Host, rel *relation.Relation) (func() ([]pgvalue.Value, error), error) {
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
	if rel == relation.Consumers && h.Replicates() {
		for _, slot := range r.slots() {
			row, err := r.slotRow(h.Asking(), &slot)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	return func() ([]pgvalue.Value, error) {
		if len(rows) == 0 {
			return nil, nil
		}
		row := rows[0]
		rows = rows[1:]
		return row, nil
	}, nil
}

func (c *Consumer) row(h Host) ([]pgvalue.Value, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.progress(c.registry.index.GlobalPosition())
	checkpoints := make([]pgvalue.Value, len(c.parts))
	for i, at := range p.checkpoints {
		checkpoints[i] = pgvalue.IntValue(at)
	}
	lag, seconds, err := c.registry.lag(h.Asking(), p.lowest, p.head)
	if err != nil {
		return nil, err
	}
	filter := pgvalue.Value{}
	if c.def.Filter != "" {
		filter = pgvalue.TextValue(c.def.Filter)
	}
	return []pgvalue.Value{
		pgvalue.TextValue(c.name), pgvalue.TextValue(h.RoleName(c.owner)), filter, whole(c.def.Partitions), whole(c.def.MaxAttempts),
		pgvalue.TextValue(pgfn.Interval{Micros: c.def.Lease}.String()), pgvalue.TextValue(c.def.OnPark), pgvalue.ArrayValue(checkpoints),
		pgvalue.IntValue(p.lowest), pgvalue.IntValue(p.head), lag, seconds, whole(len(c.members)), whole(c.shelved), pgvalue.TextValue(p.state),
	}, nil
}

func whole(n int) pgvalue.Value { return pgvalue.IntValue(int64(n)) }

// lag is how far a position is behind the newest, in events and, from the first of those, in seconds.
func (r *Registry) lag(ctx context.Context, position, head int64) (events, seconds pgvalue.Value, err error) {
	if position >= head {
		return pgvalue.IntValue(0), pgvalue.FloatValue(0), nil
	}
	e, err := r.event(ctx, position+1)
	if err != nil {
		return events, seconds, err
	}
	return pgvalue.IntValue(head - position), pgvalue.FloatValue(max(0, time.Since(e.Time()).Seconds())), nil
}

// slotRow is the row of a replication slot, which has one partition, and of what only consumers have nothing.
func (r *Registry) slotRow(ctx context.Context, s *Slot) ([]pgvalue.Value, error) {
	var null pgvalue.Value
	at, head := pgvalue.IntValue(s.Confirmed-1), r.index.GlobalPosition()
	lag, seconds, err := r.lag(ctx, s.Confirmed-1, head)
	if err != nil {
		return nil, err
	}
	members, state := 0, idle
	switch {
	case s.Confirmed > head+1:
		state = lost
	case s.Active:
		members, state = 1, active
	}
	return []pgvalue.Value{
		pgvalue.TextValue(s.Name), null, null, whole(1), null, null, null, pgvalue.ArrayValue([]pgvalue.Value{at}), at, pgvalue.IntValue(head), lag, seconds,
		whole(members), whole(0), pgvalue.TextValue(state),
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

package live

import (
	"context"

	"github.com/eventgres/eventgres/engine"
)

// paceEvents is how many events are looked at in between.
const paceEvents = 16

// Newest returns the position of the newest event between two positions that has a key and is shown; -1 if there is none. It looks at the newest
// first: where the log is kept in memory, it reads nothing. pace gives way to others: what has the key may be rare.
func (d *Dispatcher) Newest(ctx context.Context, key Key, from, before int64, shown func(*engine.RecordedEvent) (bool, error), pace func() error) (int64, error) {
	for position := before - 1; position >= from; position-- {
		if (before-position)%paceEvents == 0 {
			if err := pace(); err != nil {
				return -1, err
			}
		}
		e := d.event(position)
		if e == nil {
			return d.newestRead(ctx, key, from, position+1, shown, pace)
		}
		if !key.Matches(e) {
			continue
		}
		if ok, err := shown(e); ok || err != nil {
			return position, err
		}
	}
	return -1, nil
}

// newestRead is Newest for what is in the log's files alone.
func (d *Dispatcher) newestRead(ctx context.Context, key Key, from, before int64, shown func(*engine.RecordedEvent) (bool, error), pace func() error) (int64, error) {
	c := d.index.ReadAll(engine.Backward(before - 1))
	if key.Kind == OfStream {
		o := engine.Backward(1<<63 - 1)
		o.Before = before
		c = d.index.ReadStream(key.Stream, o)
	}
	for looked := 1; c.Next(ctx) && c.Event().Position >= from; looked++ {
		if looked%paceEvents == 0 {
			if err := pace(); err != nil {
				return -1, err
			}
		}
		if e := c.Event(); key.Matches(e) {
			if ok, err := shown(e); ok || err != nil {
				return e.Position, err
			}
		}
	}
	return -1, c.Err()
}

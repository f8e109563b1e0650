package live

import (
	"context"
	"time"

	"github.com/eventgres/eventgres/engine"
)

// Await waits until all events up to a position can be read. After the timeout, unless it is endless, it returns false; an error is the context's.
func Await(ctx context.Context, hub *engine.Hub, position int64, timeout time.Duration, endless bool) (bool, error) {
	waiting := ctx
	if !endless {
		var stop context.CancelFunc
		waiting, stop = context.WithTimeout(ctx, timeout)
		defer stop()
	}
	if err := hub.Wait(waiting, position); err != nil {
		return false, ctx.Err()
	}
	return true, nil
}

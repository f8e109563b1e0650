package pgwire

import (
	"context"
	"syscall"
	"time"
)

// watchEvery is how often a connection that runs something long is looked at.
const watchEvery = time.Second

// WhilePeer returns a context that ends, beside with ctx, when the client has closed its
// connection: nobody waits any more for what is being computed. stop must be called.
func (c *Conn) WhilePeer(ctx context.Context) (_ context.Context, stop func()) {
	raw, ok := c.raw.(syscall.Conn)
	if !ok {
		return ctx, func() {}
	}
	rc, err := raw.SyscallConn()
	if err != nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if peerGone(rc) {
				cancel()
				return
			}
		}
	}()
	return ctx, func() {
		cancel()
		<-done
	}
}

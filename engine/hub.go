package engine

import (
	"context"
	"sync"
)

// Hub tells waiters how far the log is committed. It is the seam for live reads.
type Hub struct {
	mu    sync.Mutex
	next  int64         // the position after the newest committed event
	moved chan struct{} // closed when next moves; nil while nobody waits
}

func (h *Hub) publish(next int64) {
	h.mu.Lock()
	h.next = next
	if h.moved != nil {
		close(h.moved)
		h.moved = nil
	}
	h.mu.Unlock()
}

// Moves returns a channel that is closed once the log has grown, or that is closed already if the event at position is committed.
// Whoever waits for more than the log selects on it, and looks again.
func (h *Hub) Moves(position int64) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next > position {
		return moved
	}
	if h.moved == nil {
		h.moved = make(chan struct{})
	}
	return h.moved
}

// moved is a closed channel.
var moved = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Wait returns once the event at position is committed, or with the context's error.
// It may be called concurrently.
func (h *Hub) Wait(ctx context.Context, position int64) error {
	for {
		h.mu.Lock()
		if h.next > position {
			h.mu.Unlock()
			return nil
		}
		if h.moved == nil {
			h.moved = make(chan struct{})
		}
		moved := h.moved
		h.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

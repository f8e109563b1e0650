package main

import (
	"context"
	"errors"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/replica"
	"github.com/eventgres/eventgres/query/role"
)

// awaitPassword waits until the superuser of a cluster has a password, which its leader sets: a node that others than its machine reach is not to serve before, and
// one that has just become a member cannot have it yet. It returns without one where this node leads and was given none.
func (f *doorFlags) awaitPassword(store *engine.Store, node *replica.Driver, roles *role.Store, logger *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	watch := store.Control().Watch(role.Root)
	defer watch.Close()
	told := false
	for {
		changed, seen := node.Changed(), watch.Version()
		if roles.Current().Bootstrap().Password != "" {
			return nil
		}
		if node.Leading() {
			err := f.firstPassword(store, roles, logger)
			if !errors.Is(err, engine.ErrOutcomeUnknown) && !errors.Is(err, engine.ErrNotAppended) && !errors.As(err, new(*engine.ControlConflictError)) {
				if err != nil || node.Leading() {
					return err
				}
			}
			continue
		}
		if !told {
			told = true
			logger.Info("waiting until the leader has set the superuser's password", "superuser", roles.Superuser())
		}
		limit, cancel := context.WithCancel(ctx)
		go func() {
			select {
			case <-changed:
			case <-limit.Done():
			}
			cancel()
		}()
		_ = watch.Wait(limit, seen)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

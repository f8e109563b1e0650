package replication

import (
	"context"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Block is the transaction block that a command runs in.
type Block interface {
	// InBlock tells whether it is in one.
	InBlock() bool
	// UseSnapshot has the block see what is below a position, and nothing else from then on.
	UseSnapshot(position int64) error
}

// SystemID identifies a store to clients, as PostgreSQL's number of a cluster does.
func SystemID(store *engine.Store) string {
	id := store.ID()
	return strconv.FormatUint(pgvalue.Be.Uint64(id[:8])&(1<<63-1), 10)
}

// Run runs a command, and sends its row.
func (s *Session) Run(ctx context.Context, out *pgwire.Output, c *Command, in Block) error {
	null, text := pgvalue.Value{}, pgvalue.TextValue
	next := s.Store.Index().GlobalPosition() + 1
	switch c.Verb {
	case identifySystem:
		return out.Row(ctx, []pgvalue.Value{text(SystemID(s.Store)), pgvalue.IntValue(1), text(LSNOf(next).String()), text(s.Database)})
	case readSlot:
		if s.Slots.has(c.Slot) {
			return pgerror.Errorf(pgerror.FeatureNotSupported, "cannot use %s with a logical replication slot", readSlot)
		}
		return out.Row(ctx, []pgvalue.Value{null, null, null})
	}
	if err := s.Decodes(); err != nil {
		return err
	}
	switch c.Verb {
	case dropSlot:
		return s.Waiting(func() error { return s.Slots.Drop(ctx, c.Slot, c.Wait, s.PID) })
	case createSlot:
		snapshot, err := s.create(ctx, c, next, in)
		if err != nil {
			return err
		}
		return out.Row(ctx, []pgvalue.Value{text(c.Slot), text(LSNOf(next).String()), snapshot, text(c.Plugin)})
	}
	return s.Start(ctx, out, c)
}

func (s *Slots) has(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slots[name] != nil
}

// create makes a slot, and the snapshot that goes with it: what is below its first position.
func (s *Session) create(ctx context.Context, c *Command, next int64, in Block) (snapshot pgvalue.Value, err error) {
	how, err := snapshotOption(c.Options)
	if err != nil {
		return snapshot, err
	}
	switch how {
	case "export":
		if in.InBlock() {
			return snapshot, pgerror.Errorf(pgerror.ActiveSQLTransaction, "CREATE_REPLICATION_SLOT ... (SNAPSHOT 'export') must not be called inside a transaction")
		}
		// Every position can be read for ever: its name is the newest one's.
		snapshot = pgvalue.TextValue(strconv.FormatInt(next-1, 10))
	case "use":
		if !in.InBlock() {
			return snapshot, pgerror.Errorf(pgerror.NoActiveSQLTransaction, "CREATE_REPLICATION_SLOT ... (SNAPSHOT 'use') must be called inside a transaction")
		}
		if err := in.UseSnapshot(next); err != nil {
			return snapshot, err
		}
	}
	var slot *Slot
	err = s.Waiting(func() error {
		slot, err = s.Slots.Create(ctx, c.Slot, c.Plugin, s.Database, c.Temporary, s.PID, next)
		return err
	})
	if err == nil {
		slot.Release()
	}
	return snapshot, err
}

// snapshotOption reads the options of CREATE_REPLICATION_SLOT.
func snapshotOption(options []Option) (how string, err error) {
	how = "export"
	given := map[string]bool{}
	for _, o := range options {
		name := strings.ToLower(o.Name)
		if given[name] {
			return "", pgerror.Errorf(pgerror.SyntaxError, "conflicting or redundant options")
		}
		given[name] = true
		on := false
		switch name {
		case "snapshot":
			how = o.Value
			if how != "export" && how != "use" && how != "nothing" {
				return "", pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized value for CREATE_REPLICATION_SLOT option \"%s\": \"%s\"", name, how)
			}
		case "two_phase", "failover":
			if on, err = boolOption(o); on {
				err = pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not supported", strings.ToUpper(name))
			}
		case "reserve_wal":
			err = pgerror.Errorf(pgerror.SyntaxError, "conflicting or redundant options")
		default:
			err = pgerror.Errorf(pgerror.SyntaxError, "unrecognized option: %s", o.Name)
		}
		if err != nil {
			return "", err
		}
	}
	return how, nil
}

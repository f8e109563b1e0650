package replication

import (
	"context"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
)

// Server opens the rows of a relation that the server makes.
type Server func(h expr.Host, rel *relation.Relation, args []pgvalue.Value) (next func() ([]pgvalue.Value, error), err error)

// Serve is a Server that knows PostgreSQL's functions of replication slots, beside what another knows.
func Serve(other Server) Server {
	return func(h expr.Host, rel *relation.Relation, args []pgvalue.Value) (func() ([]pgvalue.Value, error), error) {
		switch rel {
		case relation.CreatedSlot, relation.GotChanges, relation.PeekChanges:
		default:
			return other(h, rel, args)
		}
		rows, err := of(h).serve(rel, args)
		return func() (row []pgvalue.Value, _ error) {
			if len(rows) > 0 {
				row, rows = rows[0], rows[1:]
			}
			return row, nil
		}, err
	}
}

// of is a session as replication sees it.
func of(h expr.Host) *Session { return h.(interface{ Replication() *Session }).Replication() }

func (s *Session) checkMay() error {
	if s.May() {
		return s.Decodes()
	}
	return pgerror.Errorf(pgerror.InsufficientPrivilege, "must be superuser or replication role to use replication slots")
}

// Drop is pg_drop_replication_slot.
func Drop(ctx context.Context, h expr.Host, name string) error {
	s := of(h)
	if err := s.checkMay(); err != nil {
		return err
	}
	return s.Waiting(func() error { return s.Slots.Drop(ctx, name, false, s.PID) })
}

func (s *Session) serve(rel *relation.Relation, a []pgvalue.Value) (rows [][]pgvalue.Value, err error) {
	if err := s.checkMay(); err != nil {
		return nil, err
	}
	ctx := context.Background() // what takes long looks at the host
	if a[0].Kind == pgvalue.Null || rel == relation.CreatedSlot && a[1].Kind == pgvalue.Null {
		if rel == relation.CreatedSlot {
			return nil, nil // it is strict
		}
		return nil, pgerror.Errorf(pgerror.NullValueNotAllowed, "slot name must not be null")
	}
	if rel != relation.CreatedSlot {
		return s.changes(ctx, rel, a)
	}
	switch {
	case a[2].Bool():
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "a temporary replication slot can be made on a replication connection alone")
	case a[3].Bool():
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "TWO_PHASE is not supported")
	}
	next := s.Store.Index().GlobalPosition() + 1
	err = s.Waiting(func() error {
		slot, err := s.Slots.Create(ctx, a[0].Text, a[1].Text, s.Database, false, s.PID, next)
		if err == nil {
			slot.Release()
		}
		return err
	})
	return [][]pgvalue.Value{{a[0], pgvalue.IntValue(int64(LSNOf(next)))}}, err
}

// maxChanges bounds the bytes of the changes that are returned at once.
const maxChanges = 64 << 20

// changes are what a slot has to tell, as a whole append each: up to where the arguments say, or there is no more. Those that are got and not only
// peeked at are not told again.
func (s *Session) changes(ctx context.Context, rel *relation.Relation, a []pgvalue.Value) (rows [][]pgvalue.Value, err error) {
	var options []Option
	for i := 3; i < len(a) && a[i].Kind != pgvalue.Null; i += 2 {
		if i+1 == len(a) || a[i+1].Kind == pgvalue.Null {
			return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "array must have even number of elements")
		}
		options = append(options, Option{a[i].Text, a[i+1].Text, true})
	}
	slot, err := s.Slots.Acquire(a[0].Text, s.PID)
	if err != nil {
		return nil, err
	}
	defer slot.Release()
	if slot.Plugin() != "wal2json" {
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "logical decoding output plugin \"%s\" produces binary output, but function \"%s(name,pg_lsn,integer,text[])\" expects textual data", slot.Plugin(), rel.Name)
	}
	w := &Sender{Session: s, slot: slot, env: expr.Env{Host: s.Host}, from: slot.Confirmed()}
	size := int64(0)
	w.sink = func(at LSN, piece []byte) error {
		if size += int64(len(piece)) + 256; size > maxChanges {
			return pgerror.Errorf(pgerror.ProgramLimitExceeded, "the changes have more than %d bytes", maxChanges).WithHint("Give upto_nchanges, and call it again.")
		}
		if err := s.Host.Use(int64(len(piece)) + 256); err != nil {
			return err
		}
		rows = append(rows, []pgvalue.Value{pgvalue.IntValue(int64(at)), pgvalue.IntValue(int64(Xid(w.current.first))), pgvalue.TextValue(string(piece))})
		return nil
	}
	if w.output, err = newOutput(slot.Plugin(), w, options); err != nil {
		return nil, err
	}
	f, err := s.Store.Follow(w.from)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	err = f.Read(ctx, s.Store.Index().GlobalPosition()+1, func(e *engine.RecordedEvent) error {
		err := w.event(ctx, f, e)
		enough := a[2].Kind != pgvalue.Null && int64(len(rows)) >= a[2].Int || a[1].Kind != pgvalue.Null && LSNOf(e.AppendLast+1) >= LSN(a[1].Int)
		if e.Position == e.AppendLast && enough {
			f.Stop()
		}
		return err
	})
	if err == nil && rel == relation.GotChanges && f.Place().Position > w.from {
		slot.confirm(f.Place().Position)
		err = s.Waiting(func() error { return slot.save(ctx) })
	}
	return rows, err
}

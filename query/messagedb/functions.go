package messagedb

import (
	"context"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/staging"
)

// Host is the session in which the functions are called.
type Host interface {
	expr.Host
	// Asking is the context of the statement that runs.
	Asking() context.Context
	// Uses checks that the session may use the schema, and what it wants of messages.
	Uses(want privilege.Set) error
	// Setting is the value of a setting, empty where it was never set.
	Setting(name string) string
	// Log is what there is to read, up to a position, and what the transaction has staged.
	Log() (ix *engine.ReadIndex, before int64, batch *staging.Batch)
	// LockCategory locks a category, by its number, until the transaction ends.
	LockCategory(number int64) error
	// Writes checks that the transaction may write.
	Writes(tag string) error
	// BeginWrite tells whether a message is appended at once, or else staged: then its category is locked, by its number, until the transaction ends.
	BeginWrite(number int64) (now bool, err error)
	// Write appends a message to a stream that is at a version, nil: at any, and tells its position there.
	Write(e *engine.ProposedEvent, expected *staging.Expectation, now bool) (position int64, err error)
	// Select runs a query of messages that the native path does not know, with parameters of types.
	Select(query string, oids []uint32, params []pgvalue.Value) (next func() ([]pgvalue.Value, error), err error)
}

func init() {
	text := func(f *relation.Function, call func(name string) (string, bool)) {
		pure(f, func(v *pgvalue.Value) pgvalue.Value {
			if s, ok := call(v.Text); ok && v.Kind != pgvalue.Null {
				return pgvalue.TextValue(s)
			}
			return pgvalue.Value{}
		})
	}
	text(relation.CategoryOf, func(name string) (string, bool) { return engine.Category(name), true })
	text(relation.IDOf, ID)
	text(relation.CardinalID, CardinalID)
	pure(relation.IsCategory, func(v *pgvalue.Value) pgvalue.Value {
		return pgvalue.BoolValue(v.Kind == pgvalue.Null || IsCategory(v.Text))
	})
	pure(relation.Hash64, func(v *pgvalue.Value) pgvalue.Value {
		if v.Kind == pgvalue.Null {
			return pgvalue.Value{}
		}
		return pgvalue.IntValue(Hash64(v.Text))
	})
	register(relation.MessageStoreVersion, 0, func(_ Host, _ []pgvalue.Value, v *pgvalue.Value) error {
		*v = pgvalue.TextValue(Version)
		return nil
	})
	register(relation.VersionOfStream, privilege.Select, streamVersion)
	register(relation.AcquireLock, 0, acquireLock)
	register(relation.WriteMessage, 0, writeMessage)
}

// register adds a function that a session may call which has the schema, and wants this of messages.
func register(f *relation.Function, want privilege.Set, call func(h Host, a []pgvalue.Value, v *pgvalue.Value) error) {
	expr.RegisterOwn(f, func(h expr.Host, a []pgvalue.Value, v *pgvalue.Value) error {
		if err := h.(Host).Uses(want); err != nil {
			return err
		}
		return call(h.(Host), a, v)
	})
}

// pure is a function of one value, for which the session does not matter but that it may use it.
func pure(f *relation.Function, call func(v *pgvalue.Value) pgvalue.Value) {
	expr.RegisterOwn(f, func(h expr.Host, a []pgvalue.Value, v *pgvalue.Value) error {
		if host, ok := h.(Host); ok {
			if err := host.Uses(0); err != nil {
				return err
			}
		}
		*v = call(&a[0])
		return nil
	})
}

func streamVersion(h Host, a []pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.Value{}
	if a[0].Kind == pgvalue.Null || a[0].Text == "" {
		return nil
	}
	version, err := versionOf(h, a[0].Text)
	if version >= 0 {
		*v = pgvalue.IntValue(version)
	}
	return err
}

// versionOf is the position of a stream's last message that the session sees, -1 if there is none.
func versionOf(h Host, stream string) (int64, error) {
	ix, before, batch := h.Log()
	id := engine.StreamID(stream)
	if len(batch.Staged) > 0 {
		if st := batch.Streams[id]; st != nil && st.Count > 0 {
			if err := batch.PinVersion(id); err != nil { // it is told
				return -1, err
			}
			return st.Base + st.Count, nil
		}
	}
	if name, ok, err := ix.StreamName(id); err != nil || !ok || name == "" {
		return -1, err
	}
	return ix.VersionBelow(id, before)
}

func acquireLock(h Host, a []pgvalue.Value, v *pgvalue.Value) error {
	if *v = (pgvalue.Value{}); a[0].Kind == pgvalue.Null {
		return nil
	}
	number := LockOf(a[0].Text)
	*v = pgvalue.IntValue(number)
	return h.LockCategory(number)
}

// raised is an error as a function raises one in PL/pgSQL.
func raised(format string, args ...any) *pgerror.Error {
	return pgerror.Errorf(pgerror.RaiseException, format, args...)
}

// shown is a value as such an error shows it.
func shown(v *pgvalue.Value) string {
	switch v.Kind {
	case pgvalue.Null:
		return "<NULL>"
	case pgvalue.KindInt:
		return string(pgvalue.AppendText(nil, pgvalue.OIDInt8, v, nil))
	}
	return v.Text
}

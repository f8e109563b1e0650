package replication

import (
	"context"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/schema"
)

// plugins are the ways in which what is streamed can be written.
var plugins = []string{"pgoutput", "wal2json"}

// transaction is an append, to who follows.
type transaction struct {
	first, last int64 // its events' positions
	at          int64 // when, µs since the Unix epoch
	begun       bool  // something of it is sent
}

// commitLSN is the LSN of its last event, behind which it ends.
func (t *transaction) commitLSN() LSN { return LSNOf(t.last) }

func (t *transaction) endLSN() LSN { return LSNOf(t.last + 1) }

// output writes what is streamed.
type output interface {
	// look is called before each append, with what is defined then.
	look(d *schema.Schema) error
	// wants tells whether an event is sent.
	wants(e *expr.Env, event *engine.RecordedEvent) (bool, error)
	begin(ctx context.Context, t *transaction) error
	event(ctx context.Context, t *transaction, e *engine.RecordedEvent) error
	commit(ctx context.Context, t *transaction) error
}

// newOutput makes a plugin's, by the options that the client gives.
func newOutput(plugin string, w *Sender, options []Option) (output, error) {
	if plugin == "wal2json" {
		return newWal2json(w, options)
	}
	return newPgoutput(w, options)
}

// boolOption reads an option that is on or off; without a value it is on.
func boolOption(o Option) (bool, error) {
	if !o.Given {
		return true, nil
	}
	switch strings.ToLower(o.Value) {
	case "true", "on", "1", "yes", "t", "y":
		return true, nil
	case "false", "off", "0", "no", "f", "n":
		return false, nil
	}
	return false, pgerror.Errorf(pgerror.SyntaxError, "%s requires a Boolean value", o.Name)
}

// numberOption reads an option that is a number.
func numberOption(o Option) (int, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(o.Value), 10, 32)
	if err != nil {
		return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid %s", o.Name)
	}
	return int(n), nil
}

package failure

import (
	"context"
	"errors"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/guard"
	"github.com/eventgres/eventgres/query/reading"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/standby"
)

// Of turns an error of the engine into one with a SQLSTATE. Others pass.
func Of(err error) error {
	if err == nil {
		return nil
	}
	var (
		conflict  *engine.VersionConflictError
		taken     *engine.VersionTakenError
		duplicate *engine.DuplicateEventError
		moved     *engine.PositionMovedError
		corrupt   *engine.CorruptionError
		changed   *engine.ControlConflictError
		large     *engine.TooLargeError
		invalid   *engine.InvalidEventError
		unnamed   *engine.UnnamedStreamError
	)
	var met *reading.Conflict
	if e := standby.Of(err); e != nil {
		return e
	}
	switch {
	case errors.As(err, &met):
		return dependency(met)
	case errors.Is(err, guard.ErrStale), errors.Is(err, engine.ErrPremiseUnseen):
		return pgerror.Concurrent("What others append changes what decides about this append.")
	case errors.As(err, &conflict):
		return Conflict(conflict)
	case errors.As(err, &taken):
		return uniqueError(relation.VersionKey, "Key (stream_id, version)=(%s, %d) already exists.", taken.StreamID, taken.Version)
	case errors.As(err, &duplicate):
		return uniqueError(relation.EventIDKey, "Key (event_id)=(%s) already exists.", duplicate.EventID)
	case errors.As(err, &moved):
		return pgerror.Concurrent("The transaction relied on position %d being next; the next position is %d.", moved.Expected, moved.Actual)
	case errors.As(err, &changed):
		return pgerror.Errorf(pgerror.SerializationFailure, "could not serialize access due to concurrent update").
			WithHint("The transaction might succeed if retried.")
	case errors.As(err, &large):
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "%s", large.Error())
	case errors.As(err, &invalid):
		return invalidEvent(invalid)
	case errors.As(err, &unnamed):
		return pgerror.Errorf(pgerror.InvalidParameterValue, "%s", unnamed.Error()).WithHint("Append to it by its stream_id.")
	case errors.As(err, &corrupt):
		return pgerror.Errorf(pgerror.DataCorrupted, "%s", corrupt.Error()).WithHint("Run eventgres verify on the data directory.")
	case errors.Is(err, engine.ErrDiskFull):
		return pgerror.Errorf(pgerror.DiskFull, "%s", err.Error()).WithHint("Nothing was appended. Reads go on; appends succeed again once there is room.")
	case errors.Is(err, engine.ErrReadOnly):
		return pgerror.Errorf(pgerror.IOError, "%s", err.Error()).WithHint("Nothing was appended. Reads go on; appends succeed again once writing is permitted.")
	case errors.Is(err, engine.ErrNotTried):
		return pgerror.Errorf(pgerror.IOError, "%s", err.Error()).WithHint("Nothing was appended. Reads go on; appends succeed again after a restart.")
	case errors.Is(err, engine.ErrPoisoned):
		return pgerror.Errorf(pgerror.IOError, "%s", err.Error()).WithHint("Reads go on. An append that was under way may be found after the restart; retry with the same event_id.")
	case errors.Is(err, engine.ErrClosed):
		return pgerror.Errorf(pgerror.AdminShutdown, "the server is shutting down")
	case errors.Is(err, context.Canceled):
		return err
	}
	return err
}

// Conflict is the error of a stream that is not at its expected version.
func Conflict(c *engine.VersionConflictError) *pgerror.Error {
	label := c.Stream
	if label == "" {
		label = c.StreamID.String()
	}
	e := pgerror.Errorf(pgerror.SerializationFailure, "could not append to stream \"%s\": it is not at the expected version", label).
		WithDetail("Stream %s: expected version %d, actual version %d.", label, c.Expected, c.Actual).
		WithHint("Read the stream again and retry.")
	e.Schema, e.Table = "public", "events"
	return e
}

func uniqueError(constraint, detail string, args ...any) *pgerror.Error {
	e := pgerror.Errorf(pgerror.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", constraint).WithDetail(detail, args...)
	e.Schema, e.Table, e.Constraint = "public", "events", constraint
	return e
}

func invalidEvent(err *engine.InvalidEventError) error {
	if err.Err != nil {
		e := expr.JsonError(err.Err, nil)
		return e
	}
	return pgerror.Errorf(pgerror.InvalidParameterValue, "%s %s", err.Field, err.Reason)
}

// dependency says which event a transaction has read for.
func dependency(c *reading.Conflict) *pgerror.Error {
	e := pgerror.Errorf(pgerror.SerializationFailure, "could not serialize access due to read/write dependencies among transactions").
		WithHint("The transaction might succeed if retried.")
	label := c.Stream
	if label == "" {
		label = c.StreamID.String()
	}
	if c.Hidden {
		return e.WithDetail("An event was committed since that meets what was read by: %s", c.Statement)
	}
	return e.WithDetail("Event %d of stream \"%s\", of type \"%s\", was committed since, and meets what was read by: %s", c.Position, label, c.Type, c.Statement)
}

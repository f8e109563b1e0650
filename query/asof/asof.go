package asof

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/setting"
)

// Resolve makes of a value of eventgres.as_of what SHOW gives: a position, or that there is none. A time is the last event that was recorded at or
// before it; one that is later than all events is none, since what it means would change with the next.
func Resolve(ctx context.Context, index *engine.ReadIndex, zone *pgvalue.Zone, value string) (string, error) {
	value = strings.TrimSpace(value)
	if value == "" || strings.EqualFold(value, setting.AsOfNow) {
		return setting.AsOfNow, nil
	}
	invalid := func(detail string, args ...any) error {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", setting.AsOf, value).WithDetail(detail, args...)
	}
	if position, is := position(value); is {
		if newest := index.GlobalPosition(); position > newest {
			return "", invalid("The newest event is at position %d.", newest)
		}
		return strconv.FormatInt(position, 10), nil
	}
	t, err := pgvalue.ParseText(pgvalue.OIDTimestamptz, value, zone)
	if e := new(pgerror.Error); errors.As(err, &e) {
		return "", invalid("It is neither a position nor a time: %s.", e.Message)
	} else if err != nil {
		return "", err
	}
	next, err := index.PositionAt(ctx, t.Int)
	if err != nil {
		return "", err
	}
	if next > index.GlobalPosition() {
		return "", invalid("No event has been recorded at this time or later.")
	}
	if next, err = index.PositionAt(ctx, t.Int+1); err != nil {
		return "", err
	}
	return strconv.FormatInt(next-1, 10), nil
}

// position reads a position, or -1, as far as a number can be one. is: the text can be nothing else.
func position(text string) (position int64, is bool) {
	if text == "-1" {
		return -1, true
	}
	if strings.Trim(text, "0123456789") != "" || text == "" {
		return 0, false
	}
	n, _ := strconv.ParseInt(text, 10, 64) // too large a number is the largest
	return n, true
}

// Before is the position before which a value that Resolve has made lets a session see; past is false where it sees all.
func Before(value string) (before int64, past bool) {
	if value == setting.AsOfNow {
		return 0, false
	}
	n, err := strconv.ParseInt(value, 10, 64)
	return n + 1, err == nil
}

// Snapshot reads the identifier of a snapshot, as pg_export_snapshot() gives it, and returns the position before which it sees.
func Snapshot(index *engine.ReadIndex, id string) (before int64, err error) {
	at, is := position(id)
	newest := index.GlobalPosition()
	switch {
	case !is:
		return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid snapshot identifier: \"%s\"", id).WithHint("It is a position of the log, or -1.")
	case at > newest:
		return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid snapshot identifier: \"%s\"", id).WithDetail("The newest event is at position %d.", newest)
	}
	return at + 1, nil
}

// ReadOnly is the error of a statement that writes, which nobody can do in the past.
func ReadOnly(tag string) error {
	return pgerror.Errorf(pgerror.ReadOnlySQLTransaction, "cannot execute %s while %s is set", tag, setting.AsOf).
		WithHint("SET LOCAL " + setting.AsOf + " = '" + setting.AsOfNow + "' in the transaction that writes.")
}

// NoFollowing is the error of a statement that waits for events to come.
func NoFollowing(what string) error {
	return pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not possible while %s is set", what, setting.AsOf).
		WithDetail("It would never show what comes.").WithHint("RESET " + setting.AsOf + ".")
}

// TooLate is the error of a transaction that has looked at the log already.
func TooLate(what string) error {
	return pgerror.Errorf(pgerror.ActiveSQLTransaction, "%s must be called before any query", what)
}

// ErrTwice is the error of a snapshot that is imported in the past.
var ErrTwice = pgerror.Errorf(pgerror.ActiveSQLTransaction, "SET TRANSACTION SNAPSHOT is not possible while %s is set", setting.AsOf)

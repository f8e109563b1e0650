//go:build cgo

package worker

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

// engineError gives an error of reading the log its SQLSTATE.
func engineError(err error) error {
	var corrupt *engine.CorruptionError
	switch {
	case errors.As(err, &corrupt):
		return pgerror.Errorf(pgerror.DataCorrupted, "%s", corrupt.Error()).WithHint("Run eventgres verify on the data directory.")
	case errors.Is(err, context.Canceled):
		return err
	}
	return duckError(err)
}

// duckError turns DuckDB's error into PostgreSQL's. What it says of the SQL that it was given
// is for the log: a client knows its own statement alone.
func duckError(err error) error {
	var e *duck.Error
	if !errors.As(err, &e) {
		return err
	}
	if own := failure(e.Message); own != nil {
		return own
	}
	first, _, _ := strings.Cut(e.Message, "\n")
	if e.Kind == "FATAL" || strings.Contains(e.Message, "database has been invalidated") {
		// The engine refuses everything from here on. The projection is derived: a new
		// process is the way back.
		slog.Error("the analytics engine failed; the worker ends", "error", e.Message)
		os.Exit(3)
	}
	kind := e.Kind
	if strings.Contains(e.Message, "failed to allocate data") {
		kind = "Out of Memory" // as an appender reports it
	}
	switch kind {
	case "Out of Memory":
		return pgerror.Errorf(pgerror.OutOfMemory, "out of memory").WithDetail("%s", first).
			WithHint("The statement needs more memory or disk than the analytics worker may use.")
	case "INTERRUPT", "Interrupt":
		return context.Canceled
	case "Out of Range", "Conversion", "Decimal":
		return rangeError(first)
	case "Divide by Zero":
		return pgerror.Errorf(pgerror.DivisionByZero, "division by zero")
	case "Object Size":
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a value is too large").WithDetail("%s", first)
	case "Invalid Input":
		if strings.Contains(e.Message, "Lists larger than") {
			return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a set or array is too large").WithDetail("%s", first)
		}
		if strings.Contains(e.Message, "More than one row returned by a subquery") {
			return pgerror.Errorf(pgerror.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		// What a function of the engine's own does not take: the kind of PostgreSQL's "input is out of
		// range", whose words its engine has not.
		return pgerror.Errorf(pgerror.InvalidParameterValue, "invalid input for a function")
	case "Binder", "Catalog", "Parser", "Serialization", "Not implemented", "Syntax", "Planner", "Optimizer", "Expression", "Executor",
		"Unknown Type", "Mismatch Type", "Invalid type", "Parameter Not Resolved", "Parameter Not Allowed", "Settings", "Permission", "Dependency":
		slog.Warn("a translation that the analytics engine does not take", "error", e.Message)
		if strings.Contains(e.Message, "flattening correlated subquery") {
			return pgerror.Errorf(pgerror.FeatureNotSupported, "the analytics worker cannot run this statement").
				WithDetail("Its engine cannot plan an outer join of what refers to the queries around it.")
		}
		return pgerror.Errorf(pgerror.FeatureNotSupported, "the analytics worker cannot run this statement").WithDetail("Its engine reports: %s Error.", e.Kind)
	case "INTERNAL", "NullPointer":
		if strings.Contains(e.Message, "Failed to bind column reference") {
			slog.Warn("a translation that the analytics engine cannot plan", "error", first)
			return pgerror.Errorf(pgerror.FeatureNotSupported, "the analytics worker cannot run this statement").
				WithDetail("Its engine cannot plan the way in which its subqueries refer to the queries around them.")
		}
		slog.Error("the analytics engine failed in a statement", "error", e.Message)
		return pgerror.Errorf(pgerror.InternalError, "the analytics engine failed in this statement").WithDetail("Its engine reports: %s Error.", e.Kind)
	case "IO", "TransactionContext": // what it read or wrote, or could not make durable
		return pgerror.Errorf(pgerror.IOError, "%s", first)
	}
	slog.Error("the analytics engine failed", "error", e.Message)
	return pgerror.Errorf(pgerror.InternalError, "the analytics worker failed").WithDetail("Its engine reports: %s Error.", e.Kind)
}

// rangeError words an overflow as PostgreSQL does.
func rangeError(message string) error {
	for _, t := range [...]struct{ duck, code, postgres string }{
		{"INT16", pgerror.NumericValueOutOfRange, "smallint out of range"},
		{"INT32", pgerror.NumericValueOutOfRange, "integer out of range"},
		{"INT64", pgerror.NumericValueOutOfRange, "bigint out of range"},
		{"FLOAT", pgerror.NumericValueOutOfRange, "value out of range: overflow"},
		{"DOUBLE", pgerror.NumericValueOutOfRange, "value out of range: overflow"},
		{"INTERVAL", pgerror.DatetimeFieldOverflow, "interval out of range"},
		{"TIMESTAMP", pgerror.DatetimeFieldOverflow, "timestamp out of range"},
		{"DATE", pgerror.DatetimeFieldOverflow, "date out of range"},
	} {
		for _, before := range [...]string{"destination type ", "of ", "in ", "to type "} {
			if strings.Contains(message, before+t.duck) {
				return pgerror.Errorf(t.code, "%s", t.postgres)
			}
		}
	}
	switch {
	case strings.Contains(message, "Could not convert DATE"), strings.Contains(message, "cast DATE"), strings.Contains(message, "from DATE to TIMESTAMP"):
		return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date out of range for timestamp")
	case strings.Contains(message, "Date out of range"):
		return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date out of range")
	case strings.Contains(message, "imestamp") || strings.Contains(message, "epoch"):
		return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "timestamp out of range")
	case strings.Contains(message, "nterval"):
		return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "interval out of range")
	}
	if strings.Contains(message, "Overflow on abs") || strings.Contains(message, "Overflow in division of") {
		switch {
		case strings.Contains(message, "-32768"):
			return pgerror.Errorf(pgerror.NumericValueOutOfRange, "smallint out of range")
		case strings.Contains(message, "-2147483648"):
			return pgerror.Errorf(pgerror.NumericValueOutOfRange, "integer out of range")
		}
		return pgerror.Errorf(pgerror.NumericValueOutOfRange, "bigint out of range")
	}
	for _, nothing := range [...]string{"NaN", "Infinity"} {
		if strings.Contains(message, "\""+nothing) || strings.Contains(message, "-"+nothing) {
			return pgerror.Errorf(pgerror.FeatureNotSupported, "%s in a numeric of a precision is not supported", nothing)
		}
	}
	if strings.Contains(message, "HUGEINT") || strings.Contains(message, "INT128") || strings.Contains(message, "DECIMAL") || strings.Contains(message, "ecimal") {
		return pgerror.Errorf(pgerror.NumericValueOutOfRange, "numeric value out of range of the analytics worker")
	}
	return pgerror.Errorf(pgerror.NumericValueOutOfRange, "value out of range")
}

// foreseen tells whether an error, as the session gets it, is one of those after which a connection is as it
// was: of a statement's values, of its being cancelled, or of what it may take.
func foreseen(err error) bool {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	}
	switch e.Code[:2] {
	case "21", "22", "42", "54", "57":
		return true
	}
	return e.Code == pgerror.OutOfMemory
}

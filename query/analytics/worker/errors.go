//go:build cgo

package worker

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

// engineError gives an error of reading the log its SQLSTATE.
func engineError(err error) error {
	var corrupt *engine.CorruptionError
	switch {
	case errors.As(err, &corrupt):
		return pgwire.Errorf("XX001", "%s", corrupt.Error()).WithHint("Run eventgres verify on the data directory.")
	case errors.Is(err, context.Canceled):
		return err
	}
	return duckError(err)
}

// duckError turns DuckDB's error into PostgreSQL's.
func duckError(err error) error {
	var e *duck.Error
	if !errors.As(err, &e) {
		return err
	}
	if code, rest, ok := cutMark(e.Message); ok {
		parts := strings.SplitN(rest, errorField, 3)
		out := pgwire.Errorf(code, "%s", strings.TrimSpace(parts[0]))
		if len(parts) == 3 {
			out.Detail, out.Hint = parts[1], strings.TrimSpace(parts[2])
		}
		return out
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
		return pgwire.Errorf("53200", "out of memory").WithDetail("%s", first).
			WithHint("The statement needs more memory or disk than the analytics worker may use.")
	case "INTERRUPT", "Interrupt":
		return context.Canceled
	case "Out of Range", "Conversion":
		return pgwire.Errorf("22003", "%s", outOfRange(e.Message))
	case "Invalid Input":
		if strings.Contains(e.Message, "Lists larger than") {
			return pgwire.Errorf("54000", "a set or array is too large").WithDetail("%s", first)
		}
		if strings.Contains(e.Message, "More than one row returned by a subquery") {
			return pgwire.Errorf("21000", "more than one row returned by a subquery used as an expression")
		}
	case "Binder", "Catalog", "Parser", "Not implemented", "Syntax":
		return pgwire.Errorf("0A000", "the analytics worker cannot run this statement").WithDetail("%s Error: %s", e.Kind, first)
	case "IO":
		return pgwire.Errorf("58030", "%s", first)
	}
	return pgwire.Errorf("58000", "the analytics worker failed").WithDetail("%s Error: %s", e.Kind, first)
}

// cutMark finds an error of ours in a message of DuckDB's.
func cutMark(message string) (code, rest string, ok bool) {
	i := strings.Index(message, errorMark)
	if i < 0 || len(message) < i+9 || message[i+8] != ':' {
		return "", "", false
	}
	return message[i+3 : i+8], message[i+9:], true
}

// outOfRange words an overflow as PostgreSQL does.
func outOfRange(message string) string {
	for _, t := range [...]struct{ duck, postgres string }{
		{"INT16", "smallint"}, {"INT32", "integer"}, {"INT64", "bigint"}, {"TIMESTAMP", "timestamp"}, {"DATE", "date"}, {"INTERVAL", "interval"},
	} {
		if strings.Contains(message, "destination type "+t.duck) || strings.Contains(message, "of "+t.duck) || strings.Contains(message, "in "+t.duck) {
			return t.postgres + " out of range"
		}
	}
	if strings.Contains(message, "Overflow on abs") {
		switch {
		case strings.Contains(message, "(-32768)"):
			return "smallint out of range"
		case strings.Contains(message, "(-2147483648)"):
			return "integer out of range"
		}
		return "bigint out of range"
	}
	if strings.Contains(message, "HUGEINT") || strings.Contains(message, "INT128") || strings.Contains(message, "DECIMAL") {
		return "numeric value out of range of the analytics worker"
	}
	first, _, _ := strings.Cut(message, "\n")
	return "value out of range: " + first
}

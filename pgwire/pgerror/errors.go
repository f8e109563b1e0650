package pgerror

import (
	"fmt"
)

// Error is an error or a notice as the protocol carries it.
type Error struct {
	Severity   string // ERROR if empty; FATAL and PANIC end the connection
	Code       string // SQLSTATE
	Message    string
	Detail     string
	Hint       string
	Position   int // in the statement's text, in characters from 1; 0 if unknown
	Where      string
	Schema     string
	Table      string
	Column     string
	DataType   string
	Constraint string
}

func (e *Error) Error() string { return e.Message + " (SQLSTATE " + e.Code + ")" }

// Errorf returns an error with a SQLSTATE.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Concurrent is what a transaction fails with that what others append has overtaken.
func Concurrent(detail string, args ...any) *Error {
	return Errorf(SerializationFailure, "could not serialize access due to concurrent appends").WithDetail(detail, args...).WithHint("The transaction might succeed if retried.")
}

// WithDetail returns e with a detail set.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// WithHint returns e with a hint set.
func (e *Error) WithHint(hint string) *Error {
	e.Hint = hint
	return e
}

// At returns e with a position set, in characters from 1.
func (e *Error) At(position int) *Error {
	e.Position = position
	return e
}

func (e *Error) Fatal() bool { return e.Severity == "FATAL" || e.Severity == "PANIC" }

// Texts are those of an error that may quote what clients sent.
func (e *Error) Texts() []*string {
	return []*string{&e.Message, &e.Detail, &e.Hint, &e.Where, &e.Schema, &e.Table, &e.Column, &e.DataType, &e.Constraint}
}

// WithCode returns e with another SQLSTATE.
func (e *Error) WithCode(code string) *Error {
	e.Code = code
	return e
}

package pgwire

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"
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

func (e *Error) fatal() bool { return e.Severity == "FATAL" || e.Severity == "PANIC" }

// sendable is a text without what cannot be in one: an error may quote bytes that a client sent,
// and a zero would end the field and make another of what follows.
func sendable(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

func (e *Error) appendTo(dst []byte, notice bool) []byte {
	severity := e.Severity
	if severity == "" {
		severity = "ERROR"
	}
	m := pgproto3.ErrorResponse{
		Severity: severity, SeverityUnlocalized: severity, Code: e.Code, Message: sendable(e.Message),
		Detail: sendable(e.Detail), Hint: sendable(e.Hint), Position: int32(e.Position), Where: sendable(e.Where),
		SchemaName: sendable(e.Schema), TableName: sendable(e.Table), ColumnName: sendable(e.Column),
		DataTypeName: sendable(e.DataType), ConstraintName: sendable(e.Constraint),
	}
	var err error
	if notice {
		n := pgproto3.NoticeResponse(m)
		dst, err = n.Encode(dst)
	} else {
		dst, err = m.Encode(dst)
	}
	if err != nil { // a message over 1 GiB, which no caller makes
		panic(err)
	}
	return dst
}

// Causes of a statement's end, as context causes.
var (
	errCanceled = Errorf("57014", "canceling statement due to user request")
	errTimeout  = Errorf("57014", "canceling statement due to statement timeout")
	errShutdown = &Error{Severity: "FATAL", Code: "57P01", Message: "terminating connection due to administrator command"}
)

// errDisconnected ends a connection whose peer has gone; there is nobody to tell.
var errDisconnected = errors.New("client disconnected")

func protocolViolation(format string, args ...any) *Error { return Errorf("08P01", format, args...) }

// fatalProtocol ends the connection: what follows cannot be framed any more.
func fatalProtocol(format string, args ...any) *Error {
	e := protocolViolation(format, args...)
	e.Severity = "FATAL"
	return e
}

package pgwire

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/jackc/pgx/v5/pgproto3"
)

// ErrShutdown ends a connection by an administrator's command.
var ErrShutdown error = errShutdown

// Causes of a statement's end, as context causes.
var (
	errCanceled = pgerror.Errorf(pgerror.QueryCanceled, "canceling statement due to user request")
	errTimeout  = pgerror.Errorf(pgerror.QueryCanceled, "canceling statement due to statement timeout")
	errShutdown = &pgerror.Error{Severity: "FATAL", Code: pgerror.AdminShutdown, Message: "terminating connection due to administrator command"}
)

// errDisconnected ends a connection whose peer has gone; there is nobody to tell.
var errDisconnected = errors.New("client disconnected")

// fatalProtocol ends the connection: what follows cannot be framed any more.
func fatalProtocol(format string, args ...any) *pgerror.Error {
	e := pgerror.Errorf(pgerror.ProtocolViolation, format, args...)
	e.Severity = "FATAL"
	return e
}

// maxErrorText bounds each text of an error: messages quote values, which may be as long as a message.
const maxErrorText = 64 << 10

// sendable is a text without what cannot be in one: an error may quote bytes that a client sent,
// and a zero would end the field and make another of what follows.
func sendable(s string) string {
	if len(s) > maxErrorText {
		s = strings.ToValidUTF8(s[:maxErrorText], "") + " …"
	}
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// convertError is a copy of e with its texts as convert has them.
func convertError(e *pgerror.Error, convert func(string) (string, error)) (*pgerror.Error, error) {
	out := *e
	for _, text := range out.Texts() {
		var err error
		if *text, err = convert(sendable(*text)); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// appendError appends an error as the protocol has it, or a notice.
func appendError(dst []byte, e *pgerror.Error, notice bool) []byte {
	out := *e
	for _, text := range out.Texts() {
		*text = sendable(*text)
	}
	return appendSendable(dst, &out, notice)
}

// appendSendable appends an error whose texts are sendable.
func appendSendable(dst []byte, e *pgerror.Error, notice bool) []byte {
	severity := e.Severity
	if severity == "" {
		severity = "ERROR"
	}
	m := pgproto3.ErrorResponse{
		Severity: severity, SeverityUnlocalized: severity, Code: e.Code, Message: e.Message,
		Detail: e.Detail, Hint: e.Hint, Position: int32(e.Position), Where: e.Where,
		SchemaName: e.Schema, TableName: e.Table, ColumnName: e.Column,
		DataTypeName: e.DataType, ConstraintName: e.Constraint,
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

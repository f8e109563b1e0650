package activity

import (
	"log/slog"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Level says which statements are written to the server's log when they begin: log_statement.
type Level uint8

// The levels, each with those before it.
const (
	LogNone   Level = iota
	LogDefine       // what defines
	LogModify       // what appends
	LogAll
)

// LevelOf is a value of log_statement.
func LevelOf(value string) Level {
	return map[string]Level{"ddl": LogDefine, "mod": LogModify, "all": LogAll}[value]
}

// Log says what of a session's statements is written to the server's log.
type Log struct {
	Level Level
	// Slow is how long a statement takes that is written when it has ended; negative: none is.
	Slow time.Duration
	// Parameters is how many bytes of each parameter are written; 0: none, negative: all.
	Parameters int
}

// On tells whether anything may be written.
func (l *Log) On() bool { return l.Level > LogNone || l.Slow >= 0 }

// begins tells whether a statement of a kind is written when it begins. out: it is a COPY to the client.
func (l *Log) begins(kind Kind, out bool) bool {
	switch kind {
	case Define:
		return l.Level >= LogDefine
	case Insert:
		return l.Level >= LogModify
	case Copy:
		return l.Level >= LogModify && !out || l.Level == LogAll
	}
	return l.Level == LogAll
}

// Logged is a statement that may be written to the log.
type Logged struct {
	Kind       Kind
	Out        bool   // a COPY to the client
	Text       string // without secrets
	Parameters []string
	written    bool
}

// Begin writes a statement that begins, if it is to be.
func (l *Log) Begin(to *slog.Logger, e *Entry, s *Logged) {
	if s.written || !l.begins(s.Kind, s.Out) {
		return
	}
	s.written = true
	to.Info("statement", e.described(s)...)
}

// End writes a statement that has ended, if it took long enough.
func (l *Log) End(to *slog.Logger, e *Entry, s *Logged, took time.Duration) {
	if l.Slow < 0 || took < l.Slow {
		return
	}
	args := append(e.described(s), "ms", float64(took.Microseconds())/1000)
	to.Info("duration", args...)
}

// described is who runs what, in the log.
func (e *Entry) described(s *Logged) []any {
	now := e.snapshot()
	args := []any{"pid", now.PID, "user", now.User, "database", now.Database, "application", now.Application, "statement", cut(s.Text)}
	if len(s.Parameters) > 0 {
		args = append(args, "parameters", s.Parameters)
	}
	return args
}

// maxLogged is how much of a statement is written. The whole of one may be a message's 64 MiB, many times a second.
const maxLogged = 16 << 10

func cut(text string) string {
	if len(text) <= maxLogged {
		return text
	}
	return strings.ToValidUTF8(text[:maxLogged], "") + "..."
}

// TextParameters are parameters as they are written, each at most so long as the log wants them; nil if it wants none.
func (l *Log) TextParameters(values []pgvalue.Value, oids []uint32, zone *pgvalue.Zone) []string {
	if l.Parameters == 0 || len(values) == 0 {
		return nil
	}
	list := make([]string, len(values))
	for i := range values {
		if values[i].IsNull() {
			list[i] = "NULL"
			continue
		}
		text := string(pgvalue.AppendText(nil, oids[i], &values[i], zone))
		if l.Parameters > 0 && len(text) > l.Parameters {
			text = strings.ToValidUTF8(text[:l.Parameters], "") + "..."
		}
		list[i] = text
	}
	return list
}

package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query"
	"github.com/eventgres/eventgres/query/audit"
)

// auditFlags say where it is written who did what.
type auditFlags struct {
	AuditLog     string `type:"path" placeholder:"FILE" help:"File to which it is written who did what, a line of JSON each; none if not given."`
	AuditFailure string `default:"log" enum:"log,refuse" reload:"" help:"What happens while the audit log cannot be written: the server's log tells (log), or nothing can be changed, with 58030 (refuse)."`
}

func (f *auditFlags) refuses() bool { return f.AuditFailure == "refuse" }

// use opens the audit log, for sessions and reloads to tell it what they do; nil if there is to be none.
func (f *auditFlags) use(handler *query.Server, anew *reloader, logger *slog.Logger) (*audit.Log, error) {
	if f.AuditLog == "" {
		return nil, nil
	}
	l, err := audit.Open(f.AuditLog, f.refuses(), logger)
	if err == nil {
		handler.UseAudit(l)
		anew.audit = l
	}
	return l, err
}

// watchedDoor tells the audit log of whom the door has turned away.
type watchedDoor struct {
	*door
	audit *audit.Log
}

// Authenticate implements [pgwire.Authenticator].
func (d watchedDoor) Authenticate(ctx context.Context, l *pgwire.Login) (pgwire.Identity, error) {
	identity, err := d.door.Authenticate(ctx, l)
	e := new(pgerror.Error)
	if d.audit == nil || !errors.As(err, &e) { // else the client has gone, such as psql to ask for a password
		return identity, err
	}
	line := &audit.Line{Event: "authentication", Who: audit.Who{User: l.User(), Database: l.Database(), Address: "local"}, Outcome: e.Code}
	if !l.Unix() {
		line.Address = l.Address().String()
	}
	d.audit.Write(line)
	return identity, err
}

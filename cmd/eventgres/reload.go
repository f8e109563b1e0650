package main

import (
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/eventgres/eventgres/cmd/eventgres/internal/config"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query"
	"github.com/eventgres/eventgres/query/audit"
)

// reloader takes anew what is read from files, while the server runs. A flag that can change then has reload:"" in its declaration,
// and its effect in take.
type reloader struct {
	logger     *slog.Logger
	handler    *query.Server
	encryption *pgwire.TLS // nil: none
	door       *door
	listeners  []net.Listener
	audit      *audit.Log    // nil: none
	command    *serveCommand // as the server was started

	mu       sync.Mutex
	settings *config.Settings // as they are in effect
	grace    time.Duration    // how long connections may take to end at shutdown
}

// reloader says what the server was started with, and lets sessions have it reload.
func (c *serveCommand) reloader(
	handler *query.Server, encryption *pgwire.TLS, door *door, listeners []net.Listener, settings *config.Settings, logger *slog.Logger,
) *reloader {
	r := &reloader{
		logger: logger, handler: handler, encryption: encryption, door: door, listeners: listeners, command: c, settings: settings, grace: c.ShutdownGrace,
	}
	r.describe()
	handler.OnReload(func() { r.reload("by", "pg_reload_conf") })
	return r
}

// shutdownGrace is how long connections may take to end.
func (r *reloader) shutdownGrace() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.grace
}

// reload reads the file of settings anew, the certificate and the rules. What is wrong is told in the log, and then what was there
// before stays.
// why is an attribute of what it logs.
func (r *reloader) reload(why ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logger.Info("reloading", why...)
	if r.audit != nil {
		r.audit.Reopen()
	}
	next, settings, err := readAnew()
	if err == nil {
		err = r.take(next, settings)
	} else if r.encryption != nil {
		_ = r.encryption.Reload() // the certificate is none of the file's; what came of it is in the log
	}
	r.door.reload()
	if err != nil {
		r.logger.Error("the settings were not loaded; those before stay", "error", err)
		return
	}
	r.describe()
	r.handler.Loaded()
}

// readAnew reads what the server was started with, as if it were started now.
func readAnew() (*serveCommand, *config.Settings, error) {
	var c commands
	ctx, err := newParser(&c).Parse(os.Args[1:])
	if err != nil {
		return nil, nil, err
	}
	settings, err := config.Take(ctx, c.Serve.Config)
	return &c.Serve, settings, err
}

// take makes settings effective: all of those that can change, or none.
func (r *reloader) take(next *serveCommand, settings *config.Settings) error {
	// Sessions do not begin or cease to be offered TLS, nor to be asked for a certificate.
	switched := next.TLS.on() != (r.encryption != nil)
	authority := r.encryption != nil && r.encryption.ClientCA() != (next.TLS.TLSClientCA != "")
	reloads := func(set *config.Setting) bool {
		return set.Reloads && !(switched && strings.HasPrefix(set.Flag, "tls-")) && !(authority && set.Flag == "tls-client-ca")
	}
	if authority {
		next.TLS.TLSClientCA = r.encryption.Files().ClientCA
	}
	if err := r.takeCertificate(next, switched); err != nil {
		return err
	}
	merged, changed := r.settings.Merge(settings, reloads)
	for _, set := range changed {
		if set.Pending {
			r.logger.Warn("a setting cannot be changed without restarting the server", "setting", set.Key, "value", set.Value, "next", set.Next)
		} else {
			r.logger.Info("a setting was changed", "setting", set.Key, "value", set.Value)
			r.audit.Write(&audit.Line{Event: "setting", What: set.Key + " = " + set.Value, Outcome: "ok"})
		}
	}
	r.settings, r.grace = merged, next.ShutdownGrace
	if r.audit != nil {
		r.audit.Refuse(next.Audit.refuses())
	}
	return nil
}

// takeCertificate uses the certificate that settings name, unless they switch TLS on or off.
func (r *reloader) takeCertificate(next *serveCommand, switched bool) error {
	if r.encryption == nil {
		return nil
	}
	if !switched {
		files, err := next.TLS.files(r.command.Data, r.command.Listen, r.logger)
		if err != nil {
			return err
		}
		if files != r.encryption.Files() {
			return r.encryption.Use(files)
		}
	}
	_ = r.encryption.Reload() // where it cannot be used the one before stays, and settings are taken all the same
	return nil
}

// declare makes the settings known that PostgreSQL has not, for SHOW and pg_settings.
func declare(settings *config.Settings) {
	for _, set := range settings.List {
		if !set.Hidden {
			query.DeclareSetting(set.Name, set.Default, set.About, set.Type, set.Reloads)
		}
	}
}

// describe says what SHOW and pg_settings have of the server itself.
func (r *reloader) describe() {
	var list []query.Own
	origin := map[string]query.Own{} // by flag
	for _, set := range r.settings.List {
		own := query.Own{Name: set.Name, Value: set.Value, Pending: set.Pending}
		if set.Source != config.Default {
			own.Source = string(set.Source)
		}
		if set.Source == config.File {
			own.File, own.Line = r.settings.File, set.Line
		}
		origin[set.Flag] = own
		if !set.Hidden {
			list = append(list, own)
		}
	}
	// also is a setting of PostgreSQL's that follows from a flag.
	also := func(name, value, flag string) {
		own := origin[flag]
		own.Name, own.Value = name, value
		list = append(list, own)
	}
	if tcp, ok := r.listeners[0].Addr().(*net.TCPAddr); ok {
		also("listen_addresses", tcp.IP.String(), "listen")
		also("port", strconv.Itoa(tcp.Port), "listen")
	}
	list = append(list, query.Own{Name: "ssl_library", Value: "crypto/tls"})
	if r.encryption != nil {
		flag, files := "tls-cert", r.encryption.Files()
		if origin[flag].Value == "" {
			flag = "tls-self-signed"
		}
		also("ssl", "on", flag)
		also("ssl_cert_file", files.Cert, flag)
		also("ssl_key_file", files.Key, flag)
		also("ssl_ca_file", files.ClientCA, "tls-client-ca")
	}
	r.handler.Describe(list...)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/replica"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/role"
)

type doorFlags struct {
	AllowInsecure bool   `env:"EVENTGRES_ALLOW_INSECURE" help:"Listen on other than loopback addresses without TLS, or with rules that trust who comes from there."`
	Superuser     string `placeholder:"NAME" help:"Name of the superuser that every store has (postgres), until it has a password; then it stays."`
	PasswordFile  string `name:"superuser-password-file" env:"EVENTGRES_PASSWORD_FILE" help:"File whose first line is the superuser's password, if it has none yet; so is EVENTGRES_PASSWORD." type:"path"`
	HBAFile       string `name:"hba-file" setting:"hba_file" help:"Rules of who may come in, as pg_hba.conf has them." type:"path"`
	IdentFile     string `name:"ident-file" setting:"ident_file" help:"Maps of their names elsewhere, as pg_ident.conf has them." type:"path"`

	password string // from the environment
	given    bool   // it was there
}

// passwordVariable holds the superuser's password where there is no file of it. It leaves the environment at once, before the
// worker is started with it.
const passwordVariable = "EVENTGRES_PASSWORD"

// Rules where no file of them is given. While nobody has a password, whoever is on this machine may come in.
const (
	openRules = "local all all trust\nhost all all 127.0.0.0/8 trust\nhost all all ::1/128 trust\n"
	// The server's own OS user is the superuser on a Unix socket.
	closedRules = "local all all peer map=owner\nlocal all all scram-sha-256\n" +
		"host all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n"
	encryptedRule = "hostssl all all all scram-sha-256\n"
	insecureRule  = "host all all all scram-sha-256\n"
)

// door decides who may come in: by the rules of files, or by those above.
type door struct {
	flags        *doorFlags
	roles        *role.Store
	options      auth.RulesOptions
	guard        *pgwire.Guard
	open, closed *auth.Rules // nil where a file is given
	settling     sync.Mutex  // held while the guard is given one of them
	beyond       bool        // others than this machine reach the server
	logger       *slog.Logger
}

// newDoor reads the roles and the rules, and gives the superuser its first password. It refuses to listen where that would not be safe.
func (f *doorFlags) newDoor(store *engine.Store, node *replica.Driver, encryption *pgwire.TLS, listen string, logger *slog.Logger) (*door, error) {
	roles, err := role.NewStore(store.Control(), f.Superuser, logger)
	if err != nil {
		return nil, err
	}
	beyond, err := beyondLoopback(listen)
	if err != nil {
		return nil, err
	}
	if node != nil && beyond {
		err = f.awaitPassword(store, node, roles, logger)
	} else {
		err = f.firstPassword(store, roles, logger)
	}
	if err != nil {
		return nil, err
	}
	d := &door{flags: f, roles: roles, logger: logger}
	if encryption != nil {
		d.options.TLS, d.options.ClientCA = true, encryption.Files().ClientCA != ""
	}
	rules, maps, err := d.read()
	if err != nil {
		return nil, err
	}
	d.guard, err = pgwire.NewGuard(pgwire.GuardOptions{
		Roles: roles, Superuser: roles.Superuser(), MockSecret: roles.Secret(), Logger: logger,
	}, rules, maps)
	if err != nil {
		return nil, err
	}
	return d, d.check(listen)
}

// takePassword takes the password out of the environment.
func (f *doorFlags) takePassword() {
	f.password, f.given = os.LookupEnv(passwordVariable)
	_ = os.Unsetenv(passwordVariable)
}

// firstPassword sets the superuser's password, if one is given and it has none.
func (f *doorFlags) firstPassword(store *engine.Store, roles *role.Store, logger *slog.Logger) error {
	password, given := f.password, f.given
	if f.PasswordFile != "" {
		text, err := os.ReadFile(f.PasswordFile)
		if err != nil {
			return fmt.Errorf("the superuser's password: %w", err)
		}
		password, _, _ = strings.Cut(string(text), "\n")
		password, given = strings.TrimSuffix(password, "\r"), true
	}
	if !given {
		return nil
	}
	if roles.Current().Bootstrap().Password != "" {
		logger.Info("the superuser has a password; the one that was given at the start is ignored", "superuser", roles.Superuser())
		return nil
	}
	err := setPassword(context.Background(), store, roles, password)
	if errors.As(err, new(*engine.NotLeaderError)) || errors.Is(err, engine.ErrNoLeader) {
		logger.Info("the superuser's password is the cluster's: its leader sets it", "reason", err)
		return nil
	}
	return err
}

// setPassword gives the superuser a password.
func setPassword(ctx context.Context, store *engine.Store, roles *role.Store, password string) error {
	verifier, empty, err := role.HashPassword(password)
	if empty {
		err = errors.New("it is empty")
	}
	if err != nil {
		return fmt.Errorf("the superuser's password: %w", err)
	}
	return roles.SetPassword(ctx, store.Writer(), verifier)
}

// read reads the rules and maps. Each line that is wrong is in the log.
func (d *door) read() (*auth.Rules, *auth.Maps, error) {
	if d.flags.HBAFile == "" {
		if d.flags.IdentFile != "" {
			return nil, nil, errors.New("--ident-file is for the rules of --hba-file")
		}
		last := encryptedRule
		if !d.options.TLS && d.flags.AllowInsecure {
			last = insecureRule
		}
		d.open = auth.ParseRules([]byte(openRules), d.options)
		d.closed = auth.ParseRules([]byte(closedRules+last), d.options)
		return d.standing(), nil, nil
	}
	var maps *auth.Maps
	if d.flags.IdentFile != "" {
		text, err := os.ReadFile(d.flags.IdentFile)
		if err != nil {
			return nil, nil, err
		}
		if maps = auth.ParseMaps(text); maps.Err() != nil {
			return nil, nil, fmt.Errorf("%s: %w", d.flags.IdentFile, maps.Err())
		}
	}
	text, err := os.ReadFile(d.flags.HBAFile)
	if err != nil {
		return nil, nil, err
	}
	options := d.options
	options.Maps = maps
	rules := auth.ParseRules(text, options)
	for _, v := range rules.Views() {
		if v.Error != "" {
			d.logger.Warn("rule", "file", d.flags.HBAFile, "line", v.Line, "problem", v.Error)
		}
	}
	if rules.Err() != nil {
		return nil, nil, fmt.Errorf("%s: %w", d.flags.HBAFile, rules.Err())
	}
	return rules, maps, nil
}

// standing are the rules that hold where no file is given.
func (d *door) standing() *auth.Rules {
	if d.roles.Current().HasPasswords() {
		return d.closed
	}
	return d.open
}

// Authenticate implements [pgwire.Authenticator].
func (d *door) Authenticate(ctx context.Context, l *pgwire.Login) (pgwire.Identity, error) {
	if err := d.settle(); err != nil {
		return pgwire.Identity{}, err
	}
	return d.guard.Authenticate(ctx, l)
}

// settle has the guard use the rules that hold now. One connection does so at a time: rules that another found to hold a moment ago
// never come after those that have taken their place.
func (d *door) settle() error {
	if d.open == nil {
		return nil
	}
	d.settling.Lock()
	defer d.settling.Unlock()
	standing := d.standing()
	if d.guard.Rules() == standing {
		return nil
	}
	return d.guard.Use(standing, nil)
}

// reload takes the files' rules anew. While they cannot be used, those before stay.
func (d *door) reload() {
	if d.flags.HBAFile == "" {
		return
	}
	rules, maps, err := d.read()
	if err == nil && d.beyond && !d.flags.AllowInsecure {
		if problem := d.trusts(rules); problem != "" {
			err = fmt.Errorf("%s (or --allow-insecure)", problem)
		}
	}
	if err == nil {
		err = d.guard.Use(rules, maps)
	}
	if err != nil {
		d.logger.Error("the rules were not taken; those before stay", "error", err)
		return
	}
	d.logger.Info("took the rules anew", "file", d.flags.HBAFile)
}

// check refuses to listen where others than this machine reach the server, before it can tell them apart and hide what they say.
func (d *door) check(listen string) error {
	var err error
	if d.beyond, err = beyondLoopback(listen); err != nil || !d.beyond {
		return err
	}
	if d.roles.Current().Bootstrap().Password == "" {
		return fmt.Errorf("%s is not a loopback address, and the superuser %q has no password: give one with --superuser-password-file or %s",
			listen, d.roles.Superuser(), passwordVariable)
	}
	problem := ""
	if !d.options.TLS {
		problem = "nothing is encrypted there: give --tls-cert and --tls-key, or --tls-self-signed"
	}
	if trusts := d.trusts(d.guard.Rules()); trusts != "" {
		problem = trusts
	}
	switch {
	case problem == "":
	case d.flags.AllowInsecure:
		d.logger.Warn("listening insecurely", "address", listen, "problem", problem)
	default:
		return fmt.Errorf("%s is not a loopback address, and %s (or --allow-insecure)", listen, problem)
	}
	return nil
}

// beyondLoopback tells whether others than this machine may reach an address.
func beyondLoopback(listen string) (bool, error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false, fmt.Errorf("listen address %q: %w", listen, err)
	}
	ips, err := net.LookupIP(host)
	loopback := err == nil && len(ips) > 0 && host != ""
	for _, ip := range ips {
		loopback = loopback && ip.IsLoopback()
	}
	return !loopback, nil
}

// trusts tells which rule trusts who comes from beyond loopback; empty: none.
func (d *door) trusts(rules *auth.Rules) (problem string) {
	rules.Each(func(r *auth.Rule) bool {
		if r.Method == auth.Trust && r.BeyondLoopback() {
			problem = fmt.Sprintf("line %d of %s trusts whoever comes from there", r.Line, d.flags.HBAFile)
		}
		return problem == ""
	})
	return problem
}

// show is what the rules are: those of the files as they are now, also where they have no effect yet.
func (d *door) show() (*analytics.Door, error) {
	if d.flags.HBAFile == "" {
		return &analytics.Door{Rules: d.standing().Views()}, nil
	}
	shown, options := &analytics.Door{}, d.options
	if d.flags.IdentFile != "" {
		text, err := os.ReadFile(d.flags.IdentFile)
		if err != nil {
			return nil, unreadable(err)
		}
		options.Maps = auth.ParseMaps(text)
		shown.Mappings = options.Maps.Lines()
	}
	text, err := os.ReadFile(d.flags.HBAFile)
	if err != nil {
		return nil, unreadable(err)
	}
	shown.Rules = auth.ParseRules(text, options).Views()
	return shown, nil
}

func unreadable(err error) error {
	return pgerror.Errorf(pgerror.IOError, "could not read the rules: %s", err)
}

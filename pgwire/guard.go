package pgwire

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Role is what has to be known of a role to let it in.
type Role struct {
	Verifier    auth.Verifier
	HasPassword bool
	Login       bool
	Superuser   bool
	ValidUntil  time.Time // of the password; zero: for ever
}

// RoleSource knows the roles. It is asked by many connections at once.
type RoleSource interface {
	// Lookup returns a role by its name; false: there is none. It is asked before a client proves itself, and again afterwards.
	Lookup(name string) (Role, bool)
	// Member tells whether a role is a member of another, by grants alone.
	Member(name, of string) bool
}

// Guard is the [Authenticator] that lets in by rules and roles, as PostgreSQL does.
type Guard struct {
	roles     RoleSource
	superuser string
	secret    []byte
	logger    *slog.Logger
	throttle  *throttle
	rules     atomic.Pointer[ruleBook]
}

// ruleBook is what a reload replaces as a whole.
type ruleBook struct {
	rules *auth.Rules
	maps  *auth.Maps
}

// GuardOptions are a Guard's.
type GuardOptions struct {
	Roles RoleSource
	// Superuser is the bootstrap superuser's name, whom [auth.OwnerMap] makes of the server's own OS user.
	Superuser string
	// MockSecret is what the salts of roles without a password are made of; it should be the same for ever. Nil: until the server ends.
	MockSecret []byte
	Logger     *slog.Logger
}

// NewGuard makes a Guard with its first rules.
func NewGuard(o GuardOptions, rules *auth.Rules, maps *auth.Maps) (*Guard, error) {
	g := &Guard{roles: o.Roles, superuser: o.Superuser, secret: o.MockSecret, logger: o.Logger, throttle: newThrottle()}
	if g.secret == nil {
		g.secret = make([]byte, 32)
		_, _ = rand.Read(g.secret) // never fails
	}
	if g.logger == nil {
		g.logger = slog.New(slog.DiscardHandler)
	}
	return g, g.Use(rules, maps)
}

// Use takes other rules, whole or not at all, for the connections that come.
func (g *Guard) Use(rules *auth.Rules, maps *auth.Maps) error {
	if err := rules.Err(); err != nil {
		return err
	}
	if maps != nil && maps.Err() != nil {
		return maps.Err()
	}
	g.rules.Store(&ruleBook{rules, maps})
	return nil
}

// Rules are those in use.
func (g *Guard) Rules() *auth.Rules { return g.rules.Load().rules }

// visit is one connection that a Guard decides on.
type visit struct {
	*Guard
	*ruleBook
	login *Login
	rule  *auth.Rule
	role  Role
	known bool // the role exists
}

// Authenticate implements [Authenticator].
func (g *Guard) Authenticate(ctx context.Context, l *Login) (Identity, error) {
	v := visit{Guard: g, ruleBook: g.rules.Load(), login: l}
	v.role, v.known = g.roles.Lookup(l.User())
	q := v.request()
	v.rule = v.ruleBook.rules.Match(&q)
	if err := v.rejected(); err != nil {
		return Identity{}, err
	}
	if v.rule.ClientCert != "" && l.Certificate() == nil {
		v.log("there is no client certificate")
		return Identity{}, denied("connection requires a valid client certificate")
	}
	why, err := v.prove(ctx)
	if err == nil && why == "" && v.rule.ClientCert == auth.VerifyFull && v.rule.Method != auth.Cert {
		why = v.certified()
	}
	if err == nil && why == "" {
		why = v.again()
	}
	switch {
	case err != nil:
		if !errors.Is(err, errDisconnected) {
			v.log(err.Error()) // such as that somebody between has a certificate of his own
		}
		return Identity{}, err
	case why != "":
		v.log(why)
		return Identity{}, v.failed()
	case !v.known:
		v.log(noSuchRole)
		return Identity{}, denied(`role "%s" does not exist`, l.User())
	case !v.role.Login:
		v.log("the role may not log in")
		return Identity{}, denied(`role "%s" is not permitted to log in`, l.User())
	}
	return Identity{Role: l.User(), Superuser: v.role.Superuser, Method: v.rule.Method}, nil
}

// again looks at the role once more: the client may have taken a minute to prove itself, and comes in as what the role is now. It
// tells why what was proved no longer counts: PostgreSQL takes a password that was changed meanwhile, which somebody may have stolen.
func (v *visit) again() (why string) {
	proved := v.role.Verifier
	v.role, v.known = v.roles.Lookup(v.login.User())
	if v.rule.Method != auth.SHA256 || !v.known {
		return ""
	}
	if why = v.unusable(); why == "" && v.role.Verifier.StoredKey != proved.StoredKey {
		why = "the password was changed meanwhile"
	}
	return why
}

func denied(format string, args ...any) error {
	return pgerror.Errorf(pgerror.InvalidAuthorizationSpecification, format, args...)
}

func (v *visit) request() auth.Request {
	l := v.login
	q := auth.Request{
		Unix: l.Unix(), Address: l.Address(), TLS: l.Encrypted(), Database: l.Database(), User: l.User(),
		Member:   func(role string) bool { return v.known && (role == l.User() || v.roles.Member(l.User(), role)) }, // of itself, too, as in PostgreSQL
		Networks: networks,
	}
	if q.Unix && l.User() == v.superuser {
		id, err := l.PeerID()
		q.Owner = err == nil && int(id) == os.Geteuid()
	}
	return q
}

// networks are this machine's addresses with their networks.
func networks() (list []netip.Prefix) {
	addresses, _ := net.InterfaceAddrs() // those that can be told
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok {
			if address, ok := netip.AddrFromSlice(n.IP); ok {
				ones, _ := n.Mask.Size()
				list = append(list, netip.PrefixFrom(address.Unmap(), ones))
			}
		}
	}
	return list
}

// rejected is the answer to a connection that no rule is for, or one that says so.
func (v *visit) rejected() error {
	said := ""
	switch {
	case v.rule == nil:
		said = "no pg_hba.conf entry for"
	case v.rule.Method == auth.Reject:
		said = "pg_hba.conf rejects connection for"
	default:
		return nil
	}
	l := v.login
	host, encryption := "[local]", "no encryption"
	if !l.Unix() {
		host = l.Address().String()
	}
	if l.Encrypted() {
		encryption = "SSL encryption"
	}
	v.log(said + " it")
	return denied(`%s host "%s", user "%s", database "%s", %s`, said, host, l.User(), l.Database(), encryption)
}

func (v *visit) log(why string) {
	line := 0
	if v.rule != nil {
		line = v.rule.Line
	}
	v.logger.Warn("authentication failed", "user", v.login.User(), "database", v.login.Database(), "address", v.login.c.raw.RemoteAddr().String(), "rule", line, "why", why)
}

// failed says that the client has not proved itself, and not why.
func (v *visit) failed() error {
	switch v.rule.Method {
	case auth.SHA256:
		return pgerror.Errorf(pgerror.InvalidPassword, `password authentication failed for user "%s"`, v.login.User())
	case auth.Cert:
		return denied(`certificate authentication failed for user "%s"`, v.login.User())
	case auth.Peer:
		return denied(`Peer authentication failed for user "%s"`, v.login.User())
	}
	return denied(`"%s" authentication failed for user "%s"`, v.rule.Method, v.login.User())
}

// prove has the client prove itself by the rule's method. why, if it has not, is for the log; err is what the client did.
func (v *visit) prove(ctx context.Context) (why string, err error) {
	switch v.rule.Method {
	case auth.SHA256:
		return v.password(ctx)
	case auth.Cert:
		return v.certified(), nil
	case auth.Peer:
		return v.peer(), nil
	case auth.Trust:
		return "", nil
	}
	return "the method is unknown", nil
}

const noSuchRole = "there is no such role"

// unusable tells why the role has no password that a client could prove itself with; empty: it has one.
func (v *visit) unusable() string {
	switch {
	case !v.known:
		return noSuchRole
	case !v.role.HasPassword:
		return "the role has no password"
	case !v.role.ValidUntil.IsZero() && v.role.ValidUntil.Before(time.Now()):
		return "the password has expired"
	}
	return ""
}

func (v *visit) password(ctx context.Context) (why string, err error) {
	why = v.unusable()
	verifier, mock := v.role.Verifier, auth.Mock(v.login.User(), v.secret, auth.DefaultIterations) // whether it is needed or not, it takes as long
	if why != "" {
		verifier = mock
	}
	a := attempt{v.login.Origin(), v.login.User()}
	err = v.login.Scram(verifier, why == "", func() error { return v.throttle.turn(ctx, a) })
	switch {
	case errors.Is(err, auth.ErrProof):
		v.throttle.wrong(ctx, a)
		if why == "" {
			why = "the password is wrong"
		}
		return why, nil
	case errors.Is(err, errResponseLength):
		return err.Error(), nil
	case err == nil:
		v.throttle.right(a)
	}
	return "", err
}

// certified tells why the client's certificate does not name the role; empty: it does.
func (v *visit) certified() string {
	certificate := v.login.Certificate()
	if certificate == nil {
		return "there is no client certificate"
	}
	var names []string
	if v.rule.ClientName == auth.AlternativeName {
		names = slices.Concat(certificate.DNSNames, certificate.EmailAddresses)
		for _, u := range certificate.URIs {
			names = append(names, u.String())
		}
	} else if names = commonNames(certificate.Subject.Names); len(names) != 1 || names[0] == "" {
		return "the client certificate has no common name, or several"
	}
	for _, name := range names {
		if v.maps.Allows(v.rule.Map, name, v.login.User()) {
			return ""
		}
	}
	return "the client certificate is for " + strconv.Quote(names[0])
}

// peer tells why the OS user at the other end is not the role.
func (v *visit) peer() string {
	if v.rule.Map == auth.OwnerMap {
		return "" // the rule is for the owner alone
	}
	id, err := v.login.PeerID()
	if err != nil {
		return err.Error()
	}
	account, err := user.LookupId(strconv.FormatUint(uint64(id), 10))
	if err != nil {
		return err.Error()
	}
	if !v.maps.Allows(v.rule.Map, account.Username, v.login.User()) {
		return "the client is the operating system's user " + strconv.Quote(account.Username)
	}
	return ""
}

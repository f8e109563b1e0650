package door

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/auth"
)

// The rules of the matrix, on both sides.
const matrixRules = `hostssl all plus all scram-sha-256
hostnossl all plus all reject
hostssl all certified all cert
hostssl all alice all cert map=m
hostssl all both all scram-sha-256 clientcert=verify-full
hostssl all signed all scram-sha-256 clientcert=verify-ca
host all trusted all trust
host all refused all reject
host other wanderer all trust
host all +group all scram-sha-256
host all app,unknown,expired,nologin,silent all scram-sha-256
`

func matrixRoles() roles {
	password := func(s string) pgwire.Role {
		return pgwire.Role{Verifier: auth.NewVerifier(s), HasPassword: true, Login: true}
	}
	r := roles{
		"app": password("sécret\u00a0ü"), "plus": password("secret"), "expired": password("secret"), "nologin": password("secret"), "both": password("secret"),
		"signed": password("secret"), "trusted": {Login: true}, "refused": {Login: true}, "silent": {Login: true}, "certified": {Login: true}, "alice": {Login: true}, "wanderer": {Login: true},
	}
	r["expired"] = pgwire.Role{Verifier: r["expired"].Verifier, HasPassword: true, Login: true, ValidUntil: time.Now().Add(-time.Hour)}
	r["nologin"] = pgwire.Role{Verifier: r["nologin"].Verifier, HasPassword: true}
	return r
}

// TestMatrix: each client, as whom it may be and with what it has, is let in or refused as by PostgreSQL 15, in the same words.
func TestMatrix(t *testing.T) {
	a := newAuthority(t)
	for _, name := range []string{"server", "certified", "alice-cert", "both", "other"} {
		a.sign(name)
	}
	rs := matrixRoles()
	ours := newHouse(t, a, matrixRules, rs)
	r := postgresFor(t)
	r.furnish(t, a, matrixRules, rs)
	root := a.path("root.crt")
	certificate := func(k knock, name string) knock {
		k.cert, k.key = a.path(name+".crt"), a.path(name+".key")
		return k
	}
	app := knock{user: "app", password: "sécret\u00a0ü", sslmode: "disable"}
	plus := knock{user: "plus", password: "secret", sslmode: "verify-full", root: root}
	as := func(k knock, user string) knock { k.user = user; return k }
	with := func(k knock, password string) knock { k.password = password; return k }
	bound := func(k knock, binding string) knock { k.binding = binding; return k }
	attempts := []struct {
		name string
		in   bool
		knock
	}{
		{"plain", true, app},
		{"wrong password", false, with(app, "secret")},
		{"no such role", false, as(app, "unknown")},
		{"a role without a password", false, as(app, "silent")},
		{"expired", false, with(as(app, "expired"), "secret")},
		{"no login", false, with(as(app, "nologin"), "secret")},
		{"no entry", false, as(app, "nobody")},
		{"reject", false, as(app, "refused")},
		{"another database", false, as(app, "wanderer")},
		{"trust", true, as(app, "trusted")},
		{"TLS", true, plus},
		{"TLS, binding required", true, bound(plus, "require")},
		{"TLS, binding disabled", true, bound(plus, "disable")},
		{"TLS, wrong password", false, with(plus, "x")},
		{"without TLS", false, knock{user: "plus", password: "secret", sslmode: "disable"}},
		{"certificate", true, certificate(as(plus, "certified"), "certified")},
		{"certificate of another", false, certificate(as(plus, "certified"), "other")},
		{"no certificate", false, as(plus, "certified")},
		{"certificate, mapped", true, certificate(as(plus, "alice"), "alice-cert")},
		{"certificate, not mapped", false, certificate(as(plus, "alice"), "other")},
		{"both", true, certificate(as(plus, "both"), "both")},
		{"both, certificate of another", false, certificate(as(plus, "both"), "other")},
		{"both, wrong password", false, certificate(with(as(plus, "both"), "x"), "both")},
		{"both, no certificate", false, as(plus, "both")},
		{"any certificate", true, certificate(as(plus, "signed"), "other")},
	}
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			c.need(t)
			knocks := func(port int) (list []knock) {
				for _, a := range attempts {
					k := a.knock
					k.host, k.port, k.database = "localhost", port, database
					list = append(list, k)
				}
				return list
			}
			got, want := c.knock(t, knocks(ours.port)), c.knock(t, knocks(r.Port))
			for i, attempt := range attempts {
				g, w := withoutPorts(got[i], ours.port), withoutPorts(want[i], r.Port)
				switch {
				case g != w:
					t.Errorf("%s: got %s\nwant %s", attempt.name, g, w)
				case attempt.in != (g == "in"):
					t.Errorf("%s: %s", attempt.name, g)
				}
			}
		})
	}
}

func withoutPorts(s string, port int) string {
	return strings.ReplaceAll(s, strconv.Itoa(port), "PORT")
}

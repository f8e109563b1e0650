package door

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire"
)

// TestBinding: with certificates of every kind of signature clients get in with SCRAM, bound to the certificate where that is defined.
func TestBinding(t *testing.T) {
	harness.Need(t, "psql")
	key := func(k crypto.Signer, err error) crypto.Signer {
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	for _, c := range []struct {
		with  x509.SignatureAlgorithm
		key   crypto.Signer
		bound bool
	}{
		{x509.SHA256WithRSA, rsaKey, true},
		{x509.SHA384WithRSA, rsaKey, true},
		{x509.SHA512WithRSA, rsaKey, true},
		{x509.ECDSAWithSHA384, p384, true},
		{x509.ECDSAWithSHA512, p384, true},
		{x509.SHA256WithRSAPSS, rsaKey, false},
		{x509.PureEd25519, key(ed, err), false},
	} {
		t.Run(c.with.String(), func(t *testing.T) {
			a := newAuthorityWith(t, c.key, c.with)
			a.sign("server")
			ours := newHouse(t, a, "hostssl all all all scram-sha-256\n", roles{"app": matrixRoles()["plus"]})
			for name, f := range map[string]func(*testing.T, knock) string{"psql": psqlKnock, "pgx": pgxKnock} {
				for _, binding := range []string{"prefer", "require"} {
					if name == "pgx" && binding == "prefer" && !c.bound {
						continue // pgx says beforehand that it cannot bind to such a certificate
					}
					k := knock{host: "localhost", port: ours.port, user: "app", password: "secret", database: database, sslmode: "verify-full", root: a.path("root.crt"), binding: binding}
					got := f(t, k)
					if in := c.bound || binding == "prefer"; in != (got == "in") || !in && !strings.HasPrefix(got, "client ") {
						t.Errorf("%s, channel_binding=%s: %s", name, binding, got)
					}
				}
			}
		})
	}
}

// TestCertificateNames: which of a certificate's names may stand for a role.
func TestCertificateNames(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	subject := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.Subject = pkix.Name{}
			for _, name := range names {
				c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: []int{2, 5, 4, 3}, Value: name})
			}
		}
	}
	a.sign("two", subject("app", "other"))
	a.sign("none", subject())
	a.sign("longer", subject("app.example"))
	a.sign("app")
	a.sign("server-name", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, subject("app"))
	a.sign("alternative", subject("whoever"), func(c *x509.Certificate) { c.DNSNames = []string{"x.example", "alice-cert"} })
	ours := newHouse(t, a, "hostssl all app all cert\nhostssl all alice all cert map=m clientname=SAN\n", roles{"app": {Login: true}, "alice": pgwire.Role{Login: true}})
	for _, c := range []struct {
		name, user string
		in         bool
	}{
		{"app", "app", true},
		{"two", "app", false},
		{"none", "app", false},
		{"longer", "app", false},
		{"server-name", "app", false}, // it is for servers
		{"alternative", "alice", true},
		{"alternative", "app", false},
		{"app", "alice", false},
	} {
		got := pgxKnock(t, knock{
			host: "localhost", port: ours.port, user: c.user, database: database, sslmode: "verify-full", root: a.path("root.crt"), cert: a.path(c.name + ".crt"), key: a.path(c.name + ".key"),
		})
		if c.in != (got == "in") {
			t.Errorf("%s as %s: %s", c.name, c.user, got)
		}
	}
}

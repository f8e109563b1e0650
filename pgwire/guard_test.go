package pgwire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/pgwire/auth"
)

type testRoles map[string]Role

func (r testRoles) Lookup(name string) (Role, bool) { role, ok := r[name]; return role, ok }
func (r testRoles) Member(name, of string) bool     { return false }

func testGuard(t testing.TB, rules string, r testRoles) *Guard {
	t.Helper()
	g, err := NewGuard(GuardOptions{Roles: r, Superuser: "postgres"}, auth.ParseRules([]byte(rules), auth.RulesOptions{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func withPassword(password string) Role {
	return Role{Verifier: auth.NewVerifier(password), HasPassword: true, Login: true}
}

// attemptIn is the SQLSTATE and message that a client with a password gets; empty: it is in. The connection stays, until the test ends.
func attemptIn(t *testing.T, addr, user, password string) string {
	t.Helper()
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: addr, Path: "x", RawQuery: "sslmode=disable&application_name=test"}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgconn.Connect(ctx, u.String())
	var e *pgconn.PgError
	switch {
	case err == nil:
		t.Cleanup(func() { conn.Close(context.Background()) })
		return ""
	case errors.As(err, &e):
		return e.Code + " " + e.Message
	}
	return err.Error()
}

func TestGuard(t *testing.T) {
	g := testGuard(t, "host all app all scram-sha-256\nhost all anybody all trust\nhost all ghost all trust", testRoles{"app": withPassword("secret"), "anybody": {Login: true}})
	addr, _ := listen(t, &Server{Handler: echoHandler{}, Authenticator: g})
	for _, c := range []struct{ user, password, want string }{
		{"app", "secret", ""},
		{"app", "wrong", `28P01 password authentication failed for user "app"`},
		{"anybody", "", ""},
		{"ghost", "", `28000 role "ghost" does not exist`},
		{"other", "secret", `28000 no pg_hba.conf entry for host "127.0.0.1", user "other", database "x", no encryption`},
	} {
		if got := attemptIn(t, addr, c.user, c.password); got != c.want {
			t.Errorf("%s: got %s, want %s", c.user, got, c.want)
		}
	}
	if err := g.Use(auth.ParseRules([]byte("host all all"), auth.RulesOptions{}), nil); err == nil {
		t.Error("rules with an error are taken")
	}
	if got := attemptIn(t, addr, "app", "secret"); got != "" {
		t.Errorf("after rules that were not taken: %s", got)
	}
	if err := g.Use(auth.ParseRules([]byte("host all all all reject"), auth.RulesOptions{}), nil); err != nil {
		t.Fatal(err)
	}
	if got := attemptIn(t, addr, "app", "secret"); !strings.Contains(got, "pg_hba.conf rejects connection") {
		t.Errorf("after other rules: %s", got)
	}
}

// TestGuardIdentity: a session is told who its client is.
func TestGuardIdentity(t *testing.T) {
	g := testGuard(t, "host all all all trust", testRoles{"boss": {Login: true, Superuser: true}})
	told := make(chan Identity, 1)
	addr, _ := listen(t, &Server{Handler: identityHandler{told: told}, Authenticator: g})
	if got := attemptIn(t, addr, "boss", ""); got != "" {
		t.Fatal(got)
	}
	if got := <-told; got != (Identity{Role: "boss", Superuser: true, Method: auth.Trust}) {
		t.Errorf("%+v", got)
	}
}

type identityHandler struct {
	echoHandler
	told chan Identity
}

func (h identityHandler) Connect(ctx context.Context, c *Conn) (Session, error) {
	h.told <- c.Identity()
	return h.echoHandler.Connect(ctx, c)
}

// changingRoles has one role, which is another once it was looked up.
type changingRoles struct {
	asked  atomic.Int64
	before Role
	after  *Role // nil: there is none
}

func (r *changingRoles) Lookup(string) (Role, bool) {
	switch {
	case r.asked.Add(1) == 1:
		return r.before, true
	case r.after == nil:
		return Role{}, false
	}
	return *r.after, true
}

func (r *changingRoles) Member(string, string) bool { return false }

// TestMeanwhile: a client comes in as what its role is when it has proved itself, not as what it was when it began to.
func TestMeanwhile(t *testing.T) {
	boss := withPassword("secret")
	boss.Superuser = true
	changed := func(change func(*Role)) *Role { r := boss; change(&r); return &r }
	for _, c := range []struct {
		name, want string
		after      *Role
	}{
		{"nothing", "", &boss},
		{"DROP ROLE", `28000 role "app" does not exist`, nil},
		{"NOLOGIN", `28000 role "app" is not permitted to log in`, changed(func(r *Role) { r.Login = false })},
		{"NOSUPERUSER", "", changed(func(r *Role) { r.Superuser = false })},
		{"PASSWORD", `28P01 password authentication failed for user "app"`, changed(func(r *Role) { r.Verifier = auth.NewVerifier("another") })},
		{"PASSWORD NULL", `28P01 password authentication failed for user "app"`, changed(func(r *Role) { r.HasPassword = false })},
		{"VALID UNTIL", `28P01 password authentication failed for user "app"`, changed(func(r *Role) { r.ValidUntil = time.Now().Add(-time.Hour) })},
	} {
		g, err := NewGuard(GuardOptions{Roles: &changingRoles{before: boss, after: c.after}}, auth.ParseRules([]byte("host all all all scram-sha-256"), auth.RulesOptions{}), nil)
		if err != nil {
			t.Fatal(err)
		}
		told := make(chan Identity, 1)
		addr, _ := listen(t, &Server{Handler: identityHandler{told: told}, Authenticator: g})
		if got := attemptIn(t, addr, "app", "secret"); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		select {
		case got := <-told:
			if c.want != "" || got.Superuser != c.after.Superuser {
				t.Errorf("%s: in as %+v", c.name, got)
			}
		default:
		}
	}
}

// TestRefusalsInLog: whoever is not let in is in the log, with why; the client is told no more than it may know.
func TestRefusalsInLog(t *testing.T) {
	for _, c := range []struct{ name, rules, sent, want string }{
		{"rules", "host all all all reject", startup(protocol30, "user", "app"), "pg_hba.conf rejects connection for it"},
		{"no role", "host all all all trust", startup(protocol30, "user", "ghost"), "there is no such role"},
		{"no login", "host all all all trust", startup(protocol30, "user", "group"), "the role may not log in"},
		{"exchange", "host all all all scram-sha-256", startup(protocol30, "user", "app") + frame('p', "SCRAM-SHA-256-PLUS\x00\xff\xff\xff\xff"), "client selected an invalid SASL authentication mechanism"},
		{"gone", "host all all all scram-sha-256", startup(protocol30, "user", "app"), ""},
	} {
		var log bytes.Buffer
		g, err := NewGuard(GuardOptions{Roles: testRoles{"app": withPassword("secret"), "group": {}}, Logger: slog.New(slog.NewTextHandler(&log, nil))},
			auth.ParseRules([]byte(c.rules), auth.RulesOptions{}), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := converse(t, &Server{Handler: echoHandler{}, Authenticator: g}, c.sent); strings.Contains(got, "Z") {
			t.Errorf("%s: %s", c.name, got)
		}
		if got := log.String(); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: the log says %q", c.name, got)
		}
	}
}

// TestMemberOfItself: a rule for the members of a role is for the role, too.
func TestMemberOfItself(t *testing.T) {
	g := testGuard(t, "host all +staff all trust\nhost samerole guest all trust", testRoles{"staff": {Login: true}, "guest": {Login: true}})
	addr, _ := listen(t, &Server{Handler: echoHandler{}, Authenticator: g})
	for _, c := range []struct{ user, database, want string }{
		{"staff", "x", "RSKZ"},
		{"guest", "guest", "RSKZ"},
		{"guest", "x", `E(FATAL 28000 no pg_hba.conf entry for host "127.0.0.1", user "guest", database "x", no encryption)`},
		{"ghost", "x", `E(FATAL 28000 no pg_hba.conf entry for host "127.0.0.1", user "ghost", database "x", no encryption)`},
	} {
		client := dial(t, addr)
		client.send(startup(protocol30, "user", c.user, "database", c.database))
		if _, all := client.until('Z'); all != c.want {
			t.Errorf("%s to %s: got %s, want %s", c.user, c.database, all, c.want)
		}
	}
}

// TestLongNames: what is kept of clients that have not proved themselves is short, whatever they say.
func TestLongNames(t *testing.T) {
	cut := strings.Repeat("u", 63)
	g := testGuard(t, "host all all all scram-sha-256", testRoles{cut: withPassword("secret")})
	told := make(chan map[string]string, 1)
	s := &Server{Handler: parametersHandler{told: told}, Authenticator: g}
	addr, _ := listen(t, s)
	long := cut + strings.Repeat("u", 5000)
	if got := attemptIn(t, addr, long, "wrong"); got != fmt.Sprintf(`28P01 password authentication failed for user "%s"`, cut) {
		t.Error(got)
	}
	g.throttle.mu.Lock()
	for a := range g.throttle.by {
		if len(a.role) > 63 {
			t.Errorf("a name of %d bytes is kept", len(a.role))
		}
	}
	g.throttle.mu.Unlock()
	if got := attemptIn(t, addr, long, "secret"); got != "" {
		t.Errorf("with the right password: %s", got)
	}
	select {
	case got := <-told:
		if got["user"] != cut || got["database"] != "x" || got["application_name"] != "test" {
			t.Errorf("the session is told %v", got)
		}
	default:
		t.Error("there is no session")
	}

	fields := []string{"user", "someone"}
	for i := range 2400 {
		fields = append(fields, string([]byte{byte('!' + i%90), byte('!' + i/90)}), "")
	}
	waiting := dial(t, addr)
	waiting.send(startup(protocol30, fields...))
	waiting.until('R')
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, list := range s.lobby.from {
		for _, c := range list {
			if len(c.startupParams) > 2 {
				t.Errorf("%d parameters are kept of a client that has not proved itself", len(c.startupParams))
			}
		}
	}
}

type parametersHandler struct {
	echoHandler
	told chan map[string]string
}

func (h parametersHandler) Connect(ctx context.Context, c *Conn) (Session, error) {
	h.told <- c.StartupParameters()
	return h.echoHandler.Connect(ctx, c)
}

// TestReserved: some places are for superusers, and none for those who have not proved themselves.
func TestReserved(t *testing.T) {
	g := testGuard(t, "host all app all scram-sha-256\nhost all all all trust", testRoles{"app": withPassword("x"), "user": {Login: true}, "boss": {Login: true, Superuser: true}})
	addr, _ := listen(t, &Server{Handler: echoHandler{}, Authenticator: g, MaxConnections: 2, Reserved: 1})
	var proving []*client
	for range 5 {
		c := dial(t, addr)
		c.send(startup(protocol30, "user", "app"))
		c.until('R')
		proving = append(proving, c)
	}
	for i, c := range []struct{ user, want string }{
		{"user", ""},
		{"user", "53300 remaining connection slots are reserved for non-replication superuser connections"},
		{"boss", ""},
		{"boss", "53300 sorry, too many clients already"},
	} {
		if got := attemptIn(t, addr, c.user, ""); got != c.want {
			t.Errorf("%d, %s: got %s, want %s", i, c.user, got, c.want)
		}
	}
	for _, c := range proving {
		c.Close()
	}
}

// TestHeldBack: while a wrong proof is held back its connection has no place, others are not held back, and the server's end does not wait.
func TestHeldBack(t *testing.T) {
	g := testGuard(t, "host all all all scram-sha-256", testRoles{"app": withPassword("secret"), "other": withPassword("secret")})
	s := &Server{Handler: echoHandler{}, Authenticator: g, MaxConnections: 2, Reserved: 1}
	addr, served := listen(t, s)
	g.throttle.longest = 10 * time.Minute
	for range 8 { // the next is held back for so long
		g.throttle.count(attempt{"127.0.0.1", "app"}, time.Now())
	}
	ended := make(chan string, 1)
	go func() { ended <- attemptIn(t, addr, "app", "wrong") }()
	for deadline := time.Now().Add(patience); ; { // until its proof was found wrong
		g.throttle.mu.Lock()
		failed := g.throttle.by[attempt{"127.0.0.1", "app"}].Value.(*guesses).failed
		g.throttle.mu.Unlock()
		if failed > 8 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no proof")
		}
	}
	if got := attemptIn(t, addr, "other", "secret"); got != "" {
		t.Errorf("another role: %s", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	<-served
	<-ended
}

func TestThrottle(t *testing.T) {
	throttle := newThrottle()
	now := time.Now()
	a := attempt{"10.0.0.1", "app"}
	for i, want := range []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000} {
		if got := throttle.count(a, now); got != want*time.Millisecond {
			t.Errorf("wrong proof %d: %v, want %v", i, got, want*time.Millisecond)
		}
	}
	for _, b := range []attempt{{"10.0.0.2", "app"}, {"10.0.0.1", "other"}} {
		if got := throttle.count(b, now); got != firstDelay {
			t.Errorf("%+v: %v", b, got)
		}
	}
	if got := throttle.count(a, now.Add(forgetAfter+time.Second)); got != firstDelay {
		t.Errorf("after a while: %v", got)
	}
	throttle.count(a, now)
	throttle.right(a)
	if got := throttle.count(a, now); got != firstDelay {
		t.Errorf("after a right proof: %v", got)
	}
	later := now.Add(time.Hour)
	for range 100 {
		throttle.count(a, later)
	}
	for _, c := range []struct {
		by    attempt
		after time.Duration
		want  time.Duration
	}{{a, 0, longestTurn}, {a, guessEvery / 4, longestTurn * 3 / 4}, {a, time.Hour, 0}, {attempt{"10.0.0.2", "app"}, 0, 0}, {attempt{"10.0.0.3", "app"}, 0, 0}} {
		if got := throttle.wait(c.by, later.Add(c.after)).Round(time.Millisecond); got != c.want {
			t.Errorf("%+v, %v after a hundred wrong proofs: waits %v, want %v", c.by, c.after, got, c.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := throttle.turn(ended, a); err == nil {
		t.Error("the proof of a connection that has to end is checked")
	}
	for i := range mostGuessers + 100 {
		throttle.count(attempt{fmt.Sprint(i), "app"}, now)
	}
	if len(throttle.by) != mostGuessers || throttle.order.Len() != mostGuessers || throttle.by[a] != nil {
		t.Errorf("%d are kept", len(throttle.by))
	}
}

// TestOwner: through a Unix socket this process's own user is the bootstrap superuser, and nobody else.
func TestOwner(t *testing.T) {
	g := testGuard(t, "local all all peer map=owner\nlocal all app trust", testRoles{"postgres": {Login: true, Superuser: true}, "app": {Login: true}})
	path := filepath.Join(t.TempDir(), ".s.PGSQL.5432")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err)
	}
	s := &Server{Handler: echoHandler{}, Authenticator: g}
	go func() { _ = s.Serve(l) }()
	defer l.Close()
	if id, err := func() (uint32, error) {
		nc, err := net.Dial("unix", path)
		if err != nil {
			return 0, err
		}
		defer nc.Close()
		return peerID(nc)
	}(); err != nil || int(id) != os.Geteuid() {
		t.Skipf("the system does not tell who is at the other end: %d, %v", id, err)
	}
	for user, want := range map[string]string{"postgres": "RSKZ", "app": "RSKZ", "other": `E(FATAL 28000 no pg_hba.conf entry for host "[local]", user "other", database "other", no encryption)`} {
		nc, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t, nc}
		c.send(startup(protocol30, "user", user))
		if _, all := c.until('Z'); all != want {
			t.Errorf("%s: got %s, want %s", user, all, want)
		}
		nc.Close()
	}
}

// FuzzLogin: whatever a client sends instead of a proof, it does not get in, and is answered in whole messages.
func FuzzLogin(f *testing.F) {
	for _, s := range []string{
		frame('p', auth.Scram+"\x00\x00\x00\x00\x0bn,,n=,r=abc") + frame('p', "c=biws,r=abc,p=AAAA"), frame('p', auth.Scram+"\x00\xff\xff\xff\xff") + frame('p', "n,,n=,r=a"),
		frame('Q', "select 1\x00"), frame('p', ""), "p\xff\xff\xff\xff", "p\x00\x00\x04\x01", "X", frame('p', "SCRAM-SHA-256-PLUS\x00\x00\x00\x00\x00"),
	} {
		f.Add([]byte(s))
	}
	g := testGuard(f, "host all all all scram-sha-256", testRoles{"u": withPassword("secret")})
	f.Fuzz(func(t *testing.T, sent []byte) {
		got, _ := converse(t, &Server{Handler: echoHandler{}, Authenticator: g}, startup(protocol30, "user", "u")+string(sent))
		if before, _, _ := strings.Cut(got, "E("); strings.Contains(before, "Z") || strings.HasSuffix(got, "half a message") {
			t.Fatal(got)
		}
	})
}

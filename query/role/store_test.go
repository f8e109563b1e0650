package role

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
)

func open(t *testing.T, dir string) *engine.Store {
	t.Helper()
	store, err := engine.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func read(t *testing.T, store *engine.Store, superuser string) *Store {
	t.Helper()
	s, err := NewStore(store.Control(), superuser, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBootstrap: a store has a superuser whom anybody may be until it has a password; then it keeps its name, and what the door's salts
// are made of, over a restart.
func TestBootstrap(t *testing.T) {
	dir := t.TempDir() + "/data"
	store := open(t, dir)
	s := read(t, store, "chief")
	if e, ok := s.Lookup("anybody"); !ok || !e.Superuser || !e.Login || e.HasPassword {
		t.Errorf("while there is no password anybody is %+v, %t", e, ok)
	}
	verifier, _, err := HashPassword("secret")
	if err != nil {
		t.Fatal(err)
	}
	expired, past := *s.Current().Bootstrap(), int64(1)
	expired.ValidUntil = &past
	changes, err := s.Changes(s.Current().with(&expired))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Writer().Append(t.Context(), &engine.AppendRequest{Control: changes}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPassword(t.Context(), store.Writer(), verifier); err != nil {
		t.Fatal(err)
	}
	secret := string(s.Secret())
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	store = open(t, dir)
	defer store.Close()
	s = read(t, store, "")
	if string(s.Secret()) != secret || s.Superuser() != "chief" {
		t.Errorf("after a restart the superuser is %q, and the secret the same: %t", s.Superuser(), string(s.Secret()) == secret)
	}
	if e, ok := s.Lookup("chief"); !ok || !e.Superuser || !e.Verifier.Check("secret") || !e.ValidUntil.IsZero() {
		t.Errorf("the superuser is %+v, %t", e, ok)
	}
	if _, ok := s.Lookup("anybody"); ok {
		t.Error("with a password, anybody is a role")
	}
	if _, err := NewStore(store.Control(), "other", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("the superuser took another name")
	}
}

// TestConcurrentChanges: of two transactions that change roles from the same state, one is refused, whichever comes later.
func TestConcurrentChanges(t *testing.T) {
	store := open(t, t.TempDir()+"/data")
	defer store.Close()
	s := read(t, store, "")
	base := s.Current()
	made := func(password string) []engine.ControlChange {
		r := *base.Bootstrap()
		r.Password = password
		changes, err := s.Changes(base.with(&r))
		if err != nil {
			t.Fatal(err)
		}
		return changes
	}
	first, second := made("a"), made("b")
	if err := store.Writer().Append(t.Context(), &engine.AppendRequest{Control: first}); err != nil {
		t.Fatal(err)
	}
	var conflict *engine.ControlConflictError
	if err := store.Writer().Append(t.Context(), &engine.AppendRequest{Control: second}); !errors.As(err, &conflict) {
		t.Errorf("the second change: %v", err)
	}
	if got := s.Current().Bootstrap().Password; got != "a" {
		t.Errorf("the password is %q", got)
	}
	r := *base.Bootstrap()
	r.Password = "c"
	var e *pgerror.Error
	if _, err := s.Changes(base.with(&r)); !errors.As(err, &e) || e.Code != pgerror.SerializationFailure {
		t.Errorf("a change of what was there before: %v", err)
	}
}

// TestUnreadableRoles: roles that a later version has written are no reason to let anybody in.
func TestUnreadableRoles(t *testing.T) {
	for name, value := range map[string]string{"no JSON": "\x01", "no superuser": `{"oid":20,"name":"x"}`, "lost its attribute": `{"oid":10,"name":"postgres","login":true}`} {
		store := open(t, t.TempDir()+"/data")
		if _, err := store.Writer().Put(t.Context(), rolePrefix+"00000", []byte(value), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := NewStore(store.Control(), "", slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s: the roles were read", name)
		}
		store.Close()
	}
}

func TestSuperuserNames(t *testing.T) {
	store := open(t, t.TempDir()+"/data")
	defer store.Close()
	for _, name := range []string{"public", "none", "pg_read_all_data", "a\x00b", strings.Repeat("n", 64)} {
		if _, err := NewStore(store.Control(), name, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%q may be the superuser's name", name)
		}
	}
}

func TestHashPassword(t *testing.T) {
	plain, _, err := HashPassword("Pässwörd")
	if v, ok := auth.ParseVerifier(plain); err != nil || !ok || !v.Check("Pässwörd") || v.Check("password") {
		t.Errorf("a plain password became %q, %v", plain, err)
	}
	if again, _, err := HashPassword(plain); err != nil || again != plain {
		t.Errorf("a verifier became %q, %v", again, err)
	}
	if kept, empty, err := HashPassword(""); kept != "" || !empty || err != nil {
		t.Errorf("no password became %q, %t, %v", kept, empty, err)
	}
	var e *pgerror.Error
	if _, _, err := HashPassword("md5" + strings.Repeat("0a", 16)); !errors.As(err, &e) || e.Code != pgerror.FeatureNotSupported {
		t.Errorf("a hash of MD5: %v", err)
	}
	if kept, _, err := HashPassword("md5 is old"); err != nil || !strings.HasPrefix(kept, "SCRAM-SHA-256$") {
		t.Errorf("a password that begins like a hash: %q, %v", kept, err)
	}
	if _, _, err := HashPassword(strings.Repeat("x", maxPassword+1)); !errors.As(err, &e) || e.Code != pgerror.InvalidParameterValue {
		t.Errorf("a password without end: %v", err)
	}
}

// TestEntry: what the door is told of a role's password.
func TestEntry(t *testing.T) {
	until, forever := time.Date(2001, 1, 2, 3, 4, 5, 0, time.UTC).UnixMicro(), int64(Forever)
	for _, c := range []struct {
		role Role
		want time.Time
	}{{Role{}, time.Time{}}, {Role{Role: privilege.Role{ValidUntil: &forever}}, time.Time{}}, {Role{Role: privilege.Role{ValidUntil: &until}}, time.UnixMicro(until)}} {
		if got := c.role.entry().ValidUntil; !got.Equal(c.want) {
			t.Errorf("%+v is valid until %v", c.role, got)
		}
	}
}

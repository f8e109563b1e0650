package door

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire/auth"
)

// TestVerifiersAsPostgreSQL: what PostgreSQL makes of passwords of all kinds of characters is of these passwords here, and
// what we make PostgreSQL takes as it stands.
func TestVerifiersAsPostgreSQL(t *testing.T) {
	r := postgresFor(t)
	random := rand.New(rand.NewPCG(harness.Seed(t), 0))
	n := 300
	if harness.Long() {
		n = 20_000
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := r.admin.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%v: %s", err, sql)
		}
	}
	exec("CREATE ROLE door LOGIN")
	defer exec("DROP ROLE door")
	stored := func() (text string) {
		t.Helper()
		if err := r.admin.QueryRow(t.Context(), "SELECT rolpassword FROM pg_authid WHERE rolname = 'door'").Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	for range n {
		password := somePassword(random)
		exec(fmt.Sprintf("DO $do$ BEGIN EXECUTE format('ALTER ROLE door PASSWORD %%L', convert_from('\\x%x', 'UTF8')); END $do$", password))
		v, ok := auth.ParseVerifier(stored())
		if !ok {
			t.Fatalf("%q: %s is no verifier", password, stored())
		}
		if !v.Check(password) {
			t.Errorf("%+q is not the password of %s", password, v)
		}
	}
	own := auth.NewVerifier("x").String()
	exec("ALTER ROLE door PASSWORD '" + own + "'")
	if got := stored(); got != own {
		t.Errorf("PostgreSQL keeps %s, want %s", got, own)
	}
}

// somePassword has characters that SASLprep maps, composes, refuses or does not know.
func somePassword(random *rand.Rand) string {
	ranges := [][2]rune{
		{1, 0x7f},
		{'a', 'z'},
		{0x80, 0x2ff},
		{0x300, 0x36f},
		{0x590, 0x6ff},
		{0x1100, 0x11ff},
		{0x1e00, 0x20ff},
		{0x2000, 0x206f},
		{0x3000, 0x30ff},
		{0xac00, 0xac40},
		{0xd7a4, 0xd7ff},
		{0xe000, 0xe010},
		{0xf900, 0xfaff},
		{0xfb00, 0xfdff},
		{0xfe00, 0xffff},
		{0x10000, 0x1ffff},
		{0xe0000, 0xe007f},
		{1, 0x10ffff},
	}
	one := func() rune {
		in := ranges[random.IntN(len(ranges))]
		return in[0] + random.Int32N(in[1]-in[0]+1)
	}
	password := make([]rune, 1+random.IntN(4))
	for i := range password {
		password[i] = one()
	}
	if random.IntN(3) == 0 { // most strings of several are refused for one of them
		password = []rune{'a', one()}
	}
	for i, c := range password {
		if c >= 0xd800 && c < 0xe000 {
			password[i] = 0xfffd
		}
	}
	return string(password)
}

package door

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire/auth"
)

// refusedMapping is what only Eventgres refuses.
var refusedMapping = regexp.MustCompile(`^(including the file ".*" is not supported|regular expressions are not supported.*|the map "owner" is built in)$`)

// TestMapsAsPostgreSQL: a file of maps is read as PostgreSQL 15's pg_ident_file_mappings shows it.
func TestMapsAsPostgreSQL(t *testing.T) {
	r := postgresFor(t)
	r.keep(t, "pg_ident.conf")
	random := rand.New(rand.NewPCG(harness.Seed(t), 0))
	var b strings.Builder
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	for range 2000 {
		for range random.IntN(5) {
			b.WriteString(pick("m", "map", `"a b"`, "alice", `"@x"`, "@x", "a,b", "a, b", "owner", "/^(.*)$", "/(", `"/x"`, `"`, "é", "# x", "\\", `x"y"z`))
			b.WriteString(pick(" ", "\t", " ", "  ", ","))
		}
		b.WriteByte('\n')
	}
	text := b.String()
	r.write(t, "pg_ident.conf", []byte(text))
	rows, err := r.admin.Query(t.Context(), `SELECT line_number, coalesce(map_name, ''), coalesce(sys_name, ''), coalesce(pg_username, ''), coalesce(error, '')
		FROM pg_ident_file_mappings ORDER BY line_number`)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pgx.CollectRows(rows, pgx.RowToStructByPos[auth.Mapping])
	if err != nil {
		t.Fatal(err)
	}
	got := auth.ParseMaps([]byte(text)).Lines()
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] && !refusedMapping.MatchString(got[i].Error) {
			t.Errorf("got\n%+v\nwant\n%+v, of\n%s", got[i], want[i], strings.Split(text, "\n")[want[i].Line-1])
		}
	}
	t.Logf("%d lines", len(got))
}

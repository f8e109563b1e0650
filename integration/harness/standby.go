package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/postgres"
)

// HotStandby starts a PostgreSQL that is one: it waits for a primary that there is not, and answers reads. It has the tables that schema makes, whose
// statements are separated by empty lines. The test is skipped where there is no PostgreSQL.
func HotStandby(t testing.TB, schema string) (url string) {
	t.Helper()
	dirs := postgres.Dirs()
	if len(dirs) == 0 {
		Missing(t, errors.New("no PostgreSQL server is installed"))
	}
	port, err := postgres.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, owner, err := clusterDir()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "schema"), []byte(schema), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	guarding, err := guard(owner, ownStandby, dir, dirs[0], strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { guarding.Close() })
	url = fmt.Sprintf("postgres://127.0.0.1:%d/postgres?sslmode=disable&user=postgres", port)
	for deadline := time.Now().Add(startTime); ; time.Sleep(20 * time.Millisecond) { // between attempts; nothing else tells
		if err = execute(url, "SELECT 1"); err == nil {
			return url
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("%v\n%s", err, text)
		}
	}
}

// A cluster that was shut down in order is consistent, so that it serves at once.
const ownStandby = `
dir=$1 bin=$2 port=$3
trap 'rm -rf "$dir"' EXIT
exec >"$dir/log" 2>&1
"$bin/initdb" --no-sync --auth=trust --username=postgres -E UTF8 --locale=C "$dir/data" || exit
"$bin/postgres" --single -j -D "$dir/data" postgres <"$dir/schema" || exit
touch "$dir/data/standby.signal"
"$bin/postgres" -D "$dir/data" -k "$dir" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off -c wal_level=logical &
trap 'kill -INT $!; wait $!; rm -rf "$dir"' EXIT
cat >/dev/null
`

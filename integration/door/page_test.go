//go:build unix

package door

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"

	"github.com/eventgres/eventgres/integration/harness"
)

const connecting = "docs/clients.md"

var row = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([^`]+)`.*\\|$")

// rows are those of the page's table with this head: a driver, and what it is to connect with.
func rows(t *testing.T, head string) map[string]string {
	t.Helper()
	_, table, found := strings.Cut(harness.Document(t, connecting), "| driver | "+head+" |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	list := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(table, -1) {
		for _, name := range strings.Split(strings.TrimSuffix(m[1], ": psql, psycopg 2 and 3, Ruby's pg, DBD::Pg, PHP, psqlODBC"), ", ") {
			list[name] = m[2]
		}
	}
	if !found || len(list) < 5 {
		t.Fatalf("the page has %v", list)
	}
	return list
}

// A dialer connects with what the page has for its driver, and returns "in" or what it was told.
type dialer func(t *testing.T, dsn string) string

// env is what a program is given beside: the password, as all but pgjdbc take it.
var env = []string{"PGPASSWORD=secret", "PGGSSENCMODE=disable", "PGCONNECT_TIMEOUT=20", "PSQLRC=/dev/null", "HOME=/nonexistent", "NODE_PATH=../clients/testdata/node/node_modules"}

// dialers are those that can run here, by the name of the page's row.
var dialers = map[string][]dialer{
	"libpq": {
		func(t *testing.T, dsn string) string {
			return libpq(run(t, env, "", harness.Need(t, "psql"), "-XAtw", "-d", dsn, "-c", "SELECT 1"))
		},
		func(t *testing.T, dsn string) string {
			needPsycopg(t)
			return libpq(run(t, env, dsn, debianPython, "-c", "import psycopg, sys\nprint(psycopg.connect(sys.stdin.read()).execute('SELECT 1').fetchone()[0])"))
		},
	},
	"pgx": {func(t *testing.T, dsn string) string {
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			return failed(err)
		}
		defer conn.Close(t.Context())
		return "in"
	}},
	"lib/pq": {func(t *testing.T, dsn string) string {
		db, err := sql.Open("postgres", dsn)
		if err != nil {
			return failed(err)
		}
		defer db.Close()
		if err := db.PingContext(t.Context()); err != nil {
			return failed(err)
		}
		return "in"
	}},
	"asyncpg": {func(t *testing.T, dsn string) string {
		needs(t, debianPython, "-c", "import asyncpg")
		const program = "import asyncio, asyncpg, sys\nasync def main():\n    c = await asyncpg.connect(sys.stdin.read())\n    print(await c.fetchval('SELECT 1'))\nasyncio.run(main())"
		return libpq(run(t, env, dsn, debianPython, "-c", program))
	}},
	"node-postgres": {func(t *testing.T, dsn string) string {
		needNode(t)
		if !strings.HasPrefix(dsn, "{") {
			t.Fatalf("%s is no object", dsn)
		}
		program := "const c = new (require('pg').Client)(" + dsn + ")\n" +
			"c.connect().then(() => c.query('SELECT 1')).then(() => c.end()).then(() => console.log('in 1'), (e) => { console.log('client', e.message); process.exit() })"
		return answered(run(t, env, "", "node", "-e", program))
	}},
	"pgjdbc": {func(t *testing.T, dsn string) string {
		needJava(t)
		const program = `import java.sql.*; import java.util.Properties;
public class Dial {
    public static void main(String[] args) {
        Properties p = new Properties();
        p.setProperty("password", "secret");
        try (Connection c = DriverManager.getConnection(args[0], p)) {
            c.createStatement().executeQuery("SELECT 1");
            System.out.println("in 1");
        } catch (SQLException e) {
            System.out.println("client " + e.getMessage());
        }
    }
}
`
		file := filepath.Join(t.TempDir(), "Dial.java")
		if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
			t.Fatal(err)
		}
		return answered(run(t, nil, "", "java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jdbcJar, file, dsn))
	}},
}

// failed tells what the server has refused from what the client has.
func failed(err error) string {
	var ours *pgconn.PgError
	var theirs *pq.Error
	if errors.As(err, &ours) || errors.As(err, &theirs) {
		return err.Error()
	}
	return "client " + err.Error()
}

// here replaces the page's host and files.
func here(a *authority, port int, root string) *strings.Replacer {
	at := strconv.Itoa(port)
	return strings.NewReplacer("db.example.com:5433", "localhost:"+at, "host=db.example.com port=5433", "host=localhost port="+at,
		"root.crt", root, "orders.crt", a.path("orders.crt"), "orders.key", a.path("orders.key"), "orders.pk8", a.path("orders.pk8"))
}

// TestConnecting: each driver connects with what docs/clients.md has for it, with a password and with a certificate, and not to a server whose
// certificate its root has not signed.
func TestConnecting(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	a.sign("orders")
	other := newAuthority(t).path("root.crt")
	r := roles{"orders": matrixRoles()["plus"]}
	password := newHouse(t, a, "hostssl all orders all scram-sha-256\n", r).port
	certificate := newHouse(t, a, "hostssl all orders all cert\n", r).port
	t.Setenv("PGPASSWORD", "secret")
	page, certificates := rows(t, "the server's certificate checked, and the password bound to it"), rows(t, "in addition")
	for name, list := range dialers {
		t.Run(name, func(t *testing.T) {
			dsn := page[name]
			if dsn == "" {
				t.Fatal("the page has nothing for it")
			}
			for _, dial := range list {
				if got := dial(t, here(a, password, a.path("root.crt")).Replace(dsn)); got != "in" {
					t.Errorf("with a password: %s", got)
				}
				if got := dial(t, here(a, password, other).Replace(dsn)); !strings.HasPrefix(got, "client ") {
					t.Errorf("with another root: %s", got)
				}
				more := certificates[name]
				if more == "" {
					continue
				}
				// Nothing is proved by a password, to which a certificate could be bound.
				bare := strings.NewReplacer("&channel_binding=require", "", "&channelBinding=require", "").Replace(dsn)
				with := strings.Replace(bare, "root.crt", "root.crt"+more, 1)
				if got := dial(t, here(a, certificate, a.path("root.crt")).Replace(with)); got != "in" {
					t.Errorf("with a certificate: %s", got)
				}
				if got := dial(t, here(a, certificate, a.path("root.crt")).Replace(bare)); got == "in" {
					t.Error("without a certificate it is in")
				}
			}
		})
	}
	for name := range page {
		if dialers[name] == nil && name != "Npgsql" {
			t.Errorf("nothing tries %s", name)
		}
	}
}

// TestKeyForms runs the page's commands, with a key of ours.
func TestKeyForms(t *testing.T) {
	harness.Need(t, "openssl")
	a := newAuthority(t)
	a.sign("orders")
	for _, block := range harness.Blocks(harness.Document(t, connecting), "sh") {
		if out := run(t, nil, "", "sh", "-ec", "cd '"+a.dir+"' && rm orders.pk8\n"+block); out != "" {
			t.Errorf("%s", out)
		}
	}
	made, err := os.ReadFile(a.path("orders.pk8"))
	if err != nil || len(made) < 100 {
		t.Errorf("%d bytes, %v", len(made), err)
	}
}

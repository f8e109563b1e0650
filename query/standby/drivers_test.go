package standby_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/query/standby"
)

// node is a node that a test has lead or follow.
type node struct {
	standby.Cluster
	mu      sync.Mutex
	leads   bool
	term    uint64
	changed chan struct{}
}

func (n *node) become(leads bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.leads = leads
	n.term++
	close(n.changed)
	n.changed = make(chan struct{})
}

func (n *node) Leading() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.leads
}

func (n *node) Leader() (name, address string) { return "", "" }

func (n *node) Changed() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed
}

func (n *node) Nodes() []standby.Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	return []standby.Node{{Self: true, Term: n.term}}
}

// Each prints, for each of the ways to say which node it wants, the port of the one that it is given.
const pythonProgram = `
import psycopg
for attrs in ("read-write", "primary", "read-only", "standby", "prefer-standby"):
    with psycopg.connect("host=127.0.0.1,127.0.0.1 port=%s,%s user=postgres dbname=d sslmode=disable target_session_attrs=" + attrs) as conn:
        print(attrs, conn.info.port)
`

const javaProgram = `
import java.sql.*;

public class Program {
    public static void main(String[] args) throws SQLException {
        for (var type : new String[]{"primary", "secondary", "preferSecondary"}) {
            var url = "jdbc:postgresql://127.0.0.1:%s,127.0.0.1:%s/d?user=postgres&sslmode=disable&targetServerType=" + type;
            try (var db = DriverManager.getConnection(url)) {
                try (var rows = db.createStatement().executeQuery("SELECT current_setting('transaction_read_only')")) {
                    rows.next();
                    System.out.println(type + " " + rows.getString(1));
                }
            }
        }
    }
}
`

// TestDrivers: libpq and pgjdbc find the node that they are to use among several, and another one when the leader has changed.
func TestDrivers(t *testing.T) {
	nodes := [2]*node{{leads: true, changed: make(chan struct{})}, {changed: make(chan struct{})}}
	var ports [2]string
	for i, n := range nodes {
		config, err := pgconn.ParseConfig(serve(t, n))
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = fmt.Sprint(config.Port)
	}
	for leader := range nodes {
		nodes[1-leader].become(false)
		nodes[leader].become(true)
		for i, want := range []string{"off", "on"} { // both have taken it in
			awaitStandby(t, ports[(leader+i)%2], want)
		}
		t.Run("psycopg", func(t *testing.T) {
			l, f := ports[leader], ports[1-leader]
			check(t, "python", fmt.Sprintf(pythonProgram, ports[0], ports[1]), "read-write "+l, "primary "+l, "read-only "+f, "standby "+f, "prefer-standby "+f)
		})
		t.Run("pgjdbc", func(t *testing.T) {
			check(t, "java", fmt.Sprintf(javaProgram, ports[0], ports[1]), "primary off", "secondary on", "preferSecondary on")
		})
	}
}

// awaitStandby waits until a node says so.
func awaitStandby(t *testing.T, port, want string) {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), "postgres://postgres@127.0.0.1:"+port+"/d?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for {
		results, err := conn.Exec(t.Context(), "SHOW in_hot_standby").ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if string(results[0].Rows[0][0]) == want {
			return
		}
	}
}

func check(t *testing.T, language, source string, want ...string) {
	t.Helper()
	out, err := harness.Program(t, language, source).CombinedOutput()
	if got := strings.Split(strings.TrimSpace(string(out)), "\n"); err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v\n%s\nand not\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

//go:build unix

package door

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// side is a server with a door, and who may change what is behind it.
type side struct {
	port     int
	database string
	admin    *pgx.Conn
	hangUp   func() // has the server read its files anew, and waits until it has
}

// TestInside: what becomes of sessions that came in over TLS, with the password bound to it, is as with PostgreSQL: a cancel request over TLS, privileges that
// are taken away, and a certificate that cannot be loaded.
func TestInside(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	root := a.path("root.crt")
	rs := roles{"plus": matrixRoles()["plus"]}
	const rules = "hostssl all plus all scram-sha-256\n"
	h := newHouse(t, a, rules, rs)
	ours := side{port: h.port, database: database, admin: h.admin, hangUp: func() {
		hangUp(t, h.PID)
		h.AwaitLog("the TLS certificate was not loaded")
	}}
	r := postgresFor(t)
	r.furnish(t, a, rules, rs)
	config, err := pgx.ParseConfig(r.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	admin, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = admin.Exec(context.Background(), "DROP OWNED BY plus")
		admin.Close(context.Background())
	})
	mustExec(t, admin, "GRANT USAGE ON SCHEMA public TO plus") // which everybody has here
	reference := side{port: r.Port, database: config.Database, admin: admin, hangUp: func() { r.reload(t) }}

	knocks := func(s side) (said []string) {
		k := knock{host: "localhost", port: s.port, user: "plus", password: "secret", database: s.database, sslmode: "verify-full", root: root, binding: "require"}
		for _, c := range clients {
			if c.name != "pgx" && c.name != "psql" && c.name != "Npgsql's start" {
				continue // the matrix has them all
			}
			c.need(t)
			said = append(said, withoutPorts(c.knock(t, []knock{k})[0], s.port))
		}
		return said
	}
	direct := knock{host: "localhost", port: ours.port, user: "plus", password: "secret", database: database, sslmode: "verify-full", root: root, binding: "require", direct: true}
	if got := pgxKnock(t, direct); got != "in" { // PostgreSQL has it from 17 on
		t.Errorf("direct TLS: %s", got)
	}
	verifier := rs["plus"].Verifier.String()
	got, want := inside(t, ours, root, verifier), inside(t, reference, root, verifier)
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	}
	for _, file := range []string{a.path("server.crt"), r.path("door.server.crt")} {
		if err := os.WriteFile(file, []byte("no certificate\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []side{ours, reference} {
		s.hangUp()
		if said := strings.Join(knocks(s), ", "); said != "in, in, in" {
			t.Errorf("with a bad certificate at port %d: %s", s.port, said)
		}
	}
}

// inside is what a session is told: of what it may not read yet, may, and may not any more, and of a statement that was cancelled.
func inside(t *testing.T, s side, root, verifier string) (said []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, fmt.Sprintf("host=localhost port=%d user=plus password=secret dbname=%s sslmode=verify-full sslrootcert=%s channel_binding=require", s.port, s.database, root))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	tell := func(err error) {
		told := "done"
		if e, ok := err.(*pgconn.PgError); ok {
			told = e.Severity + " " + e.Code + " " + e.Message
		} else if err != nil {
			told = err.Error()
		}
		said = append(said, told)
	}
	do := func(c *pgx.Conn, sql string) {
		_, err := c.Exec(ctx, sql)
		tell(err)
	}
	do(conn, "SELECT count(*) FROM events")
	do(s.admin, "GRANT SELECT ON events TO plus")
	do(conn, "SELECT count(*) FROM events")
	do(conn, "INSERT INTO events (stream, type) VALUES ('a-1', 't')")
	do(s.admin, "REVOKE SELECT ON events FROM plus")
	do(conn, "SELECT count(*) FROM events")
	do(s.admin, "ALTER ROLE plus PASSWORD NULL")
	do(conn, "SELECT 1")
	do(s.admin, "SELECT pg_advisory_lock(7)")
	ended := make(chan error)
	go func() {
		_, err := conn.Exec(ctx, "SELECT pg_advisory_lock(7)")
		ended <- err
	}()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for waits := true; waits; {
		select {
		case err := <-ended:
			tell(err)
			waits = false
		case <-poll.C: // before it waits, nothing is cancelled
			cancelTLS(t, s.port, conn.PgConn().PID(), conn.PgConn().SecretKey())
		}
	}
	do(s.admin, "SELECT pg_advisory_unlock(7)")
	do(s.admin, "ALTER ROLE plus PASSWORD '"+verifier+"'")
	return said
}

// cancelTLS asks over TLS to cancel what a session does.
func cancelTLS(t *testing.T, port int, pid uint32, key []byte) {
	t.Helper()
	nc, err := npgsqlDial(knock{host: "localhost", port: port, sslmode: "require"})
	if err != nil {
		t.Error(err)
		return
	}
	defer nc.Close()
	if _, ok := nc.(*tls.Conn); !ok {
		t.Error("it is not encrypted")
	}
	request := binary.BigEndian.AppendUint32(nil, uint32(12+len(key)))
	request = binary.BigEndian.AppendUint32(request, 80877102)
	request = binary.BigEndian.AppendUint32(request, pid)
	if _, err := nc.Write(append(request, key...)); err != nil {
		t.Error(err)
	}
}

//go:build linux

package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/integration/postgres"
)

// A cluster is nodes of one, or of what is to become one.
type cluster struct {
	*testing.T
	certificates string
	election     time.Duration
	wait         time.Duration
	args         []string // for all nodes
	listen       string   // where they listen for clients
	password     string   // of clients; empty: none is asked for
	nodes        []*node
	network      *network // nil: nodes reach each other directly
}

// A node is a process with a directory.
type node struct {
	c        *cluster
	name     string
	dir      string
	sql      int    // port for clients
	listen   string // for other nodes
	reached  string // by other nodes
	begin    []string
	process  *process
	previous []string // what earlier processes said
}

const election = time.Second

// newCluster makes names, ports and certificates, and starts nothing.
func newCluster(t *testing.T, names ...string) *cluster {
	t.Helper()
	c := &cluster{T: t, certificates: filepath.Join(t.TempDir(), "certificates"), election: election, wait: 5 * time.Second, listen: "127.0.0.1"}
	c.args = []string{"--segment-bytes", "131072", "--no-analytics"}
	if out, status := run(t, append([]string{"cluster", "certificates", "--out", c.certificates}, names...)...); status != 0 {
		t.Fatal(out)
	}
	for _, name := range names {
		c.add(name)
	}
	var all []string
	for _, n := range c.nodes {
		all = append(all, n.name+"="+n.reached)
	}
	for _, n := range c.nodes {
		n.begin = []string{"--cluster", strings.Join(all, ",")}
	}
	t.Cleanup(c.cleanup)
	return c
}

func (c *cluster) add(name string) *node {
	n := &node{c: c, name: name, dir: filepath.Join(c.TempDir(), name), sql: c.port()}
	n.listen = fmt.Sprint("127.0.0.1:", c.port())
	n.reached = n.listen
	c.nodes = append(c.nodes, n)
	return n
}

func (c *cluster) port() int {
	port, err := postgres.FreePort()
	if err != nil {
		c.Fatal(err)
	}
	return port
}

// found starts three empty nodes and waits until they serve.
func found(t *testing.T) *cluster {
	t.Helper()
	c := newCluster(t, "n1", "n2", "n3")
	c.startAll()
	return c
}

func (c *cluster) startAll() {
	c.Helper()
	for _, n := range c.nodes {
		n.start()
	}
	for _, n := range c.nodes {
		n.serves()
	}
}

func (c *cluster) node(name string) *node {
	for _, n := range c.nodes {
		if n.name == name {
			return n
		}
	}
	c.Fatalf("no node %s", name)
	return nil
}

// others are all nodes but one.
func (c *cluster) others(than *node) (list []*node) {
	for _, n := range c.nodes {
		if n != than {
			list = append(list, n)
		}
	}
	return list
}

// url leads to whichever node leads.
func (c *cluster) url() string {
	var hosts []string
	for _, n := range c.nodes {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", n.sql))
	}
	return "postgres://postgres:" + c.password + "@" + strings.Join(hosts, ",") + "/events?sslmode=disable&target_session_attrs=read-write&connect_timeout=2"
}

// start starts the node's process and does not wait.
func (n *node) start() *process {
	n.c.Helper()
	if n.process != nil {
		n.previous = append(n.previous, n.process.out.String())
	}
	file := filepath.Join(n.c.certificates, n.name)
	args := []string{
		"serve", "--data", n.dir, "--listen", fmt.Sprint(n.c.listen, ":", n.sql), "--node", n.name, "--peer-listen", n.listen, "--peer-address", n.reached,
		"--peer-cert", file + ".crt", "--peer-key", file + ".key", "--peer-ca", filepath.Join(n.c.certificates, "ca.crt"),
		"--election-timeout", n.c.election.String(), "--cluster-wait", n.c.wait.String(),
	}
	n.process = launch(n.c.T, append(append(args, n.c.args...), n.begin...)...)
	return n.process
}

// serves waits until clients are served.
func (n *node) serves() {
	n.c.Helper()
	n.process.await(n.c.T, "msg=listening")
}

// kill ends the process at once.
func (n *node) kill() {
	n.process.signal(syscall.SIGKILL)
	n.process.end(n.c.T)
}

// stop ends the process in order.
func (n *node) stop() {
	n.c.Helper()
	n.process.signal(syscall.SIGTERM)
	if status := n.process.end(n.c.T); status != 0 {
		n.c.Errorf("%s ends with status %d:\n%s", n.name, status, n.process.out.String())
	}
}

// pause has the process do nothing until resume.
func (n *node) pause()  { n.process.signal(syscall.SIGSTOP) }
func (n *node) resume() { n.process.signal(syscall.SIGCONT) }

// wipe removes the directory.
func (n *node) wipe() {
	if err := os.RemoveAll(n.dir); err != nil {
		n.c.Fatal(err)
	}
}

func (n *node) url() string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/events?sslmode=disable&connect_timeout=5", n.c.password, n.sql)
}

// query runs statements at the node, one after the other in one session, and returns the rows of the last as text.
func (n *node) query(statements ...string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return query(ctx, n.url(), statements...)
}

func query(ctx context.Context, url string, statements ...string) (rows []string, err error) {
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.Background())
	for _, s := range statements {
		r := conn.ExecParams(ctx, s, nil, nil, nil, nil).Read()
		if r.Err != nil {
			return nil, r.Err
		}
		rows = rows[:0]
		for _, row := range r.Rows {
			rows = append(rows, string(bytesJoin(row)))
		}
	}
	return rows, nil
}

func bytesJoin(row [][]byte) (text []byte) {
	for i, v := range row {
		if i > 0 {
			text = append(text, '|')
		}
		text = append(text, v...)
	}
	return text
}

// must is query for what does not fail.
func (n *node) must(statements ...string) []string {
	n.c.Helper()
	rows, err := n.query(statements...)
	if err != nil {
		n.c.Fatalf("%s: %q: %v", n.name, statements, err)
	}
	return rows
}

// leads tells whether the node says that it leads. A node that is paused says nothing.
func (n *node) leads() bool {
	if n.process == nil || !n.process.running() {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	rows, err := query(ctx, n.url(), "SHOW in_hot_standby")
	return err == nil && rows[0] == "off"
}

// leader waits until one of the nodes leads: of all, or of these.
func (c *cluster) leader(of ...*node) (leader *node) {
	c.Helper()
	if of == nil {
		of = c.nodes
	}
	harness.Await(c.T, "a node leads", func() bool {
		for _, n := range of {
			if n.leads() {
				leader = n
				return true
			}
		}
		return false
	})
	return leader
}

// caughtUp waits until the node has all that was acknowledged anywhere.
func (n *node) caughtUp() {
	n.c.Helper()
	harness.Await(n.c.T, n.name+" has caught up", func() bool {
		_, err := n.query("SET eventgres.read_mode = linearizable", "SELECT position FROM events LIMIT 1")
		return err == nil
	})
}

// fill appends events.
func (c *cluster) fill(count int) {
	c.Helper()
	for left := count; left > 0; left -= 100 {
		var values []string
		for i := range min(left, 100) {
			values = append(values, fmt.Sprintf("('fill-%d', 'Filled', '{\"text\":\"%0200d\"}')", i%10, i))
		}
		harness.Await(c.T, "events are appended", func() bool {
			_, err := query(context.Background(), c.url(), "INSERT INTO events (stream, type, payload) VALUES "+strings.Join(values, ","))
			return err == nil
		})
	}
}

func (c *cluster) cleanup() {
	for _, n := range c.nodes {
		if n.process == nil {
			continue
		}
		if n.process.running() {
			n.resume()
			n.process.signal(syscall.SIGTERM)
		}
	}
	for _, n := range c.nodes {
		if n.process != nil {
			n.process.end(c.T)
			if c.Failed() {
				text := n.process.out.String()
				c.Logf("%s says:\n%s", n.name, text[max(0, len(text)-6000):])
			}
		}
	}
}

// through has nodes reach each other through a network that can be cut. It is called before nodes start.
func (c *cluster) through() {
	c.network = newNetwork(c)
	var all []string
	for _, n := range c.nodes {
		n.reached = c.network.listen(n)
		all = append(all, n.name+"="+n.reached)
	}
	for _, n := range c.nodes {
		n.begin = []string{"--cluster", strings.Join(all, ",")}
	}
}

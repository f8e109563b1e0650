//go:build linux

package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// refused waits until the node's process has ended with an error that says a text.
func (n *node) refused(text string) {
	n.c.Helper()
	if status := n.process.end(n.c.T); status == 0 || !strings.Contains(n.process.out.String(), text) {
		n.c.Errorf("%s ends with status %d and does not say %q:\n%s", n.name, status, text, n.process.out.String())
	}
}

// waits tells that the node is not served, and why it says that it waits.
func (n *node) waits(text string) {
	n.c.Helper()
	n.process.await(n.c.T, text)
	if said, _ := n.process.out.has("msg=listening"); said {
		n.c.Errorf("%s serves", n.name)
	}
}

// TestFound: three empty nodes found a cluster when all of them are there and not before; it goes on after all were ended, in order and not, and without one.
func TestFound(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "n1", "n2", "n3")
	c.node("n1").start()
	c.node("n3").start()
	c.node("n1").waits("n2 is not reached")
	c.node("n3").waits("n2 is not reached")
	c.node("n2").start()
	for _, n := range c.nodes {
		n.serves()
	}
	c.fill(1000)
	c.same()
	stores := map[string]bool{}
	for _, n := range c.nodes {
		stores[n.must("SELECT store_id FROM eventgres_health")[0]] = true
	}
	if len(stores) != 1 {
		t.Errorf("stores %v", stores)
	}
	for _, end := range []func(*node){(*node).stop, (*node).kill} { // one alone
		n := c.leader()
		end(n)
		c.leader(c.others(n)...)
		c.fill(100)
		n.start()
		n.serves()
		c.same()
	}
	for _, end := range []func(*node){(*node).stop, (*node).kill} { // all
		for _, n := range c.nodes {
			end(n)
		}
		c.startAll()
		c.leader()
		c.fill(100)
		c.same()
	}
	c.sound()
}

// TestFoundedBefore: an empty directory is no part of a cluster that was founded without it, and the node says what to do. Added under its new id, it comes back.
func TestFoundedBefore(t *testing.T) {
	t.Parallel()
	c := found(t)
	c.fill(1000)
	n := c.others(c.leader())[0]
	n.kill()
	n.wipe()
	n.start()
	n.refused("remove node " + n.name + " from the cluster there and start this one with --join")
	c.replaces(n)
	leader := c.leader(c.others(n)...)
	c.fill(100)
	c.same()
	other := c.others(n)
	other = slices.DeleteFunc(other, func(o *node) bool { return o == leader })
	other[0].kill() // so that the one that came back is needed
	c.fill(100)
	other[0].start()
	other[0].serves()
	c.same()
	c.sound()
}

// replaces has a node that does not run begin anew with an empty directory, under a new id.
func (c *cluster) replaces(n *node) {
	c.Helper()
	n.wipe()
	leader := c.leader(c.others(n)...)
	n.begin = []string{"--join", leader.reached}
	n.start()
	n.waits("waiting to join")
	leader.must("SELECT eventgres_cluster_remove('" + n.name + "')")
	c.enters(n)
}

// enters has the leader add a node that waits to join, and promotes it once it has caught up.
func (c *cluster) enters(n *node) {
	c.Helper()
	leader := c.leader(c.others(n)...)
	leader.must("SELECT eventgres_cluster_add('" + n.name + "', '" + n.reached + "')")
	n.serves()
	var err error
	harness.Await(c.T, n.name+" is promoted", func() bool {
		_, err = leader.query("SELECT eventgres_cluster_promote('" + n.name + "')")
		if err != nil && !strings.Contains(err.Error(), "caught up") {
			c.Fatal(err)
		}
		return err == nil
	})
}

// TestInitialize: a single node's directory begins a cluster with its events, which two empty nodes join.
func TestInitialize(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "n1", "n2", "n3")
	first := c.nodes[0]
	first.process = launch(t, append([]string{"serve", "--data", first.dir, "--listen", fmt.Sprint("127.0.0.1:", first.sql)}, c.args...)...)
	first.serves()
	c.fill(3000)
	before := first.digest()
	first.stop()
	first.begin = nil
	first.start()
	first.refused("eventgres cluster init")
	if out, status := run(t, "cluster", "init", "--data", first.dir, "--node", "n1"); status != 0 {
		t.Fatal(out)
	}
	if out, status := run(t, "cluster", "init", "--data", first.dir, "--node", "n1"); status == 0 || !strings.Contains(out, "is the directory of member") {
		t.Errorf("a second time: status %d, %s", status, out)
	}
	first.start()
	first.serves()
	c.leader(first)
	if now := first.digest(); now != before {
		t.Errorf("the events are %s, and were %s", now, before)
	}
	for _, n := range c.nodes[1:] {
		n.begin = []string{"--join", first.reached}
		n.start()
		n.waits("is no member yet")
		c.fill(200)
		c.enters(n)
	}
	c.same()
	first.kill() // the two that joined are most of the nodes
	c.leader(c.nodes[1:]...)
	c.fill(100)
	first.start()
	first.serves()
	c.same()
	c.sound()
}

// TestStrangers: a node of another cluster, one with another's certificate, and one with a name that its certificate is not for are no part of a cluster.
func TestStrangers(t *testing.T) {
	t.Parallel()
	c := found(t)
	c.fill(100)
	n := c.others(c.leader())[0]
	n.stop()

	own := c.certificates
	other := newCluster(t, "n1", "n2", "n3")
	c.certificates = other.certificates // signed by somebody else
	n.start()
	n.serves()
	if _, err := n.query("SET eventgres.read_mode = linearizable", "SELECT position FROM events LIMIT 1"); code(err) != "57P03" {
		t.Errorf("with a certificate of strangers: %v", err)
	}
	n.stop()
	c.certificates = own

	name := n.name
	n.name = c.others(n)[0].name // its certificate, too
	n.start()
	n.refused("is the directory of node")
	n.name = name

	n.process = launch(t, "serve", "--data", filepath.Join(t.TempDir(), "d"), "--node", "n9", "--peer-listen", n.listen, "--join", c.leader().reached,
		"--peer-cert", filepath.Join(own, "n1.crt"), "--peer-key", filepath.Join(own, "n1.key"), "--peer-ca", filepath.Join(own, "ca.crt"))
	n.refused("must be for the name")

	// The directory of another cluster, with certificates of this one.
	founder := newCluster(t, n.name)
	founder.certificates = own
	founder.startAll()
	founder.leader()
	founder.nodes[0].stop()
	dir := n.dir
	n.dir = founder.nodes[0].dir
	n.start()
	n.serves()
	n.process.await(t, "belongs to another store")
	n.stop()
	n.dir = dir

	c.fill(100)
	n.start()
	n.serves()
	c.same()
}

// TestAlone: a node without the others serves what it has, and refuses appends after it has waited.
func TestAlone(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "n1", "n2", "n3")
	c.wait = time.Second
	c.startAll()
	c.fill(1000)
	c.same()
	for _, n := range c.nodes {
		n.stop()
	}
	n := c.nodes[1]
	n.start()
	n.serves()
	// The newest entry says of those before it alone that they are committed.
	if rows := n.must("SELECT count(*) FROM events"); rows[0] != "900" && rows[0] != "1000" {
		t.Errorf("%s events", rows[0])
	}
	if _, err := n.query("INSERT INTO events (stream, type) VALUES ('alone', 'T')"); code(err) != "57P03" {
		t.Errorf("an append without the others: %v", err)
	}
	if _, err := n.query("SET eventgres.read_mode = linearizable", "SELECT position FROM events LIMIT 1"); code(err) != "57P03" {
		t.Errorf("a linearizable read without the others: %v", err)
	}
	c.nodes[0].start()
	c.nodes[0].serves()
	c.fill(1)
	c.nodes[2].start()
	c.nodes[2].serves()
	c.same()
}

// TestPassword: nodes that others than this machine reach found a cluster with a password for its superuser, which the leader sets and the others wait for; so does
// one that joins. Where none is given, they do not serve.
func TestPassword(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "n1", "n2", "n3")
	c.listen = "0.0.0.0"
	c.args = append(c.args, "--allow-insecure")
	for _, n := range c.nodes {
		n.start()
	}
	harness.Await(t, "a node ends", func() bool {
		for _, n := range c.nodes {
			if !n.process.running() {
				n.refused("has no password")
				return true
			}
		}
		return false
	})
	for _, n := range c.nodes {
		if said, _ := n.process.out.has("msg=listening"); said {
			t.Errorf("%s serves without a password", n.name)
		}
		n.process.signal(syscall.SIGKILL)
		n.process.end(t)
		n.wipe()
	}
	c.password = "not-to-be-told"
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(c.password), 0o600); err != nil {
		t.Fatal(err)
	}
	c.args = append(c.args, "--superuser-password-file", file)
	c.startAll()
	c.fill(100)
	c.same()
	n := c.others(c.leader())[0]
	n.kill()
	c.replaces(n)
	c.same()
}

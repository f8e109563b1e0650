//go:build linux

package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// code is an error's SQLSTATE.
func code(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code
	}
	return ""
}

// events reads all events of a node as it has them, in their order.
func (n *node) events(each func(position, id, stream, version string)) error {
	conn, err := pgconn.Connect(context.Background(), n.url())
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	r := conn.ExecParams(context.Background(), "SELECT position, event_id, stream, version, type, payload, recorded_at FROM events ORDER BY position", nil, nil, nil, nil)
	for r.NextRow() {
		v := r.Values()
		each(string(v[0]), string(v[1]), string(v[2]), string(v[3])+"|"+string(bytes.Join(v[4:], []byte{'|'})))
	}
	_, err = r.Close()
	return err
}

// digest tells apart what nodes have.
func (n *node) digest() string {
	n.c.Helper()
	h, count := sha256.New(), 0
	err := n.events(func(position, id, stream, rest string) {
		count++
		fmt.Fprintln(h, position, id, stream, rest)
	})
	if err != nil {
		n.c.Fatalf("%s: %v", n.name, err)
	}
	return fmt.Sprintf("%d events, %x", count, h.Sum(nil)[:8])
}

// same waits until all nodes have all that was acknowledged, and compares what they have. Nobody appends meanwhile.
func (c *cluster) same() {
	c.Helper()
	digests := map[string][]string{}
	for _, n := range c.nodes {
		n.caughtUp()
		d := n.digest()
		digests[d] = append(digests[d], n.name)
	}
	if len(digests) != 1 {
		c.Errorf("the nodes do not have the same events: %v", digests)
	}
}

// sound ends all nodes in order and looks at their directories: the program finds no damage, and the files of the log have the same bytes, but for the end of
// the last one, which a node may not have had yet.
func (c *cluster) sound() {
	c.Helper()
	for _, n := range c.nodes {
		n.stop()
	}
	var logs []map[string][]byte
	for _, n := range c.nodes {
		if out, status := run(c.T, "verify", "--data", n.dir); status != 0 {
			c.Errorf("verify %s: status %d\n%s", n.name, status, out)
		}
		logs = append(logs, n.segments())
	}
	sealed := 0
	for i, log := range logs[1:] {
		names := sorted(logs[0], log)
		for _, name := range names {
			a, b := logs[0][name], log[name]
			if last := name == names[len(names)-1]; last {
				a, b = a[:min(len(a), len(b))], b[:min(len(a), len(b))]
			} else {
				sealed++
			}
			if !bytes.Equal(a, b) {
				c.Errorf("%s of %s (%d bytes) is not that of %s (%d)", name, c.nodes[i+1].name, len(b), c.nodes[0].name, len(a))
			}
		}
	}
	c.Logf("%d sealed segments of nodes compared", sealed)
}

func sorted(logs ...map[string][]byte) (names []string) {
	for _, log := range logs {
		for name := range log {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (n *node) segments() map[string][]byte {
	n.c.Helper()
	files, err := filepath.Glob(filepath.Join(n.dir, "log", "*.seg"))
	if err != nil || len(files) == 0 {
		n.c.Fatalf("%s has no segments (%v)", n.dir, err)
	}
	log := map[string][]byte{}
	for _, file := range files {
		if log[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			n.c.Fatal(err)
		}
	}
	return log
}

// errorText is all that an error says.
func errorText(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Message + " " + said.Detail + " " + said.Hint
	}
	return err.Error()
}

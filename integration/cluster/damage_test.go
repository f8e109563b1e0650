//go:build linux

package cluster

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// place is how damage is told: the file, and where in it.
var place = regexp.MustCompile(`\d{8}\.seg\S*.* offset \d+|offset \d+.*\d{8}\.seg`)

// flip turns a bit of a file, and returns what turns it back.
func (n *node) flip(segment string, offset int64, bit int) (back func()) {
	n.c.Helper()
	file, err := os.OpenFile(filepath.Join(n.dir, "log", segment), os.O_RDWR, 0)
	if err != nil {
		n.c.Fatal(err)
	}
	defer file.Close()
	turn := func(file *os.File) {
		var b [1]byte
		_, err := file.ReadAt(b[:], offset)
		if err == nil {
			b[0] ^= 1 << bit
			_, err = file.WriteAt(b[:], offset)
		}
		if err != nil {
			n.c.Fatal(err)
		}
	}
	turn(file)
	return func() {
		file, err := os.OpenFile(file.Name(), os.O_RDWR, 0)
		if err != nil {
			n.c.Fatal(err)
		}
		defer file.Close()
		turn(file)
	}
}

// TestDamage: bits of a follower's log are turned while it is down. It tells the file and the offset, serves nothing else than was written, and brings nobody to
// lose anything; with another directory and another id it comes back.
func TestDamage(t *testing.T) {
	t.Parallel()
	rounds := 3
	if harness.Long() {
		rounds = 100
	}
	random := rand.New(rand.NewPCG(harness.Seed(t), 0))
	c := found(t)
	c.fill(3000)
	c.same()
	n := c.others(c.leader())[0]
	n.stop()
	whole := n.segments()
	names := sorted(whole)
	if len(names) < 2 {
		t.Fatalf("segments %v", names)
	}
	tail := names[len(names)-1]
	refused, told := 0, 0
	for range rounds {
		name := names[random.IntN(len(names)-1)]
		offset, bit := random.Int64N(int64(len(whole[name]))), random.IntN(8)
		back := n.flip(name, offset, bit)
		n.start()
		if !n.process.says("msg=listening", patience) {
			n.refused(name)
			refused++
		} else {
			if n.tells(c.leader(c.others(n)...)) {
				told++
			}
			n.stop()
		}
		back()
	}
	t.Logf("%d bits of sealed segments: the node did not start with %d, and told of %d when they were read", rounds, refused, told)
	end := int64(len(bytes.TrimRight(whole[tail], "\x00")))
	var undo []func()
	for i := range rounds {
		offset := random.Int64N(end)
		if i == 0 {
			offset = end - 1 // the newest frame
		}
		for _, back := range undo {
			back()
		}
		undo = []func(){n.flip(tail, offset, random.IntN(8))}
		n.start()
		n.refused(tail)
		if !place.MatchString(n.process.out.String()) {
			t.Errorf("it does not say where:\n%s", n.process.out.String())
		}
	}
	c.replaces(n)
	c.fill(100)
	c.same()
	c.sound()
}

// tells reads all events of a node whose log is damaged, and tells whether it said so. What it did read is what another has.
func (n *node) tells(other *node) bool {
	n.c.Helper()
	n.caughtUp()
	read := func(n *node) (rows []string, err error) {
		err = n.events(func(position, id, stream, rest string) {
			rows = append(rows, strings.Join([]string{position, id, stream, rest}, " "))
		})
		return rows, err
	}
	want, err := read(other)
	if err != nil {
		n.c.Fatal(err)
	}
	rows, err := read(n)
	if len(rows) > len(want) || !slices.Equal(rows, want[:len(rows)]) {
		n.c.Errorf("%s serves what was not written", n.name)
	}
	switch {
	case err == nil && len(rows) != len(want):
		n.c.Errorf("%s has %d events of %d", n.name, len(rows), len(want))
	case err != nil && (code(err) != "XX001" || !place.MatchString(errorText(err))):
		n.c.Errorf("%s: %v", n.name, errorText(err))
	}
	return err != nil
}

//go:build unix

package crash

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// A memory is what the server's process has in memory, from /proc.
type memory struct {
	status    string           // the file
	first, at map[string]int64 // at the start and at most, in bytes
}

// The kinds of memory: all of it, its own, and pages of files.
var memoryKinds = []string{"VmRSS", "RssAnon", "RssFile"}

func watch(t *testing.T, server *harness.Server) *memory {
	t.Helper()
	m := &memory{status: fmt.Sprintf("/proc/%d/status", server.PID)}
	m.first, m.at = m.read(t), map[string]int64{}
	m.sample(t)
	return m
}

func (m *memory) read(t *testing.T) map[string]int64 {
	t.Helper()
	text, err := os.ReadFile(m.status)
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int64{}
	for line := range strings.Lines(string(text)) {
		var kind string
		var kilobytes int64
		if n, _ := fmt.Sscanf(strings.Replace(line, ":", " ", 1), "%s %d kB", &kind, &kilobytes); n == 2 {
			sizes[kind] = kilobytes << 10
		}
	}
	if sizes["VmRSS"] == 0 {
		t.Fatalf("no VmRSS in %s", m.status)
	}
	return sizes
}

// sample remembers the highest of each kind and says whether one was higher
// than before.
func (m *memory) sample(t *testing.T) (rose bool) {
	t.Helper()
	now := m.read(t)
	for _, kind := range memoryKinds {
		if now[kind] > m.at[kind] {
			m.at[kind], rose = now[kind], true
		}
	}
	return rose
}

// settle waits until memory has not grown for a while: a server that reads
// ahead is given the time to do it.
func (m *memory) settle(t *testing.T) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	const quiet = 50
	for still, polls := 0, 0; still < quiet && polls < 20*quiet; polls++ {
		<-poll.C
		still++
		if m.sample(t) {
			still = 0
		}
	}
}

func (m *memory) grown() int64 { return m.at["VmRSS"] - m.first["VmRSS"] }

func (m *memory) String() string {
	var parts []string
	for _, kind := range memoryKinds {
		parts = append(parts, fmt.Sprintf("%s %d → at most %d MiB", kind, m.first[kind]>>20, m.at[kind]>>20))
	}
	return strings.Join(parts, ", ")
}

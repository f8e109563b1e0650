package wire

import (
	"bufio"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what the server answers into the scripts")

// TestEventgres holds the conversations with the server under test.
func TestEventgres(t *testing.T) { runScripts(t, "eventgres", startEventgres) }

// TestPostgres holds them with the oracle, so that a wrong script is not taken
// for a wrong server. It is skipped where PostgreSQL is not installed.
func TestPostgres(t *testing.T) { runScripts(t, "postgres", startPostgres) }

type starter func(t *testing.T, args []string) *target

func runScripts(t *testing.T, name string, start starter) {
	for _, s := range scripts(t) {
		t.Run(strings.TrimSuffix(filepath.Base(s.path), ".txt"), func(t *testing.T) {
			runScript(t, s, name, start)
		})
	}
}

func scripts(t *testing.T) []*script {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var list []*script
	for _, path := range paths {
		if path == checklist {
			continue
		}
		s, err := readScript(path)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func runScript(t *testing.T, s *script, name string, start starter) {
	var record *recorder
	if *rewrite {
		record = &recorder{script: s}
	}
	var shared *target
	for _, talk := range s.conversations {
		if talk.only != "" && talk.only != name {
			continue
		}
		if shared == nil && !alone(talk) {
			shared = start(t, nil)
		}
		t.Run(talk.title, func(t *testing.T) {
			to := shared
			if alone(talk) {
				to = start(t, talk.server)
			}
			if err := converse(s, talk, to, record); err != nil {
				t.Error(err)
			}
		})
	}
	if record != nil {
		if err := record.write(); err != nil {
			t.Error(err)
		}
	}
}

// alone says whether a conversation must not share its server.
func alone(talk *conversation) bool {
	return len(talk.server) > 0 || slices.ContainsFunc(talk.steps, func(s *step) bool { return s.verb == "stop" })
}

// checklist names what the conversations must prove, a point a line.
var checklist = filepath.Join("testdata", "checklist.txt")

// TestChecklist holds the scripts and the checklist against each other.
func TestChecklist(t *testing.T) {
	points := readChecklist(t)
	covered := map[string]bool{}
	for _, s := range scripts(t) {
		for _, talk := range s.conversations {
			if len(talk.covers) == 0 {
				t.Errorf("%s:%d: covers nothing", s.path, talk.line)
			}
			for _, id := range talk.covers {
				if !slices.Contains(points, id) {
					t.Errorf("%s:%d: %s is not in the checklist", s.path, talk.line, id)
				}
				covered[id] = covered[id] || talk.only != "postgres"
			}
		}
	}
	for _, id := range points {
		if !covered[id] {
			t.Errorf("no conversation with eventgres covers %s", id)
		}
	}
}

func readChecklist(t *testing.T) []string {
	t.Helper()
	file, err := os.Open(checklist)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var points []string
	for in := bufio.NewScanner(file); in.Scan(); {
		if id, _, _ := strings.Cut(in.Text(), " "); id != "" && id != "#" {
			points = append(points, id)
		}
	}
	return points
}

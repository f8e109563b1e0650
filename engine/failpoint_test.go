package engine

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestFailpoints builds this package's tests with each of the mistakes in failpoint.go in turn, and
// demands that they fail. It takes minutes, so it runs where EVENTGRES_FAILPOINTS is set: make crash. Where that is "some", it is one
// in three, others in each run.
func TestFailpoints(t *testing.T) {
	if os.Getenv("EVENTGRES_FAILPOINTS") == "" {
		t.Skip("it takes minutes; make crash runs it (EVENTGRES_FAILPOINTS=1)")
	}
	binary := filepath.Join(t.TempDir(), "engine.test")
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-tags", "failpoint", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Run("none", func(t *testing.T) {
		for _, l := range layers {
			t.Run(l.name, func(t *testing.T) {
				t.Parallel()
				if caught, out := l.run(t, binary, ""); len(caught) > 0 {
					t.Errorf("without a bug they fail: %v\n%s", caught, out)
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	bugs := failpoints(t)
	if os.Getenv("EVENTGRES_FAILPOINTS") == "some" {
		bugs = some(t, bugs)
	}
	for _, b := range bugs {
		t.Run(b, func(t *testing.T) {
			t.Parallel()
			missed := true
			for _, l := range layers {
				caught, _ := l.run(t, binary, b)
				if len(caught) == 0 {
					continue
				}
				missed = false
				t.Logf("caught by %s: %s", l.name, strings.Join(caught, ", "))
				if !long() {
					break // the first is enough
				}
			}
			if missed {
				t.Error("nothing catches it")
			}
		})
	}
}

// some is one in six, by EVENTGRES_SEED.
func some(t *testing.T, bugs []string) (chosen []string) {
	seed := testSeed(t)
	for i, b := range bugs {
		if uint64(i)%6 == seed%6 {
			chosen = append(chosen, b)
		}
	}
	return chosen
}

// layers are the tests, the quickest first.
var layers = []layer{
	{"single cases", "^Test([^E]|E[^nv])", "TestFailpoints|TestBackupUnderLoad|TestConcurrentAppends|TestControlBounds"},
	{"crash states", "^TestEnumerateCrashes$", ""},
	{"every failing read", "^TestEveryReadError$", ""},
	{"every bit", "^TestEveryBit$", ""},
	{"bounds", "^TestControlBounds$", ""},
	{"every failing call", "^TestEveryError$", ""},
}

// long tells whether all that find a bug are wanted, not the first alone.
func long() bool { return os.Getenv("EVENTGRES_LONG") != "" }

type layer struct{ name, tests, skip string }

// failpoints are the values of failpoint.go's constants.
func failpoints(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "failpoint.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var bugs []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			bugs = append(bugs, text)
		}
		return true
	})
	if len(bugs) < 20 {
		t.Fatalf("%d bugs", len(bugs))
	}
	return bugs
}

var failedTest = regexp.MustCompile(`(?m)^--- FAIL: (Test\w+)`)

// run runs a layer with a bug and returns the tests that fail. A test that hangs has not caught
// anything.
func (l *layer) run(t *testing.T, binary, bug string) (caught []string, output string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "-test.run", l.tests, "-test.skip", l.skip, "-test.short", "-test.timeout", "10m",
		fmt.Sprint("-test.failfast=", !long()))
	cmd.Env = append(os.Environ(), "EVENTGRES_BUG="+bug, "EVENTGRES_FAILPOINTS=", "EVENTGRES_LONG=")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil, string(out)
	}
	if strings.Contains(string(out), "panic: test timed out") {
		t.Fatalf("with %q %s hang\n%s", bug, l.name, out)
	}
	for _, m := range failedTest.FindAllStringSubmatch(string(out), -1) {
		caught = append(caught, m[1])
	}
	if len(caught) == 0 {
		caught = append(caught, err.Error()) // a panic ended all of them
	}
	return caught, string(out)
}

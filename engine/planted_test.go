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

// TestPlantedBugs builds this package's tests with each of the mistakes in planted.go in turn, and
// demands that they fail. It takes minutes, so it runs where EVENTGRES_PLANTED is set: make crash.
func TestPlantedBugs(t *testing.T) {
	if os.Getenv("EVENTGRES_PLANTED") == "" {
		t.Skip("it takes minutes; make crash runs it (EVENTGRES_PLANTED=1)")
	}
	binary := filepath.Join(t.TempDir(), "engine.test")
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-tags", "planted", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if caught, out := suite(t, binary, ""); len(caught) > 0 {
		t.Fatalf("without a bug it fails: %v\n%s", caught, out)
	}
	for _, b := range plantedBugs(t) {
		t.Run(b, func(t *testing.T) {
			caught, out := suite(t, binary, b)
			if len(caught) == 0 {
				t.Fatalf("nothing catches it\n%s", out)
			}
			t.Logf("caught by %s", strings.Join(caught, ", "))
		})
	}
}

// plantedBugs are the values of planted.go's constants.
func plantedBugs(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "planted.go", nil, 0)
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

// suite runs the tests with a bug and returns those that fail. Each runs by itself: a bug may make
// one of them panic or hang.
func suite(t *testing.T, binary, bug string) (caught []string, output string) {
	t.Helper()
	for _, tests := range []string{"TestEnumerateCrashes", "TestEveryError|TestEveryReadError", "TestEveryBit|TestEveryTruncation", "Test([^E]|E[^nv])"} {
		cmd := exec.CommandContext(t.Context(), binary, "-test.run", "^("+tests+")", "-test.short", "-test.timeout", "60s", "-test.skip", "TestPlantedBugs")
		cmd.Env = append(os.Environ(), "EVENTGRES_BUG="+bug, "EVENTGRES_PLANTED=")
		out, err := cmd.CombinedOutput()
		if err == nil {
			continue
		}
		output += string(out)
		names := failedTest.FindAllStringSubmatch(string(out), -1)
		for _, m := range names {
			caught = append(caught, m[1])
		}
		if len(names) == 0 {
			caught = append(caught, fmt.Sprintf("%s (%v)", tests, err))
		}
	}
	return caught, output
}

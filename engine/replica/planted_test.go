package replica

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestPlanted builds this package's tests with each of the mistakes that a cluster could make in turn, and demands that the simulation catches it within a
// bounded number of seeds. It takes minutes, so it runs where EVENTGRES_FAILPOINTS is set: make planted.
func TestPlanted(t *testing.T) {
	if os.Getenv("EVENTGRES_FAILPOINTS") == "" {
		t.Skip("it takes minutes; make planted runs it (EVENTGRES_FAILPOINTS=1)")
	}
	binary := filepath.Join(t.TempDir(), "replica.test")
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-tags", "failpoint", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(ctx context.Context, mistake string, seeds int) ([]byte, error) {
		cmd := exec.CommandContext(ctx, binary, "-test.run", "^TestSimulation$", "-test.v", "-test.timeout", "20m")
		cmd.Env = append(os.Environ(), "EVENTGRES_BUG="+mistake, fmt.Sprint("EVENTGRES_SIM_SEEDS=", seeds), "EVENTGRES_SEED=1")
		return cmd.CombinedOutput()
	}
	if out, err := run(t.Context(), "", 40); err != nil {
		t.Fatalf("without a mistake it fails: %v\n%s", err, out)
	}
	for _, mistake := range mistakes(t) {
		t.Run(mistake, func(t *testing.T) {
			if missed[mistake] {
				t.Skip("the simulation does not find it yet")
			}
			t.Parallel()
			began := time.Now()
			out, err := run(t.Context(), mistake, plantedSeeds)
			caught := caughtBy.FindSubmatch(out)
			switch {
			case err == nil:
				t.Errorf("%d seeds do not catch it", plantedSeeds)
			case caught == nil:
				t.Logf("caught: %v\n%.2000s", err, out) // it has ended all of them
			default:
				t.Logf("caught by seed %s in %.1f s: %s", caught[1], time.Since(began).Seconds(), caught[2])
			}
		})
	}
}

// missed are the mistakes that 600 seeds have not shown: they need a leader that was overtaken, does not know, and is asked for just what it does not know.
var missed = map[string]bool{string(bugRefuseUnasked): true, string(bugRefuseStale): true, string(bugDroppedChange): true}

// plantedSeeds bounds the seeds in which a mistake must be caught.
const plantedSeeds = 1000

var caughtBy = regexp.MustCompile(`EVENTGRES_SEED=(\d+) EVENTGRES_SIM_SEEDS=1: (.*)`)

// mistakes are those of this package, those of the engine that a replicated log could make, and some of the engine's others.
func mistakes(t *testing.T) []string {
	t.Helper()
	list := []string{
		"acknowledge before fsync", "retry a failed fsync and believe it", "skip the directory fsync of a new segment",
		"trust what recovery read without writing it again", "skip the checksum of a frame", "begin a segment without the control state",
		"keep the first position of a key and not the newest",
	}
	for _, name := range []string{"failpoint.go", "../failpoint_replica.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, text)
			}
			return true
		})
	}
	slices.SortFunc(list, strings.Compare)
	if list = slices.Compact(list); len(list) < 30 {
		t.Fatalf("%d mistakes", len(list))
	}
	return list
}

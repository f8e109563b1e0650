package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Binary is the path of the eventgres program: $EVENTGRES_BIN, or built from
// this module, once per test process.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatalf("build eventgres: %v", err)
	}
	return path
}

var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("EVENTGRES_BIN"); path != "" {
		// Tests run in their package's directory, the variable was set elsewhere.
		if !filepath.IsAbs(path) {
			return "", fmt.Errorf("EVENTGRES_BIN=%s: must be an absolute path", path)
		}
		return path, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir, err := scratch("bin")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "eventgres")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/eventgres")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // with the analytics worker
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// Root is the module's directory, the nearest one above the test with a go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the test's directory")
		}
		dir = parent
	}
}

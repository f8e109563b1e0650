package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Need is the path of a client program. Without it the test is skipped, or
// fails where EVENTGRES_REQUIRE_CLIENTS=1 says that it should be there.
func Need(t testing.TB, program string) string {
	t.Helper()
	path, err := find(program)
	if err != nil {
		Missing(t, err)
	}
	return path
}

// Missing ends the test for want of something that is not ours.
func Missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("EVENTGRES_REQUIRE_CLIENTS") == "1" {
		t.Fatal(err)
	}
	t.Skip(err)
}

func find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for _, dir := range append(postgresDirs(), "/usr/sbin", "/usr/local/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", program)
}

// postgresDirs are the bin directories of the PostgreSQL servers here, the one
// to compare with (15, design §5) first.
func postgresDirs() []string {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(dirs)
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append([]string{strings.TrimSpace(string(out))}, dirs...)
	}
	slices.SortStableFunc(dirs, func(a, b string) int { return not15(a) - not15(b) })
	return slices.DeleteFunc(dirs, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "postgres"))
		return err != nil
	})
}

func not15(dir string) int {
	if strings.Contains(dir, "/15/") {
		return 0
	}
	return 1
}

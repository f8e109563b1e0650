package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/integration/postgres"
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
	for _, dir := range append(postgres.Dirs(), "/usr/sbin", "/usr/local/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", program)
}

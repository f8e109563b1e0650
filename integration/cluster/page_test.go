//go:build unix

package cluster

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestPage: the steps of docs/cluster.md, in one shell, from the first to the last: three nodes, one that is lost, one that is replaced, two that are lost for ever.
func TestPage(t *testing.T) {
	psql := harness.Need(t, "psql")
	program := harness.Binary(t)
	dir := t.TempDir()
	if err := os.Symlink(program, filepath.Join(dir, "eventgres")); err != nil {
		t.Fatal(err)
	}
	script := strings.Join(harness.Blocks(harness.Document(t, "docs/cluster.md"), "sh"), "\n")
	script = strings.ReplaceAll(script, "sleep 1;", "sleep 0.1;")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-e", "-u", "-o", "pipefail", "-c", script)
	shell.Dir = dir
	shell.Env = append(os.Environ(), "PATH="+dir+":"+filepath.Dir(psql)+":"+os.Getenv("PATH"))
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := os.Create(filepath.Join(dir, "out")) // a pipe would be open for as long as a node runs
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	shell.Stdout, shell.Stderr = out, out
	err = shell.Run()
	_ = syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) // the nodes
	text, readErr := os.ReadFile(out.Name())
	if readErr != nil {
		t.Fatal(readErr)
	}
	report := string(text)
	if err != nil {
		for _, name := range []string{"n1", "n2", "n3"} {
			log, _ := os.ReadFile(filepath.Join(dir, name+".log"))
			t.Logf("%s:\n%s", name, log)
		}
		t.Fatalf("%v\n%s", err, report)
	}
	if !strings.Contains(report, "events    3\n") {
		t.Errorf("what was restored has not the three events:\n%s", report)
	}
}

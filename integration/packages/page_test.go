package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

const page = "docs/installing.md"

// elsewhere are the page's commands that do not run here, by what tries them.
var elsewhere = map[string]string{
	"make packages":                     "make packages-test, which begins with it",
	"apt-get install ./eventgres_*.deb": "TestDebian",
	"apt-get remove eventgres":          "TestDebian",
	"apt-get purge eventgres":           "TestDebian",
	"rpm -i eventgres-*.rpm":            "TestRPM",
	"systemctl enable --now eventgres":  "nothing: systemd does not run here",
	"systemctl status eventgres":        "nothing: likewise",
	"systemctl reload eventgres":        "TestDebian, which does what it does",
	"systemctl edit eventgres":          "nothing: likewise",
	"journalctl -u eventgres":           "nothing: likewise",
	"EVENTGRES_PASSWORD=… docker compose -f deploy/compose.yaml up --build --detach --wait": "TestImageRuns, as far as it goes without the base image",
}

// TestPage runs the page's commands of eventgres, and knows the others.
func TestPage(t *testing.T) {
	sh, dir := harness.Need(t, "sh"), t.TempDir()
	if err := os.Symlink(harness.Binary(t), filepath.Join(dir, "eventgres")); err != nil {
		t.Fatal(err)
	}
	ran, known := 0, 0
	fenced := false
	for line := range strings.Lines(harness.Document(t, page)) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		command, indented := strings.CutPrefix(line, "    ")
		if !fenced && !indented {
			continue
		}
		if elsewhere[command] != "" {
			known++
			continue
		}
		if !strings.HasPrefix(command, "eventgres ") {
			t.Errorf("nothing tries %s", command)
			continue
		}
		cmd := exec.CommandContext(t.Context(), sh, "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
		ran++
	}
	if ran < 5 || known != len(elsewhere) {
		t.Errorf("%d commands ran, %d are tried elsewhere", ran, known)
	}
}

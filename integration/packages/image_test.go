//go:build linux

package packages

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// An instruction is a line of the Dockerfile.
type instruction struct{ name, args string }

// stages are the Dockerfile's, each from its FROM on.
func stages(t *testing.T) (all [][]instruction) {
	t.Helper()
	for line := range strings.Lines(harness.Document(t, "deploy/Dockerfile")) {
		name, args, found := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case !found || name == "#":
			continue
		case name == "FROM":
			all = append(all, nil)
		case len(all) == 0 || strings.HasSuffix(args, `\`):
			t.Fatalf("not understood: %s", line)
		}
		all[len(all)-1] = append(all[len(all)-1], instruction{name, args})
	}
	if len(all) != 2 {
		t.Fatalf("%d stages", len(all))
	}
	return all
}

// value is what the last stage says once.
func value(t *testing.T, stage []instruction, name string) string {
	t.Helper()
	at := slices.IndexFunc(stage, func(i instruction) bool { return i.name == name })
	if at < 0 {
		t.Fatalf("the Dockerfile has no %s", name)
	}
	return stage[at].args
}

// list is an instruction's command, as JSON behind its options.
func list(t *testing.T, args string) (argv []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(args[strings.Index(args, "["):]), &argv); err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	return argv
}

var variable = regexp.MustCompile(`\bEVENTGRES_[A-Z_]+`)

// TestImage: what the Dockerfile and the compose file name is there.
func TestImage(t *testing.T) {
	all := stages(t)
	for _, i := range all[0] {
		if i.name == "COPY" {
			files := strings.Fields(i.args)
			for _, file := range files[:len(files)-1] {
				if _, err := os.Stat(filepath.Join("../..", file)); err != nil {
					t.Error(err)
				}
			}
		}
	}
	help := told(t, "serve", "--help")
	named := variable.FindAllString(value(t, all[1], "ENV")+harness.Document(t, "deploy/compose.yaml"), -1)
	if len(named) < 4 {
		t.Errorf("variables: %v", named)
	}
	for _, name := range named {
		if !strings.Contains(help, "$"+name) {
			t.Errorf("serve has no %s", name)
		}
	}
	if command := list(t, value(t, all[1], "CMD")); usage(t)[command[0]] == nil {
		t.Errorf("CMD %v", command)
	}
	for _, path := range []string{"deploy/Dockerfile", "deploy/Dockerfile.dockerignore", ".ci/run"} {
		harness.Document(t, path)
	}
	if !strings.Contains(harness.Document(t, ".github/workflows/ci.yml"), "run: .ci/run\n") {
		t.Error("the workflow does not call .ci/run")
	}
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("docker is not installed")
	}
	if err := exec.CommandContext(t.Context(), docker, "compose", "version").Run(); err != nil {
		t.Skip("docker has no compose")
	}
	compose := exec.CommandContext(t.Context(), docker, "compose", "-f", "../../deploy/compose.yaml", "config", "-q")
	compose.Env = append(os.Environ(), "EVENTGRES_PASSWORD=secret of a test")
	if out, err := compose.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestImageRuns does in a root what the last stage of the Dockerfile does on its base image, which is of the same packages.
func TestImageRuns(t *testing.T) {
	r := newRoot(t)
	stage := stages(t)[1]
	r.run(t, "sh", "-c", value(t, stage, "RUN"))
	from, to, _ := strings.Cut(strings.TrimPrefix(value(t, stage, "COPY"), "--from=build /src/"), " ")
	if from != "bin/eventgres" {
		t.Errorf("COPY %s", from)
	}
	r.run(t, "cp", r.copyIn(t, made(t, "eventgres")), to)

	user, group, _ := strings.Cut(value(t, stage, "USER"), ":")
	argv := append([]string{"setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups"}, list(t, value(t, stage, "ENTRYPOINT"))...)
	argv = append(argv, list(t, value(t, stage, "CMD"))...)
	cmd := r.command(t, argv...)
	cmd.Env = append(cmd.Env, strings.Fields(value(t, stage, "ENV"))...)
	refused, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(refused), "has no password") {
		t.Errorf("on every address it says %s, %v", refused, err)
	}

	ear := listenAt(t, r.path("/run/notify"))
	if err := os.Chmod(r.path("/run/notify"), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd = r.command(t, argv...)
	// Free ports, since the network is this machine's, and what compose.yaml gives it.
	cmd.Env = append(cmd.Env, strings.Fields(value(t, stage, "ENV"))...)
	cmd.Env = append(cmd.Env, "EVENTGRES_PASSWORD=secret of a test", "EVENTGRES_TLS_SELF_SIGNED=true", "EVENTGRES_LISTEN=0.0.0.0:0", "EVENTGRES_HTTP=127.0.0.1:0", "NOTIFY_SOCKET=/run/notify")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer killed.Stop()
	ear.expect(t, "READY=1")
	health := func(port string) error {
		check := list(t, value(t, stage, "HEALTHCHECK"))
		for i := range check {
			check[i] = strings.ReplaceAll(check[i], "9433", port)
		}
		return r.command(t, check...).Run()
	}
	text, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	served := regexp.MustCompile(`http=127\.0\.0\.1:(\d+)`).FindStringSubmatch(string(text))
	if served == nil {
		t.Fatalf("it does not say where metrics are\n%s", text)
	}
	if err := health(served[1]); err != nil {
		t.Errorf("the health check: %v", err)
	}
	if err := health("1"); err == nil {
		t.Error("the health check finds a server where there is none")
	}
	if value(t, stage, "STOPSIGNAL") != "SIGTERM" {
		t.Error("STOPSIGNAL")
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	ear.expect(t, "STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(r.path(value(t, stage, "VOLUME") + "/STORE")); err != nil {
		t.Error(err)
	}
}

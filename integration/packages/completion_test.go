package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// told runs eventgres and gives what it prints.
func told(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), harness.Binary(t), args...).Output()
	if err != nil {
		t.Fatalf("eventgres %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

var (
	helpCommand = regexp.MustCompile(`(?m)^  ([a-z]+)(?: |$)`)
	helpFlag    = regexp.MustCompile(`(?m)^  +(?:-[a-z], )?(--[a-z-]+)`)
)

// usage is what --help tells: the flags of each command.
func usage(t *testing.T) map[string][]string {
	t.Helper()
	_, list, _ := strings.Cut(told(t, "--help"), "Commands:\n")
	all := map[string][]string{}
	for _, command := range helpCommand.FindAllStringSubmatch(list, -1) {
		for _, flag := range helpFlag.FindAllStringSubmatch(told(t, command[1], "--help"), -1) {
			all[command[1]] = append(all[command[1]], flag[1])
		}
	}
	if len(all) < 10 || len(all["serve"]) < 20 {
		t.Fatalf("--help tells of %v", all)
	}
	return all
}

// TestCompletion: each shell offers every command, and every flag of each.
func TestCompletion(t *testing.T) {
	all := usage(t)
	for name, offers := range map[string]func(t *testing.T, shell, script string, words ...string) []string{
		"bash": bashOffers, "fish": fishOffers, "zsh": zshOffers,
	} {
		t.Run(name, func(t *testing.T) {
			program := harness.Need(t, name)
			script := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(script, []byte(told(t, "completion", name)), 0o600); err != nil {
				t.Fatal(err)
			}
			commands := offers(t, program, script, "")
			for command, flags := range all {
				if !slices.Contains(commands, command) {
					t.Errorf("no %s among %v", command, commands)
				}
				offered := offers(t, program, script, command, "--")
				for _, flag := range flags {
					if !slices.Contains(offered, flag) {
						t.Errorf("%s: no %s among %v", command, flag, offered)
					}
				}
			}
			if got := offers(t, program, script, "serve", "--log-format", ""); !slices.Contains(got, "json") {
				t.Errorf("serve --log-format: %v", got)
			}
			if got := offers(t, program, script, "completion", ""); !slices.Contains(got, "fish") {
				t.Errorf("completion: %v", got)
			}
			if strings.Contains(strings.Join(commands, " "), "worker") {
				t.Errorf("what is hidden is offered: %v", commands)
			}
		})
	}
}

// shellWords are what a shell prints, a word a line; what follows a tab or a bracket describes it.
func shellWords(t *testing.T, shell string, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), shell, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), "\t")
		found = append(found, line)
	}
	return found
}

func bashOffers(t *testing.T, shell, script string, words ...string) []string {
	t.Helper()
	const run = `source "$1"; shift; COMP_WORDS=(eventgres "$@"); COMP_CWORD=$#; _eventgres; printf '%s\n' "${COMPREPLY[@]}"`
	return shellWords(t, shell, append([]string{"--norc", "-c", run, "bash", script}, words...)...)
}

func fishOffers(t *testing.T, shell, script string, words ...string) []string {
	t.Helper()
	return shellWords(t, shell, "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, "eventgres "+strings.Join(words, " "))
}

// zshOffers reads what the script tells zsh's completion, which answers at a terminal alone.
func zshOffers(t *testing.T, shell, script string, words ...string) []string {
	t.Helper()
	const run = `compdef() { }
_describe() { print -l -- ${commands%%:*} }
_arguments() {
	if [[ $1 == -C && $#asked == 1 ]]; then state=command
	elif [[ $1 == -C ]]; then state=argument; words=($asked)
	else print -l -- "$@"
	fi
}
source $1; shift; asked=("$@"); words=("$@"); _eventgres`
	out := shellWords(t, shell, append([]string{"-f", "-c", run, "zsh", script}, words...)...)
	var found []string
	value := regexp.MustCompile(`^(?:--log-format=.*|:shell):?.*:\(([a-z ]+)\)$`)
	for _, word := range out {
		if m := value.FindStringSubmatch(word); m != nil {
			found = append(found, strings.Fields(m[1])...)
		}
		word, _, _ = strings.Cut(word, "[")
		found = append(found, strings.TrimSuffix(word, "="))
	}
	return found
}

// TestMan: the man page has every flag of each command below its name, and man finds nothing wrong with it.
func TestMan(t *testing.T) {
	page := told(t, "man")
	for command, flags := range usage(t) {
		_, section, found := strings.Cut(page, "\n.SS eventgres "+command+"\n")
		if !found {
			t.Errorf("no section of %s", command)
		}
		section, _, _ = strings.Cut(section, "\n.S")
		for _, flag := range flags {
			if !regexp.MustCompile(`(?m)^\\fB` + regexp.QuoteMeta(strings.ReplaceAll(flag, "-", `\-`)) + `\\fR`).MatchString(section) {
				t.Errorf("%s: no %s", command, flag)
			}
		}
	}
	man := harness.Need(t, "man")
	file := filepath.Join(t.TempDir(), "eventgres.1")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), man, "--warnings", "-P", "cat", "-l", file)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANWIDTH=100")
	var warnings strings.Builder
	cmd.Stderr = &warnings
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &warnings)
	}
	if warnings.Len() > 0 {
		t.Error(warnings.String())
	}
	if !strings.Contains(string(out), "EVENTGRES_DATA") {
		t.Errorf("man shows\n%s", out)
	}
}

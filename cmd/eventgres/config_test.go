package main

import (
	"cmp"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/cmd/eventgres/internal/config"
)

var rewrite = flag.Bool("rewrite", false, "write the table of docs/configuration.md anew, from the declarations")

// TestPage: docs/configuration.md has each setting as it is declared.
func TestPage(t *testing.T) {
	const file, head = "../../docs/configuration.md", "| key |"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), head)
	if !found {
		t.Fatal("the page has no table")
	}
	_, after, _ := strings.Cut(rest, "\n\n")
	want := before + config.Table(settingsOfServe()) + "\n" + after
	if *rewrite {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Error("docs/configuration.md is stale: go test ./cmd/eventgres -run TestPage -rewrite")
	}
}

// TestDeclarations: no two settings share a name, each has a text, and its variable is the one that follows from its flag.
func TestDeclarations(t *testing.T) {
	seen := map[string]bool{}
	list := settingsOfServe()
	other := map[string]string{"superuser-password-file": "EVENTGRES_PASSWORD_FILE"} // beside EVENTGRES_PASSWORD, as images of databases have it
	for _, s := range list {
		for _, name := range []string{s.Name, s.Variable} {
			if seen[name] && name != "" {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		if s.About == "" {
			t.Errorf("nothing says what --%s is for", s.Flag)
		}
		want := cmp.Or(other[s.Flag], "EVENTGRES_"+strings.ToUpper(strings.ReplaceAll(s.Flag, "-", "_")))
		if s.Variable != want && !s.Hidden {
			t.Errorf("the variable of --%s is %q", s.Flag, s.Variable)
		}
	}
	if len(list) < 25 {
		t.Errorf("%d settings", len(list))
	}
}

// TestStrayVariables: those that tests and CI set are not taken for misspelt ones of the server.
func TestStrayVariables(t *testing.T) {
	ctx, err := newParser(new(commands)).Parse([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := config.Take(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	var environment []string
	for _, name := range strings.Fields(`BIN BUG CLIENTS_TARGET CRASH_ROUNDS CRASH_STATES FAILPOINTS LONG MAKE_STORES PASSWORD_FILE
		PLANTED REQUIRE_CLIENTS SEED TEST_HONEST TRACE_SQL URL`) {
		environment = append(environment, "EVENTGRES_"+name+"=1")
	}
	if got := settings.Stray(environment); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

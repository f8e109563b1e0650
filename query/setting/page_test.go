package setting

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write docs/settings.md anew, from the declarations")

// TestPage: docs/settings.md says of every setting what is declared.
func TestPage(t *testing.T) {
	const file = "../../docs/settings.md"
	want := page()
	if *rewrite {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("docs/settings.md is stale (%v): go test ./query/setting -run TestPage -rewrite", err)
	}
}

// TestDeclared: a setting is of one kind, and what may be set says what for.
func TestDeclared(t *testing.T) {
	for _, name := range Names() {
		k, kinds := Known[name], 0
		for _, is := range []bool{k.Fixed, k.Only, k.Inert, k.Apply != nil || k.Set != nil} {
			if is {
				kinds++
			}
		}
		if kinds > 1 { // effects are added by who has them: package query's test knows them all
			t.Errorf("%s is of %d kinds", name, kinds)
		}
		if (k.Set == nil) != (k.Show == nil) && !k.Fixed {
			t.Errorf("%s is set and not shown, or shown and not set", name)
		}
		if k.Inert && k.About == "" {
			t.Errorf("nothing says why %s may be set without effect", name)
		}
		if !k.Fixed && k.Check == nil {
			t.Errorf("%s takes any value", name)
		}
	}
}

// TestDeclareTwice: the second declaration of a name is refused, and so is the effect of what is not declared.
func TestDeclareTwice(t *testing.T) {
	for what, f := range map[string]func(){
		"a second declaration": func() { Declare(Setting{Name: "TIMEZONE"}) },
		"an effect of nothing": func() { Effect("nosuch", func(Host, string) {}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken", what)
				}
			}()
			f()
		}()
	}
}

func page() string {
	var out strings.Builder
	out.WriteString("# Settings\n\nMade from the declarations in `query/setting`: `go test ./query/setting -run TestPage -rewrite`. SHOW ALL and pg_settings say the same.\n")
	section := func(title, text string, of func(k *Setting) bool) {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n\n| setting | initially | |\n|---|---|---|\n", title, text)
		for _, name := range Names() {
			if k := Known[name]; of(k) {
				value := "`" + k.Initial + "`"
				if k.Initial == "" {
					value = ""
				}
				fmt.Fprintf(&out, "| `%s` | %s | %s |\n", k.Name, value, k.About)
			}
		}
	}
	section("With an effect", "SET, SET LOCAL, RESET, set_config and the start-up packet change them, as in PostgreSQL.",
		func(k *Setting) bool { return !k.Fixed && !k.Only && !k.Inert })
	section("With one value", "They can be set to the value that they have; another is refused (`0A000`), since it would mean something that is not offered.",
		func(k *Setting) bool { return k.Only })
	reasons := map[string][]string{}
	for _, name := range Names() {
		if k := Known[name]; k.Inert {
			reasons[k.About] = append(reasons[k.About], "`"+k.Name+"`")
		}
	}
	out.WriteString("\n## Without an effect\n\nThey take what PostgreSQL's take, and no answer depends on them.\n\n| settings | why |\n|---|---|\n")
	for _, about := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return cmp.Compare(reasons[a][0], reasons[b][0]) }) {
		fmt.Fprintf(&out, "| %s | %s |\n", strings.Join(reasons[about], " "), about)
	}
	out.WriteString("\n## That cannot be changed\n\nThey say what the server is, or what PostgreSQL would have; setting them is an error (`55P02`).\n\n")
	var fixed []string
	for _, name := range Names() {
		if k := Known[name]; k.Fixed {
			fixed = append(fixed, "`"+k.Name+"`")
		}
	}
	out.WriteString(strings.Join(fixed, ", ") + "\n")
	return out.String()
}

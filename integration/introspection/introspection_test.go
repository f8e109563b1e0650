package introspection

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIntrospection asks both servers every question.
func TestIntrospection(t *testing.T) {
	reference := postgres(t)
	tested := target(t)
	for _, path := range corpus(t) {
		t.Run(client(path), func(t *testing.T) {
			want, got := &session{server: reference}, &session{server: tested}
			eachCase(t, path, func(t *testing.T, q question, extended bool) {
				difference := q.differences(got.ask(t, q, extended), want.ask(t, q, extended))
				if difference != "" {
					report(t, q, path, difference)
				}
			})
		})
	}
}

// TestCorpusOnPostgres asks PostgreSQL alone: a statement that it refuses, or
// answers differently the second time, is no question to ask of Eventgres.
func TestCorpusOnPostgres(t *testing.T) {
	reference := postgres(t)
	for _, path := range corpus(t) {
		t.Run(client(path), func(t *testing.T) {
			first, second := &session{server: reference}, &session{server: reference}
			eachCase(t, path, func(t *testing.T, q question, extended bool) {
				a := first.ask(t, q, extended)
				if a.state != "" && q.compare != "error" {
					report(t, q, path, a.String())
				} else if difference := q.differences(a, second.ask(t, q, extended)); difference != "" {
					report(t, q, path, "asked twice:\n"+difference)
				}
			})
		})
	}
}

// eachCase runs a test for every question and protocol. The simple protocol has
// no parameters.
func eachCase(t *testing.T, path string, run func(t *testing.T, q question, extended bool)) {
	t.Helper()
	for _, q := range questions(t, path) {
		t.Run(q.name, func(t *testing.T) {
			if len(q.params) == 0 {
				t.Run("simple", func(t *testing.T) { run(t, q, false) })
			}
			t.Run("extended", func(t *testing.T) { run(t, q, true) })
		})
	}
}

func report(t *testing.T, q question, path, difference string) {
	t.Helper()
	if os.Getenv("INTROSPECTION_SUMMARY") == "1" {
		first, _, _ := strings.Cut(difference, "\n")
		t.Errorf("%s:%d: %s", path, q.line, first)
		return
	}
	t.Errorf("%s:%d: %s\n%s\n\n%s", path, q.line, q.name, difference, q.sql)
}

func client(path string) string { return strings.TrimSuffix(filepath.Base(path), ".sql") }

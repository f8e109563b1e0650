package differ

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/integration/analytics"
)

var againDir = flag.String("again", "", "a directory that -findings filled, to ask what lies in it once more")

// TestAgain asks the findings of a run before.
func TestAgain(t *testing.T) {
	if *againDir == "" {
		t.Skip("-again names no directory")
	}
	files, err := filepath.Glob(filepath.Join(*againDir, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no findings: %v", *againDir, err)
	}
	counts := map[Class]int{}
	s := sharedServers(t)
	for _, name := range files {
		record, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		q, err := Reread(string(record))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f := askAgain(t.Context(), s, q)
		counts[f.Class]++
		switch {
		case f.Class == None || f.Class == Unclear:
		case knownAs(f) == nil:
			t.Errorf("%s: %s", filepath.Base(name), f.Show())
		case *showAll:
			t.Logf("%s: %s", filepath.Base(name), f.Show())
		}
	}
	t.Logf("%d findings: %v", len(files), counts)
}

// askAgain asks in sessions of its own, which need not be put back to what they were.
func askAgain(ctx context.Context, s *servers, q *Question) *Finding {
	p := NewPair(s.postgres, s.shuffled, s.eventgres)
	defer p.Close()
	put := func(session *analytics.Session, eventgres bool) *analytics.Answer {
		if answer := prepare(ctx, session, q.before(eventgres)); answer != nil {
			return answer
		}
		return session.Ask(ctx, &analytics.Case{SQL: q.text, Params: q.Params}, q.Mode)
	}
	f := &Finding{Statement: q.Statement, Want: put(p.postgres, false), Got: put(p.eventgres, true)}
	f.Settings = q.commands
	if q.inOrder {
		for i := range f.Want.Columns {
			f.Order = append(f.Order, i)
		}
	}
	if f.Verdict = judge(f.Want, f.Got, f.Order); f.Class != None && f.Class != Message {
		if v := judge(f.Want, put(p.shuffled, false), f.Order); v.Class != None && v.Class != Message {
			f.Class = Unclear
		}
	}
	return f
}

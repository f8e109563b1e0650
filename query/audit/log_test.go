package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

func openLog(t *testing.T, refuse bool) (*Log, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "logs", "audit.json")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := Open(path, refuse, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !l.closed {
			l.Close()
		}
	})
	return l, path
}

func lines(t *testing.T, path string) (list []Line) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		var line Line
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", in.Text(), err)
		}
		list = append(list, line)
	}
	return list
}

// request is an append of events of streams, from a position on.
func request(first int64, streams ...string) *engine.AppendRequest {
	r := &engine.AppendRequest{}
	for i, stream := range streams {
		r.Events = append(r.Events, engine.ProposedEvent{Stream: stream, StreamID: uuid.New()})
		r.Results = append(r.Results, engine.EventResult{Position: first + int64(i)})
	}
	return r
}

// TestSession: what a session has done is added up by class and outcome; changes are lines of their own, at once.
func TestSession(t *testing.T) {
	l, path := openLog(t, false)
	s := l.Enter(Who{PID: 7, User: "ada", Address: "local"})
	s.Ended("select", "app", "ok", 3)
	s.Appended(request(5, "order-1", "order-2", "invoice-1", "plain"))
	s.Ended("insert", "app", "ok", 4)
	s.Ended("select", "app", "ok", 2)
	s.Appended(request(-1, "gone-1"))
	s.Appended(request(2, "order-1"))
	s.Ended("insert", "app", "ok", 1)
	s.Ended("insert", "app", "40001", 0)
	if got := lines(t, path); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	s.Change(Line{Class: "define", What: "CREATE VIEW v AS SELECT $1", Count: 1, Outcome: "ok"}, "app")
	if got := lines(t, path); len(got) != 1 || got[0].Event != "change" || got[0].PID != 7 || got[0].Application != "app" || got[0].Appended != nil {
		t.Errorf("%+v", got)
	}
	s.Leave()
	got := lines(t, path)
	if len(got) != 4 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []string{"select ok 2 5 <nil> []", "insert ok 2 5 &{2 8} [order invoice plain]", "insert 40001 1 0 <nil> []"} {
		g := got[i+1]
		if text := fmt.Sprint(g.Class, " ", g.Outcome, " ", g.Count, " ", g.Rows, " ", g.Appended, " ", g.Categories); text != want || g.User != "ada" || g.Time.IsZero() {
			t.Errorf("%s, want %s", text, want)
		}
	}
	l.flush()
	if len(lines(t, path)) != 4 {
		t.Error("a session that has gone is written again")
	}
}

// TestFlush: those that are there are written meanwhile, once.
func TestFlush(t *testing.T) {
	l, path := openLog(t, false)
	s := l.Enter(Who{PID: 7})
	s.Ended("select", "", "ok", 1)
	l.flush()
	l.flush()
	s.Ended("select", "", "ok", 1)
	l.Close()
	s.Leave() // behind the end nothing comes
	if got := lines(t, path); len(got) != 2 || got[0].Count != 1 || got[1].Count != 1 {
		t.Errorf("%+v", got)
	}
}

// TestBounds: classes, categories and what waits have bounds.
func TestBounds(t *testing.T) {
	l, path := openLog(t, false)
	s := l.Enter(Who{})
	for i := range 3 * maxGroups {
		s.Appended(request(int64(i), strings.Repeat("long", 1000)+fmt.Sprint(i)))
		s.Ended("insert", "", fmt.Sprint(i), 1)
		if len(s.groups) > maxGroups {
			t.Fatal("too many groups")
		}
	}
	s.Flush()
	for i := range 2 * maxCategories {
		s.Appended(request(int64(i), fmt.Sprintf("c%d-1", i)))
	}
	s.Ended("copy", "", "ok", 1)
	s.Flush()
	got := lines(t, path)
	if last := got[len(got)-1]; len(got) != 3*maxGroups+1 || len(last.Categories) != maxCategories || !last.More || len(got[0].Categories[0]) != maxCategoryBytes {
		t.Errorf("%d lines, %+v", len(got), last)
	}
	away := filepath.Dir(path) + ".away"
	if err := os.Rename(filepath.Dir(path), away); err != nil {
		t.Fatal(err)
	}
	l.Reopen()
	for range 10_000 {
		l.Write(&Line{Event: "change", What: strings.Repeat("x", 1000)})
	}
	if l.bytes > maxWaiting || l.lost == 0 {
		t.Errorf("%d bytes wait, %d lines are lost", l.bytes, l.lost)
	}
	if err := os.Rename(away, filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	kept, lost := len(l.waiting), l.lost
	l.Write(&Line{Event: "change"})
	if more := lines(t, path)[len(got):]; len(more) != kept+2 || more[kept].Event != "resumed" || more[kept].Lost != lost {
		t.Errorf("%d lines came, of %d that waited, and %d are lost", len(more), kept, lost)
	}
}

// TestFailure: while the log cannot be written nothing may change where that is to be refused; it is tried again each time.
func TestFailure(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		l, path := openLog(t, refuse)
		s, away := l.Enter(Who{PID: 7}), filepath.Dir(path)+".away"
		if err := os.Rename(filepath.Dir(path), away); err != nil {
			t.Fatal(err)
		}
		if err := s.Ready(); err != nil {
			t.Error(err) // logrotate has renamed the file; the one before is written until it says so
		}
		l.Reopen()
		e := new(pgerror.Error)
		if err := s.Ready(); refuse != errors.As(err, &e) || refuse && (e.Code != pgerror.IOError || strings.Contains(e.Message, "audit.json")) {
			t.Errorf("refuse %v: %v", refuse, err)
		}
		s.Change(Line{Class: "define", Outcome: "ok"}, "")
		l.Refuse(false)
		if err := s.Ready(); err != nil {
			t.Error(err)
		}
		l.Refuse(true)
		if err := os.Rename(away, filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if err := s.Ready(); err != nil {
			t.Error(err)
		}
		if got := lines(t, path); len(got) != 2 || got[0].Event != "change" || got[1].Event != "resumed" {
			t.Errorf("%+v", got)
		}
	}
}

// TestTorn: a line that was written in part does not spoil those behind it.
func TestTorn(t *testing.T) {
	l, path := openLog(t, false)
	l.torn = true
	l.Write(&Line{Event: "change"})
	l.Write(&Line{Event: "change"})
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "\n") != 3 || text[0] != '\n' {
		t.Errorf("%q, %v", text, err)
	}
}

// TestFullDisk: a write that fails is not a line that is lost.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	l, path := openLog(t, true)
	file := l.file
	l.file = full
	l.Write(&Line{Event: "change", What: "kept"})
	if l.Ready() == nil {
		t.Error("a full disk is ready")
	}
	l.file = file
	if err := l.Ready(); err != nil {
		t.Error(err)
	}
	if got := lines(t, path); len(got) != 2 || got[0].What != "kept" {
		t.Errorf("%+v", got)
	}
	_ = full.Close()
}

// TestFile: it is its owner's alone, and opened anew by its name.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.json")
	if err := os.WriteFile(path, []byte("{\"event\":\"before\"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := Open(path, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	l.Write(&Line{Event: "first"})
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	l.Write(&Line{Event: "second"})
	l.Reopen()
	l.Write(&Line{Event: "third"})
	if a, b := lines(t, path+".1"), lines(t, path); len(a) != 3 || len(b) != 1 || b[0].Event != "third" {
		t.Errorf("%+v, %+v", a, b)
	}
	if _, err := Open(filepath.Join(path, "x"), false, nil); err == nil {
		t.Error("what cannot be opened is")
	}
}

// TestNone: without a log nothing is done.
func TestNone(t *testing.T) {
	var l *Log
	s := l.Enter(Who{})
	s.Appended(request(0, "a"))
	s.Ended("insert", "", "ok", 1)
	s.Change(Line{}, "")
	s.Leave()
	l.Write(&Line{})
	if s != nil || s.Ready() != nil || l.Ready() != nil {
		t.Error("there is something")
	}
}

// BenchmarkEnded is what a statement costs, without and with an event that it appends.
func BenchmarkEnded(b *testing.B) {
	for _, events := range []int{0, 1} {
		b.Run(fmt.Sprint(events), func(b *testing.B) {
			l, err := Open(filepath.Join(b.TempDir(), "audit.json"), false, slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			s, r := l.Enter(Who{}), request(0, []string{"order-1"}[:events]...)
			b.ReportAllocs()
			for b.Loop() {
				s.Appended(r)
				s.Ended("insert", "", "ok", 1)
			}
		})
	}
}

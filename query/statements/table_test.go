package statements

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eventgres/eventgres/query/analytics"
)

func count(t *Table, user string, id int64, took time.Duration) *Entry {
	return t.Count(Key{user, "db", 0, id}, took, 2, func() string { return "text " + strconv.FormatInt(id, 10) })
}

// TestCount: what is counted, by key, and that a text is made once.
func TestCount(t *testing.T) {
	table := NewTable()
	e := count(table, "ada", 1, 2*time.Millisecond)
	for _, ms := range []time.Duration{4, 4, 4, 5, 5, 7, 9} {
		if !e.Add(ms*time.Millisecond, 1) {
			t.Fatal("the entry has gone")
		}
	}
	if again := table.Count(Key{"ada", "db", 0, 1}, 0, 0, func() string { t.Error("the text is made again"); return "" }); again != e {
		t.Error("another entry of the same key")
	}
	table.Reset(func(k *Key) bool { return k.User == "ada" })
	if e.Add(0, 0) || len(table.Shown().Statements) != 0 {
		t.Error("what was reset is there")
	}
	e = count(table, "ada", 1, 2*time.Millisecond)
	for _, ms := range []time.Duration{4, 4, 4, 5, 5, 7, 9} {
		e.Add(ms*time.Millisecond, 1)
	}
	count(table, "bob", 1, time.Second)
	for _, s := range table.Shown().Statements {
		want := analytics.CountedStatement{User: "ada", Database: "db", ID: 1, Text: "text 1", Calls: 8, Rows: 9, Total: 40, Min: 2, Max: 9, Mean: 5, Deviation: 2}
		if s.User == "bob" {
			want = analytics.CountedStatement{User: "bob", Database: "db", ID: 1, Text: "text 1", Calls: 1, Rows: 2, Total: 1000, Min: 1000, Max: 1000, Mean: 1000}
		}
		if math.Abs(s.Deviation-want.Deviation) > 1e-9 || math.Abs(s.Mean-want.Mean) > 1e-9 {
			t.Errorf("%+v", s)
		}
		s.Mean, s.Deviation = want.Mean, want.Deviation
		if s != want {
			t.Errorf("got %+v\nwant %+v", s, want)
		}
	}
}

// TestEviction: the least used make room, and who knows one that has gone counts on.
func TestEviction(t *testing.T) {
	table := NewTable()
	kept := count(table, "ada", 0, 0)
	for range 10 {
		kept.Add(0, 0)
	}
	first := count(table, "ada", 1, 0)
	for id := range int64(3 * MaxEntries) {
		count(table, "ada", id+2, 0)
	}
	if n := len(table.entries); n > MaxEntries || n < MaxEntries*9/10 {
		t.Errorf("%d entries", n)
	}
	if !kept.Add(0, 0) {
		t.Error("what is used has made room")
	}
	if first.Add(0, 0) || first.text != "" {
		t.Error("what is not used has not, or keeps its text")
	}
	if again := count(table, "ada", 1, 0); again == first || again.calls != 1 {
		t.Error("it is not counted on")
	}
	if c := table.Shown(); c.Evicted == 0 {
		t.Error("nobody made room")
	}
	before := table.Shown().Since
	table.Reset(nil)
	if c := table.Shown(); c.Evicted != 0 || len(c.Statements) != 0 || table.bytes != 0 || c.Since < before {
		t.Errorf("%+v, %d bytes", c, table.bytes)
	}
}

// TestBytes: long texts make room sooner.
func TestBytes(t *testing.T) {
	table, long := NewTable(), strings.Repeat("long", 1000)
	for id := range int64(MaxEntries) {
		table.Count(Key{"ada", "db", 0, id}, 0, 0, func() string { return long })
		if table.bytes > maxBytes {
			t.Fatalf("%d bytes", table.bytes)
		}
	}
	if n := len(table.entries); n < 1000 || n >= MaxEntries {
		t.Errorf("%d entries", n)
	}
}

// TestConcurrent: nothing is lost that is counted at the same time, and nothing is counted twice.
func TestConcurrent(t *testing.T) {
	table := NewTable()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for id := range int64(1000) {
				count(table, "ada", id%10, time.Millisecond)
			}
		})
	}
	group.Wait()
	calls := int64(0)
	for _, s := range table.Shown().Statements {
		calls += s.Calls
	}
	if calls != 4000 {
		t.Errorf("%d calls", calls)
	}
}

package query

import (
	"math"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/query/copyfmt"
	"github.com/eventgres/eventgres/query/syntax"
)

// BenchmarkStopping tells for how long Go waited at most to stop what reads a long text, during which nobody else ran: within
// one search, copy or comparison of a runtime's own it can stop nothing. See pgvalue.Grown.
func BenchmarkStopping(b *testing.B) {
	const size = 48 << 20
	long := strings.Repeat("x", size)
	for _, text := range []struct{ name, sql string }{
		{"string", "select '" + long + "'"},
		{"string without end", "select '" + long},
		{"string of quotes", "select '" + strings.Repeat("''", size/2) + "'"},
		{"E string", "select E'" + long + "'"},
		{"E string of escapes", "select E'" + strings.Repeat(`\n`, size/2) + "'"},
		{"dollar string", "select $a$" + long + "$a$"},
		{"dollar string without end", "select $a$" + long},
		{"comment", "/*" + long + "*/ select 1"},
		{"line comment", "--" + long},
		{"name", "select " + long},
		{"quoted name", `select "` + long + `"`},
		{"number", "select " + strings.Repeat("1", size)},
		{"bits", "select b'" + strings.Repeat("1", size) + "'"},
		{"bytes", `select '\x` + strings.Repeat("a", size) + `'::bytea`},
		{"json", `select '"` + long + `"'::jsonb`},
		{"array", `select '{` + long + `}'::text[]`},
		{"spaces", "select" + strings.Repeat(" ", size) + "1"},
		{"operator", "select 1 " + strings.Repeat("+", size) + " 1"},
		{"insert", "insert into events (stream, type, payload) values ('a', 'b', '\"" + long + "\"')"},
		{"set", "set app.a = '" + long + "'"},
		{"prepare", "prepare p as select '" + long + "'"},
	} {
		b.Run(text.name, func(b *testing.B) {
			stops := watchStops(b)
			for b.Loop() {
				list, _ := syntax.Parse(text.sql)
				for _, p := range list {
					_ = compileAlone(p)
				}
			}
			stops()
		})
	}
	b.Run("copy", func(b *testing.B) {
		stops := watchStops(b)
		for b.Loop() {
			r := copyfmt.NewBlockReader([]byte(long+"\t"+long+"\n"), 1, &copyfmt.Format{Kind: "text"}, []int{1, 2}, nil)
			_, _ = r.Row(b.Context())
		}
		stops()
	})
}

// watchStops has Go stop everything again and again until what it returns is called, which reports the longest wait for it.
func watchStops(b *testing.B) (report func()) {
	const name = "/sched/pauses/stopping/other:seconds"
	sample := []metrics.Sample{{Name: name}}
	read := func() []uint64 {
		metrics.Read(sample)
		return append([]uint64(nil), sample[0].Value.Float64Histogram().Counts...)
	}
	before := read()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		var stats runtime.MemStats
		tick := time.NewTicker(time.Millisecond) // without it what is stopped would not come to run
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				runtime.ReadMemStats(&stats)
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		after, buckets, longest := read(), sample[0].Value.Float64Histogram().Buckets, 0.0
		for i := range after {
			if after[i] > before[i] && !math.IsInf(buckets[i+1], 1) {
				longest = buckets[i+1]
			}
		}
		b.ReportMetric(longest*1e3, "ms-stop")
	}
}

package web

import (
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/eventgres/eventgres"
	"github.com/eventgres/eventgres/cmd/eventgres/internal/machine"
	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/measure"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query"
	"github.com/eventgres/eventgres/query/analytics"
)

// Sources are what is told of.
type Sources struct {
	Store    *engine.Store
	Server   *pgwire.Server
	Sessions *query.Server
	Worker   *analytics.Supervisor // nil: there is none
	Data     string                // the data directory
}

// scrape is what the sources said at one time.
type scrape struct {
	store     engine.Stats
	health    engine.Health
	events    int64
	streams   int64
	wire      pgwire.Stats
	sessions  query.Stats
	following query.FollowerStats
	member    *query.Node // of a cluster; nil: the server is none, or knows nothing yet
	worker    *analytics.Stats
	disk      machine.Disk
	version   string
}

func (src *Sources) scrape() *scrape {
	if src == nil {
		return nil
	}
	index := src.Store.Index()
	s := &scrape{
		store: src.Store.Stats(), health: src.Store.Health(), streams: int64(index.StreamCount()),
		wire: src.Server.Stats(), sessions: src.Sessions.Stats(), following: src.Sessions.Followers(), disk: machine.DiskOf(src.Data), version: eventgres.Version,
	}
	if node, ok := src.Sessions.Member(); ok {
		s.member = &node
	}
	if src.Worker != nil {
		w := src.Worker.Stats()
		s.worker = &w
	}
	s.events = index.GlobalPosition() + 1 // after the worker's: it is not behind
	return s
}

// collector is a prometheus.Collector of the declared metrics.
type collector struct {
	scrape func() *scrape // nil until the store is open
	descs  []*prometheus.Desc
}

func newCollector(scrape func() *scrape) *collector {
	c := &collector{scrape: scrape}
	for _, m := range metrics {
		c.descs = append(c.descs, prometheus.NewDesc(prefix+m.name, m.help, m.labels, nil))
	}
	return c
}

func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
}

func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := c.scrape()
	if s == nil {
		return
	}
	for i, m := range metrics {
		desc, kind := c.descs[i], prometheus.GaugeValue
		if m.kind == counter {
			kind = prometheus.CounterValue
		}
		m.read(s, teller{
			value: func(v float64, labels ...string) { out <- prometheus.MustNewConstMetric(desc, kind, v, labels...) },
			times: func(h *measure.Snapshot, labels ...string) {
				out <- newDistribution(desc, h, 1e-9, secondBounds, labels)
			},
			sizes: func(h *measure.Snapshot, labels ...string) { out <- newDistribution(desc, h, 1, sizeBounds, labels) },
		})
	}
}

// The classic buckets, for those who do not read native histograms: their bounds are powers of two, which are bounds of ours too,
// so that nothing is guessed. From 61 µs to 32 s, and from 1 to 16 Mi.
var (
	secondBounds = powers(-14, 5, 1)
	sizeBounds   = powers(0, 24, 2)
)

func powers(from, to, step int) (out []int) {
	for e := from; e <= to; e += step {
		out = append(out, e<<measure.Schema)
	}
	return out
}

// distribution is a histogram, native and classic.
type distribution struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	told   *dto.Histogram
}

func newDistribution(desc *prometheus.Desc, s *measure.Snapshot, unit float64, bounds []int, labels []string) *distribution {
	count, sum, zero := s.Count, float64(s.Sum)*unit, s.Zero
	schema, threshold := int32(measure.Schema), measure.Lowest
	h := &dto.Histogram{SampleCount: &count, SampleSum: &sum, Schema: &schema, ZeroThreshold: &threshold, ZeroCount: &zero}
	numbers := make([]int, 0, len(s.Buckets))
	for i := range s.Buckets {
		numbers = append(numbers, i)
	}
	slices.Sort(numbers)
	below, next := zero, 0
	for _, bound := range bounds {
		for next < len(numbers) && numbers[next] <= bound {
			below += s.Buckets[numbers[next]]
			next++
		}
		n, le := below, measure.Bound(bound)
		h.Bucket = append(h.Bucket, &dto.Bucket{CumulativeCount: &n, UpperBound: &le})
	}
	at, before := math.MinInt, int64(0)
	for _, i := range numbers {
		if i != at || len(h.PositiveSpan) == 0 { // a gap
			offset, length := int32(i-at), uint32(0)
			if len(h.PositiveSpan) == 0 {
				offset = int32(i)
			}
			h.PositiveSpan = append(h.PositiveSpan, &dto.BucketSpan{Offset: &offset, Length: &length})
		}
		*h.PositiveSpan[len(h.PositiveSpan)-1].Length++
		n := int64(s.Buckets[i])
		h.PositiveDelta = append(h.PositiveDelta, n-before)
		at, before = i+1, n
	}
	if len(h.PositiveSpan) == 0 { // which tells a native histogram that is empty from one that is none
		none, length := int32(0), uint32(0)
		h.PositiveSpan = []*dto.BucketSpan{{Offset: &none, Length: &length}}
	}
	return &distribution{desc, prometheus.MakeLabelPairs(desc, labels), h}
}

func (d *distribution) Desc() *prometheus.Desc { return d.desc }

func (d *distribution) Write(out *dto.Metric) error {
	out.Label, out.Histogram = d.labels, d.told
	return nil
}

package measure

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// TestBuckets: each value lies in the bucket whose bounds it lies between, those on a bound in the one below.
func TestBuckets(t *testing.T) {
	check := func(v float64) {
		i := bucket(v)
		if i <= lowest {
			if v > Lowest {
				t.Fatalf("%g counts as zero", v)
			}
			return
		}
		if v > Bound(i)*(1+1e-15) || v <= Bound(i-1)*(1-1e-15) {
			t.Fatalf("%g is in bucket %d, of those above %g up to %g", v, i, Bound(i-1), Bound(i))
		}
	}
	for i := lowest; i <= highest; i++ {
		at := Bound(i)
		check(at)
		check(math.Nextafter(at, 0))
		check(math.Nextafter(at, math.Inf(1)))
		if i%perOctave == 0 && i > lowest && bucket(at) != i {
			t.Errorf("%g is in bucket %d, not in %d", at, bucket(at), i)
		}
	}
	for range 100_000 {
		check(math.Exp(rand.Float64()*40 - 18))
	}
}

// TestEdges: what lies outside is counted too.
func TestEdges(t *testing.T) {
	var h Histogram
	for _, n := range []int64{0, -1, math.MinInt64, 1, math.MaxInt64} {
		h.Observe(n)
	}
	h.ObserveDuration(time.Nanosecond)
	s := h.Snapshot()
	if s.Count != 6 || s.Zero != 4 || s.Buckets[0] != 1 || s.Buckets[highest] != 1 {
		t.Errorf("%+v", s)
	}
	if got := bucket(math.NaN()); got != lowest {
		t.Errorf("what is no number is in bucket %d", got)
	}
}

// TestConcurrent: nothing is lost.
func TestConcurrent(t *testing.T) {
	var h Histogram
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				h.ObserveDuration(time.Duration(i) * time.Millisecond)
			}
		})
	}
	wg.Wait()
	s := h.Snapshot()
	if s.Count != 8000 || s.Sum != 8*999*1000/2*int64(time.Millisecond) {
		t.Errorf("%d values, sum %d", s.Count, s.Sum)
	}
	s.Add(&h)
	if s.Count != 16000 {
		t.Errorf("%d values twice", s.Count)
	}
}

func BenchmarkObserve(b *testing.B) {
	var h Histogram
	for i := range b.N {
		h.ObserveDuration(time.Duration(i))
	}
}

package measure

import (
	"math"
	"sync/atomic"
	"time"
)

// The buckets grow by the fourth root of two, as those of a native histogram of Prometheus with this schema do: bucket i holds
// what is above 2^((i-1)/4) and not above 2^(i/4).
const (
	Schema    = 2
	perOctave = 1 << Schema
	// From a microsecond, where the unit is a second, to 2^30: an hour is far below, and so is the size of any group in bytes.
	lowest, highest = -20 * perOctave, 30 * perOctave
	buckets         = highest - lowest
)

// Lowest is the greatest value that counts as zero.
var Lowest = math.Ldexp(1, -20)

// Histogram counts values. The zero value is ready; it may be used concurrently.
type Histogram struct {
	zero   atomic.Uint64
	counts [buckets]atomic.Uint64 // of the buckets lowest+1 to highest
	sum    atomic.Int64
}

// Observe counts a number.
func (h *Histogram) Observe(n int64) {
	h.count(float64(n))
	h.sum.Add(n)
}

// ObserveDuration counts a time, in seconds; the sum is in nanoseconds.
func (h *Histogram) ObserveDuration(d time.Duration) {
	h.count(float64(d) / 1e9)
	h.sum.Add(int64(d))
}

func (h *Histogram) count(v float64) {
	if i := bucket(v); i <= lowest {
		h.zero.Add(1)
	} else {
		h.counts[min(i, highest)-lowest-1].Add(1)
	}
}

// bucket is the number of the bucket that holds a value; at most lowest for what counts as zero.
func bucket(v float64) int {
	if !(v > Lowest) {
		return lowest
	}
	bits := math.Float64bits(v)
	exponent := int(bits>>52) - 1023 // v is positive, and not so small that it has none
	// Where within its octave, which begins behind a power of two.
	part := 0
	switch fraction := bits & (1<<52 - 1); {
	case fraction == 0:
	case fraction <= firstRoot:
		part = 1
	case fraction <= secondRoot:
		part = 2
	case fraction <= thirdRoot:
		part = 3
	default:
		part = 4
	}
	return exponent*perOctave + part
}

// The fractions of 2^(1/4), 2^(1/2) and 2^(3/4).
const (
	firstRoot  = 0x306fe0a31b715
	secondRoot = 0x6a09e667f3bcd
	thirdRoot  = 0xae89f995ad3ad
)

// Snapshot is what a histogram has counted.
type Snapshot struct {
	Count   uint64
	Sum     int64          // of numbers, or nanoseconds
	Zero    uint64         // values that are at most Lowest
	Buckets map[int]uint64 // by number, where there is something
}

// Snapshot is what was counted so far. Values that are counted meanwhile may be in it or not; Count is what its buckets hold.
func (h *Histogram) Snapshot() Snapshot {
	s := Snapshot{Buckets: map[int]uint64{}}
	s.Add(h)
	return s
}

// Add adds what another histogram has counted so far.
func (s *Snapshot) Add(h *Histogram) {
	zero := h.zero.Load()
	s.Zero += zero
	s.Count += zero
	for i := range h.counts {
		if n := h.counts[i].Load(); n > 0 {
			s.Buckets[i+lowest+1] += n
			s.Count += n
		}
	}
	s.Sum += h.sum.Load()
}

// Bound is the greatest value that a bucket holds.
func Bound(bucket int) float64 { return math.Pow(2, float64(bucket)/perOctave) }

// Quantile is the bound of the bucket below which a part of the values lies; 0 if there are none.
func (s *Snapshot) Quantile(part float64) float64 {
	want := uint64(math.Ceil(part * float64(s.Count)))
	if s.Count == 0 || want <= s.Zero {
		return 0
	}
	seen := s.Zero
	for i := lowest + 1; i <= highest; i++ {
		if seen += s.Buckets[i]; seen >= want {
			return Bound(i)
		}
	}
	return Bound(highest)
}

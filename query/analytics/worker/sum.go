//go:build cgo

package worker

import (
	"sync"

	"github.com/eventgres/eventgres/query/analytics/limit"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// sumState is the state of pg_sum, in DuckDB's memory: an integer and its scale as long as
// the sum fits, and the number of a sum in Go's memory from then on.
type sumState struct {
	count int64
	small int64
	scale int32
	large uint32 // 0: none
}

// largeSums are the sums that states refer to.
var largeSums struct {
	mu   sync.Mutex
	last uint32
	held map[uint32]*largeSum
}

// largeSum is a sum in Go's memory, which counts: a statement may have millions of them.
type largeSum struct {
	pgfn.NumericSum
	memory limit.Held
}

// largeOverhead is what one takes in the map.
const largeOverhead = 96

func (s *largeSum) count() error { return s.memory.Set(largeOverhead + s.Bytes()) }

// pow10 are the powers of ten that an int64 holds.
var pow10 = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// rescaled gives v more digits behind the point.
func rescaled(v int64, by int32) (int64, bool) {
	if by == 0 {
		return v, true
	}
	if int(by) >= len(pow10) {
		return 0, false
	}
	r := v * pow10[by]
	return r, r/pow10[by] == v && !(v == -1<<63)
}

func (s *sumState) add(n pgfn.Numeric) error {
	s.count++
	if v, scale, ok := n.Small(); ok && s.addSmall(v, int32(scale)) {
		return nil
	}
	sum := s.sumOf()
	sum.Add(n)
	return sum.count()
}

// addSmall adds if the sum stays small.
func (s *sumState) addSmall(v int64, scale int32) bool {
	target := max(s.scale, scale)
	a, okA := rescaled(s.small, target-s.scale)
	b, okB := rescaled(v, target-scale)
	sum := a + b
	if !okA || !okB || (sum > a) != (b > 0) && b != 0 {
		return false
	}
	s.small, s.scale = sum, target
	return true
}

// sumOf returns the sum in Go's memory, which it makes if need be.
func (s *sumState) sumOf() *largeSum {
	largeSums.mu.Lock()
	defer largeSums.mu.Unlock()
	if s.large != 0 {
		return largeSums.held[s.large]
	}
	if largeSums.held == nil {
		largeSums.held = map[uint32]*largeSum{}
	}
	for s.large == 0 || largeSums.held[s.large] != nil {
		largeSums.last++
		s.large = largeSums.last
	}
	sum := &largeSum{}
	largeSums.held[s.large] = sum
	return sum
}

// total is the state's sum.
func (s *sumState) total() *pgfn.NumericSum {
	var out pgfn.NumericSum
	if s.large != 0 {
		out.Merge(&s.sumOf().NumericSum)
	}
	if s.count > 0 {
		out.Add(smallNumeric(s.small, s.scale))
	}
	return &out
}

func smallNumeric(v int64, scale int32) pgfn.Numeric {
	n := pgfn.NumericFromInt(v)
	if scale == 0 {
		return n
	}
	return pgfn.NumericFromUnscaled(bigInt(v), int(scale))
}

func (s *sumState) sum() (pgfn.Numeric, error) {
	n, _, err := s.total().Sum()
	return n, err
}

func (s *sumState) merge(o *sumState) {
	if o.count == 0 {
		return
	}
	s.count += o.count
	if o.large != 0 {
		s.sumOf().Merge(&o.sumOf().NumericSum)
	}
	if !s.addSmall(o.small, o.scale) {
		s.sumOf().Add(smallNumeric(o.small, o.scale))
	}
	if s.large != 0 {
		_ = s.sumOf().count() // the other is about to go
	}
}

// forget frees the sum in Go's memory.
func (s *sumState) forget() {
	if s.large == 0 {
		return
	}
	largeSums.mu.Lock()
	if sum := largeSums.held[s.large]; sum != nil {
		_ = sum.memory.Set(0)
	}
	delete(largeSums.held, s.large)
	largeSums.mu.Unlock()
	s.large = 0
}

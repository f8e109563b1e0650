package pgfn

import "math/big"

// NumericSum is the state of sum and avg over numeric. The zero NumericSum is empty.
type NumericSum struct {
	count          int64
	nan, pinf, inf int64
	small          int64 // what is not yet in large
	scale          int32 // of small; the greatest so far
	large          *big.Int
	largeScale     int32
}

// Add takes a value in.
func (s *NumericSum) Add(n Numeric) {
	s.count++
	if n.kind != finite {
		s.special(n, 1)
		return
	}
	s.add(n)
}

func (s *NumericSum) special(n Numeric, by int64) {
	switch n.kind {
	case notANumber:
		s.nan += by
	case positiveInfinity:
		s.pinf += by
	case negativeInfinity:
		s.inf += by
	}
}

func (s *NumericSum) add(n Numeric) {
	if n.scale > s.scale {
		if v, ok := (Numeric{small: s.small, scale: s.scale}).rescaledSmall(n.scale); ok {
			s.small = v
		} else {
			s.flush()
		}
		s.scale = n.scale
	}
	if v, ok := n.rescaledSmall(s.scale); ok {
		if sum, ok := addSmall(s.small, v); ok {
			s.small = sum
			return
		}
		s.flush()
		s.small = v
		return
	}
	s.flush()
	s.grow()
	s.large.Add(s.large, n.rescaled(int(s.scale)))
}

// grow makes large of s.scale.
func (s *NumericSum) grow() {
	if s.large == nil {
		s.large, s.largeScale = new(big.Int), s.scale
	}
	if d := s.scale - s.largeScale; d > 0 {
		s.large.Mul(s.large, pow10(int(d)))
		s.largeScale = s.scale
	}
}

func (s *NumericSum) flush() {
	s.grow()
	s.large.Add(s.large, big.NewInt(s.small))
	s.small = 0
}

// Merge takes in what another sum did.
func (s *NumericSum) Merge(o *NumericSum) {
	s.count += o.count
	s.nan += o.nan
	s.pinf += o.pinf
	s.inf += o.inf
	s.add(Numeric{small: o.small, scale: o.scale})
	if o.large != nil {
		s.add(fromBig(new(big.Int).Set(o.large), int(o.largeScale)))
	}
}

// Bytes is about what the sum takes.
func (s *NumericSum) Bytes() int {
	n := 64
	if s.large != nil {
		n += 8 * cap(s.large.Bits())
	}
	return n
}

// Count is how many values there are.
func (s *NumericSum) Count() int64 { return s.count }

func (s *NumericSum) total() (Numeric, error) {
	switch {
	case s.nan > 0 || s.pinf > 0 && s.inf > 0:
		return numericNaN, nil
	case s.pinf > 0:
		return numericPInf, nil
	case s.inf > 0:
		return numericNInf, nil
	case s.large == nil:
		return Numeric{small: s.small, scale: s.scale}, nil
	}
	u := s.large
	if d := s.scale - s.largeScale; d > 0 {
		u = new(big.Int).Mul(u, pow10(int(d)))
	}
	return result(new(big.Int).Add(u, big.NewInt(s.small)), int(s.scale))
}

// Sum is sum(); null, that is false, without values.
func (s *NumericSum) Sum() (sum Numeric, ok bool, err error) {
	if s.count == 0 {
		return Numeric{}, false, nil
	}
	sum, err = s.total()
	return sum, true, err
}

// Avg is avg(); null, that is false, without values.
func (s *NumericSum) Avg() (avg Numeric, ok bool, err error) {
	if s.count == 0 {
		return Numeric{}, false, nil
	}
	if avg, err = s.total(); err == nil {
		avg, err = avg.Div(NumericFromInt(s.count))
	}
	return avg, true, err
}

// NumericMoments is the state of the variances and standard deviations over numeric.
// The zero NumericMoments is empty.
type NumericMoments struct{ sum, squares NumericSum }

// Add takes a value in.
func (m *NumericMoments) Add(n Numeric) {
	m.sum.Add(n)
	if n.kind != finite {
		return
	}
	// Exactly, at any scale.
	if sq, ok := mulSmall(n.small, n.small); n.big == nil && ok {
		m.squares.add(Numeric{small: sq, scale: n.scale * 2})
		return
	}
	u := n.unscaled()
	m.squares.add(fromBig(new(big.Int).Mul(u, u), int(n.scale)*2))
}

// Merge takes in what another state did.
func (m *NumericMoments) Merge(o *NumericMoments) {
	m.sum.Merge(&o.sum)
	m.squares.Merge(&o.squares)
}

// Values returns what VarSamp and the like take.
func (m *NumericMoments) Values() (n int64, sumX, sumX2 Numeric, err error) {
	if sumX, err = m.sum.total(); err != nil {
		return 0, sumX, sumX2, err
	}
	if sumX.kind == finite {
		u := new(big.Int)
		if m.squares.large != nil {
			u = m.squares.large
		}
		u = fromBig(new(big.Int).Set(u), int(m.squares.largeScale)).rescaled(int(m.squares.scale))
		sumX2 = fromBig(new(big.Int).Add(u, big.NewInt(m.squares.small)), int(m.squares.scale))
	}
	return m.sum.count, sumX, sumX2, nil
}

// VarSamp is var_samp of n values from their sum and the sum of their squares; null, that
// is false, for less than 2.
func VarSamp(n int64, sumX, sumX2 Numeric) (Numeric, bool, error) {
	return deviation(n, sumX, sumX2, true, false)
}

// VarPop is var_pop; null, that is false, without values.
func VarPop(n int64, sumX, sumX2 Numeric) (Numeric, bool, error) {
	return deviation(n, sumX, sumX2, false, false)
}

// StddevSamp is stddev_samp; null, that is false, for less than 2 values.
func StddevSamp(n int64, sumX, sumX2 Numeric) (Numeric, bool, error) {
	return deviation(n, sumX, sumX2, true, true)
}

// StddevPop is stddev_pop; null, that is false, without values.
func StddevPop(n int64, sumX, sumX2 Numeric) (Numeric, bool, error) {
	return deviation(n, sumX, sumX2, false, true)
}

// deviation is PostgreSQL's numeric_stddev_internal.
func deviation(n int64, sumX, sumX2 Numeric, sample, root bool) (Numeric, bool, error) {
	switch {
	case n <= 0 || sample && n == 1:
		return Numeric{}, false, nil
	case sumX.kind|sumX2.kind != finite:
		return numericNaN, true, nil
	}
	scale := int(sumX.scale) * 2
	count := big.NewInt(n)
	square := new(big.Int).Mul(sumX.unscaled(), sumX.unscaled())
	squares := new(big.Int).Mul(sumX2.rescaled(max(scale, int(sumX2.scale))), count)
	squares = roundBig(squares, int(sumX2.scale)-scale)
	above := fromBig(squares.Sub(squares, square), scale)
	if above.Signum() <= 0 {
		return Numeric{}, true, nil
	}
	other := big.NewInt(n)
	if sample {
		other.SetInt64(n - 1)
	}
	below := fromBig(other.Mul(other, count), 0)
	scale = divScale(above, below)
	v, err := divTo(above, below, scale)
	if root && err == nil {
		v = v.sqrtTo(scale)
	}
	return v, true, err
}

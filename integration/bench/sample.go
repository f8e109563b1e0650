package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// sample is what one run of a workload on one side gave.
type sample struct {
	value     float64 // in the workload's unit
	latencies []time.Duration
	note      string
}

// series are the samples of a workload on one side.
type series []sample

func (s series) values() []float64 {
	v := make([]float64, len(s))
	for i := range s {
		v[i] = s[i].value
	}
	slices.Sort(v)
	return v
}

// median of the samples; 0 if there is none.
func (s series) median() float64 {
	return median(s.values())
}

// median of sorted values; 0 if there is none.
func median(v []float64) float64 {
	switch n := len(v); {
	case n == 0:
		return 0
	case n%2 == 1:
		return v[n/2]
	default:
		return (v[n/2-1] + v[n/2]) / 2
	}
}

// spread is the least and the greatest.
func (s series) spread() string {
	v := s.values()
	if len(v) < 2 {
		return ""
	}
	return number(v[0]) + "–" + number(v[len(v)-1])
}

// percentile of the latencies of all samples together.
func (s series) percentile(p float64) time.Duration {
	var all []time.Duration
	for i := range s {
		all = append(all, s[i].latencies...)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(int(p/100*float64(len(all))), len(all)-1)]
}

// latency is p50, p99 and p99.9 in ms.
func (s series) latency() string {
	if s.percentile(50) == 0 {
		return ""
	}
	ms := func(p float64) string {
		return number(float64(s.percentile(p)) / float64(time.Millisecond))
	}
	return ms(50) + " / " + ms(99) + " / " + ms(99.9)
}

// number writes three significant digits or more, with commas.
func number(v float64) string {
	switch {
	case v < 1:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	digits := fmt.Sprintf("%.0f", v)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// ratio of medians, larger being better for a; "" if one is missing.
func ratio(a, b series, less bool) float64 {
	x, y := a.median(), b.median()
	if less {
		x, y = y, x
	}
	if cmp.Compare(x, 0) <= 0 || cmp.Compare(y, 0) <= 0 {
		return 0
	}
	return x / y
}

package main

import "testing"

// TestInterval has the places that tables of the sign test give.
func TestInterval(t *testing.T) {
	for n, want := range map[int]int{1: 0, 5: 0, 6: 0, 8: 0, 9: 1, 11: 1, 12: 2, 14: 2, 15: 3, 20: 5, 25: 7, 30: 9} {
		if low, high := interval(n); low != want || high != n-1-want {
			t.Errorf("%d: %d and %d, not %d", n, low, high, want)
		}
	}
}

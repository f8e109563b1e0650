package main

import "testing"

func TestGCPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 100}, {10 << 20, 100}, {96 << 20, 100}, {192 << 20, 50}, {384 << 20, 25}, {8 << 30, 25}} {
		if got := gcPercent(c.live); got != c.want {
			t.Errorf("%d bytes in use: %d %%, not %d %%", c.live, got, c.want)
		}
	}
}

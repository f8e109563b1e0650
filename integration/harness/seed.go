package harness

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

var seedFlag = flag.Uint64("seed", 0, "repeat the random choices of an earlier run; 0: choose a seed")

// Seed gives a run's seed, which is printed whatever happens: a run that hangs is to be
// repeated too. The flag -seed repeats one. EVENTGRES_SEED is a number that all tests' seeds follow from: what passed
// under it passes again.
func Seed(t testing.TB) uint64 {
	text := os.Getenv("EVENTGRES_SEED")
	if text == "" {
		return SeedOr(t, rand.Uint64())
	}
	all, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("EVENTGRES_SEED=%s: %v", text, err)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.Name()))
	return SeedOr(t, all^h.Sum64())
}

// SeedOr is Seed for a run whose choices are always the same ones unless asked for others.
func SeedOr(t testing.TB, seed uint64) uint64 {
	if *seedFlag != 0 {
		seed = *seedFlag
	}
	fmt.Printf("%s: -seed %d\n", t.Name(), seed)
	return seed
}

// Long tells whether tests run in their long form, by EVENTGRES_LONG=1.
func Long() bool { return os.Getenv("EVENTGRES_LONG") == "1" }

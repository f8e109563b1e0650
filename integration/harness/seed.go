package harness

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

var seedFlag = flag.Uint64("seed", 0, "repeat the random choices of an earlier run; 0: choose a seed")

// Seed gives a run's seed, which is printed whatever happens: a run that hangs is to be
// repeated too. The flag -seed repeats one.
func Seed(t testing.TB) uint64 {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	fmt.Printf("%s: -seed %d\n", t.Name(), seed)
	return seed
}

// Long tells whether tests run in their long form, by EVENTGRES_LONG=1.
func Long() bool { return os.Getenv("EVENTGRES_LONG") == "1" }

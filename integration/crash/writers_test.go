package crash

import (
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/crash/history"
	"github.com/eventgres/eventgres/integration/harness"
)

// 64 writers race for 50 streams. Afterwards every stream is gapless, every
// acknowledged append is there once, every refused one is absent and had been
// refused for a reason, and what was acknowledged before another was sent lies
// below it (I1, I3, I8).
func TestWriters(t *testing.T) {
	attempts := int64(20_000)
	switch {
	case harness.Long():
		attempts = 100_000
	case testing.Short():
		attempts = 5_000
	}
	seed := harness.Seed(t)
	server := harness.Eventgres(t)
	l := newLoad(server.URL())
	start := time.Now()
	if err := l.run(t.Context(), seed, attempts, make(chan struct{}, 1)); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	outcomes := l.outcomes()
	log := l.judge(t.Context(), t)
	t.Logf("%d attempts in %v: %d acknowledged, %d refused; %d events",
		len(l.attempts), took, outcomes[history.Acknowledged], outcomes[history.Refused], len(log))
	if int64(len(l.attempts)) != attempts {
		t.Errorf("%d attempts made, want %d", len(l.attempts), attempts)
	}
	if n := outcomes[history.Unanswered]; n > 0 {
		t.Errorf("%d attempts got no answer", n)
	}
	// A load without conflicts, or with nothing else, would prove nothing.
	for _, o := range []history.Outcome{history.Acknowledged, history.Refused} {
		if share := 100 * int64(outcomes[o]) / attempts; share < 10 {
			t.Errorf("only %d%% of the attempts were %v", share, o)
		}
	}
}

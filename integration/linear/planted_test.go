package linear

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/eventgres/eventgres/integration/harness"
)

// at makes an operation on the one stream of the planted histories.
func at(call, end int64, in request, out answer) porcupine.Operation {
	return porcupine.Operation{Input: in, Output: out, Call: call, Return: end}
}

func put(expected int64, ids ...uint64) request { return request{ids: ids, expected: expected} }

func putOnce(expected int64, ids ...uint64) request {
	return request{ids: ids, expected: expected, once: true}
}

func saw(ids ...uint64) answer {
	return answer{kind: listed, count: int64(len(ids)), sum: sumOf(ids)}
}

func from(version int64) answer { return answer{kind: stored, first: version} }

func actual(version int64) answer { return answer{kind: refused, actual: version} }

var lost = answer{}

const never = math.MaxInt64

// The checker accepts what the README allows and nothing else. Each history goes on from
// a stream with the events 1 and 2.
func TestPlanted(t *testing.T) {
	begin := []porcupine.Operation{
		at(0, 10, put(-1, 1), from(0)),
		at(20, 30, put(0, 2), from(1)),
	}
	for _, c := range []struct {
		name string
		fine bool
		ops  []porcupine.Operation
	}{
		{"nothing more", true, nil},
		{"all is read", true, []porcupine.Operation{at(40, 50, request{}, saw(1, 2))}},
		{"a read beside an append misses it", true, []porcupine.Operation{
			at(40, 60, put(1, 3), from(2)), at(45, 65, request{}, saw(1, 2)),
		}},
		{"a refusal tells the version", true, []porcupine.Operation{at(40, 50, put(0, 3), actual(1))}},
		{"an open append takes effect late", true, []porcupine.Operation{
			at(40, never, put(1, 3), lost), at(50, 60, request{}, saw(1, 2)), at(70, 80, request{}, saw(1, 2, 3)),
		}},
		{"an open append never takes effect", true, []porcupine.Operation{
			at(40, never, put(1, 3), lost), at(50, 60, put(1, 4), from(2)), at(70, 80, request{}, saw(1, 2, 4)),
		}},
		{"a retry finds it stored", true, []porcupine.Operation{
			at(40, never, putOnce(1, 3), lost), at(50, 60, putOnce(1, 3), answer{kind: skipped}), at(70, 80, request{}, saw(1, 2, 3)),
		}},
		{"a retry stores it", true, []porcupine.Operation{
			at(40, never, putOnce(1, 3), lost), at(50, 60, putOnce(1, 3), from(2)), at(70, 80, request{}, saw(1, 2, 3)),
		}},

		{"an acknowledged append is gone", false, []porcupine.Operation{at(40, 50, request{}, saw(1))}},
		{"the count is too low", false, []porcupine.Operation{at(40, 50, request{}, answer{kind: counted, count: 1})}},
		{"events are swapped", false, []porcupine.Operation{at(40, 50, request{}, saw(2, 1))}},
		{"an event nobody appended", false, []porcupine.Operation{at(40, 50, request{}, saw(1, 2, 9))}},
		{"an event is seen and then gone", false, []porcupine.Operation{
			at(40, never, put(1, 3), lost), at(50, 60, request{}, saw(1, 2, 3)), at(70, 80, request{}, saw(1, 2)),
		}},
		{"an open append is there in part", false, []porcupine.Operation{
			at(40, never, put(1, 3, 4), lost), at(50, 60, request{}, saw(1, 2, 3)),
		}},
		{"an open append takes effect twice", false, []porcupine.Operation{
			at(40, never, put(anyVersion, 3), lost), at(50, 60, request{}, saw(1, 2, 3, 3)),
		}},
		{"a retry stores it again", false, []porcupine.Operation{
			at(40, never, putOnce(1, 3), lost), at(50, 60, putOnce(anyVersion, 3), from(3)), at(70, 80, request{}, saw(1, 2, 3, 3)),
		}},
		{"a retry leaves out what is not there", false, []porcupine.Operation{
			at(40, 50, putOnce(1, 3), answer{kind: skipped}),
		}},
		{"a retry of what is stored is refused", false, []porcupine.Operation{
			at(40, 50, putOnce(0, 2), actual(1)),
		}},
		{"a duplicate of nothing", false, []porcupine.Operation{at(40, 50, put(1, 3), answer{kind: duplicate})}},
		{"stored against its expectation", false, []porcupine.Operation{at(40, 50, put(0, 3), from(2))}},
		{"refused although it was met", false, []porcupine.Operation{at(40, 50, put(1, 3), answer{kind: refused, actual: unsaid})}},
		{"refused with a version that never was", false, []porcupine.Operation{at(40, 50, put(7, 3), actual(5))}},
		{"refused with a version of the past", false, []porcupine.Operation{at(40, 50, put(7, 3), actual(0))}},
		{"one version twice", false, []porcupine.Operation{
			at(40, 60, put(1, 3), from(2)), at(45, 65, put(1, 4), from(2)),
		}},
		{"a version is left out", false, []porcupine.Operation{at(40, 50, put(anyVersion, 3), from(3))}},
		{"what was acknowledged first comes second", false, []porcupine.Operation{
			at(40, 50, put(anyVersion, 3), answer{kind: stored, first: unsaid}),
			at(60, 70, put(anyVersion, 4), answer{kind: stored, first: unsaid}),
			at(80, 90, request{}, saw(1, 2, 4, 3)),
		}},
	} {
		ops := append(slices.Clone(begin), c.ops...)
		if got := porcupine.CheckOperations(model, ops); got != c.fine {
			t.Errorf("%s: accepted %v, want %v", c.name, got, c.fine)
		}
	}
}

// A real history with one answer changed is caught, with all that is open in it.
func TestDoctored(t *testing.T) {
	seed := harness.Seed(t)
	r := newRun(t, seed)
	r.outageAt.Store(200)
	// Short: to show that there is no order takes longer than to find one.
	ops := r.newEpoch(0, 400).play(t).ops
	if err := check("untouched", ops); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	for _, c := range []struct {
		name   string
		doctor func(in *request, out *answer) bool // whether it could
	}{
		{"another version", func(_ *request, out *answer) bool {
			out.first++
			return out.kind == stored && out.first > 0
		}},
		{"another actual version", func(in *request, out *answer) bool {
			out.actual += 1000 // one less may be what it was a moment before
			return out.kind == refused && out.actual > 1000 && out.actual != in.expected
		}},
		{"events more", func(_ *request, out *answer) bool {
			out.count += 1000
			return out.kind == counted
		}},
		{"another event", func(_ *request, out *answer) bool {
			out.sum++
			return out.kind == listed
		}},
		{"another id", func(in *request, out *answer) bool {
			in.ids = []uint64{^uint64(0)}
			return out.kind == stored
		}},
		{"refused instead of stored", func(in *request, out *answer) bool {
			was := out.kind
			*out = answer{kind: refused, actual: unsaid}
			return was == stored
		}},
	} {
		doctored := slices.Clone(ops)
		for _, i := range random.Perm(len(ops)) {
			in, out := ops[i].Input.(request), ops[i].Output.(answer)
			if c.doctor(&in, &out) {
				doctored[i].Input, doctored[i].Output = in, out
				break
			}
		}
		if porcupine.CheckOperationsTimeout(model, doctored, checkTime) != porcupine.Illegal {
			t.Errorf("%s: not caught", c.name)
		}
	}
}

// The audit catches what no stream shows by itself.
func TestPlantedPlaces(t *testing.T) {
	const ms = time.Millisecond
	two := []ask{
		{ids: []uint64{1, 2}, sent: 1 * ms, answered: 2 * ms, kind: stored, position: 0},
		{ids: []uint64{3}, sent: 3 * ms, answered: 4 * ms, kind: stored, position: unsaid},
	}
	open := []ask{{ids: []uint64{1, 2}, sent: 1 * ms, answered: 2 * ms, kind: unknown, position: unsaid}}
	for _, c := range []struct {
		name  string
		asked []ask
		log   []uint64 // ids in the order of positions
		fine  bool
	}{
		{"as told", two, []uint64{1, 2, 3}, true},
		{"an open append that is there", open, []uint64{1, 2}, true},
		{"an open append that is not", open, nil, true},
		{"an open append in part", open, []uint64{1}, false},
		{"lost", two, []uint64{1, 2}, false},
		{"scattered", two, []uint64{1, 3, 2}, false},
		{"elsewhere than told", two, []uint64{9, 1, 2, 3}, false},
		{"the later one before", two, []uint64{3, 1, 2}, false},
	} {
		at := map[uint64]int64{}
		for i, id := range c.log {
			at[id] = int64(i)
		}
		r := &run{acknowledged: -1, open: map[uint64]bool{}}
		found := append(r.judgePlaces(c.asked, at), r.judgeOrder(slices.Clone(c.asked), at)...)
		if (len(found) == 0) != c.fine {
			t.Errorf("%s: found %v", c.name, found)
		}
	}
	// The order alone, with no position told.
	two[0].position = unsaid
	r := &run{acknowledged: -1}
	if found := r.judgeOrder(two, map[uint64]int64{3: 0, 1: 1, 2: 2}); len(found) != 1 {
		t.Errorf("acknowledged in one order, stored in the other: found %v", found)
	}
}

//go:build linux

package faults

import (
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// While no write finds room, appends are refused and reads go on; as soon as
// there is room again, appends go on without a restart; and nothing of what was
// refused is ever there, whatever becomes of the process (I1, I2).
func TestNoSpace(t *testing.T) {
	strace(t)
	faults := map[string][]string{
		"write":             {"pwrite64:error=ENOSPC:when=1+"},
		"write over quota":  {"pwrite64:error=EDQUOT:when=1+"},
		"reserve":           {"fallocate:error=ENOSPC:when=1+"},
		"reserve and write": {"fallocate:error=ENOSPC:when=1+", "pwrite64:error=ENOSPC:when=1+"},
		"rename":            {"renameat:error=ENOSPC:when=1+"},
	}
	for name, inject := range faults {
		for _, segment := range []string{"16384", "268435456"} {
			if name == "rename" && segment != "16384" {
				continue // nothing is renamed without a roll
			}
			t.Run(name+", segment "+segment, func(t *testing.T) { fillUp(t, segment, inject) })
		}
	}
}

func fillUp(t *testing.T, segment string, inject []string) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics", "--segment-bytes", segment))
	j := newJournal()
	clients := j.connect(t, server, 4, 1000)
	run(t, clients, 3)
	j.onlyAnswers(t)
	for range 2 { // full, room, full, room
		tr := attach(t, server, inject...)
		full := j.count(diskFull)
		// What was reserved before has room yet.
		eventually(t, "an append is refused", func() bool {
			run(t, clients, 10)
			return j.count(diskFull) > full || j.count(ioError) > 0 || strings.HasPrefix(inject[0], "fallocate") && j.events() > 500
		})
		j.onlyAnswers(t, diskFull)
		j.sees(t, server)
		tr.detach(t)
		good := j.count(acknowledged)
		run(t, clients, 10)
		if n := j.count(acknowledged) - good; n != 40 {
			t.Errorf("%d of 40 appends were acknowledged once there was room again", n)
		}
		j.sees(t, server)
	}
	if j.count(diskFull) == 0 && segment == "16384" {
		t.Error("nothing was refused")
	}
	j.survives(t, server)
}

// A few writes in the middle of many find no room.
func TestNoSpaceForAWhile(t *testing.T) {
	strace(t)
	for _, when := range []string{"1..1", "3..6", "11..14", "20..40"} {
		t.Run(when, func(t *testing.T) {
			server := harness.Eventgres(t, harness.WithArgs("--no-analytics", "--segment-bytes", "16384"))
			j := newJournal()
			clients := j.connect(t, server, 4, 1000)
			attach(t, server, "pwrite64:error=ENOSPC:when="+when)
			run(t, clients, 60, diskFull)
			j.onlyAnswers(t, diskFull)
			j.sees(t, server)
			refused := j.count(diskFull)
			if refused == 0 {
				t.Error("nothing was refused")
			}
			run(t, clients, 5)
			if n := j.count(diskFull) - refused; n > 0 {
				t.Errorf("%d appends were refused when there was room again", n)
			}
			j.survives(t, server)
		})
	}
}

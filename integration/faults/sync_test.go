//go:build linux

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// An ioFault lets the Nth call of a thread fail; the next one succeeds, as it
// does on a file system that drops the pages that it could not write.
type ioFault struct {
	call    string
	errno   string
	nth     int
	clients int
	segment int // bytes; 0: the default
}

func (f ioFault) String() string {
	return fmt.Sprintf("%s %s %d, %d clients, segment %d", f.call, f.errno, f.nth, f.clients, f.segment)
}

func (f ioFault) inject() string {
	return fmt.Sprintf("%s:error=%s:when=%d", f.call, f.errno, f.nth)
}

func ioFaults() (faults []ioFault) {
	nths := []int{1, 3, 10}
	rolls := []int{9, 10, 11, 12, 13, 14} // with the first roll among them
	if harness.Long() {
		nths, rolls = upTo(40), upTo(60)
	}
	for _, n := range nths {
		faults = append(faults, ioFault{"fdatasync", "EIO", n, 1, 0}, ioFault{"fdatasync", "EIO", n, 12, 0})
	}
	faults = append(faults, ioFault{"pwrite64", "EIO", nths[len(nths)-1], 12, 0})
	// A sync that finds no room has lost what was written all the same.
	faults = append(faults, ioFault{"fdatasync", "ENOSPC", 2, 4, 0})
	for _, n := range rolls {
		faults = append(faults, ioFault{"fdatasync", "EIO", n, 1, 16 << 10}, ioFault{"pwrite64", "EIO", n, 1, 16 << 10})
	}
	for _, n := range nths[:2] {
		faults = append(faults, ioFault{"fsync", "EIO", n, 4, 16 << 10}, ioFault{"renameat", "EIO", n, 4, 16 << 10})
	}
	return faults
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// A write or a sync fails. Nobody of its group is acknowledged and nobody sees
// an event of it, appends are refused until a restart, reads go on, and after
// the restart everything acknowledged is there (I1, I2, I3).
//
// It may also be that a roll fails before it has touched the segment that is
// written to. Then nothing is in doubt, and appends may go on with another
// attempt to make the next segment.
func TestFailedSync(t *testing.T) {
	strace(t)
	t.Parallel() // much of it is waiting
	faults, groups := 0, 0
	for i, fault := range ioFaults() {
		t.Run(fault.String(), func(t *testing.T) {
			group := failSync(t, fault, i%2 == 0)
			if fault.clients > 4 {
				faults++
				if group > 1 {
					groups++
				}
			}
		})
	}
	if groups < faults/2 {
		t.Errorf("%d of %d groups were of more than one append: that proves little", groups, faults)
	}
}

// failSync returns the size of the group that failed.
func failSync(t *testing.T, fault ioFault, kill bool) (group int) {
	args := []string{"--no-analytics", "--unpacked"} // to find events in what was written
	if fault.segment > 0 {
		args = append(args, "--segment-bytes", fmt.Sprint(fault.segment))
	}
	server := harness.Eventgres(t, harness.WithArgs(args...))
	j := newJournal()
	clients := j.connect(t, server, fault.clients, 1000)
	// The other half of a commit takes long, so that appends gather behind it and
	// groups are of many.
	slow := "pwrite64:delay_enter=5000"
	if fault.call == "pwrite64" {
		slow = "fdatasync:delay_enter=5000"
	}
	tr := attach(t, server, fault.inject(), slow)
	run(t, clients, 40+fault.nth)
	j.onlyAnswers(t, ioError)
	poisoned := clients[0].append(t) != acknowledged
	if poisoned {
		for _, c := range append(clients, j.connect(t, server, 1, 10)...) {
			if code := c.append(t); code != ioError {
				t.Errorf("append after the failure: answered %s, want %s", code, ioError)
			}
		}
	}
	j.sees(t, server)
	tr.detach(t)
	if code := clients[0].append(t); poisoned && code != ioError {
		t.Errorf("append when the disk is in order again: answered %s, want %s", code, ioError)
	}
	if !tr.injected(t) {
		t.Fatal("nothing was made to fail")
	}
	group = j.unacknowledged(t, tr.group(t, fault.call, fault.nth), 0)
	switch {
	case group > 0 && !poisoned:
		t.Errorf("appends go on after a group of %d appends was not written", group)
	case group == 0 && !rolled(t, server.Data):
		t.Error("no append was in the group that failed")
	}

	if kill {
		server.Kill()
	} else {
		server.Stop()
	}
	server.Restart()
	n := j.judge(t, server)
	t.Logf("group of %d; %d events acknowledged before the failure, %d in the log after the restart; appends stopped: %v",
		group, j.events(), n, poisoned)
	j.appends(t, server)
	verify(t, server)
	return group
}

// rolled tells whether the log has begun a second segment. Where segments are of the usual size it
// does too: the first one ends early.
func rolled(t *testing.T, data string) bool {
	entries, err := os.ReadDir(filepath.Join(data, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) > 1
}

// A roll cannot be finished: the next segment is there, and its entry in the
// directory cannot be made durable. What is smaller and would still fit into the
// segment before may not go there, behind what the next one says is its end. The
// server is killed in this state.
func TestFailedRoll(t *testing.T) {
	strace(t)
	for _, call := range []string{"fsync", "renameat"} {
		t.Run(call, func(t *testing.T) {
			server := harness.Eventgres(t, smallSegments)
			j := newJournal()
			large := j.connect(t, server, 1, 3000)
			small := j.connect(t, server, 2, 0)
			tr := attach(t, server, call+":error=EIO:when=1+")
			run(t, large, 20)
			if j.count(ioError) == 0 {
				t.Fatal("the roll did not fail")
			}
			run(t, small, 3, ioError)
			j.onlyAnswers(t, ioError)
			j.sees(t, server)
			server.Kill()
			tr.detach(t)
			server.Restart()
			j.judge(t, server)
			j.appends(t, server)
			verify(t, server)
		})
	}
}

package analytics

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// cpuTime is how long a process has had a processor; false where that is not known.
func cpuTime(pid int) (time.Duration, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	_, rest, _ := bytes.Cut(b, []byte(") ")) // behind the name, which may hold spaces
	fields := bytes.Fields(rest)
	if len(fields) < 13 {
		return 0, false
	}
	var sum int64
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, false
		}
		sum += n
	}
	return time.Duration(sum) * 10 * time.Millisecond, true
}

package web

import (
	"bytes"
	"os"
	"strconv"
)

// residentMemory is what a process has in memory, in bytes, where the system is Linux.
func residentMemory(pid int) (bytesHeld float64, known bool) {
	if pid == 0 {
		return 0, false
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return float64(pages) * float64(os.Getpagesize()), err == nil
}

//go:build linux

package packages

import (
	"debug/elf"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// symbolVersions are the newest versions of the symbols that a program asks for, by what they are of: GLIBC, GLIBCXX.
func symbolVersions(t *testing.T, program string) map[string]string {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	newest := map[string]string{}
	for _, symbol := range symbols {
		of, version, found := strings.Cut(symbol.Version, "_")
		if found && slices.Compare(numbers(version), numbers(newest[of])) > 0 {
			newest[of] = version
		}
	}
	return newest
}

func numbers(version string) (out []int) {
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part)
		out = append(out, n)
	}
	return out
}

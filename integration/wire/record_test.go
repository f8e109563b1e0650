package wire

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// A recorder keeps the answers of a server that differ from a script, and
// writes them into it. The diff is for a person to judge.
type recorder struct {
	script *script
	parts  []part
}

// A part replaces the lines from begin up to end, indexes into script.lines.
type part struct {
	begin, end int
	lines      []string
}

// replace notes a step's body anew. Lines that are right stay, with their patterns.
func (r *recorder) replace(s *step, compared *comparison) error {
	if !replaceable(s, compared) {
		return fmt.Errorf("edit this by hand\n%w", compared.report())
	}
	right := map[int]string{}
	for i := range min(len(compared.want), len(compared.got)) {
		if matchMessage(compared.want[i], compared.got[i], compared.vars) == nil {
			l := lineOf(compared.lines, i)
			right[i] = strings.TrimSpace(l.kind + " " + l.payload)
		}
	}
	p := part{begin: s.line, end: s.end}
	n := 0
	for _, m := range compared.all {
		text := m.String()
		if m.kind != "ParameterStatus" {
			if old, ok := right[n]; ok {
				text = old
			}
			n++
		}
		p.lines = append(p.lines, text)
	}
	r.parts = append(r.parts, p)
	return nil
}

// replaceable says whether the lines of a body stand for one message each, of
// both servers.
func replaceable(s *step, compared *comparison) bool {
	differs := slices.ContainsFunc(s.body, func(l bodyLine) bool { return l.target != "" })
	joined := len(compared.all) != len(compared.got)+len(compared.heard)
	return !differs && !joined && !slices.Contains(s.args, "times")
}

// lineOf is the nth line that is no ParameterStatus.
func lineOf(lines []bodyLine, n int) bodyLine {
	for _, l := range lines {
		if l.kind == "ParameterStatus" {
			continue
		}
		if n == 0 {
			return l
		}
		n--
	}
	return bodyLine{}
}

func (r *recorder) write() error {
	if len(r.parts) == 0 {
		return nil
	}
	slices.SortFunc(r.parts, func(a, b part) int { return b.begin - a.begin })
	lines := r.script.lines
	for _, p := range r.parts {
		lines = slices.Replace(lines, p.begin, p.end, p.lines...)
	}
	return os.WriteFile(r.script.path, []byte(strings.Join(lines, "\n")), 0o644)
}

package wire

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A comparison takes messages as they come in and finds the first that is not
// what a step expects.
type comparison struct {
	lines    []bodyLine
	want     []message // of lines, without ParameterStatus
	status   []message // the ParameterStatus of lines
	vars     variables // with what this step has set
	got      []message // without ParameterStatus
	compared int       // how many of got have been compared
	heard    []message // ParameterStatus
	all      []message // as they came
	err      error     // the first difference
}

func newComparison(lines []bodyLine, vars variables) (*comparison, error) {
	c := &comparison{lines: lines, vars: maps.Clone(vars)}
	for _, l := range lines {
		value, err := parsePayload(l.payload)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", l.line, err)
		}
		m := message{l.kind, value}
		switch {
		case m.kind == "ParameterStatus":
			c.status = append(c.status, m)
		case !joined(c.want, m):
			c.want = append(c.want, m)
		}
	}
	return c, nil
}

func (c *comparison) add(m message) {
	c.all = append(c.all, m)
	switch {
	case m.kind == "ParameterStatus":
		c.heard = append(c.heard, m)
	case !joined(c.got, m):
		c.compareLast() // nothing can be joined to it any more
		c.got = append(c.got, m)
		if m.kind != "CopyData" {
			c.compareLast()
		}
	}
}

// compareLast compares the last message, if that has not been done.
func (c *comparison) compareLast() {
	i := len(c.got) - 1
	if i < c.compared {
		return
	}
	c.compared = len(c.got)
	if i >= len(c.want) {
		c.fail(fmt.Errorf("nothing more expected, got %v", c.got[i]))
		return
	}
	c.fail(matchMessage(c.want[i], c.got[i], c.vars))
}

// joined adds CopyData to the CopyData before it: how a server cuts the stream
// into messages means nothing.
func joined(list []message, m message) bool {
	if m.kind != "CopyData" || len(list) == 0 || list[len(list)-1].kind != m.kind {
		return false
	}
	last := &list[len(list)-1]
	a, errA := toBytes(fmt.Sprint(last.value))
	b, errB := toBytes(fmt.Sprint(m.value))
	last.value = toText(append(a, b...))
	return errA == nil && errB == nil
}

// finish compares what can be compared only when all is there.
func (c *comparison) finish() {
	c.compareLast()
	if len(c.got) < len(c.want) {
		c.fail(fmt.Errorf("want %v, got nothing more", c.want[len(c.got)]))
	}
	byName := func(a, b message) int { return cmp.Compare(parameterName(a), parameterName(b)) }
	slices.SortStableFunc(c.status, byName)
	slices.SortStableFunc(c.heard, byName)
	for i, m := range c.heard {
		if i >= len(c.status) {
			c.fail(fmt.Errorf("%v not expected", m))
			return
		}
		if err := matchMessage(c.status[i], m, c.vars); err != nil {
			c.fail(fmt.Errorf("ParameterStatus: %w", err))
		}
	}
	if len(c.heard) < len(c.status) {
		c.fail(fmt.Errorf("want %v", c.status[len(c.heard)]))
	}
}

func (c *comparison) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// parameterName is what to sort ParameterStatus by.
func parameterName(m message) string {
	if list, ok := m.value.([]any); ok && len(list) > 0 {
		name, _ := textOf(list[0])
		return strings.ToLower(name)
	}
	return ""
}

// report shows a step that failed, both sides in full.
func (c *comparison) report() error {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\nwant:\n", c.err)
	for _, l := range c.lines {
		fmt.Fprintf(&b, "\t%s %s\n", l.kind, l.payload)
	}
	b.WriteString("got:\n")
	for _, m := range c.all {
		fmt.Fprintf(&b, "\t%s\n", shorten(m.String()))
	}
	return fmt.Errorf("%s", strings.TrimRight(b.String(), "\n"))
}

// shorten keeps a report readable where a script has sent a megabyte.
func shorten(text string) string {
	const most = 600
	if len(text) <= most {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:most], len(text))
}

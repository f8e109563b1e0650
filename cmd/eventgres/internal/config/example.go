package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// written is a setting's default as the file has it.
func (set *Setting) written() string {
	switch {
	case set.Type == "bool":
		return strconv.FormatBool(set.Default == "on" || set.Default == "true")
	case set.Type == "integer":
		return set.Default
	}
	return strconv.Quote(set.Default)
}

// when says when a change in the file takes effect.
func (set *Setting) when() string {
	if set.Reloads {
		return "reload"
	}
	return "restart"
}

// Example writes a file with every setting, commented, at its default.
func Example(w io.Writer, list []*Setting) error {
	var b strings.Builder
	b.WriteString("# Configuration of the server: eventgres serve --config FILE, or EVENTGRES_CONFIG. A flag beats a variable, a\n" +
		"# variable beats this file. Every line is commented and has the default. Relative paths begin at this file's directory.\n" +
		"# \"reload\": a change takes effect on SIGHUP or SELECT pg_reload_conf(); \"restart\": at the next start.\n")
	for _, set := range list {
		if set.Hidden || set.Key == "" {
			continue
		}
		b.WriteByte('\n')
		for _, line := range wrap(set.About, 118) {
			b.WriteString("# " + line + "\n")
		}
		fmt.Fprintf(&b, "# --%s, %s; %s\n", set.Flag, set.Variable, set.when())
		fmt.Fprintf(&b, "#%s = %s\n", set.Key, set.written())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// wrap breaks a text between words into lines of so many bytes.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// Table writes the settings as a table of Markdown.
func Table(list []*Setting) string {
	var b strings.Builder
	b.WriteString("| key | flag, variable | default | a change takes effect at | |\n|---|---|---|---|---|\n")
	for _, set := range list {
		if set.Hidden || set.Key == "" {
			continue
		}
		fmt.Fprintf(&b, "| `%s` | `--%s`, `%s` | `%s` | %s | %s |\n", set.Key, set.Flag, set.Variable, set.written(), set.when(), set.About)
	}
	return b.String()
}

// Package reference makes of the commands' declarations what describes them elsewhere: completions for bash, zsh and fish,
// and the man page. It knows no command by name, and what is hidden it leaves out.
package reference

import (
	"strings"

	"github.com/alecthomas/kong"
)

// commands are those that are told of, in the order in which they are declared.
func commands(app *kong.Application) []*kong.Node { return app.Leaves(true) }

// flags are a command's, with those that every command has before them.
func flags(command *kong.Node) (all []*kong.Flag) {
	for _, group := range command.AllFlags(true) {
		all = append(all, group...)
	}
	return all
}

// A kind is what can stand as a value.
type kind int

const (
	anything kind = iota
	nothing       // a flag without a value
	words         // one of a list
	files
	directories
)

func kindOf(v *kong.Value) kind {
	switch {
	case v.IsBool():
		return nothing
	case v.Enum != "":
		return words
	case v.Tag != nil && v.Tag.Type == "existingdir":
		return directories
	case v.Tag != nil && (v.Tag.Type == "path" || strings.HasSuffix(v.Tag.Type, "file")):
		return files
	case v.Flag == nil:
		return files // an argument whose type says nothing of it
	}
	return anything
}

// A script is a text that grows by lines.
type script struct{ strings.Builder }

func (s *script) line(parts ...string) {
	for _, part := range parts {
		s.WriteString(part)
	}
	s.WriteByte('\n')
}

// Package reference makes of the commands' declarations what describes them elsewhere: completions for bash, zsh and fish,
// and the man page. It knows no command by name, and what is hidden it leaves out.
package reference

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// commands are those that are told of, in the order in which they are declared. One that has others within it is told of as one, whose first argument says which.
func commands(app *kong.Application) (all []*kong.Node) {
	for _, command := range app.Children {
		switch {
		case command.Hidden:
		case command.Leaf():
			all = append(all, command)
		default:
			all = append(all, together(command))
		}
	}
	return all
}

// together makes one command of those within another.
func together(command *kong.Node) *kong.Node {
	one := &kong.Node{Type: kong.CommandNode, Parent: command.Parent, Name: command.Name, Help: command.Help, Flags: slices.Clone(command.Flags)}
	var names, help []string
	for _, within := range command.Children {
		names = append(names, within.Name)
		help = append(help, within.Name+": "+within.Help)
		for _, f := range within.Flags {
			if !slices.ContainsFunc(one.Flags, func(other *kong.Flag) bool { return other.Name == f.Name }) {
				one.Flags = append(one.Flags, f)
			}
		}
	}
	one.Positional = []*kong.Positional{{Name: "command", Help: strings.Join(help, " "), Enum: strings.Join(names, ","), Required: true, Tag: &kong.Tag{}}}
	return one
}

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

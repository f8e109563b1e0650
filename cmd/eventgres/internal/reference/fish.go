package reference

import (
	"strings"

	"github.com/alecthomas/kong"
)

// Fish is a completion script.
func Fish(app *kong.Application) string {
	var s script
	s.line("# Completion of ", app.Name, " for fish.")
	s.line("complete -c ", app.Name, " -f")
	for _, f := range app.Flags {
		s.line("complete -c ", app.Name, " -n __fish_use_subcommand -l ", f.Name, fishValue(f.Value), " -d ", fishQuote(f.Help))
	}
	for _, command := range commands(app) {
		s.line("complete -c ", app.Name, " -n __fish_use_subcommand -a ", command.Name, " -d ", fishQuote(command.Help))
	}
	for _, command := range commands(app) {
		within := "complete -c " + app.Name + " -n '__fish_seen_subcommand_from " + command.Name + "'"
		for _, f := range flags(command) {
			s.line(within, " -l ", f.Name, fishValue(f.Value), " -d ", fishQuote(f.Help))
		}
		for _, v := range command.Positional {
			// An argument is no value of a flag: it is offered, not required.
			s.line(within, strings.NewReplacer(" -r", "", " -x", "").Replace(fishValue(v)))
		}
	}
	return s.String()
}

// fishValue says whether a flag takes a value, and what is offered as one.
func fishValue(v *kong.Value) string {
	switch kindOf(v) {
	case nothing:
		return ""
	case words:
		return " -x -a " + fishQuote(strings.Join(v.EnumSlice(), " "))
	case files:
		return " -r -F"
	case directories:
		return " -x -a '(__fish_complete_directories)'"
	}
	return " -x"
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

package reference

import (
	"strings"

	"github.com/alecthomas/kong"
)

// Zsh is a completion script, for a file _eventgres in $fpath, or to be sourced.
func Zsh(app *kong.Application) string {
	var s script
	name := "_" + app.Name
	s.line("#compdef ", app.Name)
	s.line("# Completion of ", app.Name, " for zsh.")
	s.line(name, "() {")
	s.line("    local curcontext=$curcontext state line")
	s.line("    local -a commands")
	s.line("    commands=(")
	for _, command := range commands(app) {
		s.line("        ", zshQuote(command.Name+":"+command.Help))
	}
	s.line("    )")
	s.line("    _arguments -C \\")
	for _, f := range app.Flags {
		s.line("        ", zshFlag(f), " \\")
	}
	s.line("        '1:command:->command' '*::argument:->argument'")
	s.line("    case $state in")
	s.line("    command) _describe -t commands command commands ;;")
	s.line("    argument)")
	s.line("        case $words[1] in")
	for _, command := range commands(app) {
		s.line("        ", command.Name, ")")
		s.WriteString("            _arguments")
		for _, f := range flags(command) {
			s.WriteString(" \\\n                " + zshFlag(f))
		}
		for _, v := range command.Positional {
			s.WriteString(" \\\n                " + zshQuote(":"+zshEscape(v.Name)+":"+zshValue(v)))
		}
		s.line(" ;;")
	}
	s.line("        esac ;;")
	s.line("    esac")
	s.line("}")
	s.line("if [[ $funcstack[1] == ", name, " ]]; then")
	s.line("    ", name, ` "$@"`)
	s.line("else")
	s.line("    compdef ", name, " ", app.Name)
	s.line("fi")
	return s.String()
}

func zshFlag(f *kong.Flag) string {
	if kindOf(f.Value) == nothing {
		return zshQuote("--" + f.Name + "[" + zshEscape(f.Help) + "]")
	}
	return zshQuote("--" + f.Name + "=[" + zshEscape(f.Help) + "]:" + zshEscape(f.Name) + ":" + zshValue(f.Value))
}

// zshValue is what offers a value.
func zshValue(v *kong.Value) string {
	switch kindOf(v) {
	case words:
		return "(" + strings.Join(v.EnumSlice(), " ") + ")"
	case files:
		return "_files"
	case directories:
		return "_files -/"
	}
	return " " // nothing is offered, and the name is shown
}

func zshQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// zshEscape hides what ends a part of a specification.
func zshEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `:`, `\:`).Replace(s)
}

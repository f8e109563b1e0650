package reference

import (
	"strings"

	"github.com/alecthomas/kong"
)

// bashBefore finds the command that is being written, $command, and the flag whose value it is, $prev.
const bashBefore = `    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= i
    COMPREPLY=()
    # bash takes --flag=value for three words.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = && COMP_CWORD -gt 1 ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            command=${COMP_WORDS[i]}
            break
        fi
    done`

// Bash is a completion script.
func Bash(app *kong.Application) string {
	var s script
	name := "_" + app.Name
	s.line("# Completion of ", app.Name, " for bash.")
	s.line(name, "_of() {")
	s.line("    local IFS=$'\\n'")
	s.line(`    [[ $1 == -W ]] || compopt -o filenames 2>/dev/null`)
	s.line(`    COMPREPLY=($(compgen "$@"))`)
	s.line("}")
	s.line(name, "() {")
	s.line(bashBefore)
	s.line(`    case "$command $prev" in`)
	for _, command := range commands(app) {
		for _, f := range flags(command) {
			if kindOf(f.Value) != nothing {
				s.line("    ", bashQuote(command.Name+" --"+f.Name), ") ", bashValue(name, f.Value), " return ;;")
			}
		}
	}
	s.line("    esac")
	s.line("    case $command in")
	names := make([]string, 0, len(app.Children)+1)
	for _, command := range commands(app) {
		names = append(names, command.Name)
		options := make([]string, 0, len(command.Flags)+1)
		for _, f := range flags(command) {
			options = append(options, "--"+f.Name)
		}
		s.line("    ", command.Name, ")")
		s.line("        if [[ $cur == -* ]]; then")
		s.line("            ", bashWords(name, options))
		if len(command.Positional) > 0 {
			s.line("        else")
			s.line("            ", bashValue(name, command.Positional[0]))
		}
		s.line("        fi ;;")
	}
	for _, f := range app.Flags {
		names = append(names, "--"+f.Name)
	}
	s.line("    '') ", bashWords(name, names), " ;;")
	s.line("    esac")
	s.line("}")
	s.line("complete -F ", name, " ", app.Name)
	return s.String()
}

// bashValue offers what can be a value.
func bashValue(name string, v *kong.Value) string {
	switch kindOf(v) {
	case words:
		return bashWords(name, v.EnumSlice())
	case files:
		return name + `_of -f -- "$cur";`
	case directories:
		return name + `_of -d -- "$cur";`
	}
	return ""
}

func bashWords(name string, words []string) string {
	return name + `_of -W $'` + strings.Join(words, `\n`) + `' -- "$cur";`
}

func bashQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

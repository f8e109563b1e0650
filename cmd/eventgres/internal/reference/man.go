package reference

import (
	"strings"

	"github.com/alecthomas/kong"
)

// Man is the man page, as roff. after is what follows the commands: sections, as roff.
func Man(app *kong.Application, version, after string) string {
	var s script
	s.line(".TH ", strings.ToUpper(app.Name), " 1 \"\" ", manQuote(app.Name+" "+version))
	s.line(".SH NAME")
	s.line(man(app.Name), ` \- `, man(lowerFirst(strings.TrimSuffix(app.Help, "."))))
	s.line(".SH SYNOPSIS")
	for i, command := range commands(app) {
		if i > 0 {
			s.line(".br")
		}
		s.line(`\fB`, man(app.Name+" "+command.Name), `\fR`, manArguments(command))
	}
	s.line(".SH COMMANDS")
	for _, command := range commands(app) {
		s.line(".SS ", man(app.Name+" "+command.Name))
		s.line(man(command.Help))
		for _, v := range command.Positional {
			s.line(".TP")
			s.line(`\fI`, man(v.Name), `\fR`)
			s.line(man(manHelp(v)))
		}
		for _, f := range flags(command) {
			s.line(".TP")
			s.WriteString(`\fB` + man("--"+f.Name) + `\fR`)
			if kindOf(f.Value) != nothing {
				s.WriteString(`=\fI` + man(manPlaceholder(f)) + `\fR`)
			}
			s.line()
			s.line(man(manHelp(f.Value)))
		}
	}
	s.WriteString(after)
	return s.String()
}

func manArguments(command *kong.Node) (out string) {
	if len(command.Flags) > 0 {
		out += ` [\fIoptions\fR]`
	}
	for _, v := range command.Positional {
		if v.Required {
			out += ` \fI` + man(v.Name) + `\fR`
		} else {
			out += ` [\fI` + man(v.Name) + `\fR]`
		}
	}
	return out
}

func manPlaceholder(f *kong.Flag) string {
	if f.PlaceHolder != "" {
		return f.PlaceHolder
	}
	return strings.ToUpper(f.Name)
}

// manHelp is a value's help, with its default and its variable.
func manHelp(v *kong.Value) string {
	help := v.Help
	if v.HasDefault && v.Default != "" {
		help += " Default: " + v.Default + "."
	}
	if v.Tag != nil && len(v.Tag.Envs) > 0 {
		help += " Variable: " + strings.Join(v.Tag.Envs, ", ") + "."
	}
	return help
}

// man is text that is no request to roff.
func man(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`, "\n", " ").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		return `\&` + s
	}
	return s
}

func manQuote(s string) string { return `"` + strings.ReplaceAll(man(s), `"`, `\(dq`) + `"` }

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

package setting

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Option is a setting of the start-up packet's options.
type Option struct{ Name, Value string }

// Options reads them: -c name=value, or --name=value.
func Options(text string) (list []Option, err error) {
	words := splitOptions(text)
	for i := 0; i < len(words); i++ {
		text, ok := strings.CutPrefix(words[i], "-c")
		if long, isLong := strings.CutPrefix(words[i], "--"); isLong {
			text, ok = long, true
		}
		if ok && text == "" && i+1 < len(words) {
			i++
			text = words[i]
		}
		name, value, hasValue := strings.Cut(text, "=")
		if !ok || !hasValue {
			return list, pgerror.Errorf(pgerror.SyntaxError, "invalid command-line argument for server process: %s", words[i])
		}
		list = append(list, Option{strings.ReplaceAll(name, "-", "_"), value})
	}
	return list, nil
}

// splitOptions splits at spaces; a backslash keeps the next character.
func splitOptions(s string) []string {
	var words []string
	var b strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n':
			if in {
				words = append(words, b.String())
				b.Reset()
				in = false
			}
			continue
		case c == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
		in = true
	}
	if in {
		words = append(words, b.String())
	}
	return words
}

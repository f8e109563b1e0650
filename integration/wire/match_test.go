package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A message is a line of a script, or what a server sent in the same form. The
// value is nil, or as encoding/json decodes it, numbers being json.Number.
type message struct {
	kind  string
	value any
}

func (m message) String() string {
	switch value := m.value.(type) {
	case nil:
		return m.kind
	case string:
		if bare(value) {
			return m.kind + " " + value
		}
	}
	return m.kind + " " + toJSON(m.value)
}

// bare says whether a text can stand in a script without quotes.
func bare(text string) bool {
	return text != "" && !strings.ContainsAny(text, "\n\r\t\\") && !strings.ContainsAny(text[:1], `{["* ~`)
}

func toJSON(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprintf("%q", err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func fromJSON(text string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("%w in %s", err, text)
	}
	if decoder.More() {
		return nil, fmt.Errorf("more than one value in %s", text)
	}
	return value, nil
}

// parsePayload reads what follows a message's name.
func parsePayload(text string) (any, error) {
	switch {
	case text == "":
		return nil, nil
	case strings.ContainsAny(text[:1], `{["`):
		return fromJSON(text)
	default:
		return text, nil
	}
}

// variables are what a conversation has remembered.
type variables map[string]string

var reference = regexp.MustCompile(`\$\{([^{}]+)\}`)

// expand replaces ${name}. Values go into JSON, so they must need no escape.
func (v variables) expand(text string) (string, error) {
	var failed error
	text = reference.ReplaceAllStringFunc(text, func(ref string) string {
		value, err := v.lookUp(ref[2 : len(ref)-1])
		if err == nil && strings.ContainsAny(value, "\"\\\n") {
			err = fmt.Errorf("the value of %s cannot be used in a message", ref)
		}
		if err != nil {
			failed = err
		}
		return value
	})
	return text, failed
}

func (v variables) lookUp(name string) (string, error) {
	if what, times, ok := strings.Cut(strings.TrimPrefix(name, "repeat:"), ":"); ok && strings.HasPrefix(name, "repeat:") {
		n, err := strconv.Atoi(times)
		if err != nil {
			return "", err
		}
		return strings.Repeat(what, n), nil
	}
	value, ok := v[name]
	if !ok {
		return "", fmt.Errorf("${%s} has no value", name)
	}
	return value, nil
}

// matchMessage compares a message with what a script expects. Variables met
// for the first time are set.
func matchMessage(want, got message, vars variables) error {
	if want.kind != got.kind {
		return fmt.Errorf("want %s, got %s", want.kind, got.kind)
	}
	return match(want.value, got.value, vars)
}

func match(want, got any, vars variables) error {
	switch want := want.(type) {
	case string:
		return matchText(want, got, vars)
	case []any:
		return matchArray(want, got, vars)
	case map[string]any:
		return matchObject(want, got, vars)
	}
	if want != got {
		return fmt.Errorf("want %s, got %s", toJSON(want), toJSON(got))
	}
	return nil
}

func matchArray(want []any, got any, vars variables) error {
	list, ok := got.([]any)
	if !ok || len(list) != len(want) {
		return fmt.Errorf("want %s, got %s", toJSON(want), toJSON(got))
	}
	for i := range want {
		if err := match(want[i], list[i], vars); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return nil
}

func matchObject(want map[string]any, got any, vars variables) error {
	object, ok := got.(map[string]any)
	if !ok {
		return fmt.Errorf("want %s, got %s", toJSON(want), toJSON(got))
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if err := match(want[key], object[key], vars); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func matchText(want string, got any, vars variables) error {
	text, ok := textOf(got)
	if !ok {
		return fmt.Errorf("want %q, got %s", want, toJSON(got))
	}
	if want == "*" {
		return nil
	}
	if ref := reference.FindString(want); ref != "" && ref == want {
		name := ref[2 : len(ref)-1]
		if _, known := vars[name]; !known && !strings.HasPrefix(name, "repeat:") {
			vars[name] = text
			return nil
		}
	}
	if pattern, ok := strings.CutPrefix(want, "~"); ok {
		return matchRegexp(pattern, text)
	}
	want, err := vars.expand(want)
	if err != nil {
		return err
	}
	if strings.HasPrefix(want, "hex:") {
		want = strings.ReplaceAll(want, " ", "") // there for reading
	}
	if want != text {
		return fmt.Errorf("want %q, got %q", want, text)
	}
	return nil
}

func matchRegexp(pattern, text string) error {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	if !re.MatchString(text) {
		return fmt.Errorf("want /%s/, got %q", pattern, text)
	}
	return nil
}

func textOf(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	}
	return "", false
}

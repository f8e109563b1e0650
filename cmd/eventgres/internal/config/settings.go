package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// prefix begins the name of every variable.
const prefix = "EVENTGRES_"

// Source says where a value comes from, in the words of pg_settings.
type Source string

// The sources, each of which beats those before it.
const (
	Default     Source = "default"
	File        Source = "configuration file"
	Environment Source = "environment variable"
	CommandLine Source = "command line"
)

// Setting is a setting with its value.
type Setting struct {
	Key      string // in the file
	Flag     string // without --
	Variable string // empty: none
	Name     string // in SHOW and pg_settings
	About    string
	Type     string // bool, integer or string, as pg_settings calls them
	Default  string // as Value
	Reloads  bool   // a change in the file takes effect while the server runs
	Hidden   bool   // for tests: not in what is written for people

	Value  string // as SHOW gives it
	Source Source
	Line   int // in the file, from 1; 0: it is not from there
	// Pending says that the file has another value by now, which a restart takes.
	Pending bool

	flag *kong.Flag
}

// Settings are those of a command.
type Settings struct {
	File string // absolute; empty: there is none
	List []*Setting
}

// Variables gives each flag of a command its variable.
func Variables(command string) kong.Option {
	return kong.PostBuild(func(k *kong.Kong) error {
		for _, node := range k.Model.Children {
			if node.Name != command {
				continue
			}
			for _, f := range node.Flags {
				switch {
				case slices.Equal(f.Envs, []string{"-"}):
					f.Envs = nil
				case len(f.Envs) == 0:
					f.Envs = []string{prefix + strings.ToUpper(keyOf(f))}
				}
				f.Value.Tag.Envs = f.Envs // where kong looks
			}
		}
		return nil
	})
}

func keyOf(f *kong.Flag) string { return strings.ReplaceAll(f.Name, "-", "_") }

// Of are the settings of a command, each with its default.
func Of(node *kong.Node) (list []*Setting) {
	for _, f := range node.Flags {
		s := &Setting{
			Key: keyOf(f), Flag: f.Name, Name: f.Tag.Get("setting"), About: f.Help, Type: typeOf(f), Default: f.Default,
			Reloads: f.Tag.Has("reload"), Hidden: f.Hidden, Source: Default, flag: f,
		}
		if f.Tag.Get("file") == "-" {
			s.Key = ""
		}
		if len(f.Envs) > 0 {
			s.Variable = f.Envs[0]
		}
		if s.Name == "" {
			s.Name = "eventgres." + keyOf(f)
		}
		if f.IsBool() && s.Default == "" {
			s.Default = "off"
		}
		list = append(list, s)
	}
	return list
}

func typeOf(f *kong.Flag) string {
	switch f.Target.Kind() {
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int64:
		if !isDuration(f) {
			return "integer"
		}
	}
	return "string"
}

func isDuration(f *kong.Flag) bool { return f.Target.Type() == reflect.TypeFor[time.Duration]() }

// Take gives the fields of the command that was parsed the values that stand in a file, unless a flag or a variable has given
// them one; an empty name is no file. It changes nothing if anything in the file is wrong, and returns all that is.
func Take(ctx *kong.Context, file string) (*Settings, error) {
	s := &Settings{File: file, List: Of(ctx.Selected())}
	given := map[*kong.Value]bool{}
	for _, p := range ctx.Path {
		if p.Flag != nil {
			given[p.Flag.Value] = true
		}
	}
	for _, set := range s.List {
		switch {
		case given[set.flag.Value]:
			set.Source = CommandLine
		case slices.ContainsFunc(set.flag.Envs, func(name string) bool { _, ok := os.LookupEnv(name); return ok }):
			set.Source = Environment
		}
	}
	if file != "" {
		if err := s.takeFile(); err != nil {
			return nil, err
		}
	}
	var wrong []error
	for _, set := range s.List {
		set.Value = shown(set.flag.Target)
		if err := set.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", s.Whence(set), err))
		}
	}
	return s, errors.Join(wrong...)
}

// Whence names what a setting has its value from, for a message.
func (s *Settings) Whence(set *Setting) string {
	switch set.Source {
	case File:
		return fmt.Sprintf("%s:%d: %s", s.File, set.Line, set.Key)
	case Environment:
		return set.Variable
	}
	return "--" + set.Flag
}

// Change is a setting that differs once a file was read anew.
type Change struct {
	*Setting        // as it is in effect
	Next     string // the value in the file
}

// Merge are the settings as they are in effect when those of a file that was read anew are taken, as far as they reload; the others
// stay, and are pending. What neither has from a file is as it was.
func (s *Settings) Merge(next *Settings, reloads func(*Setting) bool) (merged *Settings, changed []Change) {
	merged = &Settings{File: s.File}
	for i, before := range s.List {
		set := *next.List[i]
		fromFile := before.Source == File || set.Source == File
		differs := fromFile && set.Value != before.Value
		if !fromFile || differs && !reloads(&set) {
			set = *before
			set.Pending = differs
		}
		merged.List = append(merged.List, &set)
		if differs {
			changed = append(changed, Change{&set, next.List[i].Value})
		}
	}
	return merged, changed
}

func (s *Settings) takeFile() error {
	var err error
	if s.File, err = filepath.Abs(s.File); err != nil {
		return err
	}
	entries, err := read(s.File)
	wrong := []error{err}
	apply := []func(){}
	for _, e := range entries {
		set := s.find(e.key)
		if set == nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: there is no setting %s%s", s.File, e.line, e.key, s.meant(e.key)))
			continue
		}
		value, err := set.decode(e.value, filepath.Dir(s.File))
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: %s: %w", s.File, e.line, e.key, err))
			continue
		}
		if set.Source == Default {
			apply = append(apply, func() {
				set.flag.Target.Set(value)
				set.Source, set.Line = File, e.line
			})
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	for _, f := range apply {
		f()
	}
	return nil
}

func (s *Settings) find(key string) *Setting {
	for _, set := range s.List {
		if set.Key == key && key != "" {
			return set
		}
	}
	return nil
}

// meant is the end of a message about a key that there is not.
func (s *Settings) meant(key string) string {
	var keys []string
	for _, set := range s.List {
		if set.flag.Tag.Get("file") == "-" && strings.EqualFold(key, keyOf(set.flag)) {
			return ", which cannot stand in the file"
		}
		if !set.Hidden && set.Key != "" {
			keys = append(keys, set.Key)
		}
	}
	if n := nearest(strings.NewReplacer("-", "_", ".", "_").Replace(key), keys); n != "" {
		return "; is " + n + " meant?"
	}
	return ""
}

// decode makes of a value of the file one of the setting's type. Paths are relative to the file.
func (set *Setting) decode(value any, dir string) (reflect.Value, error) {
	target := reflect.New(set.flag.Target.Type()).Elem()
	var text string
	switch v := value.(type) {
	case bool:
		text = strconv.FormatBool(v)
	case int64:
		text = strconv.FormatInt(v, 10)
	case string:
		text = v
	}
	want, ok := "a text in quotes", false
	switch set.Type {
	case "bool":
		want = "true or false"
		_, ok = value.(bool)
	case "integer":
		want = "a whole number"
		_, ok = value.(int64)
	default:
		_, ok = value.(string)
	}
	if isDuration(set.flag) {
		want = `a time in quotes, such as "10s"`
	}
	if !ok {
		return target, fmt.Errorf("wants %s", want)
	}
	if set.flag.Tag.Type == "path" {
		if text == "" {
			return target, nil // of an empty one the mapper would make the working directory
		}
		if !filepath.IsAbs(text) && !strings.HasPrefix(text, "~") {
			text = filepath.Join(dir, text)
		}
	}
	scan := kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: text})
	if err := set.flag.Mapper.Decode(&kong.DecodeContext{Value: set.flag.Value, Scan: scan}, target); err != nil {
		return target, fmt.Errorf("wants %s, not %q", want, text)
	}
	if set.flag.Enum != "" && !set.flag.EnumMap()[text] {
		return target, fmt.Errorf("wants one of %s, not %q", set.flag.Enum, text)
	}
	return target, nil
}

// check looks whether a number is large enough.
func (set *Setting) check() error {
	least, err := strconv.ParseInt(set.flag.Tag.Get("min"), 10, 64)
	if err == nil && set.flag.Target.CanInt() && set.flag.Target.Int() < least {
		return fmt.Errorf("wants %d at least, not %s", least, set.Value)
	}
	return nil
}

func shown(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case bool:
		if x {
			return "on"
		}
		return "off"
	default:
		return fmt.Sprint(x)
	}
}

// Stray are messages about variables that look like one of a setting and are none. More than that they cannot be: other programs
// have variables that begin so (Kubernetes makes EVENTGRES_PORT for a service of that name), and so have our tests.
func (s *Settings) Stray(environment []string) (messages []string) {
	var names []string
	for _, set := range s.List {
		if set.Variable != "" && !set.Hidden {
			names = append(names, strings.TrimPrefix(set.Variable, prefix))
		}
	}
	for _, line := range environment {
		name, _, _ := strings.Cut(line, "=")
		word, ours := strings.CutPrefix(name, prefix)
		if !ours || slices.ContainsFunc(s.List, func(set *Setting) bool { return slices.Contains(set.flag.Envs, name) }) {
			continue
		}
		if n := nearest(word, names); n != "" {
			messages = append(messages, fmt.Sprintf("there is no variable %s; is %s meant?", name, prefix+n))
		}
	}
	return messages
}

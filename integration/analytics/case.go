package analytics

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A File is one theme of the corpus.
type File struct {
	Name  string // without the directory
	Cases []*Case
}

// A Case is a statement that both servers must answer alike.
type Case struct {
	Name           string
	Line           int // of its "-- case:", from 1
	SQL            string
	Zone           string // the session's TimeZone; "" is UTC
	Params         []Param
	Unordered      string // why SQL leaves the order of the rows open
	Error          string // the SQLSTATE of an error that PostgreSQL answers with
	Difference     string // why Eventgres answers otherwise
	EventgresError string // the SQLSTATE it then answers with
}

// Load reads the files that match the pattern. Names of cases are unique within a file.
func Load(pattern string) ([]*File, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no file matches %s", pattern)
	}
	var files []*File
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f := &File{Name: filepath.Base(path)}
		if err := f.parse(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		files = append(files, f)
	}
	return files, nil
}

var directive = regexp.MustCompile(`^-- ([a-z-]+): *(.*?) *$`)

// parse cuts the text into cases. What stands before the first one is for the reader.
func (f *File) parse(text string) error {
	var sql []string
	finish := func() error {
		if len(f.Cases) == 0 {
			return nil
		}
		c := f.Cases[len(f.Cases)-1]
		c.SQL = strings.TrimSpace(strings.Join(sql, "\n"))
		sql = nil
		return c.check()
	}
	for i, line := range strings.Split(text, "\n") {
		m := directive.FindStringSubmatch(line)
		switch {
		case m != nil && m[1] == "case":
			if err := finish(); err != nil {
				return err
			}
			if slices.ContainsFunc(f.Cases, func(c *Case) bool { return c.Name == m[2] }) {
				return fmt.Errorf("line %d: a second case %q", i+1, m[2])
			}
			f.Cases = append(f.Cases, &Case{Name: m[2], Line: i + 1})
		case len(f.Cases) == 0:
		case m != nil && len(sql) == 0:
			if err := f.Cases[len(f.Cases)-1].directive(m[1], m[2]); err != nil {
				return fmt.Errorf("line %d: %w", i+1, err)
			}
		default:
			sql = append(sql, line)
		}
	}
	return finish()
}

func (c *Case) directive(name, value string) (err error) {
	if value == "" {
		return fmt.Errorf("%s wants a value", name)
	}
	switch name {
	case "zone":
		c.Zone = value
	case "params":
		c.Params, err = parseParams(value)
	case "unordered":
		c.Unordered = value
	case "error":
		c.Error = value
	case "difference":
		c.Difference = value
	case "eventgres-error":
		c.EventgresError = value
	default:
		err = fmt.Errorf("no directive %q", name)
	}
	return err
}

func (c *Case) check() error {
	switch {
	case c.Name == "":
		return fmt.Errorf("line %d: a case without a name", c.Line)
	case c.SQL == "":
		return fmt.Errorf("line %d: %s has no statement", c.Line, c.Name)
	case (c.Difference == "") != (c.EventgresError == ""):
		return fmt.Errorf("line %d: %s: difference and eventgres-error belong together", c.Line, c.Name)
	}
	return nil
}

// Modes are the ways to run the case: the simple protocol has no parameters.
func (c *Case) Modes() []Mode {
	if c.Params != nil {
		return []Mode{ExtendedText, ExtendedBinary}
	}
	return []Mode{Simple, ExtendedText, ExtendedBinary}
}

package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxFile bounds a file, bytes: far more than all settings with long values take.
const maxFile = 1 << 20

// entry is a key of a file.
type entry struct {
	key   string
	value any // as go-toml gives it
	line  int // from 1
}

// read reads a file of keys and values; it takes all of them or none. What is wrong is told with its line.
func read(name string) ([]entry, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxFile)
	}
	return parse(name, text)
}

func parse(name string, text []byte) ([]entry, error) {
	values := map[string]any{}
	if err := toml.Unmarshal(text, &values); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, column := at.Position()
			return nil, fmt.Errorf("%s:%d:%d: %s", name, row, column, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	// It is TOML. Where each key stands only the parser below knows.
	var out []entry
	var wrong []error
	var p unstable.Parser
	for p.Reset(text); p.NextExpression(); {
		e := p.Expression()
		if e.Kind == unstable.Comment {
			continue
		}
		var parts []string
		line := 0
		for keys := e.Key(); keys.Next(); {
			if line == 0 {
				line = p.Shape(keys.Node().Raw).Start.Line
			}
			parts = append(parts, string(keys.Node().Data))
		}
		key := strings.Join(parts, ".")
		if e.Kind != unstable.KeyValue {
			wrong = append(wrong, fmt.Errorf("%s:%d: [%s]: there are no tables here, every key stands by itself", name, line, key))
			break // what follows belongs to it
		}
		out = append(out, entry{key, values[key], line}) // one of several parts has no value, and is no setting's
	}
	return out, errors.Join(append(wrong, p.Error())...)
}

package searchpath

import (
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// MessageStore is the schema of what Message DB's clients ask for. It is there for those whose path names it.
const MessageStore = "message_store"

// schemas are those that there are.
var schemas = []string{"pg_catalog", "public", "information_schema", "pg_toast", MessageStore}

// Known tells whether there is such a schema.
func Known(schema string) bool { return slices.Contains(schemas, schema) }

// Path is where names without a schema are looked for: the schemas of search_path that there are, in order, each once,
// with commas between. The zero Path is public's alone, as sessions begin.
type Path string

// noSchemas is the Path that names none.
const noSchemas Path = "-"

// Read reads a value of search_path, for a user whose name "$user" stands for.
func Read(value, user string) (Path, error) {
	names, err := splitNames(value)
	if err != nil {
		return "", err
	}
	var known []string
	for _, name := range names {
		if name == "$user" {
			name = user
		}
		if slices.Contains(schemas, name) && !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	switch p := strings.Join(known, ","); p {
	case "public":
		return "", nil
	case "":
		return noSchemas, nil
	default:
		return Path(p), nil
	}
}

// splitNames splits a list of names at its commas, as PostgreSQL does: what is not within quotes is in lower case.
func splitNames(value string) (names []string, err error) {
	bad := pgerror.Errorf(pgerror.InvalidParameterValue, "invalid value for parameter \"search_path\": \"%s\"", value).WithDetail("List syntax is invalid.")
	const space = " \t\n\r\f\v"
	rest := strings.Trim(value, space)
	if rest == "" {
		return nil, nil
	}
	for {
		var name string
		if rest != "" && rest[0] == '"' {
			var b strings.Builder
			i := 1
			for ; ; i++ {
				if i >= len(rest) {
					return nil, bad
				}
				if rest[i] == '"' {
					if i+1 < len(rest) && rest[i+1] == '"' {
						i++
					} else {
						break
					}
				}
				b.WriteByte(rest[i])
			}
			name, rest = b.String(), rest[i+1:]
		} else {
			end := strings.IndexAny(rest, ","+space)
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, bad
			}
			name, rest = lowerASCII(rest[:end]), rest[end:]
		}
		names = append(names, name)
		rest = strings.TrimLeft(rest, space)
		if rest == "" {
			return names, nil
		}
		if rest[0] != ',' {
			return nil, bad
		}
		rest = strings.TrimLeft(rest[1:], space)
	}
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Schemas are those that the path names.
func (p Path) Schemas() []string {
	switch p {
	case "":
		return []string{"public"}
	case noSchemas:
		return nil
	}
	return strings.Split(string(p), ",")
}

// Search are the schemas that are searched: pg_catalog first, if it is not named.
func (p Path) Search() []string {
	names := p.Schemas()
	if slices.Contains(names, "pg_catalog") {
		return names
	}
	return append([]string{"pg_catalog"}, names...)
}

// Has tells whether names of a schema are found without it.
func (p Path) Has(schema string) bool {
	if p == "" {
		return schema == "public" || schema == "pg_catalog"
	}
	return slices.Contains(p.Search(), schema)
}

// WithoutMessageStore is a path of who may not use the schema.
func WithoutMessageStore(p Path) Path {
	if !p.Has(MessageStore) {
		return p
	}
	names := slices.DeleteFunc(p.Schemas(), func(name string) bool { return name == MessageStore })
	switch text := strings.Join(names, ","); text {
	case "public":
		return ""
	case "":
		return noSchemas
	default:
		return Path(text)
	}
}

// WithMessageStore is a path that finds Message DB's names first.
func WithMessageStore(p Path) Path {
	if p.Has(MessageStore) {
		return p
	}
	return Path(strings.Join(append([]string{MessageStore}, p.Schemas()...), ","))
}

// Current is where things are created: the first schema that the path names, empty if there is none.
func (p Path) Current() string {
	if names := p.Schemas(); len(names) > 0 {
		return names[0]
	}
	return ""
}

package pgvalue

import (
	"regexp"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

func parseVector(element uint32, s string) (Value, error) {
	out := []Value{}
	for _, item := range strings.Fields(s) {
		v, err := parseInt(element, item)
		if err != nil {
			return Value{}, err
		}
		if out = append(out, v); len(out) > MaxArrayElements {
			return Value{}, pgerror.Errorf(pgerror.ProgramLimitExceeded, "array has more than %d elements", MaxArrayElements)
		}
	}
	return ArrayValue(out), nil
}

// MaxArrayElements bounds an array literal; a value that needs more is too large for
// an event anyway.
const MaxArrayElements = 1 << 18

func parseArray(element uint32, s string, loc *Zone) (Value, error) {
	p := arrayParser{s: strings.TrimSpace(s), element: element, loc: loc, whole: s}
	return p.parse()
}

type arrayParser struct {
	s, whole string
	i        int
	element  uint32
	loc      *Zone
	nested   bool // arrays of several dimensions are read
	depth    int  // in how many braces beside the outermost
	count    int  // of elements so far
}

// maxDimensions is how many dimensions PostgreSQL's arrays have at most.
const maxDimensions = 6

// ParseNestedArray reads an array's literal of any number of dimensions, whose values are arrays of arrays, and tells
// how many there are.
func ParseNestedArray(oid uint32, s string, loc *Zone) (v Value, dimensions int, err error) {
	p := arrayParser{s: strings.TrimSpace(s), element: ElementType(oid), loc: loc, whole: s, nested: true}
	if v, err = p.parse(); err != nil {
		return v, 0, err
	}
	var sizes []int
	for level := &v; ; level = &level.Array[0] {
		sizes = append(sizes, len(level.Array))
		if len(level.Array) == 0 || level.Array[0].Kind != KindArray {
			break
		}
	}
	return v, len(sizes), p.even(&v, sizes)
}

// even fails unless an array's parts have these sizes, level by level.
func (p *arrayParser) even(v *Value, sizes []int) error {
	if len(v.Array) != sizes[0] {
		return p.malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	for i := range v.Array {
		item := &v.Array[i]
		switch {
		case (item.Kind == KindArray) != (len(sizes) > 1) && len(sizes) > 1:
			return p.malformed("Unexpected array element.")
		case (item.Kind == KindArray) != (len(sizes) > 1):
			return p.malformed(`Unexpected "{" character.`)
		case len(sizes) > 1:
			if err := p.even(item, sizes[1:]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *arrayParser) malformed(detail string) error {
	return pgerror.Errorf(pgerror.InvalidTextRepresentation, "malformed array literal: \"%s\"", p.whole).WithDetail("%s", detail)
}

func (p *arrayParser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\n\r\v\f", p.s[p.i]) >= 0 {
		p.i++
	}
}

// boundsInFront is what stands before an array's elements if its subscripts are given.
var boundsInFront = regexp.MustCompile(`^(\[[ \t]*[-+]?[0-9]+(:[-+]?[0-9]+)?\])+[ \t]*=`)

func (p *arrayParser) parse() (Value, error) {
	if boundsInFront.MatchString(p.s) {
		return Value{}, pgerror.Errorf(pgerror.FeatureNotSupported, "array literals with bounds are not supported").WithDetail("Every dimension begins at 1.")
	}
	if p.s == "" || p.s[0] != '{' {
		return Value{}, p.malformed(`Array value must start with "{" or dimension information.`)
	}
	p.i = 1
	v, err := p.elements()
	if err != nil {
		return Value{}, err
	}
	return p.end(v)
}

// elements reads what stands behind an opening brace, and the one that closes it.
func (p *arrayParser) elements() ([]Value, error) {
	out := []Value{}
	if p.depth == 0 {
		out = make([]Value, 0, min(strings.Count(p.s, ",")+1, MaxArrayElements))
	}
	p.space()
	if p.depth == 0 && p.i < len(p.s) && p.s[p.i] == '}' {
		p.i++
		return out, nil
	}
	for {
		v, err := p.item()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if p.count++; p.count > MaxArrayElements {
			return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "array has more than %d elements", MaxArrayElements)
		}
		p.space()
		if p.i == len(p.s) {
			return nil, p.malformed("Unexpected end of input.")
		}
		switch p.s[p.i] {
		case ',':
			p.i++
		case '}':
			p.i++
			return out, nil
		default:
			return nil, p.malformed("Unexpected array element.")
		}
	}
}

func (p *arrayParser) end(out []Value) (Value, error) {
	p.space()
	if p.i != len(p.s) {
		return Value{}, p.malformed("Junk after closing right brace.")
	}
	return ArrayValue(out), nil
}

func (p *arrayParser) item() (Value, error) {
	p.space()
	if p.i == len(p.s) {
		return Value{}, p.malformed("Unexpected end of input.")
	}
	switch p.s[p.i] {
	case '{':
		if !p.nested {
			return Value{}, pgerror.Errorf(pgerror.FeatureNotSupported, "multidimensional arrays are not supported")
		}
		if p.depth++; p.depth >= maxDimensions {
			return Value{}, pgerror.Errorf(pgerror.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", maxDimensions+1, maxDimensions)
		}
		p.i++
		list, err := p.elements()
		p.depth--
		return ArrayValue(list), err
	case ',', '}':
		return Value{}, p.malformed(`Unexpected "` + p.s[p.i:p.i+1] + `" character.`)
	case '"':
		text, err := p.quoted()
		if err != nil {
			return Value{}, err
		}
		return ParseText(p.element, text, p.loc)
	}
	var b strings.Builder
	escaped := false
	for p.i < len(p.s) && p.s[p.i] != ',' && p.s[p.i] != '}' {
		c := p.s[p.i]
		switch {
		case c == '{' || c == '"':
			return Value{}, p.malformed(`Unexpected "` + string(c) + `" character.`)
		case c == '\\':
			if p.i++; p.i == len(p.s) {
				return Value{}, p.malformed("Unexpected end of input.")
			}
			escaped = true
		}
		b.WriteByte(p.s[p.i])
		p.i++
	}
	text := strings.TrimRight(b.String(), " \t\n\r\v\f")
	if !escaped && strings.EqualFold(text, "null") {
		return Value{}, nil
	}
	return ParseText(p.element, text, p.loc)
}

func (p *arrayParser) quoted() (string, error) {
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '"':
			p.i++
			return b.String(), nil
		case '\\':
			if p.i++; p.i == len(p.s) {
				return "", p.malformed("Unexpected end of input.")
			}
		}
		b.WriteByte(p.s[p.i])
	}
	return "", p.malformed("Unexpected end of input.")
}

func appendArray(dst []byte, element uint32, items []Value, loc *Zone) []byte {
	dst = append(dst, '{')
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if items[i].Kind == Null {
			dst = append(dst, "NULL"...)
			continue
		}
		start := len(dst)
		dst = AppendText(dst, element, &items[i], loc)
		dst = QuoteElement(dst, start)
	}
	return append(dst, '}')
}

// QuoteElement quotes what stands from start on, an element of an array, where it needs it.
func QuoteElement(dst []byte, start int) []byte {
	item := string(dst[start:])
	if !needsQuotes(item) {
		return dst
	}
	dst = append(dst[:start], '"')
	for k := 0; k < len(item); k++ {
		if item[k] == '"' || item[k] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, item[k])
	}
	return append(dst, '"')
}

func needsQuotes(s string) bool {
	return s == "" || strings.EqualFold(s, "null") || strings.ContainsAny(s, "{}\",\\ \t\n\r\v\f")
}

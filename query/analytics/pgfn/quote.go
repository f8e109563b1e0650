package pgfn

import (
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// quotedKeywords are PostgreSQL 15's keywords that an identifier must be quoted for.
var quotedKeywords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean
		both case cast char character check coalesce collate collation column concurrently constraint
		create cross current_catalog current_date current_role current_schema current_time
		current_timestamp current_user dec decimal default deferrable desc distinct do else end except
		exists extract false fetch float for foreign freeze from full grant greatest group grouping having
		ilike in initially inner inout int integer intersect interval into is isnull join lateral leading
		least left like limit localtime localtimestamp national natural nchar none normalize not notnull
		null nullif numeric offset on only or order out outer overlaps overlay placing position precision
		primary real references returning right row select session_user setof similar smallint some
		substring symmetric table tablesample then time timestamp to trailing treat trim true union unique
		user using values varchar variadic verbose when where window with xmlattributes xmlconcat
		xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`) {
		m[w] = true
	}
	return m
}()

// QuoteIdent is quote_ident().
func QuoteIdent(s string) string {
	safe := s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] == '_')
	for i := 0; i < len(s) && safe; i++ {
		c := s[i]
		safe = c >= 'a' && c <= 'z' || isDigit(c) || c == '_'
	}
	if safe && !quotedKeywords[s] {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// QuoteLiteral is quote_literal().
func QuoteLiteral(s string) string {
	q := `'` + strings.ReplaceAll(s, `'`, `''`) + `'`
	if strings.IndexByte(s, '\\') >= 0 {
		return `E` + strings.ReplaceAll(q, `\`, `\\`)
	}
	return q
}

// Format is format(); nil arguments are null.
func Format(format string, args []*string) (string, error) {
	var b strings.Builder
	next := 0
	for i := 0; i < len(format); {
		n := strings.IndexByte(format[i:], '%')
		if n < 0 {
			b.WriteString(format[i:])
			break
		}
		b.WriteString(format[i : i+n])
		i += n + 1
		if i < len(format) && format[i] == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		spec := formatSpec{s: format, i: i}
		if err := spec.parse(); err != nil {
			return "", err
		}
		i = spec.i
		item, width, err := spec.choose(args, &next)
		if err != nil {
			return "", err
		}
		if err := spec.write(&b, item, width); err != nil {
			return "", err
		}
		if b.Len() > maxText {
			return "", errTooLarge()
		}
	}
	return b.String(), nil
}

type formatSpec struct {
	s          string
	i          int
	position   int // of the argument, from 1; 0 if it is the next
	left       bool
	width      int
	starred    bool // the width is an argument
	widthFrom  int  // which, from 1; 0 if it is the next
	conversion byte
}

func errUnterminated() error {
	return pgerror.Errorf(pgerror.InvalidParameterValue, "unterminated format() type specifier").
		WithHint(`For a single "%" use "%%".`)
}

func (f *formatSpec) number() (v int, ok bool, err error) {
	first := f.i
	for f.i < len(f.s) && isDigit(f.s[f.i]) {
		if v = v*10 + int(f.s[f.i]-'0'); v > 1<<31-1 {
			return 0, false, pgerror.Errorf(pgerror.NumericValueOutOfRange, "number is out of range")
		}
		f.i++
	}
	if f.i >= len(f.s) {
		return v, f.i > first, errUnterminated()
	}
	return v, f.i > first, nil
}

func (f *formatSpec) parse() error {
	if f.i >= len(f.s) {
		return errUnterminated()
	}
	v, ok, err := f.number()
	if err != nil {
		return err
	}
	if ok {
		if f.s[f.i] != '$' {
			f.width = v
			return f.end()
		}
		if v == 0 {
			return invalidParameter("format specifies argument 0, but arguments are numbered from 1")
		}
		f.position = v
		f.i++
	}
	for f.i < len(f.s) && f.s[f.i] == '-' {
		f.left = true
		f.i++
	}
	if f.i >= len(f.s) {
		return errUnterminated()
	}
	if f.s[f.i] != '*' {
		if f.width, _, err = f.number(); err != nil {
			return err
		}
		return f.end()
	}
	f.i++
	f.starred = true
	if v, ok, err = f.number(); err != nil {
		return err
	}
	if ok {
		if f.s[f.i] != '$' {
			return invalidParameter("width argument position must be ended by \"$\"")
		}
		if v == 0 {
			return invalidParameter("format specifies argument 0, but arguments are numbered from 1")
		}
		f.widthFrom = v
		f.i++
	}
	return f.end()
}

func (f *formatSpec) end() error {
	if f.i >= len(f.s) {
		return errUnterminated()
	}
	f.conversion = f.s[f.i]
	if strings.IndexByte("sIL", f.conversion) < 0 {
		_, n := utf8.DecodeRuneInString(f.s[f.i:])
		return pgerror.Errorf(pgerror.InvalidParameterValue, "unrecognized format() type specifier \"%s\"", f.s[f.i:f.i+n]).
			WithHint(`For a single "%" use "%%".`)
	}
	f.i++
	return nil
}

// choose takes the arguments that f wants.
func (f *formatSpec) choose(args []*string, next *int) (item *string, width int, err error) {
	take := func(position int) (*string, error) {
		if position == 0 {
			*next++
			position = *next
		} else {
			*next = position
		}
		if position > len(args) {
			return nil, invalidParameter("too few arguments for format()")
		}
		return args[position-1], nil
	}
	width = f.width
	if f.starred {
		w, err := take(f.widthFrom)
		if err != nil {
			return nil, 0, err
		}
		width = 0
		if w != nil {
			v, err := pgvalue.ParseText(pgvalue.OIDInt4, *w, pgvalue.UTC)
			if err != nil {
				return nil, 0, err
			}
			width = int(v.Int)
		}
	}
	item, err = take(f.position)
	return item, width, err
}

func (f *formatSpec) write(b *strings.Builder, item *string, width int) error {
	out := ""
	switch {
	case f.conversion == 's' && item != nil:
		out = *item
	case f.conversion == 'I' && item == nil:
		return pgerror.Errorf(pgerror.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
	case f.conversion == 'I':
		out = QuoteIdent(*item)
	case f.conversion == 'L' && item == nil:
		out = "NULL"
	case f.conversion == 'L':
		out = QuoteLiteral(*item)
	}
	left := f.left
	if width < 0 {
		left, width = true, -width
	}
	if width > maxText {
		return errTooLarge()
	}
	fill := strings.Repeat(" ", max(width-utf8.RuneCountInString(out), 0))
	if left {
		b.WriteString(out + fill)
	} else {
		b.WriteString(fill + out)
	}
	return nil
}

package copyfmt

import (
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/syntax"
)

// Format is how COPY's data is written.
type Format struct {
	Kind                    string // text, csv, binary
	delimiter               byte
	Null                    string
	header                  string // "", "true", "match"
	quote                   byte
	escape                  byte
	forceQuote              map[string]bool // by column; "*" for all
	forceNull, forceNotNull map[string]bool
	Encoding                *charset.Encoding // nil: the client's
	Forced                  []forcedList      // the same, in the order in which they are checked
}

// ParseOptions makes a format of the options of a COPY that stands in a text.
func ParseOptions(src string, options []syntax.CopyOption, isFrom bool) (Format, error) {
	f := Format{Kind: "text"}
	given := map[string]string{}
	for _, o := range options {
		if _, twice := given[o.Name]; twice {
			return f, pgerror.Errorf(pgerror.SyntaxError, "conflicting or redundant options").At(syntax.CharPosition(src, o.Pos))
		}
		given[o.Name] = o.Value
		if strings.HasPrefix(o.Name, "force_") && (o.List == nil || o.List[0] == "*" && o.Name != "force_quote") {
			return f, pgerror.Errorf(pgerror.InvalidParameterValue, "argument to option \"%s\" must be a list of column names", o.Name).At(syntax.CharPosition(src, o.Pos))
		}
		set := map[string]bool{}
		for _, column := range o.List {
			set[column] = true
		}
		switch o.Name {
		case "format":
			f.Kind = o.Value
			if f.Kind != "text" && f.Kind != "csv" && f.Kind != "binary" {
				return f, pgerror.Errorf(pgerror.InvalidParameterValue, "COPY format \"%s\" not recognized", o.Value).At(syntax.CharPosition(src, o.Pos))
			}
		case "header":
			switch v := strings.ToLower(o.Value); v {
			case "true", "on", "1":
				f.header = "true"
			case "false", "off", "0":
			case "match":
				f.header = v
			default:
				return f, pgerror.Errorf(pgerror.SyntaxError, "header requires a Boolean value or \"match\"")
			}
		case "force_quote":
			f.forceQuote = set
			f.Forced = append(f.Forced, forcedList{"FORCE_QUOTE", o.List})
		case "force_null":
			f.forceNull = set
			f.Forced = append(f.Forced, forcedList{"FORCE_NULL", o.List})
		case "force_not_null":
			f.forceNotNull = set
			f.Forced = append(f.Forced, forcedList{"FORCE_NOT_NULL", o.List})
		case "delimiter", "null", "quote", "escape", "freeze":
		case "encoding":
			if f.Encoding = charset.Lookup(o.Value); f.Encoding == nil {
				return f, pgerror.Errorf(pgerror.InvalidParameterValue, "argument to option \"encoding\" must be a valid encoding name").At(syntax.CharPosition(src, o.Pos))
			}
			if from, to := f.Encoding.Name, "UTF8"; !f.Encoding.Convertible() {
				if !isFrom {
					from, to = to, from
				}
				return f, pgerror.Errorf(pgerror.UndefinedFunction, "default conversion function for encoding \"%s\" to \"%s\" does not exist", from, to)
			}
		default:
			return f, pgerror.Errorf(pgerror.SyntaxError, "option \"%s\" not recognized", o.Name).At(syntax.CharPosition(src, o.Pos))
		}
	}
	slices.SortFunc(f.Forced, func(a, b forcedList) int { return strings.Compare(a.Option, b.Option) }) // NOT_NULL, NULL, QUOTE
	return f, f.complete(given, isFrom)
}

// complete fills in defaults and checks that the options go together.
func (f *Format) complete(given map[string]string, from bool) error {
	csv := f.Kind == "csv"
	_, hasDelimiter := given["delimiter"]
	_, hasNull := given["null"]
	switch {
	case f.Kind == "binary" && hasDelimiter:
		return pgerror.Errorf(pgerror.SyntaxError, "cannot specify DELIMITER in BINARY mode")
	case f.Kind == "binary" && hasNull:
		return pgerror.Errorf(pgerror.SyntaxError, "cannot specify NULL in BINARY mode")
	case f.Kind == "binary" && f.header != "":
		return pgerror.Errorf(pgerror.FeatureNotSupported, "cannot specify HEADER in BINARY mode")
	case f.header == "match" && !from:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "cannot use \"match\" with HEADER in COPY TO")
	}
	f.delimiter, f.Null = '\t', `\N`
	if csv {
		f.delimiter, f.Null = ',', ""
	}
	if hasDelimiter {
		d := given["delimiter"]
		if len(d) != 1 {
			return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY delimiter must be a single one-byte character")
		}
		if d == "\n" || d == "\r" {
			return pgerror.Errorf(pgerror.InvalidParameterValue, "COPY delimiter cannot be newline or carriage return")
		}
		if !csv && strings.Contains(`\.abcdefghijklmnopqrstuvwxyz0123456789`, d) {
			return pgerror.Errorf(pgerror.InvalidParameterValue, "COPY delimiter cannot be \"%s\"", d)
		}
		f.delimiter = d[0]
	}
	if hasNull {
		f.Null = given["null"]
	}
	if strings.ContainsAny(f.Null, "\r\n") {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "COPY null representation cannot use newline or carriage return")
	}
	f.quote, f.escape = '"', '"'
	for option, to := range map[string]*byte{"quote": &f.quote, "escape": &f.escape} {
		v, ok := given[option]
		if !ok {
			continue
		}
		if !csv {
			return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY %s available only in CSV mode", option)
		}
		if len(v) != 1 {
			return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY %s must be a single one-byte character", option)
		}
		*to = v[0]
	}
	if _, ok := given["escape"]; csv && !ok {
		f.escape = f.quote
	}
	return f.agree(from)
}

// agree checks that the options go together.
func (f *Format) agree(from bool) error {
	csv := f.Kind == "csv"
	switch {
	case csv && f.delimiter == f.quote:
		return pgerror.Errorf(pgerror.InvalidParameterValue, "COPY delimiter and quote must be different")
	case strings.IndexByte(f.Null, f.delimiter) >= 0:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY delimiter must not appear in the NULL specification")
	case csv && f.Null != "" && strings.IndexByte(f.Null, f.quote) >= 0:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "CSV quote character must not appear in the NULL specification")
	case f.forceQuote != nil && !csv:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY force quote available only in CSV mode")
	case f.forceQuote != nil && from:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY force quote only available using COPY TO")
	case f.forceNotNull != nil && !csv:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY force not null available only in CSV mode")
	case f.forceNotNull != nil && !from:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY force not null only available using COPY FROM")
	case f.forceNull != nil && !csv:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY force null available only in CSV mode")
	case f.forceNull != nil && !from:
		return pgerror.Errorf(pgerror.FeatureNotSupported, "COPY force null only available using COPY FROM")
	}
	return nil
}

// forcedList is the columns that a FORCE option of COPY names.
type forcedList struct {
	Option  string // as messages have it
	Columns []string
}

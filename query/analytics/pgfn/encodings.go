package pgfn

import (
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// ConvertFrom is convert_from.
func ConvertFrom(b []byte, name string) (string, error) {
	out, err := Convert(b, name, "UTF8")
	return string(out), err
}

// ConvertTo is convert_to.
func ConvertTo(s, name string) ([]byte, error) { return Convert([]byte(s), "UTF8", name) }

// Convert is convert.
func Convert(b []byte, fromName, toName string) ([]byte, error) {
	from, to := charset.Lookup(fromName), charset.Lookup(toName)
	switch {
	case from == nil:
		return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid source encoding name \"%s\"", fromName)
	case to == nil:
		return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid destination encoding name \"%s\"", toName)
	}
	if from != charset.ASCII {
		if err := checkEncoded(b, from); err != nil {
			return nil, err
		}
	}
	switch {
	case from == to || len(b) == 0:
		return b, nil
	case to == charset.ASCII: // which means any
		return b, nil
	case from == charset.ASCII:
		return b, checkEncoded(b, to)
	case from == charset.UTF8 && to.Convertible():
		b, err := to.Encode(make([]byte, 0, len(b)), b)
		return b, pgwire.EncodingError(err)
	case to == charset.UTF8 && from.Convertible():
		b, err := from.Decode(make([]byte, 0, len(b)+len(b)/2), b)
		return b, pgwire.EncodingError(err)
	case direct(from, to):
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "conversion from %s to %s is not supported", from.Name, to.Name).WithHint("Convert by way of UTF8.")
	}
	return nil, pgerror.Errorf(pgerror.UndefinedFunction, "default conversion function for encoding \"%s\" to \"%s\" does not exist", from.Name, to.Name)
}

// direct tells of two encodings, neither of them UTF-8, that PostgreSQL converts between.
func direct(from, to *charset.Encoding) bool {
	for _, group := range [...][]string{
		{"KOI8R", "WIN1251", "WIN866", "ISO_8859_5", "MULE_INTERNAL"},
		{"EUC_JP", "SJIS", "MULE_INTERNAL"},
		{"EUC_TW", "BIG5", "MULE_INTERNAL"},
		{"LATIN2", "WIN1250", "MULE_INTERNAL"},
		{"EUC_JIS_2004", "SHIFT_JIS_2004"},
		{"EUC_CN", "MULE_INTERNAL"},
		{"EUC_KR", "MULE_INTERNAL"},
		{"LATIN1", "MULE_INTERNAL"},
		{"LATIN3", "MULE_INTERNAL"},
		{"LATIN4", "MULE_INTERNAL"},
	} {
		a, b := false, false
		for _, name := range group {
			a, b = a || name == from.Name, b || name == to.Name
		}
		if a && b {
			return true
		}
	}
	return false
}

func checkEncoded(b []byte, e *charset.Encoding) error {
	if e.Same() {
		return pgvalue.CheckText(b)
	}
	return pgwire.EncodingError(e.Check(b))
}

// EncodedLength is length of bytea and an encoding: how many characters there are.
func EncodedLength(b []byte, name string) (int, error) {
	e := charset.Lookup(name)
	if e == nil {
		return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid encoding name \"%s\"", name)
	}
	if e == charset.ASCII {
		return len(b), nil
	}
	if err := checkEncoded(b, e); err != nil {
		return 0, err
	}
	return e.Characters(b), nil
}

// EncodingNumber is pg_char_to_encoding.
func EncodingNumber(name string) int {
	if e := charset.Lookup(name); e != nil {
		return e.ID
	}
	return -1
}

// EncodingName is pg_encoding_to_char.
func EncodingName(n int) string {
	if e := charset.ByID(n); e != nil {
		return e.Name
	}
	return ""
}

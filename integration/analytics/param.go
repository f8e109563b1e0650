package analytics

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// A Param is a parameter's text, and its type's OID if the client gives one.
type Param struct {
	OID  uint32
	Null bool
	Text string
}

var typedParam = regexp.MustCompile(`^([a-z_0-9]+(?:\[\])?):(.*)$`)

// parseParams reads "VALUE | type:VALUE | NULL". A value that itself looks like
// "word:…" is written in Go's quotes.
func parseParams(text string) ([]Param, error) {
	var params []Param
	for value := range strings.SplitSeq(text, " | ") {
		var p Param
		if m := typedParam.FindStringSubmatch(value); m != nil {
			name := m[1]
			if element, ok := strings.CutSuffix(name, "[]"); ok {
				name = "_" + element
			}
			typ, ok := types.TypeForName(name)
			if !ok {
				return nil, fmt.Errorf("no type %q", m[1])
			}
			p.OID, value = typ.OID, m[2]
		}
		p.Null, p.Text = value == "NULL", value
		if strings.HasPrefix(value, `"`) {
			quoted, err := strconv.Unquote(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", value, err)
			}
			p.Text = quoted
		}
		params = append(params, p)
	}
	return params, nil
}

// encode gives the parameter's value as Bind sends it: in binary where asked for
// and where the text is one of its type's, else as text, for the server to refuse.
func (p Param) encode(oid uint32, binary bool) (value []byte, format int16) {
	if p.Null {
		return nil, 0
	}
	if binary {
		if encoded, err := encodeBinary(oid, p.Text); err == nil {
			return encoded, pgtype.BinaryFormatCode
		}
	}
	return []byte(p.Text), pgtype.TextFormatCode
}

func encodeBinary(oid uint32, text string) ([]byte, error) {
	typ, ok := types.TypeForOID(oid)
	if !ok {
		return nil, fmt.Errorf("no type %d", oid)
	}
	switch oid {
	case pgtype.JSONBOID:
		return append([]byte{1}, text...), nil
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.JSONOID, pgtype.BPCharOID, pgtype.UnknownOID:
		return []byte(text), nil
	}
	value, err := typ.Codec.DecodeValue(types, oid, pgtype.TextFormatCode, []byte(text))
	if err != nil {
		return nil, err
	}
	return types.Encode(oid, pgtype.BinaryFormatCode, value, nil)
}

package wire

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"
)

// typeSizes are the sizes that RowDescription must give with these types. The
// script shows a size only where it is wrong.
var typeSizes = map[uint32]int16{
	16: 1, 17: -1, 18: 1, 19: 64, 20: 8, 21: 2, 23: 4, 25: -1, 26: 4, 114: -1,
	700: 4, 701: 8, 1009: -1, 1184: 8, 2278: 4, 2950: 16, 3802: -1,
}

// decode is a message of the server as a script has it. It is strict: a
// message that does not encode to the same bytes again is an error.
func decode(kind byte, body []byte) (message, error) {
	if kind == 'E' || kind == 'N' {
		return decodeError(kind, body)
	}
	decoded, ok := backendMessage(kind, body)
	if !ok {
		return message{}, fmt.Errorf("unknown message type %q", kind)
	}
	if err := decoded.Decode(body); err != nil {
		return message{}, err
	}
	again, err := decoded.Encode(nil)
	if err != nil {
		return message{}, err
	}
	if !bytes.Equal(again[5:], body) {
		return message{}, fmt.Errorf("malformed %T: %x", decoded, body)
	}
	out := describe(decoded)
	if out.value != nil {
		// Through JSON, to have the same Go types as a script's values.
		out.value, err = fromJSON(toJSON(out.value))
	}
	return out, err
}

func backendMessage(kind byte, body []byte) (pgproto3.BackendMessage, bool) {
	if kind == 'R' {
		return authentication(body)
	}
	m, ok := map[byte]pgproto3.BackendMessage{
		'1': &pgproto3.ParseComplete{}, '2': &pgproto3.BindComplete{}, '3': &pgproto3.CloseComplete{},
		'A': &pgproto3.NotificationResponse{}, 'C': &pgproto3.CommandComplete{},
		'D': &pgproto3.DataRow{}, 'G': &pgproto3.CopyInResponse{}, 'H': &pgproto3.CopyOutResponse{},
		'I': &pgproto3.EmptyQueryResponse{}, 'K': &pgproto3.BackendKeyData{}, 'S': &pgproto3.ParameterStatus{},
		'T': &pgproto3.RowDescription{}, 'V': &pgproto3.FunctionCallResponse{}, 'Z': &pgproto3.ReadyForQuery{},
		'c': &pgproto3.CopyDone{}, 'd': &pgproto3.CopyData{}, 'n': &pgproto3.NoData{},
		's': &pgproto3.PortalSuspended{}, 't': &pgproto3.ParameterDescription{},
		'v': &pgproto3.NegotiateProtocolVersion{},
	}[kind]
	return m, ok
}

func authentication(body []byte) (pgproto3.BackendMessage, bool) {
	if !bytes.Equal(body, []byte{0, 0, 0, 0}) {
		return nil, false // nothing here asks for a password
	}
	return &pgproto3.AuthenticationOk{}, true
}

func describe(m pgproto3.BackendMessage) message {
	name := strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
	return message{name, valueOf(m)}
}

func valueOf(m pgproto3.BackendMessage) any {
	switch m := m.(type) {
	case *pgproto3.ParameterStatus:
		return []any{m.Name, m.Value}
	case *pgproto3.BackendKeyData:
		return map[string]any{
			"Pid": strconv.FormatUint(uint64(m.ProcessID), 10),
			"Key": "hex:" + hex.EncodeToString(m.SecretKey), "Bytes": len(m.SecretKey),
		}
	case *pgproto3.ReadyForQuery:
		return string(m.TxStatus)
	case *pgproto3.CommandComplete:
		return string(m.CommandTag)
	case *pgproto3.RowDescription:
		return columns(m)
	case *pgproto3.ParameterDescription:
		return append([]uint32{}, m.ParameterOIDs...)
	case *pgproto3.DataRow:
		return row(m)
	case *pgproto3.CopyData:
		return toText(m.Data)
	case *pgproto3.CopyInResponse:
		return copyFormats(m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyOutResponse:
		return copyFormats(m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.NegotiateProtocolVersion:
		newest := fmt.Sprintf("%d.%d", m.NewestMinorProtocol>>16, m.NewestMinorProtocol&0xffff)
		return map[string]any{"Newest": newest, "Options": append([]string{}, m.UnrecognizedOptions...)}
	}
	return nil
}

func columns(m *pgproto3.RowDescription) []any {
	list := []any{}
	for _, f := range m.Fields {
		column := []any{string(f.Name), f.DataTypeOID}
		if f.Format != 0 {
			column = append(column, format(uint16(f.Format)))
		}
		if size, known := typeSizes[f.DataTypeOID]; known && size != f.DataTypeSize {
			column = append(column, fmt.Sprintf("size %d instead of %d", f.DataTypeSize, size))
		}
		if f.TypeModifier != -1 {
			column = append(column, fmt.Sprintf("typmod %d", f.TypeModifier))
		}
		list = append(list, column)
	}
	return list
}

func row(m *pgproto3.DataRow) []any {
	list := []any{}
	for _, value := range m.Values {
		if value == nil {
			list = append(list, nil)
			continue
		}
		list = append(list, toText(value))
	}
	return list
}

func copyFormats(overall byte, codes []uint16) map[string]any {
	list := []any{}
	for _, code := range codes {
		list = append(list, format(code))
	}
	return map[string]any{"Format": format(uint16(overall)), "Columns": list}
}

func format(code uint16) string {
	switch code {
	case 0:
		return "text"
	case 1:
		return "binary"
	}
	return fmt.Sprintf("format %d", code)
}

// toText is the contrary of toBytes.
func toText(data []byte) string {
	if !utf8.Valid(data) {
		return "hex:" + hex.EncodeToString(data)
	}
	for _, r := range string(data) {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return "hex:" + hex.EncodeToString(data)
		}
	}
	return string(data)
}

// errorFields are the fields that a script may name. File, line, routine and
// where are the server's own affair.
var errorFields = map[byte]string{
	'S': "Severity", 'C': "Code", 'M': "Message", 'D': "Detail", 'H': "Hint", 'P': "Position",
	's': "Schema", 't': "Table", 'c': "Column", 'd': "DataType", 'n': "Constraint",
}

func decodeError(kind byte, body []byte) (message, error) {
	out := message{kind: map[byte]string{'E': "ErrorResponse", 'N': "NoticeResponse"}[kind]}
	object := map[string]any{}
	plain := ""
	for len(body) > 0 && body[0] != 0 {
		value, rest, ok := bytes.Cut(body[1:], []byte{0})
		if !ok {
			return out, fmt.Errorf("%s: a field without an end", out.kind)
		}
		if name, shown := errorFields[body[0]]; shown {
			object[name] = string(value)
		}
		if body[0] == 'V' {
			plain = string(value)
		}
		body = rest
	}
	if len(body) != 1 {
		return out, fmt.Errorf("%s: %d bytes at the end", out.kind, len(body))
	}
	out.value = object
	return out, checkError(out.kind, object, plain)
}

// checkError holds what is true of every error: the severity is there in both
// forms, and no class XX, on which Npgsql drops the connection.
func checkError(kind string, object map[string]any, plain string) error {
	code, _ := object["Code"].(string)
	text, _ := object["Message"].(string)
	switch {
	case object["Severity"] != plain:
		return fmt.Errorf("%s: severity %v, but %q in field V", kind, object["Severity"], plain)
	case len(code) != 5 || strings.HasPrefix(code, "XX"):
		return fmt.Errorf("%s: code %q: %s", kind, code, text)
	case text == "":
		return fmt.Errorf("%s: no message", kind)
	}
	return nil
}

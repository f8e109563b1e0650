package wire

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Request codes take a protocol version's place in a start-up packet.
const (
	sslRequestCode    = 80877103
	gssEncRequestCode = 80877104
	cancelRequestCode = 80877102
)

// encode is a script line of the client as bytes.
func encode(kind, payload string) ([]byte, error) {
	switch kind {
	case "Raw":
		value, err := parsePayload(payload)
		text, ok := value.(string)
		if err != nil || !ok {
			return nil, fmt.Errorf("Raw takes a text: %w", err)
		}
		return toBytes(text)
	case "SSLRequest":
		return packet(sslRequestCode, nil), nil
	case "GSSENCRequest":
		return packet(gssEncRequestCode, nil), nil
	case "Startup":
		return encodeStartup(payload)
	case "CancelRequest":
		return encodeCancel(payload)
	case "Message":
		return encodeMessage(payload)
	}
	m, err := frontendMessage(kind, payload)
	if err != nil {
		return nil, err
	}
	return m.Encode(nil)
}

// frontendMessage is a well-formed message.
func frontendMessage(kind, payload string) (pgproto3.FrontendMessage, error) {
	switch kind {
	case "Parse":
		return parseMessage(payload)
	case "Bind":
		return bindMessage(payload)
	case "Describe":
		which, name, err := object(payload)
		return &pgproto3.Describe{ObjectType: which, Name: name}, err
	case "Close":
		which, name, err := object(payload)
		return &pgproto3.Close{ObjectType: which, Name: name}, err
	case "Execute":
		var in struct {
			Portal  string
			MaxRows uint32
		}
		err := fields(payload, &in)
		return &pgproto3.Execute{Portal: in.Portal, MaxRows: in.MaxRows}, err
	}
	return simpleMessage(kind, payload)
}

// simpleMessage is a message of at most one text.
func simpleMessage(kind, payload string) (pgproto3.FrontendMessage, error) {
	value, err := parsePayload(payload)
	if err != nil {
		return nil, err
	}
	text, ok := value.(string)
	if value != nil && !ok {
		return nil, fmt.Errorf("%s takes a text", kind)
	}
	switch kind {
	case "Query":
		return &pgproto3.Query{String: text}, nil
	case "CopyData":
		data, err := toBytes(text)
		return &pgproto3.CopyData{Data: data}, err
	case "CopyDone":
		return &pgproto3.CopyDone{}, nil
	case "CopyFail":
		return &pgproto3.CopyFail{Message: text}, nil
	case "Sync":
		return &pgproto3.Sync{}, nil
	case "Flush":
		return &pgproto3.Flush{}, nil
	case "Terminate":
		return &pgproto3.Terminate{}, nil
	case "PasswordMessage":
		return &pgproto3.PasswordMessage{Password: text}, nil
	}
	return nil, fmt.Errorf("unknown message %q", kind)
}

func parseMessage(payload string) (pgproto3.FrontendMessage, error) {
	var in struct {
		Name      string
		Query     string
		ParamOIDs []uint32
	}
	err := fields(payload, &in)
	return &pgproto3.Parse{Name: in.Name, Query: in.Query, ParameterOIDs: in.ParamOIDs}, err
}

func bindMessage(payload string) (pgproto3.FrontendMessage, error) {
	var in struct {
		Portal        string
		Statement     string
		ParamFormats  []int16
		Params        []*string
		ResultFormats []int16
	}
	if err := fields(payload, &in); err != nil {
		return nil, err
	}
	m := &pgproto3.Bind{
		DestinationPortal: in.Portal, PreparedStatement: in.Statement,
		ParameterFormatCodes: in.ParamFormats, ResultFormatCodes: in.ResultFormats,
	}
	for _, param := range in.Params {
		var value []byte
		if param != nil {
			bytes, err := toBytes(*param)
			if err != nil {
				return nil, err
			}
			value = append([]byte{}, bytes...) // nil would be null
		}
		m.Parameters = append(m.Parameters, value)
	}
	return m, nil
}

// object is what Describe and Close are about.
func object(payload string) (which byte, name string, err error) {
	var in struct{ Statement, Portal *string }
	if err := fields(payload, &in); err != nil {
		return 0, "", err
	}
	switch {
	case in.Statement != nil && in.Portal == nil:
		return 'S', *in.Statement, nil
	case in.Portal != nil && in.Statement == nil:
		return 'P', *in.Portal, nil
	}
	return 0, "", fmt.Errorf("say either Statement or Portal")
}

func encodeStartup(payload string) ([]byte, error) {
	var in struct {
		Version    string
		Parameters [][2]string
	}
	if err := fields(payload, &in); err != nil {
		return nil, err
	}
	version, err := parseVersion(in.Version)
	if err != nil {
		return nil, err
	}
	return startup(version, in.Parameters), nil
}

// startup is a start-up packet with the parameters in this order.
func startup(version uint32, parameters [][2]string) []byte {
	var body []byte
	for _, parameter := range parameters {
		for _, text := range parameter {
			body = append(append(body, text...), 0)
		}
	}
	return packet(version, append(body, 0))
}

// parseVersion reads 3.2 as the wire has it, major above minor.
func parseVersion(text string) (uint32, error) {
	major, minor, ok := strings.Cut(text, ".")
	a, err := strconv.ParseUint(major, 10, 16)
	if err != nil || !ok {
		return 0, fmt.Errorf("version %q", text)
	}
	b, err := strconv.ParseUint(minor, 10, 16)
	return uint32(a<<16 | b), err
}

func encodeCancel(payload string) ([]byte, error) {
	var in struct{ Pid, Key string }
	if err := fields(payload, &in); err != nil {
		return nil, err
	}
	pid, err := strconv.ParseUint(in.Pid, 10, 32)
	if err != nil {
		return nil, err
	}
	key, err := toBytes(in.Key)
	if err != nil {
		return nil, err
	}
	return packet(cancelRequestCode, append(binary.BigEndian.AppendUint32(nil, uint32(pid)), key...)), nil
}

// packet is what comes before the first message: a length, a code, a body.
func packet(code uint32, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	out = binary.BigEndian.AppendUint32(out, code)
	return append(out, body...)
}

// encodeMessage is any type and body with a right length.
func encodeMessage(payload string) ([]byte, error) {
	var in struct{ Type, Body string }
	if err := fields(payload, &in); err != nil {
		return nil, err
	}
	if len(in.Type) != 1 {
		return nil, fmt.Errorf("type %q", in.Type)
	}
	body, err := toBytes(in.Body)
	out := binary.BigEndian.AppendUint32([]byte(in.Type), uint32(4+len(body)))
	return append(out, body...), err
}

// fields decodes a message's fields; one that does not exist is an error.
func fields(payload string, into any) error {
	if payload == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(payload))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if decoder.More() {
		return fmt.Errorf("more than one value in %s", payload)
	}
	return nil
}

// toBytes is a text, or the bytes after "hex:" where spaces may be for reading.
func toBytes(text string) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, "hex:")
	if !ok {
		return []byte(text), nil
	}
	return hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
}

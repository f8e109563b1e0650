package compare

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// signature begins binary COPY data; flags and the header's extension follow.
const signature = "PGCOPY\n\xff\r\n\x00"

// encodeTuples makes binary COPY data of lines like "text:a | int8:1 | NULL".
// A line "raw HEX" is sent as it is, and then no trailer, for damaged data.
func encodeTuples(lines []string) ([]byte, error) {
	data := append([]byte(signature), make([]byte, 8)...)
	for _, line := range lines {
		if digits, ok := strings.CutPrefix(line, "raw "); ok {
			raw, err := hex.DecodeString(digits)
			return append(data, raw...), err
		}
		fields, err := parseParams(line)
		if err != nil {
			return nil, err
		}
		data = binary.BigEndian.AppendUint16(data, uint16(len(fields)))
		for _, field := range fields {
			if data, err = appendField(data, field); err != nil {
				return nil, err
			}
		}
	}
	return append(data, 0xff, 0xff), nil
}

func appendField(data []byte, field Param) ([]byte, error) {
	if field.Null {
		return append(data, 0xff, 0xff, 0xff, 0xff), nil
	}
	value, err := encodeBinary(field.OID, field.Text)
	if err != nil {
		return nil, err
	}
	data = binary.BigEndian.AppendUint32(data, uint32(len(value)))
	return append(data, value...), nil
}

// decodeTuples shows binary COPY data: a line a tuple, the fields in hexadecimal.
func decodeTuples(data []byte) []string {
	body, ok := bytes.CutPrefix(data, []byte(signature))
	if !ok || len(body) < 8 {
		return []string{fmt.Sprintf("(no binary header: %x)", data)}
	}
	lines := []string{fmt.Sprintf("> header %x", body[:8])}
	for body = body[8:]; len(body) >= 2; {
		count := int16(binary.BigEndian.Uint16(body))
		body = body[2:]
		if count < 0 {
			lines = append(lines, "> trailer")
			break
		}
		fields := make([]string, count)
		for i := range fields {
			fields[i], body = decodeField(body)
		}
		lines = append(lines, "> "+strings.Join(fields, " | "))
	}
	if len(body) > 0 {
		lines = append(lines, fmt.Sprintf("(left over: %x)", body))
	}
	return lines
}

func decodeField(body []byte) (string, []byte) {
	if len(body) < 4 {
		return "(torn)", nil
	}
	size := int32(binary.BigEndian.Uint32(body))
	body = body[4:]
	switch {
	case size < 0:
		return "NULL", body
	case int(size) > len(body):
		return "(torn)", nil
	default:
		return `\x` + hex.EncodeToString(body[:size]), body[size:]
	}
}

package pgfn

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// KeyValue is a member of an object.
type KeyValue struct {
	Key   string
	Value []byte // in jsonb's normal form
}

// TypeOf is jsonb_typeof. What is no JSON has an empty type.
func TypeOf(json []byte) string {
	json = trimJSON(json)
	if len(json) == 0 {
		return ""
	}
	switch c := json[0]; c {
	case '{':
		return jsonKindNames[jsonObject]
	case '[':
		return jsonKindNames[jsonArray]
	case '"':
		return jsonKindNames[jsonString]
	case 't', 'f':
		return jsonKindNames[jsonBool]
	case 'n':
		return jsonKindNames[jsonNull]
	default:
		if c == '-' || isDigit(c) {
			return jsonKindNames[jsonNumber]
		}
	}
	return ""
}

// ArrayLength is jsonb_array_length.
func ArrayLength(json []byte) (int, error) {
	switch TypeOf(json) {
	case "array":
	case "object":
		return 0, invalidParameter("cannot get array length of a non-array")
	default:
		return 0, invalidParameter("cannot get array length of a scalar")
	}
	count := 0
	for i := skipSpace(json, 0) + 1; ; count++ {
		_, next, ok := nextElement(json, i)
		if !ok {
			return count, nil
		}
		i = next
	}
}

// ArrayElements is jsonb_array_elements: the elements in jsonb's normal form. Text makes
// of them what jsonb_array_elements_text gives.
func ArrayElements(json []byte) ([][]byte, error) {
	switch TypeOf(json) {
	case "array":
	case "object":
		return nil, invalidParameter("cannot extract elements from an object")
	default:
		return nil, invalidParameter("cannot extract elements from a scalar")
	}
	out := [][]byte{}
	for i := skipSpace(json, 0) + 1; ; {
		raw, next, ok := nextElement(json, i)
		if !ok {
			return out, nil
		}
		value, err := Normalize(make([]byte, 0, len(raw)), raw)
		if err != nil {
			return nil, err
		}
		out = append(out, value)
		i = next
	}
}

// Each is jsonb_each: the members in jsonb's order.
func Each(json []byte) ([]KeyValue, error) { return EachAs(json, "jsonb_each") }

// EachAs is Each for a function of another name, which errors tell.
func EachAs(json []byte, function string) ([]KeyValue, error) {
	if kind := TypeOf(json); kind != "object" {
		if function == "jsonb_object_keys" && kind == "array" {
			return nil, invalidParameter("cannot call %s on an array", function)
		}
		if function == "jsonb_object_keys" {
			return nil, invalidParameter("cannot call %s on a scalar", function)
		}
		return nil, invalidParameter("cannot call %s on a non-object", function)
	}
	n, err := parseJSON(json)
	if err != nil {
		return nil, err
	}
	out := make([]KeyValue, len(n.items))
	for i, item := range n.items {
		out[i] = KeyValue{Key: string(n.keys[i]), Value: item.bytes()}
	}
	return out, nil
}

// ObjectKeys is jsonb_object_keys.
func ObjectKeys(json []byte) ([]string, error) {
	switch TypeOf(json) {
	case "object":
	case "array":
		return nil, invalidParameter("cannot call jsonb_object_keys on an array")
	default:
		return nil, invalidParameter("cannot call jsonb_object_keys on a scalar")
	}
	n, err := parseJSON(json)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(n.keys))
	for i, key := range n.keys {
		out[i] = string(key)
	}
	return out, nil
}

// cannotCast is the error of a cast of a jsonb value to a type.
func cannotCast(json []byte, target string) error {
	kind := TypeOf(json)
	if kind == "number" {
		kind = "numeric"
	}
	return invalidParameter("cannot cast jsonb %s to type %s", kind, target)
}

// ToBool is the cast of jsonb to boolean.
func ToBool(json []byte) (bool, error) {
	json = trimJSON(json)
	if TypeOf(json) != "boolean" {
		return false, cannotCast(json, "boolean")
	}
	return json[0] == 't', nil
}

// ToNumeric is the cast of jsonb to numeric.
func ToNumeric(json []byte) (Numeric, error) { return ToNumericAs(json, "numeric") }

// ToNumericAs is ToNumeric on the way to another type, which errors tell.
func ToNumericAs(json []byte, target string) (Numeric, error) {
	json = trimJSON(json)
	if TypeOf(json) != "number" {
		return Numeric{}, cannotCast(json, target)
	}
	n, status := parseDecimal(json)
	switch status {
	case tooLarge:
		return Numeric{}, errOverflow()
	case malformed:
		return Numeric{}, pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", json)
	}
	return n, nil
}

// BuildObject appends an object of members in the given order, with jsonb's spacing. The
// values are JSON.
func BuildObject(dst []byte, members []KeyValue) []byte {
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',', ' ')
		}
		dst = append(AppendString(dst, m.Key), ':', ' ')
		dst = append(dst, m.Value...)
	}
	return append(dst, '}')
}

// BuildArray appends an array of JSON values, with jsonb's spacing.
func BuildArray(dst []byte, elements [][]byte) []byte {
	dst = append(dst, '[')
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ',', ' ')
		}
		dst = append(dst, e...)
	}
	return append(dst, ']')
}

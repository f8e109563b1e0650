package pgfn

import "bytes"

// The type json is text: what is taken out of it is as it was written, members that have one
// key are all there, and \u0000 is an error only where it must become text.

// ValidateText returns the error of json's input function, or nil.
func ValidateText(json []byte) error { return validate(json, true) }

// RawText is a value as ->> of json shows it: a string without its quotes, else the text. JSON's
// null is false.
func RawText(json []byte) ([]byte, bool, error) {
	word := trimJSON(json)
	switch {
	case len(word) == 0 || string(word) == "null":
		return nil, false, nil
	case word[0] != '"':
		return json, true, nil
	}
	end, escaped := skipString(word, 0)
	raw := word[1 : end-1]
	if !escaped {
		return raw, true, nil
	}
	if err := checkEscapes(raw); err != nil {
		return nil, false, err
	}
	return unescape(make([]byte, 0, len(raw)), raw), true, nil
}

// RawIndex is json -> i.
func RawIndex(json []byte, i int) ([]byte, bool) {
	if start := skipSpace(json, 0); start >= len(json) || json[start] != '[' {
		return nil, false
	}
	return GetIndex(json, i)
}

// RawPath is json #> path.
func RawPath(json []byte, path []string) ([]byte, bool) {
	if len(path) == 0 {
		return bytes.TrimRight(json, " \t\n\r"), true
	}
	return GetPath(json, path)
}

// RawMembers are the members of an object, in the order in which they are written; function is
// who asks, for errors.
func RawMembers(json []byte, function string) ([]KeyValue, error) {
	keysOnly := function == "json_object_keys"
	switch kind := TypeOf(json); {
	case kind == "object":
	case keysOnly && kind == "array":
		return nil, invalidParameter("cannot call %s on an array", function)
	case keysOnly:
		return nil, invalidParameter("cannot call %s on a scalar", function)
	case kind == "array":
		return nil, invalidParameter("cannot deconstruct an array as an object")
	default:
		return nil, invalidParameter("cannot deconstruct a scalar")
	}
	out := []KeyValue{}
	for i := skipSpace(json, 0) + 1; ; {
		key, value, escaped, next, ok := nextMember(json, i)
		if !ok {
			return out, nil
		}
		if escaped {
			if err := checkEscapes(key); err != nil {
				return nil, err
			}
			key = unescape(nil, key)
		}
		out = append(out, KeyValue{Key: string(key), Value: value})
		i = next
	}
}

// RawElements are the elements of an array, as they are written.
func RawElements(json []byte, function string) ([][]byte, error) {
	switch TypeOf(json) {
	case "array":
	case "object":
		return nil, invalidParameter("cannot call %s on a non-array", function)
	default:
		return nil, invalidParameter("cannot call %s on a scalar", function)
	}
	out := [][]byte{}
	for i := skipSpace(json, 0) + 1; ; {
		value, next, ok := nextElement(json, i)
		if !ok {
			return out, nil
		}
		out = append(out, value)
		i = next
	}
}

// RawStripNulls is json_strip_nulls: members that are null go, and white space.
func RawStripNulls(json []byte) []byte { return stripNulls(make([]byte, 0, len(json)), trimJSON(json)) }

func stripNulls(dst, json []byte) []byte {
	if len(json) == 0 {
		return dst
	}
	switch json[0] {
	case '{':
		dst = append(dst, '{')
		first := true
		for i := 1; ; {
			key, value, escaped, next, ok := nextMember(json, i)
			if !ok {
				return append(dst, '}')
			}
			i = next
			if string(value) == "null" {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			if escaped {
				key = unescape(nil, key)
			}
			dst = append(AppendString(dst, key), ':')
			dst = stripNulls(dst, value)
		}
	case '[':
		dst = append(dst, '[')
		first := true
		for i := 1; ; {
			value, next, ok := nextElement(json, i)
			if !ok {
				return append(dst, ']')
			}
			i = next
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = stripNulls(dst, value)
		}
	case '"':
		if end, escaped := skipString(json, 0); escaped {
			return AppendString(dst, unescape(nil, json[1:end-1]))
		}
	}
	return append(dst, json...)
}

// ObjectOfPairs is json_object of a flat array, keys and values in turn; nil is null. Spacing is
// json_object's.
func ObjectOfPairs(items []*string) ([]byte, error) {
	if len(items)%2 != 0 {
		return nil, errArray("array must have even number of elements")
	}
	keys, values := make([]*string, 0, len(items)/2), make([]*string, 0, len(items)/2)
	for i := 0; i < len(items); i += 2 {
		keys, values = append(keys, items[i]), append(values, items[i+1])
	}
	return ObjectOfLists(keys, values)
}

// ObjectOfLists is json_object of an array of keys and one of values.
func ObjectOfLists(keys, values []*string) ([]byte, error) {
	if len(keys) != len(values) {
		if len(keys) == 0 || len(values) == 0 {
			return nil, errArray("wrong number of array subscripts")
		}
		return nil, errArray("mismatched array dimensions")
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range keys {
		if key == nil {
			return nil, errNullKey()
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.Write(AppendString(nil, *key))
		b.WriteString(" : ")
		if values[i] == nil {
			b.WriteString("null")
			continue
		}
		b.Write(AppendString(nil, *values[i]))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

package pgfn

import "encoding/binary"

// JSONSortKey appends a key of a JSON value: keys compare bytewise as Compare compares the
// values, and are equal for equal values however they are written.
func JSONSortKey(dst, json []byte) ([]byte, error) {
	n, err := parseJSON(json)
	if err != nil {
		return nil, err
	}
	if n.kind == jsonObject {
		return n.sortKey(dst), nil
	}
	// The root is an array, and a scalar at the root is one of a single element, below
	// every array as long.
	if n.kind == jsonArray {
		dst = binary.BigEndian.AppendUint32(append(dst, byte(jsonArray)), uint32(len(n.items)))
		dst = append(dst, 1)
		for _, item := range n.items {
			dst = item.sortKey(dst)
		}
		return dst, nil
	}
	dst = binary.BigEndian.AppendUint32(append(dst, byte(jsonArray)), 1)
	return n.sortKey(append(dst, 0)), nil
}

func (n *jsonNode) sortKey(dst []byte) []byte {
	dst = append(dst, byte(n.kind))
	switch n.kind {
	case jsonString:
		return append(append(dst, n.text...), 0) // no text holds a NUL
	case jsonNumber:
		return append(n.num.SortKey(dst), n.raw...)
	case jsonBool:
		if n.truth {
			return append(dst, 1)
		}
		return append(dst, 0)
	case jsonArray:
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(n.items)))
		for _, item := range n.items {
			dst = item.sortKey(dst)
		}
	case jsonObject:
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(n.items)))
		for i, item := range n.items {
			dst = append(append(dst, n.keys[i]...), 0)
			dst = item.sortKey(dst)
		}
	}
	return dst
}

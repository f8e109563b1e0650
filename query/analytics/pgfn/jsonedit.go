package pgfn

import (
	"bytes"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

func invalidParameter(format string, args ...any) error {
	return pgerror.Errorf(pgerror.InvalidParameterValue, format, args...)
}

// Exists is json ? key: a key of an object, or a string in an array or alone.
func Exists(json []byte, key string) (bool, error) { return ExistsAny(json, []string{key}) }

// ExistsAny is json ?| keys.
func ExistsAny(json []byte, keys []string) (bool, error) {
	n, err := parseJSON(json)
	if err != nil {
		return false, err
	}
	for _, key := range keys {
		if n.exists(key) {
			return true, nil
		}
	}
	return false, nil
}

// ExistsAll is json ?& keys.
func ExistsAll(json []byte, keys []string) (bool, error) {
	n, err := parseJSON(json)
	if err != nil {
		return false, err
	}
	for _, key := range keys {
		if !n.exists(key) {
			return false, nil
		}
	}
	return true, nil
}

func errArray(message string) error {
	return pgerror.Errorf(pgerror.ArraySubscriptError, "%s", message)
}

func errNullKey() error {
	return pgerror.Errorf(pgerror.NullValueNotAllowed, "null value not allowed for object key")
}

func (n *jsonNode) exists(key string) bool {
	switch n.kind {
	case jsonObject:
		return n.find([]byte(key)) != nil
	case jsonArray:
		for _, item := range n.items {
			if item.kind == jsonString && string(item.text) == key {
				return true
			}
		}
		return false
	}
	return n.kind == jsonString && string(n.text) == key
}

// Concat is a || b.
func Concat(a, b []byte) ([]byte, error) {
	n, err := parseJSON(a)
	if err != nil {
		return nil, err
	}
	m, err := parseJSON(b)
	if err != nil {
		return nil, err
	}
	if n.kind == jsonObject && m.kind == jsonObject {
		n.keys = append(n.keys, m.keys...)
		n.items = append(n.items, m.items...)
		n.arrange()
		return n.bytes(), nil
	}
	elements := func(n *jsonNode) []*jsonNode {
		if n.kind == jsonArray {
			return n.items
		}
		return []*jsonNode{n}
	}
	out := &jsonNode{kind: jsonArray}
	out.items = append(append(out.items, elements(n)...), elements(m)...)
	return out.bytes(), nil
}

// Delete is json - key: a member, or all strings of an array that equal key.
func Delete(json []byte, key string) ([]byte, error) { return DeleteKeys(json, []string{key}) }

// DeleteKeys is json - keys.
func DeleteKeys(json []byte, keys []string) ([]byte, error) {
	n, err := parseJSON(json)
	if err != nil {
		return nil, err
	}
	if n.isScalar() {
		return nil, invalidParameter("cannot delete from scalar")
	}
	n.deleteAll(keys)
	return n.bytes(), nil
}

// deleteAll deletes the members with these keys, or the strings among an array's elements.
func (n *jsonNode) deleteAll(keys []string) {
	gone := make(map[string]bool, len(keys))
	for _, key := range keys {
		gone[key] = true
	}
	kept := 0
	for i, item := range n.items {
		if n.kind == jsonObject && gone[string(n.keys[i])] || n.kind == jsonArray && item.kind == jsonString && gone[string(item.text)] {
			continue
		}
		n.items[kept] = item
		if n.kind == jsonObject {
			n.keys[kept] = n.keys[i]
		}
		kept++
	}
	n.items = n.items[:kept]
	if n.kind == jsonObject {
		n.keys = n.keys[:kept]
	}
}

func (n *jsonNode) remove(i int) {
	n.items = append(n.items[:i], n.items[i+1:]...)
	if n.kind == jsonObject {
		n.keys = append(n.keys[:i], n.keys[i+1:]...)
	}
}

// DeleteIndex is json - index. A negative index counts from the end.
func DeleteIndex(json []byte, index int) ([]byte, error) {
	n, err := parseJSON(json)
	switch {
	case err != nil:
		return nil, err
	case n.isScalar():
		return nil, invalidParameter("cannot delete from scalar")
	case n.kind == jsonObject:
		return nil, invalidParameter("cannot delete from object using integer index")
	}
	if index < 0 {
		index += len(n.items)
	}
	if index >= 0 && index < len(n.items) {
		n.remove(index)
	}
	return n.bytes(), nil
}

// NullStep is a null among the steps of a path, which is an error where it is reached. No text holds
// it.
const NullStep = "\x00"

// pathChange is what to do at the end of a path.
type pathChange uint8

const (
	changeSet pathChange = iota
	changeCreate
	changeDelete
	changeInsertBefore
	changeInsertAfter
)

// DeletePath is json #- path.
func DeletePath(json []byte, path []string) ([]byte, error) {
	return change(json, path, nil, changeDelete, "cannot delete path in scalar")
}

// Set is jsonb_set(json, path, value, createMissing).
func Set(json []byte, path []string, value []byte, createMissing bool) ([]byte, error) {
	what := changeSet
	if createMissing {
		what = changeCreate
	}
	return change(json, path, value, what, "cannot set path in scalar")
}

// Insert is jsonb_insert(json, path, value, after).
func Insert(json []byte, path []string, value []byte, after bool) ([]byte, error) {
	what := changeInsertBefore
	if after {
		what = changeInsertAfter
	}
	return change(json, path, value, what, "cannot set path in scalar")
}

func change(json []byte, path []string, value []byte, what pathChange, scalar string) ([]byte, error) {
	n, err := parseJSON(json)
	if err != nil {
		return nil, err
	}
	c := pathChanger{path: path, what: what}
	if what != changeDelete {
		if c.value, err = parseJSON(value); err != nil {
			return nil, err
		}
	}
	if n.isScalar() {
		return nil, invalidParameter("%s", scalar)
	}
	creates := what != changeSet && what != changeDelete
	if len(path) > 0 && (len(n.items) > 0 || creates) {
		if err := c.apply(n, 0); err != nil {
			return nil, err
		}
	}
	return n.bytes(), nil
}

type pathChanger struct {
	path  []string
	value *jsonNode
	what  pathChange
}

func (c *pathChanger) creates() bool { return c.what != changeSet && c.what != changeDelete }

func (c *pathChanger) apply(n *jsonNode, level int) error {
	if c.path[level] == NullStep {
		return pgerror.Errorf(pgerror.NullValueNotAllowed, "path element at position %d is null", level+1)
	}
	last := level == len(c.path)-1
	switch n.kind {
	case jsonObject:
		return c.object(n, level, last)
	case jsonArray:
		return c.array(n, level, last)
	}
	return nil // a path that leads into a scalar changes nothing
}

func (c *pathChanger) object(n *jsonNode, level int, last bool) error {
	key := []byte(c.path[level])
	i, found := n.index(key)
	switch {
	case found && !last:
		return c.apply(n.items[i], level+1)
	case found && (c.what == changeInsertBefore || c.what == changeInsertAfter):
		return pgerror.Errorf(pgerror.InvalidParameterValue, "cannot replace existing key").
			WithHint("Try using the function jsonb_set to replace key value.")
	case found && c.what == changeDelete:
		n.remove(i)
	case found:
		n.items[i] = c.value
	case last && c.creates():
		n.keys = append(n.keys, key)
		n.items = append(n.items, c.value)
		n.arrange()
	}
	return nil
}

func (c *pathChanger) array(n *jsonNode, level int, last bool) error {
	i, ok := pathIndex(c.path[level])
	if !ok {
		return pgerror.Errorf(pgerror.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", level+1, c.path[level])
	}
	count := len(n.items)
	before := false // the index is before the first element
	if i < 0 {
		if i += count; i < 0 {
			before = true
		}
	}
	inside := !before && i < count
	switch {
	case inside && !last:
		return c.apply(n.items[i], level+1)
	case !last:
		return nil
	case inside && c.what == changeDelete:
		n.remove(i)
	case inside && (c.what == changeSet || c.what == changeCreate):
		n.items[i] = c.value
	case c.creates():
		at := count
		switch {
		case before:
			at = 0
		case inside && c.what == changeInsertBefore:
			at = i
		case inside:
			at = i + 1
		}
		n.items = append(n.items, nil)
		copy(n.items[at+1:], n.items[at:])
		n.items[at] = c.value
	}
	return nil
}

// StripNulls is jsonb_strip_nulls: members that are null go, elements stay.
func StripNulls(json []byte) ([]byte, error) {
	n, err := parseJSON(json)
	if err != nil {
		return nil, err
	}
	n.stripNulls()
	return n.bytes(), nil
}

func (n *jsonNode) stripNulls() {
	if n.kind == jsonObject {
		kept := 0
		for i, item := range n.items {
			if item.kind != jsonNull {
				n.keys[kept], n.items[kept] = n.keys[i], item
				kept++
			}
		}
		n.keys, n.items = n.keys[:kept], n.items[:kept]
	}
	for _, item := range n.items {
		item.stripNulls()
	}
}

// Pretty is jsonb_pretty.
func Pretty(json []byte) ([]byte, error) {
	n, err := parseJSON(json)
	if err != nil {
		return nil, err
	}
	return n.pretty(nil, 0), nil
}

func (n *jsonNode) pretty(dst []byte, depth int) []byte {
	if n.isScalar() {
		return n.appendTo(dst)
	}
	open, end := byte('['), byte(']')
	if n.kind == jsonObject {
		open, end = '{', '}'
	}
	newline := func(depth int) {
		dst = append(dst, '\n')
		dst = append(dst, bytes.Repeat([]byte("    "), depth)...)
	}
	dst = append(dst, open)
	for i, item := range n.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		newline(depth + 1)
		if n.kind == jsonObject {
			dst = append(AppendString(dst, n.keys[i]), ':', ' ')
		}
		dst = item.pretty(dst, depth+1)
	}
	newline(depth)
	return append(dst, end)
}

//go:build cgo

package translate

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// searches write the functions that look for a value among an array's, by what makes values equal and not
// by how they look. made are the arguments in the types of the form that was chosen.
var searches = map[string]func(c *compiler, made []*ex) string{
	"array_remove":    (*compiler).arrayRemove,
	"array_replace":   (*compiler).arrayReplace,
	"array_positions": (*compiler).arrayPositions,
	"width_bucket":    (*compiler).arrayBucket,
}

func init() {
	for name, write := range searches {
		for _, f := range functions[name] {
			if f.args[0] == oidAnyArray || f.args[1] == oidAnyArray {
				f.write = write
			}
		}
	}
}

// keysOf are the keys of an array's elements.
func (c *compiler) keysOf(array *ex) string {
	item := itemOf(array)
	if item == nil {
		return array.sql
	}
	c.equatable(item)
	if !needsKey(item) {
		return array.sql
	}
	return "list_transform(" + array.sql + ", lambda x: " + c.key(item) + ")"
}

// captured tells of a value that a lambda may name. DuckDB's see neither columns of queries around their
// own nor subqueries: such a value each element brings along.
func captured(e *ex) bool { return e.literal || e.param > 0 }

// each is a list of as many values as an array has elements.
func each(value string, array *ex) string {
	return fmt.Sprintf("list_resize([%[1]s], len(%[2]s), %[1]s)", value, array.sql)
}

// besides writes lists side by side, whose parts are y[1], y[2] … of each element y.
func besides(lists ...string) string { return "list_zip(" + strings.Join(lists, ", ") + ")" }

// ifArray is null for no array: lists beside none are empty.
func ifArray(array *ex, sql string) string {
	return "(CASE WHEN " + array.sql + " IS NOT NULL THEN " + sql + " END)"
}

func (c *compiler) arrayRemove(made []*ex) string {
	array, v := made[0], made[1]
	keys := c.keysOf(array)
	if captured(v) && keys == array.sql {
		return "list_filter(" + array.sql + ", lambda y: y IS DISTINCT FROM " + v.sql + ")"
	}
	found := "list_filter(" + besides(array.sql, keys, each(c.key(v), array)) + ", lambda y: y[2] IS DISTINCT FROM y[3])"
	return ifArray(array, "list_transform("+found+", lambda y: y[1])")
}

func (c *compiler) arrayReplace(made []*ex) string {
	array, v, by := made[0], made[1], made[2]
	keys := c.keysOf(array)
	if captured(v) && captured(by) && keys == array.sql {
		return "list_transform(" + array.sql + ", lambda y: CASE WHEN y IS NOT DISTINCT FROM " + v.sql + " THEN " + by.sql + " ELSE y END)"
	}
	zip := besides(array.sql, keys, each(c.key(v), array), each(by.sql, array))
	return ifArray(array, "list_transform("+zip+", lambda y: CASE WHEN y[2] IS NOT DISTINCT FROM y[3] THEN y[4] ELSE y[1] END)")
}

func (c *compiler) arrayPositions(made []*ex) string {
	array, v := made[0], made[1]
	zip := besides("range(1, len("+array.sql+") + 1)", c.keysOf(array), each(c.key(v), array))
	return ifArray(array, "list_transform(list_filter("+zip+", lambda y: y[2] IS NOT DISTINCT FROM y[3]), lambda y: CAST(y[1] AS INTEGER))")
}

// arrayBucket is the width_bucket of thresholds, which are halved until the bucket is found: in what order
// they are is the client's affair, and what comes of it PostgreSQL's.
func (c *compiler) arrayBucket(made []*ex) string {
	v, array := made[0], made[1]
	steps := "list_transform(" + besides(c.keysOf(array), each(c.key(v), array)) + ", lambda y: CASE WHEN y[1] <= y[2] THEN 't' ELSE 'f' END)"
	return fmt.Sprintf("(CASE WHEN %[3]s IS NULL THEN NULL WHEN list_count(%[1]s) < len(%[1]s) THEN error('%[2]s') WHEN %[1]s IS NOT NULL THEN pg_bisect(%[4]s) END)",
		array.sql, marker(pgerror.NullValueNotAllowed, "thresholds array must not contain NULLs"), v.sql, steps)
}

// arrayPositionOf is where in an array's elements a value is first, 0 if it is nowhere.
func (c *compiler) arrayPositionOf(array *ex, list string, v *ex) string {
	keyed := *array
	keyed.sql = list
	return "list_position(" + c.keysOf(&keyed) + ", " + c.key(v) + ")"
}

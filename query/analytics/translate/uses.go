//go:build cgo

package translate

import (
	"encoding/json"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// BareName is a name in a query that stands there without its schema.
type BareName struct {
	At   int // in the text
	Name string
}

// BareNames are the relations that a query names without their schema, but those of WITH, in order.
func BareNames(query string) (found []BareName) {
	for _, r := range rangeNames(query) {
		if !r.qualified {
			found = append(found, r.BareName)
		}
	}
	slices.SortFunc(found, func(a, b BareName) int { return a.At - b.At })
	return found
}

// rangeName is a relation that a query names in FROM.
type rangeName struct {
	BareName
	schema    string
	qualified bool
}

// rangeNames are the relations of a query, as often as they are named, but those of WITH. The name of a WITH query hides a relation's;
// that it does not do so everywhere is passed over.
func rangeNames(query string) (found []rangeName) {
	ctes := map[string]bool{}
	walkTree(query, func(key string, fields map[string]any) {
		switch key {
		case "CommonTableExpr":
			name, _ := fields["ctename"].(string)
			ctes[name] = true
		case "RangeVar":
			var r rangeName
			r.schema, r.qualified = fields["schemaname"].(string)
			r.Name, _ = fields["relname"].(string)
			at, _ := fields["location"].(float64)
			r.At = int(at)
			found = append(found, r)
		}
	})
	return slices.DeleteFunc(found, func(r rangeName) bool { return !r.qualified && ctes[r.Name] })
}

// walkTree calls f with every node of a query's tree, by its kind; with none of a text that is no query.
func walkTree(query string, f func(kind string, fields map[string]any)) {
	text, err := pg.ParseToJSON(query)
	if err != nil {
		return
	}
	var tree any
	if json.Unmarshal([]byte(text), &tree) != nil {
		return
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for key, item := range v {
				if fields, ok := item.(map[string]any); ok {
					f(key, fields)
				}
				walk(item)
			}
		}
	}
	walk(tree)
}

// Uses returns the relations that a query names in FROM, by schema (empty if it
// gives none) and name, each once and sorted: what a view depends on. Of a text
// that is no query there are none.
func Uses(query string) [][2]string {
	var found [][2]string
	for _, r := range rangeNames(query) {
		found = append(found, [2]string{r.schema, r.Name})
	}
	slices.SortFunc(found, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(found)
}

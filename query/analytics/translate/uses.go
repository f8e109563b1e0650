//go:build cgo

package translate

import (
	"encoding/json"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Uses returns the relations that a query names in FROM, by schema (empty if it
// gives none) and name, each once and sorted: what a view depends on. Of a text
// that is no query there are none.
func Uses(query string) [][2]string {
	text, err := pg.ParseToJSON(query)
	if err != nil {
		return nil
	}
	var tree any
	if json.Unmarshal([]byte(text), &tree) != nil {
		return nil
	}
	seen, ctes := map[[2]string]bool{}, map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for key, item := range v {
				fields, _ := item.(map[string]any)
				switch key {
				case "CommonTableExpr":
					name, _ := fields["ctename"].(string)
					ctes[name] = true
				case "RangeVar":
					schema, _ := fields["schemaname"].(string)
					name, _ := fields["relname"].(string)
					seen[[2]string{schema, name}] = true
				}
				walk(item)
			}
		}
	}
	walk(tree)
	var found [][2]string
	for name := range seen {
		// The name of a WITH query hides a relation's; that it does not do so
		// everywhere is passed over.
		if name[0] != "" || !ctes[name[1]] {
			found = append(found, name)
		}
	}
	slices.SortFunc(found, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return found
}

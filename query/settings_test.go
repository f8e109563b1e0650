package query

import (
	"slices"
	"testing"

	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/setting"
)

// TestSettingsHaveEffects: what may be set to several values has an effect, or says why it has none.
func TestSettingsHaveEffects(t *testing.T) {
	for name, k := range setting.Known {
		effective, excused := k.Apply != nil || k.Set != nil, k.Fixed || k.Only || k.Inert
		if effective == excused {
			t.Errorf("%s: an effect: %v; an excuse to have none: %v", name, effective, excused)
		}
		if !k.Fixed && k.About == "" && !k.Only {
			t.Errorf("%s is not documented", name)
		}
	}
}

// TestSettingsInCatalog: pg_settings has a row for each setting, with a context and a type.
func TestSettingsInCatalog(t *testing.T) {
	var state catalog.State
	for _, k := range setting.Shown() {
		state.Settings = append(state.Settings, catalog.Setting{Name: k.Name, Value: k.Initial, Description: k.About})
	}
	for _, table := range catalog.Tables() {
		if table.Name != "pg_settings" {
			continue
		}
		column := func(name string) int {
			return slices.IndexFunc(table.Columns, func(c catalog.Column) bool { return c.Name == name })
		}
		rows := map[any][]any{}
		for _, row := range catalog.New(state).Rows(&table) {
			rows[row[0]] = row
		}
		for name, k := range setting.Known {
			row := rows[k.Name]
			if (row == nil) != k.Hidden {
				t.Errorf("%s is in pg_settings: %v, hidden: %v", name, row != nil, k.Hidden)
			}
			if row == nil {
				continue
			}
			context := row[column("context")]
			if settable := context == "user" || context == "superuser"; settable == k.Fixed {
				t.Errorf("%s: pg_settings says that %v sets it; fixed: %v", name, context, k.Fixed)
			}
			for _, c := range []string{"vartype", "category", "setting"} {
				if row[column(c)] == nil {
					t.Errorf("%s: pg_settings has no %s", name, c)
				}
			}
			if about, _ := row[column("short_desc")].(string); about != k.About {
				t.Errorf("%s: pg_settings says %q", name, about)
			}
		}
		return
	}
	t.Error("there is no pg_settings")
}

package syntax

import "strings"

// Reserved are PostgreSQL 15's reserved words (catcode R), which cannot be column or
// table names without quotes.
var Reserved = Words(`all analyse analyze and any array as asc asymmetric both case cast check collate
	column constraint create current_catalog current_date current_role current_time current_timestamp
	current_user default deferrable desc distinct do else end except false fetch for foreign from grant
	group having in initially intersect into lateral leading limit localtime localtimestamp not null
	offset on only or order placing primary references returning select session_user some symmetric
	table then to trailing true union unique user using variadic when where window with
	authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull
	join left like natural notnull outer overlaps right similar tablesample verbose`)

// joinWords begin a join after a table.
// columnWords are words that can name a column and no parameter.
var columnWords = Words(`position time values row`)

var joinWords = Words(`join inner left right full cross natural tablesample`)

// notBareLabel are words that cannot be a column label without AS.
var notBareLabel = Words(`array as char character create day except fetch filter for from grant group
	having hour intersect into isnull limit minute month notnull offset on order over overlaps precision
	returning second to union varying where window with within without year`)

// constraintColumns maps the constraints that ON CONFLICT ON CONSTRAINT can name.
var constraintColumns = map[string]string{
	"events_event_id_key":          "event_id",
	"events_stream_id_version_key": "stream_id, version",
	"events_pkey":                  "position",
}

func Words(list string) map[string]bool {
	m := map[string]bool{}
	start := -1
	for i := 0; i <= len(list); i++ {
		letter := i < len(list) && (list[i] == '_' || list[i] >= 'a' && list[i] <= 'z')
		switch {
		case letter && start < 0:
			start = i
		case !letter && start >= 0:
			m[list[start:i]] = true
			start = -1
		}
	}
	return m
}

// QuoteName quotes a name that would not be read back as itself.
func QuoteName(name string) string {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	if name == "" || Reserved[name] {
		return `"` + name + `"`
	}
	return name
}

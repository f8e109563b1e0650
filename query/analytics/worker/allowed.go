//go:build cgo

package worker

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

// A translation writes only what is known here to do no more than to compute. It is looked at once more as
// DuckDB itself reads it, before it runs: whatever text came to stand in it, it is one SELECT, which reads
// our own tables and calls none but these functions. Everything that changes a connection, a setting or a
// file is a statement of another kind, or a function that is not here.

// engineCalls are the functions and operators of DuckDB's that a translation may call. All are pure, but for
// random and gen_random_uuid.
const engineCalls = `
+ - * / // % ** ^ ^@ & | ~ << >> || ! !__postfix @ && <@ @> ~~ !~~ ~~* !~~* ~~~ -> ->> <-> <=> xor
= <> < <= > >=
abs acos acosh age any_value approx_count_distinct arg_max arg_max_null arg_min arg_min_null array_agg array_extract array_length array_slice
array_to_string ascii asin asinh atan atan2 atanh avg bin bit_and bit_count bit_length bit_or bit_xor bool_and bool_or
cbrt ceil ceiling chr coalesce concat concat_ws contains corr cos cosh cot count count_if count_star covar_pop covar_samp cume_dist
date_add date_diff date_part date_sub date_trunc datediff datepart datetrunc day dayname dayofmonth dayofweek dayofyear decade decode
degrees dense_rank ends_with encode epoch epoch_ms epoch_ns epoch_us era error even exp factorial fill first first_value flatten floor fmod
format gamma gcd generate_series gen_random_uuid get_bit greatest greatest_common_divisor hash hex hour if ifnull instr isfinite isinf
isnan isodow isoyear lag last last_day last_value lcase lcm lead least least_common_multiple left left_grapheme len length lgamma
list list_aggregate list_any_value list_append list_aggr list_cat list_concat list_contains list_count list_distinct list_element
list_extract list_filter list_first list_grade_up list_has list_has_all list_has_any list_indexof list_intersect list_last list_max
list_min list_pack list_position list_prepend list_reduce list_resize list_reverse list_reverse_sort list_select list_slice list_sort
list_sum list_transform list_unique list_value list_where list_zip ln log log10 log2 lower lpad ltrim
mad make_date make_time make_timestamp make_timestamptz max md5 mean median microsecond millennium millisecond min minute mod mode
month monthname nextafter nth_value ntile nullif octet_length ord parse_ident percent_rank pi pow power prefix product
quantile quantile_cont quantile_disc quarter radians random range rank regexp_extract regexp_full_match regexp_matches regexp_replace
regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse right round round_even
row row_number rpad rtrim second sha256 sign signbit sin sinh split split_part sqrt starts_with stddev stddev_pop stddev_samp str_split
strftime string_agg string_split string_to_array strip_accents strlen strpos strptime struct_extract struct_pack substr substring suffix sum
tan tanh time_bucket timezone to_base64 to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds
to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years translate trim trunc try_strptime typeof ucase unhex unicode unnest
unpack upper var_pop var_samp variance week weekday weekofyear xor year yearweek
`

var allowedCalls = func() map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(engineCalls) {
		set[name] = true
	}
	return set
}()

// allow adds functions of ours.
func allow(name string) { allowedCalls[name] = true }

// allowedTable tells whether a translation may read a table.
func allowedTable(catalog, schema, table string) bool {
	switch {
	case catalog == "" && schema == "main":
		return table == "events" || table == "progress"
	case catalog == "cat":
		return schema == "main"
	case catalog == "" && schema == "":
		return generatedName(table)
	}
	return false
}

// generatedName tells whether a name is one that translations give, to WITH queries among others: a letter and
// a number. No view or table of the engine's has one.
func generatedName(name string) bool {
	if len(name) < 2 || name[0] < 'a' || name[0] > 'z' {
		return false
	}
	return strings.Trim(name[1:], "0123456789") == ""
}

// forbiddenItems are items of FROM beside tables, functions and queries.
var forbiddenItems = map[string]bool{"SHOW_REF": true, "PIVOT": true, "COLUMN_DATA": true, "DELIM_GET": true, "BOUND_TABLE_REF": true}

// checkStatement looks at a statement as the engine reads it.
func checkStatement(c *duck.Conn, sql string) error {
	return c.Tree(sql, func(tree []byte) error {
		if bytes.HasPrefix(tree, []byte(`{"error":true`)) {
			var e struct {
				Message string `json:"error_message"`
			}
			if json.Unmarshal(tree, &e) != nil || e.Message == "" {
				e.Message = "it cannot be read"
			}
			return notAllowed("%s", e.Message)
		}
		return checkTree(tree)
	})
}

func notAllowed(format string, args ...any) error {
	return pgerror.Errorf(pgerror.FeatureNotSupported, "the analytics worker cannot run this statement").WithDetail(format, args...)
}

// checkTree walks the members of a tree's objects, in JSON. Of an object the members that name what it is of
// come one after the other, catalogs last.
func checkTree(tree []byte) error {
	var schema, table, function string
	for at := 0; at < len(tree); at++ {
		if tree[at] != '"' {
			continue
		}
		key, end := quoted(tree, at)
		at = end
		if end+1 >= len(tree) || tree[end+1] != ':' {
			continue // a value that nothing depends on
		}
		if end+2 >= len(tree) || tree[end+2] != '"' {
			continue
		}
		switch string(key) {
		case "type", "schema_name", "table_name", "catalog_name", "function_name", "schema", "catalog", "macro_name":
		default:
			continue // its value is passed over as any other
		}
		raw, end := quoted(tree, end+2)
		at = end
		value := string(raw)
		if bytes.IndexByte(raw, '\\') >= 0 {
			if err := json.Unmarshal(tree[end-len(raw)-1:end+1], &value); err != nil {
				return notAllowed("a name in it cannot be read")
			}
		}
		switch string(key) {
		case "type":
			if forbiddenItems[value] {
				return notAllowed("%s in it", value)
			}
		case "schema_name":
			schema = value
		case "table_name":
			table = value
		case "catalog_name":
			if !allowedTable(value, schema, table) {
				return notAllowed("It reads the table %q.%q.%q.", value, schema, table)
			}
			schema, table = "", ""
		case "function_name":
			if function = value; !allowedCalls[function] {
				return notAllowed("It calls %q.", function)
			}
		case "schema": // main, as the parser itself writes it, has nothing but what the engine brings
			if value != "" && value != "main" {
				return notAllowed("It calls %q of %q.", function, value)
			}
		case "catalog":
			if value != "" {
				return notAllowed("It calls %q of %q.", function, value)
			}
		case "macro_name":
			return notAllowed("a macro in it")
		}
	}
	if table != "" {
		return notAllowed("It reads the table %q.", table)
	}
	return nil
}

// quoted returns what stands between a quotation mark and the one that closes it, and where that is.
func quoted(b []byte, at int) (text []byte, end int) {
	for end = at + 1; end < len(b) && b[end] != '"'; end++ {
		if b[end] == '\\' {
			end++
		}
	}
	return b[at+1 : min(end, len(b))], end
}

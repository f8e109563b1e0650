package setting

import (
	"strconv"
	"strings"
)

// unsettable are the errors of settings that a session cannot change, by who can.
var unsettable = map[string]string{
	"internal": "parameter \"%s\" cannot be changed", "postmaster": "parameter \"%s\" cannot be changed without restarting the server",
	"sighup": "parameter \"%s\" cannot be changed now", "backend": "parameter \"%s\" cannot be set after connection start",
	"superuser-backend": "parameter \"%s\" cannot be set after connection start",
}

// harmless are settings that a session may change without effect, with the reason: no answer depends on them.
// A name that ends with an underscore stands for all that begin with it.
var harmless = []struct{ names, reason string }{
	{
		`enable_ cpu_ seq_page_cost random_page_cost parallel_ min_parallel_ max_parallel_ force_parallel_mode geqo geqo_ jit jit_ from_collapse_limit
		join_collapse_limit cursor_tuple_fraction constraint_exclusion plan_cache_mode default_statistics_target effective_cache_size
		effective_io_concurrency hash_mem_multiplier recursive_worktable_factor compute_query_id stats_fetch_consistency`,
		"How PostgreSQL plans; the analytics worker plans on its own, and no answer depends on it.",
	},
	{
		`work_mem maintenance_work_mem logical_decoding_work_mem temp_buffers temp_file_limit maintenance_io_concurrency
		max_stack_depth debug_discard_caches`,
		"What a process of PostgreSQL's may use; the server's own limits are its flags.",
	},
	{`log_ debug_print_ debug_pretty_print trace_ track_ backtrace_functions update_process_title`, "What the server logs and counts is not a session's choice."},
	{
		`vacuum_ gin_ wal_ commit_ backend_flush_after default_toast_compression
		zero_damaged_pages ignore_checksum_failure synchronize_seqscans allow_in_place_tablespaces allow_system_table_mods`,
		"How PostgreSQL stores tables; a log has none.",
	},
	{
		`check_function_bodies escape_string_warning lo_compat_privileges password_encryption
		restrict_nonsystem_relation_kind deadlock_timeout client_connection_check_interval`,
		"What it is about is not there, or is always so.",
	},
}

// reasonOf is why a setting may be set without effect; empty: it may not.
func reasonOf(name string) string {
	for _, h := range harmless {
		for _, n := range strings.Fields(h.names) {
			if n == name || strings.HasSuffix(n, "_") && strings.HasPrefix(name, n) {
				return h.reason
			}
		}
	}
	return ""
}

// The settings of list.go: those that can be changed and are not harmless are what they are.
func init() {
	who := ""
	for line := range strings.Lines(settingsList) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		if after, ok := strings.CutPrefix(line, "# "); ok {
			who = after
			continue
		}
		head, initial, _ := strings.Cut(line, " = ")
		f := strings.Fields(strings.TrimSuffix(head, " ="))
		st := Setting{Name: f[0], Initial: initial, About: reasonOf(f[0]), Fixed: unsettable[who] != "", refusal: unsettable[who], Check: checkString}
		st.Inert = st.About != "" && !st.Fixed
		st.Only = !st.Inert && !st.Fixed
		switch f[1] {
		case "bool":
			st.Check = checkBool(st.Name)
		case "enum":
			st.Check = oneOf(st.Name, strings.Split(f[2], ",")...)
		case "list":
			st.List = true
		case "int", "real":
			n := numberSetting{name: st.Name, unit: strings.TrimPrefix(f[2], "-"), real: f[1] == "real"}
			n.low, _ = strconv.ParseFloat(f[3], 64)
			n.high, _ = strconv.ParseFloat(f[4], 64)
			if v, err := strconv.ParseFloat(initial, 64); err == nil {
				st.Initial = n.show(v)
			}
			st.Check = n.check
		}
		Declare(st)
	}
}

package sessions

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// elsewhere are settings whose values are a server's own.
var elsewhere = map[string]bool{
	"server_version": true, "server_version_num": true, "ssl_library": true, "data_directory": true, "port": true, "max_connections": true, "max_replication_slots": true, "listen_addresses": true,
	"config_file": true, "hba_file": true, "ident_file": true, "unix_socket_directories": true, "lc_messages": true, "log_timezone": true,
	"shared_memory_size": true, "shared_memory_size_in_huge_pages": true, "is_superuser": true, "application_name": true, "session_authorization": true,
	"default_text_search_config": true, "dynamic_shared_memory_type": true, "fsync": true, "wal_buffers": true, "data_checksums": true,
	"data_directory_mode": true, "extension_destdir": true, "server_encoding": true, "client_encoding": true, "shared_buffers": true, "max_wal_size": true, "min_wal_size": true, "full_page_writes": true, "autovacuum": true, "synchronous_commit": true, "transaction_deferrable": true,
	"tcp_keepalives_count": true, "tcp_keepalives_idle": true, "tcp_keepalives_interval": true, "local_preload_libraries": true,
	"session_preload_libraries": true, "temp_tablespaces": true, "client_min_messages": true,
	"log_parameter_max_length": true, // parameters may hold what nobody wants in a log
}

// left are settings without effect of which not every wrong value is refused yet, or with another message.
var left = map[string]bool{
	"restrict_nonsystem_relation_kind": true, "wal_compression": true, "wal_consistency_checking": true, "wal_level": true, "wal_log_hints": true,
	"xmloption": true, "xmlbinary": true, "zero_damaged_pages": true, "timezone_abbreviations": true,
}

// TestEverySetting: each of PostgreSQL's settings is there, and takes or refuses the values that PostgreSQL takes or refuses;
// but a value that would have an effect that is not offered is refused with 0A000.
func TestEverySetting(t *testing.T) {
	ours, theirs := open(t, harness.Eventgres(t).URL()), open(t, harness.Postgres(t).Database(t))
	rows := rowsOf(t, theirs, `select name, vartype, coalesce(min_val, ''), coalesce(max_val, ''), coalesce(array_to_string(enumvals, ','), ''), coalesce(boot_val, ''), context from pg_settings order by name`)
	refused, differences := 0, 0
	differ := func(format string, args ...any) {
		differences++
		t.Errorf(format, args...)
	}
	for _, r := range rows {
		name, kind, low, high, enum, boot := r[0], r[1], r[2], r[3], r[4], r[5]
		if name == "extension_destdir" || left[name] { // the former is Debian's own
			continue
		}
		show := "show " + name
		got, want := mask(answer(t, ours, show)), mask(answer(t, theirs, show))
		if elsewhere[name] {
			got, want = got[:1], want[:1]
		}
		if strings.Join(got, "; ") != strings.Join(want, "; ") {
			differ("%s: got %s, want %s", show, got, want)
		}
		values := []string{boot, "nonsense", ""}
		switch kind {
		case "bool":
			values = append(values, "on", "off", "YES", "0", "2")
		case "integer":
			values = append(values, low, high, low+"0", high+"0", "7kB", "2s", "1.5", "0x10", "1 s", "-1")
		case "real":
			values = append(values, low, high, "0.5", "-7", "2s")
		case "enum":
			values = append(values, strings.Split(enum, ",")...)
		}
		switch name {
		case "session_authorization", "role", "transaction_isolation", "default_transaction_isolation", "exit_on_error", "client_encoding", "log_statement":
			values = values[:1]
		case "max_stack_depth", "session_replication_role", "wal_consistency_checking":
			values = values[:2]
		}
		for _, v := range values {
			set := fmt.Sprintf("set %s = '%s'", name, v)
			set += "; show " + name + "; reset " + name // at once: a session may be idle for 2 ms only, while that is its limit
			got, want := answer(t, ours, set), answer(t, theirs, set)
			answer(t, ours, "rollback; reset "+name)
			answer(t, theirs, "rollback; reset "+name)
			g, w := strings.Join(withoutParameters(got), "; "), strings.Join(withoutParameters(want), "; ")
			switch {
			case g == w:
			case strings.Contains(g, "ERROR 0A000"):
				refused++
			case elsewhere[name] && strings.Contains(g, "ERROR") == strings.Contains(w, "ERROR"):
			default:
				differ("%s:\n got %s\nwant %s", set, g, w)
			}
		}
	}
	t.Logf("%d settings, %d values refused that mean something elsewhere, %d differences", len(rows), refused, differences)
}

func withoutParameters(lines []string) []string {
	var out []string
	for _, l := range lines {
		if !strings.HasPrefix(l, "parameter ") && !strings.HasPrefix(l, "columns ") {
			out = append(out, l)
		}
	}
	return out
}

func answer(t *testing.T, c *pgconn.PgConn, query string) []string {
	t.Helper()
	lines, err := outcome(t.Context(), c, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return lines
}

func rowsOf(t *testing.T, c *pgconn.PgConn, query string) [][]string {
	t.Helper()
	results, err := c.Exec(t.Context(), query).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, r := range results[0].Rows {
		row := make([]string, len(r))
		for i, v := range r {
			row[i] = string(v)
		}
		out = append(out, row)
	}
	return out
}

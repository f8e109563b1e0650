package catalog

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// connect connects to the PostgreSQL 15 to compare with: one whose database is
// owned by the user who made integration/harness/schema.sql there, who is no
// superuser. The tests that need it are skipped without.
func connect(t *testing.T) *pgx.Conn {
	dsn := os.Getenv("CATALOG_POSTGRES")
	if dsn == "" {
		t.Skip("CATALOG_POSTGRES does not say where a PostgreSQL is")
	}
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// texts runs a query and returns its rows as PostgreSQL prints them.
func texts(t *testing.T, conn *pgx.Conn, query string) [][]string {
	t.Helper()
	results, err := conn.PgConn().Exec(context.Background(), query).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var rows [][]string
	for _, r := range results[0].Rows {
		row := make([]string, len(r))
		for i, v := range r {
			row[i] = string(v)
			if v == nil {
				row[i] = "∅"
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// show prints a value as PostgreSQL does.
func show(v any, oid uint32) string {
	switch v := v.(type) {
	case nil:
		return "∅"
	case bool:
		return map[bool]string{true: "t", false: "f"}[v]
	case []any:
		var items []string
		for _, item := range v {
			s := show(item, 0)
			if item == nil {
				s = "NULL"
			} else if oid != pgvalue.OIDOidVector && oid != pgvalue.OIDInt2Vector && (s == "" || strings.ContainsAny(s, `{}", \`) || strings.EqualFold(s, "null")) {
				s = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
			}
			items = append(items, s)
		}
		if oid == pgvalue.OIDOidVector || oid == pgvalue.OIDInt2Vector {
			return strings.Join(items, " ")
		}
		return "{" + strings.Join(items, ",") + "}"
	case string:
		return strings.NewReplacer(CurrentDatabase, "app", CurrentUser, "app").Replace(v)
	}
	return fmt.Sprint(v)
}

// known says whether a row differs for a known reason: pg_settings has
// privileges that others do not have, a fresh PostgreSQL has no pg_stat_statements, and the function and the
// table are not made in the same way.
func known(line string) bool {
	return strings.Contains(line, "pg_settings|") || strings.Contains(line, "pg_stat_statements") || strings.HasPrefix(line, "6100|") ||
		strings.Contains(line, "|public|stream_id_16600|app|public|stream_id|FUNCTION") || strings.HasPrefix(line, "public|events|app") ||
		strings.HasPrefix(line, "5|1262|") || strings.HasPrefix(line, "app|f|t|f")
}

// TestRowsAgainstPostgreSQL compares the rows of every relation: those of
// PostgreSQL's own objects, which are told by their OIDs or schemas.
func TestRowsAgainstPostgreSQL(t *testing.T) {
	conn, c := connect(t), New(State{})
	// Columns that are not the same, and why.
	different := map[string]string{
		"pg_class":       "relfrozenxid relfilenode relpages reltuples relallvisible reltoastrelid", // no files
		"pg_rewrite":     "ev_qual ev_action",
		"pg_proc":        "prosrc prosqlbody proargdefaults",
		"pg_type":        "typdefaultbin",
		"pg_constraint":  "conbin",
		"pg_views":       "definition",
		"views":          "view_definition is_updatable is_insertable_into",
		"columns":        "is_updatable",
		"tables":         "is_insertable_into",
		"character_sets": "default_collate_schema default_collate_name",
		"pg_attrdef":     "*",
		// Sentences of PostgreSQL's.
		"pg_description": "*", "pg_shdescription": "*", "sql_features": "comments", "sql_implementation_info": "comments",
		"sql_sizing": "comments", "pg_available_extensions": "comment", "pg_available_extension_versions": "comment",
		// Others, or not for everyone.
		"pg_settings": "*", "pg_database": "*", "pg_stat_database": "*", "pg_authid": "*", "pg_shadow": "*", "sql_parts": "*", "pg_depend": "*",
		"pg_stat_bgwriter": "*", "pg_stat_archiver": "*", "pg_stat_wal": "*", "pg_stat_all_tables": "*", "pg_stat_sys_tables": "*",
		"pg_statio_all_tables": "*", "pg_statio_sys_tables": "*", "pg_stat_xact_all_tables": "*", "pg_stat_xact_sys_tables": "*",
		"pg_stat_all_indexes": "*", "pg_stat_sys_indexes": "*", "pg_statio_all_indexes": "*", "pg_statio_sys_indexes": "*",
		"pg_stat_user_tables": "*", "pg_statio_user_tables": "*", "pg_stat_xact_user_tables": "*",
		"pg_stat_user_indexes": "*", "pg_statio_user_indexes": "*",
	}
	own := map[string]string{ // what to compare of ours, by PostgreSQL's schemas
		"pg_available_extensions": "name = 'plpgsql'", "pg_available_extension_versions": "name = 'plpgsql'",
		"pg_collation":                          "oid in (select oid from pg_collation where collname in ('default', 'C', 'POSIX', 'ucs_basic'))",
		"collations":                            "collation_name in ('default', 'C', 'POSIX', 'ucs_basic')",
		"collation_character_set_applicability": "collation_name in ('default', 'C', 'POSIX', 'ucs_basic')",
		"usage_privileges":                      "(object_type = 'DOMAIN' or object_name in ('default', 'C', 'POSIX', 'ucs_basic'))",
		"pg_timezone_names":                     "name !~ '^(posix/|right/|localtime|posixrules|Factory)'",
		"element_types":                         "object_type = 'TABLE'",
	}
	condition := map[string]string{
		"pg_attribute": "attrelid < 16384 and attrelid not in (select oid from pg_class where relkind = 't' or relnamespace = 99)",
		"pg_rewrite":   "oid < 16384", "pg_constraint": "oid < 16384", "pg_roles": "oid < 16384",
		"pg_type":   "oid < 16384",
		"pg_class":  "relnamespace in (11, 'information_schema'::regnamespace)",
		"pg_index":  "indrelid in (select oid from pg_class where relnamespace in (11, 'information_schema'::regnamespace))",
		"pg_depend": "deptype = 'e'",
		"pg_proc":   "oid < 16384",
	}
	oid := func(what string) string { return texts(t, conn, "select "+what+"::oid")[0][0] }
	oursFor := strings.NewReplacer(
		"2200_"+oid("'events'::regclass"), "2200_16385", "_"+oid("'stream_id'::regproc"), "_16600",
		oid("current_user::regrole"), "16384")
	for i := range Tables() {
		tab := &Tables()[i]
		skip := strings.Fields(different[tab.Name])
		if slices.Contains(skip, "*") {
			continue
		}
		ours := c.Rows(tab)
		if len(ours) == 0 {
			continue
		}
		var names []string
		var use []int
		for j, col := range tab.Columns {
			if slices.Contains(skip, col.Name) {
				continue
			}
			use = append(use, j)
			switch col.OID {
			case pgvalue.OIDOid:
				names = append(names, col.Name+"::text")
			case pgvalue.OIDRegproc:
				names = append(names, col.Name+"::oid")
			case pgvalue.OIDBool:
				names = append(names, col.Name)
			default:
				names = append(names, col.Name+"::text")
			}
		}
		query := "select " + strings.Join(names, ", ") + " from " + tab.Schema + "." + tab.Name
		where := condition[tab.Name]
		if where == "" {
			where = own[tab.Name]
		}
		if where != "" {
			query += " where " + where
		}
		count := map[string]int{}
		for _, row := range texts(t, conn, query) {
			if line := oursFor.Replace(strings.Join(row, "|")); !strings.Contains(line, "events_immutable") && !strings.Contains(line, "events_number") && !known(line) {
				count[line]++
			}
		}
		for _, row := range ours {
			if first, ok := row[0].(int64); ok && first >= 16384 && tab.Columns[0].OID == pgvalue.OIDOid {
				continue // ours
			}
			var out []string
			for _, j := range use {
				out = append(out, show(row[j], tab.Columns[j].OID))
			}
			if line := strings.Join(out, "|"); !known(line) {
				count[line]--
			}
		}
		missing, extra := []string{}, []string{}
		for line, n := range count {
			if n > 0 {
				missing = append(missing, line)
			} else if n < 0 {
				extra = append(extra, line)
			}
		}
		if len(missing)+len(extra) > 0 {
			slices.Sort(missing)
			slices.Sort(extra)
			t.Errorf("%s.%s: %d rows, %d only in PostgreSQL, %d only here", tab.Schema, tab.Name, len(ours), len(missing), len(extra))
			for _, l := range missing[:min(3, len(missing))] {
				t.Logf("  - %.300s", l)
			}
			for _, l := range extra[:min(3, len(extra))] {
				t.Logf("  + %.300s", l)
			}
		}
	}
}

// TestFunctionsAgainstPostgreSQL compares what is printed of every object.
func TestFunctionsAgainstPostgreSQL(t *testing.T) {
	conn, c := connect(t), New(State{})
	for _, test := range []struct {
		name, query string
		print       func(oid uint32) (string, bool)
	}{
		{"arguments", "select oid, pg_get_function_arguments(oid) from pg_proc where oid < 16384", c.FunctionArguments},
		{"identity", "select oid, pg_get_function_identity_arguments(oid) from pg_proc where oid < 16384", c.FunctionIdentityArguments},
		{"result", "select oid, pg_get_function_result(oid) from pg_proc where oid < 16384", c.FunctionResult},
		{"definition", "select oid, pg_get_functiondef(oid) from pg_proc where oid < 16384 and prolang <> 14 and prokind <> 'a'", c.FunctionDef},
		{"regproc", "select oid, oid::regproc from pg_proc where oid < 16384", func(o uint32) (string, bool) { return c.ProcOut(o), true }},
		{"regprocedure", "select oid, oid::regprocedure from pg_proc where oid < 16384", func(o uint32) (string, bool) { return c.ProcedureOut(o), true }},
		{"regtype", "select oid, oid::regtype from pg_type where oid < 16384 and typnamespace <> 99", func(o uint32) (string, bool) { return c.TypeOut(o), true }},
		{"format -1", "select oid, format_type(oid, -1) from pg_type where oid < 16384 and typnamespace <> 99", func(o uint32) (string, bool) { return c.FormatType(o, -1, true) }},
		{"format 20", "select oid, format_type(oid, 20) from pg_type where oid < 16384 and typnamespace <> 99 and oid not in (1186, 1187)", func(o uint32) (string, bool) { return c.FormatType(o, 20, true) }},
		{"numeric", "select 1700, format_type(1700, n) from (values (655366)) v(n)", func(o uint32) (string, bool) { return c.FormatType(o, 655366, true) }},
		{"interval", "select 1186, format_type(1186, 268435459)", func(o uint32) (string, bool) { return c.FormatType(o, 268435459, true) }},
		{"regclass", "select oid, oid::regclass from pg_class where oid < 16384 and relnamespace in (11, 'information_schema'::regnamespace)", func(o uint32) (string, bool) { return c.ClassOut(o), true }},
		{"index", "select indexrelid, pg_get_indexdef(indexrelid) from pg_index where indexrelid < 16384 and indrelid not in (select oid from pg_class where relnamespace = 99)", func(o uint32) (string, bool) { return c.IndexDef(o, 0, false) }},
		{"pretty index", "select indexrelid, pg_get_indexdef(indexrelid, 0, true) from pg_index where indexrelid < 16384 and indrelid not in (select oid from pg_class where relnamespace = 99)", func(o uint32) (string, bool) { return c.IndexDef(o, 0, true) }},
		{"constraint", "select oid, pg_get_constraintdef(oid, true) from pg_constraint where oid < 16384 and contype <> 'c'", c.ConstraintDef},
		{"regoper", "select oid, oid::regoper from pg_operator where oid < 16384", func(o uint32) (string, bool) { return c.OperOut(o), true }},
		{"namespace", "select oid, oid::regnamespace from pg_namespace", func(o uint32) (string, bool) { return c.NamespaceOut(o), true }},
	} {
		bad := 0
		for _, row := range texts(t, conn, test.query) {
			got, ok := test.print(uint32(parseInt(row[0])))
			if !ok && row[1] == "∅" {
				continue
			}
			if got != row[1] {
				if bad++; bad < 5 {
					t.Errorf("%s of %s:\n got %q\nwant %q", test.name, row[0], got, row[1])
				}
			}
		}
		if bad > 0 {
			t.Errorf("%s: %d differ", test.name, bad)
		}
	}
}

// TestNamesAgainstPostgreSQL compares the inputs of regclass and the like.
func TestNamesAgainstPostgreSQL(t *testing.T) {
	conn, c := connect(t), New(State{})
	for typ, in := range map[string]func(string) (uint32, error){
		"regclass": c.ClassIn, "regtype": c.TypeIn, "regproc": c.ProcIn, "regprocedure": c.ProcedureIn, "regnamespace": c.NamespaceIn,
	} {
		for _, text := range names[typ] {
			var want string
			err := conn.QueryRow(context.Background(), "select ('"+strings.ReplaceAll(text, "'", "''")+"'::"+typ+")::oid::text").Scan(&want)
			if err != nil {
				want = err.Error()
				want = want[strings.Index(want, ":")+2:]
			}
			oid, err := in(text)
			got := fmt.Sprint(oid)
			if err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%s %q: got %s, want %s", typ, text, got, want)
			}
		}
	}
}

var names = map[string][]string{
	"regclass": {
		"pg_class", "PG_CLASS", `"pg_class"`, `"PG_CLASS"`, "pg_catalog.pg_class", " pg_catalog . pg_class ", "public.pg_class", "nothing",
		"nowhere.nothing", "1259", "-", "0", "", "a b", `"a`, `"a""b"`, "a.b.c.d", "information_schema.tables", "tables", "4294967296", ".a", "a.", "app.pg_catalog.pg_class", "nowhere.pg_class",
	},
	"regtype": {
		"int4", "integer", "int", "INTEGER", "int[]", "_int4", "text[][]", "numeric(10,2)", "timestamp(3) with time zone", "timestamp with time zone",
		"double precision", "character varying(20)", "varchar", "char", `"char"`, "bpchar", "pg_catalog.int4", "nothing", "nothing[]", "nowhere.x", "23", "0", "-",
		"interval", "time", "timetz", "bit", "bit varying", "information_schema.sql_identifier", "record", "anyarray", "int4range", "oidvector", "name", "regclass", "json", "uuid", "integer array",
	},
	"regproc":      {"now", "boolin", "max", "pg_catalog.now", "nothing", "nowhere.x", "1299", "-", "textin", "0"},
	"regprocedure": {"max(int4)", "max(integer)", "now()", "max(nothing)", "nothing()", "max", "max(int", "substr(text, integer, int4)", "pg_catalog.abs(numeric)", "-"},
	"regnamespace": {"public", "pg_catalog", "nowhere", "11", "PUBLIC", `"x"`, "a.b", "-"},
}

package catalog

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
)

// TestColumns compares the columns with those that PostgreSQL 15 describes for
// SELECT * of each relation.
func TestColumns(t *testing.T) {
	text, err := os.ReadFile("testdata/columns.txt")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, tab := range Tables() {
		if tab.OID >= firstOwnOID {
			continue // an extension's, of which a fresh PostgreSQL has nothing
		}
		b.WriteString(tab.Schema + "." + tab.Name)
		for _, c := range tab.Columns {
			fmt.Fprintf(&b, " %s:%d:%d", c.Name, c.OID, c.Typmod)
		}
		b.WriteByte('\n')
	}
	want, got := strings.Split(string(text), "\n"), strings.Split(b.String(), "\n")
	for i := range max(len(want), len(got)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("line %d:\n got %s\nwant %s", i+1, got[min(i, len(got)-1)], want[min(i, len(want)-1)])
		}
	}
}

// withView is a state with one of everything.
func withView() State {
	return State{
		Views: []View{{
			OID: 100000, Name: "Orders", Comment: "what was ordered", Definition: " SELECT 1;",
			Columns: []ViewColumn{
				{Name: "id", OID: pgvalue.OIDInt8, Typmod: -1, Comment: "the order's"},
				{Name: "code", OID: 1043, Typmod: 14},
				{Name: "price", OID: pgvalue.OIDNumeric, Typmod: 655366},
				{Name: "tags", OID: pgvalue.OIDTextArray, Typmod: -1},
				{Name: "event", OID: oidEventsType, Typmod: -1},
			},
		}, {OID: 100010, Name: "kept", Materialized: true, Definition: " SELECT 2;", Columns: []ViewColumn{{Name: "n", OID: pgvalue.OIDInt4, Typmod: -1}}}},
		Comments: map[string]string{"events": "the log", "events.payload": "what happened"},
		Settings: []Setting{{Name: "work_mem", Value: "4MB"}, {Name: "eventgres.max_event", Value: "1MB", Boot: "1MB"}},
		Sizes:    map[uint32]int64{relation.Events.OID: 81920},
	}
}

// TestTypesOfValues checks that all rows are of their columns' types.
func TestTypesOfValues(t *testing.T) {
	c := New(withView())
	total := 0
	for i := range Tables() {
		tab := &Tables()[i]
		session := map[string]bool{}
		for _, name := range tab.Session {
			tab.column(name)
			session[name] = true
		}
		for _, row := range c.Rows(tab) {
			total++
			if len(row) != len(tab.Columns) {
				t.Fatalf("%s: %d values for %d columns", tab.Name, len(row), len(tab.Columns))
			}
			for j, v := range row {
				col := tab.Columns[j]
				ok := true
				switch v := v.(type) {
				case nil:
					if ok = !col.NotNull; !ok {
						t.Errorf("%s.%s is null: %v", tab.Name, col.Name, row)
						continue
					}
				case bool:
					ok = col.OID == pgvalue.OIDBool
				case int64:
					switch col.OID {
					case pgvalue.OIDInt2, pgvalue.OIDInt4, pgvalue.OIDInt8, pgvalue.OIDOid, pgvalue.OIDRegproc, pgvalue.OIDXid, pgvalue.OIDCid, pgvalue.OIDTimestamptz, pgvalue.OIDRegtype:
					default:
						ok = false
					}
				case float64:
					ok = col.OID == pgvalue.OIDFloat4 || col.OID == pgvalue.OIDFloat8
				case []any:
					ok = typeIndex()[col.OID].category == "A"
				case string:
					switch col.OID {
					case pgvalue.OIDText, pgvalue.OIDName, pgvalue.OIDChar, pgvalue.OIDNumeric, 1043, 194, 1186:
					default:
						ok = false
					}
					if strings.HasPrefix(v, "\x01") && !session[col.Name] {
						t.Errorf("%s.%s holds a marker, and is not in Session", tab.Name, col.Name)
					}
				default:
					ok = false
				}
				if !ok {
					t.Fatalf("%s.%s is a %T: %v", tab.Name, col.Name, v, row)
				}
			}
		}
	}
	t.Log(total, "rows")
}

// references are the columns that hold OIDs of another catalog's rows, or 0.
var references = map[string]string{
	"pg_class.relnamespace": "pg_namespace", "pg_class.reltype": "pg_type", "pg_class.relowner": "pg_authid", "pg_class.relam": "pg_am",
	"pg_class.reltoastrelid": "pg_class", "pg_class.reltablespace": "pg_tablespace",
	"pg_attribute.attrelid": "pg_class", "pg_attribute.atttypid": "pg_type", "pg_attribute.attcollation": "pg_collation",
	"pg_type.typnamespace": "pg_namespace", "pg_type.typrelid": "pg_class", "pg_type.typelem": "pg_type", "pg_type.typarray": "pg_type",
	"pg_type.typbasetype": "pg_type", "pg_type.typcollation": "pg_collation", "pg_type.typowner": "pg_authid",
	"pg_type.typinput": "pg_proc", "pg_type.typoutput": "pg_proc", "pg_type.typreceive": "pg_proc", "pg_type.typsend": "pg_proc",
	"pg_type.typmodin": "pg_proc", "pg_type.typmodout": "pg_proc", "pg_type.typanalyze": "pg_proc", "pg_type.typsubscript": "pg_proc",
	"pg_index.indexrelid": "pg_class", "pg_index.indrelid": "pg_class", "pg_index.indclass": "pg_opclass", "pg_index.indcollation": "pg_collation",
	"pg_constraint.conrelid": "pg_class", "pg_constraint.conindid": "pg_class", "pg_constraint.contypid": "pg_type", "pg_constraint.connamespace": "pg_namespace",
	"pg_proc.pronamespace": "pg_namespace", "pg_proc.proowner": "pg_authid", "pg_proc.prolang": "pg_language", "pg_proc.prorettype": "pg_type",
	"pg_proc.proargtypes": "pg_type", "pg_proc.proallargtypes": "pg_type", "pg_proc.provariadic": "pg_type", "pg_proc.prosupport": "pg_proc",
	"pg_operator.oprleft": "pg_type", "pg_operator.oprright": "pg_type", "pg_operator.oprresult": "pg_type", "pg_operator.oprcom": "pg_operator",
	"pg_operator.oprnegate": "pg_operator", "pg_operator.oprcode": "pg_proc", "pg_operator.oprrest": "pg_proc", "pg_operator.oprjoin": "pg_proc",
	"pg_aggregate.aggfnoid": "pg_proc", "pg_aggregate.aggtransfn": "pg_proc", "pg_aggregate.aggfinalfn": "pg_proc", "pg_aggregate.aggtranstype": "pg_type",
	"pg_aggregate.aggsortop": "pg_operator", "pg_am.amhandler": "pg_proc",
	"pg_opclass.opcmethod": "pg_am", "pg_opclass.opcfamily": "pg_opfamily", "pg_opclass.opcintype": "pg_type", "pg_opfamily.opfmethod": "pg_am",
	"pg_amop.amopfamily": "pg_opfamily", "pg_amop.amopopr": "pg_operator", "pg_amproc.amprocfamily": "pg_opfamily", "pg_amproc.amproc": "pg_proc",
	"pg_cast.castsource": "pg_type", "pg_cast.casttarget": "pg_type", "pg_cast.castfunc": "pg_proc",
	"pg_range.rngtypid": "pg_type", "pg_range.rngsubtype": "pg_type", "pg_range.rngmultitypid": "pg_type", "pg_range.rngsubopc": "pg_opclass",
	"pg_attrdef.adrelid": "pg_class", "pg_rewrite.ev_class": "pg_class", "pg_namespace.nspowner": "pg_authid",
	"pg_language.lanplcallfoid": "pg_proc", "pg_language.lanvalidator": "pg_proc", "pg_conversion.conproc": "pg_proc", "pg_database.datdba": "pg_authid",
	"pg_database.dattablespace": "pg_tablespace", "pg_extension.extnamespace": "pg_namespace", "pg_auth_members.roleid": "pg_authid",
	"pg_ts_config.cfgparser": "pg_ts_parser", "pg_ts_config_map.mapcfg": "pg_ts_config", "pg_ts_config_map.mapdict": "pg_ts_dict",
	"pg_ts_dict.dicttemplate": "pg_ts_template", "pg_ts_parser.prsstart": "pg_proc", "pg_ts_template.tmpllexize": "pg_proc",
}

// TestReferences checks that what a row refers to is there.
func TestReferences(t *testing.T) {
	c := New(withView())
	oidsOf := map[string]map[int64]bool{}
	for _, target := range references {
		if oidsOf[target] != nil {
			continue
		}
		oidsOf[target] = map[int64]bool{0: true}
		for _, row := range c.Rows(table(target)) {
			if oid := row[0].(int64); oidsOf[target][oid] {
				t.Errorf("%s has two rows of OID %d", target, oid)
			} else {
				oidsOf[target][oid] = true
			}
		}
	}
	for from, target := range references {
		name, column, _ := strings.Cut(from, ".")
		tab := table(name)
		place := tab.column(column)
		for _, row := range c.Rows(tab) {
			list, ok := row[place].([]any)
			if !ok && row[place] != nil {
				list = []any{row[place]}
			}
			for _, v := range list {
				if !oidsOf[target][v.(int64)] {
					t.Errorf("%s: %d is not in %s: %v", from, v, target, row)
				}
			}
		}
	}
	// Descriptions and dependencies name the catalog with the object.
	for name, columns := range map[string][][2]int{"pg_description": {{0, 1}}, "pg_depend": {{1, 0}, {4, 3}}, "pg_init_privs": {{0, 1}}} {
		for _, row := range c.Rows(table(name)) {
			for _, p := range columns {
				class := c.ClassOut(uint32(row[p[1]].(int64)))
				if known := oidsOf[class]; known != nil && !known[row[p[0]].(int64)] {
					t.Errorf("%s: %v is of nothing in %s", name, row, class)
				}
			}
		}
	}
	types := c.lookups().types
	for _, typ := range types {
		if typ.array != 0 && types[typ.array].element != typ.oid {
			t.Errorf("%s has the array %s, which is not its", typ.name, types[typ.array].name)
		}
	}
	attributes := map[[2]int64]bool{}
	for _, row := range c.attributes() {
		k := [2]int64{row[0].(int64), row[table("pg_attribute").column("attnum")].(int64)}
		if attributes[k] {
			t.Errorf("two columns %d of %d", k[1], k[0])
		}
		attributes[k] = true
	}
	for _, row := range c.classes() {
		for n := range row[table("pg_class").column("relnatts")].(int64) {
			if !attributes[[2]int64{row[0].(int64), n + 1}] {
				t.Errorf("%s has no column %d", row[1], n+1)
			}
		}
	}
}

// TestView checks that a view is where one looks for it.
func TestView(t *testing.T) {
	c := New(withView())
	for _, look := range []struct {
		table, column string
		value         any
		n             int
	}{
		{"pg_class", "oid", int64(100000), 1},
		{"pg_class", "relname", "Orders", 1},
		{"pg_attribute", "attrelid", int64(100000), 5},
		{"pg_type", "typrelid", int64(100000), 1},
		{"pg_type", "typname", "_Orders", 1},
		{"pg_rewrite", "ev_class", int64(100000), 1},
		{"pg_views", "viewname", "Orders", 1},
		{"pg_matviews", "matviewname", "kept", 1},
		{"pg_description", "objoid", int64(100000), 2},
		{"tables", "table_name", "Orders", 1},
		{"tables", "table_name", "kept", 0}, // as in PostgreSQL
		{"columns", "table_name", "Orders", 5},
		{"views", "table_name", "Orders", 1},
	} {
		n := 0
		for _, row := range c.Rows(table(look.table)) {
			if row[table(look.table).column(look.column)] == look.value {
				n++
			}
		}
		if n != look.n {
			t.Errorf("%d rows of %s have %s %v, not %d", n, look.table, look.column, look.value, look.n)
		}
	}
	r, ok := c.Relation("public", "Orders")
	if !ok || r.Kind != 'v' || len(r.Columns) != 5 || r.Columns[1].Typmod != 14 {
		t.Errorf("Relation: %v %v", r, ok)
	}
	if _, ok := c.Relation("pg_catalog", "events"); ok {
		t.Error("events is in pg_catalog")
	}
	if events, _ := c.Relation("", "events"); len(events.Columns) != 13 || !events.Columns[10].Hidden {
		t.Errorf("events: %v", events)
	}
	if def, ok := c.ViewDef(100000); !ok || def != " SELECT 1;" {
		t.Errorf("ViewDef: %q", def)
	}
}

// TestPrinted: recorded from PostgreSQL 15.
func TestPrinted(t *testing.T) {
	c := New(withView())
	first := func(s string, _ bool) string { return s }
	for _, test := range []struct{ got, want string }{
		{first(c.ConstraintDef(16410)), `PRIMARY KEY ("position")`},
		{first(c.ConstraintDef(16411)), "UNIQUE (stream_id, version)"},
		{first(c.ConstraintDef(16412)), "UNIQUE (event_id)"},
		{first(c.IndexDef(16400, 0, false)), `CREATE UNIQUE INDEX events_pkey ON public.events USING btree ("position")`},
		{first(c.IndexDef(16401, 0, true)), "CREATE UNIQUE INDEX events_stream_id_version_key ON events USING btree (stream_id, version)"},
		{first(c.IndexDef(16401, 2, true)), "version"},
		{first(c.IndexDef(2662, 0, false)), "CREATE UNIQUE INDEX pg_class_oid_index ON pg_catalog.pg_class USING btree (oid)"},
		{first(c.FunctionArguments(16600)), "name text"},
		{first(c.FunctionResult(16600)), "uuid"},
		{first(c.FunctionDef(16600)), "CREATE OR REPLACE FUNCTION public.stream_id(name text)\n RETURNS uuid\n LANGUAGE plpgsql\n IMMUTABLE PARALLEL SAFE STRICT\nAS $function$" + relation.StreamID.Source + "$function$\n"},
		{first(c.FunctionArguments(3972)), "double precision ORDER BY anyelement"},
		{first(c.FunctionArguments(3986)), `VARIADIC "any" ORDER BY VARIADIC "any"`},
		{first(c.FunctionArguments(3969)), "from_json json, OUT value text"},
		{first(c.FunctionArguments(16384)), ""},
		{c.ClassOut(16385), "events"},
		{c.ClassOut(100000), `"Orders"`},
		{c.ClassOut(1259), "pg_class"},
		{c.ClassOut(99), "99"},
		{c.ProcOut(1299), "now"},
		{c.ProcOut(2116), "pg_catalog.max"},
		{c.ProcedureOut(2116), "max(integer)"},
		{c.TypeOut(pgvalue.OIDTextArray), "text[]"},
		{c.TypeOut(oidEventsArrayType), "events[]"},
		{c.RoleOut(16384, "Alice"), `"Alice"`},
		{c.RoleOut(10, "alice"), "postgres"},
		{first(c.Description(relation.Events.OID, "pg_class")), "the log"},
		{first(c.ColumnDescription(relation.Events.OID, 7)), "what happened"},
		{first(c.FormatType(pgvalue.OIDTimestamptz, 3, true)), "timestamp(3) with time zone"},
		{first(c.FormatType(pgvalue.OIDNumeric, 655366, true)), "numeric(10,2)"},
		{first(c.FormatType(1043, 24, true)), "character varying(20)"},
		{first(c.FormatType(1042, -1, true)), "bpchar"},
		{first(c.FormatType(1042, 0, false)), "character"},
		{first(c.FormatType(pgvalue.OIDInt2Vector, -1, true)), "int2vector"},
		{first(c.FormatType(pgvalue.OIDChar, -1, true)), `"char"`},
		{first(c.FormatType(0, -1, true)), "-"},
		{first(c.FormatType(4711, -1, true)), "???"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
	for _, test := range []struct {
		in   func(string) (uint32, error)
		text string
		want string
	}{
		{c.ClassIn, "events", "16385"},
		{c.ClassIn, "public.Streams", "16393"},
		{c.ClassIn, `"Orders"`, "100000"},
		{c.ClassIn, "Orders", `relation "orders" does not exist (SQLSTATE 42P01)`},
		{c.ClassIn, "pg_catalog.pg_class", "1259"},
		{c.ClassIn, "1259", "1259"},
		{c.ClassIn, "nowhere.a", `schema "nowhere" does not exist (SQLSTATE 3F000)`},
		{c.ClassIn, "public.pg_class", `relation "public.pg_class" does not exist (SQLSTATE 42P01)`},
		{c.ClassIn, `"a`, "invalid name syntax (SQLSTATE 42602)"},
		{c.TypeIn, "numeric(10,2)", "1700"},
		{c.TypeIn, "timestamp(3) with time zone", "1184"},
		{c.TypeIn, "Integer[]", "1007"},
		{c.TypeIn, `"char"`, "18"},
		{c.TypeIn, "nothing", `type "nothing" does not exist (SQLSTATE 42704)`},
		{c.ProcIn, "stream_id", "16600"},
		{c.ProcIn, "max", `more than one function named "max" (SQLSTATE 42725)`},
		{c.ProcIn, "nothing", `function "nothing" does not exist (SQLSTATE 42883)`},
		{c.ProcedureIn, "max(int4)", "2116"},
		{c.NamespaceIn, "public", "2200"},
		{c.NamespaceIn, "x", `schema "x" does not exist (SQLSTATE 3F000)`},
	} {
		oid, err := test.in(test.text)
		got := fmt.Sprint(oid)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q: got %s, want %s", test.text, got, test.want)
		}
	}
}

// TestOwnWords: what PostgreSQL says in sentences is not in the catalogs, what was said of our own objects is.
func TestOwnWords(t *testing.T) {
	c := New(withView())
	for _, row := range c.Rows(table("pg_description")) {
		if row[0].(int64) < 16384 {
			t.Errorf("PostgreSQL's own object %v has a description", row)
		}
	}
	for _, column := range []string{
		"pg_shdescription.description", "sql_features.comments", "sql_implementation_info.comments", "sql_parts.comments",
		"sql_sizing.comments", "pg_settings.short_desc", "pg_settings.extra_desc", "pg_available_extensions.comment",
		"pg_available_extension_versions.comment", "pg_proc.prosqlbody", "pg_views.definition", "views.view_definition",
	} {
		name, column, _ := strings.Cut(column, ".")
		tab := table(name)
		for _, row := range c.Rows(tab) {
			text, _ := row[tab.column(column)].(string)
			if ours := slices.Contains(row, any("public")); text != "" && !ours {
				t.Errorf("%s.%s is not null: %v", name, column, row)
			}
		}
	}
	// What functions are made of is a name of C, but for ours.
	source := table("pg_proc").column("prosrc")
	for _, row := range c.Rows(table("pg_proc")) {
		if text := row[source].(string); row[0].(int64) < 16384 && strings.ContainsAny(text, " \n;(") {
			t.Errorf("%v has the body %q", row[1], text)
		}
	}
	// What is generated are names: none is as long as a sentence, but for those of SQL's own features.
	for name, text := range generated {
		for _, line := range strings.Split(text, "\n") {
			for _, field := range strings.Split(line, "\t") {
				if len(strings.Fields(field)) > 7 && name != "sql_features" && !strings.ContainsAny(field, "{(/") && !isNumbers(field) {
					t.Errorf("%s: %q is a sentence", name, field)
				}
			}
		}
	}
}

// isNumbers tells of an oidvector or an int2vector.
func isNumbers(field string) bool { return strings.Trim(field, "0123456789 ") == "" }

func TestSettings(t *testing.T) {
	rows := New(withView()).settings()
	for _, want := range []string{"work_mem 4096 kB 64", "eventgres.max_event 1MB <nil> <nil>"} {
		found := false
		for _, row := range rows {
			found = found || fmt.Sprint(row[0], " ", row[1], " ", row[2], " ", row[9]) == want
		}
		if !found {
			t.Errorf("no row %q in %v", want, rows)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		c := New(State{})
		for i := range Tables() {
			c.Rows(&Tables()[i])
		}
	}
}

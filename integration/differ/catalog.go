package differ

import (
	"context"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Catalog is what PostgreSQL says it has: nothing of it is kept here.
type Catalog struct {
	Functions []routine // what users call
	Internal  []routine // what stands behind operators, casts, indexes
	Operators []operator
	Casts     [][2]string
	OIDs      map[string]uint32 // of the pool's types
}

// A routine is a row of pg_proc.
type routine struct {
	name      string
	args      []string // names of types
	set       bool     // returns rows
	variadic  bool
	aggregate bool
}

// An operator is a row of pg_operator; a prefix operator has no left.
type operator struct{ name, left, right string }

// unasked are functions whose answer is not a matter of SQL: they tell of the one server, or
// its files, or do something to it.
var unasked = []string{
	"pg_stat", "pg_ls_", "pg_read_", "lo_", "pg_relation_", "pg_table", "pg_indexes", "pg_total", "pg_database_size", "pg_tablespace", "pg_file", "pg_backup", "pg_start_", "pg_stop_", "pg_walfile", "pg_control",
	"pg_hba", "pg_show_all", "pg_config", "pg_get_backend", "pg_get_shmem", "pg_xact", "pg_last", "pg_wal", "pg_log", "pg_blocking", "pg_safe", "pg_lock", "pg_prepared", "pg_cursor", "pg_listening", "pg_notif", "pg_available", "pg_extension",
	"current_setting", "set_config", "txid_", "pg_current_", "pg_visible", "pg_event_trigger", "pg_timezone", "pg_mcv", "pg_sequence", "pg_replication", "pg_get_replication", "pg_size_bytes", "pg_input", "binary_upgrade", "row_security_active", "inet_", "pg_conf_load", "pg_postmaster", "pg_my_temp", "pg_is_other", "pg_trigger_depth",
	"database_to_xml", "schema_to_xml", "table_to_xml", "query_to_xml", "cursor_to_xml", "pg_options_to_table", "pg_nextoid", "satisfies_hash_partition", "gen_random", "random", "timeofday", "clock_timestamp", "statement_timestamp", "setseed", "pg_encoding_max_length",
}

// behind is what the catalog's descriptions say of functions that nobody calls by name.
const behind = `^(implementation of|I/O|internal|(join|restriction) selectivity|aggregate |hash|less-equal-greater|sort support|planner support|btree|GIN|GiST|SP-GiST|BRIN|statistics|larger of|smaller of|input|output|convert .* to |tuple|position-|equal image|cast|.* support|.*\(internal\))`

// administrative are functions about a server's own objects, and about types that only a
// few have columns of.
var administrative = regexp.MustCompile(`^(has_|pg_|to_reg|ts_|to_ts|.*_?to_?tsquery|.*tsvector|xml|xpath|.*range|makeacl|acl|col_description|obj_description|shobj_description|format_type|inet|cidr|host|network|currtid|icu_|jsonb?_populate|jsonb?_to_record|ri_|array_in|regexp_fixed|setweight|ts|numnode|amvalidate)`)

// ReadCatalog asks PostgreSQL what it has.
func ReadCatalog(ctx context.Context, url string) (*Catalog, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	c := &Catalog{OIDs: map[string]uint32{}}
	for _, read := range []func(context.Context, *pgx.Conn) error{c.readTypes, c.readRoutines, c.readOperators, c.readCasts} {
		if err := read(ctx, conn); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Catalog) readTypes(ctx context.Context, conn *pgx.Conn) error {
	for _, name := range typeNames {
		var oid uint32
		if err := conn.QueryRow(ctx, "SELECT $1::regtype::oid::int8", sqlName(name)).Scan(&oid); err != nil {
			return err
		}
		c.OIDs[name] = oid
	}
	return nil
}

// Types of arguments are joined by a space: none has one in its name.
const typesOf = `coalesce((SELECT string_agg(CASE t.typname WHEN 'char' THEN '"char"' ELSE t.typname::text END, ' ' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY x(o, n) JOIN pg_type t ON t.oid = x.o), '')`

func (c *Catalog) readRoutines(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT p.proname::text, `+typesOf+`, p.proretset, p.provariadic <> 0, p.prokind = 'a',
			coalesce(obj_description(p.oid, 'pg_proc') ~ '`+behind+`', false)
			OR EXISTS (SELECT FROM pg_operator WHERE oprcode = p.oid AND p.proname NOT IN ('mod', 'power', 'starts_with'))
		FROM pg_proc p LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
		WHERE pronamespace = 'pg_catalog'::regnamespace AND pronargs BETWEEN 1 AND 5
			AND (prokind = 'f' AND provolatile <> 'v' OR prokind = 'a' AND aggkind = 'n')
		ORDER BY p.oid`)
	if err != nil {
		return err
	}
	var r routine
	var args string
	var internal bool
	_, err = pgx.ForEachRow(rows, []any{&r.name, &args, &r.set, &r.variadic, &r.aggregate, &internal}, func() error {
		r.args = strings.Fields(args)
		for _, prefix := range unasked {
			if strings.HasPrefix(r.name, prefix) {
				return nil
			}
		}
		if !pooled(r.args...) {
			return nil
		}
		if administrative.MatchString(r.name) || internal && !r.aggregate {
			c.Internal = append(c.Internal, r)
		} else {
			c.Functions = append(c.Functions, r)
		}
		return nil
	})
	return err
}

func (c *Catalog) readOperators(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT o.oprname::text, coalesce(CASE l.typname WHEN 'char' THEN '"char"' ELSE l.typname::text END, ''), CASE r.typname WHEN 'char' THEN '"char"' ELSE r.typname::text END
		FROM pg_operator o JOIN pg_type r ON r.oid = oprright LEFT JOIN pg_type l ON l.oid = oprleft
		WHERE oprnamespace = 'pg_catalog'::regnamespace ORDER BY o.oid`)
	if err != nil {
		return err
	}
	var o operator
	_, err = pgx.ForEachRow(rows, []any{&o.name, &o.left, &o.right}, func() error {
		if pooled(o.right) && (o.left == "" || pooled(o.left)) {
			c.Operators = append(c.Operators, o)
		}
		return nil
	})
	return err
}

func (c *Catalog) readCasts(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT CASE s.typname WHEN 'char' THEN '"char"' ELSE s.typname::text END, CASE t.typname WHEN 'char' THEN '"char"' ELSE t.typname::text END
		FROM pg_cast JOIN pg_type s ON s.oid = castsource JOIN pg_type t ON t.oid = casttarget ORDER BY pg_cast.oid`)
	if err != nil {
		return err
	}
	var pair [2]string
	_, err = pgx.ForEachRow(rows, []any{&pair[0], &pair[1]}, func() error {
		if pooled(pair[:]...) {
			c.Casts = append(c.Casts, pair)
		}
		return nil
	})
	return err
}

// polymorphic are the pseudo-types that the pool has types for; those of a group stand
// for one type in a call.
var polymorphic = map[string]string{
	"anyelement": "element", "anyarray": "array", "anynonarray": "element", "any": "any",
	"anycompatible": "element", "anycompatiblearray": "array", "anycompatiblenonarray": "element",
}

func pooled(types ...string) bool {
	for _, t := range types {
		_, inPool := pool[t]
		_, poly := polymorphic[t]
		if !inPool && !poly {
			return false
		}
	}
	return true
}

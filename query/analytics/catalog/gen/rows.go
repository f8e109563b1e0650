package main

import (
	"fmt"
	"os"
	"strings"
)

// file is one generated file, and the tables whose rows it has.
type file struct {
	name   string
	tables []table
}

// table is a query whose rows are kept. Without one it is all rows of the relation.
type table struct {
	name, query string
}

// system tells the objects that initdb made.
const system = `oid < 16384`

// files take names, numbers, types and OIDs, which are facts. What PostgreSQL says in sentences (descriptions of objects and
// of settings, comments on features of SQL) and what it is written in (bodies of functions, definitions of views) is its own and is not read.
var files = []file{
	{"rows_proc_gen.go", []table{
		// The bodies of functions written in SQL are PostgreSQL's code and left out.
		{"pg_proc", `select oid, proname, pronamespace, proowner, prolang, procost, prorows, provariadic,
			prosupport::oid, prokind, prosecdef, proleakproof, proisstrict, proretset, provolatile, proparallel,
			pronargs, pronargdefaults, prorettype, proargtypes, proallargtypes, proargmodes, proargnames,
			pg_get_expr(proargdefaults, 0) proargdefaults, protrftypes,
			case when prolang = 14 then '' else prosrc end prosrc, probin, null::text prosqlbody, proconfig, proacl::text[]
			from pg_proc where pronamespace in (11, 'information_schema'::regnamespace) and oid < 16384 order by oid`},
	}},
	{"rows_type_gen.go", []table{
		// Row types of relations, and their arrays, are computed.
		{"pg_type", `select oid, typname, typnamespace, typowner, typlen, typbyval, typtype, typcategory, typispreferred,
			typisdefined, typdelim, typrelid, typsubscript::oid, typelem, typarray, typinput::oid, typoutput::oid,
			typreceive::oid, typsend::oid, typmodin::oid, typmodout::oid, typanalyze::oid, typalign, typstorage,
			typnotnull, typbasetype, typtypmod, typndims, typcollation, pg_get_expr(typdefaultbin, 0) typdefaultbin, typdefault, typacl::text[]
			from pg_type t where oid < 16384 and typrelid = 0
			and not exists (select from pg_type e where e.oid = t.typelem and e.typrelid <> 0) order by oid`},
		{"pg_range", `select rngtypid, rngsubtype, rngmultitypid, rngcollation, rngsubopc, rngcanonical::oid, rngsubdiff::oid from pg_range order by 1`},
		{"pg_cast", `select * from pg_cast where oid < 16384 order by oid`},
		{"pg_collation", `select * from pg_collation where collname in ('default', 'C', 'POSIX', 'ucs_basic') and oid < 16384 order by oid`},
		{"pg_conversion", `select oid, conname, connamespace, conowner, conforencoding, contoencoding, conproc::oid, condefault from pg_conversion where oid < 16384 order by oid`},
	}},
	{"rows_operator_gen.go", []table{
		{"pg_operator", `select oid, oprname, oprnamespace, oprowner, oprkind, oprcanmerge, oprcanhash, oprleft, oprright, oprresult,
			oprcom, oprnegate, oprcode::oid, oprrest::oid, oprjoin::oid from pg_operator where oid < 16384 order by oid`},
		{"pg_aggregate", `select aggfnoid::oid, aggkind, aggnumdirectargs, aggtransfn::oid, aggfinalfn::oid, aggcombinefn::oid, aggserialfn::oid,
			aggdeserialfn::oid, aggmtransfn::oid, aggminvtransfn::oid, aggmfinalfn::oid, aggfinalextra, aggmfinalextra, aggfinalmodify,
			aggmfinalmodify, aggsortop, aggtranstype, aggtransspace, aggmtranstype, aggmtransspace, agginitval, aggminitval
			from pg_aggregate where aggfnoid < 16384 order by 1`},
		{"pg_am", `select oid, amname, amhandler::oid, amtype from pg_am where oid < 16384 order by oid`},
		{"pg_opfamily", ""},
		{"pg_opclass", ""},
		{"pg_amop", ""},
		{"pg_amproc", `select oid, amprocfamily, amproclefttype, amprocrighttype, amprocnum, amproc::oid from pg_amproc where oid < 16384 order by oid`},
	}},
	{"rows_relation_gen.go", []table{
		// What depends on the cluster's files is that of an empty one; no TOAST tables.
		{"pg_class", `select c.oid, relname, relnamespace, reltype, reloftype, relowner, relam, 0 relfilenode, reltablespace, 0 relpages,
			case when relkind = 'i' then 0 else -1 end reltuples, 0 relallvisible, 0 reltoastrelid, relhasindex, relisshared, relpersistence, relkind, relnatts,
			relchecks, relhasrules, relhastriggers, relhassubclass, relrowsecurity, relforcerowsecurity, relispopulated, relreplident,
			relispartition, relrewrite, relfrozenxid, relminmxid, relacl::text[], reloptions, relpartbound
			from pg_class c join pg_namespace n on n.oid = relnamespace
			where c.oid < 16384 and relkind in ('r', 'v', 'i') and nspname in ('pg_catalog', 'information_schema') order by c.oid`},
		{"pg_index", `select indexrelid, indrelid, indnatts, indnkeyatts, indisunique, indnullsnotdistinct, indisprimary, indisexclusion,
			indimmediate, indisclustered, indisvalid, indcheckxmin, indisready, indislive, indisreplident, indkey, indcollation, indclass, indoption,
			pg_get_expr(indexprs, indrelid) indexprs, pg_get_expr(indpred, indrelid) indpred
			from pg_index join pg_class c on c.oid = indrelid where indrelid < 16384 and relnamespace <> 99 order by 1`},
		{"pg_constraint", `select oid, conname, connamespace, contype, condeferrable, condeferred, convalidated, conrelid, contypid, conindid,
			conparentid, confrelid, confupdtype, confdeltype, confmatchtype, conislocal, coninhcount, connoinherit, conkey, confkey,
			conpfeqop, conppeqop, conffeqop, confdelsetcols, conexclop, substr(pg_get_constraintdef(oid), 7) conbin
			from pg_constraint where oid < 16384 order by oid`},
		{"pg_rewrite", `select r.oid, rulename, ev_class, ev_type, ev_enabled, is_instead, '<>' ev_qual, '<>' ev_action
			from pg_rewrite r join pg_class c on c.oid = ev_class where r.oid < 16384 and relkind = 'v' order by r.oid`},
		{"pg_namespace", `select oid, nspname, nspowner, nspacl::text[] from pg_namespace where oid < 16384 order by oid`},
		{"pg_authid", `select oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
			rolconnlimit, null::text rolpassword, rolvaliduntil from pg_authid where oid < 16384 order by oid`},
		{"pg_auth_members", `select * from pg_auth_members where roleid < 16384 order by 1, 2`},
		{"pg_language", `select oid, lanname, lanowner, lanispl, lanpltrusted, lanplcallfoid, laninline, lanvalidator, lanacl::text[] from pg_language where oid < 16384 order by oid`},
		{"pg_extension", ""},
		{"pg_tablespace", `select oid, spcname, spcowner, spcacl::text[], spcoptions from pg_tablespace where oid < 16384 order by oid`},
		{"pg_depend", `select * from pg_depend where deptype = 'e' and objid < 16384 order by classid, objid`},
		{"pg_init_privs", `select objoid, classoid, objsubid, privtype, initprivs::text[] from pg_init_privs where objoid < 16384 order by 2, 1, 3`},
	}},
	{"rows_other_gen.go", []table{
		{"pg_ts_config", ""},
		{"pg_ts_config_map", `select * from pg_ts_config_map order by 1, 2, 3`},
		{"pg_ts_dict", ""},
		{"pg_ts_parser", `select oid, prsname, prsnamespace, prsstart::oid, prstoken::oid, prsend::oid, prsheadline::oid, prslextype::oid from pg_ts_parser order by oid`},
		{"pg_ts_template", `select oid, tmplname, tmplnamespace, tmplinit::oid, tmpllexize::oid from pg_ts_template order by oid`},
		{"pg_timezone_abbrevs", `select * from pg_timezone_abbrevs order by 1`},
		{"pg_timezone_names", `select * from pg_timezone_names where name !~ '^(posix/|right/|localtime|posixrules|Factory)' order by name collate "C"`},
		// The settings PostgreSQL has, to describe those that Eventgres has too.
		{"pg_settings", `select name, null::text setting, unit, category, null::text short_desc, null::text extra_desc, context, vartype, null::text source, min_val, max_val,
			enumvals, boot_val, null::text reset_val, null::text sourcefile, null::int sourceline, false pending_restart from pg_show_all_settings() order by lower(name)`},
		{"sql_features", `select feature_id, feature_name, sub_feature_id, sub_feature_name, is_supported, is_verified_by, null::text comments
			from information_schema.sql_features order by 1, 3`},
		{"sql_implementation_info", `select implementation_info_id, implementation_info_name, integer_value, character_value, null::text comments
			from information_schema.sql_implementation_info order by 1`},
		{"sql_parts", `select feature_id, feature_name, is_supported, is_verified_by, null::text comments from information_schema.sql_parts order by 1`},
		{"sql_sizing", `select sizing_id, sizing_name, supported_value, null::text comments from information_schema.sql_sizing order by 1`},
	}},
}

// file writes the rows of tables to a file, as a constant each.
func (g *generator) file(name string, tables []table) {
	var b strings.Builder
	b.WriteString("// Code generated by gen from PostgreSQL 15. DO NOT EDIT.\n\npackage catalog\n")
	for _, t := range tables {
		query := t.query
		if query == "" {
			query = "select * from " + t.name + " where " + system + " order by oid"
		}
		rows, err := g.conn.Query(g.ctx, query+" limit 0")
		check(err)
		rows.Close()
		var names []string
		for _, f := range rows.FieldDescriptions() {
			names = append(names, f.Name)
		}
		check(rows.Err())
		var records [][]string
		for _, line := range g.copyOut(query) {
			records = append(records, strings.Split(line, "\t"))
		}
		fmt.Fprintf(&b, "\nconst %s = `%s`\n", constant(t.name), quote(compact(names, records)))
	}
	check(os.WriteFile(name, []byte(b.String()), 0o644))
}

// constant is the Go name for the rows of a relation: rowsPgClass.
func constant(relation string) string {
	name := "rows"
	for word := range strings.SplitSeq(relation, "_") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// compact leaves out of each row what its column most often holds.
func compact(names []string, records [][]string) string {
	usual := make([]string, len(names))
	for i := range names {
		count := map[string]int{}
		for _, r := range records {
			if count[r[i]]++; count[r[i]] > max(count[usual[i]], 1) {
				usual[i] = r[i]
			}
		}
	}
	lines := []string{strings.Join(names, "\t"), strings.Join(usual, "\t")}
	for _, r := range records {
		out := make([]string, len(r))
		for i, v := range r {
			switch {
			case v == usual[i]:
			case v == "":
				out[i] = `\e`
			case i > 1 && v == r[1]:
				out[i] = `\s` // same as the second
			default:
				out[i] = v
			}
		}
		lines = append(lines, strings.TrimRight(strings.Join(out, "\t"), "\t"))
	}
	return strings.Join(lines, "\n")
}

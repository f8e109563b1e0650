package catalog

import (
	"slices"

	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
)

// The extension pg_stat_statements is always there. Unlike PostgreSQL's, which is made in a schema of the user's, it is in pg_catalog, like
// plpgsql: what is found in schema public is the user's own.

// The OIDs of what it has.
const (
	firstOwnOID    = 16384 // PostgreSQL's own are below
	oidExtension   = 13990 // among them, as plpgsql: pg_dump has nothing to say of it then
	oidReset       = 16621
	oidStatements  = 16630
	oidCounting    = 16633
	extensionRelid = 3079
	langC          = 13
)

// extensionLines are its views, as gen writes relations, with the columns of version 1.10.
const extensionLines = `
pg_catalog	pg_stat_statements	16630	v	16631	16632	userid 26,dbid 26,toplevel 16,queryid 20,query 25,plans 20,total_plan_time 701,min_plan_time 701,max_plan_time 701,mean_plan_time 701,stddev_plan_time 701,calls 20,total_exec_time 701,min_exec_time 701,max_exec_time 701,mean_exec_time 701,stddev_exec_time 701,rows 20,shared_blks_hit 20,shared_blks_read 20,shared_blks_dirtied 20,shared_blks_written 20,local_blks_hit 20,local_blks_read 20,local_blks_dirtied 20,local_blks_written 20,temp_blks_read 20,temp_blks_written 20,blk_read_time 701,blk_write_time 701,temp_blk_read_time 701,temp_blk_write_time 701,wal_records 20,wal_fpi 20,wal_bytes 1700,jit_functions 20,jit_generation_time 701,jit_inlining_count 20,jit_inlining_time 701,jit_optimization_count 20,jit_optimization_time 701,jit_emission_count 20,jit_emission_time 701
pg_catalog	pg_stat_statements_info	16633	v	16634	16635	dealloc 20,stats_reset 1184`

// extensionObjects are what it has: the catalog, and the OID there.
var extensionObjects = [][2]uint32{{procRelid, oidReset}, {classRelid, oidStatements}, {classRelid, oidCounting}}

func (c *Catalog) extensions() [][]any {
	m := newMaker("pg_extension")
	m.row("oid", oidExtension, "extname", "pg_stat_statements", "extowner", oidPostgres, "extnamespace", nsCatalog, "extrelocatable", false, "extversion", "1.10")
	return withFixed("pg_extension", m.rows)
}

// The privileges of what it has.
var (
	readableByAll = []any{"postgres=arwdDxt/postgres", "=r/postgres"}
	forSuperusers = []any{"postgres=X/postgres"}
)

// initPrivs has the privileges that what is there from the beginning has then: what pg_dump need not grant.
func (c *Catalog) initPrivs() [][]any {
	m := newMaker("pg_init_privs", "objsubid", 0, "privtype", "e")
	for _, of := range extensionObjects {
		m.row("objoid", of[1], "classoid", of[0], "initprivs", map[uint32][]any{classRelid: readableByAll, procRelid: forSuperusers}[of[0]])
	}
	if acl := c.authPrivileges(); acl != nil {
		m.row("objoid", relation.AuthQuery.OID, "classoid", procRelid, "initprivs", acl, "privtype", "i")
	}
	return withFixed("pg_init_privs", m.rows)
}

// extensionFunction adds pg_stat_statements_reset to pg_proc.
func (m *maker) extensionFunction() {
	m.row("oid", oidReset, "proname", "pg_stat_statements_reset", "pronamespace", nsCatalog, "proowner", oidPostgres, "prolang", langC, "procost", 1.0,
		"proisstrict", true, "provolatile", "v", "pronargs", 3, "pronargdefaults", 3, "prorettype", 2278, "proargtypes", []uint32{26, 26, 20},
		"proargnames", []any{"userid", "dbid", "queryid"}, "proargdefaults", "0, 0, 0", "prosrc", "", "proacl", forSuperusers)
}

// authPrivileges are those of eventgres_auth; nil: there is one role alone, which may.
func (c *Catalog) authPrivileges() []any {
	if c.roles == nil {
		return nil
	}
	owner := c.roleText(privilege.BootstrapOID)
	return []any{owner + "=X/" + owner, authQuery.Name + "=X/" + owner}
}

// returnsTable says of a function that it returns rows.
func (m *maker) returnsTable(row []any, f *relation.Function) {
	types, modes := []any{}, []any{}
	for i, oid := range append(slices.Clip(f.Args), f.Out...) {
		mode := "i"
		if i >= len(f.Args) {
			mode = "t"
		}
		types, modes = append(types, int64(oid)), append(modes, mode)
	}
	m.set(row, []any{"proretset", true, "prorows", 1.0, "proallargtypes", types, "proargmodes", modes})
}

func (c *Catalog) availableExtensions() [][]any {
	m := newMaker("pg_available_extensions")
	m.row("name", "plpgsql", "default_version", "1.0", "installed_version", "1.0")
	m.row("name", "pg_stat_statements", "default_version", "1.10", "installed_version", "1.10")
	return m.rows
}

func (c *Catalog) extensionVersions() [][]any {
	m := newMaker("pg_available_extension_versions", "installed", true, "superuser", true, "relocatable", false, "schema", "pg_catalog")
	m.row("name", "plpgsql", "version", "1.0", "trusted", true)
	m.row("name", "pg_stat_statements", "version", "1.10", "trusted", false)
	return m.rows
}

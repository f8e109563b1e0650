-- DataGrip 2025.2's introspection (JetBrains' other IDEs ask the same), as projects that test with it
-- logged it; through pgjdbc.

-- case: datagrip: at connect
select version()

-- case: datagrip: database and schemas
select current_database() as a, current_schemas(false) as b

-- case: datagrip: isolation
SHOW TRANSACTION ISOLATION LEVEL

-- case: datagrip: where it is
select current_database(), current_schema(), current_user

-- case: datagrip: start
-- compare: columns the start is the server's own
select round(extract(epoch from pg_postmaster_start_time() at time zone 'UTC')) as startup_time

-- case: datagrip: oldest transaction
-- compare: columns what the server is doing
select L.transactionid::varchar::bigint as transaction_id
from pg_catalog.pg_locks L
where L.transactionid is not null
order by pg_catalog.age(L.transactionid) desc
limit 1

-- case: datagrip: current transaction
-- compare: columns transaction ids are the server's own
select case
  when pg_catalog.pg_is_in_recovery()
    then null
  else
    (pg_catalog.txid_current() % 4294967296)::varchar::bigint
  end as current_txid

-- case: datagrip: databases
-- compare: ours other databases are the cluster's
select N.oid::bigint as id,
       datname as name,
       D.description,
       datistemplate as is_template,
       datallowconn as allow_connections,
       pg_catalog.pg_get_userbyid(N.datdba) as "owner"
from pg_catalog.pg_database N
  left join pg_catalog.pg_shdescription D on N.oid = D.objoid
order by case when datname = pg_catalog.current_database() then -1::bigint else N.oid::bigint end

-- case: datagrip: schemas
select N.oid::bigint as id,
       N.xmin as state_number,
       nspname as name,
       D.description,
       pg_catalog.pg_get_userbyid(N.nspowner) as "owner"
from pg_catalog.pg_namespace N
  left join pg_catalog.pg_description D on N.oid = D.objoid
order by case when nspname = pg_catalog.current_schema() then -1::bigint else N.oid::bigint end

-- case: datagrip: is superuser
select usesuper from pg_user where usename = current_user

-- case: datagrip: roles
-- compare: columns the roles are the cluster's
select R.oid::bigint as role_id, rolname as role_name,
  rolsuper is_super, rolinherit is_inherit,
  rolcreaterole can_createrole, rolcreatedb can_createdb,
  rolcanlogin can_login, rolreplication /* false */ is_replication,
  rolconnlimit conn_limit, rolvaliduntil valid_until,
  rolbypassrls /* false */ bypass_rls, rolconfig config,
  D.description
from pg_catalog.pg_roles R
  left join pg_catalog.pg_shdescription D on D.objoid = R.oid

-- case: datagrip: members of roles
-- compare: columns the roles are the cluster's
select member id, roleid role_id, admin_option
from pg_catalog.pg_auth_members order by id, roleid::text

-- case: datagrip: tablespaces
-- compare: columns tablespaces are the cluster's
select T.oid::bigint as id, T.spcname as name,
       T.xmin as state_number, pg_catalog.pg_get_userbyid(T.spcowner) as owner,
       pg_catalog.pg_tablespace_location(T.oid) as location,
       T.spcoptions as options,
       D.description as comment
from pg_catalog.pg_tablespace T
  left join pg_catalog.pg_shdescription D on D.objoid = T.oid

-- case: datagrip: acl of databases
-- compare: columns databases are the cluster's
select T.oid as object_id, T.spcacl as acl
from pg_catalog.pg_tablespace T
union all
select T.oid as object_id, T.datacl as acl
from pg_catalog.pg_database T

-- case: datagrip: event triggers
select t.oid as id, t.xmin as state_number, t.evtname as name,
       t.evtevent as event, t.evtfoid as routine_id,
       pg_catalog.pg_get_userbyid(t.evtowner) as owner,
       t.evttags as tags,
       case when t.evtenabled = 'D' then 1 else 0 end as is_disabled
from pg_catalog.pg_event_trigger t

-- case: datagrip: foreign data wrappers
select fdw.oid as id, fdw.xmin as state_number, fdw.fdwname as name,
       pr.proname as handler, nspc.nspname as handler_schema,
       pr2.proname as validator, nspc2.nspname as validator_schema,
       fdw.fdwoptions as options,
       pg_catalog.pg_get_userbyid(fdw.fdwowner) as "owner"
from pg_catalog.pg_foreign_data_wrapper fdw
     left outer join pg_catalog.pg_proc pr on fdw.fdwhandler = pr.oid
     left outer join pg_catalog.pg_namespace nspc on pr.pronamespace = nspc.oid
     left outer join pg_catalog.pg_proc pr2 on fdw.fdwvalidator = pr2.oid
     left outer join pg_catalog.pg_namespace nspc2 on pr2.pronamespace = nspc2.oid

-- case: datagrip: foreign servers
select srv.oid as id, srv.srvfdw as fdw_id, srv.xmin as state_number,
       srv.srvname as name, srv.srvtype as type, srv.srvversion as version,
       srv.srvoptions as options, pg_catalog.pg_get_userbyid(srv.srvowner) as "owner"
from pg_catalog.pg_foreign_server srv

-- case: datagrip: user mappings
select oid as id, umserver as server_id,
       case when umuser = 0 then null else pg_catalog.pg_get_userbyid(umuser) end as user,
       umoptions as options
from pg_catalog.pg_user_mapping order by server_id

-- case: datagrip: access methods
-- compare: contains the system's own objects are not all there
select A.oid as access_method_id, A.xmin as state_number,
       A.amname as access_method_name,
       A.amhandler::oid as handler_id,
       pg_catalog.quote_ident(N.nspname) || '.' || pg_catalog.quote_ident(P.proname) as handler_name,
       A.amtype as access_method_type
from pg_am A join pg_proc P on A.amhandler::oid = P.oid
     join pg_namespace N on P.pronamespace = N.oid

-- case: datagrip: extensions
-- compare: columns the extensions are the server's own
select E.oid as id, E.xmin as state_number,
       extname as name, extversion as version,
       extnamespace as schema_id, nspname as schema_name,
       array(select unnest from unnest(available_versions)
             where unnest > extversion) as available_updates
from pg_catalog.pg_extension E
       join pg_namespace N on E.extnamespace = N.oid
       left join (select name, array_agg(version) as available_versions
                  from pg_available_extension_versions()
                  group by name) V on E.extname = V.name

-- case: datagrip: languages
-- compare: columns the languages are the server's own
select l.oid as id, l.xmin state_number, lanname as name, lanpltrusted as trusted,
       h.proname as handler, hs.nspname as handlerSchema,
       i.proname as inline, isc.nspname as inlineSchema,
       v.proname as validator, vs.nspname as validatorSchema
from pg_catalog.pg_language l
    left join pg_catalog.pg_proc h on h.oid = lanplcallfoid
    left join pg_catalog.pg_namespace hs on hs.oid = h.pronamespace
    left join pg_catalog.pg_proc i on i.oid = laninline
    left join pg_catalog.pg_namespace isc on isc.oid = i.pronamespace
    left join pg_catalog.pg_proc v on v.oid = lanvalidator
    left join pg_catalog.pg_namespace vs on vs.oid = v.pronamespace
order by lanname

-- case: datagrip: descriptions
-- compare: columns descriptions are the installation's
select D.objoid id, case
    when 'pg_catalog.pg_event_trigger'::regclass = classoid then 'T'
    when 'pg_catalog.pg_am'::regclass = classoid then 'A'
    when 'pg_catalog.pg_cast'::regclass = classoid then 'C'
    when 'pg_catalog.pg_foreign_data_wrapper'::regclass = classoid then 'W'
    when 'pg_catalog.pg_foreign_server'::regclass = classoid then 'S'
    when 'pg_catalog.pg_language'::regclass = classoid then 'L'
    when 'pg_catalog.pg_extension'::regclass = classoid then 'E'
  end as kind,
  D.objsubid sub_id, D.description
from pg_catalog.pg_description D
where classoid in (
  'pg_catalog.pg_event_trigger'::regclass,
  'pg_catalog.pg_am'::regclass,
  'pg_catalog.pg_cast'::regclass,
  'pg_catalog.pg_foreign_data_wrapper'::regclass,
  'pg_catalog.pg_foreign_server'::regclass,
  'pg_catalog.pg_language'::regclass,
  'pg_catalog.pg_extension'::regclass
)

-- case: datagrip: acl
-- compare: columns the languages are the server's own
select T.oid as object_id, T.fdwacl as acl from pg_catalog.pg_foreign_data_wrapper T
union all
select T.oid as object_id, T.lanacl as acl from pg_catalog.pg_language T
union all
select T.oid as object_id, T.nspacl as acl from pg_catalog.pg_namespace T
union all
select T.oid as object_id, T.srvacl as acl from pg_catalog.pg_foreign_server T

-- case: datagrip: casts
-- compare: columns casts are the installation's
select C.oid, C.xmin as state_number,
       C.castsource as castsource_id,
       pg_catalog.quote_ident(SN.nspname) || '.' || pg_catalog.quote_ident(S.typname) as castsource_name,
       C.casttarget as casttarget_id,
       pg_catalog.quote_ident(TN.nspname) || '.' || pg_catalog.quote_ident(T.typname) as casttarget_name,
       C.castfunc as castfunc_id,
       pg_catalog.quote_ident(FN.nspname) || '.' || pg_catalog.quote_ident(F.proname) as castfunc_name,
       C.castcontext, C.castmethod
from pg_cast C
     left outer join pg_proc F on C.castfunc::oid = F.oid
     left outer join pg_namespace FN on F.pronamespace = FN.oid
     join pg_type S on C.castsource::oid = S.oid
     join pg_namespace SN on S.typnamespace = SN.oid
     join pg_type T on C.casttarget::oid = T.oid
     join pg_namespace TN on T.typnamespace = TN.oid

-- case: datagrip: members of extensions
-- compare: columns the extensions are the server's own
select E.oid as extension_id, D.objid as member_id
from pg_extension E
     join pg_depend D on E.oid = D.refobjid and D.refclassid = 'pg_extension'::regclass::oid
where D.deptype = 'e'
order by extension_id

-- case: datagrip: objects of a schema
-- params: int8:2200
-- params: int8:2200
-- params: int8:2200
-- params: int8:2200
-- params: int8:2200
-- params: int8:2200
-- params: int8:2200
-- compare: ours the order is by schema alone
select T.oid as oid, relnamespace as schemaId,
       pg_catalog.translate(relkind, 'rmvpfS', 'rmvrfS') as kind, relname as name
from pg_catalog.pg_class T
where relnamespace in ( $1 ) and relkind in ('r', 'm', 'v', 'p', 'f', 'S')
union all
select T.oid, T.typnamespace, 'T', T.typname
from pg_catalog.pg_type T left outer join pg_catalog.pg_class C on T.typrelid = C.oid
where T.typnamespace in ( $2 )
  and ( T.typtype in ('d','e') or C.relkind = 'c'::"char" or
        (T.typtype = 'b' and (T.typelem = 0 OR T.typcategory <> 'A')) or
        T.typtype = 'p' and not T.typisdefined )
union all
select oid, collnamespace, 'C', collname from pg_catalog.pg_collation where collnamespace in ( $3 )
union all
select oid, oprnamespace, 'O', oprname from pg_catalog.pg_operator where oprnamespace in ( $4 )
union all
select oid, opcnamespace, 'c', opcname from pg_catalog.pg_opclass where opcnamespace in ( $5 )
union all
select oid, opfnamespace, 'F', opfname from pg_catalog.pg_opfamily where opfnamespace in ( $6 )
union all
select oid, pronamespace, case when prokind != 'a' then 'R' else 'a' end, proname
from pg_catalog.pg_proc where pronamespace in ( $7 )
order by schemaId

-- case: datagrip: arguments of functions
-- params: int8:2200
select pronamespace as schemaId, oid as majorOid,
       proargnames as argNames, proargmodes as argModes,
       array_length(proargtypes, 1) as nArgs
from pg_catalog.pg_proc where pronamespace in ( $1 )
order by schemaId

-- case: datagrip: columns of a schema
-- params: int8:2200
-- compare: ours the order is by relation alone
with T as ( select T.oid as oid, T.relkind as kind, T.relnamespace as schemaId
            from pg_catalog.pg_class T
            where T.relnamespace in ( $1 ) and T.relkind in ('r', 'm', 'v', 'f', 'p') )
select T.schemaId as schemaId, T.oid as majorOid,
       pg_catalog.translate(T.kind, 'rmvpf', 'rmvrf') as kind,
       C.attnum as position, C.attname as name
from T join pg_catalog.pg_attribute C on T.oid = C.attrelid
where C.attnum > 0 and not C.attisdropped
order by schemaId, majorOid

-- case: datagrip: tables
-- params: int8:2200
-- params: varchar:1
select T.relkind as table_kind, T.relname as table_name,
       T.oid as table_id, T.xmin as table_state_number,
       false /* T.relhasoids */ as table_with_oids,
       T.reltablespace as tablespace_id, T.reloptions as options,
       T.relpersistence as persistence,
       (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where T.oid = inhrelid) as ancestors,
       (select pg_catalog.array_agg(inhrelid::bigint order by inhrelid)::varchar from pg_catalog.pg_inherits where T.oid = inhparent) as successors,
       T.relispartition as is_partition,
       pg_catalog.pg_get_partkeydef(T.oid) as partition_key,
       pg_catalog.pg_get_expr(T.relpartbound, T.oid) as partition_expression,
       T.relam am_id,
       pg_catalog.pg_get_userbyid(T.relowner) as "owner"
from pg_catalog.pg_class T
where relnamespace = $1::oid and relkind in ('r', 'm', 'v', 'f', 'p')
  and pg_catalog.age(T.xmin) <= coalesce(nullif(greatest(pg_catalog.age($2::varchar::xid), -1), -1), 2147483647)
order by table_kind, table_id

-- case: datagrip: indexes
-- params: int8:2200
-- params: varchar:1
-- compare: ours the order is not said
select tab.oid table_id, tab.relkind table_kind,
       ind_stor.relname index_name, ind_head.indexrelid index_id,
       ind_stor.xmin state_number,
       ind_head.indisunique is_unique, ind_head.indisprimary is_primary,
       ind_head.indnullsnotdistinct nulls_not_distinct,
       pg_catalog.pg_get_expr(ind_head.indpred, ind_head.indrelid) as condition,
       (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where ind_stor.oid = inhrelid) as ancestors,
       ind_stor.reltablespace tablespace_id,
       opcmethod as access_method_id
from pg_catalog.pg_class tab
     join pg_catalog.pg_index ind_head on ind_head.indrelid = tab.oid
     join pg_catalog.pg_class ind_stor on tab.relnamespace = ind_stor.relnamespace and ind_stor.oid = ind_head.indexrelid
     left join pg_catalog.pg_opclass on pg_opclass.oid = ANY(indclass)
where tab.relnamespace = $1::oid
  and tab.relkind in ('r', 'm', 'v', 'p') and ind_stor.relkind in ('i', 'I')
  and pg_catalog.age(ind_stor.xmin) <= coalesce(nullif(greatest(pg_catalog.age($2::varchar::xid), -1), -1), 2147483647)

-- case: datagrip: columns of indexes
-- params: int8:2200
-- params: varchar:1
select ind_head.indexrelid index_id, k col_idx,
       k <= indnkeyatts /* true */ in_key,
       ind_head.indkey[k-1] column_position,
       ind_head.indoption[k-1] column_options,
       ind_head.indcollation[k-1] as collation,
       colln.nspname as collation_schema, collname as collation_str,
       ind_head.indclass[k-1] as opclass,
       case when opcdefault then null else opcn.nspname end as opclass_schema,
       case when opcdefault then null else opcname end as opclass_str,
       case when indexprs is null then null
            when ind_head.indkey[k-1] = 0 then chr(27) || pg_catalog.pg_get_indexdef(ind_head.indexrelid, k::int, true)
            else pg_catalog.pg_get_indexdef(ind_head.indexrelid, k::int, true) end as expression,
       amcanorder can_order
from pg_catalog.pg_index ind_head
     join pg_catalog.pg_class ind_stor on ind_stor.oid = ind_head.indexrelid
cross join unnest(ind_head.indkey) with ordinality u(u, k)
left join pg_catalog.pg_collation on pg_collation.oid = ind_head.indcollation[k-1]
left join pg_catalog.pg_namespace colln on collnamespace = colln.oid
cross join pg_catalog.pg_indexam_has_property(ind_stor.relam, 'can_order') amcanorder
     left join pg_catalog.pg_opclass on pg_opclass.oid = ind_head.indclass[k-1]
     left join pg_catalog.pg_namespace opcn on opcnamespace = opcn.oid
where ind_stor.relnamespace = $1::oid and ind_stor.relkind in ('i', 'I')
  and pg_catalog.age(ind_stor.xmin) <= coalesce(nullif(greatest(pg_catalog.age($2::varchar::xid), -1), -1), 2147483647)
order by index_id, k

-- case: datagrip: constraints
-- params: int8:2200
-- params: int8:2200
-- params: varchar:1
-- params: varchar:1
-- compare: columns transaction ids are among the values
select T.oid table_id, relkind table_kind,
       C.oid::bigint con_id, C.xmin::varchar::bigint con_state_id,
       conname con_name, contype con_kind, conkey con_columns,
       conindid index_id, confrelid ref_table_id,
       condeferrable is_deferrable, condeferred is_init_deferred,
       confupdtype on_update, confdeltype on_delete,
       connoinherit no_inherit,
       pg_catalog.pg_get_expr(conbin, T.oid) con_expression,
       confkey ref_columns,
       conexclop::int[] excl_operators,
       array(select unnest::regoper::varchar from unnest(conexclop)) excl_operators_str
from pg_catalog.pg_constraint C join pg_catalog.pg_class T on C.conrelid = T.oid
where relkind in ('r', 'v', 'f', 'p') and relnamespace = $1::oid
  and contype in ('p', 'u', 'f', 'c', 'x') and connamespace = $2::oid
  and pg_catalog.age(T.xmin) <= coalesce(nullif(greatest(pg_catalog.age($3::varchar::xid), -1), -1), 2147483647) or pg_catalog.age(c.xmin) <= coalesce(nullif(greatest(pg_catalog.age($4::varchar::xid), -1), -1), 2147483647)

-- case: datagrip: acl of objects
-- params: int8:2200
-- params: varchar:1
-- params: int8:2200
-- params: varchar:1
-- params: int8:2200
-- params: varchar:1
-- compare: ours toast tables have an acl too
select T.oid as object_id, T.relacl as acl
from pg_catalog.pg_class T
where relnamespace = $1::oid and pg_catalog.age(T.xmin) <= pg_catalog.age($2::varchar::xid)
union all
select T.oid as object_id, T.proacl as acl
from pg_catalog.pg_proc T
where pronamespace = $3::oid and pg_catalog.age(T.xmin) <= pg_catalog.age($4::varchar::xid)
union all
select T.oid as object_id, T.typacl as acl
from pg_catalog.pg_type T
where typnamespace = $5::oid and pg_catalog.age(T.xmin) <= pg_catalog.age($6::varchar::xid)
order by object_id

-- case: datagrip: sequences of columns
-- params: int8:2200
select D.objid as dependent_id, D.refobjid as owner_id, D.refobjsubid as owner_subobject_id
from pg_depend D
  join pg_class C_SEQ on D.objid = C_SEQ.oid and D.classid = 'pg_class'::regclass::oid
  join pg_class C_TAB on D.refobjid = C_TAB.oid and D.refclassid = 'pg_class'::regclass::oid
where C_SEQ.relkind = 'S' and C_TAB.relkind = 'r'
  and D.refobjsubid <> 0 and (D.deptype = 'a' or D.deptype = 'i')
  and C_TAB.relnamespace = $1::oid
order by owner_id

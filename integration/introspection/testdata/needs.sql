-- What tools need of the catalog that cannot run in these tests, in our own words: a case a thing, and which tools ask for it.


-- case: the server's version
-- needed by: all
SELECT current_setting('server_version_num')::int / 10000 AS major, version() LIKE 'PostgreSQL 15%' AS fifteen;

-- case: who and where
-- needed by: all
SELECT current_user, session_user, current_database(), current_schema(), current_schemas(true);

-- case: the databases
-- needed by: pgAdmin, DBeaver, DataGrip, Metabase
SELECT datname, datallowconn, datistemplate, pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = current_database();

-- case: the owner of the database
-- needed by: pgAdmin, DBeaver
-- compare: columns the owner is the cluster's
SELECT pg_get_userbyid(datdba) = current_user AS mine FROM pg_database WHERE datname = current_database();

-- case: may one connect and create
-- needed by: pgAdmin, DBeaver, Flyway
SELECT has_database_privilege(current_database(), 'CONNECT') AS connects, has_schema_privilege('public', 'USAGE') AS uses;

-- case: the roles
-- needed by: pgAdmin, DBeaver, DataGrip, Flyway
SELECT rolname, rolsuper, rolcreatedb, rolcanlogin, rolreplication, rolinherit FROM pg_roles WHERE rolname LIKE 'pg\_%' ORDER BY rolname;

-- case: members of roles
-- needed by: pgAdmin, DBeaver
SELECT r.rolname AS of, m.rolname AS member, a.admin_option FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE r.rolname LIKE 'pg\_%' ORDER BY 1, 2;

-- case: the tablespaces
-- needed by: pgAdmin, DBeaver, DataGrip
SELECT oid, spcname FROM pg_tablespace ORDER BY oid;

-- case: the schemas
-- needed by: all
SELECT oid, nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_t%' ORDER BY nspname;

-- case: the schemas of the standard
-- needed by: Metabase, Power BI, Flyway
SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT LIKE 'pg\_t%' ORDER BY 1;

-- case: is a schema empty
-- needed by: Flyway
SELECT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace) AS has;

-- case: is a table there
-- needed by: Flyway, Hasura, dbt
SELECT to_regclass('public.events') IS NOT NULL AS yes, to_regclass('public.nosuch') IS NULL AS no;

-- case: is a table there, by the standard
-- needed by: Flyway, Grafana
SELECT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'flyway_schema_history') AS history;

-- case: the relations with kind and owner
-- needed by: all
SELECT c.oid, c.relname, c.relkind, pg_get_userbyid(c.relowner) AS owner, c.relpersistence, c.relispartition FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f') ORDER BY c.relname;

-- case: the relations by the standard
-- needed by: Metabase, Grafana, Power BI, Hasura, Cube, dbt
-- compare: columns PostgreSQL's streams is a view that can be written
SELECT table_schema, table_name, table_type, is_insertable_into FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name;

-- case: relations outside the system
-- needed by: Metabase, Power BI
SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2;

-- case: what one may select from
-- needed by: Metabase, Grafana
SELECT c.relname, has_table_privilege(c.oid, 'SELECT') AS s FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY 1;

-- case: privileges on relations
-- needed by: pgAdmin, DBeaver, Metabase, Hasura
SELECT grantee = current_user AS mine, table_name, privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'public' AND table_name = 'events' ORDER BY 2, 3;

-- case: columns with types
-- needed by: all
SELECT a.attnum, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, a.attidentity, a.attgenerated, a.atthasdef FROM pg_attribute a WHERE a.attrelid = 'public.events'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;

-- case: columns of a view
-- needed by: all
SELECT a.attnum, a.attname, a.atttypid::regtype, a.atttypmod FROM pg_attribute a WHERE a.attrelid = 'public.order_totals'::regclass AND a.attnum > 0 ORDER BY 1;

-- case: columns of all relations
-- needed by: DataGrip, DBeaver, Hasura, Prisma
SELECT c.relname, a.attname, t.typname, t.typcategory, t.typtype FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 ORDER BY 1, a.attnum;

-- case: columns by the standard
-- needed by: Metabase, Grafana, Power BI, Cube, Prisma, dbt
SELECT column_name, ordinal_position, is_nullable, data_type, udt_schema, udt_name, character_maximum_length, numeric_precision, numeric_scale, datetime_precision, is_identity, identity_generation, is_generated FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'events' ORDER BY ordinal_position;

-- case: columns by the standard of a view
-- needed by: Metabase, Grafana, Power BI
SELECT column_name, data_type, udt_name FROM information_schema.columns WHERE table_name = 'order_totals' ORDER BY ordinal_position;

-- case: columns of what type
-- needed by: Grafana
SELECT quote_ident(column_name) AS name, data_type IN ('timestamp with time zone', 'timestamp without time zone') AS time FROM information_schema.columns WHERE table_name = 'events' ORDER BY ordinal_position;

-- case: defaults
-- needed by: pgAdmin, DBeaver, DataGrip, Prisma, EF Core
SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) AS def FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = 'public.events'::regclass ORDER BY a.attnum;

-- case: comments on relations
-- needed by: all
SELECT c.relname, obj_description(c.oid, 'pg_class') AS said FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY 1;

-- case: comments on columns
-- needed by: Metabase, DBeaver, DataGrip, Hasura
SELECT a.attname, col_description(a.attrelid, a.attnum) AS said FROM pg_attribute a WHERE a.attrelid = 'public.events'::regclass AND a.attnum > 0 ORDER BY a.attnum;

-- case: comments in the table of them
-- needed by: pgAdmin, DBeaver
SELECT d.objoid::regclass, d.objsubid, d.description FROM pg_description d WHERE d.classoid = 'pg_class'::regclass AND d.objoid >= 16384 ORDER BY 1, 2;

-- case: comments on shared objects
-- needed by: pgAdmin, DBeaver
SELECT shobj_description(oid, 'pg_database') AS said FROM pg_database WHERE datname = current_database();

-- case: primary keys
-- needed by: all
SELECT c.conname, c.conkey, pg_get_constraintdef(c.oid) AS def FROM pg_constraint c WHERE c.conrelid = 'public.events'::regclass AND c.contype = 'p';

-- case: all constraints
-- needed by: pgAdmin, DBeaver, DataGrip, Hasura, Prisma
SELECT c.oid, c.conname, c.contype, c.condeferrable, c.condeferred, c.convalidated, c.conkey, c.conindid::regclass, pg_get_constraintdef(c.oid, true) AS def FROM pg_constraint c WHERE c.connamespace = 'public'::regnamespace ORDER BY c.conname;

-- case: constraints by the standard
-- needed by: Metabase, Power BI, Hasura, EF Core
SELECT constraint_name, constraint_type, is_deferrable FROM information_schema.table_constraints WHERE table_name = 'events' AND constraint_type <> 'CHECK' ORDER BY 1;

-- case: columns of keys
-- needed by: Metabase, Power BI, Hasura, Cube
SELECT constraint_name, column_name, ordinal_position FROM information_schema.key_column_usage WHERE table_name = 'events' ORDER BY 1, 3;

-- case: columns that constraints use
-- needed by: Metabase, Hasura
SELECT constraint_name, column_name FROM information_schema.constraint_column_usage WHERE table_name = 'events' ORDER BY 1, 2;

-- case: foreign keys
-- needed by: all
SELECT c.conname, c.confrelid::regclass, c.confkey FROM pg_constraint c WHERE c.contype = 'f' ORDER BY 1;

-- case: foreign keys by the standard
-- needed by: Metabase, Power BI, Cube
SELECT constraint_name, unique_constraint_name, update_rule, delete_rule FROM information_schema.referential_constraints ORDER BY 1;

-- case: indexes
-- needed by: all
SELECT i.indexrelid::regclass AS index, i.indisunique, i.indisprimary, i.indisvalid, i.indnkeyatts, am.amname, pg_get_indexdef(i.indexrelid) AS def FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam WHERE i.indrelid = 'public.events'::regclass ORDER BY 1;

-- case: columns of indexes
-- needed by: pgAdmin, DataGrip, Prisma, Metabase
SELECT i.indexrelid::regclass AS index, k.n, pg_get_indexdef(i.indexrelid, k.n::int, true) AS col FROM pg_index i CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) AS k(n) WHERE i.indrelid = 'public.events'::regclass ORDER BY 1, 2;

-- case: indexes by name
-- needed by: DBeaver, DataGrip
SELECT indexname, indexdef, tablespace FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1;

-- case: operator classes of indexes
-- needed by: pgAdmin, DBeaver, Prisma
SELECT o.opcname, o.opcdefault, o.opcintype::regtype, am.amname FROM pg_opclass o JOIN pg_am am ON am.oid = o.opcmethod WHERE am.amname = 'btree' ORDER BY 1, 3;

-- case: definitions of views
-- needed by: pgAdmin, DBeaver, DataGrip, Hasura
SELECT viewname, viewowner, definition FROM pg_views WHERE schemaname = 'public' AND viewname = 'order_totals';

-- case: the definition of a view
-- needed by: pgAdmin, DBeaver, DataGrip
SELECT pg_get_viewdef('public.order_totals'::regclass) AS def;

-- case: views by the standard
-- needed by: Metabase, Power BI, dbt
SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = 'public' AND table_name = 'order_totals';

-- case: materialized views
-- needed by: DBeaver, DataGrip, Metabase, dbt
SELECT schemaname, matviewname FROM pg_matviews;

-- case: what may be written in views
-- needed by: Hasura
SELECT pg_relation_is_updatable('public.order_totals'::regclass, true) AS may;

-- case: rules
-- needed by: pgAdmin, DBeaver
SELECT r.rulename, r.ev_class::regclass, r.ev_type, r.is_instead FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relname = 'order_totals';

-- case: triggers
-- needed by: pgAdmin, DBeaver, DataGrip, Hasura
SELECT tgname, tgrelid::regclass, tgenabled, tgisinternal FROM pg_trigger ORDER BY 1;

-- case: triggers by the standard
-- needed by: Hasura
SELECT trigger_name, event_object_table FROM information_schema.triggers ORDER BY 1;

-- case: sequences
-- needed by: all
SELECT schemaname, sequencename, start_value, increment_by FROM pg_sequences ORDER BY 1, 2;

-- case: sequences by the standard
-- needed by: Power BI, Prisma, EF Core
SELECT sequence_schema, sequence_name, data_type FROM information_schema.sequences ORDER BY 1, 2;

-- case: the sequence of a column
-- needed by: Metabase, Hasura
SELECT pg_get_serial_sequence('public.events', 'type') AS seq;

-- case: functions of a schema
-- needed by: pgAdmin, DBeaver, DataGrip, Hasura
SELECT p.oid, p.proname, p.prokind, p.proretset, pg_get_function_arguments(p.oid) AS args, pg_get_function_identity_arguments(p.oid) AS identity, pg_get_function_result(p.oid) AS result FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY 2, 5;

-- case: functions by the standard
-- needed by: Power BI, Flyway
SELECT routine_name, routine_type, data_type FROM information_schema.routines WHERE routine_schema = 'public' ORDER BY 1;

-- case: aggregates
-- needed by: pgAdmin, DBeaver
SELECT p.proname, a.aggkind, a.aggtransfn::regproc FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid WHERE p.proname IN ('sum', 'max', 'count') ORDER BY 1, p.oid;

-- case: languages
-- needed by: pgAdmin, DBeaver, DataGrip
-- compare: values plpgsql's OID may be another's
SELECT oid, lanname, lanpltrusted, lanispl FROM pg_language ORDER BY 1;

-- case: extensions
-- needed by: pgAdmin, DBeaver, DataGrip, Flyway, Hasura
SELECT e.extname, e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'plpgsql';

-- case: what can be installed
-- needed by: pgAdmin, DBeaver, DataGrip
SELECT name, default_version, installed_version FROM pg_available_extensions WHERE name = 'plpgsql';

-- case: is an extension there
-- needed by: Grafana, Hasura
SELECT count(*) AS n FROM pg_extension WHERE extname IN ('timescaledb', 'postgis', 'pgcrypto');

-- case: types
-- needed by: all
SELECT t.oid, t.typname, t.typlen, t.typtype, t.typcategory, t.typdelim, t.typelem, t.typarray, t.typbasetype FROM pg_type t WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typrelid = 0 AND t.typelem = 0 ORDER BY t.oid;

-- case: arrays with their elements
-- needed by: Npgsql, Power BI, ADBC, DBeaver
SELECT a.oid, a.typname, e.typname AS element FROM pg_type a JOIN pg_type e ON e.typarray = a.oid WHERE e.oid < 10000 AND e.typrelid = 0 ORDER BY a.oid;

-- case: ranges
-- needed by: Npgsql, Power BI, DataGrip
SELECT rngtypid::regtype, rngsubtype::regtype, rngmultitypid::regtype FROM pg_range ORDER BY 1;

-- case: composite types
-- needed by: Npgsql, DataGrip, Hasura
SELECT t.typname, t.typrelid::regclass FROM pg_type t WHERE t.typtype = 'c' AND t.typnamespace = 'public'::regnamespace ORDER BY 1;

-- case: enumerations
-- needed by: all
SELECT t.typname, e.enumlabel, e.enumsortorder FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid ORDER BY 1, 3;

-- case: domains
-- needed by: pgAdmin, DBeaver, DataGrip, Hasura
SELECT t.typname, t.typbasetype::regtype, t.typnotnull FROM pg_type t WHERE t.typtype = 'd' AND t.typnamespace = 'information_schema'::regnamespace ORDER BY 1;

-- case: receiving and sending types
-- needed by: Npgsql, ADBC
SELECT typname, typreceive::text, typsend::text, typinput::text FROM pg_type WHERE typname IN ('int4', 'jsonb', 'uuid', 'timestamptz', 'text', '_text') ORDER BY 1;

-- case: casts
-- needed by: pgAdmin, DBeaver, DataGrip
SELECT castsource::regtype, casttarget::regtype, castcontext, castmethod FROM pg_cast WHERE castsource = 'int4'::regtype ORDER BY 1, 2;

-- case: operators
-- needed by: DataGrip, DBeaver, pgAdmin
SELECT oprname, oprleft::regtype, oprright::regtype, oprresult::regtype FROM pg_operator WHERE oprleft = 'jsonb'::regtype ORDER BY 1, 3;

-- case: collations
-- needed by: pgAdmin, DBeaver, DataGrip
SELECT oid, collname, collprovider FROM pg_collation WHERE collname IN ('default', 'C', 'POSIX') ORDER BY 1;

-- case: conversions
-- needed by: pgAdmin, DBeaver
SELECT conname, conforencoding, contoencoding, condefault FROM pg_conversion ORDER BY 1;

-- case: access methods
-- needed by: pgAdmin, DBeaver, DataGrip
SELECT oid, amname, amtype, amhandler::text FROM pg_am ORDER BY 1;

-- case: text search
-- needed by: pgAdmin, DBeaver
SELECT cfgname, cfgparser FROM pg_ts_config ORDER BY 1;

-- case: event triggers
-- needed by: pgAdmin, DBeaver, DataGrip
SELECT evtname, evtevent FROM pg_event_trigger;

-- case: foreign servers
-- needed by: pgAdmin, DBeaver, DataGrip
SELECT s.srvname, w.fdwname FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw;

-- case: foreign tables
-- needed by: DBeaver, Hasura
SELECT ftrelid::regclass, ftoptions FROM pg_foreign_table;

-- case: partitions and heirs
-- needed by: all
SELECT inhrelid::regclass, inhparent::regclass, inhseqno FROM pg_inherits;

-- case: policies
-- needed by: pgAdmin, DBeaver, DataGrip
SELECT polname, polrelid::regclass, polcmd FROM pg_policy;

-- case: publications
-- needed by: pgAdmin, DataGrip
SELECT pubname, puballtables FROM pg_publication;

-- case: extended statistics
-- needed by: DataGrip, DBeaver
SELECT stxname, stxrelid::regclass FROM pg_statistic_ext;

-- case: default privileges
-- needed by: pgAdmin
SELECT defaclobjtype, defaclacl FROM pg_default_acl;

-- case: settings
-- needed by: pgAdmin, DBeaver, Grafana
SELECT name, unit, vartype, context, enumvals, min_val, max_val FROM pg_settings WHERE name IN ('work_mem', 'statement_timeout', 'DateStyle', 'bytea_output', 'default_transaction_isolation') ORDER BY name;

-- case: a setting with a default
-- needed by: Hasura, Metabase
SELECT current_setting('nosuch.setting', true) IS NULL AS none, current_setting('standard_conforming_strings') AS strings;

-- case: time zones
-- needed by: Metabase, DBeaver
SELECT name FROM pg_timezone_names WHERE name IN ('UTC', 'Europe/Berlin') ORDER BY 1;

-- case: sizes
-- needed by: pgAdmin, DBeaver
SELECT pg_relation_size('public.events') >= 0 AS r, pg_total_relation_size('public.events') >= 0 AS t, pg_database_size(current_database()) > 0 AS d, pg_size_pretty(1024::bigint) AS p;

-- case: rows as estimated
-- needed by: DBeaver, Metabase, Hasura
SELECT c.relname, c.reltuples, c.relpages >= 0 AS pages FROM pg_class c WHERE c.oid = 'public.events'::regclass;

-- case: sessions
-- needed by: pgAdmin, DBeaver, Grafana
SELECT pid = pg_backend_pid() AS mine, datname, state, backend_type FROM pg_stat_activity WHERE pid = pg_backend_pid();

-- case: locks
-- needed by: pgAdmin, DBeaver
SELECT locktype, relation::regclass, mode, granted FROM pg_locks WHERE relation = 'public.events'::regclass;

-- case: prepared transactions
-- needed by: pgAdmin, DBeaver
SELECT gid, database FROM pg_prepared_xacts;

-- case: statistics of the database
-- needed by: pgAdmin, Grafana
SELECT datname, numbackends >= 1 AS some, xact_commit >= 0 AS commits FROM pg_stat_database WHERE datname = current_database();

-- case: statistics of tables
-- needed by: pgAdmin, Grafana
SELECT relname, seq_scan >= 0 AS scans, n_live_tup >= 0 AS live FROM pg_stat_user_tables WHERE relname = 'events';

-- case: statistics of indexes
-- needed by: pgAdmin
SELECT indexrelname, idx_scan >= 0 AS scans FROM pg_stat_user_indexes WHERE relname = 'events' ORDER BY 1;

-- case: is it a standby
-- needed by: pgAdmin, DBeaver, Grafana, Flyway
SELECT pg_is_in_recovery() AS standby;

-- case: since when it runs
-- needed by: pgAdmin, Grafana, DataGrip
SELECT pg_postmaster_start_time() <= now() AS before;

-- case: the counter of transactions
-- needed by: DataGrip
SELECT txid_current_if_assigned() IS NULL AS none, pg_current_xact_id_if_assigned() IS NULL AS nor;

-- case: what changed since
-- needed by: DataGrip
SELECT count(*) > 0 AS some FROM pg_class WHERE relnamespace = 'public'::regnamespace AND pg_catalog.age(xmin) >= 0;

-- case: dependencies of a view
-- needed by: DBeaver, dbt, Metabase
SELECT DISTINCT d.refobjid::regclass AS uses FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid WHERE r.ev_class = 'public.order_totals'::regclass AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass ORDER BY 1;

-- case: locks of one's own
-- needed by: Flyway
SELECT pg_try_advisory_lock(77) AS got, pg_advisory_unlock(77) AS back;

-- case: keywords
-- needed by: DBeaver, DataGrip, Metabase, pgAdmin
SELECT word, catcode FROM pg_get_keywords() WHERE word IN ('select', 'table', 'over', 'lateral', 'between') ORDER BY 1;

-- case: quoting
-- needed by: pgAdmin, Grafana
SELECT quote_ident('Order'), quote_ident('events'), quote_literal('it''s'), quote_nullable(NULL);

-- case: a table as JSON
-- needed by: Hasura, PostGraphile
SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY a.attnum)::text AS columns FROM pg_attribute a WHERE a.attrelid = 'public.order_totals'::regclass AND a.attnum > 0;

-- case: objects as told
-- needed by: DBeaver, pgAdmin
SELECT pg_describe_object('pg_class'::regclass, 'public.events'::regclass, 0) AS t, pg_describe_object('pg_class'::regclass, 'public.events'::regclass, 1) AS c, pg_describe_object('pg_class'::regclass, 'public.events'::regclass, 5) AS v;

-- case: visibility
-- needed by: Npgsql, Metabase, DBeaver
SELECT pg_table_is_visible('public.events'::regclass) AS t, pg_type_is_visible('int4'::regtype) AS y, pg_function_is_visible('now()'::regprocedure) AS f;

-- case: capabilities of the standard
-- needed by: Power BI, Npgsql
SELECT feature_id, feature_name, is_supported FROM information_schema.sql_features WHERE feature_id = 'F041' AND sub_feature_id = '' ORDER BY 1;

-- case: character sets
-- needed by: Power BI, DBeaver
SELECT character_set_name, character_repertoire FROM information_schema.character_sets;

-- case: names longer than names
-- needed by: Power BI
SELECT max(sizing_id) > 0 AS sizes, count(*) AS n FROM information_schema.sql_sizing;

-- Flyway's start-up and clean, from PostgreSQLSchema.java, PostgreSQLConnection.java and PostgreSQLDatabase.java; and Liquibase's lock check.

-- case: flyway: schema exists
-- params: varchar:public
SELECT COUNT(*) FROM pg_namespace WHERE nspname=$1

-- case: flyway: schema is empty
-- params: varchar:public
-- params: varchar:public
-- params: varchar:public
SELECT EXISTS (
    SELECT c.oid FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.deptype = 'e'
    WHERE  n.nspname = $1 AND d.objid IS NULL AND c.relkind IN ('r', 'v', 'S', 't')
  UNION ALL
    SELECT t.oid FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_depend d ON d.objid = t.oid AND d.deptype = 'e'
    WHERE n.nspname = $2 AND d.objid IS NULL AND t.typcategory NOT IN ('A', 'C')
  UNION ALL
    SELECT p.oid FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    LEFT JOIN pg_catalog.pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
    WHERE n.nspname = $3 AND d.objid IS NULL
)

-- case: flyway: user
SELECT current_user

-- case: flyway: schema
SELECT current_schema

-- case: flyway: search path
SHOW search_path

-- case: flyway: read only
-- compare: columns what the server is doing
SELECT pg_is_in_recovery()

-- case: flyway: version
SELECT version()

-- case: flyway: database
SELECT current_database()

-- case: flyway: extensions table
SELECT EXISTS (
SELECT 1
FROM pg_tables
WHERE tablename = 'pg_extension');

-- case: flyway: extensions
-- params: varchar:public
-- params: varchar:test
SELECT e.extname FROM pg_extension e LEFT JOIN pg_namespace n ON n.oid = e.extnamespace LEFT JOIN pg_roles r ON r.oid = e.extowner WHERE n.nspname=$1 AND r.rolname=$2

-- case: flyway: sequences
-- params: varchar:public
SELECT sequence_name FROM information_schema.sequences WHERE sequence_schema=$1

-- case: flyway: base types
-- params: varchar:public
select typname, typcategory from pg_catalog.pg_type t left join pg_depend dep on dep.objid = t.oid and dep.deptype = 'e' where (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid)) and NOT EXISTS(SELECT 1 FROM pg_catalog.pg_type el WHERE el.oid = t.typelem AND el.typarray = t.oid) and t.typnamespace in (select oid from pg_catalog.pg_namespace where nspname = $1) and dep.objid is null and t.typtype != 'd'

-- case: flyway: routines
-- params: varchar:public
SELECT proname, oidvectortypes(proargtypes) AS args, pg_proc.prokind = 'a' as agg, pg_proc.prokind = 'p' as proc FROM pg_proc INNER JOIN pg_namespace ns ON (pg_proc.pronamespace = ns.oid) LEFT JOIN pg_depend dep ON dep.objid = pg_proc.oid AND dep.deptype = 'e' WHERE ns.nspname = $1 AND dep.objid IS NULL

-- case: flyway: enums
-- params: varchar:public
SELECT t.typname FROM pg_catalog.pg_type t INNER JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $1 and t.typtype = 'e'

-- case: flyway: domains
-- params: varchar:public
SELECT t.typname as domain_name
FROM pg_catalog.pg_type t
       LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
       LEFT JOIN pg_depend dep ON dep.objid = t.oid AND dep.deptype = 'e'
WHERE t.typtype = 'd'
  AND n.nspname = $1
  AND dep.objid IS NULL

-- case: flyway: materialized views
-- params: varchar:public
SELECT relname FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND n.nspname = $1

-- case: flyway: views
-- params: varchar:public
-- compare: ours the order is not said
SELECT relname FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_depend dep ON dep.objid = c.oid AND dep.deptype = 'e' WHERE c.relkind = 'v' AND  n.nspname = $1 AND dep.objid IS NULL

-- case: flyway: table exists
-- params: varchar:public
-- params: varchar:flyway_schema_history
SELECT EXISTS (
  SELECT 1
  FROM   pg_catalog.pg_class c
  JOIN   pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE  n.nspname = $1
  AND    c.relname = $2
  AND    c.relkind = 'r')

-- case: flyway: lock
-- compare: refused 0A000 there are no advisory locks
SELECT pg_try_advisory_lock(77431708279161)

-- case: flyway: unlock
-- compare: refused 0A000 there are no advisory locks
SELECT pg_advisory_unlock(77431708279161)

-- case: flyway: roles in it
SELECT rolsuper FROM pg_roles WHERE rolname = current_user

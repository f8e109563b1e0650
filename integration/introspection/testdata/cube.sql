-- Cube's PostgreSQL driver, from BaseDriver.ts and PostgresDriver.ts.

-- case: cube: schema
-- compare: ours the order is not said
SELECT columns.column_name as "column_name",
       columns.table_name as "table_name",
       columns.table_schema as "table_schema",
       columns.data_type as "data_type"
FROM information_schema.columns
WHERE columns.table_schema NOT IN ('pg_catalog', 'information_schema', 'mysql', 'performance_schema', 'sys', 'INFORMATION_SCHEMA')

-- case: cube: schemas
SELECT table_schema as "schema_name"
FROM information_schema.tables
WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'mysql', 'performance_schema', 'sys', 'INFORMATION_SCHEMA')
GROUP BY table_schema

-- case: cube: primary keys
SELECT
  columns.table_schema as "table_schema",
  columns.table_name as "table_name",
  columns.column_name as "column_name"
FROM information_schema.table_constraints tc
JOIN information_schema.constraint_column_usage AS ccu USING (constraint_schema, constraint_name)
JOIN information_schema.columns AS columns ON columns.table_schema = tc.constraint_schema
  AND tc.table_name = columns.table_name AND ccu.column_name = columns.column_name
WHERE constraint_type = 'PRIMARY KEY' AND columns.table_schema NOT IN ('pg_catalog', 'information_schema', 'mysql', 'performance_schema', 'sys', 'INFORMATION_SCHEMA')

-- case: cube: foreign keys
SELECT
  tc.table_schema as "table_schema",
  tc.table_name as "table_name",
  kcu.column_name as "column_name",
  columns.table_name as "target_table",
  columns.column_name as "target_column"
FROM information_schema.table_constraints tc
JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name AND tc.table_schema = kcu.table_schema
JOIN information_schema.constraint_column_usage AS columns ON columns.constraint_name = tc.constraint_name
WHERE constraint_type = 'FOREIGN KEY' AND columns.table_schema NOT IN ('pg_catalog', 'information_schema', 'mysql', 'performance_schema', 'sys', 'INFORMATION_SCHEMA')

-- case: cube: tables of a schema
-- params: unknown:public
-- compare: ours the order is not said
SELECT table_name as "table_name"
FROM information_schema.tables
WHERE table_schema = $1

-- case: cube: column types
-- params: unknown:events
-- params: unknown:public
SELECT columns.column_name as "column_name",
       columns.table_name as "table_name",
       columns.table_schema as "table_schema",
       columns.data_type  as "data_type"
FROM information_schema.columns
WHERE table_name = $1 AND table_schema = $2

-- case: cube: user-defined types
SELECT n.nspname as "type_schema", t.oid, t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typname in ('hll')

-- postgres_fdw: IMPORT FOREIGN SCHEMA and ANALYZE, as PostgreSQL 15's asks.

-- case: postgres_fdw: schema exists
SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'public'

-- case: postgres_fdw: import
SELECT relname,   attname,   format_type(atttypid, atttypmod),   attnotnull,   pg_get_expr(adbin, adrelid),   attgenerated,   collname,   collnsp.nspname FROM pg_class c   JOIN pg_namespace n ON     relnamespace = n.oid   LEFT JOIN pg_attribute a ON     attrelid = c.oid AND attnum > 0       AND NOT attisdropped   LEFT JOIN pg_attrdef ad ON     adrelid = c.oid AND adnum = attnum   LEFT JOIN pg_collation coll ON     coll.oid = attcollation   LEFT JOIN pg_namespace collnsp ON     collnsp.oid = collnamespace WHERE c.relkind IN ('r', 'v', 'f', 'm', 'p')   AND n.nspname = 'public' AND (NOT c.relispartition) ORDER BY c.relname, a.attnum

-- case: postgres_fdw: import LIMIT TO
SELECT relname,   attname,   format_type(atttypid, atttypmod),   attnotnull,   pg_get_expr(adbin, adrelid),   attgenerated,   collname,   collnsp.nspname FROM pg_class c   JOIN pg_namespace n ON     relnamespace = n.oid   LEFT JOIN pg_attribute a ON     attrelid = c.oid AND attnum > 0       AND NOT attisdropped   LEFT JOIN pg_attrdef ad ON     adrelid = c.oid AND adnum = attnum   LEFT JOIN pg_collation coll ON     coll.oid = attcollation   LEFT JOIN pg_namespace collnsp ON     collnsp.oid = collnamespace WHERE c.relkind IN ('r', 'v', 'f', 'm', 'p')   AND n.nspname = 'public' AND (NOT c.relispartition) AND c.relname IN ('events', 'streams') ORDER BY c.relname, a.attnum

-- case: postgres_fdw: import EXCEPT
SELECT relname,   attname,   format_type(atttypid, atttypmod),   attnotnull,   pg_get_expr(adbin, adrelid),   attgenerated,   collname,   collnsp.nspname FROM pg_class c   JOIN pg_namespace n ON     relnamespace = n.oid   LEFT JOIN pg_attribute a ON     attrelid = c.oid AND attnum > 0       AND NOT attisdropped   LEFT JOIN pg_attrdef ad ON     adrelid = c.oid AND adnum = attnum   LEFT JOIN pg_collation coll ON     coll.oid = attcollation   LEFT JOIN pg_namespace collnsp ON     collnsp.oid = collnamespace WHERE c.relkind IN ('r', 'v', 'f', 'm', 'p')   AND n.nspname = 'public' AND (NOT c.relispartition) AND c.relname NOT IN ('order_totals') ORDER BY c.relname, a.attnum

-- case: postgres_fdw: size
-- compare: columns the size is the server's own
SELECT pg_catalog.pg_relation_size('public.events'::pg_catalog.regclass) / 8192

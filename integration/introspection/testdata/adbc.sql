-- Arrow ADBC's PostgreSQL driver, as the project datafusion-postgres logged it.

-- case: adbc: as logged
SELECT attname, atttypid FROM pg_catalog.pg_class AS cls INNER JOIN pg_catalog.pg_attribute AS attr ON cls.oid = attr.attrelid INNER JOIN pg_catalog.pg_type AS typ ON attr.atttypid = typ.oid WHERE attr.attnum >= 0 AND cls.oid = 'events'::regclass::oid ORDER BY attr.attnum

-- Recorded with log_statement=all from postgres.js.

-- case: postgresjs: at connect
-- compare: contains the system's own objects are not all there
select b.oid, b.typarray
      from pg_catalog.pg_type a
      left join pg_catalog.pg_type b on b.oid = a.typelem
      where a.typcategory = 'A'
      group by b.oid, b.typarray
      order by b.oid

-- case: postgresjs: type of an unknown array
-- params: unknown:{a}
select $1 as x

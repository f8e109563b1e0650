-- EF Core's scaffolding through Npgsql (dotnet ef dbcontext scaffold), from NpgsqlDatabaseModelFactory.cs.

-- case: efcore: PopulateGlobalDatabaseInfo
SELECT datcollate
FROM pg_database
WHERE datname=current_database() AND datcollate <> (SELECT datcollate FROM pg_database WHERE datname='template1')

-- case: efcore: GetTables
SELECT
    nspname, relname, relkind, description,
    reloptions
FROM pg_class AS cls
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
LEFT OUTER JOIN pg_description AS des ON des.objoid = cls.oid AND des.objsubid=0
WHERE
  cls.relkind IN ('r', 'v', 'm', 'f') AND
  ns.nspname NOT IN ('pg_catalog', 'information_schema') AND
  cls.relname <> '__EFMigrationsHistory' AND
  -- Exclude tables which are members of PG extensions
  NOT EXISTS (
    SELECT 1 FROM pg_depend WHERE
      classid=(
        SELECT cls.oid
        FROM pg_class AS cls
        JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
        WHERE relname='pg_class' AND ns.nspname='pg_catalog'
      ) AND
      objid=cls.oid AND
      deptype IN ('e', 'x')
  )

-- case: efcore: GetIndexes
SELECT
  idxcls.oid AS idx_oid,
  nspname,
  cls.relname AS cls_relname,
  idxcls.relname AS idx_relname,
  indisunique,
  indnullsnotdistinct,
  indnkeyatts,
  pg_indexam_has_property(am.oid, 'can_order') as amcanorder,
  indkey,
  amname,
  indclass,
  indoption,
  indcollation,
  idxcls.reloptions AS idx_reloptions,
  CASE
    WHEN indexprs IS NULL THEN NULL
    ELSE pg_get_expr(indexprs, cls.oid)
  END AS exprs,
  CASE
    WHEN indpred IS NULL THEN NULL
    ELSE pg_get_expr(indpred, cls.oid)
  END AS pred
FROM pg_class AS cls
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
JOIN pg_index AS idx ON indrelid = cls.oid
JOIN pg_class AS idxcls ON idxcls.oid = indexrelid
JOIN pg_am AS am ON am.oid = idxcls.relam
WHERE
  cls.relkind = 'r' AND
  nspname NOT IN ('pg_catalog', 'information_schema') AND
  NOT indisprimary AND
  cls.relname <> '__EFMigrationsHistory' AND
  -- Exclude tables which are members of PG extensions
  NOT EXISTS (
    SELECT 1 FROM pg_depend WHERE
      classid=(
        SELECT cls.oid
        FROM pg_class AS cls
        JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
        WHERE relname='pg_class' AND ns.nspname='pg_catalog'
      ) AND
      objid=cls.oid AND
      deptype IN ('e', 'x')
  )

-- case: efcore: GetConstraints
SELECT
  ns.nspname,
  cls.relname,
  conname,
  contype::text,
  conkey,
  conindid,
  frnns.nspname AS fr_nspname,
  frncls.relname AS fr_relname,
  confkey,
  confdeltype::text,
  false AS conperiod
FROM pg_class AS cls
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
JOIN pg_constraint as con ON con.conrelid = cls.oid
LEFT OUTER JOIN pg_class AS frncls ON frncls.oid = con.confrelid
LEFT OUTER JOIN pg_namespace as frnns ON frnns.oid = frncls.relnamespace
WHERE
  cls.relkind = 'r' AND
  ns.nspname NOT IN ('pg_catalog', 'information_schema') AND
  con.contype IN ('p', 'f', 'u') AND
  cls.relname <> '__EFMigrationsHistory' AND
  -- Exclude tables which are members of PG extensions
  NOT EXISTS (
    SELECT 1 FROM pg_depend WHERE
      classid=(
        SELECT cls.oid
        FROM pg_class AS cls
        JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
        WHERE relname='pg_class' AND ns.nspname='pg_catalog'
      ) AND
      objid=cls.oid AND
      deptype IN ('e', 'x')
  )

-- case: efcore: GetSequencesNew
SELECT nspname, relname, typname, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle
FROM pg_sequence
JOIN pg_class AS cls ON cls.oid=seqrelid
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
JOIN pg_type AS typ ON typ.oid = seqtypid
/* Filter out owned serial and identity sequences */
WHERE NOT EXISTS (SELECT * FROM pg_depend AS dep WHERE dep.objid = cls.oid AND dep.deptype IN ('i', 'I', 'a'))

-- case: efcore: GetEnums
SELECT
  nspname,
  typname,
  array_agg(enumlabel ORDER BY enumsortorder) AS labels
FROM pg_enum
JOIN pg_type ON pg_type.oid = enumtypid
JOIN pg_namespace ON pg_namespace.oid = pg_type.typnamespace
GROUP BY nspname, typname

-- case: efcore: GetExtensions
SELECT ns.nspname, extname, extversion
FROM pg_extension
JOIN pg_namespace ns ON ns.oid=extnamespace

-- case: efcore: GetCollations
SELECT
    nspname, collname, collprovider, collcollate, collctype,
    colliculocale AS colllocale,
    collisdeterministic
FROM pg_collation coll
    JOIN pg_namespace ns ON ns.oid=coll.collnamespace
WHERE
    nspname NOT IN ('pg_catalog', 'information_schema')

# lists of files
select pg_ls_tmpdir(12345)
select * from pg_ls_tmpdir(1664)
select * from pg_ls_tmpdir()
select * from pg_ls_tmpdir(null)
select * from pg_ls_tmpdir('1663')
select * from pg_ls_tmpdir(1663, 1)
select * from pg_ls_archive_statusdir()
select * from pg_ls_logicalsnapdir()
select * from pg_ls_logicalmapdir()
select name, size > 0 from pg_ls_logicalmapdir() x(name, size)
SELECT count(*) as temp_files, COALESCE(SUM(size), 0) AS temp_bytes FROM pg_tablespace ts, LATERAL pg_catalog.pg_ls_tmpdir(ts.oid) tmp WHERE spcname <> 'pg_global'
select oid, (select count(*) from pg_ls_tmpdir(t.oid)) from pg_tablespace t order by 1

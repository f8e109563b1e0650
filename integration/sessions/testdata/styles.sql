# datestyle values
set datestyle='SQL ISO'
set datestyle='iso,german'
set datestyle='german'
show datestyle
set datestyle='sql'
show datestyle
set datestyle='default'
show datestyle
set datestyle='iso,,ymd'
set datestyle=iso,ymd
show datestyle
set datestyle='mdy,dmy'
set datestyle='postgresql, european'
show datestyle
set datestyle=''
show datestyle
set datestyle='german,us'
show datestyle
set datestyle='"iso", "dmy"'
show datestyle
set datestyle='foo'
set datestyle='default,sql'
show datestyle
reset datestyle
set intervalstyle='foo'
set bytea_output='foo'
set extra_float_digits=4
# dates out
set timezone='Europe/Berlin'
set datestyle='SQL, DMY'
select date '2024-07-31', timestamp '2024-07-31 12:34:56.7', timestamptz '2024-07-31 12:34:56', timestamptz '0044-03-15 12:00 BC', 'infinity'::date
select d, d::text, t, t::text, z, z::text, array[z], to_json(z), concat(t, z) from (values (date '2024-07-31', timestamp '2024-07-31 12:34:56.7', timestamptz '2024-07-31 12:34:56')) v(d,t,z)
set datestyle='SQL, MDY'
select d, d::text, t, t::text, z, z::text, array[z], row(d,t,z), string_agg(z::text,',') over () from (values (date '2024-07-31', timestamp '2024-07-31 12:34:56.7', timestamptz '2024-07-31 12:34:56')) v(d,t,z)
set datestyle='Postgres, DMY'
select date '2024-07-31', timestamp '2024-07-01 12:34:56.7', timestamptz '2024-07-31 12:34:56', timestamptz '0044-03-15 12:00 BC'
select d, d::text, t, t::text, z, z::text, array[z], to_json(z), concat(t, z) from (values (date '2024-07-31', timestamp '2024-07-31 12:34:56.7', timestamptz '2024-07-31 12:34:56')) v(d,t,z)
set datestyle='Postgres, MDY'
select d, d::text, t, t::text, z, z::text, array[z], to_jsonb(t), format('%s', z) from (values (date '2024-07-31', timestamp '2024-07-31 12:34:56.7', timestamptz '2024-07-31 12:34:56')) v(d,t,z)
set datestyle='German'
select d, d::text, t, t::text, z, z::text, array[z], to_json(z), concat(t, z) from (values (date '2024-07-31', timestamp '2024-07-31 12:34:56.7', timestamptz '2024-07-31 12:34:56')) v(d,t,z)
set timezone='<+03>-3'
select z from (values (timestamptz '2024-07-31 12:34:56+00')) v(z)
select timestamptz '2024-07-31 12:34:56+00'
copy (select timestamptz '2024-07-31 12:34:56+00', date '2024-01-02') to stdout
copy (select z, z::date from (values (timestamptz '2024-07-31 12:34:56+00')) v(z)) to stdout
# dates in
set datestyle='ISO, DMY'
select date '03/04/2024', timestamptz '03/04/2024 5:06 PM', '31-12-2024'::timestamp
select v::date, v::timestamp, v::timestamptz from (values ('03/04/2024'), ('3 Apr 2024')) t(v)
select date '12/31/2024'
set datestyle='ISO, MDY'
select date '03/04/2024', timestamptz '03/04/2024 5:06 PM'
select v::date, v::timestamp, v::timestamptz from (values ('03/04/2024'), ('20240403')) t(v)
select date '31/12/2024'
set datestyle='ISO, YMD'
select date '03/04/05', date '2024.045', date 'Jan-08-1999', date '99-Jan-08'
prepare d(date, timestamptz) as select $1, $2; execute d('05/06/07', '05-06-07 12:00')
set datestyle='SQL, DMY'; execute d('05/06/2007', '05-06-2007 12:00')
deallocate d
# a prepared statement follows the style
prepare s as select t::text, i::text, (i::text||'')::interval::text from (values (timestamp '2024-07-31 12:34', interval '1 day 2 hours')) v(t,i)
execute s
set datestyle='SQL, DMY'; set intervalstyle='iso_8601'; set extra_float_digits=0
execute s
reset all
execute s
deallocate s
# intervals
select i, i::text from (values (interval '1 year 2 mons -3 days 04:05:06.7'), ('-1 year'), ('0'), ('1 day'), ('-00:00:01.5'), ('1 mon 1 sec'), ('-1-2 3 -4:05'), ('25:00'), ('1 sec'), ('-1 day 00:00:00.5')) v(i)
set intervalstyle='postgres_verbose'
select i, i::text from (values (interval '1 year 2 mons -3 days 04:05:06.7'), ('-1 year'), ('0'), ('1 day'), ('-00:00:01.5'), ('1 mon 1 sec'), ('-1-2 3 -4:05'), ('25:00'), ('1 sec'), ('-1 day 00:00:00.5')) v(i)
set intervalstyle='sql_standard'
select i, i::text from (values (interval '1 year 2 mons -3 days 04:05:06.7'), ('-1 year'), ('0'), ('1 day'), ('-00:00:01.5'), ('1 mon 1 sec'), ('-1-2 3 -4:05'), ('25:00'), ('1 sec'), ('-1 day 00:00:00.5')) v(i)
select interval '-1 2:03:04', interval '-1-2', interval '-1 day 2:03', interval '-1 +2:03', interval '1 -2:03', v::interval from (values ('-1 2:03:04')) t(v)
prepare i(interval) as select $1; execute i('-1 2:03:04'); deallocate i
prepare i(interval) as select i + $1 from (values (interval '1 day')) v(i); execute i('-1 2:03:04'); deallocate i
set intervalstyle='iso_8601'
select i, i::text, array[i], concat(i), to_json(i) from (values (interval '1 year 2 mons -3 days 04:05:06.7'), ('-1 year'), ('0'), ('1 day'), ('-00:00:01.5'), ('1 mon 1 sec'), ('-1-2 3 -4:05'), ('25:00'), ('1 sec'), ('-1 day 00:00:00.5')) v(i)
begin; declare c cursor for select i from (values (interval '1 day')) v(i); fetch c; commit
copy (select i from (values (interval '1 day')) v(i)) to stdout
# floats
set extra_float_digits=0
select 0.1::float8+0.2::float8, 1e15::float8/3, 123456789012345678::float8, 1e-5::float8, 0.1::float4+0.2::float4, 'NaN'::float8, '-Infinity'::float4, 100000::float8, -0.0::float8
select f, f::text, g, g::text, array[f], to_json(f), f||'' from (values (0.1::float8+0.2::float8, 1e10::float4/3)) v(f,g)
set extra_float_digits=-3
select f, f::text, g, g::text, array[f] from (values (0.1::float8+0.2::float8, 1e10::float4/3)) v(f,g)
set extra_float_digits=-15
select f, f::text, g, g::text from (values (0.1::float8+0.2::float8, 1e10::float4/3)) v(f,g)
set extra_float_digits=3
select f, f::text, g, g::text from (values (0.1::float8+0.2::float8, 1e10::float4/3)) v(f,g)
# bytea
set bytea_output='escape'
select '\x00ff5c41207e7f'::bytea, b, b::text, array[b], concat(b), to_json(b) from (values ('\x00ff5c41207e7f'::bytea)) v(b)
copy (select b from (values ('\x00ff5c41207e7f'::bytea)) v(b)) to stdout
reset bytea_output
select '\x00ff'::bytea
# cursors and inserts
set datestyle='SQL, DMY'; set extra_float_digits=0; set timezone='Asia/Kolkata'
begin; declare c cursor for select z, d, f, array[z] from (values (timestamptz '2024-07-31 12:34:56', date '2024-07-31', 0.1::float8+0.2)) v(z,d,f); fetch c; commit
select recorded_at::text = '' from events where false
# an error takes back what its transaction has set, at once
begin
set client_encoding = 'LATIN1'
set search_path = 'pg_catalog'
select 1/0
rollback
show client_encoding
show search_path
begin
set search_path = 'pg_catalog'
savepoint p
set search_path = 'information_schema'
select 1/0
rollback to p
show search_path
rollback
# parameters that no message gives, wherever they stand
select row($1::text)
select row($1), array[$2::text]
select 1, row(1, row($3))
select a.x from (select $1 as x) a
select (select $1)
select row(1); select row($1)
copy (select row($1)) to stdout
select case when row($1) is null then 1 end
select * from events where row(type, $1) = row('a', 'b')

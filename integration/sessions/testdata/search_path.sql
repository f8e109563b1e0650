# search_path is where names are looked for
show search_path
select current_schema(), current_schema, current_schemas(true), current_schemas(false)
set search_path = ''
show search_path
select current_schema(), current_schemas(true), current_schemas(false)
select * from events
select count(*) from streams
select type from public.events where false
insert into events (stream, type) values ('a', 'b')
copy events to stdout
copy public.events (stream) to stdout
select relname from pg_class where relname = 'events'
select 'events'::regclass
select 'public.events'::regclass, to_regclass('events'), to_regclass('public.events'), 'pg_class'::regclass
select pg_table_is_visible('public.events'::regclass), pg_table_is_visible('pg_class'::regclass)
select relname, pg_table_is_visible(oid) from pg_class where relname in ('events', 'streams', 'pg_class', 'tables') order by 1
select table_name from tables where table_name = 'events'
prepare q as select * from events
lock table events
create view v as select 1 as a
drop view v
drop view if exists v
comment on view streams is 'x'
vacuum events
truncate events
update events set type = 'x'
set search_path to default
select current_schemas(false)
# in other orders
set search_path = information_schema, public
select current_schema(), current_schemas(true), current_schemas(false)
select table_name from tables where table_name in ('events', 'streams') order by 1
select count(*) from events
select 'tables'::regclass, 'events'::regclass, 'pg_class'::regclass
set search_path = pg_catalog
select current_schema(), current_schemas(true), current_schemas(false)
select count(*) from events
select 'public.events'::regclass::text
set search_path = public, pg_catalog
select current_schema(), current_schemas(true), current_schemas(false)
set search_path = nosuch, "Public", PUBLIC, public, pg_toast
show search_path
select current_schema(), current_schemas(true), current_schemas(false)
set search_path = nosuch
create view v as select 1 as a
select current_schema() is null, current_schemas(false)
reset search_path
# as text
select set_config('search_path', '', false)
select current_schemas(true)
select type from events
select set_config('search_path', '"public', false)
select set_config('search_path', 'public,', false)
select set_config('search_path', ',public', false)
select set_config('search_path', 'a b', false)
select set_config('search_path', ' Public , "x""y" ', false)
show search_path
select current_schemas(true)
set search_path = 'public, pg_catalog'
show search_path
select current_schemas(true)
set search_path = "a b", 'c'
show search_path
# in transactions
begin; set local search_path = ''; select current_schemas(false)
select count(*) from public.events where false
select type from events
rollback
select type from events where false
begin; set search_path = pg_catalog; savepoint a; set search_path = public; rollback to a; select current_schema(); rollback
select current_schema()
begin; set search_path = ''; commit
select type from events where false
discard all
select type from events where false
# views keep the path that they were made with
create view path_a as select type from events where type = 'nosuch'
create view path_b as select table_name from information_schema.tables where table_name = 'events'
set search_path = ''
select * from path_a
select * from public.path_a
select * from public.path_b
select pg_table_is_visible('public.path_a'::regclass)
create view public.path_c as select type from public.events where false
select * from public.path_c
set search_path = information_schema, public
create view public.path_d as select table_name from tables where table_name = 'events'
reset search_path
select * from path_d
select * from path_c
drop view path_a, path_b, path_c, path_d
# functions of public's
select stream_id('a') is not null
set search_path = ''
select public.stream_id('a') is not null
select stream_id('a')
select stream_id('a') from generate_series(1, 2)
select 'public.stream_id'::regproc
select 'stream_id'::regproc
# a statement that was prepared means what it would mean now
reset search_path
prepare seen as select count(*) >= 0 from events
prepare grouped as select type, count(*) >= 0 from events group by type order by 1 limit 1
prepare shown as select current_schema()
execute seen
set search_path = pg_catalog
execute seen
execute grouped
execute shown
set search_path = public
execute seen
execute shown
deallocate all
reset search_path

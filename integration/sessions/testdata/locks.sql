# advisory locks of a session
select pg_advisory_lock(1), pg_advisory_lock(1), pg_try_advisory_lock(1, 2), pg_try_advisory_lock_shared(3)
select locktype, classid, objid, objsubid, mode, granted from pg_locks where locktype = 'advisory' order by objid, classid, objsubid
select pg_advisory_unlock(1)
select pg_advisory_unlock(1)
select pg_advisory_unlock(1)
select pg_advisory_unlock_shared(3), pg_advisory_unlock(3)
select pg_advisory_unlock_all()
select count(*) from pg_locks where locktype = 'advisory'
select pg_advisory_lock(-1), pg_advisory_lock(-1, -2), pg_advisory_lock(9223372036854775807), pg_advisory_lock_shared(5::smallint, 6)
select classid, objid, objsubid, mode from pg_locks where locktype = 'advisory' order by 1, 2, 3
select pg_advisory_lock(null), pg_try_advisory_lock(null, 1)
select pg_advisory_lock(1.5)
select pg_advisory_lock('7'), pg_advisory_lock('x')
select pg_advisory_lock(1, 2, 3)
select pg_advisory_lock(3000000000, 1)
discard all
select count(*) from pg_locks where locktype = 'advisory'
# advisory locks of a transaction
begin; select pg_advisory_xact_lock(11); savepoint a; select pg_advisory_xact_lock(12), pg_advisory_lock(13), pg_advisory_xact_lock_shared(11)
select objid, mode from pg_locks where locktype = 'advisory' order by objid, mode
rollback to a
select objid, mode from pg_locks where locktype = 'advisory' order by objid, mode
select pg_advisory_unlock(11)
commit
select objid, mode from pg_locks where locktype = 'advisory' order by objid, mode
select pg_advisory_unlock(13)
select pg_advisory_xact_lock(14); select objid from pg_locks where locktype = 'advisory'
select count(*) from pg_locks where locktype = 'advisory'
select pg_try_advisory_xact_lock(14), pg_try_advisory_xact_lock_shared(1, 1)
begin; select pg_advisory_xact_lock(15); select 1/0
rollback
select count(*) from pg_locks where locktype = 'advisory'
# over rows
select pg_advisory_lock(v), v from generate_series(1, 3) v
select objid from pg_locks where locktype = 'advisory' order by 1
select v as x, pg_advisory_unlock(v) as y from (values (1), (2), (3), (4), (null)) t(v)
prepare l(bigint) as select pg_try_advisory_lock($1 + length('ab')) as got; execute l(5)
select objid from pg_locks where locktype = 'advisory' order by 1
begin; declare c cursor for select pg_advisory_unlock(v) from generate_series(7, 7) v; fetch all c; commit
select pg_advisory_unlock_all()
# settings over rows
select set_config(name, '7s', false) from pg_settings where name = 'lock_timeout'
show lock_timeout
select set_config('lock_' || 'timeout', '8s', true), upper(concat('a'))
show lock_timeout
select set_config('x.y', v, false) from (values ('a'), ('b')) t(v)
show x.y
# cancel
select pg_cancel_backend(1 << 29), pg_terminate_backend(1 << 29)
select pg_terminate_backend(1, -1)
select pg_cancel_backend(null)

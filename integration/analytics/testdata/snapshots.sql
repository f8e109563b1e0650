-- Places in the log, transactions' ids and snapshots: their text, arithmetic, comparisons and casts.

-- case: 1
select pg_xact_status('1'), pg_xact_status('2'), pg_xact_status('0');

-- case: 2
-- error: 22023
select pg_xact_status('99999999999');

-- case: 3
-- error: 22023
select txid_status(99999999999);

-- case: 4
-- error: 22023
select txid_status(-1);

-- case: 5
select pg_lsn '0/16B3748', 'FF/abcd'::pg_lsn, '0/0'::pg_lsn, 'ffffffff/FFFFFFFF'::pg_lsn;

-- case: 6
select pg_lsn '0/16B37480';

-- case: 7
-- error: 22P02
select pg_lsn '0/';

-- case: 8
-- error: 22P02
select pg_lsn ' 0/1';

-- case: 9
-- error: 22P02
select ''::pg_lsn;

-- case: 10
select pg_typeof(pg_current_wal_lsn()), pg_current_wal_lsn() > '0/0', pg_current_wal_lsn() >= pg_current_wal_flush_lsn(), pg_current_wal_insert_lsn() - pg_current_wal_lsn() >= 0;

-- case: 11
select pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), pg_is_in_recovery();

-- case: 12
select x::xid8 from (values ('1'),('-1'),('abc'),(''),('0x10'),('010'),(' 12 '),('18446744073709551616'),('18446744073709551615'),('12abc')) v(x);

-- case: 13
select x::pg_lsn from (values ('1/2'),('ab/CD')) v(x) order by 1 desc;

-- case: 14
select x::pg_lsn::text, x::pg_lsn from (values ('1/2'),('ab/CD')) v(x) where x::pg_lsn < '2/0';

-- case: 15
-- error: 22P02
select '10:20:10,14,15'::pg_snapshot, '10:20:10,14,15'::txid_snapshot, '12:18:14,16,14'::pg_snapshot;

-- case: 16
select '10:20:'::pg_snapshot, '10:20:10,10,14'::pg_snapshot, ' 10:20:'::pg_snapshot, '10:10:'::pg_snapshot;

-- case: 17
-- error: 22P02
select '12:13'::pg_snapshot;

-- case: 18
-- error: 22P02
select '0:20:'::pg_snapshot;

-- case: 19
-- error: 22P02
select '20:10:'::pg_snapshot;

-- case: 20
-- error: 22P02
select '10:20:9'::txid_snapshot;

-- case: 21
-- error: 22P02
select '10:20:20'::pg_snapshot;

-- case: 22
-- error: 22P02
select '10:20:10x'::pg_snapshot;

-- case: 23
select '10:20:10,'::pg_snapshot;

-- case: 24
select pg_snapshot_xmin(s), pg_snapshot_xmax(s) from (values ('10:20:10,14,15'::pg_snapshot)) v(s);

-- case: 25
select pg_snapshot_xip('10:20:10,14,15'), txid_snapshot_xip('10:20:10,14,15');

-- case: 26
select * from pg_snapshot_xip('10:20:10,14,15');

-- case: 27
select i, txid_visible_in_snapshot(i, '10:20:10,14,15') from generate_series(8,21) i;

-- case: 28
select i, pg_visible_in_snapshot(i::text::xid8, '10:20:10,14,15') from generate_series(8,21) i;

-- case: 29
select '0/10'::pg_lsn - '0/8'::pg_lsn, '0/0'::pg_lsn - 'ffffffff/ffffffff'::pg_lsn, pg_wal_lsn_diff('1/0','0/0'), pg_typeof('0/10'::pg_lsn - '0/8');

-- case: 30
select '0/10'::pg_lsn + 16, 16 + '0/10'::pg_lsn, '0/10'::pg_lsn - 16, '0/10'::pg_lsn + 1.5, '0/10'::pg_lsn + 2.5::numeric;

-- case: 31
-- error: 22023
select '0/10'::pg_lsn - 17::numeric;

-- case: 32
-- error: 0A000
select '0/10'::pg_lsn + 'NaN'::numeric;

-- case: 33
-- error: 0A000
select '0/10'::pg_lsn - 'NaN'::numeric;

-- case: 34
-- error: 0A000
select '0/10'::pg_lsn + 'Infinity'::numeric;

-- case: 35
-- error: 22023
select 'ffffffff/ffffffff'::pg_lsn + 1;

-- case: 36
select '0/10'::pg_lsn + 1::int8, '0/10'::pg_lsn + 1::int2;

-- case: 37
-- error: 42883
select '0/10'::pg_lsn + 1::float8;

-- case: 38
-- error: 42883
select '0/10'::pg_lsn * 2;

-- case: 39
select '0/10'::pg_lsn + '1';

-- case: 40
select '0/10'::pg_lsn - '0/1';

-- case: 41
-- error: 42846
select pg_lsn(23783416::numeric), 23783416::numeric::pg_lsn, (-0.4)::pg_lsn;

-- case: 42
-- error: 42846
select (-1)::numeric::pg_lsn;

-- case: 43
-- error: 42846
select 'NaN'::numeric::pg_lsn;

-- case: 44
-- error: 42846
select 'Infinity'::numeric::pg_lsn;

-- case: 45
-- error: 42846
select 1::pg_lsn;

-- case: 46
-- error: 42846
select 1::xid8;

-- case: 47
select '1'::xid8::xid, '4294967297'::xid8::xid, xid('7'::xid8);

-- case: 48
-- error: 42846
select '1'::xid8::int8;

-- case: 49
select '1'::xid8::text::int8;

-- case: 50
select max(x), min(x) from (values ('1'::xid8),('18446744073709551615')) v(x);

-- case: 51
select max(x), min(x), count(distinct x) from (values ('0/1'::pg_lsn),('2/1'),('2/1')) v(x);

-- case: 52
select distinct x from (values ('0/1'::pg_lsn),('2/1'),('2/1')) v(x) order by 1;

-- case: 53
select x, count(*) from (values ('1'::xid8),('2'),('2')) v(x) group by x order by 1;

-- case: 54
-- error: 42883
select distinct x from (values ('10:20:'::pg_snapshot)) v(x);

-- case: 55
-- error: 42883
select x from (values ('10:20:'::pg_snapshot)) v(x) order by 1;

-- case: 56
-- error: 42883
select x, 1 from (values ('10:20:'::pg_snapshot)) v(x) group by x;

-- case: 57
-- error: 42883
select '10:20:'::pg_snapshot = '10:20:';

-- case: 58
-- error: 42883
select max(x) from (values ('10:20:'::pg_snapshot)) v(x);

-- case: 59
select '1'::xid8 = '1', '1'::xid8 < '2', '1'::xid8 <> '2'::xid8, '1'::xid8 in ('1','2'), '1'::xid8 between '0' and '3';

-- case: 60
-- error: 42883
select '1'::xid8 = 1;

-- case: 61
-- error: 42883
select '1'::xid8 + 1;

-- case: 62
select array['0/1'::pg_lsn,'1/2'], '{0/1,1/2}'::pg_lsn[], array['1'::xid8], '{10:20:}'::pg_snapshot[], '{1,2}'::xid8[];

-- case: 63
select to_json('0/1'::pg_lsn), to_jsonb('12'::xid8), row_to_json(r) from (select '0/2'::pg_lsn a, '1'::xid8 b, '10:20:10'::pg_snapshot c) r;

-- case: 64
select row('0/1'::pg_lsn,'1'::xid8,'1:2:'::pg_snapshot)::text, array_agg(x) from (values ('0/1'::pg_lsn)) v(x);

-- case: 65
select coalesce(null,'0/1'::pg_lsn), case when true then '0/1'::pg_lsn end, nullif('0/1'::pg_lsn,'0/1'), greatest('0/1'::pg_lsn,'0/2'), least('1'::xid8,'2');

-- case: 66
select pg_lsn_hash('0/10'), pg_lsn_hash_extended('1/10', 5), pg_lsn_cmp('0/1','0/2'), xid8cmp('3','2');

-- case: 67
select '0/1'::pg_lsn union select '0/1' union select '0/3' order by 1;

-- case: 68
select pg_typeof(pg_current_snapshot()), pg_typeof(pg_current_xact_id()), pg_typeof(txid_current()), pg_typeof(txid_current_snapshot()), pg_typeof(pg_snapshot_xmin(pg_current_snapshot()));

-- case: 69
select format('%s %s', '0/1'::pg_lsn, '1'::xid8), '0/1'::pg_lsn || 'x', concat('0/AB'::pg_lsn, '7'::xid8);

-- case: 70
-- error: 42846
select v::pg_lsn::bytea from (values ('0/1')) x(v);

-- case: 71
-- error: 42846
select v::pg_lsn::numeric from (values ('0/1')) x(v);

-- case: 72
-- error: 42883
select sum('0/1'::pg_lsn);

-- case: 73
select '0/1'::pg_lsn is distinct from '0/2', ('0/1'::pg_lsn, 1) < ('0/1', 2), '0/1' = any(array['0/1'::pg_lsn]);

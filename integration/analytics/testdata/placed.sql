-- Constants that sort and group, samples of a table, and parameters beside numerics.

-- case: what clients send
select null as a, 1 as b order by a;

-- case: what clients send, 2
select null as a, x from (values (1),(2)) v(x) order by a, x;

-- case: what clients send, 3
select null::text as a, x from (values (1),(2)) v(x) order by a desc, x desc;

-- case: what clients send, 4
select 'k' as a, x from (values (1),(2)) v(x) order by a, x;

-- case: what clients send, 5
select null as a, null as b from (values (1),(2)) v(x) order by b, a, 1;

-- case: what clients send, 6
select null as a from (values (1)) v(x) union all select null order by a;

-- case: what clients send, 7
select distinct null as a from (values (1),(2)) v(x) order by a;

-- case: what clients send, 8
select x, null as a from (values (1),(2)) v(x) group by x, a order by a, x;

-- case: what clients send, 9
select null, x from (values (1),(2)) v(x) order by 1, 2;

-- case: what clients send, 10
select pg_total_relation_size(format('%I.%I', 'public', 'events')) > 0;

-- case: what clients send, 11
select pg_relation_size('events'::text) > 0;

-- case: what clients send, 12
select pg_total_relation_size(quote_ident(schemaname) || '.' || quote_ident(tablename)) > 0 from pg_tables where tablename='events';

-- case: what clients send, 13
select count(*) from events tablesample bernoulli (100);

-- case: what clients send, 14
select count(*) from events tablesample bernoulli (0);

-- case: what clients send, 15
select count(*) from events tablesample system (100) repeatable (7);

-- case: what clients send, 16
select count(*) between 1 and 2999 from events tablesample bernoulli (50);

-- case: what clients send, 17
select count(*) between 1000 and 2000 from events e tablesample bernoulli (50) repeatable (1) where version >= 0;

-- case: what clients send, 18
select (select count(*) from events tablesample bernoulli (30) repeatable (5)) = (select count(*) from events tablesample bernoulli (30) repeatable (5));

-- case: what clients send, 19
-- error: 2202H
select count(*) from events tablesample bernoulli (101);

-- case: what clients send, 20
-- error: 2202H
select count(*) from events tablesample bernoulli (null);

-- case: what clients send, 21
-- error: 2202G
select count(*) from events tablesample bernoulli (50) repeatable (null);

-- case: what clients send, 22
-- error: 0A000
select count(*) from streams tablesample bernoulli (50);

-- case: what clients send, 23
-- error: 42704
select count(*) from events tablesample foo (50);

-- case: what clients send, 24
-- error: 2202H
select count(*) from events tablesample bernoulli (50, 1);

-- case: what clients send, 25
-- error: 42703
select count(*) from events tablesample bernoulli (version);

-- case: what clients send, 26
-- error: 42601
select count(*) from (values (1)) v(x) tablesample bernoulli (50);

-- case: what clients send, 27
-- error: 0A000
with e as (select 1) select * from e tablesample bernoulli (50);

-- case: what clients send, 28
select e.position from events e tablesample system (100) join events f using (position) order by 1 limit 2;

-- case: constants that sort and group
select 1 as a, x from (values (3),(2)) v(x) order by a desc, x;

-- case: constants that sort and group, 2
select x, 1 as b from (values (3),(2),(5)) v(x) order by b desc, x;

-- case: constants that sort and group, 3
select x, 7 as b from (values (3),(2),(5)) v(x) order by b, x;

-- case: constants that sort and group, 4
select x, 1+1 as b from (values (3),(2),(5)) v(x) order by b, x desc;

-- case: constants that sort and group, 5
-- error: 42703
select x, 1 as b from (values (3),(2),(5)) v(x) order by b + 0, x desc;

-- case: constants that sort and group, 6
select x, 5 as five, count(*) from (values (3),(2),(3)) v(x) group by x, five order by x;

-- case: constants that sort and group, 7
select 5 as five, count(*) from (values (3),(2),(3)) v(x) group by five;

-- case: constants that sort and group, 8
select 5 as five, count(*) from (values (3),(2),(3)) v(x) where false group by five;

-- case: constants that sort and group, 9
select 'a' as k, count(*) from (values (3),(2),(3)) v(x) where false group by k;

-- case: constants that sort and group, 10
select null as k, count(*) from (values (3),(2),(3)) v(x) group by k;

-- case: constants that sort and group, 11
select 1.5 as k, interval '1 day' as i, count(*) from (values (3),(2),(3)) v(x) group by k, i;

-- case: constants that sort and group, 12
select now() is null as k, count(*) from (values (3),(2),(3)) v(x) group by k;

-- case: constants that sort and group, 13
select x, 2 as k from (values (3),(2),(3)) v(x) group by k, x order by k, x limit 1;

-- case: constants that sort and group, 14
select 1 as one, x from (values (3),(2)) v(x) order by one, x fetch first 1 row with ties;

-- case: constants that sort and group, 15
select 1 as one, x from (values (3),(2)) v(x) order by one fetch first 1 row with ties;

-- case: constants that sort and group, 16
select distinct 1 as one, x from (values (3),(2)) v(x) order by one, x;

-- case: constants that sort and group, 17
select distinct on (one) 1 as one, x from (values (3),(2)) v(x) order by one, x;

-- case: constants that sort and group, 18
select x, 1 as b, sum(x) over (order by 1, x) from (values (3),(2),(5)) v(x) order by b, x;

-- case: constants that sort and group, 19
select string_agg(x::text, ',' order by 1, x desc) from (values (3),(2),(5)) v(x);

-- case: constants that sort and group, 20
select 2 as a union all select 1 order by a;

-- case: constants that sort and group, 21
(select 1 as a, 2 as b) union all (select 1, 1 order by 1) order by 1, b;

-- case: an untyped parameter beside a year
-- params: 2000
select count(*) from events where extract(year from recorded_at) > $1;

-- case: an untyped parameter equal to a year
-- params: 2000
select count(*) from events where extract(year from recorded_at) = $1;

-- case: untyped parameters around a year
-- params: 2000 | 3000
select count(*) from events where extract(year from recorded_at) between $1 and $2;

-- case: an untyped parameter beside a product
-- params: 2.25
select count(*) from events where version*1.5 > $1;

-- case: untyped parameters beside numerics
-- params: 1 | 2 | 3.25 | 4
select coalesce($1, 1.5) a, nullif($2, 2.0) b, case when true then $3 else 1.0 end c, greatest($4, 1.0) d;

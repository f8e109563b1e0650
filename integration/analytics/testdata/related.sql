-- Queries that refer to one another: outer joins' rows, subqueries, WITH.

-- case: a row of the missing side
select count(b), count(b.x), count(*) from (values (1),(2)) a(x) left join (values (1)) b(x) on a.x=b.x;

-- case: a row of the missing side, 2
select count(a), count(b) from (values (1),(2)) a(x) right join (values (1),(5),(6)) b(x) on a.x=b.x;

-- case: a row of the missing side, 3
select count(a), count(b), count(distinct a), count(distinct b) from (values (1),(2)) a(x) full join (values (1),(5),(6)) b(x) on a.x=b.x;

-- case: a row of the missing side, 4
select a.x, b.y, a, b from (values (1),(2)) a(x) full join (values (1),(3)) b(y) on a.x=b.y order by 1,2;

-- case: a row of the missing side, 5
select a.x, row_to_json(b), to_jsonb(b), b::text, b is null from (values (1),(2)) a(x) left join (values (1,null::int)) b(y,z) on a.x=b.y order by 1;

-- case: a row of the missing side, 6
select json_agg(b order by a.x), jsonb_agg(b order by a.x), array_agg(b.y order by a.x) from (values (1),(2)) a(x) left join (values (1)) b(y) on a.x=b.y;

-- case: a row of the missing side, 7
select x, coalesce(to_jsonb(b), '{}') from (values (1),(2)) a(x) left join (values (1)) b(y) on a.x=b.y order by 1;

-- case: a row of the missing side, 8
select a.x, s.b, to_jsonb(s.b) from (values (1),(2)) a(x) left join (select b, b.y from (values (1)) b(y)) s on a.x=s.y order by 1;

-- case: a row of the missing side, 9
select s.x, s.b, count(s.b) over (), to_json(s.b) from (select a.x, b from (values (1),(2)) a(x) left join (values (1)) b(y) on a.x=b.y) s order by 1;

-- case: a row of the missing side, 10
select a.x, b, c from (values (1),(2),(3)) a(x) left join ((values (1),(2)) b(y) left join (values (1)) c(z) on b.y=c.z) on a.x=b.y order by 1;

-- case: a row of the missing side, 11
select a.x, b, c from ((values (1),(2),(3)) a(x) left join (values (1),(2)) b(y) on a.x=b.y) left join (values (1)) c(z) on b.y=c.z order by 1;

-- case: a row of the missing side, 12
select a.x, count(b) from (values (1),(2)) a(x) left join (values (1),(1)) b(y) on a.x=b.y group by a.x order by 1;

-- case: a row of the missing side, 13
select count(*) filter (where b is null) from (values (1),(2)) a(x) left join (values (1)) b(y) on a.x=b.y;

-- case: a row of the missing side, 14
select a.x, j from (values (1),(2)) a(x) left join lateral (select a.x+1 as z where a.x=1) j on true order by 1;

-- case: a row of the missing side, 15
select count(e) from (values ('order-1001'),('nope')) s(stream) left join events e on e.stream=s.stream and e.version=0;

-- case: a row of the missing side, 16
select s.stream, to_jsonb(e)->'version' v, e is null from (values ('order-1001'),('nope')) s(stream) left join events e on e.stream=s.stream and e.version=0 order by 1;

-- case: a row of the missing side, 17
select s.stream, e.* is null from (values ('order-1001'),('nope')) s(stream) left join events e using (stream) where e.version is null or e.version=0 order by 1;

-- case: a row of the missing side, 18
select b = row(1), b = b, a = b from (values (1),(2)) a(x) left join (values (1)) b(y) on a.x=b.y order by a.x;

-- case: a row of the missing side, 19
select coalesce(b::text, 'none'), num_nulls(b), case when b is null then 'n' else 'y' end from (values (1),(2)) a(x) left join (values (1)) b(y) on a.x=b.y order by 1;

-- case: a row of the missing side, 20
select nullif(b::text,'(1)') , concat(b), format('%s', b) from (values (1),(2)) a(x) left join (values (1)) b(y) on a.x=b.y order by a.x;

-- case: records compared
select x.* = y.*, x.* <> y.*, x.* < y.*, x.* >= y.*, x = y from (values (1,null::int)) x(a,b), (values (1,null::int),(1,2),(2,null)) y(a,b) order by y.a, y.b;

-- case: records compared, 2
select row(1,null) = row(1,null), row(1,2) < row(1,null);

-- case: EXISTS over a derived table
with p(id,l) as (values (1,10),(2,20)) select id from p a where exists (select 1 from (select a.id c0, b.l c1 from p b where a.l > b.l) s where s.c1 <> a.l) order by 1;

-- case: EXISTS over a derived table, 2
with p(id,l) as (values (1,10),(2,20),(3,5)) select id from p a where not exists (select 1 from (select a.id c0, b.l c1 from p b where a.l > b.l) s where s.c1 <> a.l) order by 1;

-- case: EXISTS over a derived table, 3
with p(id,l,m) as (values (1,10,5),(2,20,7),(3,10,20),(4,null,1)) select id from p a where exists (select 1 from (select a.id c0, a.m c2, b.l c1 from p b where a.l >= b.l and b.m <> a.l) s where s.c1 <= a.l and s.c2 < 10) order by 1;

-- case: EXISTS over a derived table, 4
with p(id,l,m) as (values (1,10,5),(2,20,7),(3,10,20),(4,null,1)) select id from p a where a.id in (select s.c0 from (select a.id c0, b.l c1 from p b where a.l > b.m) s where s.c1 <> a.l) order by 1;

-- case: EXISTS over a derived table, 5
with p(id,l,m) as (values (1,10,5),(2,20,7),(3,10,20),(4,null,1)) select id, (select max(s.c1) from (select a.id c0, b.l c1 from p b where a.l > b.m) s where s.c1 <> a.l) from p a order by 1;

-- case: EXISTS over a derived table, 6
with p(id,l,m) as (values (1,10,5),(2,20,7),(3,10,20),(4,null,1)) select id, s.c1 from p a, lateral (select a.id c0, b.l c1 from p b where a.l > b.m and a.l <> b.l) s order by 1,2;

-- case: EXISTS over a derived table, 7
with p(id,l,m) as (values (1,10,5),(2,20,7),(3,10,20),(4,null,1)) select id from p a where exists (select 1 from p b join p c on c.l > a.l where b.m < a.l and b.id <> a.id) order by 1;

-- case: EXISTS over a derived table, 8
select count(*) from events a where position < 300 and exists (select 1 from (select a.stream c0, b.position c1 from events b where b.position < a.position and b.stream=a.stream) s where s.c1 > a.position - 10);

-- case: WITH in subqueries
select x, l.* from (values (1),(2)) t(x), lateral (with n as (select x+1 as v) select v, (select count(*) from n m where m.v <= n.v) c from n) l order by 1;

-- case: WITH in subqueries, 2
select s, (with nt as (select length(s) as n) select (select n from (select * from nt) q where 'a' = substr(s,n,1))) as ends_in_a from unnest(array['a','ab']) u(s) order by 1;

-- case: WITH in subqueries, 3
with u(a) as (values (1),(2)) select t.x, (select sum(b.x) from (values (1),(2)) b(x) where t.x in (select a from u)) from (values (1),(2)) t(x) order by 1;

-- case: WITH in subqueries, 4
with u(a) as (values (1),(2)) select t.x, l.n from (values (1),(3)) t(x), lateral (select 1 n from (values (1)) z where t.x in (select a from u)) l order by 1;

-- case: WITH in subqueries, 5
with u(a) as (values (1),(2)), w as (select a*2 b from u) select t.x, (select sum(b.x) from (values (1),(2)) b(x) where t.x in (select b from w)) from (values (1),(2),(4)) t(x) order by 1;

-- case: WITH in subqueries, 6
with u(a) as (values (1),(2)), w as (select a*2 b from u) select t.x, (select count(*) from w where exists (select 1 from u where u.a = w.b and u.a = t.x)) from (values (1),(2),(4)) t(x) order by 1;

-- case: WITH in subqueries, 7
select x, (with recursive r(n) as (select t.x union all select n+1 from r where n<3) select sum(n) from r) from (values (1),(2)) t(x) order by 1;

-- case: WITH in subqueries, 8
select x, (with recursive r(n) as (select t.x union all select n+1 from r where n<3) select sum(n) from r where exists (select 1 from r q where q.n > r.n and q.n > t.x)) from (values (1),(2)) t(x) order by 1;

-- case: WITH in subqueries, 9
with u(a) as (values (1),(2)) select t.x from (values (1),(3)) t(x) where exists (select 1 from u where u.a=t.x and u.a in (select a from u)) order by 1;

-- case: WITH in subqueries, 10
with u(a) as (values (1),(2)) select t.x, (select a from u where a = t.x), (select max(a) from u where a <= t.x) from (values (1),(3)) t(x) order by 1;

-- case: WITH in subqueries, 11
with a as (select 1 x), b as (with a as (select 2 x) select * from a) select (select x from a), (select x from b), (select x from (select * from a) q where exists (select 1 from b where b.x > q.x));

-- case: WITH in subqueries, 12
with e as materialized (select type, count(*) n from events group by 1) select t.type from (values ('OrderPlaced'),('x')) t(type) where exists (select 1 from (values (1)) z where t.type in (select type from e)) order by 1;

-- case: WITH in subqueries, 13
with a as (select x from (values (1),(2)) v(x)), b as (select x from a where x > 1) select (select count(*) from b where b.x in (select x from a where a.x=o.y)) from (values (1),(2)) o(y) order by 1;

-- case: volatile functions in subqueries
select count(distinct v) from (select r, (select random() + r) v from (values (1),(1)) t(r)) x;

-- case: volatile functions in subqueries, 2
select count(distinct v) from (select (select gen_random_uuid()) v from (values (1),(1)) t(r)) x;

-- case: volatile functions in subqueries, 3
select count(*) from (values (1),(2)) t(r) where (select random()) >= 0;

-- case: volatile functions in subqueries, 4
select count(distinct u) from (select gen_random_uuid() u from generate_series(1,5)) s;

-- case: outer joins on what is around
select x, (select count(*) from (values (1)) a(y) full join (values (2)) b(z) on a.y=b.z and a.y < t.x) from (values (1),(2)) t(x) order by 1;

-- case: outer joins on what is around, 2
select x, (select count(b.z) from (values (1),(2)) a(y) left join (values (2),(1)) b(z) on a.y=b.z and a.y < t.x) from (values (1),(2),(3)) t(x) order by 1;

-- case: outer joins on what is around, 3
select x, (select string_agg(coalesce(a.y,0) || '-' || coalesce(b.z,0), ',' order by a.y, b.z) from (values (1),(2)) a(y) right join (values (2),(1)) b(z) on a.y=b.z and a.y < t.x) from (values (1),(2),(3)) t(x) order by 1;

-- case: outer joins on what is around, 4
select x, (select string_agg(coalesce(a.y,0) || '-' || coalesce(b.z,0), ',' order by a.y, b.z) from (values (1),(2)) a(y) full join (values (2),(1)) b(z) on a.y=b.z and a.y < t.x) from (values (1),(2),(3)) t(x) order by 1;

-- case: outer joins on what is around, 5
select t.x, a.y, b.z from (values (1),(2)) t(x) left join (values (1),(3)) a(y) on t.x=a.y and t.x in (select 1) left join (values (1)) b(z) on true order by 1;

-- case: outer joins on what is around, 6
select t.x, a.y from (values (1),(2)) t(x) left join (values (1),(2)) a(y) on t.x=a.y and a.y in (select 2) order by 1;

-- case: outer joins on what is around, 7
select t.x, a.y, a from (values (1),(2)) t(x) left join (values (1),(2)) a(y) on t.x=a.y and exists (select 1 where a.y > 1) order by 1;

-- case: outer joins on what is around, 8
select t.x, a.y from (values (1),(2)) t(x) right join (values (1),(3)) a(y) on t.x=a.y and a.y not in (select 7) order by 2;

-- case: outer joins on what is around, 9
select t.x, a.y, t, a from (values (1),(2)) t(x) full join (values (1),(3)) a(y) on t.x=a.y and a.y not in (select 7) order by 1,2;

-- case: outer joins on what is around, 10
select t.x, a.y, b.z, c.w from (values (1),(2)) t(x) left join ((values (1),(3)) a(y) join (values (1)) b(z) on a.y=b.z) on t.x=a.y and t.x in (select 1) left join (values (1),(2)) c(w) on c.w = t.x and c.w = (select max(q) from (values (1),(2)) m(q)) order by 1;

-- case: outer joins on what is around, 11
select s.stream, e.type from (values ('order-1001'),('nope')) s(stream) left join events e on e.stream=s.stream and e.version in (select 0) order by 1;

-- case: outer joins on what is around, 12
select c.relname, d.description from pg_class c left join pg_description d on d.objoid=c.oid and d.objsubid=0 and d.classoid in (select oid from pg_class where relname='pg_class') where c.relname='pg_type';

-- case: a volatile function in a subquery over tables
-- difference: DuckDB computes a subquery once for all rows that have the same values in it; without a FROM of its own the subquery is computed for each row
-- eventgres-error: 0A000
select count(v) from (select (select max(random()) from (values (1)) q where q.column1 = t.r) v from (values (1),(1)) t(r)) x;

-- case: a recursive query two subqueries below
-- difference: DuckDB cannot plan IN over a recursive query in a subquery of a subquery
-- eventgres-error: 0A000
with recursive r(n) as (select 1 union all select n+1 from r where n<3) select t.x, (select sum(b.x) from (values (1),(2)) b(x) where t.x in (select n from r)) from (values (1),(4)) t(x) order by 1;

-- case: a range of numerics with many digits
-- difference: an offset is added to numerics of up to 20 digits in front of the point and 18 behind it
-- eventgres-error: 0A000
select count(*) over (order by n range between 1 preceding and current row) from (values (1e25),(1.5)) v(n) order by 1;

-- case: subscripts of an outer row's array
SELECT a, ARRAY(SELECT a[k] FROM generate_subscripts(a, 1) AS k ORDER BY k DESC) FROM (VALUES (ARRAY[5,6]),(ARRAY[7]),(NULL),('{}')) v(a) ORDER BY 1;

-- case: subscripts of an outer row's array, backwards
SELECT a, ARRAY(SELECT k FROM generate_subscripts(a, 1, true) AS k) FROM (VALUES (ARRAY[5,6]),(NULL),('{}')) v(a) ORDER BY 1;

-- case: subscripts of an index's columns
SELECT i.relname, array_to_string(ARRAY(SELECT pg_get_indexdef(x.indexrelid, k + 1, true) FROM generate_subscripts(x.indkey, 1) AS k ORDER BY k), ',') FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = 'events'::regclass ORDER BY 1;

-- case: subscripts in EXISTS
SELECT count(*) FROM events e WHERE EXISTS (SELECT FROM generate_subscripts(e.tags, 1) s WHERE e.tags[s] = 'x');

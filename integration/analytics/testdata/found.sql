-- What random questions found in how queries are put together.

-- case: constants of grouping sets
select '3'::numeric as c1 from (values (1)) t(x) group by grouping sets (('3'::numeric), ()) order by 1;

-- case: constants of grouping sets, 2
select floor(1.5) as c1, count(*) from (values (1),(2)) t(x) group by cube (floor(1.5)) order by 1;

-- case: constants of grouping sets, 3
select 3 as c1, 1 as c2, 'x' as c3 from (values (1)) t(x) group by rollup (3) order by 3;

-- case: constants of grouping sets, 4
select * from (select interval '1 day' as c3, x, count(*) from (values (1),(2)) t(x) group by cube (interval '1 day', x)) z order by 1,2;

-- case: constants of grouping sets, 5
select * from (select 'k' as k, x, sum(x) from (values (1),(2)) t(x) group by grouping sets ((1), (2), ())) z order by 1, 2;

-- case: constants of grouping sets, 6
select * from (select ceil(1.5) as c1, 'x' as c2, q1.c as c3 from (values ('z')) q1(c) group by cube (ceil(1.5), q1.c)) z order by 1,3;

-- case: constants of grouping sets, 7
select * from (select unnest(a) u, 1 as one, count(*) from (values (array[1,2]),(array[2])) t(a) group by grouping sets ((1),(2),())) z order by 1,2;

-- case: overlapping periods with nulls
select (a, b) overlaps (c, d) from (values (date '2024-01-01', date '2024-01-10', date '2024-01-05', null::date),('2024-01-01', null, '2024-01-01', null),('2024-01-01', '2024-01-01', '2024-01-01', '2024-01-01'),(null, '2024-01-10', '2024-01-05', '2024-01-20'),('2024-01-01', '2024-01-03', '2024-01-03', '2024-01-20'),('2024-02-01', null, '2024-01-03', '2024-01-20'),('2024-01-05', null, '2024-01-03', '2024-01-20'),(null,null,'2024-01-01','2024-01-02'),('2024-01-10','2024-01-01','2024-01-02','2024-01-03')) v(a,b,c,d);

-- case: no type, and places
-- error: 42804
select mode() within group (order by 'x');

-- case: no type, and places, 2
-- error: 42804
select percentile_disc(0.5) within group (order by null);

-- case: no type, and places, 3
select distinct on (x, 1::int) x, y from (values (1,2),(1,3),(2,5)) v(x,y) order by x, 1::int, y;

-- case: lateral joins with conditions
select x, l.y from (values (1),(2)) t(x) left join lateral (select y from (values (1),(2),(3)) b(y) where y > t.x) l on l.y > 2 order by 1,2;

-- case: lateral joins with conditions, 2
select x, l.y from (values (1),(2)) t(x) left join lateral (select y from (values (1),(2),(3)) b(y) where y > t.x) l on l.y = t.x + 1 and l.y in (select 2) order by 1,2;

-- case: lateral joins with conditions, 3
select x, l.y from (values (1),(2)) t(x) join lateral (select y from (values (1),(2),(3)) b(y) where y > t.x) l on l.y in (select 3) order by 1,2;

-- case: lateral joins with conditions, 4
select x, l.y from (values (1),(2)) t(x) left join lateral (select y from (values (1),(2),(3)) b(y) where y > t.x) l on false order by 1,2;

-- case: lateral joins with conditions, 5
select x, g, l from (values (1),(2)) t(x) left join generate_series(t.x, 3) l(g) on g > 2 order by 1,2;

-- case: lateral joins with conditions, 6
select x, count(l) from (values (1),(2),(5)) t(x) left join lateral (select y from (values (1),(2),(3)) b(y) where y > t.x) l on l.y > 2 group by x order by 1;

-- case: lateral joins with conditions, 7
select x, (select count(l.y) from (values (1)) z(q) left join lateral (select y from (values (1),(2),(3)) b(y) where y > t.x) l on l.y > z.q + 1) from (values (1),(2),(5)) t(x) order by 1;


-- case: what grouping sets show
select * from (select 1 as c1, 1 as c2, 'x' as c3 from (values (1)) t(x) group by grouping sets ((1), ())) z order by c1 nulls first;

-- case: what grouping sets show, 2
select * from (select 1 as c1, 1 as c2 from (values (1)) t(x) group by grouping sets ((2), ())) z order by 1, 2;

-- case: what grouping sets show, 3
select * from (select 7 as a, 'k'::text as b, x, count(*) from (values (1),(2)) t(x) group by grouping sets ((1), (1, 2), (x), (a, x), ())) z order by 1, 2, 3;

-- case: what grouping sets show, 4
select * from (select (select 1 from (values (1)) q) as c1, 1 as c2 from (values (1)) t(x) group by rollup (1)) z order by 1, 2;

-- case: what grouping sets show, 5
select * from (select (select min(date '2024-02-29') from (values (1)) q) as c1, true as c2 from (values (1)) t(x) group by cube (c1)) z order by 1;

-- case: what grouping sets show, 6
select (select y from (values (1,10),(2,20)) q(x,y) where q.x = t.x) as y, count(*) from (values (1),(2),(2)) t(x) group by 1 order by 1;

-- case: what grouping sets show, 7
select (select y from (values (1,10),(2,20)) q(x,y) where q.x = t.x) as y, count(*) from (values (1),(2),(2)) t(x) group by y order by 1;

-- case: what grouping sets show, 8
select exists (select 1 from (values (1)) q(x) where q.x = t.x) as y, count(*), sum(x) from (values (1),(2),(2)) t(x) group by y order by 1;

-- case: what grouping sets show, 9
select count(*), sum(x) from (values (1),(2),(2)) t(x) group by (select y from (values (1,10),(2,20)) q(x,y) where q.x = t.x) order by 1;

-- case: what grouping sets show, 10
select (select max(type) from events e where e.stream = s.stream) as t, count(*) from (values ('order-1001'),('nope')) s(stream) group by 1 order by 1;

-- case: what grouping sets show, 11
select count(*), 'x' as k from (values (1),(2)) t(x) group by k, rollup(x) order by 1, 2;

-- case: greatest by what is compared
select greatest('1e3'::jsonb, '[]'::jsonb), least('1e3'::jsonb, '[]'::jsonb, null), greatest('{"a":1}'::jsonb, '"z"', 'true');

-- case: greatest by what is compared, 2
select greatest(interval '1 month', interval '31 days', null), least(interval '1 month', interval '29 days'), greatest(a, b), least(a, b) from (values (interval '1 day', interval '25 hours'),(null, interval '1 day')) v(a,b) order by 3;

-- case: greatest by what is compared, 3
select greatest(array[1.5,2], array[1.50,10]), greatest(null::jsonb, null);

-- case: booleans in arrays
select array_agg(x)::text, array[true,false,null]::text, array_to_string(array[true,false], ','), format('%s', array[true]), 'x' || array[true,null]::text from (values (true),(false)) v(x);

-- case: booleans in arrays, 2
select concat(array[true,false]), to_json(array[true,false]), row(array[true])::text, array[true]::text[] from (values (1)) v(x);

-- case: the mode of a constant
select mode() within group (order by reverse('x')) from (values (1),(2)) v(x);

-- case: the mode of a constant, 2
select mode() within group (order by 1.5) from (values (1),(2)) v(x);

-- case: the mode of a constant, 3
select x, mode() within group (order by 'k'::text) filter (where x > 1) from (values (1),(2)) v(x) group by x order by 1;


-- case: grouping sets of any expression
select * from (select 1 as c1, ('{a}'::text[])[1] as c2 from (values (1)) t(x) group by rollup (('{a}'::text[])[1])) z order by 2;

-- case: grouping sets of any expression, 2
select * from (select greatest('{}'::jsonb, '{}'::jsonb) as c3 from (values (1)) t(x) group by grouping sets ((greatest('{}'::jsonb, '{}'::jsonb)), ())) z order by 1;

-- case: grouping sets of any expression, 3
select * from (select coalesce(null::interval, interval '1 day') as c2 from (values (1)) t(x) group by rollup (coalesce(null::interval, interval '1 day'))) z order by 1;

-- case: grouping sets of any expression, 4
select * from (select (select max(date '2024-02-29') from (values (1)) q) as c3 from (values (1)) t(x) group by grouping sets (((select max(date '2024-02-29') from (values (1)) q)), ())) z order by 1;

-- case: grouping sets of any expression, 5
select * from (select not true as c2, 'a' as k from (values (1)) t(x) group by rollup (not true)) z order by 1;

-- case: grouping sets of any expression, 6
select * from (select i, (1.5 not in (select 1.5 from (values (1)) q)) as c2 from (values (1),(2)) t(i) group by cube (i, (1.5 not in (select 1.5 from (values (1)) q)))) z order by 1, 2;

-- case: grouping sets of any expression, 7
select (select y from (values (1,10),(2,20)) q(x,y) where q.x = t.x) as s, count(*) from (values (1),(2),(2)) t(x) group by (select y from (values (1,10),(2,20)) q(x,y) where q.x = t.x) order by 1;

-- case: grouping sets of any expression, 8
select x in (select 2) as s, count(*) from (values (1),(2),(2)) t(x) group by x in (select 2) order by 1;

-- case: grouping sets of any expression, 9
select 'location:1' as a, 'location:2' as b, count(*) from (values (1)) t(x) group by grouping sets (('location:2'::text), ()) order by 3;

-- case: null arrays as JSON
select to_jsonb(null::int[]), to_json(a), json_build_array(a), jsonb_build_object('a', a), json_agg(a) from (values (array[1,null]),(null)) v(a) group by a order by a;

-- case: null arrays as JSON, 2
select to_jsonb(regexp_match('x', '(.)(.)')), row_to_json(r) from (values (null::text[])) r(a);


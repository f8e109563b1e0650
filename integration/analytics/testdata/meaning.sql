-- What DuckDB means otherwise, or has no words for: rows, nulls, frames.

-- case: a row in a query, with nulls
select (a,b) in (select x,y from (values (1,2),(3,null)) v(x,y)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6),(3,null),(null,null)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 2
select (a,b) not in (select x,y from (values (1,2),(3,null)) v(x,y)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6),(3,null),(null,null)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 3
select (a,b) in (select x,y from (values (1,2),(3,4)) v(x,y)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6),(3,null),(null,null)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 4
select (a,b) not in (select x,y from (values (1,2),(3,4)) v(x,y)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6),(3,null),(null,null)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 5
select (a,b) in (select x,y from (values (1,2)) v(x,y) where false) r from (values (1,2),(null,null)) t(a,b);

-- case: a row in a query, with nulls, 6
select (a,b) not in (select x,y from (values (1,2)) v(x,y) where false) r from (values (1,2),(null,null)) t(a,b);

-- case: a row in a query, with nulls, 7
select (a,b) < any (select x,y from (values (1,2),(3,null)) v(x,y)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6),(0,null)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 8
select (a,b) >= all (select x,y from (values (1,2),(3,null)) v(x,y)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6),(0,null)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 9
select (a,b) <> any (select x,y from (values (1,2),(3,null)) v(x,y)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6),(0,null)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 10
select (a,b) = all (select x,y from (values (1,2),(1,2)) v(x,y)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6),(0,null)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 11
select (a,b) = all (select x,y from (values (1,2),(1,null)) v(x,y)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6),(0,null)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 12
select a, b from (values (1,2),(3,4),(null,2),(1,null)) t(a,b) where (a,b) in (select x,y from (values (1,2),(3,null),(3,4)) v(x,y)) order by 1;

-- case: a row in a query, with nulls, 13
select a, b from (values (1,2),(3,4),(null,2),(1,null)) t(a,b) where not (a,b) in (select x,y from (values (1,2),(3,null)) v(x,y)) order by 1;

-- case: a row in a query, with nulls, 14
select a, b from (values (1,2),(3,4),(null,2),(1,null)) t(a,b) where (a,b) in (select x,y from (values (1,2),(3,null)) v(x,y)) or a is null order by 1;

-- case: a row in a query, with nulls, 15
select count(*) from events where (stream,version) in (select stream, max(version) from events group by stream);

-- case: a row in a query, with nulls, 16
select count(*) from events where (stream,version) not in (select stream, max(version) from events group by stream);

-- case: a row in a query, with nulls, 17
select case when (a,b) in (select 1,2) then 'y' else 'n' end from (values (1,2),(2,null)) t(a,b);

-- case: a row in a query, with nulls, 18
select a from (values (1,2.0),(2,3.50)) t(a,b) where (a,b) in (select 1,2.00);

-- case: a row in a query, with nulls, 19
select a from (values (1,'x'),(2,'y')) t(a,b) where (a,b) = any (select 2::bigint,'y'::text);

-- case: a row in a query, with nulls, 20
select (a,b) in ((1,2),(3,null)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 21
select (a,b) not in ((1,2),(3,null)) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(5,6)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 22
select x in (select y from (values (1),(null)) v(y)) r, x from (values (1),(2),(null)) t(x) order by 2;

-- case: a row in a query, with nulls, 23
select x not in (select y from (values (1),(null)) v(y)) r, x from (values (1),(2),(null)) t(x) order by 2;

-- case: a row in a query, with nulls, 24
select x > all (select y from (values (1),(null)) v(y)) r, x from (values (1),(2),(null)) t(x) order by 2;

-- case: a row in a query, with nulls, 25
select x > any (select y from (values (1),(null)) v(y)) r, x from (values (1),(2),(null)) t(x) order by 2;

-- case: a row in a query, with nulls, 26
select x = all (select y from (values (1),(null)) v(y)) r, x from (values (1),(2),(null)) t(x) order by 2;

-- case: a row in a query, with nulls, 27
select x = all (select y from (values (1)) v(y) where y > t.x) r, x from (values (0),(1),(2),(null)) t(x) order by 2;

-- case: a row in a query, with nulls, 28
select x <> any (select y from (values (1),(null)) v(y)) r, x from (values (1),(2),(null)) t(x) order by 2;

-- case: a row in a query, with nulls, 29
select x in (select y from (values (1,1),(null,2)) v(y,z) where v.z = t.x) r, x from (values (1),(2),(null)) t(x) order by 2;

-- case: a row in a query, with nulls, 30
select x not in (select y from (values (1,1),(null,2)) v(y,z) where v.z <= t.x) r, x from (values (1),(2),(3),(null)) t(x) order by 2;

-- case: a row in a query, with nulls, 31
select s like any (select p from (values ('a%'),(null)) v(p)) r, s from (values ('ab'),('b')) t(s) order by 2;

-- case: a row in a query, with nulls, 32
select s !~ all (select p from (values ('a'),('c')) v(p)) r, s from (values ('ab'),('b')) t(s) order by 2;

-- case: a row in a query, with nulls, 33
select (a,b) in (select x,y from (values (1,2),(3,null)) v(x,y) where v.x > t.a) r, a, b from (values (1,2),(3,4),(null,2),(1,null),(2,6)) t(a,b) order by 2,3;

-- case: a row in a query, with nulls, 34
select (a,b,c) not in (select 1,2,null::int) from (values (1,2,3),(1,3,3),(null,2,3)) t(a,b,c) order by 1;

-- case: a row in a query, with nulls, 35
select row(1,2) = (select 1,2), row(1,null) < (select 1,2), (1,2) is distinct from (1,null), (1,null) is not distinct from (1,null);

-- case: a row in a query, with nulls, 36
select (1,2) between (1,1) and (1,3);

-- case: a row in a query, with nulls, 37
select (e.stream, e.version) in (('order-1001',0),('order-1001',1)) c, count(*) from events e group by 1 order by 1;

-- case: percentile of numerics
select percentile_cont(0.5) within group (order by n desc) from (values (1.5::numeric),(2.25),(10)) v(n);

-- case: percentile of numerics, 2
select percentile_cont(array[0.25,0.5]) within group (order by n) from (values (1.5::numeric),(2.25),(10)) v(n);

-- case: percentile of numerics, 3
select percentile_disc(0.5) within group (order by n) from (values (1.5::numeric),(2.25),(10)) v(n);

-- case: percentile of numerics, 4
select percentile_cont(0.5) within group (order by n) from (values (1),(2),(10)) v(n);

-- case: percentile of numerics, 5
select percentile_cont(0.5) within group (order by n::smallint) filter (where n<10) from (values (1),(2),(10)) v(n);

-- case: percentile of numerics, 6
select percentile_cont(0.5) within group (order by n), mode() within group (order by n) from (values (interval '1 day'),(interval '2 days')) v(n);

-- case: abs of numerics
select abs(n), abs(-n), abs(n*2), abs(i), abs(i::smallint), abs(i::bigint) from (values (-1.5::numeric,-3),(2,4)) d(n,i) order by 1;

-- case: abs of numerics, 2
select abs('-1.500'::text::numeric), abs(-1.50), abs('NaN'::numeric);

-- case: a constant that orders
select string_agg(t, ',' order by 'x', t desc) from (values ('b'),('a')) v(t);

-- case: a constant that orders, 2
select array_agg(t order by null, t desc), array_agg(t order by 1, t) from (values ('b'),('a')) v(t);

-- case: a constant that orders, 3
select array_agg(t order by 1+1, t) , jsonb_agg(t order by 'a'||'b', t) from (values ('b'),('a')) v(t);

-- case: a constant that orders, 4
-- error: 0A000
select string_agg(t, ',' order by 'x') over () from (values ('b')) v(t);

-- case: a constant that orders, 5
select rank() over (order by 'x'), row_number() over (partition by 1 order by 'x', t), t from (values ('b'),('a')) v(t) order by t;

-- case: json_agg of distinct values
select jsonb_agg(distinct x), json_agg(distinct x), json_agg(distinct x order by x desc) from (values (1),(3),(2),(10),(3),(null)) v(x);

-- case: json_agg of distinct values, 2
select jsonb_agg(distinct x) from (values (1.5),(3.10),(2),(3.1)) v(x);

-- case: json_agg of distinct values, 3
select jsonb_agg(distinct x) from (values ('b'),('a'),(null),('a')) v(x);

-- case: json_agg of distinct values, 4
select jsonb_agg(distinct x) from (values ('{"a":1}'::jsonb),('[1]'),('{"a":1.0}')) v(x);

-- case: json_agg of distinct values, 5
select string_agg(distinct x, '-') from (values ('b'),('a'),('a')) v(x);

-- case: json_agg of distinct values, 6
select jsonb_agg(distinct type) from events where position < 30;

-- case: json_agg of distinct values, 7
select array_agg(distinct (payload->>'amount')::numeric) from events where position < 100;

-- case: a range of numerics
select sum(n) over (order by n range between 1 preceding and 1 following) from (values (1.5::numeric),(2),(3.75),(null)) d(n) order by n;

-- case: a range of numerics, 2
select sum(n) over (order by n desc range between 1.5 preceding and current row) from (values (1.5::numeric),(2),(3.75)) d(n) order by n;

-- case: a range of numerics, 3
select sum(n) over (order by n range between 0.25 following and 1 following) from (values (1.5),(2.0),(3.8)) d(n) order by n;

-- case: a range of numerics, 4
select count(*) over (order by n::text::numeric range 1 preceding) from (values (1.5),(2.0),(3.8)) d(n) order by n;

-- case: a frame offset that is refused
-- error: 22013
select sum(x) over (order by x rows between -1 preceding and current row) from (values (1)) v(x);

-- case: a frame offset that is refused, 2
-- error: 22004
select sum(x) over (order by x rows between current row and null::int following) from (values (1)) v(x);

-- case: a frame offset that is refused, 3
-- error: 22004
select sum(x) over (order by x groups between null preceding and current row) from (values (1)) v(x);

-- case: a frame offset that is refused, 4
-- error: 22013
select sum(x) over (order by x range between -1 preceding and current row) from (values (1)) v(x);

-- case: a frame offset that is refused, 5
-- error: 22004
select sum(x) over (order by x range between null preceding and current row) from (values (1)) v(x);

-- case: a frame offset that is refused, 6
-- error: 22013
select count(*) over (order by t range between '-1 day'::interval preceding and current row) from (values (timestamp '2024-01-01')) v(t);

-- case: a computed frame offset
select sum(x) over (order by x rows between 1+1 preceding and 2-1 following) from (values (1),(2),(3),(4)) v(x) order by x;

-- case: a row by its star
select count(e.*), count(distinct e.type) from events e where position < 5;

-- case: a row by its star, 2
select to_json(x.*), to_jsonb(x.*), row_to_json(x.*) from (values (1,2)) as x(a,b);

-- case: a row by its star, 3
select x.* is null, x.* is not null, (x.*) is null from (values (1,null::int),(null,null),(1,2)) as x(a,b) order by 1,2;

-- case: a row by its star, 4
select jsonb_agg(x.*) from (values (1,2),(3,4)) as x(a,b);

-- case: a row by its star, 5
select json_agg(x.* order by a desc) from (values (1,2),(3,4)) as x(a,b);

-- case: a row by its star, 6
select row(x.*, 1), row(x.*) from (values (1,2)) as x(a,b);

-- case: a row by its star, 7
select (x.*)::text from (values (1,'a b')) as x(a,b);

-- case: a row by its star, 8
select to_jsonb(e.*) - 'recorded_at' - 'stream_id' - 'event_id' from events e where position = 1;

-- case: a row by its star, 9
select x.* = y.*, x.* < y.* from (values (1,2)) x(a,b), (values (1,3)) y(a,b);

-- case: a row by its star, 10
select (select v from (values (1,2)) v(a,b)), (select v from (values (1,2)) v(a,b) where false);

-- case: a row by its star, 11
select to_json((select v from (values (1,2)) v(a,b)));

-- case: a row by its star, 12
select (select v from (values (1,2)) v(a,b)) = row(1,2);

-- case: a row by its star, 13
select exists(select row(1,2)), array(select x from (values (1)) v(x));

-- case: any of an array of arrays
-- error: 42883
select array[1,2] = any(array[array[1,2]]);

-- case: any of an array of arrays, 2
select 1 = any(array[array[1,2],array[3,4]]), 5 = any(array[array[1,2],array[3,4]]), 1 = all(array[array[1,1]]);

-- case: null divided by zero
select x/y, x%y, mod(x,y) from (values (null::int,0),(4,2)) v(x,y) order by 1;

-- case: null divided by zero, 2
select null::float8/0, null::numeric/0, null::int/0, null::bigint%0, 1/null::int, mod(null::int,0), mod(null::numeric,0);

-- case: null divided by zero, 3
select null::interval/0, div(null::numeric,0);

-- case: null divided by zero, 4
-- error: 22012
select x/y from (values (1::float8,0::float8)) v(x,y);

-- case: an error in an expression that could raise another
-- error: 22003
select 10 / (x::int) from (values (3000000000::bigint)) v(x);

-- case: an error in an expression that could raise another, 2
-- error: 22003
select (x::smallint) from (values (70000)) v(x);

-- case: an error in an expression that could raise another, 3
-- error: 22012
select 1/(x-1) from (values (1)) v(x);

-- case: an error in an expression that could raise another, 4
-- error: 22P02
select x::int from (values ('a')) v(x);

-- case: an error in an expression that could raise another, 5
-- error: 22003
select x::int from (values ('99999999999')) v(x);

-- case: an error in an expression that could raise another, 6
-- error: 22003
select (x*x)::int from (values (100000::bigint)) v(x);

-- case: an error in an expression that could raise another, 7
-- error: 22003
select x*x from (values (100000::int)) v(x);

-- case: an error in an expression that could raise another, 8
-- error: 22003
select x+1 from (values (2147483647)) v(x);

-- case: an error in an expression that could raise another, 9
-- error: 22003
select x*x from (values (9223372036854775807)) v(x);

-- case: an error in an expression that could raise another, 10
-- error: 22003
select -x from (values ((-2147483648)::int)) v(x);

-- case: an error in an expression that could raise another, 11
select sum(x) from (values (9223372036854775807),(9223372036854775807)) v(x);

-- case: a row of parameters, paging by key
-- params: 0 | 100
select position from events where (version, position) > ($1,$2) order by version, position limit 2;

-- case: a row of parameters, with a time
-- params: 2020-01-01 | 5
select position from events where (recorded_at, position) > ($1,$2) order by recorded_at, position limit 2;

-- case: a row of parameters in a list
-- params: order-1 | 0 | order-1 | 2
select position from events where (stream,version) in (($1,$2),($3,$4)) order by 1;

-- case: a row of parameters between rows
-- params: 1 | a | 2 | b
select (version,type) between ($1,$2) and ($3,$4) as b from events order by position limit 3;

-- case: a row of parameters, distinct
-- params: 1 | a
select (version,type) is distinct from ($1,$2) as d from events order by position limit 3;

-- case: a row of parameters, of any of a query
-- params: text:a
select (version,type) = any (select 1::bigint, $1) as d from events order by position limit 3;

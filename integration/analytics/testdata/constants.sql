-- Constants that compare equal and are not the same.

-- case: constants that compare equal
select t + interval '1 month' as a, t + interval '30 days' as b from (values (timestamp '2024-01-31'),('2024-02-01')) v(t) order by t;

-- case: constants that compare equal, 2
select t + interval '1 year', t + interval '360 days' from (values (date '2024-02-29')) v(t);

-- case: constants that compare equal, 3
select t + interval '1 day', t + interval '24 hours' from (values (date '2024-02-29')) v(t);

-- case: constants that compare equal, 4
select t - interval '1 mon', t - interval '720 hours', t - interval '30 days', t + interval '1 mon' from (values (timestamp '2024-03-31')) v(t);

-- case: constants that compare equal, 5
select count(*) filter (where t + interval '1 month' > timestamp '2024-03-02 12:00') as m, count(*) filter (where t + interval '30 days' > timestamp '2024-03-02 12:00') as d from (values (timestamp '2024-01-31'),('2024-02-01'),('2024-02-02')) v(t);

-- case: constants that compare equal, 6
select t, sum(n) over (order by t range between interval '30 days' preceding and current row) d30, sum(n) over (order by t range between interval '1 month' preceding and current row) m1 from (values (timestamp '2024-01-31',1),('2024-03-01',2),('2024-03-31',4)) v(t,n) order by t;

-- case: constants that compare equal, 7
select t, count(*) over (order by t range between '1 month' preceding and '30 days' following) a, count(*) over (order by t range between '30 days' preceding and '1 month' following) b from (values (timestamp '2024-01-31'),('2024-03-01'),('2024-03-31')) v(t) order by t;

-- case: constants that compare equal, 8
select max(t + interval '1 month'), max(t + interval '30 days') from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 9
select t + make_interval(months => 1), t + make_interval(days => 30), t + interval '30 days' from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 10
select t + 30 * interval '1 day', t + interval '1 month' from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 11
select t + (interval '15 days' + interval '15 days'), t + interval '1 month' from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 12
select t + '1 month'::text::interval, t + '30 days'::text::interval from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 13
select t + (timestamp '2024-01-31' - timestamp '2024-01-01'), t + interval '1 month' from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 14
select t + age(timestamp '2024-02-01', timestamp '2024-01-01'), t + interval '30 days' from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 15
select t + justify_days(interval '30 days'), t + interval '30 days' from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 16
select t at time zone 'UTC' + interval '1 month', t at time zone 'UTC' + interval '30 days' from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 17
select t + time '24:00', t + time '00:00' from (values (date '2024-01-31')) v(t);

-- case: constants that compare equal, 18
select date_trunc('day', t) + interval '1 month' m, count(*) from (values (timestamp '2024-01-31'),('2024-01-31 10:00')) v(t) group by date_trunc('day', t) + interval '1 month' union all select date_trunc('day', t) + interval '30 days', count(*) from (values (timestamp '2024-01-31'),('2024-01-31 10:00')) v(t) group by date_trunc('day', t) + interval '30 days' order by 1;

-- case: constants that compare equal, 19
select t + interval '1 month', t + interval '30 days', count(*) from (values (timestamp '2024-01-31'),('2024-01-31')) v(t) group by t + interval '1 month', t + interval '30 days';

-- case: constants that compare equal, 20
select case when t + interval '1 month' > timestamp '2024-03-01' then interval '1 month' else interval '30 days' end from (values (timestamp '2024-01-31'),('2024-02-03')) v(t) order by t;

-- case: constants that compare equal, 21
select array[t + interval '1 month', t + interval '30 days'], coalesce(null::interval, interval '30 days'), interval '1 month' from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 22
select x from (values (1)) v(x) where interval '1 month' = interval '30 days' and interval '1 day' = interval '24 hours';

-- case: constants that compare equal, 23
select (select t + interval '1 month'), (select t + interval '30 days') from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 24
select t, (select count(*) from (values (timestamp '2024-03-01')) w(u) where u < t + interval '1 month'), (select count(*) from (values (timestamp '2024-03-01')) w(u) where u < t + interval '30 days') from (values (timestamp '2024-01-31'),('2024-02-01')) v(t) order by t;

-- case: constants that compare equal, 25
select count(*) from events a where recorded_at > now() - interval '1 month' or recorded_at > now() - interval '30 days' or true;

-- case: constants that compare equal, 26
select generate_series(t, t + interval '2 months', interval '1 month'), generate_series(t, t + interval '2 months', interval '30 days') from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 27
select date_bin(interval '1 day', t, timestamp '2024-01-01'), date_bin(interval '24 hours', t, timestamp '2024-01-01') from (values (timestamp '2024-01-31 07:00')) v(t);

-- case: constants that compare equal, 28
select to_char(t + interval '1 month', 'DD'), to_char(t + interval '30 days', 'DD') from (values (timestamp '2024-01-31')) v(t);

-- case: constants that compare equal, 29
select x * '-0'::float8, x * 0::float8, x * '0'::float8 from (values (1::float8),(-1)) v(x) order by 1;

-- case: constants that compare equal, 30
select atan2('0'::float8, x), atan2('-0'::float8, x) from (values (-1::float8)) v(x);

-- case: constants that compare equal, 31
select -('0'::float8) * x, '0'::float8 * x, x + '-0'::float8, x + '0'::float8 from (values ('-0'::float8)) v(x);

-- case: constants that compare equal, 32
select x * '-0'::float4, x * '0'::float4 from (values (1::float4)) v(x);

-- case: constants that compare equal, 33
select array_append(a, '-0'::float8), array_append(a, '0'::float8) from (values (array[1::float8])) v(a);

-- case: constants that compare equal, 34
select a || array['-0'::float8], a || '{0}'::float8[] from (values (array[1::float8])) v(a);

-- case: constants that compare equal, 35
select greatest(x, '-0'::float8)::text, greatest(x, '0'::float8)::text from (values ('-1'::float8)) v(x);

-- case: constants that compare equal, 36
select t * 2, t * 2.0, t * '2'::float8 from (values (interval '1 day')) v(t);

-- case: constants that compare equal, 37
select n + 1.0, n + 1.00, n * 1, n * 1.0 from (values (1.5),(2)) v(n) order by 1;

-- case: constants that compare equal, 38
select n + 1.0, n + 1.00 from (values ('1.5'::text::numeric)) v(n);

-- case: constants that compare equal, 39
select j || '{"a":1.0}', j || '{"a":1.00}', j || '{"a":1}' from (values ('{}'::jsonb)) v(j);

-- case: constants that compare equal, 40
select s || 'a'::char(3) || '|', s || 'a'::char(2) || '|', s || 'a' || '|' from (values ('x')) v(s);

-- case: parameters that compare equal
-- params: interval:1 mon | interval:30 days
select t + $1 as a, t + $2 as b, t + interval '720 hours' as c from (values (timestamp '2024-01-31'),('2024-02-01')) v(t) order by t;

-- case: float parameters that compare equal
-- params: float8:0 | float8:-0
select x * $1 as a, x * $2 as b from (values (1::float8),(-1)) v(x) order by x;

-- Numbers, series and intervals that once differed. Each stays after its mending.

-- case: a shift by an untyped literal is by an int4
SELECT '-32768'::int2 << '-2147483648' AS a, 1::int2 << '3' AS b, 1::int8 << '3' AS c;

-- case: a series to null, whatever its step
SELECT * FROM generate_series('-9223372036854775808', null::int8, '0'::int8);

-- case: a series without a step
-- error: 22023
SELECT g FROM (VALUES (1, 3, 1), (1, 3, 0)) v(a, b, c), generate_series(a, b, c) g;

-- case: a position in an empty array
SELECT array_position('{}'::int8[], 1::int8, null::int4) AS a, array_position(null::int8[], 1::int8, null::int4) AS b;

-- case: seconds that round to the minute's ends
SELECT make_time(0, 0, -1e-10) AS a, make_time(23, 59, 60) AS b, make_time(24, 0, -1e-10) AS c, make_timestamp(2024, 1, 1, 0, 0, -1e-10) AS d;

-- case: intervals that have no negative
SELECT '-infinity'::timestamptz - '-2147483648 days'::interval AS a, '1 mon -3 days 04:05:06.789'::interval - '-2147483648 days'::interval AS b;

-- case: an interval that has none, and no room
-- error: 22008
SELECT '1 mon 3 days'::interval - '-2147483648 days'::interval;

-- case: DISTINCT over constants
SELECT count(*) FROM (SELECT DISTINCT 4 AS x, 'y' AS y, 'NaN'::numeric AS n, '1 day'::interval AS i FROM (VALUES (1), (2)) v(a)) z;

-- case: records whose columns are not of one type, where those before them differ
SELECT r = s AS a, r < s AS b FROM (SELECT 1 AS a, 'x' AS b) r, (SELECT 2 AS a, 2 AS b) s;

-- case: records whose columns are not of one type
-- error: 42804
SELECT r = s FROM (SELECT 1 AS a, 'x' AS b) r, (SELECT 1 AS a, 2 AS b) s;

-- case: records of different lengths
-- error: 42804
SELECT r > s FROM (SELECT 2 AS a, 'x' AS b) r, (SELECT 2 AS a) s;

-- case: records with a column that has no equality
-- error: 42883
SELECT r = s FROM (SELECT 1 AS a, '{}'::json AS b) r, (SELECT 1 AS a, '{}'::json AS b) s;

-- case: buckets of float8 whose quotient rounds up, or is out of range
SELECT width_bucket('3'::float8, '1e20', 0.5, 1) AS a, width_bucket(0.1::float8, 1e308, -2.5, 4) AS b, width_bucket('inf'::float8, 1, 2, 3) AS c;

-- case: a bucket beyond the last int4
-- error: 22003
SELECT width_bucket(1.5, '99999999999999999999'::numeric, '-0.1'::numeric, '2147483647'::int4);

-- case: buckets of thresholds, in order and not
SELECT width_bucket(1.5::float8, '{3,2,1}'::float8[]) AS a, width_bucket(9::numeric, '{1,10,100}') AS b, width_bucket('10'::numeric, '{9,10.0,11}') AS c,
  width_bucket('1 mon'::interval, ARRAY['1 day', '30 days', '2 mon']::interval[]) AS d, width_bucket(1::float8, '{}') AS e, width_bucket(1::float8, null::float8[]) AS f;

-- case: values of arrays that are equal and look different
SELECT array_remove('{1.0,1.00,2}'::numeric[], 1) AS a, array_positions('{1.0,1.00,2}'::numeric[], 1) AS b, array_position('{3,1.0,1.00,2}'::numeric[], 1) AS c,
  array_replace('{1.0,1.00,2}'::numeric[], 1, 5.50) AS d, array_remove(ARRAY['30 days', '1 mon', '2 days']::interval[], '1 mon') AS e,
  array_remove(ARRAY['a ', 'a']::bpchar[], 'a') AS f, array_positions(ARRAY['{"a":1.0}', '{"a":1.00}', '2']::jsonb[], '{"a":1}') AS g;

-- case: values looked for in arrays that other queries have
SELECT * FROM (VALUES ('{1,2}'::int[], 1)) d(ia, i), LATERAL (VALUES (array_remove('{1,2,3}'::int[], d.i)), (array_positions(d.ia, d.i))) q;

-- case: values looked for in arrays in ON
SELECT * FROM (VALUES ('{1,2}'::int[], 1)) d(ia, i) LEFT JOIN LATERAL (SELECT x FROM unnest(d.ia) x) e ON array_replace(d.ia, e.x, d.i) = '{1,1}';

-- case: no array, no value
SELECT array_remove(null::int[], 1) AS a, array_remove('{1,NULL}'::int[], a) AS b, array_positions(null::int[], 1) AS c, array_positions('{1,NULL}'::int[], a) AS d,
  array_replace('{1,NULL}'::int[], a, 5) AS e, array_replace('{1,2}'::int[], 1, a) AS f FROM (VALUES (null::int)) v(a);

-- case: pairs of none counted for each
SELECT e, (SELECT regr_count(x, y) + 1 FROM (VALUES (1.0::float8, null), (2, 3)) d(x, y) WHERE x = e) FROM (VALUES (1), (2), (5)) v(e);

-- case: infinity cut to no field in no zone
SELECT date_trunc('x', '-infinity'::timestamptz, 'x') AS a;

-- case: sums of distinct floats are in their order
-- error: 22003
SELECT avg(DISTINCT x) FROM (VALUES (1.5::float8), (1e154), (-2.5)) v(x);

-- case: sums of floats in an order that is said
SELECT sum(x ORDER BY x) AS a, sum(x ORDER BY x DESC) AS b, sum(DISTINCT x::float4) AS c FROM (VALUES (1e16::float8), (1), (1), (-1e16)) v(x);

-- case: percentiles beside infinity
SELECT percentile_cont(1) WITHIN GROUP (ORDER BY x) AS a, percentile_cont(0.25) WITHIN GROUP (ORDER BY x) AS b, percentile_cont(0) WITHIN GROUP (ORDER BY x) AS c
  FROM (VALUES ('-Infinity'::float8), (0.1), ('Infinity')) v(x);

-- case: a fraction that is none, of nothing
-- error: 22003
SELECT percentile_disc(1.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (null::float8)) v(x);

-- case: what is not a number is most often
SELECT mode() WITHIN GROUP (ORDER BY x) FROM (VALUES ('NaN'::float8), (1), ('NaN'), (2)) v(x);

-- case: a numeric that is too small for a real
-- error: 22003
SELECT 1e-100::numeric::float4;

-- case: no value among thresholds that are null
SELECT width_bucket(null::text, '{a,NULL,""}'::text[]) AS a;

-- case: rows of floats that are equal and look different
SELECT count(DISTINCT (x, 1)) AS a, count(DISTINCT ARRAY[x]) AS b FROM (VALUES ('0'::float8), ('-0'), ('1')) u(x);

-- case: distinct rows of floats
SELECT count(*) FROM (SELECT DISTINCT (x, 1) FROM (VALUES ('0'::float8), ('-0'), ('NaN'), ('NaN')) u(x)) z;

-- case: floats as C reads them
SELECT '0x10'::float8 AS a, '0x1.8'::float4 AS b, ' -0X1F '::float8 AS c, '+nan'::float8 AS d;

-- case: floats as C does not read them
-- error: 22P02
SELECT '1_000'::float8;

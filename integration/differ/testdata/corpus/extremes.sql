-- Functions at the ends of their arguments' ranges.

-- case: to_char of intervals
SELECT v.iv, p.f, to_char(v.iv, p.f) FROM (VALUES (interval '-2147483648 days'), ('2147483647 days'), ('178000000 years'), ('-178000000 years -7 mons -3 days'), ('1 year 2 mons 3 days 04:05:06.789'), ('-1 mon'), ('40 days'), ('0'), ('13 mons 400 days'), ('-13 mons -400 days -50:00:00'), ('2000000 hours')) v(iv),
	(VALUES ('IYYY-IW'), ('IDDD'), ('DDD'), ('J'), ('WW'), ('W'), ('IYY IY I'), ('FMIYYY'), ('YYYY Y,YYY YYY YY Y'), ('CC'), ('Q'), ('RM'), ('MM'), ('DD'), ('HH24:MI:SS.US'), ('SSSS'), ('AM'), ('MS')) p(f) ORDER BY 1, 2;

-- case: sizes
SELECT n, pg_size_pretty(n), pg_size_pretty(n::numeric) FROM (VALUES (-9223372036854775808), (9223372036854775807), (0), (-1), (10239), (10240), (10241), (-10239), (-10240), (20479 * 512::int8 - 1), (20479 * 512::int8), (-20479 * 512::int8), (10485247), (10485248), (10737418239), (-10737418240), (10995116277759), (11258999068426240)) v(n) ORDER BY 1;

-- case: sizes that are no whole numbers
SELECT n, pg_size_pretty(n) FROM (VALUES (1.5), (-10239.9), (10240.5), (1e30), (-1e30), ('NaN'), ('Infinity'), (20479.5 * 512)) v(n) ORDER BY 1;

-- case: parts of texts
SELECT s, n, substr('abc', s, n) AS a, substring('abc' FROM s FOR n) AS b, substr('\x010203'::bytea, s, n) AS c, substring(B'101' FROM s FOR n) AS d, substr('abc', s) AS e, substr('\x010203'::bytea, s) AS f FROM (VALUES (-2147483648), (-2147483647), (-2147483646), (-2147483645), (-1), (0), (1), (2), (2147483647)) v(s), (VALUES (0), (1), (3), (2147483647)) w(n) ORDER BY 1, 2;

-- case: buckets of floats
SELECT x, a, b, n, width_bucket(x, a, b, n) FROM (VALUES (0.1::float8), (3), (1e308), ('-1e308'), ('Infinity'), ('-Infinity'), (1e-300), (-2.5)) v(x), (VALUES (1e20::float8, 0.5::float8), (1e308, -2.5), (-1e308, 1e308), (0, 1e-310), (-2.5, 100)) w(a, b), (VALUES (1), (4), (2147483646)) u(n) WHERE NOT (x IN ('Infinity', '-Infinity') AND n = 2147483647) ORDER BY 1, 2, 3, 4;

-- case: the last bucket of all
-- error: 22003
SELECT width_bucket(1e10::float8, 0, 1, 2147483647);

-- case: epochs of long intervals
SELECT iv, date_part('epoch', iv), extract(epoch FROM iv) FROM (VALUES (interval '1 year 1 mon 1 day 00:00:01.5'), ('50000000 days'), ('250000 years'), ('-13 mons 1 us')) v(iv) ORDER BY 1;

-- case: fields of times before Christ
SELECT x, extract(isoyear FROM x) AS a, date_part('isoyear', x) AS b, extract(year FROM x) AS c, extract(week FROM x) AS d, extract(decade FROM x) AS e, extract(century FROM x) AS f, extract(millennium FROM x) AS g FROM (VALUES (timestamp '0044-03-15 10:00:00 BC'), ('0001-01-01'), ('0001-12-31 BC'), ('0001-01-03'), ('0004-12-31 BC'), ('4713-01-01 BC')) v(x) ORDER BY 1;

-- case: the last bucket of numerics
-- error: 22003
SELECT width_bucket(1.5, '99999999999999999999'::numeric, '-0.1'::numeric, 2147483647);

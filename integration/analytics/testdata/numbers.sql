-- Numbers: arithmetic, types of results, output.

-- case: integer division truncates
SELECT 7 / 2 AS a, -7 / 2 AS b, 7 / -2 AS c, -7 / -2 AS d, 1 / 3 AS e;

-- case: modulo takes the sign of the dividend
SELECT 7 % 3 AS a, -7 % 3 AS b, 7 % -3 AS c, mod(-7, 3) AS d, 7.5 % 2 AS e, mod(-7.5, 2) AS f, div(-7.5, 2) AS g, -7::bigint % 3 AS h;

-- case: types of arithmetic
SELECT pg_typeof(1 + 1), pg_typeof(1 + 1::bigint), pg_typeof(1::smallint + 1::smallint), pg_typeof(1 + 1.0), pg_typeof(1 + 1::real), pg_typeof(1::bigint + 1::float8), pg_typeof(1.0 + 1::float8), pg_typeof(2147483648), pg_typeof(9223372036854775808), pg_typeof(1e0);

-- case: numeric division
SELECT 1.0 / 3 AS a, 10.0 / 4 AS b, 1 / 3.0 AS c, 2.00 / 1 AS d, 1000000.0 / 3 AS e, 1 / 0.0003 AS f, 1::numeric / 7 AS g;

-- case: numeric multiplication
SELECT 1.10 * 1.10 AS a, 2 * 1.50 AS b, 0.1 * 0.2 AS c, -1.5 * 1.5 AS d, 123456789.123 * 987654321.321 AS e;

-- case: numeric addition
SELECT 0.1 + 0.2 AS a, 1 + 1.10 AS b, 1.100 - 0.1 AS c, 0.1 + 0.2 = 0.3 AS d, 0.1::float8 + 0.2::float8 = 0.3::float8 AS e;

-- case: division by zero
-- error: 22012
SELECT 1 / 0;

-- case: division by zero, numeric
-- error: 22012
SELECT 1.0 / 0;

-- case: division by zero, float
-- error: 22012
SELECT 1::float8 / 0;

-- case: modulo by zero
-- error: 22012
SELECT version % 0 FROM events;

-- case: division by zero in a row
-- error: 22012
SELECT position / version FROM events WHERE version = 0;

-- case: division guarded by nullif
SELECT version, 12 / nullif(version, 0) AS q FROM events WHERE stream = 'permit-891' ORDER BY version;

-- case: division guarded by case
SELECT version, CASE WHEN version = 0 THEN 0 ELSE 12 / version END AS q FROM events WHERE stream = 'permit-891' ORDER BY version;

-- case: overflow of int
-- error: 22003
SELECT 2147483647 + 1;

-- case: overflow of int in a product
-- error: 22003
SELECT x * 100000 FROM (VALUES (100000)) v(x);

-- case: overflow of bigint
-- error: 22003
SELECT 9223372036854775807 + 1;

-- case: overflow of smallint
-- error: 22003
SELECT 32767::smallint + 1::smallint;

-- case: overflow of a cast to int
-- error: 22003
SELECT 3000000000::int;

-- case: overflow of a cast to smallint
-- error: 22003
SELECT 40000::smallint;

-- case: overflow of numeric field
-- error: 22003
SELECT 1234.5::numeric(5, 2);

-- case: overflow of float
-- error: 22003
SELECT 1e308::float8 * 10;

-- case: overflow of abs
-- error: 22003
SELECT abs((-2147483648)::int);

-- case: overflow of negation
-- error: 22003
SELECT -(-9223372036854775808)::bigint;

-- case: round
SELECT round(2.5) AS a, round(-2.5) AS b, round(3.5) AS c, round(2.5::float8) AS d, round(3.5::float8) AS e, round(1.005, 2) AS f, round(1234.567, -2) AS g, round(1.5, 3) AS h, round(7) AS i;

-- case: trunc, ceil and floor
SELECT trunc(1.99) AS a, trunc(-1.99) AS b, trunc(1.987, 2) AS c, ceil(1.1) AS d, ceil(-1.1) AS e, floor(1.9) AS f, floor(-1.1) AS g, ceiling(1.0::float8) AS h, floor(5) AS i, trunc(1234.5, -2) AS j;

-- case: round of a float with digits does not exist
-- error: 42883
SELECT round(1.5::float8, 1);

-- case: casts to int round
SELECT 2.5::int AS a, 3.5::int AS b, -2.5::int AS c, (-2.5)::int AS d, 2.5::float8::int AS e, 3.5::float8::int AS f, '42'::int AS g, ' 42 '::int AS h, 0.5::float8::bigint AS i;

-- case: casts to numeric with a scale
SELECT 1.005::numeric(10, 2) AS a, 2.345::numeric(3, 1) AS b, 1::numeric(5, 2) AS c, 0.1::float8::numeric AS d, 1e20::float8::numeric AS e, 123456789012345678::float8::numeric AS f, 1.5::numeric(4) AS g;

-- case: float output
SELECT 0.1::float8 AS a, 1e100::float8 AS b, 1e15::float8 AS c, 1e16::float8 AS d, 123456789012345680::float8 AS e, 0.0001::float8 AS f, 0.00001::float8 AS g, -0.0::float8 AS h, 1::float8 AS i, 1.0::float8 / 3 AS j;

-- case: real output
SELECT 0.1::real AS a, 1e10::real AS b, 16777217::real AS c, 3.4e38::real AS d, 1::real / 3 AS e, 0.1::real::float8 AS f, 1e-5::real AS g, 100000::real AS h, 1000000::real AS i;

-- case: special floats
SELECT 'NaN'::float8 AS a, 'Infinity'::float8 AS b, '-inf'::float8 AS c, 'NaN'::float8 = 'NaN'::float8 AS d, 'NaN'::float8 > 'Infinity'::float8 AS e, 'Infinity'::float8 - 1 AS f;

-- case: special numerics
SELECT 'NaN'::numeric AS a, 'Infinity'::numeric AS b, 'NaN'::numeric = 'NaN' AS c, 'Infinity'::numeric + 1 AS d;

-- case: numeric output
SELECT 1.50 AS a, 100 AS b, 1e3 AS c, 1e-3 AS d, 0.000001 AS e, -0.0 AS f, 00012.10 AS g, 12345678901234567890 AS h, .5 AS i, 5. AS j;

-- case: powers
SELECT power(2, 10) AS a, power(2.0, 3) AS b, 2 ^ 3 AS c, 2 ^ -1 AS d, 2.0 ^ 0.5 AS e, power(0, 0) AS f, -2 ^ 2 AS g, 2 ^ 3 ^ 2 AS h;

-- case: roots
SELECT sqrt(4) AS a, sqrt(2.0) AS b, cbrt(27) AS c, |/ 25 AS d, ||/ 8 AS e, sqrt(0.25::float8) AS f;

-- case: root of a negative
-- error: 2201F
SELECT sqrt(-1);

-- case: logarithm of zero
-- error: 2201E
SELECT ln(0);

-- case: logarithms and exponentials
SELECT ln(1) AS a, ln(2.0) AS b, log(100) AS c, log(2, 8) AS d, log10(1000) AS e, exp(0) AS f, exp(1.0) AS g;

-- case: signs and absolute values
SELECT abs(-5) AS a, abs(-1.50) AS b, @ -3 AS c, sign(-2) AS d, sign(0.0) AS e, abs(-2.5::float8) AS f, -(-3) AS g, + 3 AS h;

-- case: trigonometry
SELECT sin(0) AS a, cos(0) AS b, pi() AS c, degrees(pi()) AS d, atan2(0, 1) AS e, radians(0) AS f;

-- case: factors
SELECT gcd(12, 18) AS a, lcm(4, 6) AS b, factorial(10) AS c, factorial(25) AS d, scale(1.500) AS e, min_scale(1.500) AS f, trim_scale(1.500) AS g;

-- case: greatest and least
SELECT greatest(1, 3, 2) AS a, least(1, NULL, 2) AS b, greatest(NULL, NULL) AS c, greatest('a', 'B') AS d, least(1, 1.5) AS e, greatest(1, 2::bigint) AS f;

-- case: bits
SELECT 6 & 3 AS a, 6 | 3 AS b, 6 # 3 AS c, ~6 AS d, 1 << 4 AS e, -16 >> 2 AS f, 1::bigint << 40 AS g;

-- case: width_bucket
SELECT width_bucket(5.35, 0.024, 10.06, 5) AS a, width_bucket(-1, 0, 10, 5) AS b, width_bucket(10, 0, 10, 5) AS c, width_bucket(7::float8, 0, 10, 5) AS d, width_bucket(3, ARRAY[1, 3, 5]) AS e;

-- case: to_char
SELECT to_char(1234.5, '9,999.99') AS a, to_char(-12, '999') AS b, to_char(0.5, '0.99') AS c, to_char(5, '000') AS d, to_char(1234567, 'FM9,999,999') AS e, to_char(0.1, 'FM990.00') AS f, to_char(12, 'RN') AS g, to_char(3, '9th') AS h, to_char(485, '"Nr: "999') AS i, to_char(-1.5, 'S9.9') AS j;

-- case: to_number
SELECT to_number('12,454.8-', '99G999D9S') AS a, to_number('1,234', '9,999') AS b, to_number('$5', 'L9') AS c;

-- case: comparison across types
SELECT 1 = 1.0 AS a, 1::bigint = 1::smallint AS b, 1.0 = 1::float8 AS c, 0.1 = 0.1::real AS d, 2 > 1.5 AS e, '5' > 4 AS f;

-- case: series
SELECT sum(x) AS s, count(*) AS n FROM generate_series(1, 1000) AS g(x);

-- case: series down, by a step and empty
SELECT ARRAY(SELECT generate_series(5, 1, -2)) AS a, ARRAY(SELECT generate_series(1, 0)) AS b, ARRAY(SELECT generate_series(0, 1, 0.25)) AS c, ARRAY(SELECT generate_series(1::bigint, 3)) AS d;

-- case: series of step zero
-- error: 22023
SELECT * FROM generate_series(1, 3, 0);

-- case: precedence
SELECT 2 + 3 * 4 AS a, (2 + 3) * 4 AS b, 10 - 4 - 3 AS c, 100 / 10 / 2 AS d, -2 + 5 AS e, 2 * 3 % 4 AS f, NOT 1 = 2 AS g, 1 + 1 = 2 AND 3 > 2 AS h;

-- case: junk after a number
-- error: 42601
SELECT 1_ AS odd FROM (SELECT 1) t;

-- case: percent of total
SELECT type, round(100.0 * count(*) / (SELECT count(*) FROM events), 3) AS percent FROM events GROUP BY type ORDER BY percent DESC, type LIMIT 8;

-- case: integer functions on columns
SELECT position, position % 7 AS m, position / 7 AS d, -position AS n, position * 1.5 AS f, position::float8 / 4 AS g FROM events WHERE position BETWEEN 20 AND 25 ORDER BY position;

-- case: numeric beyond 38 digits
SELECT 123456789012345678901234567890.123456789 * 10000000000 AS a, 10::numeric ^ 40 AS b;

-- Types, casts, and what literals become.

-- case: columns of events
SELECT pg_typeof(position), pg_typeof(stream_id), pg_typeof(stream), pg_typeof(version), pg_typeof(event_id), pg_typeof(type), pg_typeof(payload), pg_typeof(metadata), pg_typeof(tags), pg_typeof(recorded_at) FROM events WHERE position = 0;

-- case: columns of streams
SELECT pg_typeof(stream_id), pg_typeof(stream), pg_typeof(category), pg_typeof(version), pg_typeof(first_position), pg_typeof(last_position), pg_typeof(created_at), pg_typeof(updated_at) FROM streams WHERE first_position = 0;

-- case: literals
SELECT pg_typeof(1), pg_typeof(1.5), pg_typeof('a'), pg_typeof(NULL), pg_typeof(true), pg_typeof('a'::text), pg_typeof(3000000000), pg_typeof(B'1'), pg_typeof(ARRAY[1]), pg_typeof(ARRAY['a']), pg_typeof(ROW(1));

-- case: expressions
SELECT pg_typeof('a' || 'b'), pg_typeof(1 = 1), pg_typeof(count(*)), pg_typeof(max(version)), pg_typeof(length('a')), pg_typeof(now()), pg_typeof(payload->'a'), pg_typeof(payload->>'a'), pg_typeof(tags[1]) FROM events GROUP BY payload, tags ORDER BY count(*) DESC LIMIT 1;

-- case: spellings of casts
SELECT CAST('1' AS int) AS a, '1'::int AS b, int '1' AS c, int4('1') AS d, CAST(1 AS varchar(5)) AS e, '1'::"int8" AS f, '1'::pg_catalog.int2 AS g, CAST('1.5' AS double precision) AS h, '1.5'::decimal AS i, 'x'::character varying AS j;

-- case: unknown literals against columns
SELECT position = '0' AS a, version IN ('0', '1') AS b, stream_id = '00000000-0000-4000-8000-000000000001' AS c, recorded_at > '2020-01-01' AS d, type = 'Opened' AS e, tags = '{}' AS f, payload = '{"n":1}' AS g FROM events WHERE stream_id = '00000000-0000-4000-8000-000000000001' ORDER BY position;

-- case: char and varchar
SELECT 'abc'::varchar(2) AS a, 'abc'::char(2) AS b, 'a'::char(3) AS c, 'a'::char(3)::text || '|' AS d, 'ab'::"char" AS e, 'abc'::varchar AS f, 'abc'::bpchar AS g, 'abc'::name AS h;

-- case: boolean texts
SELECT 't'::bool AS a, 'yes'::bool AS b, 'on'::bool AS c, '1'::bool AS d, 'FALSE'::bool AS e, ' n '::bool AS f, 'of'::bool AS g, true::text AS h, 1::bool AS i, 0::bool AS j, true::int AS k;

-- case: bad boolean
-- error: 22P02
SELECT 'maybe'::bool;

-- case: uuid
SELECT 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid AS a, '{a0eebc999c0b4ef8bb6d6bb9bd380a11}'::uuid AS b, stream_id::text AS c, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid < 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' AS d FROM events WHERE stream = 'order-1' AND version = 0;

-- case: bad uuid
-- error: 22P02
SELECT 'not-a-uuid'::uuid;

-- case: bad uuid against a column
-- error: 22P02
SELECT * FROM events WHERE event_id = '123';

-- case: bytea
SELECT '\xDEADBEEF'::bytea AS a, 'abc'::bytea AS b, '\000a\\'::bytea AS c, length('\x0102'::bytea) AS d, '\x01'::bytea || '\x02' AS e, get_byte('\x0a0b', 1) AS f, substring('\x010203'::bytea FROM 2) AS g, 'é'::bytea AS h;

-- case: bad bytea
-- error: 22023
SELECT '\xabc'::bytea;

-- case: oid and reg types
SELECT 1::oid AS a, 'int4'::regtype AS b, 'integer'::regtype::text AS c, 20::regtype AS d, 'bigint'::regtype::oid AS e, 'events'::regclass::text AS f, 'pg_class'::regclass::oid AS g, 'pg_class'::regclass AS h;

-- case: bad regclass
-- error: 42P01
SELECT 'nope'::regclass;

-- case: bad integer
-- error: 22P02
SELECT 'abc'::int;

-- case: empty integer
-- error: 22P02
SELECT ''::int;

-- case: fraction as integer
-- error: 22P02
SELECT '1.5'::int;

-- case: integer text out of range
-- error: 22003
SELECT '99999999999'::int;

-- case: bad numeric
-- error: 22P02
SELECT '1,5'::numeric;

-- case: bad float
-- error: 22P02
SELECT 'x'::float8;

-- case: bad interval
-- error: 22007
SELECT 'soon'::interval;

-- case: bad literal against a column, with position
-- error: 22P02
SELECT type FROM events WHERE version = 'first';

-- case: bad literal in a list
-- error: 22P02
SELECT type FROM events WHERE version IN (1, 'two');

-- case: cast that does not exist
-- error: 42846
SELECT 1::int::date;

-- case: cast of bool to numeric that does not exist
-- error: 42846
SELECT true::numeric;

-- case: cast of an array to a scalar
-- error: 42846
SELECT ARRAY[1]::int;

-- case: cast to an unknown type
-- error: 42704
SELECT 1::nonesuch;

-- case: numeric modifiers
SELECT 1::numeric(5, 2) AS a, 1.005::numeric(5, 2) AS b, 1.5::numeric(3) AS c, 12345.678::numeric AS d, NULL::numeric(4, 1) AS e;

-- case: modifiers of times
SELECT '2024-01-01 12:00:00.123456'::timestamp(3) AS a, '2024-01-01 12:00:00.5Z'::timestamptz(0) AS b, '1.23456 sec'::interval(2) AS c, '12:00:00.55'::time(1) AS d;

-- case: text input with spaces
SELECT ' 1 '::int AS a, ' 1.5 '::numeric AS b, ' 2024-01-01 '::date AS c, '	7'::bigint AS d;

-- case: numeric text
SELECT '1e3'::numeric AS a, '.5'::numeric AS b, '-00.10'::numeric AS c, 'NaN'::numeric AS d, '1e-3'::float8 AS e, '+5'::int AS f;

-- case: implicit widening in functions
SELECT sqrt(4) AS a, round(7) AS b, power(2, 3) AS c, length(type) + 1.5 AS d FROM events WHERE position = 0;

-- case: float to text and back
-- difference: of two shortest forms of a float the rounder is printed: 1e+23
-- eventgres-error: none
SELECT (0.1::float8)::text::float8 = 0.1::float8 AS a, (1e23::float8)::text AS b, 1.0::float8::text AS c, 100000::float8::text AS d, (1::float8 / 3)::numeric AS e;

-- case: bigint and int in a condition
SELECT count(*) FROM events WHERE version = 1::smallint AND position > 5.5 AND version < 2::float8;

-- case: xml, money and others are types too
-- difference: money, network and geometric types are not there
-- eventgres-error: 0A000
SELECT '12.34'::numeric::money AS m, '192.168.0.1/24'::inet AS i, '(1,2)'::point AS p;

-- case: row output
SELECT ROW(1, 'a b', NULL, '"') AS r, (1, true) AS s;

-- case: whole row
SELECT t FROM (VALUES (1, 'x'), (2, NULL)) t(a, b) ORDER BY a;

-- case: ranges
-- difference: range types are not there
-- eventgres-error: 0A000
SELECT int4range(1, 5) AS a, int4range(1, 5) @> 3 AS b, daterange('2024-01-01', '2024-02-01') && daterange('2024-01-15', '2024-03-01') AS c, upper(int4range(1, 5)) AS d;

-- case: tstzrange of a case
-- difference: range types are not there
-- eventgres-error: 0A000
SELECT tstzrange(min((payload->>'occurred_at')::timestamptz), max((payload->>'occurred_at')::timestamptz), '[]') AS span FROM events WHERE stream = 'permit-891';

-- case: intervals restricted to fields
SELECT interval '1:30' minute to second AS a, interval '1 day 02:03:04' day to hour AS b, interval '1 day 02:03:04' day to minute AS c, interval '1 2:03' day to minute AS d, interval '90' minute AS e, interval '1-2' year to month AS f, interval '1 year 5 months 3 days' year AS g, interval '1 year 5 months 3 days' month AS h, interval '3 days 04:05' day AS i, interval '04:05:06.789' hour AS j, interval '04:05:06.789' second AS k, interval '04:05:06.789' second(1) AS l, interval '10' hour AS m, interval '10' year AS n, interval '10' day to second AS o;

-- case: intervals cast to fields
SELECT '1:30'::interval minute to second AS a, x::interval day to hour AS b, x::interval(0) AS c, interval '1 day 02:03:04.567' second(2) AS d, CAST(x AS interval hour to minute) AS e, (x::interval)::interval year FROM (VALUES ('1 year 2 days 03:04:05.678')) t(x);

-- case: negative intervals restricted to fields
SELECT interval '-1:30:45' hour AS a, interval '-1 day -02:03:04' day to minute AS b, interval '-14 months' year AS c, interval '1 day ago' day AS d;

-- case: interval columns of fields
SELECT pg_typeof(interval '1' day), interval '1:02:03' hour to second, interval '1 2:03:04.5678' day to second(2);

-- case: numerics of negative scale
SELECT 1234::numeric(3,-2) AS a, 1250::numeric(5,-2) AS b, -1250::numeric(5,-2) AS c, 0.5::numeric(3,3) AS d, 0.0049::numeric(3,2) AS e;

-- case: numeric of negative scale overflows
-- error: 22003
SELECT 123456::numeric(3,-2);

-- case: numeric scale out of range
-- error: 22023
SELECT 1::numeric(3,-2000);

-- case: float underflow
-- error: 22003
SELECT 1e-300::float8 * x FROM (VALUES (1e-300::float8)) t(x);

-- case: float underflow in a division
-- error: 22003
SELECT 1e-300::float8 / x FROM (VALUES (1e300::float8)) t(x);

-- case: real underflow
-- error: 22003
SELECT 1e-30::real * x FROM (VALUES (1e-30::real)) t(x);

-- case: no float underflow
SELECT 0 / x, x / 'Infinity'::float8, -0.0::float8 * x FROM (VALUES (1e300::float8)) t(x);

-- case: text of a float that underflows
-- error: 22003
SELECT '1e-400'::float8;

-- case: texts of floats that underflow
-- error: 22003
SELECT x::float8 FROM (VALUES ('1e-400')) t(x);

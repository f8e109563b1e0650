-- Statements that once differed, in the form of integration/analytics' cases. Each stays
-- after its mending.

-- case: a literal added to a date
-- error: 42725
SELECT date '2024-01-01' + '1 day';

-- case: a literal subtracted from a time is one
-- error: 22007
SELECT timestamptz '2024-01-01' - '1 day';

-- case: a literal subtracted from a clock's time
SELECT '24:00:00'::time - '09:00';

-- case: powers are of float8 where nothing says otherwise
SELECT '2' ^ '3' AS a, 2 ^ '2.5' AS b, '2' ^ 2 AS c;

-- case: signs of literals
SELECT @ '-3' AS a, + '3' AS b;

-- case: no best operator
-- error: 42725
SELECT '{"a":1}' -> 'a';

-- case: bytes beside a literal
SELECT '\x00' || '\x01'::bytea AS a, '\x01'::bytea || '\x00' AS b;

-- case: the digits of a float that lies between two
SELECT 1.5::float4 * 1e10::float4 AS a, 1e23::float8 AS b, 9007199254740993::float8 AS c;

-- case: modifiers of arrays
SELECT '{1.55,NULL}'::numeric(4,1)[] AS a, '{abcd,NULL}'::varchar(2)[] AS b, '{2024-01-01 10:00:00.555}'::timestamp(1)[] AS c;

-- case: pattern operators and blanks
SELECT 'ab '::bpchar ~<~ 'ab ' AS a, 'ab'::bpchar ~>=~ 'ab ' AS b, 'ab '::text ~<~ 'ab' AS c;

-- case: times as names in JSON
SELECT jsonb_object_agg(x, 1) AS a, jsonb_build_object(x, 2) AS b FROM (VALUES (timestamp '2024-01-01 10:00')) v(x);

-- case: names in JSON that are no scalars
-- error: 22023
SELECT json_object_agg(x, 1) FROM (VALUES ('{}'::jsonb)) v(x);

-- case: ON sees its two sides alone
-- error: 42P01
SELECT 1 FROM (VALUES (1)) a(x), (VALUES (1)) b(y) JOIN (VALUES (1)) c(z) ON a.x = 1;

-- case: ON sees no rows but its sides'
-- error: 42703
SELECT 1 FROM (VALUES (1)) a(x), (VALUES (1)) b(y) JOIN (VALUES (1)) c(z) ON a IS NULL;

-- case: what is not there is not visible
SELECT pg_collation_is_visible(100) AS a, pg_collation_is_visible(1) AS b, pg_table_is_visible(0) AS c, to_regclass('12') AS d, to_regproc('-') AS e;

-- case: json of an untyped literal
SELECT * FROM json_each('{"a":1, "a": [2,  3]}');

-- case: the end of a day
SELECT make_time(24, 0, 0) AS a, make_time(x, 0, 0) AS b FROM (VALUES (24)) v(x);

-- case: digits of a real
SELECT to_char('123.456'::float4, '999,999.99999') AS a, to_char(1234567.8::float4, '9999999.99') AS b, to_char(0.1::float4, '9.9999999999') AS c;

-- case: V within a type
SELECT to_char(214748364, '9V99') AS a, to_char(21474836, '999999999999V99') AS b;

-- case: V beyond a type
-- error: 22003
SELECT to_char(9223372036854775807, '0000V99');

-- case: sizes with a fraction
SELECT pg_size_pretty(1.5) AS a, pg_size_pretty(-1.5) AS b, pg_relation_size(0) AS c, format_type(4294967295, 1) AS d;
-- case: edges of words
SELECT s, regexp_replace(s, '\mb', '<\&>', 'g') AS a, regexp_replace(s, '[a-z]+\M', '<\&>', 'g') AS b, regexp_count(s, '\m\w+\M') AS c, regexp_split_to_array(s, '[[:<:]]a') AS d, s ~ '\m(ab|c)\M' AS e FROM (VALUES ('ab cb b'), ('a-b'), (''), ('bbb abc'), ('éb b_ b')) v(s) ORDER BY 1;

-- case: clocks' times beside intervals
SELECT time '10:00' = interval '10 hours' AS a, interval '1 day' > time '10:00' AS b, time '10:00' <> x AS c, coalesce(x, time '10:00') AS d FROM (VALUES (interval '1 hour'), (NULL)) v(x) ORDER BY 3;

-- case: names of what is no text
SELECT true::name AS a, x::name AS b, 12::name AS c FROM (VALUES (false)) v(x);

-- case: "char" of a number that is no integer
-- error: 42846
SELECT 1::int8::"char";

-- case: a parameter that name takes
-- params: x
SELECT pg_catalog."name"($1) AS x;

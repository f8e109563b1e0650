-- Functions and operators over every type, as the sweep over pg_proc and pg_operator found them.

-- case: numerics in a comparison of constants
SELECT 100::numeric > 3::numeric AS a, 1e10::numeric < 123456.789::numeric AS b, 12345678901234567890123456789012345678901234567890.5 > 3 AS c;

-- case: numerics beyond 38 digits
SELECT x * x AS a, x + x AS b, x - 1 AS c, x * 1.5 AS d, -x AS e, abs(x) AS f, x > 5 AS g FROM (VALUES (99999999999999999999999999999999999::numeric), (1.5)) v(x) ORDER BY 1;

-- case: products and sums beyond 38 digits
SELECT sum(x * x * x) AS s, avg(x * x * x) AS a, max(x * x) AS m FROM (VALUES (9223372036854775807::bigint::numeric), (9223372036854775806)) v(x);

-- case: sums of numeric(38) beyond 38 digits
SELECT sum(x) AS s, avg(x) AS a FROM (VALUES (99999999999999999999999999999999999999::numeric(38)), (99999999999999999999999999999999999999)) v(x);

-- case: case folding is ASCII's
SELECT upper(v) AS u, lower(v) AS l, initcap(v) AS i, v ILIKE 'É%' AS k, v ~* 'é' AS r FROM (VALUES ('straße'), ('Éa'), ('éA')) t(v) ORDER BY v;

-- case: case folding of constants
SELECT upper('straße') AS u, 'É' ILIKE 'é' AS k, 'É' ~* 'é' AS r, lower('ÉA') AS l;

-- case: character(n) keeps its blanks where its output is taken
SELECT octet_length(c) AS o, length(c) AS n, c LIKE 'a' AS l, c LIKE 'a  ' AS m, c ~ 'a $' AS r, concat(c, '|') AS k, format('%s|', c) AS f, to_json(c) AS j, c || '|' AS d, c = 'a' AS e, bit_length(c) AS b FROM (VALUES ('a'::char(3)), ('ab')) v(c) ORDER BY 1, 2;

-- case: date_trunc with a zone in the hour that comes twice
SELECT date_trunc('hour', t, 'Europe/Berlin') AS h, date_trunc('minute', t, 'America/New_York') AS m, date_trunc('day', t, 'Europe/Berlin') AS d FROM (VALUES (timestamptz '2024-10-27 00:30:20+00'), ('2024-10-27 01:30+00'), ('2024-11-03 05:30:20.5+00')) v(t) ORDER BY t;

-- case: extract of a time
SELECT extract(hour FROM t) AS h, extract(epoch FROM t) AS e, date_part('second', t) AS s FROM (VALUES (time '11:11:11.5'), ('24:00')) v(t) ORDER BY t;

-- case: extract of what a time has not
-- error: 0A000
SELECT extract(year FROM time '11:11:11');

-- case: date_part of what a time has not
-- error: 0A000
SELECT date_part('dow', t) FROM (VALUES (time '11:11:11')) v(t);

-- case: extract of a date
SELECT extract(epoch FROM d) AS e, jsonb_build_object('e', extract(epoch FROM d)) AS j, date_part('hour', d) AS h, extract(julian FROM d) AS u FROM (VALUES (date '2024-01-01'), ('1969-07-20')) v(d) ORDER BY d;

-- case: infinities
SELECT to_timestamp('infinity'::float8) AS a, to_timestamp('-infinity'::float8) AS b, extract(epoch FROM timestamptz 'infinity') AS c, extract(month FROM timestamp '-infinity') AS d, 'infinity'::timestamp::time AS e;

-- case: dates are subtracted if they are finite
-- error: 22008
SELECT a - b FROM (VALUES (date 'infinity', date '2024-01-01')) v(a, b);

-- case: dates out of range
-- error: 22008
SELECT d + 2147483647 FROM (VALUES (date '2024-01-01')) v(d);

-- case: timestamps are rounded away from 2000
SELECT t::timestamp(0) AS a, t::timestamptz(0) AS b, i::interval(0) AS c FROM (VALUES (timestamp '1969-12-31 23:59:59.5', interval '-1.5 s'), ('2024-01-01 00:00:00.5', '0.5 s')) v(t, i) ORDER BY t;

-- case: overlaps with nulls
SELECT (a, b) OVERLAPS (c, d) AS o FROM (VALUES (date '2024-01-01', date '2024-02-01', date '2024-01-15', null::date), ('2024-01-01', null, '2024-01-01', '2024-01-02'), ('2024-01-01', '2024-01-03', '2024-01-02', null), (null, '2024-01-01', '2024-03-01', '2024-04-01')) v(a, b, c, d) ORDER BY a, b, c;

-- case: exp overflows
-- error: 22003
SELECT exp(x) FROM (VALUES (1000::float8)) v(x);

-- case: exp underflows
-- error: 22003
SELECT exp(-1000::float8);

-- case: arcus cosinus of 2
-- error: 22003
SELECT acos(x) FROM (VALUES (2::float8)) v(x);

-- case: sinus of infinity
-- error: 22003
SELECT sin('infinity'::float8);

-- case: functions of degrees and hyperbolic ones
SELECT sind(x) AS a, cosd(x) AS b, tand(x) AS c, cotd(x) AS d, sinh(x / 10) AS e, cosh(x / 10) AS f, tanh(x) AS g, asinh(x) AS h, acosh(x) AS i, atand(x) AS j, atan2d(x, 2) AS k FROM (VALUES (1::float8), (30), (45), (60), (100.5), (359)) v(x) ORDER BY x;

-- case: arcus functions of degrees
SELECT asind(x) AS a, acosd(x) AS b, atanh(x) AS c, asin(x) AS d, degrees(x) AS e, radians(x) AS f, exp(x) AS g, x ^ 3.5::float8 AS h FROM (VALUES (0.1::float8), (0.5), (0.99)) v(x) ORDER BY x;

-- case: abs and sign of a real
SELECT abs(x) AS a, pg_typeof(abs(x)) AS t, @ x AS o, -x AS m FROM (VALUES (-0.1::real), (2)) v(x) ORDER BY 1;

-- case: the least integers
SELECT x % -1 AS a, mod(x, -1) AS b, ~x AS c FROM (VALUES (-2147483648), (5)) v(x) ORDER BY x;

-- case: the least integer has no opposite
-- error: 22003
SELECT -x FROM (VALUES (-2147483648)) v(x);

-- case: shifts of smallint
SELECT x << 1 AS a, x << 17 AS b, x >> 1 AS c, x << -1 AS d FROM (VALUES (32767::smallint), (-1::smallint)) v(x) ORDER BY x;

-- case: trim_array
SELECT trim_array(ARRAY[1, 2, 3], 2) AS a, trim_array(ARRAY[1, 2], 0) AS b;

-- case: trim_array beyond the end
-- error: 2202E
SELECT trim_array(ARRAY[1, 2], 3);

-- case: the empty text is no time
-- error: 22007
SELECT v::time FROM (VALUES ('')) t(v);

-- case: a path with a null
-- error: 22004
SELECT '{"a":1}'::jsonb #- ARRAY['a', null];

-- case: a path with a null that is not reached
SELECT jsonb_set('{"b":2}', ARRAY['a', null], '1') AS a, '{"b":{"c":1}}'::jsonb #- ARRAY['b', 'x', null] AS b;

-- case: json keeps what was written
SELECT ('{"a": {"x" :  1.50}}'::json)->>'a' AS a, ('[1.0, 2e5]'::json)->>1 AS b, '{"a":1, "a" : 2.0}'::json->'a' AS c, ' 1e2'::json #> '{}' AS d, '"x"'::json #>> '{}' AS e, '1'::json->0 AS f, '{"a":"\u0000"}'::json AS g;

-- case: json keeps members of one key
SELECT key, value FROM json_each('{"a":1,"b": [1 ,2],"a":2}'::json);

-- case: keys of json
SELECT json_object_keys('{"a":1,"a":2}') AS k;

-- case: texts of json
SELECT value FROM json_array_elements_text('[1.0, "a\u00e9", null, {"a" : 1}]');

-- case: a NUL in json is no text
-- error: 22P05
SELECT '{"a":"\u0000"}'::json->>'a';

-- case: json_strip_nulls and json_object
SELECT json_strip_nulls('{"a":null, "b": [null, {"c":null, "d": 1.0}]}') AS a, json_object('{a,1,b,2}') AS b, jsonb_object('{a,b}', '{1,NULL}') AS c, jsonb_set_lax('{"a":1}', '{a}', null, true, 'delete_key') AS d, array_to_json(ARRAY[1, 2], true) AS e, row_to_json(r, true) AS f FROM (SELECT 1 AS a, 'x' AS b) r;

-- case: jsonb_exists_any and its like
SELECT jsonb_exists_any(j, ARRAY['a', 'b']) AS a, jsonb_exists_all(j, ARRAY['a', 'b']) AS b, jsonb_contained(j, '{"a":1,"c":2}') AS c, jsonb_delete(j, 'a') AS d, jsonb_object_field_text(j, 'a') AS e FROM (VALUES ('{"a":1}'::jsonb)) v(j);

-- case: arrays in a record of JSON
SELECT * FROM jsonb_to_record('{"c":[1,2],"d":["a b",null,"{"],"e":{"f":1}}') AS x(c int[], d text[], e jsonb);

-- case: deep JSON is followed
SELECT (repeat('[', n) || repeat(']', n))::jsonb @> '[]' AS c, jsonb_typeof((repeat('[', n) || repeat(']', n))::jsonb) AS t, (repeat('{"a":', n) || '1' || repeat('}', n))::jsonb ? 'a' AS e FROM (VALUES (1500), (4900)) v(n) ORDER BY n;

-- case: bit strings
SELECT B'101' AS a, X'1f' AS b, 5::bit(8) AS c, '101'::bit(5) AS d, B'1011'::varbit(2) AS e, B'101' || B'1' AS f, B'101' & B'110' AS g, B'101' | B'010' AS h, B'101' # B'110' AS i, ~B'101' AS j, B'1011' << 1 AS k, B'1011' >> 2 AS l, B'1011'::int AS m, (-5)::bit(40) AS n;

-- case: bit strings from columns
SELECT b, length(b) AS l, bit_count(b) AS c, get_bit(b, 0) AS g, set_bit(b, 1, 0) AS s, substring(b FROM 2 FOR 2) AS u, position(B'11' IN b) AS p, b::text AS t, b::int8 AS i, b < B'1' AS k FROM (VALUES (B'0110'), (B'1011')) v(b) ORDER BY b;

-- case: the hash of a key as message-db has it
SELECT mod(@ (left('x' || md5(k), 17)::bit(64)::bigint), 5) AS m FROM (VALUES ('1001'), ('1002'), ('é')) v(k) ORDER BY k;

-- case: bit strings of different sizes
-- error: 22026
SELECT B'101' & B'1';

-- case: no bit
-- error: 22P02
SELECT v::bit(3) FROM (VALUES ('12')) t(v);

-- case: hashes
SELECT hashtext(v) AS a, hashtextextended(v, 0) AS b, hashtextextended(v, -7) AS c, hashint4(length(v)) AS d, hashint8(-length(v)) AS e, hashfloat8(length(v) / 3.0) AS f, hashint8extended(length(v), 3) AS g FROM (VALUES (''), ('order-1001'), ('a longer text of more than twelve bytes'), ('é😀')) t(v) ORDER BY v;

-- case: bytes
SELECT substring(b FROM 2 FOR 1) AS a, position('\x02'::bytea IN b) AS c, get_byte(b, 0) AS d, set_byte(b, 1, 255) AS e, get_bit(b, 9) AS f, overlay(b PLACING '\xff'::bytea FROM 2) AS g, btrim(b, '\x0103') AS h, b LIKE '\x0125'::bytea AS i, bit_count(b) AS j, length(b) AS k FROM (VALUES ('\x010203'::bytea), ('\x0300')) v(b) ORDER BY b;

-- case: a byte out of range
-- error: 2202E
SELECT get_byte('\x01'::bytea, 1);

-- case: string_agg of bytea
SELECT string_agg(x, '\x2c'::bytea ORDER BY x) AS a, string_agg(x, null) FILTER (WHERE x = '\x02') AS b FROM (VALUES ('\x01'::bytea), ('\x02'), (null)) v(x);

-- case: string_to_table
SELECT * FROM string_to_table('a,b,,c', ',', '');

-- case: the order of bytes
SELECT a ~<~ b AS a, a ~<=~ b AS b, a ~>~ b AS c, a ~>=~ b AS d FROM (VALUES ('a', 'B'), ('B', 'a'), ('é', 'z')) v(a, b) ORDER BY a;

-- case: substring with SQL's pattern
SELECT substring('Thomas' FROM '%#"o_a#"_' FOR '#') AS a, substring(v SIMILAR 'a#"%#"z' ESCAPE '#') AS b, v SIMILAR TO 'a|b%' ESCAPE '!' AS c, like_escape(v, '!') AS d FROM (VALUES ('abcz'), ('b!_z')) t(v) ORDER BY v;

-- case: regexp functions with all of their arguments
SELECT regexp_count(v, 'a', 2) AS a, regexp_instr(v, 'a(b)', 1, 2, 1, 'i', 1) AS b, regexp_substr(v, 'A(.)', 1, 2, 'i', 1) AS c, regexp_replace(v, 'a', 'X', 2, 2) AS d, regexp_like(v, 'AB', 'i') AS e FROM (VALUES ('abcabcab'), ('xaxaxa')) t(v) ORDER BY v;

-- case: texts of encodings
SELECT convert_to(v, 'LATIN1') AS a, convert_from('\xe9', 'latin1') AS b, convert('\xe9', 'latin1', 'utf8') AS c, unistr('\00e9\+01F600') AS d, quote_nullable(1.5) AS e, quote_literal(true) AS f FROM (VALUES ('é'), ('a')) t(v) ORDER BY v;

-- case: functions behind operators
SELECT int4pl(1, 2) AS a, textcat('a', 'b') AS b, numeric_mul(1.5, 2) AS c, int8lt(1, 2) AS d, textlike('abc', 'a%') AS e, date_mi(date '2024-03-01', date '2024-02-01') AS f, text_lt(v, 'b') AS g, float8div(1, 4) AS h FROM (VALUES ('a'), ('c')) t(v) ORDER BY v;

-- case: casts of integers and oids
SELECT x::oid AS a, x::smallint::oid AS b, (x::oid)::int AS c, x::"char" AS d, x::"char"::int AS e FROM (VALUES (-1), (65)) v(x) ORDER BY x;

-- case: no such oid
-- error: 22003
SELECT x::oid FROM (VALUES (-1::bigint)) v(x);

-- case: null divided by zero
SELECT x / y AS a, x % y AS b, x::float8 / y AS c, mod(x, y) AS d FROM (VALUES (null::int, 0), (4, 2)) v(x, y) ORDER BY 1;

-- case: an overflow beside a division
-- error: 22003
SELECT 10 / (x::int) FROM (VALUES (3000000000::bigint)) v(x);

-- case: containment with null
SELECT a @> b AS a, b <@ a AS b FROM (VALUES (null::int[], ARRAY[1]), (ARRAY[1, 2], ARRAY[2]), (ARRAY[1], null)) v(a, b) ORDER BY 1, 2;

-- case: a list of thresholds with null
-- error: 22004
SELECT width_bucket(v, ARRAY[1, null, 3]) FROM (VALUES (2)) t(v);

-- case: arrays of several dimensions
SELECT array_agg(ARRAY[x, x + 1] ORDER BY x) AS a, ARRAY[[1, 2], [3, 4]] AS b, ARRAY[ARRAY['a b', null], ARRAY['c', '']] AS c, to_json(ARRAY[[1, 2], [3, 4]]) AS d, array_agg(ARRAY[x])::text AS e, array_agg(ARRAY[x]) FILTER (WHERE x > 5) AS f FROM (VALUES (1), (2)) v(x);

-- case: arrays of several dimensions in a subquery
SELECT a FROM (SELECT array_agg(ARRAY[x, null, 'b c']) AS a FROM (VALUES ('x'), ('y')) v(x)) s;

-- case: arrays that do not match
-- error: 2202E
SELECT ARRAY[[1, 2], [3]];

-- case: arrays of different lengths are not accumulated
-- error: 2202E
SELECT array_agg(a) FROM (VALUES (ARRAY[1, 2]), (ARRAY[3])) v(a);

-- case: null is no array to accumulate
-- error: 22004
SELECT array_agg(a) FROM (VALUES (ARRAY[1, 2]), (null)) v(a);

-- case: an array is not compared with elements of arrays of arrays
-- error: 42883
SELECT ARRAY[1, 2] = ANY (ARRAY[ARRAY[1, 2]]);

-- case: intervals run over
-- error: 22008
SELECT i + i FROM (VALUES (interval '178000000 years')) v(i);

-- case: character(n) in rows and joined arrays
SELECT ROW(c, true) AS r, array_to_string(ARRAY[c, c], ',') AS a FROM (VALUES ('a'::char(3))) v(c);

-- Text functions and patterns.

-- case: like
SELECT DISTINCT type FROM events WHERE type LIKE 'T0%advice%' ORDER BY type;

-- case: like with underscore
SELECT count(*) FROM events WHERE type LIKE 'T0_ %';

-- case: not like and ilike
SELECT DISTINCT type FROM events WHERE type NOT LIKE 'T%' AND type ILIKE '%O%' ORDER BY type;

-- case: like on edges
SELECT 'abc' LIKE 'abc' AS a, 'abc' LIKE 'a' AS b, '' LIKE '%' AS c, '' LIKE '_' AS d, 'a\b' LIKE 'a\\b' AS e, NULL LIKE 'a' AS f, 'é' LIKE '_' AS g;

-- case: like with escapes
SELECT payload->>'t' AS t FROM events WHERE payload->>'t' LIKE '%\%%' AND payload->>'t' LIKE '%a\_b%';

-- case: like with another escape
SELECT '100%' LIKE '100!%' ESCAPE '!' AS a, '1000' LIKE '100!%' ESCAPE '!' AS b, 'a\b' LIKE 'a\b' ESCAPE '' AS c;

-- case: like ending in the escape
-- error: 22025
SELECT 'ab' LIKE 'a\';

-- case: operators of like
SELECT 'abc' ~~ 'a%' AS a, 'abc' !~~ 'a%' AS b, 'ABC' ~~* 'a%' AS c, 'ABC' !~~* 'a%' AS d;

-- case: like any
SELECT count(*) FROM events WHERE type LIKE ANY (ARRAY['OrderP%', 'T13%']) AND type NOT LIKE ALL (ARRAY['%Paid', 'X%']);

-- case: similar to
SELECT 'abc' SIMILAR TO '(a|b)%' AS a, 'abc' SIMILAR TO 'b%' AS b, 'abc' SIMILAR TO 'a_c' AS c, 'T05' SIMILAR TO 'T[0-9]{2}' AS d, 'abc' NOT SIMILAR TO 'abc' AS e;

-- case: regular expressions
SELECT 'Order-17' ~ '^Order-\d+$' AS a, 'order' ~ 'ORDER' AS b, 'order' ~* 'ORDER' AS c, 'order' !~ 'x' AS d, 'order' !~* 'ORD' AS e;

-- case: regular expression over types
SELECT DISTINCT type FROM events WHERE type ~ '^T(07|09)-[12]' ORDER BY type;

-- case: regular expression with classes
SELECT 'a1' ~ '[[:alpha:]][[:digit:]]' AS a, 'a b' ~ '\s' AS b, 'foo bar' ~ '\mbar\M' AS c, 'aXb' ~ 'a(?:x|X)b' AS d;

-- case: bad regular expression
-- error: 2201B
SELECT 'a' ~ '(';

-- case: regexp_replace
SELECT regexp_replace('a1b2', '\d', 'X') AS one, regexp_replace('a1b2', '\d', 'X', 'g') AS every, regexp_replace('ABC', 'b', 'x', 'i') AS i, regexp_replace('John Smith', '(\w+) (\w+)', '\2, \1') AS swap, regexp_replace('abc', 'x', 'y') AS same, regexp_replace('abc', 'b', '[\&]') AS whole;

-- case: regexp_replace over types
SELECT DISTINCT regexp_replace(type, '^(T[0-9]+)(-[0-9])? .*$', '\1') AS code FROM events WHERE stream LIKE 'permit-%' ORDER BY code;

-- case: regexp_match
SELECT regexp_match('foobarbequebaz', 'bar.*que') AS a, regexp_match('foobarbequebaz', '(bar)(beque)') AS b, regexp_match('foo', 'x') AS c, (regexp_match(type, '^T([0-9]+)'))[1] AS d FROM events WHERE stream = 'permit-891' ORDER BY version;

-- case: regexp_matches
SELECT regexp_matches('a1b22c333', '([a-z])([0-9]+)', 'g') AS m;

-- case: regexp_split
SELECT regexp_split_to_array('a, b,c', ',\s*') AS a, ARRAY(SELECT regexp_split_to_table('x1y2z', '[0-9]')) AS t;

-- case: regexp_count and friends
SELECT regexp_count('a1b2', '\d') AS c, regexp_instr('abc123', '[0-9]+') AS i, regexp_like('ABC', 'b', 'i') AS l, regexp_substr('foo123bar', '[0-9]+') AS s;

-- case: substring
SELECT substring('hello' FROM 2 FOR 3) AS a, substring('hello', 2) AS b, substring('hello' FROM 0 FOR 3) AS c, substring('hello', -1, 4) AS d, substring('hello' FOR 2) AS e, substr('hello', 10) AS f, substring('foobar' FROM 'o.b') AS g, substring('foobar' FROM 'o(.)b') AS h;

-- case: substring of a negative length
-- error: 22011
SELECT substring('hello', 2, -1);

-- case: substring of unicode
SELECT substring(payload->>'t' FROM 1 FOR 5) AS a, right(payload->>'t', 1) AS b, reverse(payload->>'t') AS c FROM events WHERE type = 'Unicode';

-- case: position
SELECT position('lo' IN 'hello') AS a, strpos('hello', 'l') AS b, position('x' IN 'hello') AS c, position('' IN 'hello') AS d, strpos('日本語', '語') AS e, starts_with('hello', 'he') AS f, 'hello' ^@ 'x' AS g;

-- case: overlay
SELECT overlay('Txxxxas' PLACING 'hom' FROM 2 FOR 4) AS a, overlay('abc' PLACING 'XY' FROM 2) AS b;

-- case: trim
SELECT trim('  a ') AS a, trim(LEADING 'x' FROM 'xxaxx') AS b, trim(TRAILING FROM ' a  ') AS c, trim(BOTH 'xy' FROM 'xyaxy') AS d, btrim('xxaxx', 'x') AS e, ltrim('  a') AS f, rtrim('abcc', 'bc') AS g, trim(E'\ta') AS h;

-- case: padding
SELECT lpad('5', 3, '0') AS a, rpad('5', 3, 'ab') AS b, lpad('hello', 2) AS c, lpad('a', 3) AS d, rpad('', 2, '') AS e, lpad('x', 5, 'ab') AS f, lpad('é', 3, '日') AS g;

-- case: split_part
SELECT split_part('a-b-c', '-', 1) AS a, split_part('a-b-c', '-', 3) AS b, split_part('a-b-c', '-', 4) AS c, split_part('a-b-c', '-', -1) AS d, split_part('abc', '', 1) AS e, split_part('a--b', '-', 2) AS f;

-- case: split_part of zero
-- error: 22023
SELECT split_part('a-b', '-', 0);

-- case: split_part over streams
SELECT split_part(stream, '-', 1) AS category, count(DISTINCT stream) FROM events WHERE stream IS NOT NULL GROUP BY 1 ORDER BY 1;

-- case: case of letters
-- difference: letters are folded by Unicode, as in C.UTF-8, not as in C
-- eventgres-error: none
SELECT upper('aé') AS a, lower('ÀB') AS b, initcap('hello wORLD-foo 1st o''neil') AS c;

-- case: lengths
SELECT length('日本🙂') AS a, char_length('é') AS b, octet_length('é') AS c, bit_length('a') AS d, length('') AS e, length(NULL) AS f, character_length('abc') AS g, length('ab '::char(5)) AS h;

-- case: concatenation
SELECT 'a' || 'b' AS a, 'a' || NULL AS b, 'a' || 1 AS c, 1 || 'a' AS d, 'a' || true AS e, 'a' || 1.50 AS f, 'x' || date '2024-01-01' AS g;

-- case: concat
SELECT concat('a', NULL, 1, true, 2.50) AS a, concat_ws('-', 'a', NULL, 'b', '') AS b, concat_ws(NULL, 'a', 'b') AS c, concat(NULL) AS d, concat_ws(',', NULL) AS e;

-- case: concatenation of two numbers does not exist
-- error: 42883
SELECT 1 || 2;

-- case: format
SELECT format('%s is %s', 'a', 1) AS a, format('%I.%L', 'My Table', 'it''s') AS b, format('%2$s %1$s', 'a', 'b') AS c, format('%%|%5s|%-5s|', 'x', 'y') AS d, format('%s', NULL) AS e, format('%L', NULL) AS f;

-- case: format of too few
-- error: 22023
SELECT format('%s %s', 'a');

-- case: quoting
SELECT quote_ident('a b') AS a, quote_ident('abc') AS b, quote_literal('it''s') AS c, quote_nullable(NULL) AS d, quote_literal(E'a\\b') AS e;

-- case: string_to_array
SELECT string_to_array('a,b,,c', ',') AS a, string_to_array('a,b', ',', 'b') AS b, string_to_array('abc', NULL) AS c, string_to_array('', ',') AS d, string_to_array('abc', '') AS e, string_to_array(NULL, ',') AS f;

-- case: string_to_table
SELECT w FROM string_to_table('b c a', ' ') AS w ORDER BY w;

-- case: unnest words
SELECT word, count(*) FROM (SELECT DISTINCT type FROM events WHERE stream LIKE 'permit-%') t, unnest(string_to_array(lower(type), ' ')) AS word GROUP BY word HAVING count(*) > 2 ORDER BY 2 DESC, 1;

-- case: left and right
SELECT left('hello', 2) AS a, left('hello', -2) AS b, right('hello', 2) AS c, right('hello', -2) AS d, left('a', 5) AS e, left('hello', 0) AS f;

-- case: repeat and reverse
SELECT repeat('ab', 3) AS a, repeat('x', 0) AS b, repeat('x', -1) AS c, reverse('abc') AS d;

-- case: replace and translate
SELECT replace('banana', 'an', 'X') AS a, replace('abc', '', 'x') AS b, translate('12345', '143', 'ax') AS c;

-- case: hashes
SELECT md5('') AS a, md5('häß') AS b, encode(sha256('abc'), 'hex') AS c, encode(sha224('a'::bytea), 'hex') AS d;

-- case: encodings
SELECT encode('abc', 'base64') AS a, encode('\xdeadbeef', 'hex') AS b, decode('616263', 'hex') AS c, convert_from(decode('YWJj', 'base64'), 'UTF8') AS d, encode('a\\b'::bytea, 'escape') AS e, convert_to('é', 'UTF8') AS f;

-- case: characters
SELECT chr(65) AS a, chr(233) AS b, ascii('a') AS c, ascii('é') AS d, ascii('') AS e, chr(128578) AS f, to_hex(255) AS g;

-- case: comparisons
SELECT 'a' < 'b' AS a, 'B' < 'a' AS b, 'a' = 'a ' AS c, '' < 'a' AS d, 'abc' > 'ab' AS e, 'é' > 'z' AS f, 'a'::char(3) = 'a' AS g;

-- case: between
SELECT count(*) FROM events WHERE type BETWEEN 'T05' AND 'T07' AND type NOT BETWEEN 'T06' AND 'T06z';

-- case: between symmetric
SELECT 2 BETWEEN 3 AND 1 AS a, 2 BETWEEN SYMMETRIC 3 AND 1 AS b, 2 NOT BETWEEN SYMMETRIC 3 AND 1 AS c;

-- case: literals
SELECT 'it''s' AS a, E'tab\tnew\\line' AS b, $$dollar 'quoted'$$ AS c, $x$a $$ b$x$ AS d, U&'\0041\00e9' AS e;

-- case: literals over lines
SELECT 'one '
'two' AS joined;

-- case: bit strings
SELECT B'101' AS b, X'1F' AS x, B'101' & B'110' AS a, B'101'::int AS i;

-- case: collate
SELECT max(x COLLATE "C") AS m, 'a' COLLATE "C" < 'B' COLLATE "C" AS c FROM (VALUES ('a'), ('B')) v(x);

-- case: padded char
SELECT 'ab'::char(4) AS a, 'ab'::char(4) || 'x' AS b, 'abcdef'::varchar(3) AS c, 'abcdef'::char(3) AS d, char 'x' AS e;

-- case: normalised and compared
-- difference: normalize is not there
-- eventgres-error: 0A000
SELECT normalize(U&'e\0301') = 'é' AS a, U&'e\0301' = 'é' AS b, 'é' IS NFC NORMALIZED AS c;

-- case: text of other types
SELECT 1::text AS a, 1.50::text AS b, true::text AS c, 1e10::float8::text AS d, ARRAY[1, 2]::text AS e, NULL::text AS f, '{"a":1}'::jsonb::text AS g;

-- case: quoted and odd stream names
-- difference: letters are folded by Unicode, as in C.UTF-8, not as in C
-- eventgres-error: none
SELECT stream, length(stream) AS n, upper(stream) AS u FROM events WHERE type IN ('Plain', 'It''s') ORDER BY position;

-- case: empty type
SELECT stream, type = '' AS empty, length(type) AS n FROM events WHERE type = '' OR type = 'plain' ORDER BY position;

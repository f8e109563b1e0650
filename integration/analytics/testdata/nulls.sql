-- Null, three-valued logic and conditional expressions.

-- case: and
SELECT a, b, a AND b AS r FROM (VALUES (true), (false), (NULL)) x(a), (VALUES (true), (false), (NULL)) y(b) ORDER BY a, b;

-- case: or
SELECT a, b, a OR b AS r FROM (VALUES (true), (false), (NULL)) x(a), (VALUES (true), (false), (NULL)) y(b) ORDER BY a, b;

-- case: not
SELECT a, NOT a AS r FROM (VALUES (true), (false), (NULL)) x(a) ORDER BY a;

-- case: comparisons with null
SELECT NULL = NULL AS a, NULL <> 1 AS b, 1 > NULL AS c, NULL IS NULL AS d, 1 IS NOT NULL AS e, NULL::text || 'x' AS f, NULL + 1 AS g;

-- case: is distinct from
SELECT a, b, a IS DISTINCT FROM b AS d, a IS NOT DISTINCT FROM b AS s FROM (VALUES (1), (2), (NULL)) x(a), (VALUES (1), (NULL)) y(b) ORDER BY a, b;

-- case: is true and friends
SELECT a, a IS TRUE AS t, a IS NOT TRUE AS nt, a IS FALSE AS f, a IS NOT FALSE AS nf, a IS UNKNOWN AS u, a IS NOT UNKNOWN AS nu FROM (VALUES (true), (false), (NULL)) x(a) ORDER BY a;

-- case: isnull and notnull
SELECT stream ISNULL AS a, stream NOTNULL AS b, count(*) FROM events GROUP BY 1, 2 ORDER BY 1;

-- case: where drops the unknown
SELECT count(*) FROM events WHERE stream = 'order-1' OR NOT stream = 'order-1';

-- case: unnamed streams
SELECT stream_id, stream, category, version FROM streams WHERE stream IS NULL ORDER BY stream_id;

-- case: coalesce
SELECT coalesce(NULL, 1) AS a, coalesce(NULL, NULL) AS b, coalesce(NULL, 1.5, 2) AS c, coalesce(stream, stream_id::text) AS d FROM events WHERE type IN ('Opened', 'OrderCancelled') ORDER BY position;

-- case: nullif
SELECT nullif(1, 1) AS a, nullif(1, 2) AS b, nullif('a', NULL) AS c, nullif(NULL, 1) AS d, pg_typeof(nullif(1, 2.0)) AS e;

-- case: case without else
SELECT CASE WHEN false THEN 1 END AS a, CASE 1 WHEN 2 THEN 'x' END AS b, CASE NULL WHEN NULL THEN 'same' ELSE 'not' END AS c, CASE WHEN NULL THEN 'yes' ELSE 'no' END AS d;

-- case: case takes the first
SELECT CASE WHEN true THEN 1 WHEN true THEN 2 END AS a, CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END AS b;

-- case: case takes the common type
SELECT CASE WHEN true THEN 1 ELSE 2.5 END AS a, CASE WHEN true THEN NULL ELSE 1 END AS b, CASE WHEN false THEN 1 ELSE 2::bigint END AS c, CASE WHEN true THEN '1' ELSE 2 END AS d, CASE WHEN true THEN date '2024-01-01' ELSE timestamp '2024-01-02' END AS e;

-- case: case does not evaluate the rest
SELECT x, CASE WHEN x = 0 THEN 'none' ELSE (10 / x)::text END AS r FROM (VALUES (0), (5)) v(x) ORDER BY x;

-- case: rows compared
SELECT (1, 2) = (1, 2) AS a, (1, 2) < (1, 3) AS b, (1, NULL) = (2, NULL) AS c, (1, NULL) = (1, 2) AS d, ROW(1, 2) <> ROW(1, 3) AS e, (2, NULL) > (1, 5) AS f;

-- case: rows and null
SELECT ROW(NULL, NULL) IS NULL AS a, ROW(1, NULL) IS NULL AS b, ROW(1, NULL) IS NOT NULL AS c, ROW(1, 2) IS DISTINCT FROM ROW(1, 2) AS d;

-- case: keyset pagination
SELECT stream, version FROM events WHERE (stream, version) > ('order-2', 0) AND stream LIKE 'order-%' ORDER BY stream, version LIMIT 3;

-- case: num_nulls
SELECT num_nulls(1, NULL, 'x') AS a, num_nonnulls(1, NULL, 'x') AS b;

-- case: nulls in arithmetic and functions
SELECT NULL * 2 AS a, abs(NULL::int) AS b, upper(NULL) AS c, length(NULL) AS d, NULL::date + 1 AS e, round(NULL::numeric, 1) AS f;

-- case: untyped null is text
SELECT NULL AS a, pg_typeof(NULL) AS b, NULL::int AS c;

-- case: boolean results
SELECT true AND 1 < 2 AS a, 't'::boolean AS b, version = 0 AS c, NOT (version = 0) AS d FROM events WHERE position = 0;

-- case: where with a boolean column
SELECT x FROM (VALUES (1, true), (2, false), (3, NULL)) v(x, b) WHERE b ORDER BY x;

-- case: where not a boolean column
SELECT x FROM (VALUES (1, true), (2, false), (3, NULL)) v(x, b) WHERE NOT b ORDER BY x;

-- case: in with nulls in the data
SELECT x, x IN (1, 2) AS i, x NOT IN (1, 2) AS n FROM (VALUES (1), (3), (NULL)) v(x) ORDER BY x;

-- case: between with null
SELECT 1 BETWEEN NULL AND 2 AS a, 3 BETWEEN NULL AND 2 AS b, NULL BETWEEN 1 AND 2 AS c;

-- case: count of unknowns
SELECT count(*) FILTER (WHERE (payload->>'paid')::boolean) AS yes, count(*) FILTER (WHERE NOT (payload->>'paid')::boolean) AS no, count(*) FILTER (WHERE (payload->>'paid')::boolean IS NULL) AS unknown FROM events WHERE stream LIKE 'order-%';

-- case: boolean comparison
SELECT true > false AS a, false = (1 = 2) AS b, (1 = 1) <> (1 = 2) AS c, true = NULL AS d;

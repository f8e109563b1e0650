-- UNION, INTERSECT, EXCEPT and VALUES.

-- case: union removes duplicates
SELECT type FROM events WHERE stream = 'order-1' UNION SELECT type FROM events WHERE stream = 'order-3' ORDER BY type;

-- case: union all keeps them
SELECT type FROM events WHERE stream = 'order-1' UNION ALL SELECT type FROM events WHERE stream = 'order-3' ORDER BY type;

-- case: intersect
SELECT type FROM events WHERE stream = 'order-1' INTERSECT SELECT type FROM events WHERE stream = 'order-4' ORDER BY type;

-- case: intersect all
SELECT x FROM (VALUES (1), (1), (2), (2)) a(x) INTERSECT ALL SELECT x FROM (VALUES (1), (1), (1), (2)) b(x) ORDER BY x;

-- case: except
SELECT type FROM events WHERE stream LIKE 'order-%' EXCEPT SELECT type FROM events WHERE stream = 'order-1' ORDER BY type;

-- case: except all
SELECT x FROM (VALUES (1), (1), (2)) a(x) EXCEPT ALL SELECT x FROM (VALUES (1)) b(x) ORDER BY x;

-- case: intersect binds tighter
SELECT 1 AS n UNION SELECT 2 INTERSECT SELECT 3 ORDER BY n;

-- case: parentheses change the order
(SELECT 1 AS n UNION SELECT 2) INTERSECT SELECT 2 ORDER BY n;

-- case: nulls are the same
SELECT NULL::int AS n UNION SELECT NULL UNION SELECT 1 ORDER BY n;

-- case: int and bigint
SELECT 1 AS n UNION ALL SELECT 2::bigint ORDER BY n;

-- case: int and numeric
SELECT 1 AS n UNION ALL SELECT 2.50 ORDER BY n;

-- case: numeric and float
SELECT 1.5 AS n UNION ALL SELECT 2.25::float8 ORDER BY n;

-- case: unknown literals take the other side's type
SELECT '1' AS n UNION ALL SELECT 2 ORDER BY n;

-- case: unknown literals on both sides are text
SELECT 'b' AS n UNION SELECT 'a' ORDER BY n;

-- case: null and date
SELECT NULL AS d UNION ALL SELECT date '2024-02-29' ORDER BY d;

-- case: date and timestamp
SELECT date '2024-01-01' AS d UNION ALL SELECT timestamp '2024-01-01 12:00' ORDER BY d;

-- case: timestamp and timestamptz
-- zone: Europe/Amsterdam
SELECT timestamp '2024-07-01 00:00' AS d UNION ALL SELECT timestamptz '2024-01-01 12:00+00' ORDER BY d;

-- case: varchar and text
SELECT 'a'::varchar(3) AS t UNION ALL SELECT 'bcd'::text ORDER BY t;

-- case: names come from the first
SELECT 1 AS first, 'x' AS label UNION ALL SELECT 2 AS second, 'y' AS other ORDER BY first;

-- case: order by ordinal
SELECT type, version FROM events WHERE stream = 'order-1' UNION SELECT 'z', 99 ORDER BY 2 DESC, 1;

-- case: limits inside parentheses
(SELECT position FROM events ORDER BY position LIMIT 2) UNION ALL (SELECT position FROM events ORDER BY position DESC LIMIT 1 OFFSET 0) ORDER BY 1;

-- case: limit applies to the whole
SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 ORDER BY n DESC LIMIT 2;

-- case: union in a subquery
SELECT kind, count(*) FROM (SELECT 'placed' AS kind FROM events WHERE type = 'OrderPlaced' UNION ALL SELECT 'paid' FROM events WHERE type = 'OrderPaid') u GROUP BY kind ORDER BY kind;

-- case: union of jsonb
SELECT payload->'total' AS t FROM events WHERE stream = 'order-1' UNION SELECT '80'::jsonb ORDER BY t;

-- case: union of arrays
SELECT tags FROM events WHERE stream = 'order-1' UNION SELECT ARRAY['x', NULL] ORDER BY 1;

-- case: values as a statement
VALUES (1, 'one'), (2, 'two'), (3, NULL);

-- case: values with mixed numbers
VALUES (1), (2.5), (3) ORDER BY 1;

-- case: values ordered and limited
VALUES ('b', 2), ('a', 1), ('c', 3) ORDER BY column1 DESC LIMIT 2;

-- case: values in from
SELECT v.n * 2 AS d, v.t FROM (VALUES (1, 'x'), (2, 'y')) AS v(n, t) ORDER BY d;

-- case: values with column names by default
SELECT column1, column2 FROM (VALUES (1, 'x')) AS v;

-- case: values union select
VALUES (1) UNION SELECT 2 ORDER BY 1;

-- case: table statement
TABLE streams LIMIT 0;

-- case: select star of union
SELECT * FROM (SELECT 1 AS a, 2 AS b UNION ALL SELECT 3, 4) u ORDER BY a;

-- case: a union of equal numerics of two scales
SELECT count(*) FROM (SELECT '1.0'::text::numeric AS x UNION SELECT '1.00'::text::numeric UNION SELECT '2'::text::numeric) t;

-- case: union of numerics of mixed scale
SELECT x FROM (VALUES (1.0), (2.50), (3)) a(x) UNION SELECT y FROM (VALUES (1.00::numeric), (2.5), (4.000)) b(y) ORDER BY 1;

-- case: intersect of numerics of mixed scale
SELECT x::text FROM (SELECT x FROM (VALUES (1.0), (2.5), (3.0)) a(x) INTERSECT SELECT y FROM (VALUES (1.0), (2.5), (4.0)) b(y)) t ORDER BY 1;

-- case: intersect of numerics that come of texts
SELECT count(*), sum(n) FROM (SELECT (payload->>'amount')::numeric AS n FROM events INTERSECT SELECT (payload->>'amount')::numeric * 1.00 FROM events) t;

-- case: except of numerics of mixed scale
SELECT trim_scale(x) FROM (SELECT x::text::numeric AS x FROM (VALUES ('1.0'), ('2.50'), ('3.0')) a(x) EXCEPT SELECT y::text::numeric FROM (VALUES ('1.00'), ('4.0')) b(y)) t ORDER BY 1;

-- case: except all of numerics of mixed scale
SELECT trim_scale(x) FROM (SELECT x::text::numeric AS x FROM (VALUES ('1.0'), ('1.00'), ('1.000'), ('2')) a(x) EXCEPT ALL SELECT y::text::numeric FROM (VALUES ('1'), ('4.0')) b(y)) t ORDER BY 1;

-- case: intersect all of numerics of mixed scale
SELECT trim_scale(x), y FROM (SELECT x::text::numeric AS x, 1 AS y FROM (VALUES ('1.0'), ('1.00'), ('1.000'), ('2')) a(x) INTERSECT ALL SELECT y::text::numeric, 1 FROM (VALUES ('1'), ('1.0'), ('4.0')) b(y)) t ORDER BY 1;

-- case: union of jsonb that looks different
SELECT count(*) FROM (SELECT '{"a": 1.0}'::jsonb AS j UNION SELECT '{"a": 1}'::jsonb UNION SELECT '{"a":1.00}') t;

-- case: except of jsonb, nulls are alike
SELECT j FROM (SELECT * FROM (VALUES ('1'::jsonb), ('2.0'), (NULL)) a(j) EXCEPT SELECT * FROM (VALUES ('2'::jsonb), (NULL)) b(j)) t;

-- case: union of intervals
SELECT count(*) FROM (SELECT interval '1 day' AS i UNION SELECT interval '24 hours' UNION SELECT interval '23 hours') t;

-- case: intersect of intervals
SELECT count(*) FROM (SELECT i FROM (VALUES (interval '1 mon'), ('2 days')) a(i) INTERSECT SELECT i FROM (VALUES (interval '30 days'), ('3 days')) b(i)) t;

-- case: union of padded characters
SELECT count(*), min(c) FROM (SELECT 'a'::char(3) AS c UNION SELECT 'a'::char(5) UNION SELECT 'b'::char(2)) t;

-- case: distinct padded characters
SELECT count(*) FROM (SELECT DISTINCT c FROM (VALUES ('a '::bpchar), ('a'), ('b')) t(c)) u;

-- case: union of arrays of numerics and of intervals
SELECT count(*) FROM (SELECT ARRAY[1.0, 2] AS a, ARRAY[interval '1 day'] AS b UNION SELECT ARRAY[1, 2.00], ARRAY[interval '24 hours'] UNION SELECT ARRAY[1, 3.00], NULL) t;

-- case: except keeps a column of every row
SELECT * FROM (SELECT 1.0::text::numeric AS n, 'a' AS t, NULL::int AS i EXCEPT SELECT 2, 'b', 3) x;

-- case: union of json
-- error: 42883
SELECT '1'::json UNION SELECT '1'::json;

-- case: union all of json
SELECT '1'::json UNION ALL SELECT '1'::json;

-- case: except of json
-- error: 42883
SELECT metadata::json FROM events EXCEPT SELECT '1'::json;

-- Statements that once differed, in the form of integration/analytics' cases. Each stays
-- after its mending.

-- case: an expression of GROUP BY, of a column that is grouped by, too
SELECT ceil(v.x), x, count(*), ceil(x) + 1 FROM (VALUES (1.5), (2.5), (2.5)) v(x) GROUP BY ROLLUP (ceil(x), x) ORDER BY 1, 2, 3;

-- case: GROUPING of one
SELECT grouping(ceil(x)), grouping(x), ceil(x) FROM (VALUES (1.5), (2.5), (2.5)) v(x) GROUP BY CUBE (ceil(x), x) ORDER BY 1, 2, 3;

-- case: one by the name of its column, and in HAVING
SELECT ceil(x) AS y, v.x, count(*) FROM (VALUES (1.5), (2.5), (2.5)) v(x) GROUP BY ROLLUP (y, v.x) HAVING ceil(v.x) > 2 ORDER BY 1, 2, 3;

-- case: one of a character(n)
SELECT x || 'a', x FROM (VALUES ('b  '::char(3)), ('c')) v(x) GROUP BY ROLLUP (x || 'a', x) ORDER BY 1, 2;

-- case: the sum of distinct numbers that are none
SELECT sum(DISTINCT x) FROM (VALUES ('NaN'::numeric)) v(x);

-- case: nothing's sum, in an operand of a correlated set operation
SELECT * FROM (VALUES (3), (6), (NULL)) q1(c) CROSS JOIN LATERAL ((SELECT 7::int8 AS c2) UNION ALL (SELECT sum(1) FROM (VALUES (1)) q6(e) WHERE q1.c > 5)) q2 ORDER BY 1, 2;

-- case: nothing's sum, correlated and distinct
SELECT * FROM (VALUES (3), (6), (NULL)) q1(c) CROSS JOIN LATERAL (SELECT DISTINCT sum(1) AS c2 FROM (VALUES (1)) q6(e) WHERE q1.c > 5) q2 ORDER BY 1, 2;

-- case: nothing's sum, numbered
SELECT c, (SELECT row_number() OVER () FROM (SELECT sum(1) AS c2 FROM (VALUES (1)) q6(e) WHERE q1.c > 5) z) FROM (VALUES (3), (6), (NULL)) q1(c) ORDER BY 1, 2;

-- case: an outer column's decimal compared with all of a query
SELECT 1 FROM (VALUES (3, 10)) d(i, n) WHERE 2.5 < ALL (SELECT d.i FROM (VALUES (1)) q4(e));

-- case: rows that an outer query counts
SELECT (SELECT count(q)) AS n FROM (VALUES (1), (2)) q(a);

-- case: percentiles of nothing
SELECT percentile_cont(ARRAY[0.1, 0.5]) WITHIN GROUP (ORDER BY x) AS a, (percentile_disc(ARRAY[0, 0.5]) WITHIN GROUP (ORDER BY x::text))::text AS b FROM (VALUES (1::float8)) v(x) WHERE false;

-- case: DISTINCT in an order of its own
-- error: 42P10
SELECT array_agg(DISTINCT x ORDER BY 1) FROM (VALUES (1), (2)) v(x);

-- case: NULLIF keeps its first operand's modifier
SELECT nullif(1.5::numeric(12,3), 1.5) AS a, nullif(2.5::numeric(12,3), 1::int8) AS b, nullif('abc'::varchar(3), 'x') AS c;

-- case: nothing's maximum, in an operand beside one that refers to the query around
SELECT q1.x, q2.m FROM (VALUES (1), (2)) q1(x) CROSS JOIN LATERAL ((SELECT max(n) AS m FROM (VALUES (5)) d(n) WHERE false) UNION ALL (SELECT q1.x)) q2 ORDER BY 1, 2;

-- case: the same below another query
SELECT q1.x, q2.m FROM (VALUES (1), (2)) q1(x) CROSS JOIN LATERAL ((SELECT * FROM (SELECT max(n) AS m FROM (VALUES (5)) d(n) WHERE false) z) UNION ALL (SELECT q1.x)) q2 ORDER BY 1, 2;
-- case: pairs of nothing, counted in a query that refers to the one around it
WITH d(i, f) AS (VALUES (5, 1.5::float8), (5, 2)) SELECT e, (SELECT regr_count(d.f, d.i) FROM d WHERE d.i = q.e) AS a, (SELECT regr_count(DISTINCT d.i, d.i) FROM d WHERE d.i = q.e) AS b, (SELECT count(DISTINCT (d.i, d.f)) FROM d WHERE d.i = q.e) AS c, (SELECT coalesce(max(d.f), 7) FROM d WHERE d.i = q.e) AS d FROM (VALUES (1), (5)) q(e), LATERAL (SELECT 1) z ORDER BY 1;

-- case: what FILTER leaves out does not fail
SELECT sum(1 / x) FILTER (WHERE x <> 0) AS a, count(s::int) FILTER (WHERE s ~ '^\d+$') AS b, array_agg(s::int) FILTER (WHERE s ~ '^\d+$') AS c, json_object_agg(k, 1) FILTER (WHERE k IS NOT NULL) AS d, jsonb_object_agg(k, 1 / x ORDER BY x) FILTER (WHERE x <> 0 AND k IS NOT NULL) AS e, string_agg(s, ',' ORDER BY s::int) FILTER (WHERE s ~ '^\d+$') AS f, avg(sqrt(x - 1)) FILTER (WHERE x >= 1) AS g, percentile_cont(0.5) WITHIN GROUP (ORDER BY 1 / x) FILTER (WHERE x <> 0) AS h, regr_count(1 / x, x) FILTER (WHERE x <> 0) AS i, stddev(1 / x) FILTER (WHERE x <> 0) AS j, bool_or(1 / x > 0) FILTER (WHERE x <> 0) AS k, mode() WITHIN GROUP (ORDER BY 1 / x) FILTER (WHERE x <> 0) AS l, count(DISTINCT 1 / x) FILTER (WHERE x <> 0) AS m FROM (VALUES (0, 'a', NULL), (1, '1', 'k'), (2, '2', 'l')) v(x, s, k);

-- case: nor over a window
SELECT x, sum(1 / x) FILTER (WHERE x <> 0) OVER (ORDER BY x) FROM (VALUES (0), (1), (2)) v(x) ORDER BY x;

-- case: AND and OR go no further than they must
SELECT x, x <> 0 AND 10 / x > 1 AS a, x = 0 OR 10 / x > 1 AS b, NOT (x <> 0 AND 10 / x > 1 AND 10 / x < 7) AS c, CASE WHEN x <> 0 AND (x = 1 OR 10 / (x - 1) > 0) THEN 'y' END AS d, bool_or(x <> 0 AND 10 / x > 1) OVER () AS e FROM (VALUES (0), (1), (20), (NULL)) v(x) ORDER BY x <> 0 AND 10 / x > 1, x;

-- case: AND and OR in WHERE
SELECT s FROM (VALUES ('a'), ('1'), ('20'), (NULL)) v(s) WHERE (s ~ '^\d+$' AND s::int > 5) OR s = 'a' AND NOT (s = 'a' OR s::int > 1) ORDER BY s;

-- case: the row of the empty set of no rows, in a query in LATERAL that is joined on a condition
WITH u(a) AS (VALUES (1), (2)) SELECT s, q FROM (VALUES (1), (2)) v(s) LEFT JOIN LATERAL (SELECT a, 1 AS k, max(a), grouping(a) AS g FROM u WHERE a = 5 GROUP BY ROLLUP (a)) q ON s > 1 ORDER BY 1;

-- case: and in one that refers to the query around
SELECT s, q FROM (VALUES (1), (2)) v(s), LATERAL (SELECT y, 1 AS k, grouping(x, y) AS g FROM (VALUES (1, 2), (3, 4)) t(x, y) WHERE x = s GROUP BY GROUPING SETS ((x, y), ())) q ORDER BY 1, 2;

-- case: and where no set is empty
SELECT s, q FROM (VALUES (1), (2)) v(s) LEFT JOIN LATERAL (SELECT y, 1 AS k FROM (VALUES (1, 2), (3, 4)) t(x, y) WHERE x = s GROUP BY GROUPING SETS ((x, y), (y))) q ON s > 0 ORDER BY 1, 2;

-- case: several empty sets
SELECT s, q FROM (VALUES (1), (2)) v(s) LEFT JOIN (SELECT 1 AS k FROM (VALUES (1, 2), (3, 4)) t(x, y) WHERE x > 5 GROUP BY GROUPING SETS ((), ROLLUP (x))) q ON s > 1 ORDER BY 1, 2;

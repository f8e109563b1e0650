-- Statements that once differed, in the form of integration/analytics' cases. Each stays
-- after its mending.

-- case: in, over rows with NULL
SELECT (1, NULL::int) NOT IN (SELECT a, b FROM (VALUES (1, 2), (2, NULL)) v(a, b)) AS x;

-- case: lists in lists, of several rows
SELECT f.* FROM (VALUES ('x', 'x'), ('l', '[a-z]+'), ('ab', '(a)(b)')) v(a1, a2), LATERAL regexp_matches(v.a1, v.a2) f;

-- case: all matches of several rows
SELECT a, m FROM (VALUES ('ab'), ('cd')) v(a), LATERAL regexp_matches(a, '.', 'g') m ORDER BY a, m;

-- case: rows told apart by columns without operators
-- error: 42883
SELECT 1 FROM (VALUES (1)) v(a) LEFT JOIN LATERAL (SELECT NULL AS b) q ON (1, 'x') IS DISTINCT FROM (q.b, 'x');

-- case: full joins of what refers to a query around
SELECT a, (SELECT count(*) FROM (SELECT 1 AS b WHERE a = 1) x FULL JOIN (VALUES (1), (3)) y(c) ON b = c) FROM (VALUES (1), (2)) t(a);

-- case: full joins in LATERAL
SELECT * FROM (VALUES (1), (2)) t(a), LATERAL (SELECT * FROM (SELECT 1 AS b WHERE a = 1) x FULL JOIN (VALUES (1), (3)) y(c) ON b = c) z ORDER BY 1, 2, 3;

-- case: columns of the query around beside a set made of one of them
SELECT e.position, q.* FROM events e CROSS JOIN LATERAL (SELECT t, e.type, e.version FROM unnest(e.tags) u(t)) q ORDER BY 1, 2;

-- case: the same one query further in, and joined to the left
SELECT e.position, q.* FROM events e LEFT JOIN LATERAL (SELECT e.type || coalesce(t, '-') AS x, e.version FROM (SELECT unnest(e.tags) AS t) u) q ON true ORDER BY 1, 2;

-- case: the same without FROM
SELECT e.position, q.* FROM events e, LATERAL (SELECT unnest(e.tags) AS t, e.type) q ORDER BY 1, 2;

-- case: sets side by side
SELECT q.i, count(*) AS n, count(DISTINCT q.type) AS k FROM events e CROSS JOIN LATERAL (SELECT i, e.type FROM ROWS FROM (generate_series(1, 3), unnest(e.tags)) u(i, t)) q GROUP BY q.i ORDER BY 1;

-- case: of VALUES, in an operand, and in WITH
SELECT v.a, q.* FROM (VALUES ('a', '{x,y}'::text[]), ('b', '{}'), ('c', NULL)) v(a, t), LATERAL (WITH w AS (SELECT x, v.a AS b FROM unnest(v.t) x) SELECT * FROM w UNION ALL SELECT v.a, x FROM unnest(v.t) x) q ORDER BY 1, 2, 3;

-- case: the first row of an order in a subquery that refers to the one around it, with nulls
WITH d(i, y) AS (VALUES (1, 2), (2, null), (3, 4), (5, null), (6, 3))
SELECT i, (SELECT * FROM (SELECT e.y * interval '1 day' AS x FROM d e WHERE d.i <> e.i) z ORDER BY 1 DESC NULLS LAST LIMIT 1) AS a,
  (SELECT x FROM (SELECT e.y * 1.50 AS x FROM d e WHERE d.i <> e.i) z ORDER BY 1 DESC NULLS LAST LIMIT 1) AS b,
  (SELECT x FROM (SELECT to_jsonb(e.y) AS x FROM d e WHERE d.i <> e.i) z ORDER BY 1 NULLS LAST LIMIT 1) AS c FROM d;

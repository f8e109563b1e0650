-- WITH, plain and recursive.

-- case: one
WITH paid AS (SELECT stream FROM events WHERE type = 'OrderPaid') SELECT * FROM paid ORDER BY stream;

-- case: chained
WITH a AS (SELECT stream, count(*) AS n FROM events WHERE stream LIKE 'permit-%' GROUP BY stream), b AS (SELECT n, count(*) AS cases FROM a GROUP BY n), c AS (SELECT sum(cases) AS total FROM b)
SELECT b.n, b.cases, round(b.cases / c.total, 4) AS share FROM b, c ORDER BY b.n;

-- case: used twice
WITH e AS (SELECT stream, version, type FROM events WHERE stream LIKE 'order-%') SELECT x.type AS a, y.type AS b FROM e x JOIN e y ON x.stream = y.stream AND y.version = x.version + 1 ORDER BY x.stream;

-- case: column list
WITH t(a, b) AS (SELECT 1, 'x') SELECT b, a FROM t;

-- case: values
WITH v(n) AS (VALUES (1), (2), (3)) SELECT sum(n), avg(n) FROM v;

-- case: shadows a table
WITH events AS (SELECT 1 AS only) SELECT * FROM events;

-- case: nested
WITH a AS (WITH b AS (SELECT 1 AS n) SELECT n + 1 AS n FROM b) SELECT n FROM a;

-- case: inside a subquery
SELECT (WITH t AS (SELECT max(version) AS m FROM events) SELECT m FROM t) AS longest;

-- case: materialized
WITH a AS MATERIALIZED (SELECT type, count(*) AS n FROM events GROUP BY type) SELECT * FROM a WHERE n > 1000 ORDER BY type;

-- case: not materialized
WITH a AS NOT MATERIALIZED (SELECT type, count(*) AS n FROM events GROUP BY type) SELECT * FROM a WHERE n < 3 ORDER BY type;

-- case: unused
WITH never AS (SELECT 1 / 0 AS boom) SELECT 1 AS fine;

-- case: recursive count
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT n FROM t ORDER BY n;

-- case: recursive sum
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n), count(*) FROM t;

-- case: recursive union ends a cycle
WITH RECURSIVE t(n) AS (SELECT 0 UNION SELECT (n + 1) % 5 FROM t) SELECT n FROM t ORDER BY n;

-- case: recursive fibonacci
WITH RECURSIVE f(i, a, b) AS (SELECT 1, 0::bigint, 1::bigint UNION ALL SELECT i + 1, b, a + b FROM f WHERE i < 20) SELECT i, a FROM f ORDER BY i;

-- case: recursive over a graph
WITH RECURSIVE edges(a, b) AS (VALUES (1, 2), (2, 3), (3, 1), (3, 4), (5, 6)), reach(n) AS (SELECT 1 UNION SELECT e.b FROM edges e JOIN reach r ON r.n = e.a) SELECT n FROM reach ORDER BY n;

-- case: recursive path
WITH RECURSIVE tree(id, parent, name) AS (VALUES (1, NULL::int, 'root'), (2, 1, 'a'), (3, 1, 'b'), (4, 2, 'c')), walk(id, path, depth) AS (
	SELECT id, name, 0 FROM tree WHERE parent IS NULL UNION ALL SELECT t.id, w.path || '/' || t.name, w.depth + 1 FROM tree t JOIN walk w ON t.parent = w.id)
SELECT id, path, depth FROM walk ORDER BY id;

-- case: recursive with an array path
WITH RECURSIVE walk(n, path) AS (SELECT 1, ARRAY[1] UNION ALL SELECT n + 1, path || (n + 1) FROM walk WHERE n < 4) SELECT n, path FROM walk ORDER BY n;

-- case: recursive along versions
WITH RECURSIVE steps AS (SELECT stream_id, version, type::text AS trace FROM events WHERE stream = 'permit-891' AND version = 0 UNION ALL
	SELECT e.stream_id, e.version, s.trace || ',' || left(e.type, 3) FROM events e JOIN steps s ON e.stream_id = s.stream_id AND e.version = s.version + 1)
SELECT version, trace FROM steps ORDER BY version;

-- case: recursive calendar
WITH RECURSIVE days(d) AS (SELECT date '2024-02-27' UNION ALL SELECT d + 1 FROM days WHERE d < '2024-03-02') SELECT d, to_char(d, 'Dy') AS name FROM days ORDER BY d;

-- case: recursive keyword without recursion
WITH RECURSIVE a AS (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM a) SELECT a.n, b.n FROM a, b;

-- case: recursive next distinct value
WITH RECURSIVE t AS ((SELECT min(type) AS type FROM events WHERE type > '') UNION ALL SELECT (SELECT min(type) FROM events e WHERE e.type > t.type) FROM t WHERE t.type IS NOT NULL)
SELECT count(type) FROM t;

-- case: search depth first
-- difference: SEARCH is not there
-- eventgres-error: 0A000
WITH RECURSIVE tree(id, parent) AS (VALUES (1, NULL::int), (2, 1), (3, 1), (4, 2)), walk AS (SELECT id FROM tree WHERE parent IS NULL UNION ALL SELECT t.id FROM tree t JOIN walk w ON t.parent = w.id) SEARCH DEPTH FIRST BY id SET ord
SELECT id FROM walk ORDER BY ord;

-- case: cycle detection
-- difference: CYCLE is not there
-- eventgres-error: 0A000
WITH RECURSIVE edges(a, b) AS (VALUES (1, 2), (2, 1)), walk(n) AS (SELECT 1 UNION ALL SELECT e.b FROM edges e JOIN walk w ON w.n = e.a) CYCLE n SET looped USING path
SELECT n, looped FROM walk ORDER BY n, looped;

-- case: with and union
WITH t AS (SELECT 1 AS n) SELECT n FROM t UNION ALL SELECT n + 1 FROM t ORDER BY n;

-- case: with in both arms
(WITH a AS (SELECT 1 AS n) SELECT n FROM a) UNION ALL (WITH a AS (SELECT 2 AS n) SELECT n FROM a) ORDER BY 1;

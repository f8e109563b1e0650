-- GROUP BY, HAVING and grouping sets.

-- case: group by name
SELECT type, count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY type ORDER BY type;

-- case: group by ordinal
SELECT type, payload->>'customer', count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY 1, 2 ORDER BY 1, 2;

-- case: group by alias
SELECT left(type, 3) AS kind, count(*) FROM events GROUP BY kind ORDER BY kind;

-- case: group by prefers the column to the alias
SELECT left(type, 3) AS type, count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY type ORDER BY 1, 2;

-- case: group by expression
SELECT version % 3 AS r, count(*) FROM events WHERE stream LIKE 'permit-%' GROUP BY version % 3 ORDER BY version % 3;

-- case: group by expression repeated inside another
SELECT version / 5 * 10 AS x, count(*) FROM events GROUP BY version / 5 ORDER BY 1;

-- case: group by null keys
SELECT payload->>'method' AS method, count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY 1 ORDER BY 1;

-- case: group by without aggregates
SELECT type FROM events WHERE stream LIKE 'order-%' GROUP BY type ORDER BY type DESC;

-- case: having without group by
SELECT count(*) FROM events HAVING count(*) > 1000000;

-- case: having without group by, true
SELECT max(version) FROM events HAVING min(version) = 0;

-- case: having on another aggregate
SELECT type FROM events GROUP BY type HAVING count(DISTINCT stream) BETWEEN 2 AND 10 ORDER BY type;

-- case: having with a subquery
SELECT type, count(*) FROM events GROUP BY type HAVING count(*) > (SELECT avg(n) FROM (SELECT count(*) AS n FROM events GROUP BY type) c) ORDER BY 2 DESC;

-- case: rollup
SELECT type, payload->>'method' AS method, count(*), sum((payload->>'total')::numeric) FROM events WHERE stream LIKE 'order-%' GROUP BY ROLLUP (type, payload->>'method') ORDER BY type NULLS LAST, method NULLS LAST, count(*);

-- case: rollup with grouping
SELECT type, payload->>'currency' AS currency, grouping(type) AS gt, grouping(type, payload->>'currency') AS g, count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY ROLLUP (type, payload->>'currency') ORDER BY g, type, currency;

-- case: cube
SELECT a, b, sum(n) FROM (VALUES ('x', 'p', 1), ('x', 'q', 2), ('y', 'p', 3)) v(a, b, n) GROUP BY CUBE (a, b) ORDER BY a NULLS FIRST, b NULLS FIRST;

-- case: cube with grouping bits
SELECT a, b, grouping(a, b) AS bits, sum(n) FROM (VALUES ('x', 'p', 1), ('x', 'q', 2), ('y', 'p', 3)) v(a, b, n) GROUP BY CUBE (a, b) ORDER BY bits, a, b;

-- case: grouping sets
SELECT a, b, count(*), sum(n) FROM (VALUES ('x', 'p', 1), ('x', 'q', 2), ('y', 'p', 3)) v(a, b, n) GROUP BY GROUPING SETS ((a), (b), ()) ORDER BY a, b;

-- case: grouping sets with duplicates
SELECT a, sum(n) FROM (VALUES ('x', 1), ('y', 2)) v(a, n) GROUP BY GROUPING SETS ((a), (a), ()) ORDER BY a;

-- case: grouping sets crossed with a column
SELECT a, b, sum(n) FROM (VALUES ('x', 'p', 1), ('x', 'q', 2), ('y', 'p', 3)) v(a, b, n) GROUP BY a, GROUPING SETS ((b), ()) ORDER BY a, b;

-- case: group by distinct
-- difference: GROUP BY DISTINCT is not there
-- eventgres-error: 0A000
SELECT a, b, sum(n) FROM (VALUES ('x', 'p', 1), ('y', 'p', 3)) v(a, b, n) GROUP BY DISTINCT ROLLUP (a, b), ROLLUP (a) ORDER BY a, b;

-- case: nested grouping sets
SELECT a, b, c, count(*) FROM (VALUES (1, 1, 1), (1, 2, 1), (2, 1, 2)) v(a, b, c) GROUP BY GROUPING SETS (a, ROLLUP (b, c)) ORDER BY a, b, c;

-- case: grand total over nothing
SELECT count(*), sum(version) FROM events WHERE false GROUP BY ();

-- case: rollup over nothing
SELECT type, count(*) FROM events WHERE false GROUP BY ROLLUP (type);

-- case: group by over nothing
SELECT type, count(*) FROM events WHERE false GROUP BY type;

-- case: having on grouping
SELECT type, count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY ROLLUP (type) HAVING grouping(type) = 1;

-- case: functional dependency on the primary key
SELECT e.position, e.type, e.version, count(*) FROM events e WHERE e.stream = 'order-1' GROUP BY e.position ORDER BY e.position;

-- case: aggregate of aggregate through a window
SELECT type, count(*) AS n, sum(count(*)) OVER () AS total FROM events WHERE stream LIKE 'order-%' GROUP BY type ORDER BY type;

-- case: group by boolean
SELECT version > 2 AS late, count(*), min(version), max(version) FROM events GROUP BY version > 2 ORDER BY 1;

-- case: group by json
SELECT payload->'channel' AS channel, count(*) FROM events WHERE payload ? 'channel' GROUP BY payload->'channel' ORDER BY 2 DESC, channel;

-- case: group by array
SELECT tags, count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY tags ORDER BY tags;

-- case: group by date
SELECT (payload->>'at')::date AS day, count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY 1 ORDER BY 1;

-- case: group by all columns of a values list
SELECT x, y, count(*) FROM (VALUES (1, NULL), (1, NULL), (NULL, 2)) v(x, y) GROUP BY x, y ORDER BY x, y;

-- case: group by row of two
SELECT (a, b) = (1, 2) AS same, count(*) FROM (VALUES (1, 2), (1, 3)) v(a, b) GROUP BY (a, b) ORDER BY 1;

-- case: rollup over numerics of JSON
SELECT x, grouping(x) AS g, count(*) FROM (VALUES ('1.0'), ('1.00'), ('2')) v(t), LATERAL (SELECT trim_scale(t::numeric) AS x) n GROUP BY ROLLUP (x) ORDER BY 2, 1;

-- case: rollup over jsonb
SELECT j, GROUPING(j), count(*) FROM (VALUES ('1'::jsonb), ('2'), ('1'), (NULL)) t(j) GROUP BY ROLLUP (j) ORDER BY 2, 1;

-- case: cube over intervals and numerics
SELECT i, n, GROUPING(i, n), count(*) FROM (VALUES (interval '1 day', '1.5'::text::numeric), ('2 days', '2.5'), ('1 day', '2.5')) t(i, n) GROUP BY CUBE (i, n) ORDER BY 3, 1, 2;

-- case: grouping sets over jsonb and text
SELECT type, payload->'amount' AS a, count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY GROUPING SETS ((type), (payload->'amount'), ()) ORDER BY 1, 2, 3;

-- case: group by padded characters
SELECT count(*) FROM (VALUES ('a '::bpchar), ('a'), ('b')) t(c) GROUP BY c ORDER BY 1;

-- case: group by an array of numerics
SELECT count(*) FROM (VALUES (ARRAY[1.0, 2]), (ARRAY[1, 2.0]), (ARRAY[1, 3.0])) t(a) GROUP BY a ORDER BY 1;

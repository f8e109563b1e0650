-- Joins of every kind.

-- case: inner join on
SELECT e.position, s.stream, s.version FROM events e JOIN streams s ON s.stream_id = e.stream_id WHERE e.type = 'OrderPaid' ORDER BY e.position;

-- case: inner join using
SELECT stream, count(*), max(s.version) FROM events e JOIN streams s USING (stream_id, stream) WHERE s.category = 'order' GROUP BY stream ORDER BY stream;

-- case: using merges the column
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS x(id, l) JOIN (VALUES (2, 'c'), (3, 'd')) AS y(id, r) USING (id) ORDER BY id;

-- case: natural join
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS x(id, l) NATURAL JOIN (VALUES (1, 'c'), (2, 'd')) AS y(id, r) ORDER BY id;

-- case: natural left join
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS x(id, l) NATURAL LEFT JOIN (VALUES (1, 'c')) AS y(id, r) ORDER BY id;

-- case: natural join without common columns
SELECT * FROM (VALUES (1), (2)) AS x(a) NATURAL JOIN (VALUES (3)) AS y(b) ORDER BY a;

-- case: left join keeps the unmatched
SELECT p.stream, c.type FROM (SELECT * FROM events WHERE type = 'OrderPlaced') p LEFT JOIN events c ON c.stream_id = p.stream_id AND c.type = 'OrderCancelled' ORDER BY p.stream;

-- case: left join filtered in where
SELECT p.stream FROM events p LEFT JOIN events c ON c.stream_id = p.stream_id AND c.type = 'OrderPaid' WHERE p.type = 'OrderPlaced' AND c.position IS NULL ORDER BY p.stream;

-- case: right join
SELECT x.a, y.b FROM (VALUES (1), (2)) AS x(a) RIGHT JOIN (VALUES (2), (3)) AS y(b) ON x.a = y.b ORDER BY y.b;

-- case: full join
SELECT x.a, y.b FROM (VALUES (1), (2)) AS x(a) FULL JOIN (VALUES (2), (3)) AS y(b) ON x.a = y.b ORDER BY coalesce(x.a, y.b);

-- case: full join using coalesces
SELECT id, l, r FROM (VALUES (1, 'a'), (2, 'b')) AS x(id, l) FULL OUTER JOIN (VALUES (2, 'c'), (3, 'd')) AS y(id, r) USING (id) ORDER BY id;

-- case: full join of types
SELECT coalesce(a.type, b.type) AS type, a.n AS first, b.n AS later
FROM (SELECT type, count(*) AS n FROM events WHERE version = 0 GROUP BY type) a FULL JOIN (SELECT type, count(*) AS n FROM events WHERE version > 5 GROUP BY type) b ON a.type = b.type ORDER BY 1;

-- case: cross join
SELECT a, b FROM (VALUES (1), (2)) AS x(a) CROSS JOIN (VALUES ('x'), ('y')) AS y(b) ORDER BY a, b;

-- case: comma join
SELECT a.stream, b.type FROM events a, events b WHERE a.stream_id = b.stream_id AND a.version = b.version - 1 AND a.stream LIKE 'order-%' ORDER BY b.position;

-- case: self join on version
SELECT a.type AS first, b.type AS second FROM events a JOIN events b ON a.stream = b.stream AND b.version = a.version + 1 WHERE a.stream = 'permit-891' ORDER BY a.version;

-- case: join on inequality
SELECT x.a, y.b FROM generate_series(1, 3) AS x(a) JOIN generate_series(1, 3) AS y(b) ON x.a < y.b ORDER BY 1, 2;

-- case: join on true
SELECT count(*) FROM streams a JOIN (VALUES (1), (2), (3)) v(n) ON true WHERE a.category = 'order';

-- case: null keys never match
SELECT x.a, y.b FROM (VALUES (1), (NULL::int)) AS x(a) LEFT JOIN (VALUES (1), (NULL::int)) AS y(b) ON x.a = y.b ORDER BY x.a;

-- case: join on is not distinct from
SELECT x.a, y.b FROM (VALUES (1), (NULL::int)) AS x(a) JOIN (VALUES (1), (NULL::int)) AS y(b) ON x.a IS NOT DISTINCT FROM y.b ORDER BY x.a;

-- case: lateral subquery
SELECT s.stream, l.type, l.version FROM streams s CROSS JOIN LATERAL (SELECT type, version FROM events e WHERE e.stream_id = s.stream_id ORDER BY version DESC LIMIT 1) l WHERE s.category = 'order' ORDER BY s.stream;

-- case: left join lateral on true
SELECT s.stream, l.type FROM streams s LEFT JOIN LATERAL (SELECT type FROM events e WHERE e.stream_id = s.stream_id AND e.type = 'OrderPaid' LIMIT 1) l ON true WHERE s.category = 'order' ORDER BY s.stream;

-- case: lateral function
SELECT e.type, k FROM events e, LATERAL jsonb_object_keys(e.payload) AS k WHERE e.stream = 'order-2' ORDER BY e.version, k;

-- case: lateral with several outer columns
SELECT a, b, c FROM generate_series(1, 3) AS x(a), LATERAL (SELECT a * 2 AS b) y, LATERAL (SELECT a + b AS c) z ORDER BY a;

-- case: lateral aggregate
SELECT s.stream, t.n, t.types FROM streams s, LATERAL (SELECT count(*) AS n, string_agg(type, ',' ORDER BY version) AS types FROM events e WHERE e.stream_id = s.stream_id) t WHERE s.category = 'order' ORDER BY s.stream;

-- case: three-way join
SELECT a.stream, b.type, c.type FROM streams a JOIN events b ON b.stream_id = a.stream_id AND b.version = 0 LEFT JOIN events c ON c.stream_id = a.stream_id AND c.version = 1 WHERE a.category IN ('order', 'edge') ORDER BY a.stream;

-- case: nested join in parentheses
SELECT x.a, y.b, z.c FROM (VALUES (1), (2)) x(a) LEFT JOIN ((VALUES (1), (2)) y(b) JOIN (VALUES (2)) z(c) ON y.b = z.c) ON x.a = y.b ORDER BY x.a;

-- case: join alias with column list
SELECT j.p, j.q FROM ((VALUES (1, 2)) AS a(x, y) CROSS JOIN (VALUES (3)) AS b(z)) AS j(p, q) ORDER BY 1;

-- case: qualified star of each side
SELECT x.*, y.* FROM (VALUES (1, 'a')) AS x(id, l) JOIN (VALUES (1, 'b')) AS y(id, r) ON x.id = y.id;

-- case: semi join through in
SELECT stream FROM streams WHERE stream_id IN (SELECT stream_id FROM events WHERE type = 'OrderCancelled') ORDER BY stream;

-- case: join with a cast between types
SELECT e.type, v.label FROM events e JOIN (VALUES ('0', 'zero'), ('1', 'one')) AS v(n, label) ON e.version = v.n::bigint WHERE e.stream = 'order-1' ORDER BY e.version;

-- case: join int with bigint and numeric
SELECT a, b, c FROM (VALUES (1), (2)) x(a) JOIN (VALUES (1::bigint), (2)) y(b) ON a = b JOIN (VALUES (1.0), (2.5)) z(c) ON b = c ORDER BY a;

-- case: join on expression of json
SELECT p.stream AS placed, q.stream AS other FROM events p JOIN events q ON p.payload->>'customer' = q.payload->>'customer' AND p.position < q.position WHERE p.type = 'OrderPlaced' AND q.type = 'OrderPlaced' ORDER BY p.position, q.position;

-- case: using with aliases
SELECT j.id, x.l FROM (VALUES (1, 'a')) AS x(id, l) JOIN (VALUES (1, 'b')) AS y(id, r) USING (id) AS j ORDER BY 1;

-- case: full join on constant false
SELECT x.a, y.b FROM (VALUES (1)) AS x(a) FULL JOIN (VALUES (2)) AS y(b) ON false ORDER BY 1 NULLS LAST;

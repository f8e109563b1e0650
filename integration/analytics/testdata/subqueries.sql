-- Subqueries wherever an expression or a table may stand.

-- case: scalar in select
SELECT type, (SELECT count(*) FROM streams) AS streams FROM events WHERE position = 0;

-- case: scalar correlated
SELECT s.stream, (SELECT type FROM events e WHERE e.stream_id = s.stream_id AND e.version = s.version) AS last FROM streams s WHERE s.category = 'order' ORDER BY s.stream;

-- case: scalar of no row is null
SELECT (SELECT type FROM events WHERE position = -1) AS nothing, (SELECT 1 WHERE false) IS NULL AS isnull;

-- case: scalar in where
SELECT stream, version FROM events WHERE position = (SELECT max(position) FROM events);

-- case: in
SELECT DISTINCT stream FROM events WHERE stream_id IN (SELECT stream_id FROM events WHERE type = 'OrderPaid') ORDER BY stream;

-- case: not in
SELECT stream FROM streams WHERE category = 'order' AND stream_id NOT IN (SELECT stream_id FROM events WHERE type = 'OrderPaid') ORDER BY stream;

-- case: not in with a null is never true
SELECT count(*) FROM events WHERE stream NOT IN (SELECT stream FROM events WHERE stream IS NULL OR stream = 'order-1');

-- case: in with a null
SELECT 1 IN (1, NULL) AS found, 2 IN (1, NULL) AS unknown, 2 NOT IN (1, NULL) AS not_unknown, NULL IN (1) AS null_in, NULL::int IN (SELECT 1 WHERE false) AS empty;

-- case: row in
SELECT count(*) FROM events WHERE (stream, type) IN (SELECT stream, 'OrderPaid' FROM streams WHERE category = 'order');

-- case: row in list
SELECT position - (SELECT min(position) FROM events WHERE stream = 'order-1') AS p, type FROM events WHERE (stream, version) IN (('order-1', 0), ('order-1', 1)) ORDER BY position;

-- case: exists
SELECT stream FROM streams s WHERE category = 'order' AND EXISTS (SELECT 1 FROM events e WHERE e.stream_id = s.stream_id AND e.payload->>'method' = 'card') ORDER BY stream;

-- case: not exists
SELECT stream FROM streams s WHERE category = 'order' AND NOT EXISTS (SELECT * FROM events e WHERE e.stream_id = s.stream_id AND e.type = 'OrderPaid') ORDER BY stream;

-- case: exists in select
SELECT stream, EXISTS (SELECT FROM events e WHERE e.stream = s.stream AND e.type = 'OrderCancelled') AS cancelled FROM streams s WHERE category = 'order' ORDER BY 1;

-- case: any
SELECT 3 = ANY (SELECT generate_series(1, 3)) AS yes, 9 > ANY (SELECT generate_series(1, 3)) AS greater, 0 = ANY (SELECT 1 WHERE false) AS none;

-- case: all
SELECT 3 >= ALL (SELECT generate_series(1, 3)) AS yes, 2 >= ALL (SELECT generate_series(1, 3)) AS no, 0 > ALL (SELECT 1 WHERE false) AS empty, 3 <> ALL (SELECT NULL::int) AS unknown;

-- case: some
SELECT count(*) FROM events WHERE type = SOME (SELECT unnest(ARRAY['OrderPaid', 'OrderPlaced']));

-- case: any of an array
SELECT count(*) FROM events WHERE type = ANY (ARRAY['OrderPaid', 'OrderPlaced']) AND version <> ALL ('{5,6}');

-- case: correlated count
SELECT s.stream, (SELECT count(*) FROM events e WHERE e.stream_id = s.stream_id AND e.version > 0) AS later FROM streams s WHERE s.category IN ('order', 'edge') ORDER BY later DESC, s.stream;

-- case: correlated above average
SELECT stream, steps FROM (SELECT stream, version + 1 AS steps FROM streams WHERE category = 'permit') c WHERE steps > (SELECT 3 * avg(version + 1) FROM streams WHERE category = 'permit') ORDER BY steps DESC, stream;

-- case: correlated two levels deep
SELECT s.stream FROM streams s WHERE category = 'order' AND EXISTS (SELECT 1 FROM events e WHERE e.stream_id = s.stream_id AND e.version = (SELECT max(version) FROM events x WHERE x.stream_id = s.stream_id) AND e.type = 'OrderPaid') ORDER BY stream;

-- case: derived table
SELECT max(n) FROM (SELECT count(*) AS n FROM events GROUP BY stream_id) AS counts;

-- case: derived table with column aliases
SELECT a, b FROM (SELECT type, count(*) FROM events WHERE stream LIKE 'order-%' GROUP BY type) AS t(a, b) ORDER BY a;

-- case: derived table of derived tables
SELECT x FROM (SELECT x + 1 AS x FROM (SELECT x + 1 AS x FROM (SELECT 1 AS x) a) b) c;

-- case: subquery in order by
SELECT v.n FROM (VALUES (1), (2), (3)) v(n) ORDER BY (SELECT -v.n);

-- case: subquery in limit
SELECT position FROM events ORDER BY position LIMIT (SELECT 3) OFFSET (SELECT 1);

-- case: subquery in case
SELECT CASE WHEN (SELECT count(*) FROM events) > 100 THEN 'many' ELSE 'few' END AS size;

-- case: subquery in function argument
SELECT coalesce((SELECT type FROM events WHERE position = -5), 'none') AS t, upper((SELECT min(type) FROM events WHERE stream = 'order-1')) AS u;

-- case: array of a subquery
SELECT ARRAY(SELECT type FROM events WHERE stream = 'order-1' ORDER BY version) AS types, ARRAY(SELECT 1 WHERE false) AS none;

-- case: array of a subquery, correlated
SELECT stream, ARRAY(SELECT e.type FROM events e WHERE e.stream_id = s.stream_id ORDER BY version DESC) AS types FROM streams s WHERE category = 'order' ORDER BY stream;

-- case: row comparison with a subquery
SELECT count(*) FROM events WHERE (version, type) = (SELECT 1::bigint, 'OrderPaid'::text);

-- case: in with expressions
SELECT count(*) FROM events WHERE lower(type) IN (SELECT lower(x) FROM (VALUES ('ORDERPAID'), ('orderplaced')) v(x));

-- case: in over mixed numbers
SELECT 1 IN (1.0, 2.5) AS a, 2 IN (SELECT 2.0) AS b, 1::bigint IN (SELECT 1::smallint) AS c;

-- case: nested aggregates by subquery
SELECT round(avg(n), 4) AS mean, max(n) - min(n) AS spread FROM (SELECT count(*) AS n FROM events WHERE stream LIKE 'permit-%' GROUP BY stream) c;

-- case: update of outer through lateral alias names
SELECT outer_type, inner_count FROM (SELECT DISTINCT type AS outer_type FROM events WHERE stream LIKE 'order-%') o, LATERAL (SELECT count(*) AS inner_count FROM events WHERE type = o.outer_type) i ORDER BY outer_type;

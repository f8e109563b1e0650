-- Statements of unusual shape: without FROM, without columns, without rows, long, nested.

-- case: one
SELECT 1;

-- case: without a semicolon
SELECT 1 AS n

-- case: with comments
SELECT /* a /* nested */ comment */ 1 AS n -- to the end
;

-- case: no columns
SELECT;

-- case: no columns, many rows
SELECT FROM events LIMIT 3;

-- case: no rows keeps the types
SELECT position, stream_id, stream, version, event_id, type, tags, recorded_at, payload->'a' AS a, count(*) OVER () AS n, 1.5 AS d, 'x' AS t FROM events WHERE position < 0;

-- case: no rows of star
SELECT * FROM events WHERE false;

-- case: no rows of streams
SELECT * FROM streams WHERE stream = 'no such stream';

-- case: where without from
SELECT 1 AS n WHERE 1 > 2;

-- case: group by without from
SELECT 1 AS n GROUP BY 1;

-- case: having without from
SELECT count(*) HAVING count(*) = 1;

-- case: order by without from
SELECT 2 AS n ORDER BY n;

-- case: distinct without from
SELECT DISTINCT 1 AS n, NULL AS x;

-- case: parentheses around everything
((SELECT (((1))) AS n));

-- case: many columns
SELECT 1 AS c1, 2 AS c2, 3 AS c3, 4 AS c4, 5 AS c5, 6 AS c6, 7 AS c7, 8 AS c8, 9 AS c9, 10 AS c10, 'a' AS c11, 'b' AS c12, true AS c13, NULL AS c14, 1.5 AS c15, now() = now() AS c16;

-- case: many rows
SELECT position, version, type FROM events WHERE stream LIKE 'permit-%' ORDER BY position;

-- case: many rows of text
SELECT stream, type, payload->>'resource' AS r, tags FROM events ORDER BY position DESC;

-- case: wide text
SELECT length(repeat('é', 100000)) AS n, md5(repeat('x', 1000000)) AS h, repeat('ab', 5000) AS t;

-- case: whole log folded
SELECT md5(string_agg(stream_id::text || version || type || event_id, ',' ORDER BY position)) AS digest FROM events;

-- case: deeply nested expression
SELECT ((((((((((((((((((((1 + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) AS n;

-- case: long in list
SELECT count(*) FROM events WHERE version IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);

-- case: series cross series
SELECT count(*), sum(a * b) FROM generate_series(1, 100) a, generate_series(1, 100) b;

-- case: set-returning function beside a scalar
SELECT generate_series(1, 3) AS n, 'x' AS t ORDER BY n;

-- case: set-returning functions side by side
SELECT generate_series(1, 3) AS a, generate_series(1, 2) AS b ORDER BY a;

-- case: rows from
SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY['a', 'b', 'c'])) AS t(n, x) ORDER BY x;

-- case: function with ordinality
SELECT * FROM generate_series(10, 12) WITH ORDINALITY AS t(v, n) ORDER BY n;

-- case: only and table alias columns
SELECT e.p, e.t FROM (SELECT position, type FROM ONLY events) AS e(p, t) WHERE e.p < 3 ORDER BY e.p;

-- case: version begins as PostgreSQL's
SELECT split_part(version(), '.', 1) AS v, current_setting('server_version') LIKE '15.%' AS s, current_schema() AS c;

-- case: settings
SELECT current_setting('TimeZone') AS tz, current_setting('standard_conforming_strings') AS s, current_setting('nope', true) AS n;

-- case: settings in a zone
-- zone: Asia/Tokyo
SELECT current_setting('timezone') AS tz;

-- case: unknown setting
-- error: 42704
SELECT current_setting('nope');

-- case: tablesample of everything
SELECT count(*) FROM events TABLESAMPLE SYSTEM (100);

-- case: unicode in identifiers
SELECT "größe"."日本" AS "ключ" FROM (SELECT 1 AS "日本") AS "größe";

-- ORDER BY, DISTINCT, DISTINCT ON, LIMIT and FETCH.

-- case: distinct
SELECT DISTINCT type FROM events WHERE stream LIKE 'order-%' ORDER BY type;

-- case: distinct of two
SELECT DISTINCT type, payload->>'customer' AS c FROM events WHERE stream LIKE 'order-%' ORDER BY type, c;

-- case: distinct counts nulls once
SELECT DISTINCT payload->>'method' AS m FROM events WHERE stream LIKE 'order-%' ORDER BY m;

-- case: distinct on
SELECT DISTINCT ON (type) type, stream, version FROM events WHERE stream LIKE 'order-%' ORDER BY type, stream DESC, version;

-- case: distinct on two
SELECT DISTINCT ON (payload->>'customer', type) payload->>'customer' AS c, type, position > 0 AS later FROM events WHERE stream LIKE 'order-%' ORDER BY payload->>'customer', type, position;

-- case: distinct on expression
SELECT DISTINCT ON (left(type, 2)) left(type, 2) AS kind, type FROM events WHERE stream LIKE 'permit-%' ORDER BY left(type, 2), type DESC;

-- case: distinct on with nulls
SELECT DISTINCT ON (x) x, y FROM (VALUES (NULL, 1), (NULL, 2), (1, 3)) v(x, y) ORDER BY x NULLS FIRST, y DESC;

-- case: distinct on with limit
SELECT DISTINCT ON (type) type, position IS NOT NULL AS there FROM events ORDER BY type, position LIMIT 4;

-- case: nulls last by default
SELECT x FROM (VALUES (2), (NULL), (1)) v(x) ORDER BY x;

-- case: nulls first when descending
SELECT x FROM (VALUES (2), (NULL), (1)) v(x) ORDER BY x DESC;

-- case: nulls first
SELECT x FROM (VALUES (2), (NULL), (1)) v(x) ORDER BY x NULLS FIRST;

-- case: nulls last descending
SELECT x FROM (VALUES (2), (NULL), (1)) v(x) ORDER BY x DESC NULLS LAST;

-- case: order using
SELECT x FROM (VALUES (2), (3), (1)) v(x) ORDER BY x USING >;

-- case: by ordinal
SELECT type, version FROM events WHERE stream = 'order-1' ORDER BY 2 DESC;

-- case: by alias
SELECT version * -1 AS minus FROM events WHERE stream = 'permit-891' ORDER BY minus;

-- case: by alias that hides a column
SELECT -version AS version FROM events WHERE stream = 'permit-891' ORDER BY version;

-- case: an expression sees the column, not the alias
SELECT -version AS version FROM events WHERE stream = 'permit-891' ORDER BY version + 0;

-- case: by an expression
SELECT type FROM (SELECT DISTINCT type FROM events WHERE stream LIKE 'permit-%') t ORDER BY length(type), type;

-- case: by a column that is not selected
SELECT type FROM events WHERE stream = 'permit-891' ORDER BY version DESC;

-- case: by an aggregate
SELECT type FROM events WHERE stream LIKE 'permit-%' GROUP BY type ORDER BY count(*) DESC, type LIMIT 5;

-- case: by case expression
SELECT DISTINCT type, CASE type WHEN 'OrderPlaced' THEN 1 WHEN 'OrderPaid' THEN 2 ELSE 3 END AS o FROM events WHERE stream LIKE 'order-%' ORDER BY o;

-- case: text is ordered by bytes
SELECT x FROM (VALUES ('b'), ('B'), ('a'), ('Ä'), ('é'), ('z'), (''), (' '), ('_'), ('10'), ('9')) v(x) ORDER BY x;

-- case: streams are ordered by bytes
SELECT stream FROM streams WHERE category <> 'permit' OR category IS NULL ORDER BY stream;

-- case: booleans
SELECT x FROM (VALUES (true), (false), (NULL)) v(x) ORDER BY x;

-- case: uuids
SELECT x FROM (VALUES ('ffffffff-0000-0000-0000-000000000000'::uuid), ('00000000-0000-0000-0000-000000000001'), ('80000000-0000-0000-0000-000000000000')) v(x) ORDER BY x;

-- case: stream ids
SELECT stream_id FROM streams ORDER BY stream_id DESC LIMIT 3;

-- case: numeric and NaN
SELECT x FROM (VALUES (1.5), ('NaN'::numeric), (-2), ('Infinity'::numeric)) v(x) ORDER BY x;

-- case: floats with infinities
SELECT x FROM (VALUES (1.5::float8), ('NaN'), ('-Infinity'), ('Infinity'), ('-0')) v(x) ORDER BY x;

-- case: arrays
SELECT x FROM (VALUES (ARRAY[1, 2]), (ARRAY[1]), (ARRAY[2]), ('{}'), (ARRAY[1, NULL])) v(x) ORDER BY x;

-- case: jsonb
SELECT x FROM (VALUES ('1'::jsonb), ('"a"'), ('null'), ('true'), ('false'), ('[1]'), ('{"a": 1}'), ('[]'), ('2'), ('"A"'), ('{}'), ('[1, 2]')) v(x) ORDER BY x;

-- case: intervals
SELECT x FROM (VALUES (interval '1 month'), ('29 days'), ('31 days'), ('720 hours'), ('1 month -1 day')) v(x) ORDER BY x, x::text;

-- case: timestamps with infinities
SELECT x FROM (VALUES (timestamp '2024-01-01'), ('infinity'), ('-infinity'), (NULL)) v(x) ORDER BY x DESC;

-- case: rows
SELECT a, b FROM (VALUES (1, 'b'), (1, 'a'), (0, 'z')) v(a, b) ORDER BY (a, b);

-- case: limit
SELECT position FROM events ORDER BY position LIMIT 3;

-- case: limit and offset
SELECT position FROM events ORDER BY position LIMIT 3 OFFSET 8000;

-- case: offset alone
SELECT x FROM generate_series(1, 5) v(x) ORDER BY x OFFSET 3;

-- case: offset beyond the end
SELECT x FROM generate_series(1, 5) v(x) ORDER BY x OFFSET 30;

-- case: limit zero
SELECT type, version FROM events LIMIT 0;

-- case: limit null and all
(SELECT 1 AS x LIMIT NULL) UNION ALL (SELECT 2 LIMIT ALL) ORDER BY x;

-- case: limit with an expression
SELECT x FROM generate_series(1, 9) v(x) ORDER BY x LIMIT 1 + 2 OFFSET 10 / 5;

-- case: fetch first
SELECT x FROM generate_series(1, 9) v(x) ORDER BY x DESC FETCH FIRST 2 ROWS ONLY;

-- case: fetch first row
SELECT x FROM generate_series(1, 9) v(x) ORDER BY x FETCH FIRST ROW ONLY;

-- case: offset rows fetch next
SELECT x FROM generate_series(1, 9) v(x) ORDER BY x OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY;

-- case: fetch with ties
SELECT x FROM (VALUES (1), (2), (2), (2), (3)) v(x) ORDER BY x FETCH FIRST 2 ROWS WITH TIES;

-- case: fetch with ties over types
SELECT left(type, 2) AS t FROM (SELECT DISTINCT type FROM events WHERE stream LIKE 'permit-%') d ORDER BY left(type, 2) FETCH FIRST 1 ROW WITH TIES;

-- case: negative limit
-- error: 2201W
SELECT 1 LIMIT -1;

-- case: negative offset
-- error: 2201X
SELECT 1 OFFSET -1;

-- case: ordered subquery keeps only its limit
SELECT count(*), min(position), max(position) FROM (SELECT position FROM events ORDER BY position DESC LIMIT 10) t;

-- case: what is shown of a volatile column is what sorts
SELECT bool_and(r >= before) AS sorted FROM (SELECT r, lag(r, 1, 0::float8) OVER () AS before FROM (SELECT random() AS r FROM generate_series(1, 50) ORDER BY r) t) u;

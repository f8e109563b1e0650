-- How columns are named.

-- case: no name
SELECT 1, 'a', 1 + 1, -5, NULL, 'a' || 'b', 1 = 1, NOT true;

-- case: functions
SELECT upper('a'), count(*), max(version), coalesce(1, 2), nullif(1, 2), greatest(1, 2), now() IS NULL, pg_catalog.lower('A') FROM events;

-- case: special functions
SELECT extract(year FROM date '2024-01-01'), substring('abc' FROM 2), position('b' IN 'abc'), trim('a'), overlay('abc' PLACING 'x' FROM 1), current_date IS NULL, 'a' COLLATE "C";

-- case: keywords as functions
SELECT current_schema, current_catalog IS NULL, current_date = current_date;

-- case: names of current_date and others
SELECT current_date - current_date, date_trunc('day', timestamp '2024-01-01'), timestamp '2024-01-01' AT TIME ZONE 'UTC', date_part('year', date '2024-01-01');

-- case: case
SELECT CASE WHEN true THEN 1 END, CASE WHEN true THEN version ELSE position END, CASE WHEN true THEN 1 ELSE version END FROM events WHERE position = 0;

-- case: casts
SELECT 1::bigint, CAST('a' AS text), version::text, date '2024-01-01', '1'::numeric(5, 2), 'x'::varchar(3), interval '1 day', true::int, '{}'::int[], now()::date IS NULL FROM events WHERE position = 0;

-- case: cast of an expression
SELECT (1 + 1)::text, (version + 1)::int, upper('a')::varchar, (payload->>'channel')::text, lower(type)::char(3) FROM events WHERE position = 0;

-- case: columns and qualified columns
SELECT type, e.version, events.position FROM events e, LATERAL (SELECT e.position) events WHERE e.position = 0;

-- case: json
SELECT payload->'channel', payload->>'channel', payload#>>'{channel}', payload ? 'channel', jsonb_typeof(payload) FROM events WHERE position = 0;

-- case: arrays
SELECT ARRAY[1], tags[1], (ARRAY[1, 2])[1], tags[1:1], ARRAY(SELECT 1), cardinality(tags) FROM events WHERE position = 0;

-- case: subqueries
SELECT (SELECT 1), (SELECT 1 AS x), (SELECT max(version) FROM events), EXISTS (SELECT 1), 1 IN (SELECT 1), (SELECT type FROM events WHERE position = 0);

-- case: rows
SELECT (1, 2), ROW(1, 2);

-- case: windows
SELECT row_number() OVER (), sum(version) OVER (), count(*) FILTER (WHERE true) OVER () FROM events WHERE position = 0;

-- case: duplicates
SELECT 1 AS a, 2 AS a, type, type FROM events WHERE position = 0;

-- case: quoted aliases
SELECT 1 AS "Mixed Case", 2 AS "UPPER", 3 AS "with ""quotes""", 4 AS "select", 5 AS "é", 6 AS " ";

-- case: unquoted aliases are folded
SELECT 1 AS MixedCase, 2 UPPER, TYPE, E.VERSION FROM EVENTS AS E WHERE POSITION = 0;

-- case: aliases without as
SELECT 1 one, version v, count(*) "n" FROM events WHERE position = 0 GROUP BY version;

-- case: long alias is cut
SELECT 1 AS a23456789012345678901234567890123456789012345678901234567890123456789;

-- case: star of streams
SELECT * FROM streams WHERE stream = 'order-1';

-- case: star of events without the documents
SELECT e.* FROM (SELECT position, stream_id, stream, version, event_id, type, tags, recorded_at FROM events) e WHERE stream = 'order-1' ORDER BY version;

-- case: alias star with more columns
SELECT s.*, 1 AS more, s.version AS again FROM streams s WHERE s.stream = 'order-2';

-- case: star of a join
SELECT * FROM (SELECT 1 AS a, 2 AS b) x JOIN (SELECT 1 AS a, 3 AS c) y ON x.a = y.a;

-- case: star of a cte
WITH t AS (SELECT 1 AS "X", 2) SELECT *, t.* FROM t;

-- case: functions in from
SELECT * FROM generate_series(1, 1);

-- case: functions in from with an alias
SELECT * FROM generate_series(1, 1) AS n, unnest(ARRAY['a']) AS u(v), jsonb_each('{"k": 1}') AS e;

-- case: set-returning names
-- difference: a set of records stands in FROM, not in a select list
-- eventgres-error: 0A000
SELECT generate_series(1, 1), unnest(ARRAY[1]), jsonb_array_elements('[1]'), jsonb_each('{"k": 1}');

-- case: names in a union
SELECT 1 UNION ALL SELECT 2 AS b ORDER BY 1;

-- case: names in values
VALUES (1, 'a');

-- case: like, between, is
SELECT 'a' LIKE 'b', 1 BETWEEN 0 AND 2, NULL IS NULL, 1 IN (1), 1 IS DISTINCT FROM 2, 1 = ANY ('{1}'::int[]);

-- case: grouping
SELECT grouping(type), type FROM events WHERE position = 0 GROUP BY type;

-- case: aggregates of many kinds
SELECT string_agg(type, ','), array_agg(type), jsonb_agg(version), percentile_cont(0.5) WITHIN GROUP (ORDER BY version), mode() WITHIN GROUP (ORDER BY type), bool_and(true), every(true) FROM events WHERE position = 0;

-- case: schema-qualified columns
SELECT public.events.type, "public"."events"."version" FROM public.events WHERE public.events.position = 0;

-- case: a role by its name
SELECT 'pg_monitor'::regrole, 'pg_monitor'::regrole::text, oid::regrole FROM pg_roles WHERE rolname = 'pg_monitor';

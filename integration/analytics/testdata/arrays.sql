-- Arrays.

-- case: constructors
SELECT ARRAY[1, 2, 3] AS a, ARRAY['x', NULL, 'y'] AS b, ARRAY[]::int[] AS c, '{1,2}'::int[] AS d, ARRAY[1, 2.5] AS e, ARRAY[[1, 2], [3, 4]] AS f, ARRAY[1::bigint, 2] AS g;

-- case: text form
SELECT ARRAY['a b', 'c,d', '"', '\', '', 'NULL', 'null', '{x}', NULL, 'é', E'tab\t'] AS a;

-- case: text form of other types
SELECT ARRAY[true, false] AS a, ARRAY[1.50, 2] AS b, ARRAY[0.1::float8] AS c, ARRAY[date '2024-01-01'] AS d, ARRAY[timestamp '2024-01-01 12:00'] AS e, ARRAY['00000000-0000-0000-0000-000000000001'::uuid] AS f, ARRAY['{"a": 1}'::jsonb] AS g, ARRAY[interval '1 day'] AS h;

-- case: tags
SELECT stream, version, tags, cardinality(tags) AS n, array_length(tags, 1) AS l FROM events WHERE stream LIKE 'edge-%' OR stream LIKE 'order-%' ORDER BY position;

-- case: subscripts
SELECT tags[1] AS a, tags[2] AS b, tags[0] AS c, tags[99] AS d, (ARRAY[10, 20, 30])[2] AS e, ('{1,2}'::int[])[-1] AS f, (ARRAY[[1, 2], [3, 4]])[2][1] AS g FROM events WHERE stream = 'edge-array' ORDER BY version;

-- case: slices
SELECT (ARRAY[1, 2, 3, 4])[2:3] AS a, (ARRAY[1, 2, 3])[:2] AS b, (ARRAY[1, 2, 3])[2:] AS c, (ARRAY[1, 2, 3])[3:1] AS d, (ARRAY[1, 2, 3])[0:1] AS e, tags[2:3] AS f FROM events WHERE type = 'Numbers';

-- case: any
SELECT stream, version FROM events WHERE 'web' = ANY (tags) ORDER BY position;

-- case: all
SELECT stream, version FROM events WHERE stream LIKE 'order-%' AND 'web' <> ALL (tags) ORDER BY position;

-- case: any with nulls
SELECT 'a' = ANY (ARRAY['b', NULL]) AS a, 'a' = ANY ('{}'::text[]) AS b, 'a' = ANY (NULL::text[]) AS c, 1 < ALL (ARRAY[2, NULL]) AS d, 'NULL' = ANY (ARRAY['NULL']) AS e;

-- case: overlap and containment
SELECT ARRAY[1, 2] && ARRAY[2, 3] AS a, ARRAY[1, 2, 3] @> ARRAY[3, 1] AS b, ARRAY[1] <@ ARRAY[1, 2] AS c, '{}'::int[] <@ ARRAY[1] AS d, ARRAY[1, NULL] @> ARRAY[NULL]::int[] AS e, ARRAY[1, 1] <@ ARRAY[1] AS f;

-- case: overlap of tags
SELECT stream, version FROM events WHERE tags && ARRAY['new', 'late'] ORDER BY position;

-- case: containment of tags
SELECT count(*) FROM events WHERE tags @> ARRAY['group:Group 1', 'resource:Resource01'];

-- case: comparison
SELECT ARRAY[1, 2] = ARRAY[1, 2] AS a, ARRAY[1, 2] < ARRAY[1, 3] AS b, ARRAY[1] < ARRAY[1, 0] AS c, ARRAY[1, NULL] = ARRAY[1, NULL] AS d, '{}'::int[] < ARRAY[1] AS e, tags = '{}' AS f FROM events WHERE type = 'Closed';

-- case: concatenation
SELECT ARRAY[1] || ARRAY[2] AS a, ARRAY[1] || 2 AS b, 0 || ARRAY[1] AS c, ARRAY[1] || NULL::int[] AS d, ARRAY[1] || NULL::int AS e, tags || 'more'::text AS f, '{}'::text[] || tags AS g FROM events WHERE type = 'Numbers' AND stream = 'edge-array';

-- case: concatenation with an untyped word
-- error: 22P02
SELECT tags || 'more' FROM events;

-- case: functions
SELECT array_append(ARRAY[1], 2) AS a, array_prepend(0, ARRAY[1]) AS b, array_cat(ARRAY[1], ARRAY[2]) AS c, array_remove(ARRAY[1, 2, 1], 1) AS d, array_replace(ARRAY[1, 2, 1], 1, 9) AS e, array_position(ARRAY['a', 'b'], 'b') AS f, array_position(ARRAY['a'], 'z') AS g, array_positions(ARRAY[1, 2, 1], 1) AS h, array_fill(7, ARRAY[3]) AS i;

-- case: dimensions
SELECT array_ndims(ARRAY[[1], [2]]) AS a, array_dims(ARRAY[1, 2]) AS b, array_lower(ARRAY[1], 1) AS c, array_upper(ARRAY[1, 2], 1) AS d, array_length('{}'::int[], 1) AS e, cardinality('{}'::int[]) AS f, array_length(ARRAY[[1, 2], [3, 4]], 2) AS g, cardinality(ARRAY[[1, 2], [3, 4]]) AS h, array_dims('{}'::int[]) AS i;

-- case: to string
SELECT array_to_string(ARRAY['a', NULL, 'b'], ',') AS a, array_to_string(ARRAY['a', NULL], ',', '*') AS b, array_to_string(tags, '+') AS c FROM events WHERE stream = 'edge-null' ORDER BY version;

-- case: trim_array
SELECT trim_array(ARRAY[1, 2, 3], 1) AS a;

-- case: unnest in from
SELECT stream, tag FROM events, unnest(tags) AS tag WHERE stream LIKE 'order-%' ORDER BY position, tag;

-- case: unnest in select
SELECT unnest(ARRAY[3, 1, 2]) AS x;

-- case: unnest in select, ordered
SELECT version, unnest(tags) AS tag FROM events WHERE stream = 'edge-array' ORDER BY version, tag;

-- case: unnest with ordinality
SELECT t.tag, t.n FROM events, unnest(tags) WITH ORDINALITY AS t(tag, n) WHERE type = 'Mixed' ORDER BY t.n;

-- case: unnest of several
SELECT * FROM unnest(ARRAY[1, 2, 3], ARRAY['a', 'b']) AS u(n, t) ORDER BY n;

-- case: unnest of two dimensions
SELECT x FROM unnest(ARRAY[[1, 2], [3, 4]]) AS x ORDER BY x;

-- case: unnest of nothing
SELECT count(*) FROM unnest('{}'::int[]) AS x;

-- case: left join unnest keeps the empty
SELECT e.version, t.tag FROM events e LEFT JOIN LATERAL unnest(e.tags) AS t(tag) ON true WHERE e.stream = 'order-1' ORDER BY e.version, t.tag;

-- case: count by tag
SELECT tag, count(*) FROM events CROSS JOIN unnest(tags) AS tag WHERE stream LIKE 'order-%' GROUP BY tag ORDER BY tag;

-- case: groups and resources from tags
SELECT substr(tag, 1, strpos(tag, ':') - 1) AS kind, count(DISTINCT tag) AS names, count(*) AS n FROM events, unnest(tags) AS tag WHERE tag LIKE '%:%' GROUP BY 1 ORDER BY 1;

-- case: array of a subquery, sorted
SELECT ARRAY(SELECT DISTINCT unnest(tags) AS t FROM events WHERE stream LIKE 'order-%' ORDER BY t) AS tags;

-- case: generate_subscripts
SELECT i, (ARRAY['a', 'b'])[i] AS x FROM generate_subscripts(ARRAY['a', 'b'], 1) AS i ORDER BY i;

-- case: null tags
SELECT count(*) FILTER (WHERE tags IS NULL) AS nulls, count(*) FILTER (WHERE tags = '{}') AS empties, count(*) FILTER (WHERE array_position(tags, NULL) IS NOT NULL) AS with_null FROM events;

-- case: distinct of arrays
SELECT DISTINCT tags FROM events WHERE stream LIKE 'order-%' ORDER BY tags;

-- case: casts
SELECT '{1,2}'::text::int[] AS a, ARRAY[1, 2]::text[] AS b, ARRAY['1', '2']::int[] AS c, '{a,b}'::varchar[] AS d, ARRAY[1.5, 2.5]::int[] AS e;

-- case: malformed
-- error: 22P02
SELECT '{1,2'::int[];

-- case: malformed element
-- error: 22P02
SELECT '{1,x}'::int[];

-- case: elements of different types
-- error: 22P02
SELECT ARRAY[1, 'x'];

-- case: subarrays of different length
-- error: 2202E
SELECT ARRAY[[1, 2], [3]];

-- case: empty without a type
-- error: 42P18
SELECT ARRAY[];

-- case: bounds
-- difference: the first element of an array is number 1
-- eventgres-error: 0A000
SELECT '[2:3]={7,8}'::int[] AS a, ('[2:3]={7,8}'::int[])[2] AS b, array_lower('[2:3]={7,8}'::int[], 1) AS c;

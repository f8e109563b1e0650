-- Type modifiers of what is made of several values.

-- case: of one modifier
SELECT greatest(x, x) AS a, least(x, x::numeric(12,3)) AS b, CASE WHEN true THEN x ELSE x END AS c, coalesce(x, x) AS d, nullif(x, 1) AS e, x AS f, ARRAY[x] AS g, (ARRAY[x])[1] AS h, ARRAY(SELECT x) AS i, (ARRAY[x])[1:1] AS j, ARRAY[ARRAY[x]] AS k, (SELECT x) AS l FROM (VALUES (1.5::numeric(12,3))) v(x);

-- case: of several, or of one and none
SELECT coalesce(x, y) AS a, greatest(x, x::numeric(5,1)) AS b, CASE WHEN x > 1 THEN x END AS c, ARRAY[x, y] AS d, max(x) OVER () AS e, lag(x) OVER (ORDER BY y) AS f, (ARRAY[x, y])[1] AS g FROM (VALUES (1.5::numeric(12,3), 2.0), (NULL, 3)) v(x, y);

-- case: of texts and times
SELECT coalesce('x'::char(3), 'y'::char(3)) AS a, coalesce(x, y) AS b, CASE WHEN x > 'b' THEN x::varchar(3) ELSE y::varchar(3) END AS c, CASE WHEN x > 'b' THEN x::varchar(3) ELSE y::varchar(4) END AS d, coalesce('1 day'::interval(0), '1 day'::interval(0)) AS e, coalesce('1 day'::interval DAY, '1 day'::interval DAY) AS f, greatest(timestamp(1) '2024-01-01 00:00:00.55', timestamp(1) '2024-01-01') AS g FROM (VALUES ('a'::char(3), 'b'::bpchar), ('x', 'y')) v(x, y);

-- case: of columns of VALUES
SELECT * FROM (VALUES ('abc'::varchar(3), 'a'::varchar(3), 1.5::numeric(12,3)), ('x'::varchar(3), 'b'::varchar(4), NULL)) v;

-- case: through a query that groups
WITH q AS (SELECT x::numeric(12,3) AS x FROM (VALUES (1.5)) v(x) GROUP BY x::numeric(12,3)) SELECT greatest(x, x) AS a, coalesce(x) AS b FROM q;

-- case: names in JSON keep their blanks
SELECT jsonb_object_agg(a, b) AS x, json_object_agg(a, a) AS y, jsonb_build_object(a, a) AS z FROM (VALUES ('ab '::bpchar, 1)) v(a, b) GROUP BY a;

-- case: aggregates of what is grouped by and held in a form of its own
SELECT json_object_agg(b, a) AS a, json_agg(a) AS b, jsonb_agg(c) AS c, json_agg(d) AS d, json_object_agg(a, d) AS e, string_agg(c::text, a) AS f FROM (VALUES ('ab '::bpchar, 1, '1.50'::numeric, interval '1 day')) v(a, b, c, d) GROUP BY a, c, d;

-- case: a parameter that a type's function takes
-- params: 2024-02-29
SELECT pg_catalog."timestamp"($1) AS x;

-- case: a parameter that "char" takes
-- params: abc
SELECT pg_catalog."char"($1) AS x;

-- case: a parameter that interval takes
-- params: "12:34:56.789"
SELECT pg_catalog."interval"($1) AS x;

-- case: texts of arrays keep the blanks of their elements
SELECT ARRAY[x, x]::text AS a, ARRAY[x]::text[] AS b, array_agg(x)::text AS c FROM (VALUES ('ab'::char(5))) v(x) GROUP BY x;

-- case: an array of empty arrays is empty
SELECT ARRAY[x, x]::text AS a, ARRAY[x] AS b, array_to_json(ARRAY[x]) AS c, ARRAY[NULL::text[]] AS d, ARRAY['{}'::int4[], '{}'] AS e FROM (VALUES ('{}'::text[])) v(x);

-- case: times before Christ in JSON
SELECT to_json(x) AS a, jsonb_build_array(x, ARRAY[x]) AS b, row_to_json(v) AS c, to_json(x::timestamp) AS d, to_json(x::date) AS e FROM (VALUES (timestamptz '0044-03-15 BC'), ('2024-01-01')) v(x) ORDER BY v.x;

-- case: the least of types that have none of their own
SELECT max(a) AS a, min(b) AS b, max(c) AS c, max(d) AS d FROM (VALUES ('a'::"char", 'pg_class'::regclass, 'x'::varchar, 'y'::name)) v(a, b, c, d);

-- case: the least of bits
-- error: 42883
SELECT max(x) FROM (VALUES (B'101')) v(x);

-- Statements that once differed, in the form of integration/analytics' cases. Each stays
-- after its mending.

-- case: the order of rows is that of their fields
SELECT q::text FROM (VALUES (NULL, 3), (2, 2), (2, NULL), (10, 1)) q(a, b) ORDER BY q;

-- case: rows in a descending order, and nulls last
SELECT q::text FROM (VALUES (NULL, 3), (2, 2), (2, NULL), (10, 1)) q(a, b) ORDER BY q DESC NULLS LAST;

-- case: rows written out in an order
SELECT a, b FROM (VALUES (NULL, 3.0), (2, 2.5), (2, NULL), (10, 1.00)) q(a, b) ORDER BY (b, a) DESC;

-- case: aggregates and windows in the order of rows
SELECT jsonb_agg(q ORDER BY q DESC) AS a, array_agg(q.a ORDER BY q) AS b FROM (VALUES (NULL, 3), (2, 2), (10, NULL)) q(a, b);

-- case: rank by rows
SELECT rank() OVER (ORDER BY q) AS r, a, b FROM (VALUES (NULL, 3), (2, 2), (2, 2), (10, 1)) q(a, b) ORDER BY 1, 2, 3;

-- case: rows that are equal and look different
SELECT count(DISTINCT b) AS a, count(DISTINCT (y, z)) AS b FROM (VALUES (1, 2.0), (1, 2.00), (10, 1), (2, NULL)) b(y, z);

-- case: partitions of such
SELECT count(*) OVER (PARTITION BY b) AS n FROM (VALUES (1, 2.0), (1, 2.00)) b(y, z);

-- case: arrays in JSON begin lines
SELECT json_agg(a)::text AS a, json_agg(a ORDER BY a)::text AS b, jsonb_agg(a) AS c FROM (VALUES ('{1}'::int[]), (NULL), ('{}'), ('{2,3}')) v(a);

-- case: there is no year 0
SELECT extract(year FROM x) AS a, extract(isoyear FROM x) AS b, date_part('isoyear', x) AS c FROM (VALUES (timestamp '0044-03-15 10:00:00 BC'), ('0001-01-01 BC'), ('0001-01-01')) v(x) ORDER BY x;

-- case: what is no time
-- error: 22007
SELECT 'UTC'::time;

-- case: times with days before them
SELECT x::time AS t FROM (VALUES ('2024-01-01 12:30'), ('allballs'), ('12:30:45.5 utc')) v(x) ORDER BY 1;

-- case: a series without an end
-- error: 22023
SELECT * FROM generate_series(1, 'NaN'::numeric);

-- case: a series of infinite steps
-- error: 22023
SELECT * FROM generate_series(0, 1, 'infinity'::numeric);

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

-- case: a row of nulls is distinct from a row that an outer join did not find
SELECT a.x, b IS DISTINCT FROM c AS p, b IS NOT DISTINCT FROM c AS q, c IS DISTINCT FROM d AS r, b IS DISTINCT FROM NULL AS s, NULL IS NOT DISTINCT FROM c AS t
FROM (VALUES (1), (2)) a(x) LEFT JOIN (VALUES (null::int, null::int)) b(x, y) ON a.x = 1 LEFT JOIN (VALUES (1, 2)) c(x, y) ON false LEFT JOIN (VALUES (1, 2)) d(x, y) ON false ORDER BY 1;

-- case: the same of a query in LATERAL beside a full join
WITH u(a, b, c) AS (VALUES (1, 2, 'x'), (2, 3, 'y'))
SELECT q1.a, q2.category FROM u q1 FULL JOIN streams q2 ON q1.c = q2.stream LEFT JOIN LATERAL (SELECT max(e.type) AS k, bool_or(e.version = 0) AS l FROM events e WHERE e.stream = 'none') q3 ON q2.stream <> 'cart-7' WHERE q3 IS DISTINCT FROM q1 ORDER BY 1, 2;

-- case: rows of other numbers and types of columns, where one of the two is missing
SELECT a.x, b IS DISTINCT FROM c AS p, b IS DISTINCT FROM d AS q FROM (VALUES (1), (2)) a(x) LEFT JOIN (VALUES (1, 2)) b(x, y) ON a.x = 1 LEFT JOIN (VALUES (1, 2, 3)) c(x, y, z) ON a.x = 2 LEFT JOIN (VALUES (1, 'x')) d(x, y) ON a.x = 2 ORDER BY 1;

-- case: where both are there
-- error: 42804
SELECT b IS DISTINCT FROM c FROM (VALUES (1, 2)) b(x, y) LEFT JOIN (VALUES (1, 2, 3)) c(x, y, z) ON true;

-- case: types of columns that do not compare, behind columns that differ
SELECT b IS DISTINCT FROM c AS p FROM (VALUES (1, 2)) b(x, y), (VALUES (2, 'x')) c(x, y);

-- case: and behind columns that are equal
-- error: 42804
SELECT b IS DISTINCT FROM c AS p FROM (VALUES (1, 2)) b(x, y), (VALUES (1, 'x')) c(x, y);

-- case: rows written out with other numbers of fields
-- error: 42601
SELECT row(1, 2) IS DISTINCT FROM row(1, 2, 3);

-- case: a row written out is never null as a whole
SELECT row(1, 2) IS DISTINCT FROM NULL AS a, row(NULL, NULL) IS NOT DISTINCT FROM NULL AS b, b IS DISTINCT FROM row(b.x, b.y) AS c FROM (VALUES (1)) a(x) LEFT JOIN (VALUES (1, 2)) b(x, y) ON false;

-- case: a type without equality beside null
SELECT json '1' IS DISTINCT FROM NULL AS a, NULL IS DISTINCT FROM null::json AS b;

-- case: and in a row
-- error: 42883
SELECT row(json '1') IS DISTINCT FROM row(json '1');

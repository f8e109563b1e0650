-- Parameters: the types that the server infers, and their values.

-- case: text column
-- params: OrderPaid
SELECT stream FROM events WHERE type = $1 ORDER BY position;

-- case: bigint columns
-- params: 3 | 5
SELECT position FROM events WHERE position BETWEEN $1 AND $2 ORDER BY position;

-- case: given types
-- params: int4:3 | text:order-1
SELECT version + $1 AS v FROM events WHERE stream = $2 ORDER BY version;

-- case: given type wider than the column
-- params: numeric:1.5
SELECT position FROM events WHERE stream = 'order-1' AND version < $1 ORDER BY 1;

-- case: uuid
-- params: 00000000-0000-4000-8000-000000000001
SELECT version FROM events WHERE stream_id = $1 ORDER BY version;

-- case: bad uuid
-- params: zzz
-- error: 22P02
SELECT version FROM events WHERE stream_id = $1;

-- case: timestamptz
-- params: 2010-10-05 00:00:00+00 | 2010-10-06 00:00:00+00
SELECT count(*) FROM events WHERE (payload->>'occurred_at')::timestamptz >= $1 AND (payload->>'occurred_at')::timestamptz < $2;

-- case: jsonb
-- params: {"customer": "ann"}
SELECT stream, version FROM events WHERE payload @> $1 ORDER BY position;

-- case: key of an arrow
-- params: text:customer
SELECT payload->>$1 AS v FROM events WHERE stream = 'order-1' ORDER BY version;

-- case: key of an arrow, inferred
-- params: customer
SELECT payload->>$1::text AS v FROM events WHERE stream = 'order-1' ORDER BY version;

-- case: array for any
-- params: {OrderPaid,OrderCancelled}
SELECT stream, type FROM events WHERE type = ANY ($1) ORDER BY position;

-- case: array of bigint
-- params: int8[]:{0,1}
SELECT position FROM events WHERE position = ANY ($1) ORDER BY position;

-- case: in list
-- params: OrderPaid | OrderPlaced
SELECT count(*) FROM events WHERE type IN ($1, $2);

-- case: limit and offset
-- params: 2 | 1
SELECT position FROM events ORDER BY position LIMIT $1 OFFSET $2;

-- case: cast
-- params: 41 | 2024-02-29
SELECT $1::int + 1 AS a, $2::date + 1 AS b;

-- case: text without any hint
-- params: hello
SELECT $1 AS a;

-- case: concatenation
-- params: b
SELECT 'a' || $1 AS t;

-- case: arithmetic with a literal
-- params: 5
SELECT $1 + 1 AS n;

-- case: arithmetic with a numeric
-- params: 2
SELECT 1.5 * $1 AS n;

-- case: interval arithmetic
-- params: 3 days
SELECT timestamp '2024-01-01' + $1 AS t;

-- case: used twice
-- params: order-1
SELECT count(*) FROM events WHERE stream = $1 OR stream = $1 || 'x';

-- case: null
-- params: NULL
SELECT coalesce($1, 'none') AS v, $1 IS NULL AS n;

-- case: null against a column
-- params: NULL
SELECT count(*) FROM events WHERE type = $1;

-- case: optional filter
-- params: text:NULL
SELECT count(*) FROM events WHERE ($1::text IS NULL OR type = $1);

-- case: like
-- params: OrderP%
SELECT DISTINCT type FROM events WHERE type LIKE $1 ORDER BY type;

-- case: boolean
-- params: true
SELECT count(*) FROM events WHERE (version = 0) = $1;

-- case: case branches
-- params: 10 | 20
SELECT CASE WHEN version = 0 THEN $1 ELSE $2::int END AS v FROM events WHERE stream = 'order-1' ORDER BY version;

-- case: function argument
-- params: month
SELECT date_trunc($1, timestamp '2024-08-15 12:00') AS t;

-- case: in values
-- params: 1 | a
SELECT n, t FROM (VALUES ($1::int, $2)) AS v(n, t);

-- case: in a cte and a subquery
-- params: 2 | OrderPaid
WITH c AS (SELECT stream FROM events WHERE type = $2) SELECT count(*) FROM (SELECT stream FROM c LIMIT $1) x;

-- case: in having
-- params: 1300
SELECT type FROM events GROUP BY type HAVING count(*) > $1 ORDER BY type;

-- case: in a generated series
-- params: 3
SELECT x FROM generate_series(1, $1) AS x ORDER BY x;

-- case: out of range
-- params: int4:99999999999
-- error: 22003
SELECT $1 + 1;

-- case: out of order
-- params: x | 7
SELECT $2::int AS b, $1 AS a;

-- case: ambiguous operands
-- params: 1 | 2
-- error: 42725
SELECT $1 + $2;

-- case: a gap in the numbers
-- params: x | y
-- error: 42P18
SELECT $2 AS only;

-- case: unicode text
-- params: Größe-1
SELECT stream, version FROM events WHERE stream = $1;

-- case: text with quotes
-- params: with 'quote'-1
SELECT type FROM events WHERE stream = $1;

-- case: date from the driver
-- params: date:2010-10-05
SELECT count(*) FROM events WHERE (payload->>'occurred_at')::date = $1;

-- case: float
-- params: float8:0.5
SELECT percentile_cont($1) WITHIN GROUP (ORDER BY version) FROM events WHERE stream LIKE 'permit-%';

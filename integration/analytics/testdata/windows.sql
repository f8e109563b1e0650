-- Window functions and frames.

-- case: row_number
SELECT stream, version, row_number() OVER (ORDER BY stream, version) AS n FROM events WHERE stream LIKE 'order-%' ORDER BY n;

-- case: rank and dense_rank
SELECT x, rank() OVER (ORDER BY x), dense_rank() OVER (ORDER BY x), row_number() OVER (ORDER BY x, y) FROM (VALUES (1, 1), (1, 2), (2, 3), (NULL, 4), (3, 5)) v(x, y) ORDER BY x, y;

-- case: rank descending puts nulls first
SELECT x, rank() OVER (ORDER BY x DESC) AS r FROM (VALUES (1), (2), (NULL)) v(x) ORDER BY r;

-- case: percent_rank and cume_dist
SELECT x, percent_rank() OVER (ORDER BY x), cume_dist() OVER (ORDER BY x) FROM (VALUES (1), (2), (2), (3), (5)) v(x) ORDER BY x;

-- case: ntile
SELECT x, ntile(3) OVER (ORDER BY x) AS third, ntile(10) OVER (ORDER BY x) AS tenth FROM generate_series(1, 7) v(x) ORDER BY x;

-- case: lag and lead
SELECT x, lag(x) OVER w, lead(x) OVER w, lag(x, 2) OVER w, lead(x, 1, 0) OVER w FROM generate_series(1, 4) v(x) WINDOW w AS (ORDER BY x) ORDER BY x;

-- case: lag of zero and of a null offset
SELECT x, lag(x, 0) OVER (ORDER BY x) AS self, lag(x, NULL) OVER (ORDER BY x) AS none FROM generate_series(1, 2) v(x) ORDER BY x;

-- case: first, last and nth value
SELECT x, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM generate_series(1, 4) v(x) WINDOW w AS (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY x;

-- case: last value with the default frame
SELECT x, last_value(x) OVER (ORDER BY x) AS l, nth_value(x, 3) OVER (ORDER BY x) AS third FROM generate_series(1, 4) v(x) ORDER BY x;

-- case: running total
SELECT version, sum(version) OVER (ORDER BY version) AS running FROM events WHERE stream = 'permit-9289' ORDER BY version;

-- case: running total with peers
SELECT x, y, sum(y) OVER (ORDER BY x) AS by_range, sum(y) OVER (ORDER BY x, y ROWS UNBOUNDED PRECEDING) AS by_rows FROM (VALUES (1, 1), (1, 2), (2, 3)) v(x, y) ORDER BY x, y;

-- case: whole partition
SELECT stream, version, count(*) OVER (PARTITION BY stream) AS n FROM events WHERE stream LIKE 'order-%' ORDER BY stream, version;

-- case: share of the total
SELECT type, count(*) AS n, round(count(*) * 100.0 / sum(count(*)) OVER (), 2) AS percent FROM events GROUP BY type ORDER BY n DESC, type LIMIT 10;

-- case: ratio to partition
SELECT payload->>'customer' AS c, (payload->>'total')::numeric AS total, (payload->>'total')::numeric / sum((payload->>'total')::numeric) OVER (PARTITION BY payload->>'customer') AS ratio
FROM events WHERE type = 'OrderPlaced' ORDER BY c, total;

-- case: rows between preceding and following
SELECT x, sum(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING), avg(x) OVER (ORDER BY x ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), count(*) OVER (ORDER BY x ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING) FROM generate_series(1, 5) v(x) ORDER BY x;

-- case: rows frame that is empty
SELECT x, sum(x) OVER (ORDER BY x ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING), count(x) OVER (ORDER BY x ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING), array_agg(x) OVER (ORDER BY x ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING) FROM generate_series(1, 4) v(x) ORDER BY x;

-- case: range with offsets
SELECT x, sum(x) OVER (ORDER BY x RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING), count(*) OVER (ORDER BY x RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) FROM (VALUES (1), (2), (2), (4), (7)) v(x) ORDER BY x;

-- case: range descending
SELECT x, sum(x) OVER (ORDER BY x DESC RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS s FROM (VALUES (1), (2), (4)) v(x) ORDER BY x;

-- case: range over timestamps
SELECT d, count(*) OVER (ORDER BY d RANGE BETWEEN '2 days' PRECEDING AND CURRENT ROW) AS n FROM (VALUES (timestamp '2024-01-01'), ('2024-01-02'), ('2024-01-05'), ('2024-01-06 12:00')) v(d) ORDER BY d;

-- case: range over dates
SELECT d, count(*) OVER (ORDER BY d RANGE BETWEEN interval '1 month' PRECEDING AND CURRENT ROW) AS n FROM (VALUES (date '2024-01-31'), ('2024-02-29'), ('2024-03-31')) v(d) ORDER BY d;

-- case: range over numeric
SELECT x, count(*) OVER (ORDER BY x RANGE BETWEEN 0.5 PRECEDING AND 0.5 FOLLOWING) AS n FROM (VALUES (1.0), (1.5), (2.1)) v(x) ORDER BY x;

-- case: groups
SELECT x, y, sum(y) OVER (ORDER BY x GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM (VALUES (1, 1), (1, 2), (2, 4), (5, 8)) v(x, y) ORDER BY x, y;

-- case: groups following
SELECT x, count(*) OVER (ORDER BY x GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS n FROM (VALUES (1), (1), (2), (3)) v(x) ORDER BY x, n;

-- case: exclude current row
SELECT x, sum(x) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS others FROM generate_series(1, 3) v(x) ORDER BY x;

-- case: exclude group
SELECT x, y, sum(y) OVER (ORDER BY x RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE GROUP) AS s FROM (VALUES (1, 1), (1, 2), (2, 4)) v(x, y) ORDER BY x, y;

-- case: exclude ties
SELECT x, y, sum(y) OVER (ORDER BY x RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES) AS s FROM (VALUES (1, 1), (1, 2), (2, 4)) v(x, y) ORDER BY x, y;

-- case: named window refined
SELECT x, count(*) OVER w AS n, sum(x) OVER (w ORDER BY x) AS s, row_number() OVER (w ORDER BY x DESC) AS r FROM generate_series(1, 4) v(x) WINDOW w AS (PARTITION BY x % 2) ORDER BY x;

-- case: window inheriting from another
SELECT x, sum(x) OVER w2 AS s FROM generate_series(1, 4) v(x) WINDOW w1 AS (PARTITION BY x % 2), w2 AS (w1 ORDER BY x) ORDER BY x;

-- case: filter on a window aggregate
SELECT x, count(*) FILTER (WHERE x % 2 = 0) OVER (ORDER BY x) AS evens FROM generate_series(1, 5) v(x) ORDER BY x;

-- case: window over grouped rows
SELECT type, max(version) AS m, rank() OVER (ORDER BY max(version) DESC) AS r FROM events WHERE stream LIKE 'permit-%' GROUP BY type ORDER BY r, type;

-- case: window in order by
SELECT stream, version FROM events WHERE stream LIKE 'order-%' ORDER BY row_number() OVER (ORDER BY stream DESC, version) LIMIT 3;

-- case: window in an expression
SELECT x, x - avg(x) OVER () AS deviation, x::float8 / max(x) OVER () AS relative FROM generate_series(1, 4) v(x) ORDER BY x;

-- case: string_agg as a window
SELECT version, string_agg(left(type, 3), '>') OVER (ORDER BY version) AS trace FROM events WHERE stream = 'permit-891' ORDER BY version;

-- case: array_agg as a window
SELECT x, array_agg(x) OVER (ORDER BY x ROWS 1 PRECEDING) AS a FROM generate_series(1, 3) v(x) ORDER BY x;

-- case: min and max as windows
SELECT x, min(x) OVER (ORDER BY x DESC), max(y) OVER (PARTITION BY x % 2), bool_or(x > 2) OVER (ORDER BY x) FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) v(x, y) ORDER BY x;

-- case: nulls in windows
SELECT x, count(x) OVER (ORDER BY x), sum(x) OVER (ORDER BY x), lag(x) OVER (ORDER BY x NULLS FIRST) FROM (VALUES (1), (NULL), (2)) v(x) ORDER BY x;

-- case: empty over
SELECT version, count(*) OVER () AS n, sum(version) OVER () AS s FROM events WHERE stream = 'order-1' ORDER BY version;

-- case: types of ranking functions
SELECT pg_typeof(row_number() OVER ()), pg_typeof(rank() OVER ()), pg_typeof(ntile(2) OVER ()), pg_typeof(percent_rank() OVER ()), pg_typeof(sum(1) OVER ()), pg_typeof(sum(1::bigint) OVER ()), pg_typeof(avg(1) OVER ());

-- case: top one per group
SELECT stream, type FROM (SELECT stream, type, row_number() OVER (PARTITION BY stream ORDER BY version DESC) AS rn FROM events WHERE stream LIKE 'order-%') t WHERE rn = 1 ORDER BY stream;

-- case: difference between rows
SELECT version, (payload->>'occurred_at')::timestamptz - lag((payload->>'occurred_at')::timestamptz, 1) OVER (ORDER BY version) AS gap FROM events WHERE stream = 'permit-3756' ORDER BY version;

-- case: several windows
SELECT stream, version, row_number() OVER (PARTITION BY stream ORDER BY version) AS a, row_number() OVER (PARTITION BY type ORDER BY stream, version) AS b, count(*) OVER (PARTITION BY stream, type) AS c FROM events WHERE stream LIKE 'order-%' ORDER BY stream, version;

-- case: window over distinct
SELECT DISTINCT type, count(*) OVER (PARTITION BY type) AS n FROM events WHERE stream LIKE 'order-%' ORDER BY type;

-- case: order by interval difference
SELECT type, sum(version) OVER (PARTITION BY stream ORDER BY version ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS remaining FROM events WHERE stream = 'permit-891' ORDER BY version;

-- case: sums of numeric over the whole partition
SELECT g, x::text::numeric / 4 AS v, sum(x::text::numeric / 4) OVER (PARTITION BY g) AS part, sum(x::text::numeric / 4) OVER () AS whole,
  round(avg(x::text::numeric) OVER (PARTITION BY g ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), 4) AS average
FROM (SELECT x, x % 5 AS g FROM generate_series(1, 40) s(x)) t ORDER BY x;

-- case: sums of numeric over the whole partition, many rows
SELECT g, count(*), min(part), max(part), min(whole), max(whole) FROM (
  SELECT g, sum(x::text::numeric / 4) OVER (PARTITION BY g ORDER BY x RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS part,
    sum(x::text::numeric) FILTER (WHERE x % 2 = 0) OVER (PARTITION BY NULL) AS whole
  FROM (SELECT x, x % 7 AS g FROM generate_series(1, 9000) s(x)) t) u GROUP BY g ORDER BY g;

-- case: sums of intervals over the whole partition
SELECT g, max(part) AS most, min(part) AS least FROM (
  SELECT g, sum(x * interval '1 minute') OVER (PARTITION BY g) AS part FROM (SELECT x, x % 3 AS g FROM generate_series(1, 5000) s(x)) t) u
GROUP BY g ORDER BY g;

-- case: share of the whole
SELECT stream, total, round(100 * total / sum(total) OVER (), 2) AS percent FROM (
  SELECT stream, sum((payload->>'quantity')::numeric) AS total FROM events WHERE payload ? 'quantity' GROUP BY stream) t
ORDER BY total DESC, stream LIMIT 10;

-- case: a frame of every row beside one that is not
SELECT x, sum(x::text::numeric) OVER (ORDER BY x) AS running, sum(x::text::numeric) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS near,
  sum(x::text::numeric) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS others
FROM generate_series(1, 20) s(x) ORDER BY x;

-- case: a running sum in no order
SELECT x, sum(x) OVER (ROWS UNBOUNDED PRECEDING) AS running, avg(x::text::numeric) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS mean FROM (VALUES (1.5), (2.25), (10)) v(x);

-- case: a window that builds on another keeps its frame
SELECT x, sum(x) OVER w2 FROM (SELECT x, x % 2 AS g FROM generate_series(1, 9) s(x)) t WINDOW w1 AS (PARTITION BY g), w2 AS (w1 ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY x;

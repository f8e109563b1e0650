-- case: overlaps with an end missing
SELECT a, b, c, d, (a, b) OVERLAPS (c, d) AS x FROM (VALUES (timestamp '2024-01-01'), (NULL), ('2024-01-03')) p(a), (VALUES (timestamp '2024-01-02'), (NULL)) q(b), (VALUES (timestamp '2024-01-01'), (NULL), ('2024-01-02')) r(c), (VALUES (timestamp '2024-01-01'), (NULL), ('2024-01-04')) s(d) ORDER BY 1, 2, 3, 4;

-- case: overlaps of times and of infinite periods
SELECT (time '10:00', interval '1 hour') OVERLAPS (time '10:30', time '12:00') AS a, ('-infinity'::timestamp, 'infinity'::timestamp) OVERLAPS (timestamp '2024-01-01', interval '1 day') AS b, (timestamptz '2024-01-01', NULL::timestamptz) OVERLAPS (timestamptz '2024-01-01', interval '0') AS c;

-- case: overlaps in a join's condition
SELECT a, b FROM (VALUES (date '2024-01-01'), (NULL)) v(a) LEFT JOIN (VALUES (date '2024-01-01'), (NULL)) w(b) ON (a, a) OVERLAPS (b, b) ORDER BY 1, 2;

-- case: a clock's time behind a day
SELECT time '294276-12-31 23:59:59.999999' AS a, time '999996-02-29 10:11' AS b, '123456789-01-01 10:11'::text::time AS c, time '2024-01-01 10:11 BC' AS d;

-- case: behind a day that there is not
-- error: 22008
SELECT time '999999-02-29 10:11';

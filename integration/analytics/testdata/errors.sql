-- Errors: their SQLSTATE, message and position.

-- case: unknown column
-- error: 42703
SELECT nope FROM events;

-- case: unknown column in where
-- error: 42703
SELECT type FROM events WHERE versoin = 1;

-- case: unknown qualified column
-- error: 42703
SELECT e.nope FROM events e;

-- case: unknown column in order by
-- error: 42703
SELECT type FROM events ORDER BY nope;

-- case: unknown column in a join
-- error: 42703
SELECT 1 FROM events e JOIN streams s ON e.stream_id = s.id;

-- case: unknown column in using
-- error: 42703
SELECT 1 FROM events JOIN streams USING (position);

-- case: alias in where
-- error: 42703
SELECT version AS v FROM events WHERE v = 1;

-- case: double-quoted text
-- error: 42703
SELECT type FROM events WHERE type = "OrderPaid";

-- case: column of a subquery
-- error: 42703
SELECT t.b FROM (SELECT 1 AS a) t;

-- case: unknown table
-- error: 42P01
SELECT * FROM nope;

-- case: unknown table in a join
-- error: 42P01
SELECT * FROM events JOIN nope ON true;

-- case: unknown schema
-- error: 42P01
SELECT * FROM nope.events;

-- case: missing from entry
-- error: 42P01
SELECT streams.version FROM events;

-- case: table hidden by its alias
-- error: 42P01
SELECT events.type FROM events e;

-- case: later table in a subquery without lateral
-- error: 42P01
SELECT * FROM events e, (SELECT e.type) t;

-- case: unknown function
-- error: 42883
SELECT nope(1);

-- case: function of the wrong types
-- error: 42883
SELECT upper(1);

-- case: function of too many arguments
-- error: 42883
SELECT length('a', 'b', 'c');

-- case: unknown operator
-- error: 42883
SELECT type + 1 FROM events;

-- case: comparing text with a number
-- error: 42883
SELECT 1 FROM events WHERE type = 1;

-- case: comparing uuid with text
-- error: 42883
SELECT 1 FROM events WHERE stream_id = stream;

-- case: minus on text
-- error: 42725
SELECT -'a';

-- case: aggregate of text
-- error: 42883
SELECT sum(type) FROM events;

-- case: column not grouped
-- error: 42803
SELECT type, stream FROM events GROUP BY type;

-- case: column beside an aggregate
-- error: 42803
SELECT type, count(*) FROM events;

-- case: order by not grouped
-- error: 42803
SELECT type FROM events GROUP BY type ORDER BY version;

-- case: having not grouped
-- error: 42803
SELECT count(*) FROM events HAVING version > 1;

-- case: aggregate in where
-- error: 42803
SELECT type FROM events WHERE count(*) > 1;

-- case: aggregate in group by
-- error: 42803
SELECT count(*) FROM events GROUP BY count(*);

-- case: nested aggregates
-- error: 42803
SELECT max(count(*)) FROM events GROUP BY type;

-- case: window in where
-- error: 42P20
SELECT type FROM events WHERE row_number() OVER () = 1;

-- case: subquery uses an ungrouped outer column
-- error: 42803
SELECT type, (SELECT stream) FROM events GROUP BY type;

-- case: case of two types
-- error: 22P02
SELECT CASE WHEN true THEN 1 ELSE 'x' END;

-- case: case of columns of two types
-- error: 42804
SELECT CASE WHEN true THEN type ELSE version END FROM events;

-- case: union of two types
-- error: 42804
SELECT type FROM events UNION SELECT version FROM events;

-- case: union of different widths
-- error: 42601
SELECT 1, 2 UNION SELECT 1;

-- case: coalesce of two types
-- error: 42804
SELECT coalesce(type, version) FROM events;

-- case: condition that is no boolean
-- error: 42804
SELECT 1 FROM events WHERE version;

-- case: and of an integer
-- error: 42804
SELECT 1 AND true;

-- case: in of two types
-- error: 42883
SELECT 1 FROM events WHERE type IN (1, 2);

-- case: ambiguous column
-- error: 42702
SELECT version FROM events e JOIN streams s ON e.stream_id = s.stream_id;

-- case: ambiguous column in order by
-- error: 42702
SELECT 1 AS x, 2 AS x ORDER BY x;

-- case: table named twice
-- error: 42712
SELECT 1 FROM events, events;

-- case: distinct on does not match order by
-- error: 42P10
SELECT DISTINCT ON (type) type FROM events ORDER BY version;

-- case: order by a position that is not there
-- error: 42P10
SELECT type FROM events ORDER BY 2;

-- case: group by a position that is not there
-- error: 42P10
SELECT type FROM events GROUP BY 3;

-- case: distinct with order by something else
-- error: 42P10
SELECT DISTINCT type FROM events ORDER BY version;

-- case: union ordered by an expression
-- error: 0A000
SELECT 1 AS a UNION SELECT 2 ORDER BY a + 1;

-- case: misspelt keyword
-- error: 42601
SELEC 1;

-- case: syntax in the middle
-- error: 42601
SELECT type FROM events WHERE AND version = 1;

-- case: syntax at the end
-- error: 42601
SELECT type FROM events WHERE;

-- case: missing parenthesis
-- error: 42601
SELECT count(* FROM events;

-- case: comma too many
-- error: 42601
SELECT type, FROM events;

-- case: position counts characters
-- error: 42601
SELECT 'é日' FROM events WHERE WHERE;

-- case: position on a later line
-- error: 42703
SELECT type
FROM events
WHERE nope = 1;

-- case: unterminated string
-- error: 42601
SELECT 'abc;

-- case: unterminated identifier
-- error: 42601
SELECT "abc;

-- case: unterminated comment
-- error: 42601
SELECT 1 /* abc;

-- case: subquery of two columns
-- error: 42601
SELECT (SELECT 1, 2);

-- case: subquery without alias
-- error: 42601
SELECT * FROM (SELECT 1);

-- case: star without from
-- error: 42601
SELECT *;

-- case: values of different lengths
-- error: 42601
VALUES (1, 2), (3);

-- case: more than one row
-- error: 21000
SELECT (SELECT type FROM events);

-- case: more than one row, correlated
-- error: 21000
SELECT stream, (SELECT type FROM events e WHERE e.stream_id = s.stream_id) FROM streams s;

-- case: cte referenced before it is there
-- error: 42P01
WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a;

-- case: cte named twice
-- error: 42712
WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a;

-- case: cte of too many names
-- error: 42P10
WITH a(x, y) AS (SELECT 1) SELECT * FROM a;

-- case: recursive types do not match
-- error: 42804
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1.5 FROM t WHERE n < 3) SELECT * FROM t;

-- case: recursion twice
-- error: 42P19
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT a.n FROM t a, t b) SELECT * FROM t;

-- case: an aggregate of the recursive query
-- error: 42P19
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT max(n) FROM t) SELECT * FROM t;

-- case: an aggregate of the recursive query in a subquery
-- error: 42P19
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT x.m FROM (SELECT max(n) + 1 AS m FROM t) x WHERE m < 4) SELECT * FROM t;

-- case: GROUP BY of the recursive query
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3 GROUP BY n) SELECT * FROM t ORDER BY n;

-- case: window that is not there
-- error: 42704
SELECT count(*) OVER w FROM events;

-- case: ranking without over
-- error: 42809
SELECT row_number() FROM events;

-- case: distinct in a window
-- error: 0A000
SELECT count(DISTINCT type) OVER () FROM events;

-- case: range over text with an offset
-- error: 0A000
SELECT count(*) OVER (ORDER BY type RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM events;

-- case: limit of a column
-- error: 42P10
SELECT type FROM events LIMIT version;

-- case: limit of text
-- error: 22P02
SELECT 1 LIMIT 'x';

-- case: ntile of zero
-- error: 22014
SELECT ntile(0) OVER () FROM events;

-- case: nth_value of zero
-- error: 22016
SELECT nth_value(version, 0) OVER () FROM events;

-- case: row of different lengths
-- error: 42601
SELECT (1, 2) = (1, 2, 3);

-- case: unknown zone in a literal
-- error: 22023
SELECT timestamptz '2024-01-01 00:00 Nowhere/Land';

-- case: repeat too long
-- error: 54000
SELECT repeat('x', 1500000000);

-- case: chr of zero
-- error: 54000
SELECT chr(0);

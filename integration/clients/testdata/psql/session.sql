-- One psql session on an empty store, run with -X -A -f. Errors print their SQLSTATE alone.
\set VERBOSITY sqlstate
\pset null '(null)'
\pset footer off

\echo -- append
INSERT INTO events (stream, type, payload, expected_version)
VALUES ('order-1', 'Placed', '{"a": 1}', -1) RETURNING position, version;
INSERT INTO events (stream, type, payload) VALUES
	('order-1', 'Paid', '{"by": "card"}'),
	('order-2', 'Placed', '{"a": 2}'),
	('order-1', 'Sent', DEFAULT)
RETURNING position, stream, version;

\echo -- conflict
INSERT INTO events (stream, type, payload, expected_version) VALUES ('order-1', 'Late', '{}', 0);
\echo :SQLSTATE :ROW_COUNT
INSERT INTO events (stream, type, payload, expected_version) VALUES ('order-1', 'Late', '{}', -1);
INSERT INTO events (stream, type, payload, version) VALUES ('order-1', 'Late', '{}', 1);
INSERT INTO events (event_id, stream, type, payload)
VALUES ('0190d5a4-7b2e-7c3d-8e4f-5a6b7c8d9e0f', 'ids-1', 'Once', '{}');
INSERT INTO events (event_id, stream, type, payload)
VALUES ('0190d5a4-7b2e-7c3d-8e4f-5a6b7c8d9e0f', 'ids-1', 'Once', '{}');
INSERT INTO events (event_id, stream, type, payload)
VALUES ('0190d5a4-7b2e-7c3d-8e4f-5a6b7c8d9e0f', 'ids-1', 'Once', '{}')
ON CONFLICT (event_id) DO NOTHING;

\echo -- bad input
INSERT INTO events (stream, type, payload) VALUES ('order-1', 'Bad', '{"a":');
INSERT INTO events (stream, type, payload) VALUES ('order-1', NULL, '{}');
INSERT INTO events (stream_id, type, payload) VALUES ('no-uuid', 'Bad', '{}');
SELECT colour FROM events;
SELECT * FROM event;
SELEC 1;
UPDATE events SET type = 'Other';
DELETE FROM events;
TRUNCATE events;

\echo -- read
SELECT position, stream, version, type, payload FROM events ORDER BY position;
SELECT version, type FROM events WHERE stream = 'order-1' AND version >= 1 ORDER BY version DESC LIMIT 1;
SELECT count(*), min(position), max(position) FROM events;
SELECT stream, category, version, first_position, last_position FROM streams WHERE stream = 'order-1';
SELECT version FROM events WHERE stream_id = stream_id('order-1') ORDER BY version LIMIT 2;

\echo -- all columns
INSERT INTO events (stream, type, payload, metadata, tags)
VALUES ('größe-⚙😀', 'Ünï', '"naïve 😀"', '{"who": "Ünal"}', '{red,"with,comma","quote\"d","","NULL",日本}');
INSERT INTO events (stream_id, type, payload, metadata, tags)
VALUES ('7d444840-9dc0-11d1-b245-5ffdce74fad2', E'It''s\ta\\b', '[]', NULL, NULL);
\x on
SELECT position, stream, category, version, type, payload, metadata, tags FROM events
WHERE position >= 5 ORDER BY position;
\x off
SELECT stream_id, stream FROM events WHERE position = 6;

\echo -- transaction
BEGIN;
INSERT INTO events (stream, type, payload) VALUES ('order-3', 'A', '{}') RETURNING version;
SELECT count(*) FROM events WHERE stream = 'order-3';
ROLLBACK;
SELECT count(*) FROM events WHERE stream = 'order-3';
BEGIN;
INSERT INTO events (stream, type, payload) VALUES ('order-3', 'A', '{}');
SAVEPOINT s;
INSERT INTO events (stream, type, payload) VALUES ('order-3', 'B', '{}');
ROLLBACK TO s;
INSERT INTO events (stream, type, payload) VALUES ('order-3', 'C', '{}');
COMMIT;
SELECT version, type FROM events WHERE stream = 'order-3' ORDER BY version;
BEGIN;
INSERT INTO events (stream, type, payload, expected_version) VALUES ('order-3', 'D', '{}', 9);
SELECT count(*) FROM events;
COMMIT;

\echo -- savepoints that psql makes by itself
\set ON_ERROR_ROLLBACK on
BEGIN;
INSERT INTO events (stream, type, payload) VALUES ('order-4', 'A', '{}');
INSERT INTO events (stream, type, payload, expected_version) VALUES ('order-4', 'B', '{}', 9);
INSERT INTO events (stream, type, payload) VALUES ('order-4', 'C', '{}');
COMMIT;
\set ON_ERROR_ROLLBACK off
SELECT version, type FROM events WHERE stream = 'order-4' ORDER BY version;

\echo -- several statements in one message
INSERT INTO events (stream, type, payload) VALUES ('order-5', 'A', '{}')\;
SELECT count(*) FROM events WHERE stream = 'order-5';
INSERT INTO events (stream, type, payload) VALUES ('order-5', 'B', '{}')\; SELECT colour FROM events;
SELECT count(*) FROM events WHERE stream = 'order-5';

\echo -- variables
SELECT max(version) AS at FROM events WHERE stream = 'order-1' \gset
INSERT INTO events (stream, type, payload, expected_version)
VALUES (:'streamname', 'Done', '{}', :at) RETURNING version;

\echo -- prepared
PREPARE append (text, text, jsonb) AS
	INSERT INTO events (stream, type, payload) VALUES ($1, $2, $3) RETURNING version;
EXECUTE append('order-6', 'A', '{}');
EXECUTE append('order-6', 'B', '{"n": 1.50}');
DEALLOCATE append;
EXECUTE append('order-6', 'C', '{}');

\echo -- cursor
BEGIN;
DECLARE c CURSOR FOR SELECT version, type FROM events WHERE stream = 'order-1' ORDER BY version;
FETCH 2 FROM c;
MOVE 1 IN c;
FETCH ALL FROM c;
CLOSE c;
COMMIT;

\echo -- copy
COPY events (stream, type, payload, tags) FROM STDIN;
copied-1	A	{"t": "tab\\tbed"}	{a,b}
copied-1	B	\N	\N
\.
COPY events (stream, type, payload) FROM STDIN (FORMAT csv, HEADER);
stream,type,payload
copied-1,"C, D","{""q"": ""x""}"
\.
COPY (SELECT version, type, payload, tags FROM events WHERE stream = 'copied-1' ORDER BY version) TO STDOUT;
COPY (SELECT version, type, payload FROM events WHERE stream = 'copied-1' ORDER BY version)
TO STDOUT (FORMAT csv, HEADER, NULL 'none');
BEGIN;
COPY events (stream, type, payload) FROM STDIN;
copied-2	A	{}
copied-2	B	{"a":
\.
COMMIT;
SELECT count(*) FROM events WHERE stream = 'copied-2';

\echo -- rows fetched in portions
\set FETCH_COUNT 2
SELECT position FROM events WHERE position < 5 ORDER BY position;
\unset FETCH_COUNT

\echo -- empty
;
-- only a comment
SHOW server_encoding;
SET application_name = 'told';
SHOW application_name;
RESET application_name;
DISCARD ALL;

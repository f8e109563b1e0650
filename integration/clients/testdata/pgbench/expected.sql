-- Optimistic concurrency on three existing streams: pgbench itself tries again after 40001.
\set s random(1, 3)
BEGIN;
SELECT version AS at FROM streams WHERE stream = :s::text \gset
INSERT INTO events (stream, type, payload, expected_version) VALUES (:s::text, 'Raced', '{}', :at);
END;

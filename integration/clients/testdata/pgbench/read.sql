-- Appends, takes the version from the answer and reads the event back.
\set s random(1, 50)
INSERT INTO events (stream, type, payload) VALUES (:s::text, 'Benched', '{}') RETURNING version AS v \gset
SELECT type, payload FROM events WHERE stream = :s::text AND version = :v;
SELECT version FROM events WHERE stream = :s::text ORDER BY version DESC LIMIT 5;

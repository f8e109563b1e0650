-- Appends to one of fifty streams; the casts make text of pgbench's numbers in every mode.
\set s random(1, 50)
\set n random(1, 1000000000)
INSERT INTO events (stream, type, payload) VALUES (:s::text, 'Benched', :n::text::jsonb);

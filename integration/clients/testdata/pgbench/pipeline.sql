-- Five appends sent before the first answer is read.
\set s random(1, 50)
\startpipeline
INSERT INTO events (stream, type, payload) VALUES (:s::text, 'Piped', '0');
INSERT INTO events (stream, type, payload) VALUES (:s::text, 'Piped', '1');
INSERT INTO events (stream, type, payload) VALUES (:s::text, 'Piped', '2');
INSERT INTO events (stream, type, payload) VALUES (:s::text, 'Piped', '3');
INSERT INTO events (stream, type, payload) VALUES (:s::text, 'Piped', '4');
\endpipeline

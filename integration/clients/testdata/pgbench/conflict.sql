-- Only the first one can create the stream.
INSERT INTO events (stream, type, payload, expected_version) VALUES ('conflict', 'Created', '{}', -1);

-- Reads of what PostgreSQL does not have, or has in another form: hidden columns and
-- documents byte for byte.

-- case: category
SELECT position, category, stream FROM events WHERE position >= 8577 ORDER BY position;

-- case: a category
SELECT position, stream FROM events WHERE category = 'order' ORDER BY position;

-- case: count of a category
SELECT count(*) FROM events WHERE category = 'permit';

-- case: categories
SELECT position, category FROM events WHERE category IN ('edge', 'nodash') ORDER BY position;

-- case: category after a position
SELECT position FROM events WHERE category = 'order' AND position > 8620 ORDER BY position;

-- case: category of an unnamed stream
SELECT position, category FROM events WHERE stream_id = '00000000-0000-4000-8000-000000000001' ORDER BY position;

-- case: parameter for a category
-- params: edge
SELECT position FROM events WHERE category = $1 ORDER BY position;

-- case: payloads
SELECT position, payload, metadata FROM events WHERE position >= 8577 ORDER BY position;

-- case: payloads of a stream
SELECT version, payload FROM events WHERE stream = 'edge-key' ORDER BY version;

-- case: payload with spaces
SELECT payload FROM events WHERE stream = 'edge-text' AND version = 3;

-- case: payload bytes
SELECT position, payload_bytes FROM events WHERE position >= 8577 ORDER BY position;

-- case: star
SELECT * FROM events WHERE position >= 8577 ORDER BY position;

-- case: star of all
SELECT * FROM events ORDER BY position;

-- case: star beside hidden columns
SELECT *, category FROM events WHERE stream = 'order-1' ORDER BY version;

-- case: star of an alias
SELECT e.* FROM events e WHERE e.stream = 'order-1' ORDER BY e.version;

-- case: stream by the function
SELECT stream, version FROM events WHERE stream_id = stream_id('order-1') ORDER BY version;

-- case: bad uuid beside a hidden column
-- error: 22P02
SELECT category FROM events WHERE event_id = 'x';

-- Reads that Eventgres can answer on either path.

-- case: count of all
SELECT count(*) FROM events;

-- case: count of a stream
SELECT count(*) FROM events WHERE stream = 'permit-9289';

-- case: count of a type
SELECT count(*) FROM events WHERE type = 'Confirmation of receipt';

-- case: count of a stream that is not there
SELECT count(*) FROM events WHERE stream = 'no such stream';

-- case: count of streams
SELECT count(*) FROM streams;

-- case: count named
SELECT count(*) AS n FROM events WHERE position >= 8577;

-- case: highest position
SELECT max(position) FROM events;

-- case: lowest position
SELECT min(position) FROM events;

-- case: version of a stream
SELECT max(version) FROM events WHERE stream = 'permit-9289';

-- case: version of no stream
SELECT max(version) FROM events WHERE stream = 'no such stream';

-- case: ends of time
SELECT min(recorded_at) AS first, max(recorded_at) AS last FROM events;

-- case: several aggregates
SELECT count(*), min(position), max(position), min(version), max(version) FROM events WHERE stream = 'order-1';

-- case: aggregates of nothing
SELECT count(*), min(position), max(version), max(recorded_at) FROM events WHERE position < 0;

-- case: a stream by its name
SELECT version, type FROM events WHERE stream = 'permit-891' ORDER BY version;

-- case: a stream backwards
SELECT version, type FROM events WHERE stream = 'permit-891' ORDER BY version DESC;

-- case: a stream by position
SELECT position, version FROM events WHERE stream = 'order-2' ORDER BY position DESC;

-- case: a stream by its id
SELECT position, stream_id, stream, version FROM events WHERE stream_id = '00000000-0000-4000-8000-000000000001' ORDER BY version;

-- case: a stream by its id, cast
SELECT version FROM events WHERE stream_id = 'ffffffff-ffff-4fff-bfff-ffffffffffff'::uuid ORDER BY version;

-- case: a stream from a version on
SELECT version, type, tags FROM events WHERE stream = 'permit-9289' AND version >= 20 ORDER BY version;

-- case: a stream between versions
SELECT version FROM events WHERE stream = 'permit-9289' AND version > 3 AND version <= 6 ORDER BY version;

-- case: one version
SELECT type FROM events WHERE stream = 'permit-9289' AND version = 24;

-- case: last event of a stream
SELECT version, type FROM events WHERE stream = 'permit-9289' ORDER BY version DESC LIMIT 1;

-- case: several versions
SELECT version, type FROM events WHERE stream = 'permit-9289' AND version IN (0, 5, 99) ORDER BY version;

-- case: several streams
SELECT stream, version FROM events WHERE stream IN ('order-1', 'order-3', 'none') ORDER BY position;

-- case: one position
SELECT stream, version, type, tags, recorded_at, event_id, stream_id FROM events WHERE position = 8000;

-- case: positions from
SELECT position, type FROM events WHERE position >= 8600 ORDER BY position;

-- case: positions between
SELECT position, stream, type FROM events WHERE position > 100 AND position < 110 ORDER BY position;

-- case: positions backwards
SELECT position FROM events WHERE position <= 50 ORDER BY position DESC LIMIT 10;

-- case: positions listed
SELECT position, type FROM events WHERE position IN (7, 3, 5, 100000) ORDER BY position;

-- case: first rows
SELECT position, stream_id, stream, version, event_id, type, tags, recorded_at FROM events ORDER BY position LIMIT 20;

-- case: last rows
SELECT position, stream, type FROM events ORDER BY position DESC LIMIT 60;

-- case: all rows
SELECT position, stream_id, version, event_id, recorded_at FROM events ORDER BY position;

-- case: offset
SELECT position FROM events ORDER BY position LIMIT 5 OFFSET 1000;

-- case: fetch first
SELECT position FROM events ORDER BY position FETCH FIRST 3 ROWS ONLY;

-- case: limit zero
SELECT position, type FROM events ORDER BY position LIMIT 0;

-- case: a type after a position
SELECT position, type FROM events WHERE type = 'OrderPaid' AND position > 8000 ORDER BY position;

-- case: several types
SELECT position, stream, type FROM events WHERE type IN ('OrderPaid', 'OrderPlaced', 'OrderCancelled') ORDER BY position;

-- case: type in a stream
SELECT version FROM events WHERE stream = 'permit-9289' AND type = 'T02 Check confirmation of receipt' ORDER BY version;

-- case: the empty type
SELECT stream, version, type FROM events WHERE type = '' ORDER BY position;

-- case: a type that is not there
SELECT position FROM events WHERE type = 'Nonesuch' ORDER BY position;

-- case: odd names of streams
SELECT stream, version, type FROM events WHERE stream IN ('nodash', '-leading', 'two-dashes-here', 'Größe-1', 'with ''quote''-1') ORDER BY position;

-- case: unnamed streams
SELECT position, stream_id, stream, version FROM events WHERE stream IS NULL ORDER BY position;

-- case: tags with nulls and quotes
SELECT stream, version, tags FROM events WHERE position >= 8577 ORDER BY position;

-- case: recorded in a range
SELECT count(*) FROM events WHERE recorded_at >= '2020-01-01' AND recorded_at < '2100-01-01';

-- case: recorded before there was anything
SELECT position FROM events WHERE recorded_at < '2000-01-01 00:00:00+00' ORDER BY position;

-- case: recorded, after a position
SELECT position, recorded_at FROM events WHERE recorded_at > '2020-01-01T00:00:00Z' AND position < 4 ORDER BY position;

-- case: recorded_at in a zone
-- zone: America/St_Johns
SELECT position, recorded_at FROM events ORDER BY position LIMIT 3;

-- case: quoted names
SELECT "events"."position", "events"."type" FROM "public"."events" WHERE "events"."stream" = 'order-1' ORDER BY "events"."version" ASC;

-- case: aliases
SELECT e.position AS p, e.type AS "Kind" FROM events AS e WHERE e.stream = 'order-1' ORDER BY e.version;

-- case: duplicate columns
SELECT type, type, version FROM events WHERE position = 0;

-- case: a stream's row
SELECT stream_id, stream, category, version, first_position, last_position, created_at, updated_at FROM streams WHERE stream = 'order-1';

-- case: star of a stream's row
SELECT * FROM streams WHERE stream = 'permit-9289';

-- case: a stream's row by id
SELECT stream, version FROM streams WHERE stream_id = '00000000-0000-4000-8000-000000000001';

-- case: a stream that is not there
SELECT * FROM streams WHERE stream = 'no such stream';

-- case: streams of a category
SELECT stream, version FROM streams WHERE category = 'order' ORDER BY first_position;

-- case: category of names without a dash
SELECT stream, category FROM streams WHERE category IN ('nodash', '', 'two', 'Größe') ORDER BY first_position;

-- case: event by id that is not there
SELECT position FROM events WHERE event_id = '00000000-0000-0000-0000-000000000000';

-- case: contradiction
SELECT position FROM events WHERE position = 1 AND position = 2 ORDER BY position;

-- case: null never matches
SELECT count(*) FROM events WHERE stream = NULL;

-- case: parameter for a stream
-- params: order-1
SELECT version, type FROM events WHERE stream = $1 ORDER BY version;

-- case: parameters for a stream from a version
-- params: permit-9289 | 20
SELECT position, version FROM events WHERE stream = $1 AND version >= $2 ORDER BY version;

-- case: parameters for a page
-- params: 8000 | 10
SELECT position, type FROM events WHERE position > $1 ORDER BY position LIMIT $2;

-- case: parameter for an id
-- params: ffffffff-ffff-4fff-bfff-ffffffffffff
SELECT version, type FROM events WHERE stream_id = $1 ORDER BY version;

-- case: parameters for types
-- params: OrderPaid | OrderPlaced
SELECT position FROM events WHERE type IN ($1, $2) ORDER BY position;

-- case: parameter for a time
-- params: 2020-01-01 00:00:00+00
SELECT count(*) FROM events WHERE recorded_at > $1;

-- case: parameters of given types
-- params: int4:3 | int8:6
SELECT position FROM events WHERE position >= $1 AND position <= $2 ORDER BY position;

-- case: parameter that is null
-- params: NULL
SELECT count(*) FROM events WHERE stream = $1;

-- case: bad uuid
-- error: 22P02
SELECT version FROM events WHERE stream_id = 'order-1';

-- case: bad number
-- error: 22P02
SELECT type FROM events WHERE position = 'first';

-- case: unknown column
-- error: 42703
SELECT nope FROM events WHERE position = 1;

-- case: unknown table
-- error: 42P01
SELECT position FROM event;

-- case: column not grouped
-- error: 42803
SELECT type, max(position) FROM events;

-- case: negative limit
-- error: 2201W
SELECT position FROM events ORDER BY position LIMIT -1;

-- case: the streams with the most events
SELECT stream_id, count(*) AS n FROM events GROUP BY stream_id ORDER BY n DESC, stream_id LIMIT 5;

-- case: the streams with the fewest
SELECT stream_id, count(*), max(version), min(version) FROM events GROUP BY 1 ORDER BY count(*), stream_id DESC LIMIT 20 OFFSET 3;

-- case: streams as groups, without a limit
SELECT count(*) - max(version), min(version) FROM events GROUP BY stream_id ORDER BY 1, 2 LIMIT 1000;

-- case: the longest streams
SELECT stream_id, version FROM streams ORDER BY version DESC, stream_id LIMIT 5;

-- case: streams of more than ten events
SELECT count(*) FROM streams WHERE version >= 10;

-- case: long streams by id
SELECT stream_id, version + 1 AS events FROM streams WHERE version > 15 ORDER BY stream_id LIMIT 30;

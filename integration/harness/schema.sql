-- A PostgreSQL database in the shape of an Eventgres server.
--
-- The columns, types and constraint names are Eventgres'. Triggers fill in what
-- the log would: an INSERT gives stream or stream_id, and gets the next version
-- of the stream and the next position of the log. What PostgreSQL cannot have
-- is left out: columns that can be named but are not in `*` (category,
-- payload_bytes, expected_version), and JSON stored byte for byte.

-- Stream ids differ from Eventgres' (PostgreSQL has no SHA-1 without an
-- extension, so this is a version 3 UUID under the nil namespace): a comparison
-- must not print them.
CREATE FUNCTION stream_id(name text) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT AS $$
	SELECT (substr(h, 1, 12) || '3' || substr(h, 14, 3) || 'a' || substr(h, 18))::uuid
	FROM (SELECT md5(decode(repeat('00', 16), 'hex') || convert_to(name, 'UTF8')) AS h) AS hashed
$$;

CREATE TABLE events (
	position    bigint NOT NULL,
	stream_id   uuid NOT NULL,
	stream      text,
	version     bigint NOT NULL,
	event_id    uuid NOT NULL DEFAULT gen_random_uuid(),
	type        text NOT NULL,
	payload     jsonb,
	metadata    jsonb,
	tags        text[],
	recorded_at timestamptz NOT NULL DEFAULT now(),
	-- Created, and so checked by PostgreSQL, in this order.
	CONSTRAINT events_pkey PRIMARY KEY (position),
	CONSTRAINT events_stream_id_version_key UNIQUE (stream_id, version),
	CONSTRAINT events_event_id_key UNIQUE (event_id)
);
CREATE INDEX events_category_idx ON events (split_part(stream, '-', 1));
CREATE INDEX events_type_idx ON events (type);
CREATE INDEX events_tags_idx ON events USING gin (tags);

-- events_number gives an event its place. The lock is held to the end of the
-- transaction, which makes positions gapless and in commit order.
CREATE FUNCTION events_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(7201);
	NEW.stream_id := coalesce(NEW.stream_id, stream_id(NEW.stream));
	IF NEW.stream IS NULL THEN
		NEW.stream := (SELECT e.stream FROM events e WHERE e.stream_id = NEW.stream_id LIMIT 1);
	END IF;
	IF NEW.version IS NULL THEN
		NEW.version := (SELECT coalesce(max(e.version), -1) + 1
			FROM events e WHERE e.stream_id = NEW.stream_id);
	END IF;
	NEW.position := (SELECT coalesce(max(e.position), -1) + 1 FROM events e);
	RETURN NEW;
END $$;

CREATE TRIGGER events_number BEFORE INSERT ON events
FOR EACH ROW EXECUTE FUNCTION events_number();

CREATE FUNCTION events_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE feature_not_supported USING MESSAGE = 'events are immutable';
END $$;

CREATE TRIGGER events_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION events_immutable();

CREATE VIEW streams AS
SELECT
	stream_id,
	max(stream) AS stream,
	split_part(max(stream), '-', 1) AS category,
	max(version) AS version,
	min(position) AS first_position,
	max(position) AS last_position,
	min(recorded_at) AS created_at,
	max(recorded_at) AS updated_at
FROM events
GROUP BY stream_id;

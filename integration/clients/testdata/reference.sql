-- What the client programs use and a table of PostgreSQL cannot have: run on
-- top of the harness's schema it makes PostgreSQL a server that these programs
-- can be checked against (EVENTGRES_CLIENTS_TARGET=postgres).

CREATE EXTENSION IF NOT EXISTS "uuid-ossp";

CREATE OR REPLACE FUNCTION stream_id(name text) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT uuid_generate_v5(uuid_nil(), name) $$;

ALTER TABLE events
	ADD COLUMN category text GENERATED ALWAYS AS (split_part(stream, '-', 1)) STORED,
	ADD COLUMN payload_bytes bytea,
	ADD COLUMN expected_version bigint;

-- events_expected runs before events_number: triggers fire in the order of
-- their names. Events that the same statement has stored already carry the same
-- expected version and lie above it; those the condition does not count.
CREATE FUNCTION events_expected() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	id uuid := coalesce(NEW.stream_id, stream_id(NEW.stream));
	actual bigint;
BEGIN
	IF NEW.expected_version IS NULL THEN
		RETURN NEW;
	END IF;
	PERFORM pg_advisory_xact_lock(7201);
	SELECT coalesce(max(version), -1) INTO actual FROM events e
	WHERE e.stream_id = id
	  AND NOT coalesce(e.xmin = pg_current_xact_id()::xid
	                   AND e.expected_version = NEW.expected_version
	                   AND e.version > NEW.expected_version, false);
	IF actual <> NEW.expected_version THEN
		RAISE EXCEPTION 'stream is at another version' USING
			ERRCODE = '40001',
			DETAIL = format('Stream "%s": expected version %s, actual version %s.',
				coalesce(NEW.stream, id::text), NEW.expected_version, actual);
	END IF;
	RETURN NEW;
END $$;

CREATE TRIGGER events_expected BEFORE INSERT ON events
FOR EACH ROW EXECUTE FUNCTION events_expected();

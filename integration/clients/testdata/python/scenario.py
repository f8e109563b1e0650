"""What both Python drivers do with the store.

A driver's own program passes its module's differences in as a Driver and adds
what only it can do. Every step prints one line, which the Go test compares.
"""

import datetime
import json
import uuid

APPEND = (
    "INSERT INTO events (stream, type, payload, expected_version)"
    " VALUES (%s, %s, %s, %s) RETURNING position, version"
)
COLUMNS = (
    "position, stream_id, stream, version, event_id, type, payload, metadata, tags, recorded_at"
)
# Everything that array, JSON and text syntax give a meaning to.
TAGS = ["red", "with,comma", 'quote"d', "brace{}", "back\\slash", "", "NULL", "per%cent", "日本"]
PAYLOAD = {"text": 'naïve 😀 Ω "q" \\', "n": 12345678901, "f": 1.5, "nested": {"a": [1, None, True]}}
METADATA = {"who": "Ünal", "trace": None}
LARGE = 20_000


class Driver:
    """The differences of the two modules."""

    def __init__(self, error, sqlstate, json_value):
        self.error = error  # the base exception
        self.sqlstate = sqlstate  # of an exception
        self.json_value = json_value  # wraps a dict as a parameter


def say(step, *facts):
    print(step, *facts, flush=True)


def joined(values):
    return ",".join(str(v) for v in values)


def check(condition, *what):
    if not condition:
        raise AssertionError(what)


class Scenario:
    def __init__(self, conn, driver, prefix):
        self.conn = conn
        self.driver = driver
        self.prefix = prefix

    def stream(self, name):
        return f"{self.prefix}-{name}"

    def rows(self, sql, args=()):
        cur = self.conn.cursor()
        cur.execute(sql, args)
        rows = cur.fetchall()
        cur.close()
        return rows

    def committed(self, sql, args=()):
        rows = self.rows(sql, args)
        self.conn.commit()
        return rows

    def refused(self, sql, args=()):
        """Runs what must fail and gives SQLSTATE and constraint."""
        try:
            self.conn.cursor().execute(sql, args)
        except self.driver.error as e:
            self.conn.rollback()
            return " ".join(filter(None, [self.driver.sqlstate(e), e.diag.constraint_name]))
        raise AssertionError(("accepted", sql, args))

    def run(self):
        for step in (
            self.append,
            self.conflicts,
            self.event_ids,
            self.bad_input,
            self.read_back,
            self.all_columns,
            self.nulls,
            self.opaque,
            self.stream_row,
            self.repeated,
        ):
            step()

    def append(self):
        name, body = self.stream("order"), self.driver.json_value({"a": 1})
        ((position, version),) = self.committed(APPEND, (name, "Placed", body, -1))
        check(position >= 0, position)
        say("append", f"version={version}")
        many = "INSERT INTO events (stream, type, payload, expected_version) VALUES"
        many += " (%s, %s, %s, %s), (%s, %s, %s, %s), (%s, %s, %s, %s) RETURNING position, version"
        rows = self.committed(many, (name, "Paid", body, 0) * 3)
        check([r[0] for r in rows] == list(range(rows[0][0], rows[0][0] + 3)), rows)
        say("append-many", "versions=" + joined(r[1] for r in rows))

    def conflicts(self):
        name, body = self.stream("order"), self.driver.json_value({})
        say("conflict", self.refused(APPEND, (name, "Late", body, 0)))
        say("conflict-new", self.refused(APPEND, (name, "Late", body, -1)))
        at = "INSERT INTO events (stream, type, payload, version) VALUES (%s, %s, %s, %s)"
        say("version-taken", self.refused(at, (name, "Late", body, 2)))

    def event_ids(self):
        name, body = self.stream("ids"), self.driver.json_value({})
        with_id = "INSERT INTO events (event_id, stream, type, payload) VALUES (%s, %s, %s, %s)"
        event_id = uuid.uuid4()
        again = (event_id, name, "Once", body)
        self.committed(with_id + " RETURNING version", again)
        say("event-id-used", self.refused(with_id, again))
        rows = self.committed(with_id + " ON CONFLICT (event_id) DO NOTHING RETURNING version", again)
        say("event-id-again", f"rows={len(rows)}")
        rows = self.committed("SELECT event_id, version FROM events WHERE event_id = %s", (event_id,))
        check(rows == [(event_id, 0)], rows)

    def bad_input(self):
        name = self.stream("bad")
        say("bad-json", self.refused(APPEND, (name, "Bad", '{"a":', -1)))
        say("null-type", self.refused(APPEND, (name, None, "{}", -1)))
        say("unknown-column", self.refused("SELECT colour FROM events"))
        say("unknown-relation", self.refused("SELECT * FROM event"))
        say("syntax", self.refused("SELEC 1"))
        rows = self.committed("SELECT count(*) FROM events WHERE stream = %s", (name,))
        say("bad-stored", f"count={rows[0][0]}")

    def read_back(self):
        name = self.stream("order")
        read = "SELECT version, type, payload FROM events WHERE stream = %s ORDER BY version"
        rows = self.committed(read, (name,))
        check(all(r[2] == {"a": 1} for r in rows), rows)
        say("read", "versions=" + joined(r[0] for r in rows), "types=" + joined(r[1] for r in rows))
        rows = self.committed(read + " DESC LIMIT %s", (name, 2))
        say("read-back", "versions=" + joined(r[0] for r in rows))
        read = "SELECT version FROM events WHERE stream = %s AND version >= %s ORDER BY version"
        rows = self.committed(read, (name, 2))
        say("read-from", "versions=" + joined(r[0] for r in rows))

    def all_columns(self):
        name, event_id = self.stream("größe-⚙😀"), uuid.uuid4()
        self.committed(
            "INSERT INTO events (event_id, stream, type, payload, metadata, tags)"
            " VALUES (%s, %s, %s, %s, %s, %s) RETURNING position",
            (event_id, name, "Ünï", self.driver.json_value(PAYLOAD), self.driver.json_value(METADATA), TAGS),
        )
        self.check_row(name, event_id, self.rows(f"SELECT {COLUMNS} FROM events WHERE stream = %s", (name,)))
        self.check_row(name, event_id, self.rows(f"SELECT {COLUMNS} FROM events WHERE event_id = %s", (event_id,)))
        self.conn.commit()
        say("all-columns ok")

    def check_row(self, name, event_id, rows):
        check(len(rows) == 1, rows)
        row = rows[0]
        check(isinstance(row[0], int) and row[0] >= 0, row)
        check(isinstance(row[1], uuid.UUID) and row[1].version == 5, row)
        check(row[2:9] == (name, 0, event_id, "Ünï", PAYLOAD, METADATA, TAGS), row)
        age = datetime.datetime.now(datetime.timezone.utc) - row[9]
        check(abs(age) < datetime.timedelta(hours=1), row[9])

    def nulls(self):
        stream_id = uuid.uuid4()
        self.committed(
            "INSERT INTO events (stream_id, type, payload, metadata, tags)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING version",
            (stream_id, "Bare", self.driver.json_value([]), None, None),
        )
        rows = self.committed(f"SELECT {COLUMNS} FROM events WHERE stream_id = %s", (stream_id,))
        check(len(rows) == 1, rows)
        row = rows[0]
        check((row[1], row[2], row[3], row[6], row[7], row[8]) == (stream_id, None, 0, [], None, None), row)
        say("nulls ok")

    def opaque(self):
        name, body = self.stream("opaque"), bytes(range(256))
        self.committed(
            "INSERT INTO events (stream, type, payload_bytes) VALUES (%s, %s, %s) RETURNING version",
            (name, "Blob", body),
        )
        ((payload, stored),) = self.committed(
            "SELECT payload, payload_bytes FROM events WHERE stream = %s", (name,)
        )
        check(payload is None and bytes(stored) == body, payload, stored)
        say("opaque ok")

    def stream_row(self):
        name = self.stream("order")
        ((stream_id, category, version, first, last, created, updated),) = self.committed(
            "SELECT stream_id, category, version, first_position, last_position, created_at, updated_at"
            " FROM streams WHERE stream = %s",
            (name,),
        )
        check(stream_id.version == 5 and first < last and created <= updated, stream_id, first, last)
        say("stream", f"category={category}", f"version={version}")

    def repeated(self):
        """The same statement ten times: drivers change how they send it after some."""
        name, versions = self.stream("repeated"), []
        for i in range(10):
            rows = self.committed(APPEND, (name, "Tick", self.driver.json_value({"i": i}), i - 1))
            versions.append(rows[0][1])
        say("repeated", "versions=" + joined(versions))
        for i in range(10):
            rows = self.committed(
                "SELECT version, payload FROM events WHERE stream = %s AND version = %s", (name, i)
            )
            check(rows == [(i, {"i": i})], rows)


class Transactions(Scenario):
    """Steps for a connection that opens transactions without being asked."""

    def run(self):
        for step in (self.rolled_back, self.commits, self.savepoint, self.failed_block):
            step()

    def count(self, name):
        return self.rows("SELECT count(*) FROM events WHERE stream = %s", (name,))[0][0]

    def append_to(self, name, kind):
        return self.rows(APPEND, (name, kind, self.driver.json_value({}), None))[0][1]

    def rolled_back(self):
        name = self.stream("rolled-back")
        self.append_to(name, "A")
        inside = self.count(name)
        self.conn.rollback()
        say("rollback", f"inside={inside}", f"after={self.count(name)}")
        self.conn.commit()

    def commits(self):
        name, other = self.stream("commits"), self.stream("commits-too")
        versions = [self.append_to(name, "A"), self.append_to(other, "B"), self.append_to(name, "C")]
        self.conn.commit()
        say("commit", "versions=" + joined(versions), f"after={self.count(name)}+{self.count(other)}")
        self.conn.commit()

    def savepoint(self):
        name, cur = self.stream("savepoint"), self.conn.cursor()
        self.append_to(name, "A")
        cur.execute("SAVEPOINT one")
        self.append_to(name, "B")
        cur.execute("ROLLBACK TO SAVEPOINT one")
        self.append_to(name, "C")
        cur.execute("RELEASE SAVEPOINT one")
        self.conn.commit()
        rows = self.committed("SELECT version, type FROM events WHERE stream = %s ORDER BY version", (name,))
        say("savepoint", joined(f"{v}{t}" for v, t in rows))

    def failed_block(self):
        name, cur = self.stream("failed"), self.conn.cursor()
        self.append_to(name, "A")
        try:
            cur.execute(APPEND, (name, "B", "{}", 7))
        except self.driver.error as e:
            first = self.driver.sqlstate(e)
        try:
            cur.execute("SELECT count(*) FROM events WHERE stream = %s", (name,))
        except self.driver.error as e:
            say("failed-block", first, self.driver.sqlstate(e))
        self.conn.rollback()
        say("failed-after", f"count={self.count(name)}")
        self.conn.commit()


def copy_line(name, i):
    """One event in COPY's text format."""
    body = json.dumps({"i": i, "pad": "x" * 80})
    return f"{name}\tLoaded\t{body}\n"


def check_large(rows):
    """The rows of a large stream, in order, without holding them."""
    seen = 0
    for version, payload in rows:
        check(version == seen and payload["i"] == seen, seen, version, payload)
        seen += 1
    check(seen == LARGE, seen)
    return seen

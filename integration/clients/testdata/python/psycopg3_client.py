"""psycopg 3: the extended protocol, text and binary, statements prepared after five runs, pipelines."""

import logging
import sys

import psycopg
from psycopg.types.json import Jsonb

from scenario import APPEND, LARGE, Driver, Scenario, Transactions, check, check_large, copy_line, joined, say

DRIVER = Driver(psycopg.Error, lambda e: e.sqlstate, Jsonb)
LARGE_READ = "SELECT version, payload FROM events WHERE stream = %s ORDER BY version"


def connect(**options):
    conn = psycopg.connect("", **options)
    check(conn.info.server_version // 10000 == 15, conn.info.server_version)
    check(conn.info.encoding == "utf-8", conn.info.encoding)
    return conn


class Binary(Scenario):
    """Asks for results in the binary format; parameters too, where Python has one for the type."""

    def rows(self, sql, args=()):
        with self.conn.cursor(binary=True) as cur:
            return cur.execute(sql.replace("%s", "%b") if self.has_binary(args) else sql, args).fetchall()

    @staticmethod
    def has_binary(args):
        return not any(isinstance(a, list) for a in args)


def copy(conn):
    name = "psycopg3-large"
    with conn.cursor() as cur:
        with cur.copy("COPY events (stream, type, payload) FROM STDIN") as copy:
            for i in range(LARGE):
                copy.write(copy_line(name, i))
        conn.commit()
        say("copy-in", f"rows={cur.rowcount}")


def copy_rows(conn, mode):
    """COPY through write_row and rows(), in text or binary."""
    name = "psycopg3-copy-" + mode
    option = " (FORMAT binary)" if mode == "binary" else ""
    with conn.cursor() as cur:
        with cur.copy(f"COPY events (stream, type, payload, tags) FROM STDIN{option}") as copy:
            copy.set_types(["text", "text", "jsonb", "text[]"])
            for i in range(300):
                copy.write_row((name, "Loaded\t\\\n", Jsonb({"i": i}), ["a b", "ü"] if i % 2 else None))
        conn.commit()
        query = f"SELECT version, type, payload, tags FROM events WHERE stream = '{name}' ORDER BY version"
        with cur.copy(f"COPY ({query}) TO STDOUT{option}") as copy:
            copy.set_types(["int8", "text", "jsonb", "text[]"])
            got = list(copy.rows())
        conn.commit()
    want = [(i, "Loaded\t\\\n", {"i": i}, ["a b", "ü"] if i % 2 else None) for i in range(300)]
    check(got == want, got[:3])
    say("copy-" + mode, f"rows={len(got)}")


def copy_abandoned(conn):
    """A COPY that the client breaks off in a transaction stores nothing."""
    try:
        with conn.cursor().copy("COPY events (stream, type, payload) FROM STDIN") as copy:
            copy.write("psycopg3-abandoned\tA\t{}\n")
            raise ZeroDivisionError
    except psycopg.Error as e:
        state = e.sqlstate
    conn.rollback()
    count = conn.execute("SELECT count(*) FROM events WHERE stream = 'psycopg3-abandoned'").fetchone()[0]
    conn.commit()
    say("copy-abandoned", state, f"count={count}")


def server_cursor(conn, binary):
    with conn.cursor("big", binary=binary) as cur:
        cur.itersize = 777
        cur.execute(LARGE_READ, ("psycopg3-large",))
        say("cursor", "binary" if binary else "text", f"rows={check_large(cur)}")
    conn.commit()


def single_rows(conn):
    """libpq's single-row mode: the client holds one row at a time."""
    with conn.cursor() as cur:
        say("stream", f"rows={check_large(cur.stream(LARGE_READ, ('psycopg3-large',)))}")
    conn.commit()


def pipeline(conn):
    name = "psycopg3-pipeline"
    with conn.pipeline():
        cursors = [conn.execute(APPEND, (name, "Tick", Jsonb({"i": i}), i - 1)) for i in range(50)]
        counted = conn.execute("SELECT count(*) FROM events WHERE stream = %s", (name,))
    conn.commit()
    versions = [c.fetchone()[1] for c in cursors]
    check(versions == list(range(50)), versions)
    say("pipeline", f"appended={len(versions)}", f"seen={counted.fetchone()[0]}")


def pipeline_error(conn):
    """One error takes the rest of its pipeline with it, and the connection lives on."""
    name = "psycopg3-pipeline-error"
    try:
        with conn.pipeline():
            conn.execute(APPEND, (name, "A", Jsonb({}), -1))
            conn.execute(APPEND, (name, "B", Jsonb({}), 9))
            conn.execute(APPEND, (name, "C", Jsonb({}), 0))
    except psycopg.Error as e:
        state = e.sqlstate
    conn.rollback()
    count = conn.execute("SELECT count(*) FROM events WHERE stream = %s", (name,)).fetchone()[0]
    conn.commit()
    say("pipeline-error", state, f"count={count}")


def executemany(conn):
    """executemany sends a pipeline by itself."""
    rows = [("psycopg3-many", "Tick", Jsonb({"i": i}), i - 1) for i in range(100)]
    with conn.cursor() as cur:
        cur.executemany(APPEND, rows, returning=True)
        versions = [cur.fetchone()[1]]
        while cur.nextset():
            versions.append(cur.fetchone()[1])
    conn.commit()
    check(versions == list(range(100)), versions)
    say("executemany", f"rows={len(versions)}")


def prepared(conn):
    with conn.cursor() as cur:
        for i in range(10):
            cur.execute(APPEND, ("psycopg3-prepared", "Tick", Jsonb({}), i - 1), prepare=True)
            check(cur.fetchone()[1] == i, i)
    conn.commit()
    rows = conn.execute("SELECT max(version) FROM events WHERE stream = %s", ("psycopg3-prepared",), prepare=True)
    say("prepared", f"version={rows.fetchone()[0]}")
    conn.commit()


def nested(conn):
    """conn.transaction() makes savepoints of its own names inside a transaction."""
    name = "psycopg3-nested"
    with conn.transaction():
        conn.execute(APPEND, (name, "A", Jsonb({}), None))
        try:
            with conn.transaction():
                conn.execute(APPEND, (name, "B", Jsonb({}), None))
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        with conn.transaction():
            conn.execute(APPEND, (name, "C", Jsonb({}), None))
    rows = conn.execute("SELECT version, type FROM events WHERE stream = %s ORDER BY version", (name,)).fetchall()
    conn.commit()
    say("nested", joined(f"{v}{t}" for v, t in rows))


def isolation(conn):
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    name, count = "psycopg3-isolation", "SELECT count(*) FROM events WHERE stream = %s"
    with connect(autocommit=True) as other:
        conn.execute(count, (name,))
        other.execute(APPEND, (name, "A", Jsonb({}), -1))
        during = conn.execute(count, (name,)).fetchone()[0]
    conn.commit()
    say("repeatable-read", f"during={during}", f"after={conn.execute(count, (name,)).fetchone()[0]}")
    conn.commit()
    conn.isolation_level = None


def main():
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of the pipeline that is to fail
    if not psycopg.Pipeline.is_supported():
        sys.exit("libpq is too old for pipelines")
    with connect(autocommit=True) as conn:
        Scenario(conn, DRIVER, "psycopg3auto").run()
        Binary(conn, DRIVER, "psycopg3binary").run()
    conn = connect()
    Scenario(conn, DRIVER, "psycopg3").run()
    Transactions(conn, DRIVER, "psycopg3").run()
    copy(conn)
    for mode in ("text", "binary"):
        copy_rows(conn, mode)
    copy_abandoned(conn)
    for binary in (False, True):
        server_cursor(conn, binary)
    for step in (single_rows, pipeline, pipeline_error, executemany, prepared, nested, isolation):
        step(conn)
    conn.close()


main()

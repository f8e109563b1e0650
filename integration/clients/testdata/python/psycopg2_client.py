"""psycopg 2: client-side parameters, the simple protocol, text results."""

import io

import psycopg2
import psycopg2.extensions
import psycopg2.extras

from scenario import APPEND, LARGE, Driver, Scenario, Transactions, check, check_large, copy_line, joined, say

DRIVER = Driver(psycopg2.Error, lambda e: e.pgcode, psycopg2.extras.Json)


def connect():
    conn = psycopg2.connect("")
    check(conn.server_version // 10000 == 15, conn.server_version)
    check(conn.encoding == "UTF8", conn.encoding)
    return conn


class Lines(io.TextIOBase):
    """A file that makes its lines as they are read."""

    def __init__(self, lines):
        self.lines = lines

    def read(self, size=-1):
        return next(self.lines, "")


def copy(conn):
    name = "psycopg2-large"
    cur = conn.cursor()
    cur.copy_expert("COPY events (stream, type, payload) FROM STDIN", Lines(copy_line(name, i) for i in range(LARGE)))
    conn.commit()
    say("copy-in", f"rows={cur.rowcount}")
    out = io.StringIO()
    query = f"COPY (SELECT version FROM events WHERE stream = '{name}' ORDER BY version LIMIT 3) TO STDOUT"
    cur.copy_expert(query, out)
    conn.commit()
    say("copy-out", joined(out.getvalue().split()))


def named_cursor(conn):
    cur = conn.cursor("big")
    cur.itersize = 777
    cur.execute("SELECT version, payload FROM events WHERE stream = %s ORDER BY version", ("psycopg2-large",))
    say("cursor", f"rows={check_large(cur)}")
    cur.close()
    conn.commit()


def values(conn):
    rows = [("psycopg2-values", "Many", psycopg2.extras.Json({"i": i})) for i in range(250)]
    sql = "INSERT INTO events (stream, type, payload) VALUES %s RETURNING version"
    got = psycopg2.extras.execute_values(conn.cursor(), sql, rows, page_size=100, fetch=True)
    conn.commit()
    check([r[0] for r in got] == list(range(250)), got)
    say("execute-values", f"rows={len(got)}")


def batch(conn):
    """Several statements in one message."""
    rows = [("psycopg2-batch", "Many", "{}", i - 1) for i in range(20)]
    psycopg2.extras.execute_batch(conn.cursor(), APPEND, rows, page_size=7)
    conn.commit()
    cur = conn.cursor()
    cur.execute("SELECT count(*), max(version) FROM events WHERE stream = %s", ("psycopg2-batch",))
    say("execute-batch", *cur.fetchone())
    conn.commit()


def isolation(conn):
    conn.set_session(isolation_level=psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ)
    other = connect()
    other.autocommit = True
    name = "psycopg2-isolation"
    count = "SELECT count(*) FROM events WHERE stream = %s"
    cur = conn.cursor()
    cur.execute(count, (name,))
    other.cursor().execute(APPEND, (name, "A", "{}", -1))
    cur.execute(count, (name,))
    during = cur.fetchone()[0]
    conn.commit()
    cur.execute(count, (name,))
    say("repeatable-read", f"during={during}", f"after={cur.fetchone()[0]}")
    conn.commit()
    other.close()
    conn.set_session(isolation_level=psycopg2.extensions.ISOLATION_LEVEL_DEFAULT)


def main():
    psycopg2.extras.register_uuid()
    conn = connect()
    conn.autocommit = True
    Scenario(conn, DRIVER, "psycopg2auto").run()
    conn.autocommit = False
    Scenario(conn, DRIVER, "psycopg2").run()
    Transactions(conn, DRIVER, "psycopg2").run()
    for step in (copy, named_cursor, values, batch, isolation):
        step(conn)
    conn.close()


main()

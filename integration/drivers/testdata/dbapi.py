# pg8000 and PyGreSQL, by the interface that Python gives databases; peewee and Pony over psycopg2.
import json
import os
import uuid
import pg8000
import pgdb
import pg

where = dict(host=os.environ["PGHOST"], database=os.environ["PGDATABASE"], user=os.environ["PGUSER"])
typed = "SELECT 1::int2, 9007199254740993, 1.50::numeric, true, NULL, '{1,2}'::int[], '2020-02-03'::date, '\\x00ff'::bytea, 0.1::float8, '{\"a\":1}'::jsonb"


def session(name, db, error, state):
    print(name)
    cursor = db.cursor()
    cursor.execute("INSERT INTO events (stream, type, payload, event_id) VALUES (%s, %s, %s, %s) RETURNING *", (name, "Came", json.dumps({"n": 40}), str(uuid.UUID(int=len(name)))))
    print([c[0] for c in cursor.description], [c for i, c in enumerate(cursor.fetchone()) if i not in (1, 9)])
    cursor.execute("SELECT count(*), sum((payload->>'n')::int) FROM events WHERE stream = %s", (name,))
    print(tuple(cursor.fetchone()))
    db.commit()
    cursor.executemany("INSERT INTO events (stream, type) VALUES (%s, %s)", [(name, "A"), (name, "B")])
    db.commit()
    try:
        cursor.execute("INSERT INTO events (stream, type, event_id) VALUES (%s, %s, %s)", (name, "Twice", str(uuid.UUID(int=len(name)))))
    except error as e:
        print(state(e))
    db.rollback()
    cursor.execute(typed)
    print([str(v) for v in cursor.fetchone()], [str(c[1]) for c in cursor.description])
    cursor.execute("SELECT type, version FROM events WHERE stream = %s AND version > %s ORDER BY version", (name, 0))
    print([tuple(r) for r in cursor.fetchmany(5)], cursor.rowcount)
    db.close()


session("pg8000", pg8000.connect(port=int(os.environ["PGPORT"]), ssl=False, **where), pg8000.ProgrammingError, lambda e: [a for a in e.args if "23505" in str(a)] != [])
where["host"] += ":" + os.environ["PGPORT"]
session("pgdb", pgdb.connect(**where), pgdb.Error, lambda e: e.sqlstate)

classic = pg.DB(os.environ["PGDATABASE"], os.environ["PGHOST"], int(os.environ["PGPORT"]), user=os.environ["PGUSER"])
print([t for t in classic.get_tables() if t.startswith("public.")], dict(classic.get_attnames("events")), classic.pkey("events"))
row = classic.insert("events", stream="classic", type="Came", payload={"n": 1}, tags=["a", "b c"])
print({k: v for k, v in row.items() if k not in ("stream_id", "event_id", "recorded_at")})
print(classic.get("events", row["position"])["stream"], classic.query_formatted("SELECT count(*) FROM events WHERE stream = %s", ("classic",)).getresult())
for kind in "AB":
    classic.insert("events", stream="bulk", type=kind)
print(classic.get_as_list("events", what="stream, version", where="stream = 'bulk'", order="version"), classic.server_version // 10000)
classic.close()

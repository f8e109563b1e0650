# asyncpg: the binary protocol alone, its own type introspection, COPY in binary, cursors.
import asyncio
import datetime
import decimal
import json
import uuid
import asyncpg


def show(row):
    print({k: v for k, v in row.items() if k not in ("stream_id", "recorded_at")})


async def main():
    db = await asyncpg.connect()
    await db.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
    append = await db.prepare("INSERT INTO events (stream, type, payload, tags, event_id) VALUES ($1, $2, $3, $4, $5) RETURNING version")
    print([(p.name, p.kind) for p in append.get_parameters()], [(a.name, a.type.name) for a in append.get_attributes()])
    for n in range(3):
        print(await append.fetchval("a-1", "Added", {"n": n}, ["x", None, "y z"], uuid.UUID(int=n + 1)))
    async with db.transaction():
        show(await db.fetchrow("INSERT INTO events (stream, type, payload, event_id) VALUES ($1, $2, $3, $4) RETURNING *", "b-1", "Came", {"n": 40}, uuid.UUID(int=10)))
        print(tuple(await db.fetchrow("SELECT count(*), sum((payload->>'n')::int) FROM events WHERE stream = $1", "b-1")))
        print([tuple(r) for r in await db.fetch("SELECT type, count(*), round(avg(version), 1), lag(type) OVER (ORDER BY type) FROM events WHERE version >= $1 GROUP BY type ORDER BY type", 0)])
        try:
            async with db.transaction():
                await append.fetchval("a-1", "Twice", None, None, uuid.UUID(int=10))
        except asyncpg.UniqueViolationError as e:
            print(e.sqlstate, e.constraint_name, e.table_name, e.schema_name)
        async for row in db.cursor("SELECT version, tags FROM events WHERE stream = $1 ORDER BY version", "a-1", prefetch=2):
            print(tuple(row))
    print(tuple(await db.fetchrow("SELECT 1::int2, 9007199254740993, 1.50::numeric, true, NULL, '{1,2}'::int[], '2020-02-03'::date, '\\x00ff'::bytea, 0.1::float8, '{\"a\":1}'::jsonb, interval '1 month 2 hours', 'x'::\"char\", timestamp '2020-01-01', '12:30'::time")))
    print(tuple(await db.fetchrow("SELECT $1::date, $2::numeric, $3::bytea, $4::timestamptz, $5::text[], $6::float8[], $7::interval",
        datetime.date(2020, 1, 2), decimal.Decimal("12345678901234567890.5"), b"\0\xff", datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc), ["a", None], [1.5], datetime.timedelta(days=1, hours=1))))
    print(await db.copy_records_to_table("events", columns=["stream", "type", "event_id"], records=[("c-1", "Copied", uuid.UUID(int=20 + n)) for n in range(5)]))
    print(await db.copy_from_query("SELECT stream, version FROM events WHERE type = $1 ORDER BY version", "Copied", output=lambda data: print(data) or asyncio.sleep(0), format="csv"))
    await db.executemany("INSERT INTO events (stream, type, payload) VALUES ($1, $2, $3)", [("d-1", "Many", {"n": n}) for n in range(50)])
    print(await db.fetchval("SELECT sum((payload->>'n')::int) FROM events WHERE type = ANY($1::text[])", ["Many"]), db.get_server_version().major)
    try:
        await db.execute("SELECT pg_sleep(20)", timeout=0.2)
    except asyncio.TimeoutError:
        print("timeout", await db.fetchval("SELECT 1"))
    try:
        await db.fetch("SELECT no_such FROM events")
    except asyncpg.PostgresError as e:
        print(e.sqlstate, e.message, e.position)
    await db.reset()
    await db.close()

asyncio.run(main())

"""Has asyncpg look up the types that it does not know."""

import asyncio
import os

import asyncpg


async def main():
    connection = await asyncpg.connect(host=os.environ["PGHOST"], port=os.environ["PGPORT"], user=os.environ["PGUSER"], database=os.environ["PGDATABASE"], ssl=False)
    for sql in (
        "SELECT * FROM events", "SELECT e FROM events e", "SELECT s FROM streams s", "SELECT o FROM order_totals o", "SELECT ARRAY[1, 2]",
        "SELECT array_agg(stream_id) FROM events", "SELECT array_agg(e) FROM events e", "SELECT relacl FROM pg_class LIMIT 0",
        "SELECT proargtypes, proallargtypes FROM pg_proc LIMIT 0", "SELECT table_name, is_insertable_into FROM information_schema.tables LIMIT 0",
        "SELECT 'events'::regclass, 'int4'::regtype", "SELECT '{}'::jsonb, '1 day'::interval, 'a'::name",
    ):
        try:
            await (await connection.prepare(sql)).fetch()
        except asyncpg.PostgresError as e:
            print("!", e.sqlstate)
    for name, schema in (("jsonb", "pg_catalog"), ("events", "public"), ("uuid", "pg_catalog"), ("nosuch", "public")):
        try:
            await connection.set_type_codec(name, schema=schema, encoder=str, decoder=str, format="text")
        except Exception as e:
            print("!", type(e).__name__)
    await connection.reload_schema_state()
    await connection.fetch("SELECT version, payload FROM events")
    await connection.close()


asyncio.run(main())

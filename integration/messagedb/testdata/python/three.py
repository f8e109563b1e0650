"""The same functions through psycopg 3: parameters stand beside the statement with the types that the driver picks, and a statement that comes often is prepared."""
import os
import uuid

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Json, Jsonb

conn = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, row_factory=dict_row)


def ask(sql, args=None, **how):
    try:
        cursor = conn.cursor(binary=how.pop("binary", False)) if how.pop("cursor", True) else how["on"]
        cursor.execute(sql, args, **how)
        print([d.name + " " + str(d.type_code) for d in cursor.description or []])
        for row in cursor.fetchall():
            print(row)
    except psycopg.Error as e:
        print(type(e).__name__, e.sqlstate, e.diag.message_primary, e.diag.constraint_name)


def number(n):
    return f"00000000-0000-4000-8000-{n:012d}"


WRITE = "SELECT message_store.write_message(%s, %s, %s, %s, %s, %s) AS position"
ask(WRITE, (number(1), "loan-1", "Opened", Jsonb({"b": 1, "a": "é"}), None, -1))
for n in range(2, 10):  # from the fifth on by a prepared statement
    ask(WRITE, (number(n), f"loan-{n % 2 + 1}", "Renewed", Jsonb({"n": n}), Jsonb({"correlationStreamName": f"desk-{n % 3}"}), None))
ask(WRITE, (number(10), "loan-3", "Opened", '{"as": "text"}', "{}", None), binary=True, prepare=True)
ask(WRITE, (number(11), "loan-3", "Opened", Json({}), None, None))
ask(WRITE, (uuid.UUID(int=12), "loan-3", "Opened", Jsonb({}), None, None))
ask("SELECT write_message(%(id)s::varchar, %(stream)s::varchar, %(type)s::varchar, %(data)s::jsonb, %(metadata)s::jsonb, %(expected)s::bigint)",
    {"id": number(13), "stream": "loan-3", "type": "Renewed", "data": Json([1]), "metadata": None, "expected": 0})
for binary in (False, True):
    for _ in range(7):
        ask("SELECT id, stream_name, type, position, global_position, data, metadata FROM get_stream_messages(%s, %s, %s)", ("loan-1", 1, 3), binary=binary)
    ask("SELECT global_position, stream_name FROM get_category_messages(%s, %s, %s, %s, %s, %s, %s)", ("loan", 2, 40000, "desk", 0, 2, None), binary=binary, prepare=True)
    ask("SELECT global_position FROM get_category_messages(category => %s, batch_size => %s, correlation => %s)", ("loan", 2**40, "desk"), binary=binary)
    ask("SELECT data::jsonb, position::int, type FROM get_last_stream_message(%s)", ("loan-1",), binary=binary)
    ask("SELECT * FROM stream_version(%s)", ("loan-1",), binary=binary)
    ask("SELECT data, metadata, id, position FROM messages WHERE global_position > %s ORDER BY global_position LIMIT %s", (5, 2), binary=binary)
    ask("SELECT time IS NOT NULL AS there FROM messages WHERE id = %s", (uuid.UUID(number(1)),), binary=binary)
    ask("SELECT count(*) FROM messages WHERE stream_name = ANY(%s)", (["loan-1", "loan-2"],), binary=binary)
ask(WRITE, (number(14), "loan-1", "Lost", Jsonb({}), None, 0))
ask(WRITE, (number(14), "nobody-1", "Lost", Jsonb({}), None, 32768))
ask(WRITE, (number(1), "loan-1", "Again", Jsonb({}), None, None))
ask(WRITE, (number(14), "loan-1", None, Jsonb({}), None, None))
ask("SELECT * FROM get_stream_messages(%s)", ("loan",))
ask("SELECT * FROM get_category_messages(%s, %s, %s, %s, %s, %s)", ("loan", 1, 10, None, 3, 3))
try:
    with conn.transaction():
        ask(WRITE, (number(15), "loan-4", "Opened", Jsonb({}), None, -1))
        with conn.transaction():
            ask(WRITE, (number(16), "loan-4", "Renewed", Jsonb({}), None, 0))
            raise psycopg.Rollback
        ask(WRITE, (number(16), "loan-4", "Closed", Jsonb({}), None, 0))
except psycopg.Error as e:
    print(e)
ask("SELECT position, type FROM get_stream_messages('loan-4')")
with conn.pipeline():
    cursors = [conn.execute(WRITE, (number(20 + i), "pipe-1", "A", Jsonb({}), None, i - 1)) for i in range(4)]
    for c in cursors:
        print(c.fetchall())
with conn.transaction(), conn.cursor("named") as cursor:
    cursor.execute("SELECT position, type FROM get_category_messages(%s, 1, -1)", ("loan",))
    print(cursor.fetchmany(3), cursor.fetchall())
with conn.cursor() as cursor:
    for row in cursor.stream("SELECT position FROM get_stream_messages(%s)", ("pipe-1",)):
        print(row)
with conn.cursor().copy("COPY (SELECT position, data FROM get_stream_messages('loan-1')) TO STDOUT") as copy:
    print([bytes(b) for b in copy])

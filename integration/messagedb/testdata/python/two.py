"""What message-db-py asks, through psycopg2: a named parameter is put into the statement's text, and each statement begins a transaction."""
import os

import psycopg2
from psycopg2.extras import Json, RealDictCursor

conn = psycopg2.connect(os.environ["DATABASE_URL"], cursor_factory=RealDictCursor)
READ = "id::varchar, stream_name::varchar, type::varchar, position::bigint, global_position::bigint, data::varchar, metadata::varchar"


def ask(sql, args=None, end="commit"):
    with conn.cursor() as cursor:
        try:
            cursor.execute(sql, args)
            print([d.name + " " + str(d.type_code) for d in cursor.description])
            for row in cursor.fetchall():
                print(dict(row))
            getattr(conn, end)()
        except psycopg2.Error as e:
            print(type(e).__name__, e.pgcode, e.diag.message_primary, e.diag.constraint_name)
            conn.rollback()


def write(number, stream, kind, data, metadata=None, expected=None, end="commit"):
    ask("SELECT message_store.write_message(%(id)s, %(stream)s, %(type)s, %(data)s, %(metadata)s, %(expected)s)",
        {"id": f"00000000-0000-4000-8000-{number:012d}", "stream": stream, "type": kind, "data": Json(data) if data is not None else None,
         "metadata": Json(metadata) if metadata is not None else None, "expected": expected}, end)


write(1, "loan-1", "Opened", {"title": "Mansfield Park's 100% \\ é", "days": 28, "big": 12345678901234567890}, {"correlationStreamName": "desk-7"}, -1)
write(2, "loan-1", "Renewed", {"b": 1.50, "a": [None, True, 1e300]})
write(3, "loan-1", "Closed", None, {}, 1)
write(4, "loan-2", "Opened", [1, 2], {"correlationStreamName": "web-1"})
write(5, "loan:snapshot-2", "Taken", "text")
ask(f"SELECT {READ} FROM get_stream_messages(%(stream)s, %(position)s, %(size)s)", {"stream": "loan-1", "position": 0, "size": 1000})
ask(f"SELECT {READ} FROM get_category_messages(%(category)s, %(position)s, %(size)s)", {"category": "loan", "position": 2, "size": 2})
ask(f"SELECT {READ} FROM get_last_stream_message(%(stream)s)", {"stream": "loan-1"})
ask(f"SELECT {READ} FROM get_last_stream_message(%(stream)s)", {"stream": "nobody-1"})
ask(f"SELECT {READ} FROM messages WHERE global_position > %(position)s LIMIT %(size)s", {"position": 1, "size": 3})
ask("SELECT DISTINCT substring(stream_name from position('-' in stream_name) + 1) AS id FROM messages WHERE stream_name LIKE %(like)s ORDER BY 1", {"like": "loan-%"})
ask("SELECT id, position, data, metadata, type FROM messages ORDER BY global_position")
ask("SELECT id, data FROM get_stream_messages('loan-1', 1, 1)")
ask("SELECT stream_version(%s)", ("loan-1",))
ask("SELECT category(%s), is_category(%s)", ("loan-1", "loan"))
write(6, "loan-1", "Lost", {}, None, 0)
write(6, "loan-9", "Lost", {}, None, 4)
write(1, "loan-2", "Opened", {})
write(7, "loan-2", "Undone", {}, None, 0, "rollback")
write(7, "loan-2", "Renewed", {}, None, 0)
write(8, "loan-2", "A", "\x00")
write(9, None, "A", {})
ask("SELECT write_message('nothing', 'loan-2', 'A', '{}')")
ask("SELECT * FROM get_stream_messages(%s)", ("loan",))
ask("SELECT * FROM get_category_messages(%s)", ("loan-1",))
ask("SELECT * FROM get_category_messages(%s, %s, %s, condition => %s)", ("loan", 1, 5, "true"))
ask("SELECT position, type FROM get_stream_messages('loan-2')")
with conn.cursor("named") as cursor:
    cursor.itersize = 2
    cursor.execute("SELECT position, type, data FROM get_category_messages('loan', 1, -1)")
    print([dict(r) for r in cursor])
conn.rollback()
with conn.cursor() as cursor:
    cursor.executemany("SELECT write_message(%s, 'many-1', 'A', %s)", [(f"10000000-0000-4000-8000-{i:012d}", Json({"i": i})) for i in range(3)])
conn.commit()
ask("SELECT count(*), max(position) FROM get_stream_messages('many-1')")

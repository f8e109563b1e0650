# A newcomer's first transaction with psycopg 3.
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

with psycopg.connect(row_factory=dict_row) as connection:
    for n in range(7):  # it prepares from the sixth on
        with connection.transaction():
            row = connection.execute("INSERT INTO events (stream, type, payload) VALUES (%s, %s, %s) RETURNING *", ("cart-1", "ItemAdded", Jsonb({"n": n + 1}))).fetchone()
            print(row["position"], row["version"], row["type"], row["payload"], type(row["recorded_at"]).__name__, list(row))
            print(connection.execute("SELECT sum((payload->>'n')::int) FROM events").fetchone())
print(psycopg.connect().execute("SELECT count(*), sum((payload->>'n')::int) FROM events").fetchone())

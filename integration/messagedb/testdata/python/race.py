"""Tries to write at each version of a stream, one after the other, while others do the same: race.py DRIVER STREAM N. It begins at a line of input."""
import importlib
import os
import sys
import uuid

driver, stream, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
module = importlib.import_module(driver)
conn = module.connect(os.environ["DATABASE_URL"])
conn.autocommit = driver == "psycopg"  # psycopg2 as it is: in a transaction block
cursor = conn.cursor()
print("ready", flush=True)
sys.stdin.readline()
for expected in range(-1, n - 1):
    try:
        cursor.execute("SELECT message_store.write_message(%s, %s, %s, %s, %s, %s)", (str(uuid.uuid4()), stream, driver, "{}", None, expected))
        (position,) = cursor.fetchone()
        conn.commit()
        print("won", expected, position)
    except module.Error as e:
        conn.rollback()
        print("lost", expected, e.diag.sqlstate, e.diag.message_primary)

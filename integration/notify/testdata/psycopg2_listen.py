# Prints what it is told, up to "end".
import os, select, sys
import psycopg2

conn = psycopg2.connect(os.environ["URL"])
conn.autocommit = True
conn.cursor().execute("LISTEN a")
print("ready", flush=True)
while True:
    select.select([conn], [], [])
    conn.poll()
    while conn.notifies:
        told = conn.notifies.pop(0)
        print(told.channel, told.payload, flush=True)
        if told.payload == "end":
            sys.exit()

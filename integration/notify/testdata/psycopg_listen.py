# Prints what it is told, up to "end".
import os
import psycopg

conn = psycopg.connect(os.environ["URL"], autocommit=True)
conn.execute("LISTEN a")
print("ready", flush=True)
for told in conn.notifies():
    print(told.channel, told.payload, flush=True)
    if told.payload == "end":
        break

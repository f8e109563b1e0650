# psycopg 3: connects as each line of input says, and tells what came of it.
import sys

import psycopg

for line in sys.stdin.read().split("\n"):
    options = dict(pair.split("=", 1) for pair in line.split("\t"))
    try:
        with psycopg.connect(**options, connect_timeout=20) as c:
            print("in", c.execute("SELECT 1").fetchone()[0])
    except psycopg.Error as e:
        print(str(e).replace("\n", " "))

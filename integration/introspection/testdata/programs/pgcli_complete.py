"""Fills pgcli's completer, and gives it the commands behind a backslash."""

import os

from pgcli.pgexecute import PGExecute
from pgspecial.main import PGSpecial

execute = PGExecute(os.environ["PGDATABASE"], os.environ["PGUSER"], "", os.environ["PGHOST"], os.environ["PGPORT"])
for call in ("search_path", "schemata", "tables", "views", "table_columns", "view_columns", "databases", "full_databases", "foreignkeys", "functions",
             "datatypes", "casing"):
    try:
        list(getattr(execute, call)())
    except Exception as e:
        print("!", call, type(e).__name__, e)
for view in ("order_totals", "nosuch"):
    try:
        execute.view_definition(view)
    except Exception as e:
        print("!", type(e).__name__)
try:
    execute.function_definition("stream_id")
except Exception as e:
    print("!", type(e).__name__)
special = PGSpecial()
cursor = execute.conn.cursor()
for command in (r"\l", r"\l+", r"\du", r"\dn", r"\dn+", r"\dt", r"\dt+", r"\dt e*", r"\dv", r"\dv+", r"\dm", r"\ds", r"\di", r"\di+", r"\df",
                r"\df+ stream_id", r"\dT", r"\dT+ jsonb", r"\dD", r"\dx", r"\db", r"\dp", r"\z events", r"\ddp", r"\d", r"\d events", r"\d+ events",
                r"\d order_totals", r"\d+ order_totals", r"\d streams", r"\d events_pkey", r"\sf stream_id", r"\dE"):
    try:
        for title, rows, headers, status in special.execute(cursor, command):
            print(command, headers)
            rows and list(rows)
    except Exception as e:
        print("!", command, type(e).__name__, e)

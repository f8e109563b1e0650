# psqlODBC, by pyodbc: with statements prepared by the server and without, its catalog calls, cursors.
import datetime
import decimal
import os
import glob
import uuid
import pyodbc

pyodbc.pooling = False
driver = [path for name in ("psqlodbcw.so", "psqlodbca.so") for path in glob.glob("/usr/lib/*/odbc/" + name)][0]
for options in ("", "UseServerSidePrepare=0;", "UseDeclareFetch=1;Fetch=2;", "BoolsAsChar=0;ByteaAsLongVarBinary=1;Protocol=7.4-1;", "Protocol=7.4-2;"):
    db = pyodbc.connect(f"Driver={driver};Server={os.environ['PGHOST']};Port={os.environ['PGPORT']};Database={os.environ['PGDATABASE']};Uid={os.environ['PGUSER']};SSLmode=disable;{options}")
    print(options, db.getinfo(pyodbc.SQL_DBMS_NAME), db.getinfo(pyodbc.SQL_DBMS_VER)[:2])
    cursor = db.cursor()
    key = uuid.uuid5(uuid.NAMESPACE_DNS, options)
    cursor.execute("INSERT INTO events (stream, type, payload, event_id) VALUES (?, ?, ?, ?) RETURNING *", "s" + options, "Came", '{"n": 40}', str(key))
    row = cursor.fetchone()
    print([(c[0], c[1].__name__, c[3]) for c in cursor.description], row.version, row.payload)
    print(list(cursor.execute("SELECT count(*), sum((payload->>'n')::int) FROM events WHERE stream = ?", "s" + options).fetchone()))
    db.commit()
    try:
        cursor.execute("INSERT INTO events (stream, type, event_id) VALUES (?, ?, ?)", "x", "Twice", str(key))
    except pyodbc.IntegrityError as e:
        print(e.args[0])
    db.rollback()
    cursor.executemany("INSERT INTO events (stream, type, payload) VALUES (?, ?, ?)", [("m" + options, "Many", '{"n": %d}' % n) for n in range(5)])
    db.commit()
    print([tuple(r) for r in cursor.execute("SELECT version, type FROM events WHERE stream = ? AND version >= ? ORDER BY version", "m" + options, 1)])
    print([tuple(r) for r in cursor.execute("SELECT type, count(*), avg(version) FROM events WHERE stream = ? GROUP BY type ORDER BY type", "m" + options)])
    print(list(cursor.execute("SELECT 1::int2, 9007199254740993, 1.50::numeric, true, NULL, '{1,2}'::int[], '2020-02-03'::date, '\\x00ff'::bytea, 0.1::float8, '{\"a\":1}'::jsonb, '12:30'::time, timestamp '2020-01-01'").fetchone()))
    print(list(cursor.execute("SELECT ?, ?, ?, ?", 7, decimal.Decimal("1.50"), datetime.datetime(2020, 1, 2, 3, 4, 5), "ü").fetchone()))
    print([r.table_name + " " + r.table_type for r in cursor.tables(schema="public") if r.table_name in ("events", "streams")])
    for r in cursor.columns(table="events", schema="public").fetchall():
        print(r.column_name, r.data_type, r.type_name, r.column_size, r.nullable, r.column_def, r.is_nullable)
    print([(r.column_name, r.pk_name) for r in cursor.primaryKeys("events", schema="public")], cursor.foreignKeys("events").fetchall())
    print(sorted((r.index_name or "", r.column_name or "", r.non_unique) for r in cursor.statistics("events", schema="public", unique=True) if r.index_name))
    print([r.column_name for r in cursor.rowIdColumns("events", schema="public")], [r.type_name for r in cursor.getTypeInfo(pyodbc.SQL_BIGINT)])
    print([r.procedure_name for r in cursor.procedures(schema="pg_catalog", procedure="pg_backend_pid")])
    try:
        cursor.execute("SELECT nothing FROM events")
    except pyodbc.Error as e:
        print(e.args[0])
    db.close()

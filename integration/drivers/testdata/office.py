# LibreOffice's own driver for PostgreSQL, in an office without a screen, scripted through UNO.
import os
import subprocess
import sys
import tempfile
import time
import uno
from com.sun.star.connection import NoConnectException
from com.sun.star.beans import PropertyValue
from com.sun.star.sdbc import SQLException

home = tempfile.TemporaryDirectory()
office = subprocess.Popen(["soffice", "--headless", "--norestore", "--nologo", f"-env:UserInstallation=file://{home.name}/profile", f"--accept=pipe,name=sdbc{os.getpid()};urp;"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
try:
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    late = time.monotonic() + 90
    while True:
        try:
            context = resolver.resolve(f"uno:pipe,name=sdbc{os.getpid()};urp;StarOffice.ComponentContext")
            break
        except NoConnectException:
            if time.monotonic() > late:
                sys.exit("the office does not start")
            time.sleep(0.2)
    drivers = context.ServiceManager.createInstanceWithContext("com.sun.star.sdbc.DriverManager", context)
    user = PropertyValue()
    user.Name, user.Value = "user", os.environ["PGUSER"]
    db = drivers.getConnectionWithInfo(f"sdbc:postgresql:host={os.environ['PGHOST']} port={os.environ['PGPORT']} dbname={os.environ['PGDATABASE']}", (user,))

    def show(rows, *skipped):
        meta = rows.MetaData
        columns = [i for i in range(1, meta.ColumnCount + 1) if meta.getColumnName(i) not in skipped]
        print([meta.getColumnName(i) + ":" + meta.getColumnTypeName(i) for i in columns])
        while rows.next():
            print([rows.getString(i) for i in columns])

    insert = db.prepareStatement("INSERT INTO events (stream, type, payload) VALUES (?, ?, ?)")
    for n in range(3):
        insert.setString(1, "a-1")
        insert.setString(2, "Added")
        insert.setString(3, '{"n": %d}' % n)
        print(insert.executeUpdate())
    db.setAutoCommit(False)
    show(db.createStatement().executeQuery("INSERT INTO events (stream, type, payload, event_id) VALUES ('b-1', 'Came', '{\"n\": 40}', '00000000-0000-4000-8000-000000000001') RETURNING *"), "stream_id", "recorded_at")
    show(db.createStatement().executeQuery("SELECT count(*), sum((payload->>'n')::int) FROM events WHERE stream = 'b-1'"))
    db.commit()
    try:
        db.createStatement().execute("INSERT INTO events (stream, type, event_id) VALUES ('b-1', 'Twice', '00000000-0000-4000-8000-000000000001')")
    except SQLException as e:
        print("events_event_id_key" in e.Message)
    db.rollback()
    db.setAutoCommit(True)
    select = db.prepareStatement("SELECT stream, version, payload FROM events WHERE stream = ? AND version > ? ORDER BY version")
    select.setString(1, "a-1")
    select.setInt(2, 0)
    show(select.executeQuery())
    show(db.createStatement().executeQuery("SELECT type, count(*), avg(version) FROM events GROUP BY type ORDER BY type"))
    meta = db.MetaData
    print(meta.DatabaseProductName, meta.DatabaseProductVersion[:2])
    tables = meta.getTables(None, "public", "%", ())
    names = []
    while tables.next():
        names.append(tables.getString(3) + " " + tables.getString(4))
    print([n for n in sorted(names) if n.split()[0] in ("events", "streams")])
    columns = meta.getColumns(None, "public", "events", "%")
    while columns.next():
        print([columns.getString(i) for i in (4, 5, 6, 7, 9, 11, 13, 17, 18)])
    keys = meta.getPrimaryKeys(None, "public", "events")
    while keys.next():
        print([keys.getString(i) for i in (3, 4, 5)])
    indexes = meta.getIndexInfo(None, "public", "events", True, False)
    found = []
    while indexes.next():
        found.append([indexes.getString(i) for i in (3, 4, 6, 7, 8, 9)])
    print(sorted(found))
    print([t for t in db.Tables.ElementNames if "events" in t], [c for c in db.Tables.getByName("public.events").Columns.ElementNames])
    db.close()
finally:
    office.kill()
    os.killpg(office.pid, 9)

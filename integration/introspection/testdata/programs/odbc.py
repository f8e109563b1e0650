"""Calls the catalog functions of psqlODBC, as Excel, Tableau and LibreOffice do."""

import glob
import os

import pyodbc

pyodbc.pooling = False
driver = [p for n in ("psqlodbcw.so", "psqlodbca.so") for p in glob.glob("/usr/lib/*/odbc/" + n)][0]
address = "Driver={};Server={PGHOST};Port={PGPORT};Database={PGDATABASE};Uid={PGUSER};SSLmode=disable;".format(driver, **os.environ)
for options in ("", "UseServerSidePrepare=0;ShowSystemTables=1;", "ShowOidColumn=1;RowVersioning=1;FakeOidIndex=1;"):
    connection = pyodbc.connect(address + options, autocommit=True)
    cursor = connection.cursor()
    for call in (
        lambda: cursor.tables(), lambda: cursor.tables(table="ev%"), lambda: cursor.tables(schema="public", tableType="VIEW"),
        lambda: cursor.tables(catalog="%", schema="", table=""), lambda: cursor.tables(catalog="", schema="%", table=""),
        lambda: cursor.columns(table="events"), lambda: cursor.columns(table="order_totals"), lambda: cursor.columns(table="str%", column="v%"),
        lambda: cursor.columns(schema="public"), lambda: cursor.primaryKeys("events"), lambda: cursor.primaryKeys("streams"),
        lambda: cursor.primaryKeys("events", schema="public"), lambda: cursor.foreignKeys(table="events"), lambda: cursor.foreignKeys(foreignTable="events"),
        lambda: cursor.statistics("events"), lambda: cursor.statistics("events", unique=True), lambda: cursor.statistics("order_totals"),
        lambda: cursor.rowIdColumns("events"), lambda: cursor.rowIdColumns("order_totals"), lambda: cursor.rowVerColumns("events"),
        lambda: cursor.procedures(), lambda: cursor.procedures(procedure="stream_id"), lambda: cursor.procedureColumns(procedure="stream_id"),
        lambda: cursor.getTypeInfo(), lambda: cursor.execute("SELECT * FROM events WHERE position = ?", 1), lambda: cursor.execute("SELECT * FROM streams"),
    ):
        try:
            print(len(call().fetchall()))
        except pyodbc.Error as e:
            print("!", e.args[0])

"""Prints what SQLAlchemy and psycopg find in the database: a heading a call, a line a fact."""

import os

import psycopg
import sqlalchemy
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo
from psycopg.types.enum import EnumInfo
from psycopg.types.multirange import MultirangeInfo
from psycopg.types.range import RangeInfo
from sqlalchemy.schema import CreateTable

RELATIONS = ("events", "streams", "order_totals", "nosuch")
METHODS = (
    "has_table", "get_columns", "get_pk_constraint", "get_unique_constraints", "get_indexes", "get_foreign_keys",
    "get_check_constraints", "get_table_comment", "get_table_options", "get_view_definition",
)


def call(heading, function, *args):
    print("==", heading)
    try:
        show(function(*args))
    except Exception as e:  # whatever it is, both servers should give it
        state = getattr(getattr(e, "orig", e), "sqlstate", None) or getattr(getattr(e, "orig", e), "pgcode", None)
        print("!", type(e).__name__, state or "")


def show(result):
    if isinstance(result, (list, tuple)):
        for item in result:
            show(item)
    elif isinstance(result, dict):
        print("|".join(f"{key}={value!r}" for key, value in sorted(result.items())))
    else:
        print(result)


def sqlalchemy_reflection():
    address = "postgresql+psycopg2://{PGUSER}@{PGHOST}:{PGPORT}/{PGDATABASE}?sslmode=disable"
    engine = sqlalchemy.create_engine(address.format(**os.environ))
    with engine.connect() as connection:
        inspector = sqlalchemy.inspect(connection)
        call("get_schema_names", lambda: sorted(inspector.get_schema_names()))
        call("default_schema_name", lambda: inspector.default_schema_name)
        for schema in (None, "public"):
            call(f"get_table_names {schema}", lambda: sorted(inspector.get_table_names(schema)))
            call(f"get_view_names {schema}", lambda: sorted(inspector.get_view_names(schema)))
            call(f"get_enums {schema}", inspector.get_enums, schema)
            call(f"get_foreign_table_names {schema}", inspector.get_foreign_table_names, schema)
            call(f"get_sequence_names {schema}", inspector.get_sequence_names, schema)
            for relation in RELATIONS:
                for method in METHODS:
                    call(f"{method} {schema} {relation}", getattr(inspector, method), relation, schema)
        metadata = sqlalchemy.MetaData()
        call("reflect with views", lambda: metadata.reflect(connection, views=True))
        for table in metadata.sorted_tables:
            call(f"CREATE TABLE {table.name}", lambda: str(CreateTable(table).compile(engine)))
            call(f"rows of {table.name}", lambda: connection.execute(sqlalchemy.select(table)).fetchall())
        call("isolation level", connection.get_isolation_level)


def fetched(info, connection, name):
    found = info.fetch(connection, name)
    return found and {key: str(value) for key, value in vars(found).items() if not key.startswith("_")}


def psycopg_types():
    with psycopg.connect(dbname=os.environ["PGDATABASE"], autocommit=True) as connection:
        for info, names in (
            (TypeInfo, ("jsonb", "uuid", "text", "timestamptz", "int8", "_text", "public.events", "hstore")),
            (CompositeInfo, ("events", "streams", "order_totals", "public.events", "nosuch")),
            (EnumInfo, ("events", "nosuch")),
            (RangeInfo, ("int4range", "tstzrange", "nosuch")),
            (MultirangeInfo, ("int4multirange",)),
        ):
            for name in names:
                call(f"{info.__name__} {name}", fetched, info, connection, name)


def main():
    sqlalchemy_reflection()
    psycopg_types()


main()

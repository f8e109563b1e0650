"""Has peewee write models of what is there (pwiz)."""

import os

import peewee
from playhouse.reflection import Introspector, print_model

database = peewee.PostgresqlDatabase(os.environ["PGDATABASE"], host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user=os.environ["PGUSER"])
look = Introspector.from_database(database, schema="public")
for model in look.generate_models(include_views=True).values():
    print_model(model)
for relation in ("events", "streams", "order_totals"):
    database.get_indexes(relation), database.get_columns(relation), database.get_primary_keys(relation), database.get_foreign_keys(relation)
database.get_tables(), database.get_views(), database.sequence_exists("nosuch")

"""Runs Django's inspectdb, and asks its introspection what else it can tell."""

import os

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
                           "USER": os.environ["PGUSER"], "NAME": os.environ["PGDATABASE"], "OPTIONS": {"sslmode": "disable"}}},
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command
from django.db import connection

call_command("inspectdb", include_views=True, include_partitions=True)
with connection.cursor() as cursor:
    look = connection.introspection
    look.get_table_list(cursor)
    look.table_names(cursor, include_views=True)
    for relation in ("events", "streams", "order_totals"):
        for tell in (look.get_table_description, look.get_constraints, look.get_primary_key_column, look.get_sequences, look.get_relations):
            tell(cursor, relation)
        if hasattr(look, "get_key_columns"):
            look.get_key_columns(cursor, relation)

# A newcomer's first transaction with Django.
import os
import uuid
import django
from django.conf import settings

settings.configure(DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"], "USER": os.environ["PGUSER"], "NAME": os.environ["PGDATABASE"]}})
django.setup()
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, IntegerField, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast


class Event(models.Model):
    event_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    stream = models.TextField()
    type = models.TextField()
    payload = models.JSONField(null=True)

    class Meta:
        app_label = "app"
        db_table = "events"
        managed = False


n = Cast(KeyTextTransform("n", "payload"), IntegerField())
for i in range(3):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO events (stream, type, payload) VALUES (%s, %s, %s) RETURNING *", ["cart-1", "ItemAdded", '{"n": %d}' % (i + 1)])
            row = cursor.fetchone()
            print([c.name for c in cursor.description], row[0], row[3], row[6])
            cursor.execute("SELECT sum((payload->>'n')::int) FROM events")
            print(cursor.fetchone())
        Event.objects.create(stream="cart-2", type="ItemAdded", payload={"n": 10})
        print(Event.objects.aggregate(total=Sum(n), count=Count("pk")), list(Event.objects.values("stream").annotate(total=Sum(n)).order_by("stream")))
saved = Event.objects.filter(stream="cart-2").first()
try:
    with transaction.atomic():
        Event(event_id=saved.event_id, stream="cart-2", type="Twice").save(force_insert=True)
except IntegrityError as e:
    print(e.__cause__.pgcode, e.__cause__.diag.constraint_name)
print(Event.objects.filter(payload__n__gte=2).count(), Event.objects.bulk_create([Event(stream="cart-3", type="A"), Event(stream="cart-3", type="B")], ignore_conflicts=True)[0].stream, Event.objects.exists())
with connection.cursor() as cursor:
    print(sorted(t.name + t.type for t in connection.introspection.get_table_list(cursor) if t.name in ("events", "streams")))
    for column in connection.introspection.get_table_description(cursor, "events"):
        print(column.name, column.type_code != 1009 and connection.introspection.get_field_type(column.type_code, column), column.null_ok, column.default)
    print(sorted((k, v["columns"], v["primary_key"], v["unique"]) for k, v in connection.introspection.get_constraints(cursor, "events").items()))
    print(connection.introspection.get_sequences(cursor, "events"), connection.introspection.get_relations(cursor, "events"))

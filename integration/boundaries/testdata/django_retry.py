# A decision in Django: so many clients at once, each with every pair of a course and a student, from where it begins.
import sys
import threading
import uuid
from urllib.parse import urlsplit

import django
from django.conf import settings
from psycopg2.extensions import ISOLATION_LEVEL_SERIALIZABLE

at = urlsplit(sys.argv[1])
settings.configure(DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "HOST": at.hostname, "PORT": at.port, "USER": "app", "NAME": at.path[1:],
    "OPTIONS": {"isolation_level": ISOLATION_LEVEL_SERIALIZABLE, "sslmode": "disable"}}})
django.setup()
from django.contrib.postgres.fields import ArrayField  # noqa: E402
from django.db import OperationalError, connection, models, transaction  # noqa: E402
from django.db.models import Q  # noqa: E402


class Event(models.Model):
    event_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    stream = models.TextField()
    type = models.TextField()
    payload = models.JSONField(null=True)
    tags = ArrayField(models.TextField())

    class Meta:
        app_label = "app"
        db_table = "events"
        managed = False


def decide(course, student):
    c, s = f"course:{course}", f"student:{student}"
    events = list(Event.objects.filter(Q(tags__contains=[c], type__in=["CourseDefined", "Subscribed"]) | Q(tags__contains=[s], type="Subscribed")))
    taken = [e for e in events if e.type == "Subscribed" and c in e.tags]
    if any(s in e.tags for e in taken):
        return "has a seat already"
    if len(taken) >= next(e.payload["capacity"] for e in events if e.type == "CourseDefined"):
        return "full"
    if sum(s in e.tags for e in events) >= 5:
        return "too many courses"
    Event(stream=f"course-{course}", type="Subscribed", tags=[c, s]).save(force_insert=True)
    return "subscribed"


def subscribe(course, student):
    while True:
        try:
            with transaction.atomic():
                return decide(course, student)
        except OperationalError as e:
            if getattr(e.__cause__, "pgcode", None) != "40001":
                raise


clients, pairs = int(sys.argv[2]), sys.argv[3:]
failed = []


def client(n):
    try:
        start = n * len(pairs) // clients
        for pair in pairs[start:] + pairs[:start]:
            print(f"{pair} {subscribe(*pair.split('/'))}\n", end="")
    except Exception as e:
        failed.append(repr(e))
    connection.close()


threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
[t.start() for t in threads]
[t.join() for t in threads]
if failed:
    sys.exit("\n".join(failed))

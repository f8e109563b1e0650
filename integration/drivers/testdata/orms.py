# peewee and Pony.
import os
import uuid
import peewee
from playhouse.postgres_ext import ArrayField, BinaryJSONField, PostgresqlExtDatabase
from playhouse.reflection import Introspector
from pony import orm

where = dict(host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user=os.environ["PGUSER"])
db = PostgresqlExtDatabase(os.environ["PGDATABASE"], register_hstore=False, server_side_cursors=True, **where)


class Event(peewee.Model):
    event_id = peewee.UUIDField(primary_key=True, default=uuid.uuid4)
    stream = peewee.TextField()
    type = peewee.TextField()
    payload = BinaryJSONField(null=True, index=False)
    tags = ArrayField(peewee.TextField, null=True, index=False)
    version = peewee.BigIntegerField()

    class Meta:
        database = db
        table_name = "events"


with db.atomic():
    saved = Event.insert(event_id=uuid.UUID(int=1), stream="a-1", type="Came", payload={"n": 40}, tags=["x", "y z"]).returning(Event).execute()[0]
    print(saved.version, saved.payload, saved.tags)
    print(Event.select(peewee.fn.COUNT(peewee.SQL("*")), peewee.fn.SUM(Event.payload["n"].cast("int"))).where(Event.stream == "a-1").tuples()[:])
    with db.atomic() as inner:
        Event.insert(stream="a-1", type="Not").execute()
        inner.rollback()
try:
    with db.atomic():
        Event.insert(event_id=uuid.UUID(int=1), stream="a-1", type="Twice").execute()
except peewee.IntegrityError as e:
    print(e.__context__.pgcode, e.__context__.diag.constraint_name)
print(Event.insert_many([(uuid.UUID(int=1), "a-1", "A"), (uuid.UUID(int=2), "a-1", "B")], fields=[Event.event_id, Event.stream, Event.type]).on_conflict_ignore().execute() is not None)
print(list(Event.select(Event.type, Event.version).where(Event.tags.contains("x") | (Event.version > 0)).order_by(Event.version).tuples()))
print(list(Event.select(Event.type, peewee.fn.ROW_NUMBER().over(order_by=[Event.version])).tuples().iterator()))
print([t for t in db.get_tables() if t in ("events", "streams")], [v.name for v in db.get_views() if v.name == "streams"])
for column in db.get_columns("events"):
    print(column)
print(sorted((i.name, i.columns, i.unique) for i in db.get_indexes("events")), db.get_primary_keys("events"), db.get_foreign_keys("events"))
model = Introspector.from_database(db).generate_models(table_names=["events"])["events"]
print({name: type(field).__name__ for name, field in model._meta.fields.items()})
db.close()

pony = orm.Database("postgres", dbname=os.environ["PGDATABASE"], **where)


class Stored(pony.Entity):
    _table_ = "events"
    event_id = orm.PrimaryKey(uuid.UUID, default=uuid.uuid4)
    stream = orm.Optional(str)
    type = orm.Required(str)
    payload = orm.Optional(orm.Json)


pony.generate_mapping(create_tables=False)
with orm.db_session:
    Stored(event_id=uuid.UUID(int=11), stream="p-1", type="Came", payload={"n": 2})
    orm.flush()
    print(orm.count(s for s in Stored if s.stream == "p-1"), orm.max(s.type for s in Stored if s.payload["n"] == 2), pony.select("count(*) FROM events"))
with orm.db_session:
    print(Stored[uuid.UUID(int=11)].payload, orm.select((s.type, orm.count()) for s in Stored).order_by(1)[:])
try:
    with orm.db_session:
        Stored(event_id=uuid.UUID(int=11), stream="p-1", type="Twice")
except orm.TransactionIntegrityError as e:
    print(e.original_exc.original_exc.pgcode)

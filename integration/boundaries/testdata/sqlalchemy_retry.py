# A decision in SQLAlchemy: so many clients at once, each with every pair of a course and a student, from where it begins.
import sys
import threading
import uuid

from sqlalchemy import Column, Text, and_, create_engine, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, declarative_base

clients, pairs = int(sys.argv[2]), sys.argv[3:]
engine = create_engine(sys.argv[1].replace("postgres://", "postgresql+psycopg2://"), isolation_level="SERIALIZABLE", pool_size=clients)


class Event(declarative_base()):
    __tablename__ = "events"
    event_id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    stream = Column(Text)
    type = Column(Text)
    payload = Column(JSONB(none_as_null=True))
    tags = Column(ARRAY(Text))


def decide(session, course, student):
    c, s = f"course:{course}", f"student:{student}"
    events = session.scalars(select(Event).where(or_(and_(Event.tags.contains([c]), Event.type.in_(["CourseDefined", "Subscribed"])),
                                                     and_(Event.tags.contains([s]), Event.type == "Subscribed")))).all()
    taken = [e for e in events if e.type == "Subscribed" and c in e.tags]
    if any(s in e.tags for e in taken):
        return "has a seat already"
    if len(taken) >= next(e.payload["capacity"] for e in events if e.type == "CourseDefined"):
        return "full"
    if sum(s in e.tags for e in events) >= 5:
        return "too many courses"
    session.add(Event(stream=f"course-{course}", type="Subscribed", tags=[c, s]))
    return "subscribed"


def subscribe(course, student):
    while True:
        try:
            with Session(engine) as session, session.begin():
                return decide(session, course, student)
        except DBAPIError as e:
            if getattr(e.orig, "pgcode", None) != "40001":
                raise


failed = []


def client(n):
    try:
        start = n * len(pairs) // clients
        for pair in pairs[start:] + pairs[:start]:
            print(f"{pair} {subscribe(*pair.split('/'))}\n", end="")
    except Exception as e:
        failed.append(repr(e))


threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
[t.start() for t in threads]
[t.join() for t in threads]
if failed:
    sys.exit("\n".join(failed))

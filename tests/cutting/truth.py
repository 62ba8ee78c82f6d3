"""What the database committed and what Redis published, each written down at its source.

The database's own record is made by a trigger, in the very transaction that commits the facts.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from msgspec import Struct
from redis.exceptions import RedisError

from console.facts import topics
from console.store.database import Database
from console.store.outbox import EPOCH, STREAM, outbox

RECORD = (
    "CREATE TABLE committed_facts (id bigint PRIMARY KEY, items text NOT NULL)",
    "CREATE FUNCTION note_committed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO committed_facts VALUES (NEW.id, NEW.items); RETURN NEW; END $$",
    "CREATE TRIGGER note_committed AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION note_committed()",
)


class Mark(Struct, frozen=True, order=True):
    """A fact by its content, which no other fact has."""

    organization_id: int
    kind: str
    subject: str | None
    body: str

    @property
    def topics(self) -> frozenset[str]:
        """The topics on which it is published."""
        return frozenset(topics(self.kind, self.subject))


Place = tuple[str, int]  # epoch and number


def mark(item: str) -> Mark:
    """The fact in an item of the outbox."""
    organization, kind, subject, body = item.split("\t", 3)
    return Mark(int(organization), kind, subject or None, body)


async def keep_record(db: Database) -> None:
    """From now on the database notes every fact that is committed."""
    async with db.engine.begin() as connection:
        for statement in RECORD:
            await connection.execute(sa.text(statement))


async def committed(db: Database) -> dict[Mark, int]:
    """All that has been committed by now, and the outbox' number of the transaction."""
    async with db.reading() as connection:
        rows = (await connection.execute(sa.text("SELECT id, items FROM committed_facts"))).all()
    marks = [(mark(item), row.id) for row in rows for item in row.items.splitlines()]
    found = dict(marks)
    assert len(found) == len(marks), "two facts of the worker are the same"
    return found


async def committed_by_now(db: Database) -> frozenset[int]:
    """The numbers of the transactions whose rows a look at the database shows now."""
    async with db.reading() as connection:
        found = await connection.execute(sa.text("SELECT array_agg(id) FROM committed_facts"))
    return frozenset(found.scalar_one() or ())


async def waiting(db: Database) -> int:
    """How many transactions are still to be published."""
    async with db.reading() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(outbox))).scalar_one())


class Scribe:
    """Reads along in Redis' own stream what is published under which number."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.published: dict[Place, Mark] = {}

    async def run(self) -> None:
        """Read until cancelled."""
        epoch, last = "", 0
        while True:
            with contextlib.suppress(RedisError, OSError):
                async with self._db.redis.pipeline() as pipe:
                    pipe.get(EPOCH)
                    pipe.xrange(STREAM, f"{last + 1}-0")
                    name, entries = await pipe.execute()
                if (name or b"").decode() != epoch:
                    epoch, last = (name or b"").decode(), 0
                    continue
                for number, fields in entries:
                    last = int(number.split(b"-")[0])
                    self.published[epoch, last] = mark(fields[b"f"].decode())
            await asyncio.sleep(0.05)


def repeated(published: Mapping[Place, Mark]) -> list[str]:
    """Facts that were published twice within one epoch."""
    first: dict[tuple[str, Mark], int] = {}
    faults = []
    for (epoch, seq), fact in sorted(published.items()):
        before = first.setdefault((epoch, fact), seq)
        if before != seq:
            faults.append(f"{fact.kind} {fact.subject} was published twice in {epoch}: {before} and {seq}")
    return faults


def agreed(published: dict[Place, Mark], received: Iterable[tuple[Place, Mark]]) -> list[str]:
    """Add what was received to what is known to have been published; where they contradict each other."""
    return [
        f"{place} is {published[place].kind} {published[place].subject} for one, {fact.kind} {fact.subject} for another"
        for place, fact in received
        if published.setdefault(place, fact) != fact
    ]


def short(facts: Sequence[Mark]) -> str:
    """A few of them, for a message."""
    return ", ".join(f"{fact.kind} {fact.subject} {fact.body[-60:]}" for fact in facts[:3])

"""The tail of network events, filtered: each question looks at a bounded number of rows."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.event_filter import FIELDS, UNKNOWN, EventFilter
from console.connectivity.reads import EVENT_COLUMNS, EVENT_ORDER
from console.connectivity.tables import network_events
from console.connectivity.warnings import NOTABLE
from console.facts.network import NetworkEvent
from console.sims.filters import texts
from console.sims.tables import is_watched
from console.store.direct_reads import DirectReads, Question
from console.store.keyset import Cursor, after, mark

MOST_READ = 50_000  # events that one question looks at
MOST_FOR_CHOICES = 5_000
MOST_CHOICES = 30
PLAIN = "info"
NEWEST = (network_events.c.time.desc(), network_events.c.id.desc())
SEARCHED = ("severity", "name", "operator", "country", "cause", "iccid", "description")


class EventPage(Struct, frozen=True, kw_only=True):
    """Events that match, the newest first."""

    events: list[NetworkEvent]
    older: str | None  # the cursor behind them; None: there are no older ones
    read_until: datetime | None = None  # MOST_READ events were looked at, back to this one; the cursor goes on there


async def matching(
    connection: AsyncConnection,
    organization_id: int,
    wanted: EventFilter,
    *,
    limit: int,
    cursor: Cursor | None = None,
    most: int = MOST_READ,
) -> EventPage:
    """Those of watched SIMs, among the latest `most` before the cursor. Raises BadRequest for another's cursor."""
    tail = _tail(organization_id, wanted)
    if cursor is not None:
        tail = tail.where(after(EVENT_ORDER, cursor))
    read = tail.order_by(*NEWEST).limit(most).subquery("read")
    rows = (await connection.execute(_found(read, wanted).limit(limit + 1))).all()
    found = [NetworkEvent(**{**row._mapping, "id": str(row.id)}) for row in rows[:limit]]
    if len(rows) > limit:
        return EventPage(events=found, older=mark(EVENT_ORDER, rows[limit - 1]))
    last = (await connection.execute(tail.order_by(*NEWEST).offset(most - 1).limit(1))).first()
    if last is None:
        return EventPage(events=found, older=None)
    return EventPage(events=found, older=mark(EVENT_ORDER, last), read_until=last.time)


async def ids(direct: DirectReads, organization_id: int, wanted: EventFilter, limit: int) -> list[int]:
    """The ids of the first `limit` events of the same list."""
    question = _ids(tuple(sorted(wanted.values.items())), wanted.words, limit)
    return [row[0] for row in await direct.rows(question, organization_id=organization_id)]


@lru_cache(maxsize=256)
def _ids(values: tuple[tuple[str, tuple[str, ...]], ...], words: tuple[str, ...], limit: int) -> Question:
    wanted = EventFilter(values=dict(values), words=words)

    def made() -> sa.SelectBase:
        tail = _tail(sa.bindparam("organization_id", type_=sa.Integer), wanted)
        read = tail.order_by(*NEWEST).limit(MOST_READ).subquery("read")
        return _found(read, wanted).with_only_columns(read.c.id).limit(limit)

    return Question(made, by_values=True)


def _tail(organization_id: "int | sa.BindParameter[int]", wanted: EventFilter) -> "sa.Select[Any]":
    """What is looked through: events of watched SIMs."""
    tail = sa.select(*EVENT_COLUMNS).where(network_events.c.organization_id == organization_id)
    tail = tail.where(is_watched(network_events))
    if PLAIN not in wanted.compared.get("severity", (PLAIN,)):
        tail = tail.where(NOTABLE)
    if sims := wanted.values.get("sim"):
        tail = tail.where(network_events.c.iccid == sa.func.any(texts(sims)))
    return tail


def _found(read: "sa.Subquery", wanted: EventFilter) -> "sa.Select[Any]":
    return sa.select(read).where(*_asked(read, wanted)).order_by(read.c.time.desc(), read.c.id.desc())


def _asked(read: "sa.Subquery", wanted: EventFilter) -> "list[sa.ColumnElement[bool]]":
    known = sa.func.coalesce
    asked: list[sa.ColumnElement[bool]] = [
        sa.func.lower(known(sa.func.nullif(read.c[FIELDS[name]], ""), UNKNOWN), type_=sa.Text) == sa.any_(texts(values))
        for name, values in wanted.compared.items()
    ]
    text: sa.ColumnElement[Any] = sa.func.lower(sa.func.concat_ws("\n", *(read.c[name] for name in SEARCHED)))
    return [*asked, *(sa.func.strpos(text, word) > 0 for word in wanted.words)]


async def choices(connection: AsyncConnection, organization_id: int) -> dict[str, list[str]]:
    """By parameter the values that the latest events have, the most frequent first."""
    c = network_events.c
    latest = (
        sa.select(c.name, sa.func.coalesce(sa.func.nullif(c.operator, ""), UNKNOWN).label("operator"))
        .where(c.organization_id == organization_id, is_watched(network_events))
        .order_by(c.time.desc(), c.id.desc())
        .limit(MOST_FOR_CHOICES)
        .subquery("latest")
    )
    query = (
        sa.select(latest.c.name, latest.c.operator, sa.func.count().label("number"))
        .group_by(sa.func.grouping_sets(sa.tuple_(latest.c.name), sa.tuple_(latest.c.operator)))
        .order_by(sa.desc("number"), latest.c.name, latest.c.operator)
    )
    rows = (await connection.execute(query)).all()
    return {
        "type": [row.name for row in rows if row.name is not None][:MOST_CHOICES],
        "operator": [row.operator for row in rows if row.operator is not None][:MOST_CHOICES],
    }

"""Changes of what is known of the network: statuses and events, each once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from console.connectivity.groups import by_rat, by_tag
from console.connectivity.tables import fleet_samples, group_samples, network_events, operator_samples, status_history
from console.facts.network import NetworkEvent, NetworkEventReported
from console.facts.sims import Connection
from console.sims.counts_reads import by_place, counted, kinds
from console.sims.watching_reads import unwatched_among
from console.sims.writes import fold_counts, record_checks, record_connections
from console.store.bulk import Records, Row, insert_once
from console.store.copying import copy_new
from console.store.database import Transaction
from console.store.giving_way import by_parts

HISTORY = ("connection", "operator", "country", "rat", "apn", "cell")
EVENT_VALUES = (
    "time", "id", "iccid", "type", "name", "severity", "description", "operator", "country", "cause", "sent"
)  # fmt: skip
_identity = itemgetter(1, 2)  # of an event's values: its time and its id
EVENT_KEY = ("organization_id", "time", "id")
OPERATOR_KEY = ("organization_id", "time", "operator", "country")
HISTORY_KEY = ("organization_id", "iccid", "time")
OPERATORS_KEPT = timedelta(days=1)
RECENT = timedelta(days=14)  # two of the parts by which TimescaleDB cuts these tables; packed are those of a month ago


async def record_statuses(
    transaction: Transaction, organization_id: int, found: Sequence[Row], now: datetime, source: str
) -> list[str]:
    """Record where SIMs are on the network, as `source` reported it. Returns the ICCIDs that changed."""
    await record_checks(
        transaction, organization_id, [row["iccid"] for row in found], now, status_at=now, status_source=source
    )
    changed = await record_connections(transaction, organization_id, found, now)
    by_iccid = {row["iccid"]: row for row in found}
    found_of = itemgetter("iccid", "connection_at", *HISTORY)
    history = [(organization_id, *found_of(by_iccid[iccid]), source) for iccid in changed]
    names = (*HISTORY_KEY, *HISTORY, "source")
    since = now - RECENT
    await copy_new(transaction.connection, status_history, names, history, key=HISTORY_KEY, moment="time", since=since)
    return changed


async def record_events(
    transaction: Transaction, organization_id: int, events: Sequence[Row], now: datetime
) -> Sequence[Row]:
    """Store network events that are not stored yet, and publish those of watched SIMs. Returns the new ones."""
    values = [(organization_id, *(event.get(name) for name in EVENT_VALUES)) for event in events]
    rows = dict(zip(map(_identity, values), events, strict=True))
    return [rows[_identity(one)] for one in await record_event_values(transaction, organization_id, values, now)]


async def record_event_values(
    transaction: Transaction, organization_id: int, events: Records, now: datetime
) -> Records:
    """The same of events as tuples, the organization first, then EVENT_VALUES. The new ones are in order of time."""
    once: dict[Any, tuple[Any, ...]] = {}
    async for part in by_parts(events):
        once.update(zip(map(_identity, part), part, strict=True))
    names, since = ("organization_id", *EVENT_VALUES), now - RECENT
    new = await copy_new(
        transaction.connection, network_events, names, [*once.values()], key=EVENT_KEY, moment="time", since=since
    )
    iccids = {one[3] for one in new if one[3] is not None}
    unwatched = await unwatched_among(transaction.connection, organization_id, iccids)
    async for part in by_parts(new):
        for one in part:
            if (iccid := one[3]) not in unwatched:
                transaction.publish(organization_id, NetworkEventReported(time=now, subject=iccid, data=_event(*one)))
    return new


def _event(
    _: int,
    time: datetime,
    number: int,
    iccid: str | None,
    kind: int | None,
    name: str,
    severity: str,
    description: str,
    operator: str | None,
    country: str | None,
    cause: str | None,
    _sent: str | None,
) -> NetworkEvent:
    return NetworkEvent(
        id=str(number),
        iccid=iccid,
        time=time,
        type=kind,
        name=name,
        severity=severity,
        description=description,
        operator=operator,
        country=country,
        cause=cause,
    )


async def sample_fleet(transaction: Transaction, organization_id: int, minute: datetime) -> None:
    """Record how many SIMs are where in this minute, of all, by operator, RAT and tag, and put the counts together."""
    await fold_counts(transaction, organization_id)
    found = await kinds(transaction.connection, organization_id)
    counts = counted(found)
    known = {name: counts.connection.get(name, 0) for name in ("online", "attached", "offline", "blocked")}
    row = {
        "organization_id": organization_id,
        "time": minute,
        **known,
        "unknown": counts.total - sum(known.values()),
        "exhausted": counts.quota.get("exhausted", 0),
    }
    await insert_once(transaction.connection, fleet_samples, [row], key=("organization_id", "time"))
    sampled = [
        {
            "organization_id": organization_id,
            "time": minute,
            "operator": operator or "",
            "country": country or "",
            "sims": sum(one.sims for one in alike),
            "online": sum(one.sims for one in alike if one.connection == Connection.ONLINE),
        }
        for (operator, country), alike in by_place(found).items()
    ]
    await insert_once(transaction.connection, operator_samples, sampled, key=OPERATOR_KEY)
    groups = {"rat": by_rat(found), "tag": await by_tag(transaction.connection, organization_id)}
    same = {"organization_id": organization_id, "time": minute}
    rows = [
        {**same, "kind": kind, "name": one.name or "", "sims": one.sims, "online": one.online}
        for kind, alike in groups.items()
        for one in alike
    ]
    await insert_once(transaction.connection, group_samples, rows, key=("organization_id", "kind", "time", "name"))
    for table in (operator_samples, group_samples):
        old = table.c.organization_id == organization_id, table.c.time < minute - OPERATORS_KEPT
        await transaction.connection.execute(sa.delete(table).where(*old))

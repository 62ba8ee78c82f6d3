"""Changes of what is known of the network: statuses and events, each once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter

import msgspec
import sqlalchemy as sa

from console.connectivity.groups import by_rat, by_tag
from console.connectivity.tables import fleet_samples, group_samples, network_events, operator_samples, status_history
from console.facts.network import NetworkEvent, NetworkEventReported
from console.facts.sims import Connection
from console.sims.counts_reads import by_place, counted, kinds
from console.sims.watching_reads import unwatched_among
from console.sims.writes import fold_counts, record_checks, record_connections
from console.store.bulk import Row, insert_once
from console.store.database import Transaction

HISTORY = ("connection", "operator", "country", "rat", "apn", "cell")
EVENT_KEY = ("organization_id", "id", "time")
OPERATOR_KEY = ("organization_id", "time", "operator", "country")
OPERATORS_KEPT = timedelta(days=1)


async def record_statuses(
    transaction: Transaction, organization_id: int, found: Sequence[Row], now: datetime, source: str
) -> list[str]:
    """Record where SIMs are on the network, as `source` reported it. Returns the ICCIDs that changed."""
    await record_checks(
        transaction, organization_id, [row["iccid"] for row in found], now, status_at=now, status_source=source
    )
    changed = await record_connections(transaction, organization_id, found, now)
    by_iccid = {row["iccid"]: row for row in found}
    history = [
        {
            "organization_id": organization_id,
            "iccid": iccid,
            "time": by_iccid[iccid]["connection_at"],
            **{name: by_iccid[iccid][name] for name in HISTORY},
            "source": source,
        }
        for iccid in changed
    ]
    await insert_once(transaction.connection, status_history, history, key=("organization_id", "iccid", "time"))
    return changed


async def record_events(
    transaction: Transaction, organization_id: int, events: Sequence[Row], now: datetime
) -> Sequence[Row]:
    """Store network events that are not stored yet, and publish those of watched SIMs. Returns the new ones."""
    rows = {(event["id"], event["time"]): event for event in events}
    same = {"organization_id": organization_id}
    keys = await insert_once(transaction.connection, network_events, list(rows.values()), key=EVENT_KEY, same=same)
    new = sorted((rows[event_id, time] for _, event_id, time in keys), key=itemgetter("time", "id"))
    iccids = {row["iccid"] for row in new if row["iccid"] is not None}
    unwatched = await unwatched_among(transaction.connection, organization_id, iccids)
    for row in new:
        if row["iccid"] in unwatched:
            continue
        fact = msgspec.convert({**row, "id": str(row["id"])}, NetworkEvent)
        transaction.publish(organization_id, NetworkEventReported(time=now, subject=fact.iccid, data=fact))
    return new


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

"""Changes of SIMs: each takes the transaction first, writes only what differs, and publishes the new state."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from console.facts.sims import SimChanged
from console.sims import reads
from console.sims.filters import texts
from console.sims.tables import checks, fleet_counts, sims, watch_requests
from console.sims.watching_reads import inventory_keys
from console.store.bulk import Row, rows_of, upsert_changed
from console.store.database import Transaction
from console.store.giving_way import by_parts

KEY = ("organization_id", "iccid")
KEYS_AT_ONCE = 10_000  # of SIMs, in memory
INVENTORY = ("label", "status", "imsi", "msisdn", "imei", "imei_lock", "ip_address", "data_class", "activated_at")
CONNECTION = ("connection", "operator", "country", "rat", "apn", "cell", "session_started_at", "last_seen_at")


async def record_inventory(
    transaction: Transaction, organization_id: int, listed: Sequence[Row], now: datetime
) -> list[str]:
    """Take in SIMs as 1NCE's inventory lists them (rows with `iccid` and INVENTORY): the ICCIDs new or changed."""
    rows = [{"organization_id": organization_id, **row} for row in listed]
    return await _changed(transaction, organization_id, rows, INVENTORY, now)


async def record_connections(
    transaction: Transaction, organization_id: int, found: Sequence[Row], now: datetime
) -> list[str]:
    """Take in where SIMs are on the network (rows with `iccid`, CONNECTION and `connection_at`): what really changed.

    News that is older than what is stored changes nothing, and nobody was last seen earlier than is known. A SIM not
    met before is added.
    """
    rows = [{"organization_id": organization_id, **row} for row in found]
    return await _changed(
        transaction, organization_id, rows, CONNECTION, now, newer="connection_at", latest={"last_seen_at"}
    )


async def _changed(
    transaction: Transaction,
    organization_id: int,
    rows: Sequence[Row],
    compare: Sequence[str],
    now: datetime,
    newer: str | None = None,
    latest: Collection[str] = (),
) -> list[str]:
    keys = await upsert_changed(
        transaction.connection,
        sims,
        rows,
        key=KEY,
        compare=compare,
        on_insert={"added_at": now, "changed_at": now},
        on_change={"changed_at": now, "revision": sims.c.revision + 1},
        newer=newer,
        latest=latest,
    )
    changed = [iccid for _, iccid in keys]
    await _end_requests(transaction, organization_id, changed)
    await publish_changed(transaction, organization_id, changed, now)
    return changed


async def _end_requests(transaction: Transaction, organization_id: int, iccids: Sequence[str]) -> None:
    """1NCE has reported these SIMs: who asked to watch them waits no longer."""
    c = watch_requests.c
    mine = sa.and_(c.organization_id == organization_id, c.iccid == sa.func.any(texts(iccids)))
    if iccids:
        await transaction.connection.execute(sa.delete(watch_requests).where(mine))


async def touch(
    transaction: Transaction,
    organization_id: int,
    iccids: Iterable[str],
    now: datetime,
    *,
    quotas: Mapping[str, str] | None = None,
    watched_anew: bool = False,
) -> None:
    """What belongs to these SIMs has changed in another table: count it as their change, and publish it.

    `quotas` has the new word for the data quota of those whose quota it was.
    """
    wanted, words = sorted(set(iccids)), quotas or {}
    if not wanted:
        return
    source = rows_of(sims, ("iccid", "quota"), [{"iccid": iccid, "quota": words.get(iccid)} for iccid in wanted])
    mine = sa.and_(sims.c.organization_id == organization_id, sims.c.iccid == source.c.iccid)
    # Always locked in the order of their keys: two that change the same SIMs wait for each other, never both.
    chosen = sa.select(sims.c.iccid, source.c.quota).where(mine).order_by(sims.c.iccid)
    locked = chosen.with_for_update(of=sims).cte("locked")
    await transaction.connection.execute(
        sa.update(sims)
        .values(changed_at=now, revision=sims.c.revision + 1, quota=sa.func.coalesce(locked.c.quota, sims.c.quota))
        .where(sims.c.organization_id == organization_id, sims.c.iccid == locked.c.iccid)
    )
    await publish_changed(transaction, organization_id, wanted, now, watched_anew=watched_anew)


async def publish_changed(
    transaction: Transaction, organization_id: int, iccids: Sequence[str], now: datetime, *, watched_anew: bool = False
) -> None:
    """Publish the state of these SIMs as it will be after the commit; of those that are watched."""
    async for part in by_parts(sorted(iccids)):
        for state in await reads.many(transaction.connection, organization_id, part):
            if state.watched:
                fact = SimChanged(time=now, subject=state.iccid, data=state, watched_anew=watched_anew)
                transaction.publish(organization_id, fact)


async def record_walk(
    transaction: Transaction, organization_id: int, met: Container[str], now: datetime
) -> tuple[list[str], list[str]]:
    """After one complete walk through the inventory: the ICCIDs newly counted as missing, and those that came back.

    One walk proves nothing, for the order of 1NCE's pages is not fixed: a SIM is missing after two without it.
    """
    absent: dict[str, int] = {}
    back: dict[str, int] = {}
    last = ""
    while known := await inventory_keys(transaction.connection, organization_id, last, limit=KEYS_AT_ONCE):
        absent |= {iccid: walks for iccid, walks in known if walks < 2 and iccid not in met}
        back |= {iccid: walks for iccid, walks in known if walks > 0 and iccid in met}
        last = known[-1][0]
    for iccids, value in ((sorted(absent), sims.c.missing_walks + 1), (sorted(back), sa.literal(0))):
        if iccids:
            source = rows_of(sims, ("iccid",), [{"iccid": iccid} for iccid in iccids])
            await transaction.connection.execute(
                sa.update(sims)
                .values(missing_walks=value)
                .where(sims.c.organization_id == organization_id, sims.c.iccid == source.c.iccid)
            )
    missing = sorted(iccid for iccid, walks in absent.items() if walks == 1)
    returned = sorted(iccid for iccid, walks in back.items() if walks >= 2)
    await touch(transaction, organization_id, [*missing, *returned], now)
    return missing, returned


async def record_checks(
    transaction: Transaction, organization_id: int, iccids: Iterable[str], now: datetime, **columns: str | datetime
) -> None:
    """Note that 1NCE has answered for these SIMs now: `status_at`, `events_at`, ... and nothing else of them."""
    source = rows_of(checks, ("iccid",), [{"iccid": iccid} for iccid in sorted(set(iccids))])
    names = list(columns)
    values = [sa.bindparam(f"at_{name}", value, type_=checks.c[name].type) for name, value in columns.items()]
    statement = sa.dialects.postgresql.insert(checks).from_select(
        ["organization_id", "iccid", *names],
        sa.select(sa.literal(organization_id), source.c.iccid, *values).order_by(source.c.iccid),
    )
    await transaction.connection.execute(
        statement.on_conflict_do_update(index_elements=KEY, set_={name: statement.excluded[name] for name in names})
    )


async def fold_counts(transaction: Transaction, organization_id: int) -> None:
    """Keep one row for each kind of SIM instead of one for each change. No number changes."""
    await fold(transaction, fleet_counts, organization_id)


async def fold(transaction: Transaction, table: sa.Table, organization_id: int) -> None:
    """The same of any table that counts `sims` by its other columns."""
    kinds = [column for column in table.c if column.name not in ("organization_id", "sims")]
    theirs = sa.delete(table).where(table.c.organization_id == organization_id)
    gone = theirs.returning(*kinds, table.c.sims).cte("gone")
    alike = [gone.c[one.name] for one in kinds]
    number = sa.func.sum(gone.c.sims).cast(sa.BigInteger)
    sums = sa.select(sa.literal(organization_id), *alike, number).group_by(*alike).having(number != 0)
    names = ["organization_id", *(one.name for one in kinds), "sims"]
    put = sa.insert(table).from_select(names, sums).add_cte(gone)
    await transaction.connection.execute(put)

"""Changes of what is known of the Data Streamer, and the telling of it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.dialects.postgresql import insert

from console.facts.streamer import StreamerChanged, StreamerStatus
from console.store.database import Transaction
from console.streamer import reads
from console.streamer.rules import Heard, stream_state
from console.streamer.tables import stream_health

c = stream_health.c
EXACT_TO = timedelta(seconds=10)  # a stream that flows is not noted with each post


async def note_posts(transaction: Transaction, organization_id: int, kinds: Collection[str], now: datetime) -> None:
    """Records of these kinds, "event" or "usage", have been pushed just now."""
    known = await reads.heard(transaction.connection, organization_id)
    for kind in sorted(kinds):
        before = known.get(kind)
        if before and not before.missed_since and before.state == "flowing" and now - before.last_post_at < EXACT_TO:
            continue
        after = Heard(kind=kind, last_post_at=now)
        values = structs.asdict(after)
        statement = insert(stream_health).values(organization_id=organization_id, **values)
        await transaction.connection.execute(
            statement.on_conflict_do_update(index_elements=["organization_id", "kind"], set_=values)
        )
        if before is None or before.state != after.state:
            _tell(transaction, organization_id, after, now)


async def note_found(transaction: Transaction, organization_id: int, kind: str, times: Sequence[datetime]) -> None:
    """Polling has found things of this kind that were new. Those from before the last post prove nothing."""
    before = (await reads.heard(transaction.connection, organization_id)).get(kind) if times else None
    if before is None or not (missed := [time for time in times if time > before.last_post_at]):
        return
    first = sa.literal(min(missed), sa.DateTime(timezone=True))
    await transaction.connection.execute(
        sa.update(stream_health)
        .values(missed_since=sa.func.least(c.missed_since, first), found=c.found + len(missed))
        .where(c.organization_id == organization_id, c.kind == kind, c.last_post_at < first)
    )


async def settle(transaction: Transaction, organization_id: int, now: datetime) -> list[Heard]:
    """See what time has made of each stream, and tell those that are in another state than before. All of them."""
    found = []
    for before in (await reads.heard(transaction.connection, organization_id)).values():
        after = structs.replace(before, state=stream_state(before, now))
        if after.state != before.state:
            changed = await transaction.connection.execute(
                sa.update(stream_health)
                .values(state=after.state)
                .where(
                    c.organization_id == organization_id, c.kind == before.kind, c.last_post_at == before.last_post_at
                )
            )
            if changed.rowcount:
                _tell(transaction, organization_id, after, now)
        found.append(after)
    return found


def _tell(transaction: Transaction, organization_id: int, heard: Heard, now: datetime) -> None:
    told = StreamerStatus(**structs.asdict(heard))
    transaction.tell(organization_id, StreamerChanged(time=now, subject=heard.kind, data=told))

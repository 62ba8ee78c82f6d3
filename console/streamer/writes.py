"""Changes of what is known of the Data Streamer's health."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.dialects.postgresql import insert

from console.facts.streamer import StreamerChanged
from console.store.database import Transaction
from console.streamer import reads
from console.streamer.posts_reads import newest_waiting_at
from console.streamer.rules import FAILED, KindHealth, StreamerState, after_post, ends_silence
from console.streamer.tables import streamer_health, streamer_silences

EXACT_TO = timedelta(seconds=10)  # while posts keep coming, the time of the last is not stored with each post
c, s = streamer_health.c, streamer_silences.c
KEY = ["organization_id", "kind"]


async def note_posts(
    transaction: Transaction, organization_id: int, came: Mapping[str, datetime], now: datetime
) -> None:
    """Record when 1NCE has last posted records of these kinds: "event", "usage"."""
    known = await reads.health(transaction.connection, organization_id)
    for kind, at in sorted(came.items()):
        before = known.get(kind)
        if before is not None:
            flows = not before.missed_since and before.state == StreamerState.FLOWING
            if at <= before.last_post_at or (flows and at - before.last_post_at < EXACT_TO):
                continue
        if before is None:
            after = KindHealth(kind=kind, first_post_at=at, last_post_at=at, since=at)
        else:
            after = after_post(before, at)
            if ends_silence(before, at):
                await _note_silence(transaction, organization_id, before, until=at)
        statement = insert(streamer_health).values(organization_id=organization_id, **structs.asdict(after))
        values = {name: statement.excluded[name] for name in KindHealth.__struct_fields__ if name != "kind"}
        await transaction.connection.execute(
            statement.on_conflict_do_update(index_elements=KEY, set_=values, where=c.last_post_at <= at)
        )
        if before is None or before.state != after.state:
            _publish(transaction, organization_id, after, now)


async def _note_silence(
    transaction: Transaction, organization_id: int, health: KindHealth, *, until: datetime | None
) -> None:
    statement = insert(streamer_silences).values(
        organization_id=organization_id, kind=health.kind, since=health.last_post_at, until=until
    )
    latest = statement.on_conflict_do_update(index_elements=[*KEY, "since"], set_={"until": until})
    await transaction.connection.execute(latest)


async def note_found(transaction: Transaction, organization_id: int, kind: str, times: Sequence[datetime]) -> None:
    """Record that polling has found new records of this kind. Those from before the last post prove nothing."""
    before = (await reads.health(transaction.connection, organization_id)).get(kind) if times else None
    if before is None or not (missed := [time for time in times if time > before.last_post_at]):
        return
    first = sa.literal(min(missed), sa.DateTime(timezone=True))
    await transaction.connection.execute(
        sa.update(streamer_health)
        .values(missed_since=sa.func.least(c.missed_since, first), found=c.found + len(missed))
        .where(c.organization_id == organization_id, c.kind == kind, c.last_post_at < first)
    )


async def settle(transaction: Transaction, organization_id: int, now: datetime) -> list[KindHealth]:
    """Update the state of each kind of record to `now`; publish those that changed. Returns all of them."""
    found = []
    waiting_at = await newest_waiting_at(transaction.connection, organization_id)
    for before in (await reads.health(transaction.connection, organization_id)).values():
        after = reads.as_of(before, now, waiting_at)
        if after.state != before.state:
            changed = await transaction.connection.execute(
                sa.update(streamer_health)
                .values(state=after.state, since=after.since)
                .where(
                    c.organization_id == organization_id, c.kind == before.kind, c.last_post_at == before.last_post_at
                )
            )
            if changed.rowcount:
                if after.state in FAILED:
                    await _note_silence(transaction, organization_id, after, until=None)
                _publish(transaction, organization_id, after, now)
        found.append(after)
    return found


async def prune_silences(transaction: Transaction, before: datetime) -> int:
    """Delete silences that ended before. Returns how many."""
    return (await transaction.connection.execute(sa.delete(streamer_silences).where(s.until < before))).rowcount


def _publish(transaction: Transaction, organization_id: int, health: KindHealth, now: datetime) -> None:
    status = reads.status_of(health)
    transaction.publish(organization_id, StreamerChanged(time=now, subject=health.kind, data=status))

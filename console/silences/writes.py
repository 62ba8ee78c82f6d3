"""Changes of silences and maintenance windows: made, ended, and published when they begin and end."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import to_builtins

from console.errors import Conflict, Invalid
from console.facts.silences import HidingKind, HidingState, SilenceChanged
from console.notifications.deliveries_rules import DeliveryState
from console.notifications.deliveries_writes import request
from console.notifications.digests import digest_of
from console.notifications.held import held
from console.notifications.tables import deliveries
from console.silences.bodies import NewSilence, WindowSetting
from console.silences.reads import WINDOW, silence, window, window_of, windows_of
from console.silences.recurrence import Occurrence, Recurrence, check_recurrence, next_occurrence
from console.silences.rules import LONGEST, LONGEST_OF_OPERATORS, check_matchers, check_span
from console.silences.tables import maintenance_windows, silences
from console.store.database import Transaction
from console.unicode_text import is_visible

s, w, d = silences.c, maintenance_windows.c, deliveries.c
JOB = "announce_silences"
MOST_WINDOWS = 200


async def add_silence(
    transaction: Transaction, organization_id: int, asked: NewSilence, by: str, now: datetime, *, long: bool
) -> int:
    """Make a silence; its number. `long`: it may last more than a day. Raises Invalid for what can't be."""
    begins_at = (
        max(asked.begins_at or now, now) if asked.begins_at is None or asked.begins_at.tzinfo else asked.begins_at
    )
    check_matchers(asked.matchers)
    check_span(begins_at, asked.ends_at, now, longest=LONGEST if long else LONGEST_OF_OPERATORS)
    if not (asked.reason.strip() and is_visible(asked.reason)):
        raise Invalid("A silence has a reason, in visible characters")
    values = {
        "organization_id": organization_id,
        "matchers": to_builtins(asked.matchers),
        "reason": asked.reason.strip(),
        "begins_at": begins_at,
        "ends_at": asked.ends_at,
        "created_by": by,
        "created_at": now,
    }
    made = int((await transaction.connection.execute(sa.insert(silences).values(values).returning(s.id))).scalar_one())
    await announce(transaction, organization_id, now)
    for due_at in (begins_at, asked.ends_at):
        _ask_for_job(transaction, organization_id, due_at)
    return made


async def end_silence(transaction: Transaction, organization_id: int, silence_id: int, by: str, now: datetime) -> None:
    """End a silence early, or before it has begun. Raises NotFound, and Conflict if it has ended."""
    present = await silence(transaction.connection, organization_id, silence_id)
    values = {"ends_at": now, "ended_by": by, "begins_at": min(present.begins_at, now)}
    mine = sa.update(silences).where(s.organization_id == organization_id, s.id == silence_id, s.ends_at > now)
    if not (await transaction.connection.execute(mine.values(values))).rowcount:
        raise Conflict("The silence has ended", id=silence_id)
    await announce(transaction, organization_id, now)


async def add_window(
    transaction: Transaction, organization_id: int, asked: WindowSetting, by: str, now: datetime
) -> int:
    """Make a maintenance window; its number. Raises Invalid for what can't be, Conflict for too many."""
    if len(await windows_of(transaction.connection, organization_id)) >= MOST_WINDOWS:
        raise Conflict(f"An organization has at most {MOST_WINDOWS} maintenance windows")
    values = {**_columns(asked, now), "organization_id": organization_id, "created_by": by, "created_at": now}
    statement = sa.insert(maintenance_windows).values(values).returning(w.id)
    made = int((await transaction.connection.execute(statement)).scalar_one())
    await announce(transaction, organization_id, now)
    return made


async def change_window(
    transaction: Transaction, organization_id: int, window_id: int, asked: WindowSetting, now: datetime
) -> None:
    """Give a maintenance window these settings. Raises NotFound, Invalid."""
    await window(transaction.connection, organization_id, window_id)
    mine = sa.update(maintenance_windows).where(w.organization_id == organization_id, w.id == window_id)
    await transaction.connection.execute(mine.values(_columns(asked, now)))
    await announce(transaction, organization_id, now)


async def remove_window(transaction: Transaction, organization_id: int, window_id: int, now: datetime) -> None:
    """Hide nothing by it any more. Raises NotFound."""
    await window(transaction.connection, organization_id, window_id)
    mine = sa.update(maintenance_windows).where(w.organization_id == organization_id, w.id == window_id)
    values = {"removed_at": now, "next_begins_at": None, "next_ends_at": None}
    await transaction.connection.execute(mine.values(values))
    await announce(transaction, organization_id, now)


async def announce(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Publish what has begun or ended since it was last published, and find the next occurrences; how many changed.

    Whoever changes one of them calls it, and the job at each beginning and end.
    """
    connection = transaction.connection
    over = sa.select(*WINDOW).where(w.organization_id == organization_id, w.removed_at.is_(None), w.next_ends_at <= now)
    for row in (await connection.execute(over.with_for_update())).all():
        coming = next_occurrence(window_of(row).recurrence, now)
        mine = sa.update(maintenance_windows).where(w.organization_id == organization_id, w.id == row.id)
        await connection.execute(mine.values(_boundaries(coming)))
    changed = 0
    for kind, table, c, begins_at, ends_at, text in (
        (HidingKind.SILENCE, silences, s, s.begins_at, s.ends_at, s.reason),
        (HidingKind.WINDOW, maintenance_windows, w, w.next_begins_at, w.next_ends_at, w.name),
    ):
        is_active = sa.func.coalesce(sa.and_(begins_at <= now, ends_at > now), sa.false())
        mine = sa.update(table).where(c.organization_id == organization_id, c.active != is_active)
        columns = (c.id, text.label("text"), c.active, begins_at.label("begins_at"), ends_at.label("ends_at"))
        rows = (await connection.execute(mine.values(active=is_active).returning(*columns))).all()
        changed += len(rows)
        _publish(transaction, organization_id, kind, rows, now)
    if changed:
        _ask_for_job(transaction, organization_id, now)  # alerts are hidden and shown by it
    coming_windows = sa.select(w.next_begins_at, w.next_ends_at).where(
        w.organization_id == organization_id, w.removed_at.is_(None), w.next_ends_at > now
    )
    for row in (await connection.execute(coming_windows)).all():
        due_at = row.next_begins_at if row.next_begins_at > now else row.next_ends_at
        if due_at < now + timedelta(hours=1):  # the schedule looks each minute; a request is on time
            _ask_for_job(transaction, organization_id, due_at)
    return changed


def _publish(
    transaction: Transaction, organization_id: int, kind: HidingKind, rows: Iterable[Any], now: datetime
) -> None:
    for row in rows:
        state = HidingState(kind=kind, **row._mapping)
        transaction.publish(organization_id, SilenceChanged(time=now, subject=f"{kind}:{row.id}", data=state))


def _ask_for_job(transaction: Transaction, organization_id: int, due_at: datetime) -> None:
    transaction.later(JOB, organization_id=organization_id, key=f"{JOB}:{organization_id}:{due_at:%s}", due_at=due_at)


def _columns(asked: WindowSetting, now: datetime) -> dict[str, Any]:
    """The columns of what people set. Raises Invalid."""
    check_matchers(asked.matchers)
    if not 0 < len(asked.name.strip()) <= 100 or not is_visible(asked.name):
        raise Invalid("A maintenance window's name has 1 to 100 visible characters")
    try:
        first_begin = datetime.fromisoformat(asked.first_begin)
    except ValueError as error:
        raise Invalid("The first beginning is a local time: 2026-11-22T02:30") from error
    recurrence = Recurrence(
        time_zone=asked.time_zone,
        first_begin=first_begin,
        rule=asked.rule,
        length=timedelta(minutes=asked.length_minutes),
    )
    check_recurrence(recurrence, now)
    return {
        "name": asked.name.strip(),
        "matchers": to_builtins(asked.matchers),
        "time_zone": asked.time_zone,
        "first_begin": asked.first_begin,
        "rule": asked.rule,
        "length_minutes": asked.length_minutes,
        "changed_at": now,
        **_boundaries(next_occurrence(recurrence, now)),
    }


def _boundaries(found: Occurrence | None) -> dict[str, datetime | None]:
    if found is None:
        return {"next_begins_at": None, "next_ends_at": None}
    return {"next_begins_at": found.begins_at, "next_ends_at": found.ends_at}


async def gather_held(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Put what channels have held in their quiet hours into one delivery each; how many became part of one."""
    gathered = 0
    for one in await held(transaction.connection, organization_id, now):
        key = f"digest:{one.ids[0]}:{one.ids[-1]}"
        made = await request(transaction, organization_id, digest_of(one, now), key, {one.channel_id: now}, now)
        which = sa.and_(d.organization_id == organization_id, d.id.in_(one.ids), d.state == DeliveryState.WAITING)
        values = {"state": DeliveryState.DIGESTED, "ended_at": now, "message": f"Part of the delivery {made[0]}"}
        await transaction.connection.execute(sa.update(deliveries).where(which).values(values))
        gathered += len(one.ids)
    return gathered

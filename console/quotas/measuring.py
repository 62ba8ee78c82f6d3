"""Makes the forecasts of an organization: what each SIM is expected to use a day. Workers alone load it, for numpy."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from msgspec import Struct

from console.quotas import writes
from console.quotas.forecast import DailyUse, daily_use
from console.quotas.forecasting import Calibration, Use, calibrated, forecasts, use
from console.quotas.turning_points import CHANGED, HISTORY, SILENT, Numbers
from console.sims.watching_reads import iccids_after, number_of
from console.store.database import Database

AT_ONCE = 2_000  # SIMs whose days are held in memory
SAMPLE = 20_000  # SIMs, at least, whose earlier forecasts say which method is the best and how wrong it is
WORDS = {CHANGED: "changed", SILENT: "silent"}


class Part(Struct, frozen=True):
    """Those of some SIMs that have ever used data: how they did, and what each used in all."""

    iccids: Sequence[str]
    use: Use
    used: Numbers


async def measure(db: Database, organization_id: int, now: datetime) -> int:
    """Make the forecasts by all whole days before `now`. Returns how many have changed.

    What is held in memory does not grow with the fleet: of a large one, a sample is read first.
    """
    today = now.astimezone(UTC).date()
    sample = await _sample(db, organization_id, today)
    calibration = calibrated([part.use for part in sample.values()]) if sample else Calibration.nothing()
    changed = 0
    async for after, iccids in _blocks(db, organization_id):
        part = sample.pop(after, None) or await _part(db, organization_id, iccids, today)
        if part is None:
            continue
        rows = _rows(part, calibration, today)
        async with db.transaction() as transaction:
            changed += await writes.record_forecasts(transaction, organization_id, rows, today)
    async with db.transaction() as transaction:
        changed += await writes.end_forecasts(
            transaction, organization_id, today, held=calibration.held, compared=calibration.compared
        )
    return changed


async def _sample(db: Database, organization_id: int, today: date) -> dict[str, Part]:
    """Of the whole fleet if it is small, else of SIMs from all of it, by the ICCID before theirs."""
    async with db.reading() as connection:
        every = max(1, await number_of(connection, organization_id) // SAMPLE)
    found, number = dict[str, Part](), 0
    async for after, iccids in _blocks(db, organization_id):
        if number % every == 0 and (part := await _part(db, organization_id, iccids, today)):
            found[after] = part
        number += 1
    return found


async def _blocks(db: Database, organization_id: int) -> AsyncIterator[tuple[str, Sequence[str]]]:
    """All SIMs, some at a time, each time with the ICCID before theirs."""
    last = ""
    while True:
        async with db.reading() as connection:
            iccids = await iccids_after(connection, organization_id, last, limit=AT_ONCE)
        if not iccids:
            return
        yield last, iccids
        last = iccids[-1]


async def _part(db: Database, organization_id: int, iccids: Sequence[str], today: date) -> Part | None:
    async with db.reading() as connection:
        found = await daily_use(connection, organization_id, iccids, today, HISTORY)
    if not found:
        return None
    daily = _days(found)
    return Part([one.iccid for one in found], use(daily), np.nansum(daily, axis=1))


def _days(found: Sequence[DailyUse]) -> Numbers:
    daily = np.full((len(found), HISTORY), np.nan)
    for row, one in zip(daily, found, strict=True):
        row[max(0, one.known_from) :] = 0.0
        row[one.days] = one.used
    return daily


def _rows(part: Part, calibration: Calibration, today: date) -> list[dict[str, Any]]:
    """Of SIMs with a forecast, or of which is known why there is none."""
    made, known, first = forecasts(part.use, calibration), part.use, today - timedelta(days=HISTORY)
    rows = []
    for place, iccid in enumerate(part.iccids):
        found = WORDS.get(int(known.found[place]))
        if found is None and np.isnan(made.daily[place]):
            continue
        rows.append(
            {
                "iccid": iccid,
                "used_bytes": int(part.used[place]),
                "days": int(known.days[place]),
                "daily_bytes": _number(made.daily[place]),
                "low_daily_bytes": _number(made.low[place], 0),
                "high_daily_bytes": _number(made.high[place]),
                "found": found,
                "since": first + timedelta(days=int(known.since[place])) if found else None,
            }
        )
    return rows


def _number(value: float, least: int = 1) -> int | None:
    return None if np.isnan(value) else max(least, round(value))

"""Makes the forecasts of an organization: what each SIM is expected to use a day. Workers alone load it, for numpy."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from console.quotas import writes
from console.quotas.forecast import DailyUse, daily_use
from console.quotas.forecasting import Calibration, Use, calibrated, forecasts, use
from console.quotas.turning_points import CHANGED, HISTORY, SILENT, Numbers
from console.sims.watching_reads import iccids_after
from console.store.database import Database

AT_ONCE = 2_000  # SIMs whose days are held in memory
WORDS = {CHANGED: "changed", SILENT: "silent"}


async def measure(db: Database, organization_id: int, now: datetime) -> int:
    """Make the forecasts by all whole days before `now`. Returns how many have changed."""
    today = now.astimezone(UTC).date()
    parts: list[tuple[list[str], Use, Numbers]] = []
    last = ""
    while True:
        async with db.reading() as connection:
            iccids = await iccids_after(connection, organization_id, last, limit=AT_ONCE)
            found = await daily_use(connection, organization_id, iccids, today, HISTORY) if iccids else []
        if not iccids:
            break
        last = iccids[-1]
        if found:
            daily = _days(found)
            parts.append(([one.iccid for one in found], use(daily), np.nansum(daily, axis=1)))
    calibration = calibrated([part for _, part, _ in parts]) if parts else Calibration.nothing()
    changed = 0
    for iccids, part, used in parts:
        rows = _rows(iccids, part, used, calibration, today)
        async with db.transaction() as transaction:
            changed += await writes.record_forecasts(transaction, organization_id, rows, today)
    async with db.transaction() as transaction:
        changed += await writes.end_forecasts(
            transaction, organization_id, today, held=calibration.held, compared=calibration.compared
        )
    return changed


def _days(found: Sequence[DailyUse]) -> Numbers:
    daily = np.full((len(found), HISTORY), np.nan)
    for row, one in zip(daily, found, strict=True):
        row[max(0, one.known_from) :] = 0.0
        row[one.days] = one.used
    return daily


def _rows(
    iccids: Sequence[str], part: Use, used: Numbers, calibration: Calibration, today: date
) -> list[dict[str, Any]]:
    """Of SIMs with a forecast, or of which is known why there is none."""
    made, first = forecasts(part, calibration), today - timedelta(days=HISTORY)
    rows = []
    for place, iccid in enumerate(iccids):
        found = WORDS.get(int(part.found[place]))
        if found is None and np.isnan(made.daily[place]):
            continue
        rows.append(
            {
                "iccid": iccid,
                "used_bytes": int(used[place]),
                "days": int(part.days[place]),
                "daily_bytes": _number(made.daily[place]),
                "low_daily_bytes": _number(made.low[place], 0),
                "high_daily_bytes": _number(made.high[place]),
                "found": found,
                "since": first + timedelta(days=int(part.since[place])) if found else None,
            }
        )
    return rows


def _number(value: float, least: int = 1) -> int | None:
    return None if np.isnan(value) else max(least, round(value))

"""Asks 1NCE what SIMs have left of data and SMS; what the records do not explain becomes derived usage."""

import asyncio
from collections.abc import Sequence

import msgspec

from console.connectivity import turns
from console.once.models import Quota
from console.quotas.writes import COMPARE, record_quotas
from console.rows import Row
from jobs.polling import Turns, poll
from jobs.running import Run, by_organization
from jobs.streaming import stream_is_alive

SECONDS = 28 * 60.0
AT_ONCE = 3


@by_organization(needs_once=True)
async def sync_quotas(run: Run) -> None:
    """Data each half hour; SMS once a day, for that moves with messages alone."""
    await asyncio.gather(
        _service(run, "data", "data_quota_at", turns.DATA_QUOTA), _service(run, "sms", "sms_quota_at", turns.SMS_QUOTA)
    )


async def _service(run: Run, service: str, column: str, ages: turns.Ages) -> None:
    ask = run.client.data_quota if service == "data" else run.client.sms_quota

    async def keep(batch: Sequence[tuple[str, Quota]]) -> int:
        rows = [row for iccid, quota in batch if (row := _row(iccid, service, quota)) is not None]
        run.counted(failed=len(batch) - len(rows))
        alive = await stream_is_alive(run)
        async with run.db.transaction() as transaction:
            return len(await record_quotas(transaction, run.organization_id, rows, run.now(), stream_alive=alive))

    await poll(run, Turns(run, column, ages, seconds=SECONDS), ask, keep, at_once=AT_ONCE)


def _row(iccid: str, service: str, quota: Quota) -> Row | None:
    told = msgspec.structs.asdict(quota)
    if told["left"] is None:
        return None  # 1NCE has not said what is left: unknown, not zero
    return {"iccid": iccid, "service": service, **{name: told[name] for name in COMPARE}}

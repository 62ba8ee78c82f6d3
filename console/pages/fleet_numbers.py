"""The whole fleet in a few numbers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity import reads as connectivity_reads
from console.sims import reads as sim_reads
from console.usage import reads as usage_reads

CONNECTIONS = ("online", "attached", "offline", "blocked", "unknown")


class LastHour(Struct, frozen=True, kw_only=True):
    """The moving chart, minute by minute: seconds since 1970; None where nobody looked."""

    as_of: float
    times: list[int]
    online: list[int | None]
    bytes: list[int | None]


async def counts(connection: AsyncConnection, organization_id: int) -> dict[str, Any]:
    """How many SIMs of each kind, and the moment it was so."""
    found = await sim_reads.counts(connection, organization_id)
    named = {name: found.connection.get(name, 0) for name in CONNECTIONS}
    return {
        "as_of": datetime.now(UTC),
        "total": found.total,
        **named,
        "enabled": found.status.get("enabled", 0),
        "disabled": found.status.get("disabled", 0),
        "quota_low": found.quota.get("low", 0),
        "quota_exhausted": found.quota.get("exhausted", 0),
    }


async def used(connection: AsyncConnection, organization_id: int) -> dict[str, Any]:
    """What was used today and this month, and the moment it was so."""
    now = datetime.now(UTC)
    found = await usage_reads.totals(connection, organization_id, now)
    return {
        "as_of": now,
        "data_today_bytes": found.today_bytes,
        "data_month_bytes": found.month_bytes,
        "sms_today": found.today_sms,
        "sms_month": found.month_sms,
    }


async def last_hour(connection: AsyncConnection, organization_id: int) -> LastHour:
    """The moving chart's numbers. The present minute is left out: it is not over."""
    now = datetime.now(UTC)
    minute = now.replace(second=0, microsecond=0)
    since = minute - timedelta(hours=1)
    samples = await connectivity_reads.samples(connection, organization_id, since)
    usage = await usage_reads.of_fleet(connection, organization_id, by="minute", since=since, until=minute)
    online = {sample.time: sample.online for sample in samples}
    used = {step.time: step.data_bytes for step in usage}
    times = [since + timedelta(minutes=number) for number in range(60)]
    return LastHour(
        as_of=now.timestamp(),
        times=[int(time.timestamp()) for time in times],
        online=[online.get(time) for time in times],
        bytes=[used.get(time, 0 if time in online else None) for time in times],
    )

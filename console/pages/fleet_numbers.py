"""The whole fleet in a few numbers."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity import groups
from console.connectivity import reads as connectivity_reads
from console.connectivity.reads import FleetSample
from console.connectivity.usual import Usual, usual
from console.pages.fleet_places import Places, places, radios, tags
from console.pages.fleet_tiles import Recent, recent, tiles
from console.sims.counts_reads import Counts, counted, kinds
from console.streamer.reads import is_known, unknown_usage
from console.usage.totals import totals

BEFORE = timedelta(minutes=15)  # what a figure is compared with
SAMPLES_MISSED = timedelta(minutes=5)  # so much older the compared sample may be
LEARNED_SHARE = 0.05  # of the fleet: so many statuses may have become known between figures that are compared
CONNECTIONS = ("online", "attached", "offline", "blocked", "unknown")


async def fleet(connection: AsyncConnection, organization_id: int, now: datetime) -> dict[str, Any]:
    """`counts`: SIMs of each kind; `by_operator`, `by_country` …: where they are; each compared with BEFORE.

    `kinds`: what they were counted from.
    """
    found = await kinds(connection, organization_id)
    earliest, latest = now - BEFORE - SAMPLES_MISSED, now - BEFORE
    samples = await connectivity_reads.samples(connection, organization_id, earliest)
    counts = counted(found)
    earlier = [sample for sample in samples if sample.time <= latest]
    before = earlier[-1] if earlier and comparable(earlier[-1], counts) else None
    operators = await connectivity_reads.operators_at(connection, organization_id, earliest, latest) if before else None
    rats = await groups.groups_at(connection, organization_id, "rat", earliest, latest) if before else None
    return {
        "kinds": found,
        "counts": _counts(
            counts,
            before,
            now,
            await usual(connection, organization_id, now),
            await recent(connection, organization_id, now),
        ),
        "by_operator": places(found, operators, "operator", now),
        "by_country": places(found, operators, "country", now),
        "by_map": places(found, operators, "map", now),
        "by_radio": radios(found, rats, now),
    }


async def by_tag(connection: AsyncConnection, organization_id: int, now: datetime) -> Places:
    """The tags, compared with BEFORE. Looks at each SIM that has one."""
    earliest, latest = now - BEFORE - SAMPLES_MISSED, now - BEFORE
    before = await groups.groups_at(connection, organization_id, "tag", earliest, latest)
    return tags(await groups.by_tag(connection, organization_id), before, now)


def comparable(before: FleetSample, found: Counts) -> bool:
    """Whether figures differ because SIMs changed, and not because 1NCE was asked about many of them since."""
    learned = before.unknown - found.connection.get("unknown", 0)
    return before.is_known and learned <= found.total * LEARNED_SHARE


def _counts(
    found: Counts, before: FleetSample | None, now: datetime, at_this_hour: Usual | None, lately: Recent
) -> dict[str, Any]:
    named = {name: found.connection.get(name, 0) for name in CONNECTIONS}
    named |= {"total": found.total}
    named |= {"quota_exhausted": found.quota.get("exhausted", 0), "quota_low": found.quota.get("low", 0)}
    return {
        "as_of": now,
        **named,
        "enabled": found.status.get("enabled", 0),
        "disabled": found.status.get("disabled", 0),
        "usual": at_this_hour,
        "tiles": tiles(named, before, at_this_hour, lately),
    }


async def used(connection: AsyncConnection, organization_id: int, now: datetime) -> dict[str, Any]:
    """What was used on the UTC day and month of `now`, and how much of them no usage records account for."""
    found = await totals(connection, organization_id, now)
    today = datetime.combine(now.date(), time(), UTC)
    month = today.replace(day=1)
    unknown = await unknown_usage(connection, organization_id, month, now, now)
    first, last = (unknown[0], unknown[-1]) if unknown else (None, None)
    return {
        "today_known": is_known(unknown, today, now),
        "month_known": not unknown,
        "known_from": first.until if first and first.since == month else month,
        "known_until": last.since if last and last.until == now else now,
        "as_of": now,
        "data_today_bytes": found.today_bytes,
        "data_month_bytes": found.month_bytes,
        "sms_today": found.today_sms,
        "sms_month": found.month_sms,
    }

"""What each live page should show now, as raw values by the names that its elements give them."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier import reads as carrier_reads
from console.connectivity import event_list
from console.connectivity import reads as connectivity_reads
from console.connectivity.event_filter import read_filter
from console.facts.sims import Connection
from console.facts.topic_names import sims_in
from console.pages.sim_list import ListQuery
from console.quotas.outlook import outlook
from console.runs import reads as run_reads
from console.sims import reads as sim_reads
from console.sims.counts.reads import Kind, counted, kinds
from console.sims.revisions import revisions_of
from console.sims.rules import SimFilter
from console.sms import reads as sms_reads
from console.usage import reads as usage_reads

FIRST = 20  # rows of a list that grows at its top
Value = int | str | tuple[str, ...]  # the ids of a list's first rows as a tuple
OF_SIM = ("sim-state", "sim-annotations", "sim-quotas")


class Page(Struct, frozen=True, kw_only=True):
    """Which page it is."""

    organization_id: int
    topics: frozenset[str]
    asked: ListQuery  # as its address says it, where it is a list of SIMs
    query: Sequence[tuple[str, str]] = ()  # of its address


async def overview(reading: AsyncConnection, page: Page) -> Mapping[str, Value]:
    """How many SIMs there are of each kind and in each place, what was used, and the latest events."""
    found = await kinds(reading, page.organization_id)
    counts = counted(found)
    used = await usage_reads.totals(reading, page.organization_id, datetime.now(UTC))
    events, _ = await connectivity_reads.events(reading, page.organization_id, limit=FIRST)
    figures = {
        "total": counts.total,
        **{name: counts.connection.get(name, 0) for name in ("online", "attached", "offline", "blocked", "unknown")},
        **{name: counts.status.get(name, 0) for name in ("enabled", "disabled")},
        "exhausted": counts.quota.get("exhausted", 0),
        "quota_low": counts.quota.get("low", 0),
    }
    return {
        **{f"fleet-counts/{name}": number for name, number in figures.items()},
        **_places(found),
        "fleet-usage/data-today": used.today_bytes,
        "fleet-usage/data-month": used.month_bytes,
        "fleet-usage/sms-today": used.today_sms,
        "fleet-usage/sms-month": used.month_sms,
        "events": _ids("event", (event.id for event in events)),
    }


def _places(found: Sequence[Kind]) -> Mapping[str, int]:
    """SIMs, and those online, of each operator in a country and of each country."""
    values: Counter[str] = Counter()
    for one in found:
        online = one.sims if one.connection == Connection.ONLINE else 0
        operator = f"{one.operator or ''} {one.country or ''}"
        for panel, place in (("fleet-by-operator", operator), ("fleet-by-country", f" {one.country or ''}")):
            values[f"{panel}/sims {place}"] += one.sims
            values[f"{panel}/online {place}"] += online
    return values


async def wall(reading: AsyncConnection, page: Page) -> Mapping[str, Value]:
    """How many SIMs there are of each kind, and how many each operator has online."""
    found = await kinds(reading, page.organization_id)
    counts = counted(found)
    connections = ("online", "attached", "offline", "blocked", "unknown")
    places = {name.removeprefix("fleet-by-operator/"): number for name, number in _places(found).items()}
    return {
        "wall-fleet/total": counts.total,
        "wall-fleet/exhausted": counts.quota.get("exhausted", 0),
        **{f"wall-fleet/{name}": counts.connection.get(name, 0) for name in connections},
        **{f"wall-places/{name}": number for name, number in places.items() if name.startswith("online ")},
    }


async def events(reading: AsyncConnection, page: Page) -> Mapping[str, Value]:
    """The latest events that the address asks for."""
    found = await event_list.matching(reading, page.organization_id, read_filter(page.query, ""), limit=FIRST)
    return {"events": _ids("event", (event.id for event in found.events))}


async def quotas(reading: AsyncConnection, page: Page) -> Mapping[str, Value]:
    """The rows on screen, and how many SIMs are in each band."""
    rows = await revisions_of(reading, page.organization_id, sims_in(page.topics))
    found = await outlook(reading, page.organization_id, datetime.now(UTC))
    counts = {**found.bands, "total": found.total, "low": found.low, "expiring": found.expiring}
    return {
        **{f"quota-{iccid}": revision for iccid, revision in rows.items()},
        **{f"quota-bands/{name}": number for name, number in counts.items()},
    }


async def sims(reading: AsyncConnection, page: Page) -> Mapping[str, Value]:
    """The rows on screen, and how many SIMs match."""
    rows = await revisions_of(reading, page.organization_id, sims_in(page.topics))
    wanted = page.asked.wanted
    total = await sim_reads.count(reading, page.organization_id, wanted)
    fleet = await sim_reads.count(reading, page.organization_id, SimFilter()) if wanted.active else total
    return {
        **{f"sim-{iccid}": revision for iccid, revision in rows.items()},
        "sims-found/total": total,
        "sims-found/fleet": fleet,
    }


async def sim(reading: AsyncConnection, page: Page) -> Mapping[str, Value]:
    """The state of the SIM, its latest events and messages."""
    found = await revisions_of(reading, page.organization_id, sims_in(page.topics))
    values: dict[str, Value] = {}
    for iccid, revision in found.items():
        events, _ = await connectivity_reads.events(reading, page.organization_id, iccid=iccid, limit=FIRST)
        messages, _ = await sms_reads.of_sim(reading, page.organization_id, iccid, limit=FIRST)
        values |= dict.fromkeys(OF_SIM, revision)
        values["sim-events"] = _ids("event", (event.id for event in events))
        values["sim-sms"] = _ids("sms", (f"{message.direction}-{message.id}" for message in messages))
    return values


async def conversation(reading: AsyncConnection, page: Page) -> Mapping[str, Value]:
    """The SIM's latest messages, and its quota."""
    values: dict[str, Value] = {}
    for iccid, revision in (await revisions_of(reading, page.organization_id, sims_in(page.topics))).items():
        messages, _ = await sms_reads.of_sim(reading, page.organization_id, iccid, limit=FIRST)
        values |= {"sms-quota": revision}
        values["conversation"] = _ids("sms", (f"{message.direction}-{message.id}" for message in messages))
    return values


async def jobs(reading: AsyncConnection, page: Page) -> Mapping[str, Value]:
    """The last run of each job, and the last runs."""
    schedule = await run_reads.schedule(reading, page.organization_id, datetime.now(UTC))
    runs = await run_reads.runs(reading, page.organization_id, limit=run_reads.PAGE)
    return {
        **{f"job-{job.name}": job.last_run.revision for job in schedule if job.last_run},
        **{f"run-{run.id}": run.revision for run in runs},
        "runs": _ids("run", (run.id for run in runs[:FIRST])),
    }


async def carrier(reading: AsyncConnection, page: Page) -> Mapping[str, Value]:
    """The circuit breaker, and what 1NCE offers."""
    found = await carrier_reads.status(reading, page.organization_id)
    return {
        "carrier-circuit/circuit": found.circuit.state,
        "carrier-circuit/failures": found.circuit.failures,
        **{f"carrier-operations/{one.name}": str(one.available) for one in found.operations},
    }


def _ids(kind: str, numbers: Iterable[object]) -> tuple[str, ...]:
    return tuple(f"{kind}-{number}" for number in numbers)


HELD: Mapping[str, Callable[[AsyncConnection, Page], Awaitable[Mapping[str, Value]]]] = {
    "overview": overview,
    "events": events,
    "quotas": quotas,
    "sims": sims,
    "sim": sim,
    "conversation": conversation,
    "jobs": jobs,
    "carrier": carrier,
    "wall": wall,
}

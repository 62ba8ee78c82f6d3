"""What each live page should show now, as raw values by the names that its elements give them."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from console.actions.direct import revisions_of_actions, revisions_of_bulk_actions
from console.alerts.direct import revisions_of_alerts
from console.carrier import direct as carrier_direct
from console.connectivity import event_list
from console.connectivity.direct import latest_ids, latest_ids_of
from console.connectivity.event_filter import read_filter
from console.facts.topic_names import sims_in
from console.pages.fleet_held import figures
from console.pages.sim_list import ListQuery
from console.quotas.outlook import outlook_direct
from console.runs.direct import revisions_of_jobs, revisions_of_runs
from console.sims.direct import listed, revisions_of
from console.sms.direct import latest_of
from console.store.database import Database
from console.store.direct_reads import DirectReads
from console.usage.totals import totals_direct

NUMBERED = re.compile(r"([a-z-]+-)([1-9]\d{0,17})")
FIRST = 20  # rows of a list that grows at its top
# The ids of a list's first rows as a tuple; as a set what a figure of the last hour or day may be within this minute.
Value = int | str | tuple[str, ...] | frozenset[str]
OF_SIM = ("sim-state", "sim-facts", "sim-annotations", "sim-quotas")


class Page(Struct, frozen=True, kw_only=True):
    """Which page it is."""

    organization_id: int
    topics: frozenset[str]
    asked: ListQuery  # as its address says it, where it is a list of SIMs
    query: Sequence[tuple[str, str]] = ()  # of its address
    names: frozenset[str] = frozenset()  # of the values that it shows


async def overview(db: Database, page: Page) -> Mapping[str, Value]:
    """How many SIMs there are of each kind and in each place, what was used, and the latest events."""
    fleet, places = await figures(db, page.organization_id)
    used = await totals_direct(db.direct, page.organization_id, datetime.now(UTC))
    events = await latest_ids(db.direct, page.organization_id)
    return {
        **{f"fleet-counts/{name}": value for name, value in fleet.items()},
        **places,
        "fleet-usage/data-today": used.today_bytes,
        "fleet-usage/data-month": used.month_bytes,
        "fleet-usage/sms-today": used.today_sms,
        "fleet-usage/sms-month": used.month_sms,
        "events": _ids("event", events),
    }


async def wall(db: Database, page: Page) -> Mapping[str, Value]:
    """How many SIMs there are of each kind, and how many each operator has online."""
    fleet, places = await figures(db, page.organization_id)
    online = {name.removeprefix("fleet-by-operator/"): number for name, number in places.items()}
    return {
        **{f"wall-fleet/{name}": value for name, value in fleet.items()},
        **{f"wall-places/{name}": number for name, number in online.items() if name.startswith("online ")},
    }


async def events(db: Database, page: Page) -> Mapping[str, Value]:
    """The latest events that the address asks for."""
    wanted = read_filter(page.query, page.asked.q)
    if not wanted.active:
        return {"events": _ids("event", await latest_ids(db.direct, page.organization_id))}
    return {"events": _ids("event", await event_list.ids(db.direct, page.organization_id, wanted, FIRST))}


async def quotas(db: Database, page: Page) -> Mapping[str, Value]:
    """The rows on screen, and how many SIMs are in each band."""
    rows = await revisions_of(db.direct, page.organization_id, sims_in(page.topics))
    found = await outlook_direct(db.direct, page.organization_id, datetime.now(UTC))
    counts = {**found.bands, "total": found.total, "low": found.low, "expiring": found.expiring}
    return {
        **{f"quota-{iccid}": revision for iccid, revision in rows.items()},
        **{f"quota-bands/{name}": number for name, number in counts.items()},
    }


async def sims(db: Database, page: Page) -> Mapping[str, Value]:
    """The rows on screen, and how many SIMs match."""
    found = await listed(db.direct, page.organization_id, page.asked.wanted, sims_in(page.topics))
    return {
        **{f"sim-{iccid}": revision for iccid, revision in found.revisions.items()},
        "sims-found/total": found.total,
        "sims-found/fleet": found.fleet,
        "sims-fleet/fleet": found.fleet,  # where none matches
    }


async def sim(db: Database, page: Page) -> Mapping[str, Value]:
    """The state of the SIM, its latest events and messages, and its actions."""
    found = await revisions_of(db.direct, page.organization_id, sims_in(page.topics))
    values: dict[str, Value] = {**await actions(db, page)}
    for iccid, revision in found.items():
        values |= dict.fromkeys(OF_SIM, revision)
        values["sim-events"] = _ids("event", await latest_ids_of(db.direct, page.organization_id, iccid))
        values["sim-sms"] = _ids("sms", map("-".join, await latest_of(db.direct, page.organization_id, iccid)))
    return values


async def conversation(db: Database, page: Page) -> Mapping[str, Value]:
    """The SIM's latest messages, its quota, and its actions."""
    values: dict[str, Value] = {**await actions(db, page)}
    for iccid, revision in (await revisions_of(db.direct, page.organization_id, sims_in(page.topics))).items():
        values |= dict.fromkeys(("sms-quota", "sms-trail", "sms-title"), revision)
        values["conversation"] = _ids("sms", map("-".join, await latest_of(db.direct, page.organization_id, iccid)))
    return values


async def jobs(db: Database, page: Page) -> Mapping[str, Value]:
    """The last run of each job, and the last runs."""
    last = await revisions_of_jobs(db.direct, page.organization_id)
    runs = await revisions_of_runs(db.direct, page.organization_id)
    return {
        **{f"job-{job}": revision for job, revision in last.items()},
        **{f"run-{number}": revision for number, revision in runs.items()},
        "runs": _ids("run", [*runs][:FIRST]),
    }


async def carrier(db: Database, page: Page) -> Mapping[str, Value]:
    """The circuit breaker, and what 1NCE offers."""
    state, failures = await carrier_direct.circuit(db.direct, page.organization_id)
    offered = await carrier_direct.available(db.direct, page.organization_id)
    return {
        "carrier-circuit/circuit": state,
        "carrier-circuit/failures": failures,
        **{f"carrier-operations/{name}": str(available) for name, available in offered.items()},
    }


async def actions(db: Database, page: Page) -> Mapping[str, Value]:
    """The actions and bulk actions that it names, in a list or alone."""
    single = await _revisions(db, page, ("action-", "whole-action-"), revisions_of_actions)
    return {**single, **await _revisions(db, page, ("bulk-row-", "bulk-"), revisions_of_bulk_actions)}


async def alerts(db: Database, page: Page) -> Mapping[str, Value]:
    """The alerts that it names, in a list or alone."""
    return await _revisions(db, page, ("alert-", "whole-alert-"), revisions_of_alerts)


async def _revisions(
    db: Database,
    page: Page,
    kinds: Sequence[str],
    ask: Callable[[DirectReads, int, Sequence[int]], Awaitable[Mapping[int, int]]],
) -> dict[str, Value]:
    """By name, of the things whose names begin so, and end with their ids."""
    parts = {name: NUMBERED.fullmatch(name) for name in page.names}
    ids = {name: int(part[2]) for name, part in parts.items() if part and part[1] in kinds}
    found = await ask(db.direct, page.organization_id, sorted(set(ids.values()))) if ids else {}
    return {name: found[id_] for name, id_ in ids.items() if id_ in found}


def _ids(kind: str, numbers: Iterable[object]) -> tuple[str, ...]:
    return tuple(f"{kind}-{number}" for number in numbers)


HELD: Mapping[str, Callable[[Database, Page], Awaitable[Mapping[str, Value]]]] = {
    "overview": overview,
    "overview-tags": overview,
    "events": events,
    "quotas": quotas,
    "sims": sims,
    "sim": sim,
    "conversation": conversation,
    "jobs": jobs,
    "carrier": carrier,
    "wall": wall,
    "actions": actions,
    "bulk_action": actions,
    "alerts": alerts,
}

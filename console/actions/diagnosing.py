"""The diagnosis of a SIM: what is stored of it is read, judged by the rules, and answered to programs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from litestar import Router, get
from litestar.di import NamedDependency
from msgspec import Meta, Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.diagnosis import diagnosed
from console.actions.findings import Cause, Finding, Helped, Known
from console.actions.network_findings import RECENT
from console.actions.tables import actions
from console.connectivity import reads as connectivity_reads
from console.connectivity.tables import status_history
from console.facts.actions import ActionKind, ActionState
from console.facts.sims import Connection, SimState
from console.organizations.rules import Caller
from console.quotas import reads as quota_reads
from console.runs import reads as run_reads
from console.sims.tables import checks

EVENTS, PLACES = 200, 200
COUNTED, WITHIN, FEWEST = timedelta(days=90), timedelta(minutes=30), 5
SETTINGS = (ActionKind.STATUS, ActionKind.IMEI_LOCK, ActionKind.LABEL, ActionKind.REPLACE)  # the SIM is read after them
# What can be counted: of the action for a cause, the parameters that it has, and where the SIM was before.
COUNTABLE: dict[Cause, tuple[ActionKind, dict[str, Any], tuple[str, ...]]] = {
    Cause.IMEI_LOCK: (ActionKind.IMEI_LOCK, {"locked": False}, (Connection.ATTACHED, Connection.OFFLINE)),
    Cause.NO_SESSION: (ActionKind.RESET, {}, (Connection.ATTACHED,)),
    Cause.SILENT: (ActionKind.RESET, {}, (Connection.ATTACHED, Connection.OFFLINE)),
}


class Diagnosis(Struct, frozen=True, kw_only=True):
    """What is wrong with a SIM, as far as what is stored says."""

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    as_of: Annotated[datetime, Meta(description="When it was judged.", examples=["2026-11-20T10:00:00Z"])]
    summary: Annotated[str, Meta(description="One sentence.", examples=["The data quota is used up."])]
    findings: Annotated[list[Finding], Meta(description="Each cause with its evidence, the most certain first.")]
    unknown: Annotated[
        list[str],
        Meta(
            description="What is not known and would be needed; nothing is concluded from it.",
            examples=[["1NCE has not said whether the SIM is on a network."]],
        ),
    ]


async def diagnosis_of(connection: AsyncConnection, organization_id: int, sim: SimState, now: datetime) -> Diagnosis:
    """The SIM's diagnosis from what is stored now; 1NCE is not asked."""
    findings, unknown = diagnosed(await known_of(connection, organization_id, sim, now), now)
    counted = [
        structs.replace(one, helped=await helped(connection, organization_id, one.cause, now))
        if one.cause in COUNTABLE
        else one
        for one in findings
    ]
    summary = f"Nothing is known that keeps it from working{'; not all that is needed is known' if unknown else ''}."
    return Diagnosis(
        iccid=sim.iccid,
        as_of=now,
        summary=findings[0].summary if findings else summary,
        findings=counted,
        unknown=unknown,
    )


async def known_of(connection: AsyncConnection, organization_id: int, sim: SimState, now: datetime) -> Known:
    """What the rules ask about."""
    inventory = await run_reads.last_done(connection, organization_id, "sync_sims")
    quotas = await quota_reads.of_sim(connection, organization_id, sim.iccid)
    events, _ = await connectivity_reads.events(connection, organization_id, iccid=sim.iccid, limit=EVENTS)
    mine = sa.and_(checks.c.organization_id == organization_id, checks.c.iccid == sim.iccid)
    asked = (
        sa.select(checks.c.events_at).where(mine),
        _setting_seen_at(organization_id, sim.iccid),
        _enabled_at(organization_id, sim.iccid),
    )
    events_at, set_at, enabled_at = (
        await connection.execute(sa.select(*(one.scalar_subquery() for one in asked)))
    ).one()
    places, more = await connectivity_reads.history(connection, organization_id, iccid=sim.iccid, limit=PLACES)
    abroad = [one for one in places if one.country is not None]
    here = next((index for index, one in enumerate(abroad) if one.country != sim.country), len(abroad))
    before = {one.country for one in abroad[here:]}
    return Known(
        sim=sim,
        inventory_at=max(filter(None, (inventory.finished_at if inventory else None, set_at)), default=None),
        quota_at=next((one.confirmed_at for one in quotas if one.service == "data"), None),
        events=[one for one in events if now - one.time <= RECENT],
        events_at=events_at,
        usual_country=before.pop() if len(before) == 1 and more is None else None,
        country_since=abroad[here - 1].time if here else None,
        enabled_at=enabled_at,
    )


def _setting_seen_at(organization_id: int, iccid: str) -> "sa.Select[tuple[datetime | None]]":
    """When 1NCE last showed a setting that was asked for here; what a person has said of one is not 1NCE's word."""
    return sa.select(sa.func.max(actions.c.changed_at)).where(_shown(organization_id, iccid, SETTINGS))


def _enabled_at(organization_id: int, iccid: str) -> "sa.Select[tuple[datetime | None]]":
    """When 1NCE was last sent that the SIM is enabled, where it has shown it since; not where it was so already."""
    to_enable = actions.c.parameters.contains({"enabled": True})
    mine = _shown(organization_id, iccid, (ActionKind.STATUS,))
    return sa.select(sa.func.max(actions.c.sent_at)).where(mine, to_enable)


def _shown(organization_id: int, iccid: str, kinds: Sequence[ActionKind]) -> "sa.ColumnElement[bool]":
    a = actions.c
    return sa.and_(
        a.organization_id == organization_id,
        a.iccid == iccid,
        a.kind.in_(kinds),
        a.state == ActionState.CONFIRMED.value,
        a.steps[-1]["by"].astext.is_(None),
    )


async def helped(connection: AsyncConnection, organization_id: int, cause: Cause, now: datetime) -> Helped | None:
    """How often the cause's action was followed by a session; None of fewer than FEWEST, which say nothing."""
    kind, parameters, before = COUNTABLE[cause]
    a, h = actions.c, status_history.alias("h").c
    same = sa.and_(h.organization_id == organization_id, h.iccid == a.iccid)
    earlier = sa.select(h.connection).where(same, h.time <= a.sent_at).order_by(h.time.desc()).limit(1)
    soon = sa.and_(h.time > a.sent_at, h.time <= a.sent_at + WITHIN)
    online = sa.exists().where(same, soon, h.connection == Connection.ONLINE)
    query = sa.select(sa.func.count(), sa.func.count().filter(online)).where(
        a.organization_id == organization_id,
        a.kind == kind.value,
        a.state == ActionState.CONFIRMED.value,
        a.parameters.contains(parameters),
        a.sent_at > now - COUNTED,
        a.sent_at <= now - WITHIN,
        earlier.scalar_subquery().in_([one.value for one in map(Connection, before)]),
    )
    of, times = (await connection.execute(query)).one()
    return Helped(times=times, of=of) if of >= FEWEST else None


@get("/sims/{iccid:str}/diagnosis", operation_id="getSimDiagnosis", summary="Why a SIM does not work")
async def sim_diagnosis(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], sim: NamedDependency[SimState]
) -> Diagnosis:
    """From what is stored: 1NCE is not asked (`POST /sims/{iccid}/sync` does that). Unknown is said, never guessed."""
    return await diagnosis_of(reading, caller.organization_id, sim, datetime.now(UTC))


router = Router("/", route_handlers=[sim_diagnosis], tags=["Connectivity"])

"""Watching, editing and syncing SIMs, for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Response, Router, patch, post, route
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.serialization import encode_json
from msgspec import UNSET, Meta, Struct, UnsetType

from console.acting import acting
from console.errors import Changed, Conflict, SimNotFound
from console.facts.sims import SimState
from console.http.etag import etag_of, matches
from console.organizations.rules import Caller, Permission
from console.sims import reads
from console.sims import watching_reads as watching
from console.sims import watching_writes as writes
from console.sims.annotations_rules import AnnotationChanges, Annotations, merged, written
from console.sims.annotations_writes import annotate, keep, locked
from console.sims.api import plain_iccid, shown_sim
from console.sims.api import router as reading
from console.sims.watching_rules import SyncRequest, Watch, WatchRequest
from console.sims.watching_writes import request_fleet_sync, request_sim_sync
from console.store.database import Database

TAGS = Annotated[
    list[str] | UnsetType | None,
    Meta(description="Your own words for it; folded to lower case, hyphens for blanks.", examples=[["pump"]]),
]
NOTE = Annotated[
    str | UnsetType | None,
    Meta(description="Your own note, at most 2,000 characters.", examples=["On the roof, second cabinet."]),
]
FIELDS = Annotated[
    dict[str, str | None] | UnsetType | None,
    Meta(
        description="Your own fields by name, such as `site`, `customer`, `device_model`; null removes one.",
        examples=[{"site": "Hamburg"}],
    ),
]


class NewWatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An ICCID to watch, with what you add to it."""

    iccid: Annotated[
        str, Meta(description="19 digits; the check digit, the 20th, may follow.", examples=["8988228066600000001"])
    ]
    tags: TAGS = UNSET
    note: NOTE = UNSET
    custom_fields: FIELDS = UNSET


class SimChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON merge patch (RFC 7396): what is not there stays, null removes."""

    tags: TAGS = UNSET
    note: NOTE = UNSET
    custom_fields: FIELDS = UNSET
    edits: Annotated[
        int | UnsetType,
        Meta(description="The SIM's `edits` as you read them; 412 if somebody has edited it since.", examples=[3]),
    ] = UNSET


class WatchedSim(Struct, frozen=True, kw_only=True):
    """How your organization stands to an ICCID."""

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    watch: Annotated[
        Watch,
        Meta(
            description="`watched`; `requested`: asked for and not yet confirmed by 1NCE; `refused`; `unwatched`.",
            examples=["watched"],
        ),
    ]
    sim: Annotated[SimState | None, Meta(description="The SIM, once 1NCE has confirmed it.")] = None
    request: Annotated[
        WatchRequest | None, Meta(description="The request, until 1NCE has confirmed it.", examples=[None])
    ] = None


ALREADY = {200: ResponseSpec(WatchedSim, description="It was watched or asked for already.", generate_examples=False)}


def changes_of(asked: NewWatch | SimChanges) -> AnnotationChanges:
    """What of it is about annotations."""
    return AnnotationChanges(tags=asked.tags, note=asked.note, custom_fields=asked.custom_fields)


@post("/", operation_id="watchSim", summary="Watch a SIM", status_code=201, responses=ALREADY)
async def watch_sim(
    caller: NamedDependency[Caller], db: NamedDependency[Database], data: JSONBody[NewWatch]
) -> Response[WatchedSim]:
    """Watches a SIM by its ICCID. 201 if that changes anything, 200 if it was watched or asked for already.

    An ICCID that is not in the inventory yet is `requested` until 1NCE confirms or refuses it. With tags, a note or
    custom fields, a SIM that is watched already is 409: change it by PATCH.
    """
    iccid, now, changes = plain_iccid(data.iccid), datetime.now(UTC), changes_of(data)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.watch", iccid) as act:
        wanted = merged(Annotations(), changes)
        watch, changed = await writes.watch(transaction, caller.organization_id, iccid, caller.name, now)
        if wanted.edits and not changed:
            raise Conflict("It is watched or asked for already: change its tags, note and fields by PATCH", iccid=iccid)
        if wanted.edits and watch is Watch.WATCHED:
            await annotate(transaction, caller.organization_id, iccid, changes, caller.name, now)
        elif wanted.edits:
            await keep(transaction, caller.organization_id, iccid, wanted, caller.name, now)
        sim = await reads.one(transaction.connection, caller.organization_id, iccid)
        asked = await watching.request(transaction.connection, caller.organization_id, iccid)
        act.after = {"watch": watch, "changed": changed} | (written(wanted) if wanted.edits else {})
    body = WatchedSim(iccid=iccid, watch=watch, sim=sim and shown_sim(caller, sim), request=None if sim else asked)
    headers = {"Location": f"/api/v1/sims/{iccid}"}
    return Response(body, status_code=201 if changed else 200, headers=headers)


@patch("/{iccid:str}", operation_id="changeSim", summary="Change a SIM's tags, note and custom fields")
async def change_sim(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    iccid: FromPath[str],
    data: JSONBody[SimChanges],
    if_match: Annotated[str | None, HeaderParameter(name="If-Match", max_length=400)] = None,
) -> SimState:
    """A merge patch: what is left out stays, null removes. With `If-Match` (the ETag of the SIM) or with `edits`, 412
    if it was changed meanwhile; the ETag changes with the network too, `edits` with edits alone.
    """
    known, now = plain_iccid(iccid), datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.edit", known) as act:
        sim = await locked(transaction, caller.organization_id, known)
        act.before = written(sim)
        if if_match is not None and not matches(if_match, etag_of(encode_json(shown_sim(caller, sim)))):
            raise Changed("The SIM has changed since you read it: read it again", revision=sim.revision)
        expected = None if data.edits is UNSET else data.edits
        kept = await annotate(
            transaction, caller.organization_id, known, changes_of(data), caller.name, now, expected=expected
        )
        act.after = written(kept)
        found = await reads.one(transaction.connection, caller.organization_id, known)
    assert found is not None
    return shown_sim(caller, found)


@route(
    "/{iccid:str}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="unwatchSim",
    summary="Stop watching a SIM",
)
async def unwatch_sim(caller: NamedDependency[Caller], db: NamedDependency[Database], iccid: FromPath[str]) -> None:
    """It leaves lists, totals and polling; its history stays, and POST watches it again. Twice is once."""
    known = plain_iccid(iccid)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.unwatch", known) as act:
        before, _ = await writes.unwatch(transaction, caller.organization_id, known, caller.name, datetime.now(UTC))
        if before is None:
            raise SimNotFound(known)
        act.before, act.after = {"watch": before}, {"watch": Watch.UNWATCHED}


@post("/{iccid:str}/sync", operation_id="syncSim", summary="Ask 1NCE about a SIM now", status_code=202)
async def sync_sim(
    caller: NamedDependency[Caller], db: NamedDependency[Database], sim: NamedDependency[SimState]
) -> SyncRequest:
    """Its inventory, connection and quotas, in four calls. Asked again within 30 seconds it is the same request;
    beyond 30 SIMs a minute it is 429.
    """
    async with db.transaction() as transaction, acting(transaction, caller, "sim.sync", sim.iccid):
        return await request_sim_sync(transaction, caller.organization_id, sim.iccid, datetime.now(UTC))


@post("/sync-all", operation_id="syncAllSims", summary="Read 1NCE's inventory now", status_code=202)
async def sync_all(caller: NamedDependency[Caller], db: NamedDependency[Database]) -> SyncRequest:
    """The whole inventory, a hundred SIMs a call. Asked again within two minutes it is the same request."""
    async with db.transaction() as transaction, acting(transaction, caller, "fleet.sync"):
        return await request_fleet_sync(transaction, caller.organization_id, datetime.now(UTC))


changing = Router(
    "/sims",
    route_handlers=[watch_sim, change_sim, unwatch_sim],
    tags=["SIMs"],
    opt={"permission": Permission.SIMS_WRITE},
)
syncing = Router("/sims", route_handlers=[sync_sim, sync_all], tags=["SIMs"], opt={"permission": Permission.SIMS_ACT})
router = Router("/", route_handlers=[reading, changing, syncing])

"""What people change on the pages of SIMs: annotations, what is watched, and asking 1NCE now."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from msgspec import Struct, structs

from console.acting import acting
from console.errors import Changed, Invalid, SimNotFound
from console.organizations.rules import Caller, Permission
from console.sims import watching_reads as watching
from console.sims import watching_writes as writes
from console.sims.annotations_rules import AnnotationChanges, AnnotationRefused, field_name, written
from console.sims.annotations_writes import annotate, locked
from console.sims.api import plain_iccid
from console.sims.watching_rules import Watch
from console.sims.watching_writes import request_fleet_sync, request_sim_sync
from console.store.database import Database

FORM_BYTES = 32 * 1024


class AnnotationForm(Struct):
    """The form on the SIM's page: tags by comma, a custom field a line."""

    tags: str = ""
    note: str = ""
    custom_fields: str = ""
    edits: int = 0


class WatchForm(Struct):
    """An ICCID in any spelling."""

    iccid: str = ""


Annotation = Annotated[AnnotationForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
Watched = Annotated[WatchForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


def fields_of(text: str) -> dict[str, str]:
    """`site = Berlin`, one a line. Raises AnnotationRefused for a line without a sign of equality, or a name twice."""
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        written, equals, value = line.partition("=")
        if not equals:
            raise AnnotationRefused(f"A custom field is written as name = value; {line[:40]!r} has no =.")
        name = field_name(written)
        if name in found:
            raise AnnotationRefused(f"The custom field {name} is there twice.")
        found[name] = value
    return found


@post("/sims/{iccid:str}/annotations", status_code=200)
async def edit(
    caller: NamedDependency[Caller], db: NamedDependency[Database], iccid: FromPath[str], data: Annotation
) -> Response[Any]:
    """The form anew with what is stored; with what was typed and the reason if it is refused or in conflict."""
    known, now = plain_iccid(iccid), datetime.now(UTC)
    async with db.transaction() as transaction:
        sim = await locked(transaction, caller.organization_id, known)
        typed: dict[str, Any] = {"typed": data, "sim": sim, "fault": None, "saved": False}
        try:
            async with acting(transaction, caller, "sim.edit", known) as act:
                act.before = written(sim)
                fields = dict.fromkeys(sim.custom_fields) | fields_of(data.custom_fields)
                tags = [one for one in data.tags.split(",") if one.strip()]
                changes = AnnotationChanges(tags=tags, note=data.note, custom_fields=fields)
                kept = await annotate(
                    transaction, caller.organization_id, known, changes, caller.name, now, expected=data.edits
                )
                act.after = written(kept)
        except AnnotationRefused as error:
            return Template("sim/_edit.html", context={**typed, "fault": str(error)}, status_code=422)
        except Changed as error:
            return Template("sim/_edit.html", context={**typed, "fault": error.message}, status_code=412)
    sim = structs.replace(sim, **structs.asdict(kept))
    return Template("sim/_edit.html", context={"typed": None, "sim": sim, "fault": None, "saved": True})


@post("/sims/{iccid:str}/sync", status_code=200)
async def sync(caller: NamedDependency[Caller], db: NamedDependency[Database], iccid: FromPath[str]) -> Template:
    """That 1NCE is asked, and at what cost."""
    known, now = plain_iccid(iccid), datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.sync", known):
        sim = await locked(transaction, caller.organization_id, known)
        asked = await request_sim_sync(transaction, caller.organization_id, sim.iccid, now)
    return Template("sim/_asked.html", context={"asked": asked, "again": asked.requested_at != now})


@post("/sims/sync-all", status_code=200)
async def sync_all(caller: NamedDependency[Caller], db: NamedDependency[Database]) -> Template:
    """That 1NCE's inventory is read."""
    now = datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "fleet.sync"):
        asked = await request_fleet_sync(transaction, caller.organization_id, now)
    return Template("sim/_asked.html", context={"asked": asked, "again": asked.requested_at != now})


@post("/sims/{iccid:str}/unwatch", status_code=303)
async def unwatch(caller: NamedDependency[Caller], db: NamedDependency[Database], iccid: FromPath[str]) -> Redirect:
    """To the SIM's page, which offers to watch it again; to the list for what was only asked for."""
    known = plain_iccid(iccid)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.unwatch", known) as act:
        before, _ = await writes.unwatch(transaction, caller.organization_id, known, caller.name, datetime.now(UTC))
        if before is None:
            raise SimNotFound(known)
        act.before, act.after = {"watch": before}, {"watch": Watch.UNWATCHED}
    return Redirect("/sims" if before is Watch.REQUESTED else f"/sims/{known}", status_code=303)


@post("/sims/{iccid:str}/watch", status_code=303)
async def watch_again(caller: NamedDependency[Caller], db: NamedDependency[Database], iccid: FromPath[str]) -> Redirect:
    """To the page of the SIM, which is watched again."""
    known, now = plain_iccid(iccid), datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.watch", known) as act:
        await locked(transaction, caller.organization_id, known)
        state, changed = await writes.watch(transaction, caller.organization_id, known, caller.name, now)
        act.after = {"watch": state, "changed": changed}
    return Redirect(f"/sims/{known}", status_code=303)


@post("/sims/watch", status_code=200)
async def watch(caller: NamedDependency[Caller], db: NamedDependency[Database], data: Watched) -> Template:
    """What was asked for and is not yet confirmed, with a sentence on this ICCID."""
    if not data.iccid.strip():
        raise Invalid("Write the ICCID of a SIM")
    known, now = plain_iccid(data.iccid), datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.watch", known) as act:
        state, changed = await writes.watch(transaction, caller.organization_id, known, caller.name, now)
        act.after = {"watch": state, "changed": changed}
        requests = await watching.requests(transaction.connection, caller.organization_id)
    context = {"requests": requests, "asked_for": known, "watch": state.value, "changed": changed}
    return Template("sims/_requests.html", context={**context, "may": caller.permissions})


editing = Router("/", route_handlers=[edit, unwatch, watch_again, watch], opt={"permission": Permission.SIMS_WRITE})
syncing = Router("/", route_handlers=[sync, sync_all], opt={"permission": Permission.SIMS_ACT})
router = Router("/", route_handlers=[editing, syncing], request_max_body_size=FORM_BYTES)

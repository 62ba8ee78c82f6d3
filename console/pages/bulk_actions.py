"""One action for many SIMs on pages: chosen, planned, confirmed, followed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import uuid4

from litestar import Request, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, QueryParameter
from litestar.response import Redirect, Stream, Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.actions.api import number_of
from console.actions.as_curl import of_bulk_action
from console.actions.bulk import commands, reads, writes
from console.actions.bulk.api import LARGEST_BODY_BYTES, known, shown
from console.actions.bulk.asking import may_ask, may_begin, template
from console.actions.bulk.plan import plan_of
from console.actions.bulk.results_csv import exported
from console.actions.bulk.rules import STOP_PERCENT, TYPED_ABOVE
from console.actions.bulk.selection import Selection, digest_of
from console.errors import Invalid
from console.facts.actions import ActionKind
from console.http.database import let_go
from console.http.origins import own_origin
from console.organizations.rules import Caller, Permission
from console.pages.address_faults import ALSO, VALUES, OneOf
from console.pages.bulk_forms import BulkForm, TypedForm, chosen, offered, selected
from console.pages.bulk_view import BulkActionView, drawn
from console.pages.layout import layout_context
from console.pages.sim_list import ListQuery, is_criterion, list_query
from console.settings import Settings
from console.sims import reads as sim_reads
from console.sims.filter_parameters import parameters_of
from console.sms import reads as sms_reads
from console.store.database import Database
from console.store.keyset import read_cursor

ROWS = 100
MOST_IN_ADDRESS = 5_000  # characters of ICCIDs
Form = Annotated[BulkForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
Typed = Annotated[TypedForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
Db = NamedDependency[Database]
By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]


@get("/bulk-actions/new", opt={ALSO: is_criterion, VALUES: {"by": OneOf("filter", "identifiers")}})
async def new_page(
    caller: By,
    reading: Reading,
    live_since: NamedDependency[str],
    asked: NamedDependency[ListQuery],
    iccids: Annotated[str, QueryParameter(max_length=MOST_IN_ADDRESS)] = "",
    by: Annotated[str, QueryParameter(max_length=20)] = "",
    number: Annotated[str, QueryParameter(name="template", max_length=10)] = "",
) -> Template:
    """For the SIMs that the list shows with the same parameters, or for those that are named."""
    parameters = [*parameters_of(asked.wanted), *([("q", asked.q)] if asked.q else [])]
    templates = await sms_reads.templates(reading, caller.organization_id)
    matching = await sim_reads.count(reading, caller.organization_id, asked.wanted)
    context = {
        **await layout_context(reading, caller, live_since, BulkActionView),
        **offered(),
        "here": "actions",
        "token": uuid4().hex,
        "identifiers": iccids.replace(",", "\n"),
        "parameters": parameters,
        "filter": urlencode(parameters),
        "filtered": asked.wanted.active,
        "which": Selection(wanted=asked.wanted).text,
        "by": "identifiers" if iccids or by == "identifiers" else "filter",
        "matching": matching,
        "templates": templates,
        "text": next((one.text for one in templates if str(one.id) == number), ""),
        "fault": asked.fault,
    }
    return Template("bulk/new.html", context=context)


@post("/bulk-actions", opt={"permission": Permission.SIMS_ACT}, request_max_body_size=LARGEST_BODY_BYTES)
async def make_plan(caller: By, db: Db, data: Form) -> Redirect:
    """To the plan; nothing is asked of 1NCE before it is confirmed."""
    now = datetime.now(UTC)
    kind, parameters = chosen(data)
    asked = template(kind, parameters, data.reason or None, now)
    async with db.reading() as reading:
        selection = await selected(reading, caller.organization_id, data)
    digest = digest_of(kind, asked.parameters, asked.reason, data.by, data.filter, data.identifiers)
    key = f"page:{data.token[:64] or uuid4().hex}"
    async with db.transaction() as transaction, acting(transaction, caller, "bulk.plan", kind) as act:
        may_ask(caller, kind)
        made, _ = await writes.plan(transaction, caller, asked, selection, key, digest, now, stop_percent=STOP_PERCENT)
        act.after = {"bulk_action": made.id, "sims": made.counts.sims, "selection": made.selection}
    return Redirect(f"/bulk-actions/{made.id}", status_code=303)


@get("/bulk-actions/{bulk_action_id:str}")
async def bulk_page(
    caller: By,
    reading: Reading,
    live_since: NamedDependency[str],
    request: Request[Any, Any, Any],
    settings: NamedDependency[Settings],
    bulk_action_id: FromPath[str],
    result: Annotated[str, QueryParameter(max_length=20)] = "",
    after: Annotated[str, QueryParameter(max_length=300)] = "",
) -> Template:
    """The plan, how far it is, and its SIMs."""
    bulk = await known(reading, caller.organization_id, bulk_action_id)
    cursor, wanted = read_cursor(after) if after else None, frozenset({result} if result else ())
    found, following = await reads.results(
        reading, caller.organization_id, bulk.id, wanted=wanted, limit=ROWS, cursor=cursor
    )
    more = urlencode({"result": result, "after": following}) if following else None
    context: Mapping[str, Any] = {
        **await layout_context(reading, caller, live_since, BulkActionView),
        **drawn(shown(caller, bulk)),
        "here": "actions",
        "plan": await plan_of(reading, caller.organization_id, bulk, mask=not caller.sees_identifiers),
        "results": found,
        "curl": await of_bulk_action(reading, caller, shown(caller, bulk), own_origin(request, settings)),
        "result": result,
        "more": f"/bulk-actions/{bulk.id}?{more}" if more else None,
        "bulk_action_id": bulk.id,
        "typed_above": TYPED_ABOVE,
        "as_of_time": datetime.now(UTC),
        "may_act": caller.may(Permission.SIMS_ACT),
    }
    return Template("bulk/bulk.html", context=dict(context))


@get("/bulk-actions/{bulk_action_id:str}/results.csv")
async def results_csv(
    request: Request[Any, Any, Any], caller: By, db: Db, reading: Reading, bulk_action_id: FromPath[str]
) -> Stream:
    """What has become of each SIM, as a file."""
    bulk = await known(reading, caller.organization_id, bulk_action_id)
    await let_go(request.scope)
    return await exported(db, caller, bulk.id)


@post("/bulk-actions/{bulk_action_id:str}/begin", opt={"permission": Permission.SIMS_ACT})
async def begin(
    caller: By, db: Db, settings: NamedDependency[Settings], bulk_action_id: FromPath[str], data: Typed
) -> Redirect:
    """To the bulk action, which can be undone for a while. Above ten SIMs their number must be typed."""
    now, number = datetime.now(UTC), number_of(bulk_action_id)
    async with db.transaction() as transaction, acting(transaction, caller, "bulk.begin", bulk_action_id) as act:
        bulk = await commands.locked(transaction, caller.organization_id, number)
        may_begin(caller, ActionKind(bulk.kind))
        sims = bulk.counts.sims
        if sims > TYPED_ABOVE and data.typed.strip().replace(",", "") != str(sims):
            raise Invalid(f"Type {sims} to confirm: so many SIMs it is for", sims=sims)
        undo = timedelta(seconds=settings.undo_seconds)
        begun = await commands.begin(transaction, caller, number, now, undo=undo)
        act.after = {"state": begun.state, "sims": sims, "kind": begun.kind}
    return Redirect(f"/bulk-actions/{number}", status_code=303)


@post("/bulk-actions/{bulk_action_id:str}/retry", opt={"permission": Permission.SIMS_ACT})
async def retry(caller: By, db: Db, bulk_action_id: FromPath[str]) -> Redirect:
    """To the plan for the SIMs that failed or were not started."""
    now, number = datetime.now(UTC), number_of(bulk_action_id)
    async with db.transaction() as transaction, acting(transaction, caller, "bulk.plan", bulk_action_id) as act:
        made, _ = await commands.retry(transaction, caller, number, f"page:{uuid4().hex}", now)
        act.after = {"bulk_action": made.id, "sims": made.counts.sims}
    return Redirect(f"/bulk-actions/{made.id}", status_code=303)


@post(
    [f"/bulk-actions/{{bulk_action_id:str}}/{one}" for one in ("pause", "resume", "stop")],
    opt={"permission": Permission.SIMS_ACT},
)
async def steer(request: Request[Any, Any, Any], caller: By, db: Db, bulk_action_id: FromPath[str]) -> Redirect:
    """Pause, resume or stop it."""
    name, do = STEERING[request.url.path.rpartition("/")[2]]
    number = number_of(bulk_action_id)
    async with db.transaction() as transaction, acting(transaction, caller, name, bulk_action_id) as act:
        found = await do(transaction, caller, number, datetime.now(UTC))
        act.after = {"state": found.state}
    return Redirect(f"/bulk-actions/{number}", status_code=303)


STEERING = {
    "pause": ("bulk.pause", commands.pause),
    "resume": ("bulk.resume", commands.resume),
    "stop": ("bulk.stop", commands.stop),
}
router = Router(
    "/",
    route_handlers=[new_page, make_plan, bulk_page, results_csv, begin, retry, steer],
    dependencies={"asked": Provide(list_query)},
    include_in_schema=False,
)

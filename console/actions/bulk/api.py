"""Bulk actions for programs: planned, begun, followed, paused, stopped, tried again."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.actions.api import number_of
from console.actions.asking import KEY
from console.actions.bulk import commands, reads, writes
from console.actions.bulk.asking import may_ask, may_begin, template
from console.actions.bulk.bodies import NewBulkAction, selection_of
from console.actions.bulk.plan import BulkPlan
from console.actions.bulk.reads import BulkResult
from console.actions.bulk.results_csv import exported
from console.actions.bulk.selection import digest_of
from console.errors import NotFound
from console.facts.actions import ActionKind
from console.facts.bulk_actions import BulkAction
from console.facts.masking import masked_bulk_action
from console.http.database import let_go
from console.http.fields import FieldNames, one_selected
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller, Permission
from console.settings import Settings
from console.store.database import Database

LARGEST_BODY_BYTES = 1024 * 1024  # 10,000 ICCIDs, with all that stands between them
Db = NamedDependency[Database]
By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]


@post(
    "/sims/bulk",
    operation_id="actOnSims",
    summary="One action for many SIMs, or its plan",
    status_code=202,
    request_max_body_size=LARGEST_BODY_BYTES,
    responses={200: ResponseSpec(BulkPlan, description="The plan: a dry run", generate_examples=False)},
)
async def act_on_sims(
    caller: By, db: Db, settings: NamedDependency[Settings], data: JSONBody[NewBulkAction], key: KEY
) -> Response[BulkAction | BulkPlan]:
    """The list of SIMs is frozen, and ordinary actions are made of it, a few at a time: the first ones alone, chosen
    as different as possible. With `dry_run` 200 and the plan; the key is not used up.
    """
    now = datetime.now(UTC)
    asked = template(data.action, data.parameters, data.reason, now)
    selection = await asyncio.to_thread(selection_of, data, masked=not caller.sees_identifiers)
    name, stop = "bulk.plan" if data.dry_run else "bulk.begin", data.stop_percent
    async with db.transaction() as transaction, acting(transaction, caller, name, data.action) as act:
        if data.dry_run:
            may_ask(caller, asked.kind)
            plan = await commands.dry_run(transaction, caller, asked, selection, now, stop_percent=stop)
            act.after = {"sims": plan.sims, "selection": selection.text}
            return Response(plan, status_code=200)
        may_begin(caller, asked.kind)
        digest = digest_of(data.action, asked.parameters, asked.reason, data.iccids, data.filter, stop)
        made, replayed = await writes.plan(transaction, caller, asked, selection, key, digest, now, stop_percent=stop)
        undo = timedelta(seconds=settings.undo_seconds)
        begun = made if replayed else await commands.begin(transaction, caller, made.id, now, undo=undo)
        act.after = {"bulk_action": begun.id, "replayed": replayed, "sims": begun.counts.sims, **asked.parameters}
    return answer(shown(caller, begun), replayed=replayed)


@get("/bulk-actions", operation_id="listBulkActions", summary="List the bulk actions, the latest first")
async def list_bulk_actions(caller: By, reading: Reading, asked: NamedDependency[ListRequest]) -> Listing[BulkAction]:
    """Without plans that nobody has begun."""
    number = caller.organization_id
    found, more = await reads.page(reading, number, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor)
    total = await reads.count(reading, number, exact=asked.exact)
    return asked.listing(BulkAction, [shown(caller, one) for one in found], more, total)


@get("/bulk-actions/{bulk_action_id:str}", operation_id="getBulkAction", summary="One bulk action as it is now")
async def get_bulk_action(
    caller: By, reading: Reading, bulk_action_id: FromPath[str], fields: FieldNames = ""
) -> BulkAction:
    """With its counts by result, as of now. 404 for one of another organization."""
    return one_selected(shown(caller, await known(reading, caller.organization_id, bulk_action_id)), fields)


@get(
    "/bulk-actions/{bulk_action_id:str}/results",
    operation_id="listBulkResults",
    summary="What has become of each SIM of a bulk action",
)
async def list_results(
    caller: By,
    reading: Reading,
    bulk_action_id: FromPath[str],
    asked: NamedDependency[ListRequest],
    result: Annotated[list[str] | None, QueryParameter(description="Those with one of these results.")] = None,
) -> Listing[BulkResult]:
    """In the order in which they are started; those that the plan has left out last."""
    bulk, wanted = await known(reading, caller.organization_id, bulk_action_id), frozenset(result or ())
    limits = {"limit": asked.page_size, "offset": asked.offset}
    found, following = await reads.results(
        reading, caller.organization_id, bulk.id, wanted=wanted, cursor=asked.cursor, **limits
    )
    total = await reads.count_results(reading, caller.organization_id, bulk.id, wanted, exact=asked.exact)
    return asked.listing(BulkResult, found, following, total)


@get(
    "/bulk-actions/{bulk_action_id:str}/results.csv",
    operation_id="exportBulkResults",
    summary="The same as CSV",
    media_type="text/csv",
)
async def export_results(
    request: Request[Any, Any, Any], caller: By, db: Db, reading: Reading, bulk_action_id: FromPath[str]
) -> Stream:
    """RFC 4180, in UTF-8, with a line of names first."""
    bulk = await known(reading, caller.organization_id, bulk_action_id)
    await let_go(request.scope)
    return await exported(db, caller, bulk.id)


def shown(caller: Caller, bulk: BulkAction) -> BulkAction:
    """As the caller may see it."""
    return bulk if caller.sees_identifiers else masked_bulk_action(bulk)


async def known(connection: AsyncConnection, organization_id: int, bulk_action_id: str) -> BulkAction:
    """The bulk action with this id. Raises NotFound."""
    found = await reads.one(connection, organization_id, number_of(bulk_action_id))
    if found is None:
        raise NotFound("There is no such bulk action", bulk_action=bulk_action_id)
    return found


@post("/bulk-actions/{bulk_action_id:str}/pause", operation_id="pauseBulkAction", summary="Pause it", status_code=200)
async def pause(caller: By, db: Db, bulk_action_id: FromPath[str]) -> BulkAction:
    """No further SIM is started; the few that were handed to workers go on. 409 if it does not run."""
    async with db.transaction() as transaction, acting(transaction, caller, "bulk.pause", bulk_action_id):
        return shown(caller, await commands.pause(transaction, caller, number_of(bulk_action_id), datetime.now(UTC)))


@post("/bulk-actions/{bulk_action_id:str}/resume", operation_id="resumeBulkAction", summary="Go on", status_code=200)
async def resume(caller: By, db: Db, bulk_action_id: FromPath[str]) -> BulkAction:
    """After a pause. 409 otherwise."""
    async with db.transaction() as transaction, acting(transaction, caller, "bulk.resume", bulk_action_id):
        return shown(caller, await commands.resume(transaction, caller, number_of(bulk_action_id), datetime.now(UTC)))


@post("/bulk-actions/{bulk_action_id:str}/stop", operation_id="stopBulkAction", summary="End it", status_code=200)
async def stop(caller: By, db: Db, bulk_action_id: FromPath[str]) -> BulkAction:
    """No further SIM is started, what has not been sent is cancelled. 409 once it is over."""
    async with db.transaction() as transaction, acting(transaction, caller, "bulk.stop", bulk_action_id):
        return shown(caller, await commands.stop(transaction, caller, number_of(bulk_action_id), datetime.now(UTC)))


@post(
    "/bulk-actions/{bulk_action_id:str}/retry",
    operation_id="retryBulkAction",
    summary="Try the failed and the not started SIMs again",
    status_code=202,
)
async def retry(
    caller: By, db: Db, settings: NamedDependency[Settings], bulk_action_id: FromPath[str], key: KEY
) -> Response[BulkAction | BulkPlan]:
    """A new bulk action, once this one is over; never of SIMs where it may have been done (accepted, unknown)."""
    now, undo = datetime.now(UTC), timedelta(seconds=settings.undo_seconds)
    async with db.transaction() as transaction, acting(transaction, caller, "bulk.begin", bulk_action_id) as act:
        bulk = await commands.locked(transaction, caller.organization_id, number_of(bulk_action_id))
        may_begin(caller, ActionKind(bulk.kind))
        made, replayed = await commands.retry(transaction, caller, bulk.id, key, now)
        begun = await commands.begin(transaction, caller, made.id, now, undo=undo)
        act.after = {"bulk_action": begun.id, "replayed": replayed, "sims": begun.counts.sims}
    return answer(shown(caller, begun), replayed=replayed)


def answer(bulk: BulkAction, *, replayed: bool) -> Response[BulkAction | BulkPlan]:
    """202 with the bulk action and its address."""
    headers = {"Location": f"/api/v1/bulk-actions/{bulk.id}"}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(bulk, status_code=202, headers=headers)


acting_routes = Router(
    "/", route_handlers=[act_on_sims, pause, resume, stop, retry], opt={"permission": Permission.SIMS_ACT}
)
router = Router(
    "/",
    route_handlers=[list_bulk_actions, get_bulk_action, list_results, export_results, acting_routes],
    tags=["Bulk actions"],
    dependencies={"asked": Provide(list_request)},
)

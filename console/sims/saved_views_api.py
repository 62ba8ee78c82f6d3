"""Saved views for programs."""

from typing import Annotated

from litestar import HttpMethod, Router, get, post, put, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.http.fields import FieldNames, selected
from console.organizations.rules import Caller
from console.sims import saved_views_commands as commands
from console.sims import saved_views_reads as reads
from console.sims.saved_views_rules import SavedView, as_read
from console.store.database import Database

By = NamedDependency[Caller]
Db = NamedDependency[Database]


class NewSavedView(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of SIMs to be kept under a name."""

    name: Annotated[
        str, Meta(max_length=200, description="Unique among your own, or among the shared ones.", examples=["Blocked"])
    ]
    query: Annotated[
        str,
        Meta(
            max_length=2000,
            description="Search, filters, sorting, as in the address of the list and of `GET /sims`.",
            examples=["connection=blocked&sort=label"],
        ),
    ]
    shared: Annotated[
        bool, Meta(description="Everybody in the organization has it: needs `sims:write`.", examples=[True])
    ] = False
    default: Annotated[bool, Meta(description="Your list of SIMs opens with it.", examples=[False])] = False


class SavedViews(Struct, frozen=True):
    """Your own views and the shared ones."""

    items: Annotated[list[SavedView], Meta(description="By their names.")]


@get("/", operation_id="listSavedViews", summary="Saved views of the list of SIMs")
async def list_views(caller: By, reading: NamedDependency[AsyncConnection], fields: FieldNames = "") -> SavedViews:
    """Your own and those that are shared. `query` can be sent to `GET /sims` as it is."""
    found = await reads.views(reading, caller.organization_id, caller.user_id)
    return SavedViews(selected(SavedView, [as_read(one) for one in found], fields))


@post("/", operation_id="makeSavedView", summary="Save a view of the list of SIMs")
async def make_view(caller: By, db: Db, data: JSONBody[NewSavedView]) -> SavedView:
    """409 for a name that another has; 422 for a query that no list of SIMs has. A key saves shared ones alone."""
    async with db.transaction() as transaction, acting(transaction, caller, "view.save") as act:
        return await commands.save(
            transaction, act, caller, data.name, data.query, shared=data.shared, default=data.default
        )


@put("/{saved_view_id:int}", operation_id="changeSavedView", summary="Change a saved view")
async def change_view(caller: By, db: Db, saved_view_id: FromPath[int], data: JSONBody[NewSavedView]) -> SavedView:
    """All of it: name, query, whether it is shared, whether your list opens with it."""
    number = saved_view_id
    async with db.transaction() as transaction, acting(transaction, caller, "view.save", str(number)) as act:
        return await commands.save(
            transaction, act, caller, data.name, data.query, shared=data.shared, default=data.default, number=number
        )


@route(
    "/{saved_view_id:int}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="removeSavedView",
    summary="Remove a saved view",
)
async def remove_view(caller: By, db: Db, saved_view_id: FromPath[int]) -> None:
    """One of your own; a shared one needs `sims:write`."""
    number = saved_view_id
    async with db.transaction() as transaction, acting(transaction, caller, "view.remove", str(number)) as act:
        await commands.remove(transaction, act, caller, number)


router = Router("/saved-views", route_handlers=[list_views, make_view, change_view, remove_view], tags=["SIMs"])

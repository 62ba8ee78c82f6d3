"""The saved views above the list of SIMs: opened, saved, removed."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from console.acting import acting
from console.organizations.rules import Caller
from console.pages.administration import FORM_BYTES, Form
from console.sims import saved_views_commands as commands
from console.sims.saved_views_rules import SavedView
from console.store.database import Database

ALL = "/sims?page=1"  # no view, where one's list opens with one


class Offered(Struct, frozen=True, kw_only=True):
    """A view as the list offers it; `current`: it is what the list shows."""

    view: SavedView
    href: str
    current: bool


class ViewForm(Struct):
    """A list and its name; the boxes are `yes` where they are ticked."""

    name: str = ""
    query: str = ""
    shared: str = ""
    default: str = ""


def offered(found: Sequence[SavedView], query: str) -> Sequence[Offered]:
    """These views. `query`: of the list's address."""
    shown = _asked(query)
    return [
        Offered(view=view, href=f"/sims?{view.query}" if view.query else ALL, current=_asked(view.query) == shown)
        for view in found
    ]


def _asked(query: str) -> list[tuple[str, str]]:
    unasked = ("page", "page_size", "sort", "peek")
    return sorted((name, value) for name, value in parse_qsl(query) if name not in unasked)


@post("/saved-views", status_code=303)
async def save(caller: NamedDependency[Caller], db: NamedDependency[Database], data: Form[ViewForm]) -> Redirect:
    """Back to the list, under its new name."""
    async with db.transaction() as transaction, acting(transaction, caller, "view.save") as act:
        view = await commands.save(
            transaction,
            act,
            caller,
            data.name,
            data.query,
            shared=data.shared == "yes",
            default=data.default == "yes",
        )
    return Redirect(f"/sims?{view.query}" if view.query else ALL, status_code=303)


@post("/saved-views/{saved_view_id:int}/remove", status_code=303)
async def remove(
    caller: NamedDependency[Caller], db: NamedDependency[Database], saved_view_id: FromPath[int]
) -> Redirect:
    """Back to all SIMs."""
    subject = str(saved_view_id)
    async with db.transaction() as transaction, acting(transaction, caller, "view.remove", subject) as act:
        await commands.remove(transaction, act, caller, saved_view_id)
    return Redirect(ALL, status_code=303)


router = Router("/", route_handlers=[save, remove], request_max_body_size=FORM_BYTES)

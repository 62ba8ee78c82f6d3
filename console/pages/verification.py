"""A live page proves itself: it says what it shows, and that is compared with the database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Meta, Struct

from console import metrics
from console.errors import BadRequest
from console.facts.topic_names import MOST, checked
from console.live.endpoints import Live
from console.log import logger
from console.organizations.rules import Caller
from console.pages.shown import HELD, Page, Value
from console.pages.sim_list import ListQuery, list_query
from console.store.database import Database

MOST_LOGGED = 10  # values of one page
MOST_VALUES = 2 * MOST
Name = Annotated[str, Meta(max_length=120)]
Text = Annotated[str, Meta(max_length=2000)]


class Shown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page shows."""

    view: Name
    topics: Annotated[list[Name], Meta(max_length=MOST)]
    values: Annotated[dict[Name, Text], Meta(max_length=MOST_VALUES)]  # by name: raw, of a list the ids of its rows
    again: bool = False  # these have differed some seconds ago, and are the same still: no change is on its way


class Verified(Struct, frozen=True, kw_only=True):
    """How that compares with the database."""

    time: datetime
    differing: list[str]  # names of values


def differences(shown: Mapping[str, str], held: Mapping[str, Value]) -> dict[str, Value]:
    """What is held of the values that are shown otherwise. What is not known by its name can't be compared."""
    return {name: held[name] for name, value in shown.items() if name in held and not _same(value, held[name])}


def _same(shown: str, held: Value) -> bool:
    if isinstance(held, tuple):  # the first rows: a page may have more
        return tuple(shown.split()[: len(held)]) == held
    return shown in held if isinstance(held, frozenset) else shown == str(held)


@post("/shown", status_code=200, include_in_schema=False, dependencies={"asked": Provide(list_query)})
async def shown(
    request: Request[Any, Any, Any],
    data: JSONBody[Shown],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live: NamedDependency[Live],
    asked: NamedDependency[ListQuery],
) -> Verified:
    """The values that differ from the database's; logged if they still do after a while.

    The query is that of the page's own address.
    """
    if data.view not in HELD:
        raise BadRequest(f"There is no view {data.view!r}")
    page = Page(
        organization_id=caller.organization_id,
        topics=checked(data.topics),
        asked=asked,
        query=tuple(request.query_params.multi_items()),
        names=frozenset(data.values),
    )
    return await verified(db, live, data, data.view, page)


async def verified(db: Database, live: Live, data: Shown, view: str, page: Page) -> Verified:
    """Compare, count, and log what still differs after a while."""
    held = await HELD[view](db, page)
    differing = differences(data.values, held)
    outcome = "agrees" if not differing else "differs" if data.again else "behind"
    metrics.screens_verified.labels(view, outcome).inc()
    if differing and data.again:
        first = list(differing)[:MOST_LOGGED]
        logger("live").error(
            "a page shows other states than the database holds",
            organization_id=page.organization_id,
            view=view,
            position=f"{live.feed.epoch}:{live.feed.seq}",
            differing={name: {"page": data.values[name], "database": differing[name]} for name in first},
        )
    return Verified(time=datetime.now(UTC), differing=list(differing))


router = Router("/", route_handlers=[shown])

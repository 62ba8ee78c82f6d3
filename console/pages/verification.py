"""A live page proves itself: it says which states it shows, and they are compared with the database."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from console import metrics
from console.errors import BadRequest
from console.facts.topic_names import MOST, checked
from console.live.endpoints import Live
from console.log import logger
from console.organizations.rules import Caller
from console.store.database import Database

MOST_LOGGED = 10  # elements of one page
Name = Annotated[str, Meta(max_length=80)]


class Shown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page shows."""

    view: Name
    topics: Annotated[list[Name], Meta(max_length=MOST)]
    revisions: Annotated[dict[Name, int], Meta(max_length=MOST)]  # by the id of the element
    again: bool = False  # these have differed some seconds ago: it was no change on its way to the page


class Verified(Struct, frozen=True, kw_only=True):
    """How that compares with the database."""

    time: datetime
    differing: list[str]  # ids of elements


@post("/shown", status_code=200, include_in_schema=False)
async def shown(
    data: JSONBody[Shown], caller: NamedDependency[Caller], db: NamedDependency[Database], live: NamedDependency[Live]
) -> Verified:
    """The elements that show another revision than the database holds; logged if they still do after a while."""
    page = live.pages.get(data.view)
    if page is None:
        raise BadRequest(f"There is no view {data.view!r}")
    topics = checked(data.topics)
    async with db.reading() as reading:
        held = await page.view.revisions(reading, caller.organization_id, topics)
    differing = {name: revision for name, revision in data.revisions.items() if held.get(name, revision) != revision}
    outcome = "agrees" if not differing else "differs" if data.again else "behind"
    metrics.screens_verified.labels(data.view, outcome).inc()
    if differing and data.again:
        first = list(differing)[:MOST_LOGGED]
        logger("live").error(
            "a page shows other states than the database holds",
            organization_id=caller.organization_id,
            view=data.view,
            position=f"{live.feed.epoch}:{live.feed.seq}",
            differing={name: {"page": differing[name], "database": held[name]} for name in first},
        )
    return Verified(time=datetime.now(UTC), differing=list(differing))


router = Router("/", route_handlers=[shown])

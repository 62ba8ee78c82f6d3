"""A page's live behaviour: which facts it receives, what it draws for one, and what it reads anew."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts import Fact
from console.live.pieces import Html


class Receives(Struct, frozen=True, kw_only=True):
    """What a page of this kind receives."""

    facts: tuple[type[Struct], ...]  # the types of facts that it draws
    topics: tuple[str, ...] = ()  # those of every such page; a page can add its own, as `sim:<ICCID>`


class Refresh(Struct, frozen=True, kw_only=True):
    """A request to draw a part anew from the database, for the pages that show it."""

    part: str  # the view's own name for it
    subject: str = ""  # of which thing; empty for all
    topic: str | None = None  # only for pages with this topic; None for every page of the view


class View(Protocol):
    """One for each kind of page. Serves every organization: it keeps nothing of a fact."""

    name: str
    receives: Receives

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """What a fact changes on the page: parts, drawn without a database, and parts that need one."""

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """The parts asked for, as they are in the database now."""

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """What to refresh for a page that reconnects: a refresh under way when it was cut off has not reached it."""

"""The tail of network events: filtered, searched, those that say the same on one line."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Template
from msgspec import json
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity import event_list
from console.connectivity.event_filter import Line, folded, same
from console.connectivity.event_list import EventPage
from console.connectivity.reads import EVENT_ORDER
from console.facts import Fact
from console.facts.network import NetworkEventReported
from console.facts.sims import SimChanged
from console.live.pieces import Html, outdated, prepend
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller
from console.pages.address_faults import ALSO, VALUES, OneOf
from console.pages.event_filters import (
    EventQuery,
    about,
    address,
    chips,
    event_query,
    fieldsets,
    is_field,
    same_address,
)
from console.pages.layout import layout_context
from console.pages.row_places import cursor_before
from console.pages.templating import Fragments

EVENTS = 100
OPTIONS = {VALUES: {"fold": OneOf("no")}, ALSO: is_field}
Before = Annotated[str, QueryParameter(max_length=300)]


class EventsView:
    """Each event at once. A filtered page takes those that its list asks for."""

    name = "events"
    receives = Receives(facts=(NetworkEventReported, SimChanged), topics=("fleet",))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """A new event, in its place in the list."""
        if isinstance(fact, SimChanged) and fact.moves_lists:
            return [outdated()]
        if not isinstance(fact, NetworkEventReported):
            return []
        row = self._fragments.draw("events/_event.html", **drawn(Line(event=fact.data)))
        return [prepend("events", f"event-{fact.data.id}", row, about=about(fact.data))]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """Nothing here is read anew."""
        return []

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Facts that were missed come again."""
        return []


def drawn(line: Line) -> dict[str, Any]:
    """What the row of an event is drawn with."""
    return {"line": line, "event": line.event, "same": same(line.event), "same_address": same_address(line.event)}


def _attributes(asked: EventQuery, found: EventPage, *, past: bool) -> dict[str, str | None]:
    """Of the list: what it takes of new events; a page of the past takes none."""
    every = {"data-fold": "" if asked.fold else None, "data-more": "" if found.older else None}
    if past:
        return {"id": "events-past", **every}
    return {
        "id": "events",
        "data-limit": str(EVENTS),
        "data-calm": "",
        "data-verified": "",
        "data-filter": json.encode(asked.wanted.compared).decode() if asked.wanted.values else None,
        "data-words": " ".join(asked.wanted.words) or None,
        **every,
    }


@get("/events", opt=OPTIONS)
async def events(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    asked: NamedDependency[EventQuery],
    before: Before = "",
) -> Template:
    """The newest first. `before`: a page of older ones, which does not change."""
    cursor = cursor_before(EVENT_ORDER, before)
    found = await event_list.matching(reading, caller.organization_id, asked.wanted, limit=EVENTS, cursor=cursor)
    lines = folded(found.events) if asked.fold else [Line(event=event) for event in found.events]
    here = address(asked)
    context = {
        **await layout_context(reading, caller, live_since, EventsView),
        "lines": [drawn(line) for line in lines],
        "list_attributes": _attributes(asked, found, past=cursor is not None),
        "asked": asked,
        "chips": chips(asked),
        "fieldsets": fieldsets(asked.wanted, await event_list.choices(reading, caller.organization_id)),
        "turned": address(asked, fold=not asked.fold),
        "file": here.replace("/events", "/events.csv", 1),
        "newest": here if cursor else None,
        "older": f"{here}{'&' if '?' in here else '?'}before={found.older}" if found.older else None,
        "read_until": found.read_until,
        "most_read": event_list.MOST_READ,
        "limit": EVENTS,
        "as_of_time": datetime.now(UTC),
    }
    return Template("events/events.html", context=context)


router = Router("/", route_handlers=[events], dependencies={"asked": Provide(event_query)}, include_in_schema=False)

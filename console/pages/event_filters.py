"""The filter of the events page as its address says it and as people see it."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from console.connectivity.event_filter import (
    FIELDS,
    LONGEST_SEARCH,
    SEVERITIES,
    UNKNOWN,
    EventFilter,
    faults,
    read_filter,
)
from console.facts.network import NetworkEvent
from console.unicode_text import lower

PATH = "/events"
TITLES = {
    "severity": "Severity",
    "type": "Type",
    "operator": "Operator",
    "country": "Country",
    "cause": "Cause",
    "sim": "SIM",
}
TYPED = ("type", "operator")  # may have any value
Searched = Annotated[str, QueryParameter(max_length=LONGEST_SEARCH)]


class EventQuery(Struct, frozen=True, kw_only=True):
    """The list as its address says it."""

    q: str = ""  # as it was typed
    fold: bool = True  # events that say the same are one line
    wanted: EventFilter = EventFilter()
    faults: Sequence[str] = ()  # what was left out of it


async def event_query(request: Request[Any, Any, Any], q: Searched = "", fold: FromQuery[str] = "") -> EventQuery:
    """The dependency `asked` of the events page."""
    items = list(request.query_params.multi_items())
    return EventQuery(q=q, fold=fold != "no", wanted=read_filter(items, q), faults=faults(items, q))


def is_field(parameter: str) -> bool:
    """Whether a parameter is one of the filter's."""
    return parameter in FIELDS


class Chip(Struct, frozen=True, kw_only=True):
    """A value that is asked for, and the address of the list without it."""

    title: str
    text: str
    without: str


class Choices(Struct, frozen=True, kw_only=True):
    """What can be chosen of one field: each value, and whether it is chosen."""

    field: str
    title: str
    options: list[tuple[str, bool]]
    typed: bool


def address(asked: EventQuery, *, fold: bool | None = None, values: Iterable[tuple[str, str]] | None = None) -> str:
    """The address of the list, with this in place of what was asked for."""
    parts = [("q", asked.q)] if asked.q else []
    if not (asked.fold if fold is None else fold):
        parts.append(("fold", "no"))
    parts += _values(asked.wanted) if values is None else values
    return PATH + (f"?{urlencode(parts)}" if parts else "")


def same_address(event: NetworkEvent) -> str:
    """The address of the list of the events that say the same as this one, each on a line."""
    said = [(name, getattr(event, field) or UNKNOWN) for name, field in FIELDS.items() if name != "sim"]
    return address(EventQuery(fold=False), values=said)


def chips(asked: EventQuery) -> list[Chip]:
    """What is asked for, value by value."""
    every = _values(asked.wanted)
    return [
        Chip(
            title=TITLES[name],
            text=value,
            without=address(asked, values=[one for one in every if one != (name, value)]),
        )
        for name, value in every
    ]


def fieldsets(wanted: EventFilter, found: dict[str, list[str]]) -> list[Choices]:
    """What can be chosen; what was chosen is among it, whatever it is."""
    known = {"severity": list(SEVERITIES), **found}
    made = []
    for field, title in TITLES.items():
        chosen = {lower(value): value for value in wanted.values.get(field, ())}
        if field in known or chosen:
            options = {lower(value): value for value in known.get(field, ())}
            marked = [(value, spelled in chosen) for spelled, value in {**options, **chosen, **options}.items()]
            made.append(Choices(field=field, title=title, options=marked, typed=field in TYPED))
    return made


def about(event: NetworkEvent) -> dict[str, str]:
    """What a filtered list on a page asks about an event, by the names of its parameters."""
    said = {name: getattr(event, field) or "" for name, field in FIELDS.items()}
    return {**said, "description": event.description}


def _values(wanted: EventFilter) -> list[tuple[str, str]]:
    return [(name, value) for name, values in wanted.values.items() for value in values]

"""What a saved view is, whose it is, and which addresses can be saved. No database, no clock."""

from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from msgspec import Meta, Struct, structs

from console.errors import Invalid, NotAllowed
from console.facts.masking import written
from console.organizations.rules import Caller, Permission
from console.sims.filter_parameters import FilterRefused, criterion_of, read_filter
from console.sims.rules import parse_sort
from console.sims.search import SearchTooLong, parse_search
from console.unicode_text import is_visible

LONGEST_NAME = 60
LONGEST_QUERY = 2000
MOST_VIEWS = 100  # of one user, or shared
BESIDES = ("q", "sort", "page_size")  # what a view keeps besides filters


class SavedView(Struct, frozen=True, kw_only=True):
    """A list of SIMs under a name."""

    id: Annotated[int, Meta(description="The console's number of it.", examples=[3])]
    name: Annotated[str, Meta(description="Unique among your own, or among the shared ones.", examples=["Blocked"])]
    query: Annotated[
        str,
        Meta(
            description="Search, filters, sorting, as in the address of the list and of `GET /sims`.",
            examples=["connection=blocked&sort=label"],
        ),
    ]
    shared: Annotated[bool, Meta(description="Whether everybody in the organization has it.", examples=[True])]
    default: Annotated[bool, Meta(description="Whether your list of SIMs opens with it.", examples=[False])]
    changed_by: Annotated[str, Meta(description="Who changed it last.", examples=["ada"])]
    changed_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])]


def checked_name(name: str) -> str:
    """The name on one line. Raises Invalid."""
    found = " ".join(name.split())
    if not 0 < len(found) <= LONGEST_NAME or not is_visible(found):
        raise Invalid(f"A view has a name of at most {LONGEST_NAME} printable characters")
    return found


def checked_query(query: str) -> str:
    """The search, filters and sorting of an address, without empty ones and the page. Raises Invalid for others."""
    if len(query) > LONGEST_QUERY or "\0" in query:
        raise Invalid(f"A view has an address of at most {LONGEST_QUERY} characters")
    asked = [(name, value) for name, value in parse_qsl(query.lstrip("?")) if value.strip() and name != "page"]
    try:
        for name, value in asked:
            if name not in BESIDES and criterion_of(name) is None:
                raise Invalid(f"A list of SIMs is not filtered by {name[:60]!r}", parameter=name[:60])
            if name == "sort":
                parse_sort(value)
            if name == "q":
                parse_search(value)
        read_filter(asked, "")
    except (FilterRefused, SearchTooLong, ValueError) as error:
        raise Invalid(str(error)) from error
    return urlencode(asked)


def as_read(view: SavedView) -> SavedView:
    """The view as its reader may see it: whoever has shared it may have searched for an IMSI or MSISDN."""
    return structs.replace(view, name=written(view.name), query=written(view.query)) if view.shared else view


def owner_of(caller: Caller, *, shared: bool) -> int | None:
    """Whose a view of this caller's is; None for a shared one.

    Raises NotAllowed for a shared one of somebody who may not change SIMs, Invalid for an own one of a key.
    """
    if shared:
        if not caller.may(Permission.SIMS_WRITE):
            raise NotAllowed(f"To share a view needs the permission {Permission.SIMS_WRITE}")
        return None
    if caller.user_id is None:
        raise Invalid("A key has no views of its own: share it")
    return caller.user_id

"""What a list of SIMs shows, as its address says it, and what it would show now."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import Meta, Struct

from console.iccid import Iccid
from console.organizations.rules import Caller
from console.sims.facets import Facets
from console.sims.filter_parameters import FilterRefused, criterion_of, read_filter
from console.sims.position import Position
from console.sims.rules import SimFilter, Sort, parse_sort
from console.sims.search import LONGEST, Search, SearchTooLong, parse_search

SIZES = (25, 50, 100, 200)
MOST_ROWS = USUAL_ROWS = 200  # of a page
FIRST_ROWS = 50  # that are drawn with the page; the others follow as they come near
Asked = Annotated[str, QueryParameter(max_length=200)]
Searched = Annotated[str, QueryParameter(max_length=LONGEST)]


class ListQuery(Struct, frozen=True, kw_only=True):
    """A list as its address says it; what can't be is left out or shown as it is."""

    q: str = ""  # as it was typed
    wanted: SimFilter = SimFilter()
    searched: Search = Search()
    fault: str = ""  # why nothing was searched for, or filtered by
    sort: str = ""
    order: tuple[Sort, ...] = ()
    page_size: int = USUAL_ROWS
    number: int = 1  # of the page


async def list_query(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    q: Searched = "",
    sort: Asked = "",
    page: FromQuery[str] = "1",
    page_size: FromQuery[str] = "",
) -> ListQuery:
    """The dependency `asked` of the routes that show a list or say what has changed in it."""
    parameters = list(request.query_params.multi_items())
    return read_list(parameters, masked=not caller.sees_identifiers, q=q, sort=sort, page=page, page_size=page_size)


def read_list(
    parameters: Sequence[tuple[str, str]], *, masked: bool, q: str, sort: str, page: str = "1", page_size: str = ""
) -> ListQuery:
    """The list with these parameters. `masked`: nothing is found by IMSI or MSISDN."""
    wanted, fault = SimFilter(), ""
    try:
        searched = parse_search(q)
        wanted = read_filter(parameters, q, masked=masked)
    except (SearchTooLong, FilterRefused) as error:
        searched, fault = Search(), str(error)
    try:
        order = parse_sort(sort)
    except ValueError:
        sort, order = "", []
    return ListQuery(
        q=q,
        wanted=wanted,
        searched=searched,
        fault=fault,
        sort=sort,
        order=tuple(order),
        page_size=int(page_size) if page_size in map(str, SIZES) else USUAL_ROWS,
        number=max(1, int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1),
    )


def is_sort(text: str) -> bool:
    """Whether a list can be sorted so."""
    try:
        parse_sort(text)
    except ValueError:
        return False
    return True


def is_criterion(parameter: str) -> bool:
    """Whether a parameter is one of the filter's; why one can't be, `read_filter` says."""
    try:
        return criterion_of(parameter) is not None
    except FilterRefused:
        return True


class Drawn(Struct, frozen=True):
    """What a page shows: the rows in their order, and how many SIMs it says that match."""

    shown: Annotated[list[Iccid], Meta(max_length=MOST_ROWS)]
    total: Annotated[int, Meta(ge=0)]
    since: Annotated[str, Meta(max_length=64)] = ""  # `<epoch>:<seq>` of the change that it asks about


class Waiting(Struct, frozen=True, kw_only=True):
    """What a page would show otherwise if it were drawn now."""

    total: int
    fleet_total: int
    more: int  # SIMs that match and are not counted on the page; negative: so many, not on the page, no longer match
    left: list[str]  # ICCIDs on the page that no longer match
    others: bool  # other SIMs belong on the page
    reordered: bool  # the same ones, in another order
    facets: Facets  # as the choice of filters shows them


def compared(drawn: Drawn, now: Position, still: set[str], fleet_total: int, counted: Facets) -> Waiting:
    """What the page that was drawn differs by from the page as it is now; `still`: the ICCIDs shown that match."""
    left = [iccid for iccid in drawn.shown if iccid not in still]
    others = not set(now.iccids) <= set(drawn.shown)
    kept = [iccid for iccid in drawn.shown if iccid in still]
    return Waiting(
        total=now.total,
        fleet_total=fleet_total,
        more=now.total - drawn.total + len(left),
        left=left,
        others=others,
        facets=counted,
        reordered=not others and [iccid for iccid in now.iccids if iccid in still] != kept,
    )

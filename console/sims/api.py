"""SIMs for programs."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from console.errors import Invalid, SimNotFound
from console.facts.masking import masked_row, masked_sim
from console.facts.sims import SimState
from console.http.database import snapshot_of
from console.http.etag import KEEPS
from console.http.fields import FieldNames, chosen, one_selected
from console.http.paging import Listing, ListRequest, list_request
from console.http.parameters import ALSO
from console.iccid import InvalidIccid, parse
from console.organizations.rules import Caller
from console.sims import direct, reads
from console.sims.annotations_rules import CUSTOM
from console.sims.filter_parameters import FilterRefused, read_filter
from console.sims.filter_values import OF_LISTS, check_values
from console.sims.rules import SimFilter, Sort, parse_sort
from console.sims.search import SearchTooLong, parse_search
from console.store.counting import Total
from console.store.direct_reads import DirectReads
from console.store.keyset import Cursor, is_text


def sort_of(text: str) -> list[Sort]:
    """The sort that was asked for; Invalid for a field that can't be sorted by."""
    try:
        return parse_sort(text)
    except ValueError as error:
        raise Invalid(f"The list {error}", sort=text[:80]) from error


def checked_search(text: str) -> str:
    """The same text; Invalid if it asks for too much, or for one identifier that can't be."""
    try:
        asked = parse_search(text)
    except SearchTooLong as error:
        raise Invalid(str(error), q=text[:80]) from error
    if len(asked.identifiers) == 1 and asked.identifiers[0].fault:
        raise Invalid(f"No SIM can have this number: {asked.identifiers[0].fault}", q=text[:80])
    return text


Values = FromQuery[list[str] | None]


async def wanted_sims(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    q: FromQuery[str] = "",
    connection: Values = None,
    connection_not: Values = None,
    status: Values = None,
    status_not: Values = None,
    country: Values = None,
    country_not: Values = None,
    quota: Values = None,
    quota_not: Values = None,
    operator: Values = None,
    operator_not: Values = None,
    rat: Values = None,
    rat_not: Values = None,
    apn: Values = None,
    apn_not: Values = None,
    label: Values = None,
    label_not: Values = None,
    days_left: Values = None,
    days_left_not: Values = None,
    tag: Values = None,
    tag_not: Values = None,
) -> SimFilter:
    """The dependency `wanted`: the filter that the parameters ask for. Raises Invalid."""
    try:
        wanted = read_filter(request.query_params.multi_items(), checked_search(q), masked=not caller.sees_identifiers)
    except FilterRefused as error:
        raise Invalid(str(error)) from error
    check_values(wanted, OF_LISTS)
    return wanted


@get(
    "/",
    operation_id="listSims",
    summary="List the SIMs of the fleet",
    opt={ALSO: CUSTOM, KEEPS: True},
    dependencies={"wanted": Provide(wanted_sims), "asked": Provide(list_request)},
)
async def list_sims(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    direct_reads: NamedDependency[DirectReads],
    wanted: NamedDependency[SimFilter],
    asked: NamedDependency[ListRequest],
    sort: FromQuery[str] = "",
) -> Listing[SimState]:
    """Filters by field, repeated for several values; `country_not=DE` excludes, `unknown` asks for what 1NCE has not
    said, `field.site=Berlin` for a custom field. `q` searches ICCID, label, IMSI, MSISDN, IMEI, IP.
    """
    fields, cursor = chosen(SimState, asked.fields), asked.cursor
    if not wanted.active and not sort and not asked.offset and is_by_iccid(cursor):
        after = str(cursor.values[0]) if cursor else None
        masked, number = not caller.sees_identifiers, caller.organization_id
        fleet = await direct.page(
            direct_reads, number, limit=asked.page_size, after=after, fields=fields, masked=masked
        )
        return asked.listing(SimState, fleet.items, fleet.next_cursor, Total(fleet.total))
    async with snapshot_of(request.scope) as reading:
        found = await reads.page(
            reading,
            caller.organization_id,
            wanted,
            sort=sort_of(sort),
            limit=asked.page_size,
            offset=asked.offset,
            cursor=cursor,
            fields=fields,
        )
    return asked.listing(SimState, shown(caller, found.items), found.next_cursor, Total(found.total))


@get("/{iccid:str}", operation_id="getSim", summary="One SIM as it is now", opt={KEEPS: True})
async def get_sim(
    caller: NamedDependency[Caller],
    direct_reads: NamedDependency[DirectReads],
    iccid: FromPath[str],
    fields: FieldNames = "",
) -> SimState:
    """404 for a SIM that is not there, or is another organization's. IMSI and MSISDN whole with `identifiers:read`."""
    known = plain_iccid(iccid)
    found: SimState | None = await direct.one(direct_reads, caller.organization_id, known)
    if found is None:
        raise SimNotFound(known)
    return one_selected(shown_sim(caller, found), fields)


def is_by_iccid(cursor: Cursor | None) -> bool:
    """Whether a page begins at the first SIM, or behind one of a list in the order of ICCIDs."""
    if cursor is None:
        return True
    return cursor.order == direct.BY_ICCID and len(cursor.values) == 1 and is_text(cursor.values[0])


def shown_sim(caller: Caller, sim: SimState) -> SimState:
    """The SIM as this caller may see it."""
    return sim if caller.sees_identifiers else masked_sim(sim)


def shown(caller: Caller, sims: Sequence[Any]) -> list[Any]:
    """SIMs, or rows with some of their fields, as this caller may see them."""
    if caller.sees_identifiers:
        return list(sims)
    return [masked_sim(one) if isinstance(one, Struct) else masked_row(one._mapping) for one in sims]


async def the_sim(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    iccid: FromPath[str],
    live_since: NamedDependency[str],
) -> SimState:
    """The dependency `sim`: the caller's SIM that the path names, in the request's snapshot where it has one.

    Raises SimNotFound if there is none, Invalid if it can't be an ICCID.
    """
    known = plain_iccid(iccid)
    async with snapshot_of(request.scope) as reading:
        found = await reads.one(reading, caller.organization_id, known)
    if found is None:
        raise SimNotFound(known)
    return found


def plain_iccid(text: str) -> str:
    """The 19 digits of an ICCID that a person or a program wrote; Invalid, with the reason, if it is none."""
    try:
        return parse(text)
    except InvalidIccid as error:
        raise Invalid(str(error), iccid=text[:40]) from error


router = Router("/sims", route_handlers=[list_sims, get_sim], tags=["SIMs"])

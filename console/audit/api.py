"""The audit trail for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.audit import reads
from console.audit.rules import BEFORE_ALL, LONGEST, ActorKind, AuditLine, LineFilter, Outcome, words_of
from console.errors import Invalid
from console.facts.masking import masked_values
from console.http.paging import Listing, ListRequest, list_request, span
from console.organizations.rules import Caller, Permission

Text = Annotated[str | None, QueryParameter(max_length=LONGEST)]


async def wanted_lines(
    q: Annotated[str, QueryParameter(max_length=LONGEST)] = "",
    action: FromQuery[list[str] | None] = None,
    outcome: FromQuery[list[Outcome] | None] = None,
    actor_kind: FromQuery[list[ActorKind] | None] = None,
    actor: Text = None,
    subject: Text = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
) -> LineFilter:
    """The dependency `wanted`: the filter that the parameters ask for. Raises Invalid, BadRequest."""
    try:
        words = words_of(q)
    except ValueError as error:
        raise Invalid(str(error), q=q[:80]) from error
    begin, end = span(since, until, BEFORE_ALL, datetime.now(UTC)) if since or until else (None, None)
    return LineFilter(
        words=words,
        action=tuple(action or ()),
        outcome=tuple(outcome or ()),
        actor_kind=tuple(actor_kind or ()),
        actor=actor,
        subject=subject,
        since=begin if since else None,
        until=end if until else None,
    )


@get(
    "/audit",
    operation_id="listAuditLines",
    summary="List the lines of the audit trail, the latest first",
    opt={"permission": Permission.AUDIT_READ},
    dependencies={"wanted": Provide(wanted_lines), "asked": Provide(list_request)},
)
async def list_lines(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    wanted: NamedDependency[LineFilter],
    asked: NamedDependency[ListRequest],
) -> Listing[AuditLine]:
    """What was done, tried and refused in your organization, by whom and from where; seven years are kept."""
    found, following = await reads.page(
        reading, caller.organization_id, wanted, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor
    )
    total = await reads.count(reading, caller.organization_id, wanted, exact=asked.exact)
    shown = found if caller.sees_identifiers else [masked_line(one) for one in found]
    return asked.listing(AuditLine, shown, following, total)


def masked_line(line: AuditLine) -> AuditLine:
    """The line with IMSI and MSISDN masked in what was there before and after it."""
    before, after = [values and masked_values(values) for values in (line.before, line.after)]
    return structs.replace(line, before=before, after=after)


router = Router("/", route_handlers=[list_lines], tags=["Administration"])

"""What changes with time alone in a list of SIMs: the last 24 hours as bars, and in how many days quotas are empty."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.hours_online import HOURS, Hour, hours_online
from console.organizations.rules import Caller
from console.pages.sim_list import MOST_ROWS
from console.pages.sim_peek import is_peek
from console.quotas.outlook import of_sims

HIGH = 12  # units of a bar that is online all the time
WIDE, STEP = 3, 4


class Day(Struct, frozen=True, kw_only=True):
    """Paths of an SVG, and what they say."""

    online: str
    others: str  # known, and not online
    blocked: str
    text: str


async def days(connection: AsyncConnection, organization_id: int, iccids: Sequence[str]) -> dict[str, Day]:
    """The day of each of these SIMs of which something is known, by ICCID."""
    found = await hours_online(connection, organization_id, iccids, datetime.now(UTC))
    return {iccid: day(hours) for iccid, hours in found.items()}


def day(hours: Sequence[Hour]) -> Day:
    """These hours as bars, the oldest first."""
    known, online = sum(one.known for one in hours), sum(one.online for one in hours)
    text = f"online {round(100 * online / known)} % of the last {HOURS} hours" if known else "not known"
    if (lost := round(HOURS - known / 3600)) > 1 and known:
        text += f", of which {lost} are not known"
    return Day(
        online="".join(_bar(at, max(2, round(HIGH * one.online / one.known))) for at, one in _where(hours, "online")),
        others="".join(_bar(at, 1) for at, one in _where(hours, "known") if not one.online and not one.blocked),
        blocked="".join(_bar(at, HIGH // 2) for at, one in _where(hours, "blocked") if not one.online),
        text=text,
    )


def _where(hours: Sequence[Hour], name: str) -> list[tuple[int, Hour]]:
    return [(number, one) for number, one in enumerate(hours) if getattr(one, name)]


def _bar(number: int, high: int) -> str:
    return f"M{number * STEP} {HIGH}v-{high}h{WIDE}v{high}z"


@get("/sims/days", include_in_schema=False)
async def sim_days(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    iccids: Annotated[str, QueryParameter(max_length=21 * MOST_ROWS)],
) -> Template:
    """The bars of these SIMs as they are now, and when their data quotas are empty, each for its cell."""
    asked = [one for one in iccids.split(",") if is_peek(one)][:MOST_ROWS]
    context = {
        "days": await days(reading, caller.organization_id, asked),
        "quotas": await of_sims(reading, caller.organization_id, asked, datetime.now(UTC)),
    }
    return Template("sims/days.html", context=context)


router = Router("/", route_handlers=[sim_days])

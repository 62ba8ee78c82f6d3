"""The page for the big screen of an operations room: what is wrong in words, the fleet, and how fresh it all is."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Router, get, post, websocket
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.api_keys.rules import wall_cookie_name
from console.carrier import reads as carrier_reads
from console.connectivity import usual
from console.connectivity.usual import Step
from console.facts import Fact
from console.facts.alerts import AlertChanged
from console.facts.jobs import JobChanged
from console.facts.network import NetworkEventReported
from console.facts.sims import SimChanged
from console.facts.sms import SmsChanged
from console.facts.topic_names import checked
from console.facts.usage import SimUsageChanged
from console.http.authentication import Access
from console.live.access import Socket
from console.live.endpoints import Live, serve_page
from console.live.pieces import Html, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller, Permission
from console.pages import fleet_numbers
from console.pages.open_now import open_now
from console.pages.session_cookie import wall_cookie
from console.pages.shown import Page
from console.pages.sim_list import ListQuery
from console.pages.sources import sources
from console.pages.templating import Fragments
from console.pages.verification import Shown, Verified, verified
from console.settings import Settings
from console.store.database import Database

FLEET, NOW, DAY = (Refresh(part=part) for part in ("fleet", "now", "day"))
PARTS: dict[type[Struct], Refresh] = {
    SimChanged: FLEET,
    JobChanged: FLEET,
    AlertChanged: FLEET,
    SimUsageChanged: FLEET,
    SmsChanged: FLEET,
    NetworkEventReported: NOW,
}
PERIODIC = (NOW, DAY)  # what time alone changes
EVERY_SECONDS = 60.0
WIDTH, HEIGHT = 960, 100  # of the day's curve
TOPICS = ("fleet", "carrier", "alerts")


def _now() -> datetime:
    return datetime.now(UTC)


class Curve(Struct, frozen=True, kw_only=True):
    """The day as lines from left to right: one more wherever nothing is known in between."""

    lines: Sequence[str]  # points of SVG
    low: int
    high: int


def curve(steps: Sequence[Step], now: datetime) -> Curve | None:
    """The last 24 hours, from the lowest to the highest figure; None if too little is known."""
    if len(steps) < 2:
        return None
    low, high = min(step.online for step in steps), max(step.online for step in steps)
    lines: list[list[str]] = []
    before: datetime | None = None
    for step in steps:
        if before is None or (step.time - before).total_seconds() > usual.STEP_SECONDS:
            lines.append([])
        before = step.time
        x = WIDTH - (now - step.time) / usual.DAY * WIDTH
        y = HEIGHT / 2 if low == high else HEIGHT - (step.online - low) / (high - low) * HEIGHT
        lines[-1].append(f"{max(0.0, x):.0f},{y:.0f}")
    return Curve(lines=[" ".join(line) for line in lines], low=low, high=high)


async def numbers(connection: AsyncConnection, organization_id: int, now: datetime) -> dict[str, Any]:
    """What the fleet's part, and what is open now, are drawn from."""
    fleet = await fleet_numbers.fleet(connection, organization_id, now)
    return {
        "counts": fleet["counts"],
        "places": fleet["by_operator"],
        "usual": fleet["counts"]["usual"],
        "open_now": await open_now(connection, organization_id, now, fleet["kinds"]),
    }


class WallView:
    """The fleet and what is open now, from the database, at most once a second; the day's curve once a minute."""

    name = "wall"
    receives = Receives(facts=tuple(PARTS), topics=("fleet",))

    def __init__(self, fragments: Fragments, clock: Callable[[], datetime] = _now) -> None:
        self._fragments = fragments
        self._clock = clock

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """Everything is counted anew."""
        return [PARTS[type(fact)]]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """One of the parts."""
        draw, now = self._fragments.draw, self._clock()
        match what.part:
            case "fleet":
                found = await numbers(reading, organization_id, now)
                return [
                    replace("wall-now", draw("wall/_now.html", **found)),
                    replace("wall-fleet", draw("wall/_fleet.html", **found)),
                    replace("wall-places", draw("wall/_places.html", **found)),
                ]
            case "day":
                day = curve(await usual.day(reading, organization_id, now), now)
                return [replace("wall-day", draw("wall/_day.html", curve=day))]
            case _:
                found = {"open_now": await open_now(reading, organization_id, now)}
                return [replace("wall-now", draw("wall/_now.html", **found))]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """All of them."""
        return [FLEET, DAY]


@get("/wall", include_in_schema=False)
async def wall(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
) -> Template:
    """Nothing on it can be clicked: it is read from across the room."""
    now = datetime.now(UTC)
    circuit = await carrier_reads.circuit(reading, caller.organization_id)
    context = {
        **await numbers(reading, caller.organization_id, now),
        "organization": caller.organization,
        "curve": curve(await usual.day(reading, caller.organization_id, now), now),
        "sources": await sources(reading, caller.organization_id, circuit, now),
        "live_url": "/wall/live?" + urlencode({"view": WallView.name, "topics": ",".join(TOPICS)}),
        "live_since": live_since,
    }
    held = request.cookies.get(wall_cookie_name(secure=settings.secure_cookies), "")
    again = [wall_cookie(settings, held)] if caller.for_wall else None  # browsers keep a cookie for 400 days at most
    return Template("wall/wall.html", context=context, cookies=again)


@websocket("/wall/live")
async def live_wall(socket: Socket, live: NamedDependency[Live]) -> None:
    """HTML for the wall, and for no other page, whatever its address says."""
    await socket.accept()
    await serve_page(socket, live, WallView.name)


@post("/wall/shown", status_code=200, include_in_schema=False)
async def shown(
    data: JSONBody[Shown], caller: NamedDependency[Caller], db: NamedDependency[Database], live: NamedDependency[Live]
) -> Verified:
    """The values of a wall screen that differ from the database's."""
    page = Page(organization_id=caller.organization_id, topics=checked(data.topics), asked=ListQuery())
    return await verified(db, live, data, WallView.name, page)


router = Router(
    "/", route_handlers=[wall, live_wall, shown], opt={"access": Access.WALL, "permission": Permission.SIMS_READ}
)

"""The page "Help": what the words on the pages mean, with the numbers that the console goes by."""

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.waiting import FORGOTTEN_AFTER
from console.connectivity.floods import LEAST_A_MINUTE, LEAST_EVENTS
from console.organizations.rules import Caller, Permission
from console.pages.administration import page
from console.pages.losses import LEAST_SHARE, LEAST_SIMS, SPANS


@get("/help", include_in_schema=False, opt={"permission": Permission.SIMS_READ})
async def explained(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], live_since: NamedDependency[str]
) -> Template:
    """Each word with one meaning; those of states, of data and its age, of actions, of alerts."""
    return await page(
        reading,
        caller,
        live_since,
        "help",
        "help/help.html",
        forgotten_hours=FORGOTTEN_AFTER.total_seconds() / 3600,
        flood_events=LEAST_EVENTS,
        flood_a_minute=LEAST_A_MINUTE,
        loss_percent=LEAST_SHARE * 100,
        loss_sims=LEAST_SIMS,
        loss_spans=SPANS,
    )


router = Router("/", route_handlers=[explained])

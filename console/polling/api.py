"""Polling for programs."""

from datetime import UTC, datetime

from litestar import Router, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncConnection

from console.organizations.rules import Caller
from console.polling import report
from console.polling.on_screen import on_screen
from console.polling.report import Polling
from console.store.database import Database


@get("/carrier/polling", operation_id="getPolling", summary="How the calls to 1NCE are divided")
async def polling(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], db: NamedDependency[Database]
) -> Polling:
    """The share of calls of each kind of poll, and how old its answers may get and are."""
    now = datetime.now(UTC)
    screen = await on_screen(db.redis, caller.organization_id, now)
    return await report.polling(reading, caller.organization_id, now, on_screen=len(screen))


router = Router("/", route_handlers=[polling], tags=["Carrier"])

"""The page "1NCE": whether it answers, what it offers this account, how old its answers can be, what it pushes."""

from datetime import UTC, datetime
from typing import Any

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Template
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection

from console.auth.rules import Caller
from console.carrier import reads
from console.carrier.rules import LACKING
from console.pages.layout import common
from console.polling.on_screen import on_screen
from console.polling.standing import polling
from console.quotas.reconciliation import compared
from console.store.database import Database
from console.streamer.reads import streamer


async def shown(reading: AsyncConnection, redis: Redis, organization_id: int, now: datetime) -> dict[str, Any]:
    """What the page's sections are drawn from, as of now."""
    screen = await on_screen(redis, organization_id, now)
    return {
        "operations": await reads.operations(reading, organization_id),
        "polling": await polling(reading, organization_id, now, on_screen=len(screen)),
        "stream": await streamer(reading, organization_id, now),
        "books": await compared(reading, organization_id, now),
        "as_of_time": now,
    }


@get("/carrier", include_in_schema=False)
async def carrier(
    caller: NamedDependency[Caller], db: NamedDependency[Database], live_since: NamedDependency[str]
) -> Template:
    """The line and each operation, as the workers last met them; how calls are spent, and what is pushed."""
    async with db.reading() as reading:
        context = {
            **await common(reading, caller, live_since, "carrier", ["jobs"]),
            **await shown(reading, db.redis, caller.organization_id, datetime.now(UTC)),
            "lacking": LACKING,
        }
    return Template("carrier/carrier.html", context=context)


router = Router("/", route_handlers=[carrier])

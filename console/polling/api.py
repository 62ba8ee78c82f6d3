"""Polling for programs."""

from datetime import UTC, datetime

from litestar import Router, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncConnection

from console.organizations.rules import Caller
from console.polling.kept import PollingReports
from console.polling.report import Polling


@get("/carrier/polling", operation_id="getPolling", summary="How the calls to 1NCE are divided")
async def polling(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    polling_reports: NamedDependency[PollingReports],
) -> Polling:
    """The share of calls of each kind of poll, and how old its answers may get and are.

    Of a fleet so large that counting it takes long, `as_of` may be up to ten minutes ago.
    """
    return await polling_reports.latest(reading, caller.organization_id, datetime.now(UTC))


router = Router("/", route_handlers=[polling], tags=["Carrier"])

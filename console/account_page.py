"""The page "1NCE": whether it answers, what it offers this account, and what its portal is needed for."""

from datetime import UTC, datetime

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Template

from console.account import reads
from console.account.rules import LACKING
from console.auth.rules import Caller
from console.database import Database
from console.layout import common


@get("/account", include_in_schema=False)
async def account(
    caller: NamedDependency[Caller], db: NamedDependency[Database], live_since: NamedDependency[str]
) -> Template:
    """The line, and each operation, as the workers last met them."""
    async with db.reading() as reading:
        context = {
            **await common(reading, caller, live_since, "account", ["jobs"]),
            "operations": await reads.operations(reading, caller.organization_id),
            "lacking": LACKING,
            "as_of_time": datetime.now(UTC),
        }
    return Template("account/account.html", context=context)


router = Router("/", route_handlers=[account])

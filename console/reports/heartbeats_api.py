"""The heartbeat to an address outside, for programs."""

from datetime import UTC, datetime

from litestar import HttpMethod, Router, get, put, route
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.organizations.rules import Caller, Permission
from console.reports.heartbeats import HeartbeatSetting, OutgoingHeartbeat, heartbeat_of
from console.reports.writes import put_heartbeat
from console.settings import Settings
from console.store.database import Database

By = NamedDependency[Caller]
Db = NamedDependency[Database]
Configured = NamedDependency[Settings]


@get("/outgoing-heartbeat", operation_id="getOutgoingHeartbeat", summary="Where the heartbeat is posted")
async def get_heartbeat(caller: By, reading: NamedDependency[AsyncConnection]) -> OutgoingHeartbeat:
    """Each minute while alerts are judged; what watches that address finds when they are not."""
    return await heartbeat_of(reading, caller.organization_id)


@put("/outgoing-heartbeat", operation_id="putOutgoingHeartbeat", summary="Say where the heartbeat is posted")
async def put_address(caller: By, db: Db, settings: Configured, data: JSONBody[HeartbeatSetting]) -> OutgoingHeartbeat:
    """To a public https address, with an empty body; no redirect is followed."""
    number, now = caller.organization_id, datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "heartbeat.change") as act:
        act.before = {"url": (await heartbeat_of(transaction.connection, number)).url_shown}
        await put_heartbeat(transaction, settings, number, data.url, caller.name, now)
        found = await heartbeat_of(transaction.connection, number)
        act.after = {"url": found.url_shown}
        return found


@route(
    "/outgoing-heartbeat",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="removeOutgoingHeartbeat",
    summary="Post no heartbeat any more",
)
async def remove_address(caller: By, db: Db, settings: Configured) -> None:
    """Where none is posted nothing changes."""
    number, now = caller.organization_id, datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "heartbeat.change") as act:
        act.before = {"url": (await heartbeat_of(transaction.connection, number)).url_shown}
        await put_heartbeat(transaction, settings, number, None, caller.name, now)
        act.after = {"url": None}


router = Router(
    "/",
    route_handlers=[get_heartbeat, put_address, remove_address],
    tags=["Notifications"],
    opt={"permission": Permission.ALERTS_WRITE},
)

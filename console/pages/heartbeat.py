"""Where a heartbeat is posted while alerts are judged: the form on the page of notifications."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Meta, Struct

from console.acting import acting
from console.errors import Invalid
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form
from console.pages.notification_channels import BACK, drawn_list
from console.reports.heartbeats import heartbeat_of
from console.reports.writes import put_heartbeat
from console.settings import Settings
from console.store.database import Database


class HeartbeatForm(Struct):
    """The address; empty: nowhere."""

    url: Annotated[str, Meta(max_length=3_000)] = ""


@post("/outgoing-heartbeat", status_code=200)
async def change(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
    data: Form[HeartbeatForm],
) -> Response[Any]:
    """Back to the page of notifications; with the reason if it is refused."""
    number, now, url = caller.organization_id, datetime.now(UTC), data.url.strip() or None
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "heartbeat.change") as act:
            act.before = {"url": (await heartbeat_of(transaction.connection, number)).url_shown}
            await put_heartbeat(transaction, settings, number, url, caller.name, now)
            act.after = {"url": (await heartbeat_of(transaction.connection, number)).url_shown}
    except Invalid as error:
        async with db.reading() as reading:
            return await drawn_list(reading, caller, live_since, settings, fault=error.message)
    return Redirect(BACK, status_code=303)


router = Router(
    "/", route_handlers=[change], request_max_body_size=FORM_BYTES, opt={"permission": Permission.ALERTS_WRITE}
)

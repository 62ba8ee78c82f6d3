"""The lists of alerts, actions and quotas as files, with the filters and the order of their pages."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import api as action_api
from console.actions import reads as action_reads
from console.actions.bulk import api as bulk_api
from console.actions.bulk import reads as bulk_reads
from console.alerts import api as alerts
from console.alerts import reads as alert_reads
from console.facts.actions import Action
from console.facts.alerts import Alert
from console.facts.bulk_actions import BulkAction
from console.http.list_files import Format, Part, Row
from console.organizations.rules import Caller, Permission
from console.pages import actions, alert_groups, bulk_view, quotas
from console.pages.list_files import AT_ONCE, WrittenAs, list_file, row
from console.quotas.bands import QuotaOutlook
from console.quotas.outlook import soonest
from console.store.database import Database
from console.store.keyset import Cursor

ALERTS = (
    "group severity priority title rule started_at sims state acknowledged_by acknowledged_at acknowledged_until note"
    " assigned_to hidden_by resolved_at id"
).split()
ACTIONS = "requested_at requested_by what iccid state explanation id".split()
BULK_ACTIONS = "requested_at requested_by what sims state confirmed failed unknown explanation id".split()
QUOTAS = (
    "iccid label data_left_bytes data_total_bytes data_quota daily_bytes runs_out days_left soonest_days latest_days"
    " data_expires_at"
).split()
DAY_SECONDS = 86_400
Asking = Request[Any, Any, Any]
By = NamedDependency[Caller]
Db = NamedDependency[Database]


@get("/alerts.csv", opt={**alert_groups.OPTIONS, "permission": Permission.ALERTS_READ})
async def alerts_csv(
    request: Asking,
    caller: By,
    db: Db,
    of_state: Annotated[str, QueryParameter(name="state")] = "",
    severity: FromQuery[str] = "",
    rule: FromQuery[str] = "",
    written_as: WrittenAs = Format.SPREADSHEET,
) -> Stream:
    """With a filter all that it lets through; else the groups of the page, each row with the name of its group."""
    wanted = alert_groups.asked_filter(alert_groups.known(of_state, severity, rule))

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        number = caller.organization_id
        if wanted is None:
            groups = await alert_groups.groups_of(connection, number, datetime.now(UTC))
            return [_alert(alerts.shown(caller, alert), title) for title, found, _ in groups for alert in found], None
        some, following = await alert_reads.page(connection, number, wanted, limit=AT_ONCE, cursor=cursor)
        return [_alert(alerts.shown(caller, alert), None) for alert in some], following

    return await list_file(request, caller, db, written_as, name="alerts", columns=ALERTS, read=read)


def _alert(alert: Alert, group: str | None) -> Row:
    return row(ALERTS, alert, group=group, sims=alert.sims if alert.sims_total else None)


@get("/actions.csv", opt=actions.OPTIONS)
async def actions_csv(
    request: Asking,
    caller: By,
    db: Db,
    in_state: Annotated[str, QueryParameter(name="state", max_length=20)] = "",
    kind: Annotated[str, QueryParameter(max_length=20)] = "",
    written_as: WrittenAs = Format.SPREADSHEET,
) -> Stream:
    """What 1NCE was asked to do, the latest first."""
    wanted = actions.asked_filter(in_state, kind)

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found, following = await action_reads.page(
            connection, caller.organization_id, wanted, limit=AT_ONCE, cursor=cursor
        )
        return [_action(action_api.shown(caller, action)) for action in found], following

    return await list_file(request, caller, db, written_as, name="actions", columns=ACTIONS, read=read)


def _action(action: Action) -> Row:
    return row(ACTIONS, action, what=actions.drawn(action)["summary"])


@get("/bulk-actions.csv")
async def bulk_actions_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """The actions for many SIMs, the latest first."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found, following = await bulk_reads.page(connection, caller.organization_id, limit=AT_ONCE, cursor=cursor)
        return [_bulk_action(bulk_api.shown(caller, bulk)) for bulk in found], following

    return await list_file(request, caller, db, written_as, name="bulk-actions", columns=BULK_ACTIONS, read=read)


def _bulk_action(bulk: BulkAction) -> Row:
    counted = {name: getattr(bulk.counts, name) for name in ("sims", "confirmed", "failed", "unknown")}
    return row(BULK_ACTIONS, bulk, what=bulk_view.drawn(bulk)["summary"], **counted)


@get("/quotas.csv", opt=quotas.OPTIONS)
async def quotas_csv(
    request: Asking, caller: By, db: Db, left: quotas.Band = "", written_as: WrittenAs = Format.SPREADSHEET
) -> Stream:
    """The SIMs whose data quotas are empty first come first. `left`: one band of the histogram."""
    now = datetime.now(UTC)

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found, following = await soonest(
            connection, caller.organization_id, now, wanted=left, limit=AT_ONCE, cursor=cursor
        )
        return [_quota(one, now) for one in found], following

    return await list_file(request, caller, db, written_as, name="quotas", columns=QUOTAS, read=read)


def _quota(one: QuotaOutlook, now: datetime) -> Row:
    empty_on = quotas.drawn(one, now)["empty_on"]
    ended = one.band if one.band in ("exhausted", "expired", "later") else None
    return row(
        QUOTAS,
        one,
        runs_out=empty_on.date().isoformat() if empty_on else ended,
        days_left=_days(one.seconds),
        soonest_days=_days(one.soonest_seconds),
        latest_days=_days(one.latest_seconds),
    )


def _days(seconds: int | None) -> float | None:
    return None if seconds is None else round(seconds / DAY_SECONDS, 1)


router = Router(
    "/",
    route_handlers=[alerts_csv, actions_csv, bulk_actions_csv, quotas_csv],
    include_in_schema=False,
)

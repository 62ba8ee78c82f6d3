"""Alerts for programs: read, acknowledged, assigned, commented, resolved."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.alerts import commands, reads
from console.alerts.commands import Acknowledgement, Assignment, Comment, Resolution, number_of
from console.alerts.hints import Hint, hint_of
from console.alerts.looking import who_looks
from console.alerts.paging import Escalation, escalation_of
from console.alerts.reads import AlertCounts, AlertEvent, AlertFilter, AlertSubject
from console.errors import Invalid, NotFound
from console.facts.alerts import Alert, AlertState, Severity
from console.facts.masking import masked_alert, written
from console.http.fields import FieldNames, one_selected
from console.http.paging import Listing, ListRequest, list_request
from console.iccid import InvalidIccid, parse
from console.organizations.rules import Caller, Permission
from console.store.database import Database

By = NamedDependency[Caller]
Db = NamedDependency[Database]
Reading = NamedDependency[AsyncConnection]
MOST_SUBJECTS, MOST_EVENTS = 500, 200


class AlertDetail(Struct, frozen=True, kw_only=True):
    """An alert with what it is about, and what happened to it."""

    alert: Annotated[Alert, Meta(description="As it is now.")]
    subjects: Annotated[list[AlertSubject], Meta(description="The first 500, those first for which it holds.")]
    history: Annotated[list[AlertEvent], Meta(description="The last 200 events, the latest first.")]
    escalation: Annotated[Escalation | None, Meta(description="Who on call got it; null: nobody.")]
    hint: Annotated[Hint, Meta(description="What to try first.")]
    looking: Annotated[
        list[str] | None,
        Meta(description="Who has its page open; null: not known, Redis does not answer.", examples=[["otto"]]),
    ]


@get("/", operation_id="listAlerts", summary="List the alerts, the latest first")
async def list_alerts(
    caller: By,
    reading: Reading,
    asked: NamedDependency[ListRequest],
    states: Annotated[
        list[AlertState] | None, QueryParameter(name="state", description="Only alerts in one of these states.")
    ] = None,
    severity: Annotated[
        list[Severity] | None, QueryParameter(description="Only alerts of one of these severities.")
    ] = None,
    acknowledged: Annotated[
        bool | None, QueryParameter(description="Only those that are acknowledged, or are not.")
    ] = None,
    hidden: Annotated[
        bool | None, QueryParameter(description="Only those that a silence or maintenance window hides, or none does.")
    ] = None,
    rule_id: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1, description="Only alerts of this rule.")] = None,
    iccid: FromQuery[str | None] = None,
) -> Listing[Alert]:
    """Several values: any of them."""
    try:
        sim = None if iccid is None else parse(iccid)
    except InvalidIccid as error:
        raise Invalid(str(error), field="iccid") from error
    wanted = AlertFilter(
        state=frozenset(states or ()),
        severity=frozenset(severity or ()),
        acknowledged=acknowledged,
        hidden=hidden,
        rule_id=rule_id,
        iccid=sim,
    )
    found, following = await reads.page(
        reading, caller.organization_id, wanted, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor
    )
    total = await reads.count(reading, caller.organization_id, wanted, exact=asked.exact)
    return asked.listing(Alert, [shown(caller, one) for one in found], following, total)


@get("/counts", operation_id="countAlerts", summary="How many alerts are open, by severity")
async def count_alerts(caller: By, reading: Reading) -> AlertCounts:
    """Hidden ones are counted apart."""
    return await reads.counts(reading, caller.organization_id)


@get("/{alert_id:str}", operation_id="getAlert", summary="One alert with its SIMs and its history")
async def get_alert(
    caller: By, reading: Reading, db: Db, alert_id: FromPath[str], fields: FieldNames = ""
) -> AlertDetail:
    """With what it is about, and what happened to it."""
    organization_id, number = caller.organization_id, number_of(alert_id)
    found = await reads.one(reading, organization_id, number)
    if found is None:
        raise NotFound("There is no such alert", alert=alert_id)
    detail = AlertDetail(
        alert=shown(caller, found),
        subjects=await reads.subjects(reading, organization_id, number, limit=MOST_SUBJECTS),
        history=[
            structs.replace(one, text=one.text and written(one.text))
            for one in await reads.history(reading, organization_id, number, limit=MOST_EVENTS)
        ],
        escalation=await escalation_of(reading, organization_id, number),
        hint=await hint_of(reading, organization_id, found, datetime.now(UTC)),
        looking=await who_looks(db.redis, organization_id, number, datetime.now(UTC)),
    )
    return one_selected(detail, fields)


@post("/{alert_id:str}/acknowledge", operation_id="acknowledgeAlert", summary="Acknowledge an alert", status_code=200)
async def acknowledge(caller: By, db: Db, alert_id: FromPath[str], data: JSONBody[Acknowledgement]) -> Alert:
    """409 once it is resolved. Again: whoever was last and the newer end are kept, and what was noted last."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert.acknowledge", alert_id) as act:
        return shown(caller, await commands.acknowledge(transaction, act, caller, alert_id, data, datetime.now(UTC)))


@post(
    "/{alert_id:str}/unacknowledge",
    operation_id="unacknowledgeAlert",
    summary="End the acknowledgement of an alert",
    status_code=200,
)
async def unacknowledge(caller: By, db: Db, alert_id: FromPath[str]) -> Alert:
    """409 once it is resolved."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert.unacknowledge", alert_id) as act:
        return shown(caller, await commands.unacknowledge(transaction, act, caller, alert_id, datetime.now(UTC)))


@post("/{alert_id:str}/assign", operation_id="assignAlert", summary="Say whose an alert is", status_code=200)
async def assign(caller: By, db: Db, alert_id: FromPath[str], data: JSONBody[Assignment]) -> Alert:
    """409 once it is resolved."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert.assign", alert_id) as act:
        return shown(caller, await commands.assign(transaction, act, caller, alert_id, data, datetime.now(UTC)))


@post("/{alert_id:str}/comment", operation_id="commentAlert", summary="Comment on an alert", status_code=200)
async def comment(caller: By, db: Db, alert_id: FromPath[str], data: JSONBody[Comment]) -> Alert:
    """409 once it is resolved."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert.comment", alert_id) as act:
        return shown(caller, await commands.comment(transaction, act, caller, alert_id, data, datetime.now(UTC)))


@post("/{alert_id:str}/resolve", operation_id="resolveAlert", summary="Resolve an alert", status_code=200)
async def resolve(caller: By, db: Db, alert_id: FromPath[str], data: JSONBody[Resolution]) -> Alert:
    """409 while the condition holds: silence it instead. Twice is once."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert.resolve", alert_id) as act:
        return shown(caller, await commands.resolve(transaction, act, caller, alert_id, data, datetime.now(UTC)))


acting_routes = Router(
    "/",
    route_handlers=[acknowledge, unacknowledge, assign, comment, resolve],
    opt={"permission": Permission.ALERTS_ACT},
)


def shown(caller: Caller, alert: Alert) -> Alert:
    """The alert as this caller may see it."""
    return alert if caller.sees_identifiers else masked_alert(alert)


router = Router(
    "/alerts",
    route_handlers=[list_alerts, count_alerts, get_alert, acting_routes],
    tags=["Alerts"],
    dependencies={"asked": Provide(list_request)},
    opt={"permission": Permission.ALERTS_READ},
)

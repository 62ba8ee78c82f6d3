"""Forms about one alert: acknowledge, assign, comment, resolve."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from console.acting import acting
from console.alerts import commands
from console.alerts.commands import Acknowledgement, Assignment, Comment, Resolution
from console.errors import Invalid
from console.facts.alerts import Alert
from console.organizations.rules import Caller, Permission
from console.pages.administration import Form
from console.store.database import Database

By = NamedDependency[Caller]
Db = NamedDependency[Database]


class AcknowledgeForm(Struct, frozen=True):
    """Empty minutes: until the alert ends."""

    minutes: str = ""
    note: str = ""
    ticket: str = ""


class AssignForm(Struct, frozen=True):
    """Empty: nobody's."""

    assignee: str = ""


class CommentForm(Struct, frozen=True):
    """Of a comment, or of why an alert is resolved."""

    text: str = ""


@post("/alerts/{alert_id:str}/acknowledge")
async def acknowledge(
    request: Request[Any, Any, Any], caller: By, db: Db, alert_id: FromPath[str], data: Form[AcknowledgeForm]
) -> Response[Any]:
    """From a list it answers nothing: the row comes live. Else to the alert."""
    try:
        minutes = int(data.minutes) if data.minutes.strip() else None
    except ValueError as error:
        raise Invalid("An acknowledgement ends after whole minutes, or with the alert") from error
    if minutes is not None and not 1 <= minutes <= commands.LONGEST_MINUTES:
        raise Invalid("An acknowledgement ends within a week")
    asked = Acknowledgement(minutes=minutes, note=data.note[:2_000] or None, ticket=data.ticket[:200] or None)
    async with db.transaction() as transaction, acting(transaction, caller, "alert.acknowledge", alert_id) as act:
        alert = await commands.acknowledge(transaction, act, caller, alert_id, asked, datetime.now(UTC))
    if request.headers.get("HX-Request"):
        return Response(None, status_code=204)
    return _back(alert)


@post("/alerts/{alert_id:str}/unacknowledge")
async def unacknowledge(caller: By, db: Db, alert_id: FromPath[str]) -> Redirect:
    """To the alert."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert.unacknowledge", alert_id) as act:
        alert = await commands.unacknowledge(transaction, act, caller, alert_id, datetime.now(UTC))
    return _back(alert)


@post("/alerts/{alert_id:str}/assign")
async def assign(caller: By, db: Db, alert_id: FromPath[str], data: Form[AssignForm]) -> Redirect:
    """To the alert."""
    asked = Assignment(assignee=data.assignee[:100] or None)
    async with db.transaction() as transaction, acting(transaction, caller, "alert.assign", alert_id) as act:
        alert = await commands.assign(transaction, act, caller, alert_id, asked, datetime.now(UTC))
    return _back(alert)


@post("/alerts/{alert_id:str}/comment")
async def comment(caller: By, db: Db, alert_id: FromPath[str], data: Form[CommentForm]) -> Redirect:
    """To the alert."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert.comment", alert_id) as act:
        alert = await commands.comment(
            transaction, act, caller, alert_id, Comment(text=data.text[:2_000]), datetime.now(UTC)
        )
    return _back(alert)


@post("/alerts/{alert_id:str}/resolve")
async def resolve(caller: By, db: Db, alert_id: FromPath[str], data: Form[CommentForm]) -> Redirect:
    """To the alert."""
    asked = Resolution(note=data.text[:2_000] or None)
    async with db.transaction() as transaction, acting(transaction, caller, "alert.resolve", alert_id) as act:
        alert = await commands.resolve(transaction, act, caller, alert_id, asked, datetime.now(UTC))
    return _back(alert)


def _back(alert: Alert) -> Redirect:
    return Redirect(f"/alerts/{alert.id}", status_code=303)


changing = Router(
    "/",
    route_handlers=[acknowledge, unacknowledge, assign, comment, resolve],
    opt={"permission": Permission.ALERTS_ACT},
)

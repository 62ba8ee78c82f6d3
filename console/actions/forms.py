"""Actions asked for by forms: each form's idempotency key follows from what had been asked for when it was drawn.

So the key survives a reload and is the same in two tabs; a double click makes one action. Once an action of the kind
has been made, by whomever, the form is out of date, and a page that does not know it yet is refused.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import reads, requests
from console.actions.requests import Asked, PaymentMethod
from console.actions.seen import NOT_LIVE, as_it_is, differences, seen
from console.actions.tables import actions
from console.errors import Conflict, Invalid
from console.facts.actions import ActionKind
from console.facts.sims import SimState
from console.organizations.rules import Caller
from console.sims.api import plain_iccid

c = actions.c


class PageOutOfDate(Conflict):
    """The page did not show what a person should decide by: `changes` says it, in sentences."""

    def __init__(self, changes: list[str]) -> None:
        super().__init__(f"This page is out of date: nothing was done. {' '.join(changes)}", changes=changes)
        self.changes = changes


class ActionForm(Struct, frozen=True):
    """A form of the SIM's page. `after` is the latest action of this kind on the SIM that the page knew of, `seen` what
    it showed of the SIM."""

    kind: str = ""
    after: int = 0
    payment_method: str = ""
    payload: str = ""
    enabled: str = ""
    locked: str = ""
    label: str = ""
    reason: str = ""
    repeat: str = ""
    subject: str = ""
    text: str = ""
    reply_to: str = ""
    facts: str = ""
    mask: str = ""
    sms_id: str = ""
    by: str = ""
    overwrite: str = ""
    seen: str = ""
    page: str = ""  # how live the page was when the form was sent, by its own badge
    price: str = ""  # that the form has shown


async def latest(connection: AsyncConnection, organization_id: int, iccid: str) -> dict[str, int]:
    """The latest action of each kind on the SIM; 0 for none."""
    query = sa.select(c.kind, sa.func.max(c.id)).where(c.organization_id == organization_id, c.iccid == iccid)
    rows = (await connection.execute(query.group_by(c.kind))).all()
    return {kind.value: 0 for kind in ActionKind} | {row[0]: row[1] for row in rows}


def asked_by(form: ActionForm, sim: SimState, now: datetime) -> Asked:
    """What the form asks for. Raises Invalid for what can't be."""
    if form.kind == ActionKind.CANCEL_SMS:
        return requests.cancel_sms(sim.iccid, form.sms_id)
    if form.kind == ActionKind.TICKET:
        facts, mask = form.facts == "yes", form.mask == "yes"
        return requests.ticket(sim, form.subject, form.text, form.reply_to, facts=facts, mask=mask, reason=form.reason)
    if form.kind == ActionKind.REPLACE:
        return requests.replace(sim, plain_iccid(form.by), overwrite=form.overwrite == "yes", reason=form.reason)
    try:
        return MADE[ActionKind(form.kind)](form, sim.iccid, now)
    except (ValueError, KeyError) as error:
        raise Invalid("Choose one of the offered values") from error


async def key_of(connection: AsyncConnection, caller: Caller, form: ActionForm, sim: SimState) -> str:
    """The form's idempotency key. Raises PageOutOfDate where it has made nothing and the page missed something."""
    iccid = sim.iccid
    if form.kind == ActionKind.CANCEL_SMS:
        return await reads.key_to_cancel(connection, caller.organization_id, caller.handle, iccid, form.sms_id)
    key = f"page:{iccid}:{form.kind}:{form.after}"
    # Before the question for the key: what a double click has made between the two is found by it.
    last = (await latest(connection, caller.organization_id, iccid)).get(form.kind, 0)
    if await reads.by_key(connection, caller.organization_id, caller.handle, key) is not None:
        return key
    changes = differences(form.seen, sim, form.kind)
    if form.page in NOT_LIVE:
        changes.append(f"The page was cut off from the console. {as_it_is(sim, form.kind)}")
    if last != form.after:
        changes.append(await _meanwhile(connection, caller.organization_id, last))
    if changes:
        raise PageOutOfDate(changes)
    return key


async def _meanwhile(connection: AsyncConnection, organization_id: int, last: int) -> str:
    if (action := await reads.one(connection, organization_id, last)) is None:
        return "The page knew of an earlier action of the kind, and there is none."
    at = f"{action.requested_at:%H:%M}"
    return f"The same was asked for meanwhile, at {at} UTC by {action.requested_by}: {action.state}."


async def asked_again(
    connection: AsyncConnection, organization_id: int, form: ActionForm, sim: SimState
) -> list[tuple[str, str]]:
    """The fields of the same form, of a page that shows the SIM as it is now."""
    last = (await latest(connection, organization_id, sim.iccid)).get(form.kind, 0)
    fresh = structs.replace(form, after=last, seen=seen(sim, form.kind), page="")
    return [(name, str(value)) for name, value in structs.asdict(fresh).items() if value]


def _top_up(form: ActionForm, iccid: str, now: datetime) -> Asked:
    method = PaymentMethod(form.payment_method)
    return requests.top_up(iccid, method, reason=form.reason, repeat=form.repeat == "yes", shown_price=form.price)


def _switch(text: str) -> bool:
    return {"yes": True, "no": False}[text]


def _sms(form: ActionForm, iccid: str, now: datetime) -> Asked:
    return requests.sms(iccid, form.payload.replace("\r\n", "\n"), now, reason=form.reason)


def _reset(form: ActionForm, iccid: str, now: datetime) -> Asked:
    return requests.reset(iccid, reason=form.reason)


def _status(form: ActionForm, iccid: str, now: datetime) -> Asked:
    return requests.status(iccid, enabled=_switch(form.enabled), reason=form.reason)


def _imei_lock(form: ActionForm, iccid: str, now: datetime) -> Asked:
    return requests.imei_lock(iccid, locked=_switch(form.locked), reason=form.reason)


def _label(form: ActionForm, iccid: str, now: datetime) -> Asked:
    return requests.label(iccid, form.label, reason=form.reason)


MADE: Mapping[ActionKind, Callable[[ActionForm, str, datetime], Asked]] = {
    ActionKind.TOP_UP: _top_up,
    ActionKind.SMS: _sms,
    ActionKind.RESET: _reset,
    ActionKind.STATUS: _status,
    ActionKind.IMEI_LOCK: _imei_lock,
    ActionKind.LABEL: _label,
}
COMMANDS: Mapping[str, Any] = {
    ActionKind.TOP_UP: "sim.top_up",
    ActionKind.SMS: "sms.send",
    ActionKind.RESET: "sim.reset",
    ActionKind.STATUS: "sim.enable",
    ActionKind.IMEI_LOCK: "sim.lock",
    ActionKind.LABEL: "sim.label",
    ActionKind.CANCEL_SMS: "sms.cancel",
    ActionKind.TICKET: "ticket.open",
    ActionKind.REPLACE: "sim.replace",
}

"""What a bulk action asks for, checked as the same action for one SIM is: by the same bodies and the same rules."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import need_proof
from console.actions import requests
from console.actions.approving import GOOD_FOR, Decider
from console.actions.bodies import NewImeiLock, NewLabel, NewReset, NewSms, NewStatus, NewTopUp
from console.actions.bulk.rules import PLAN_GOOD_FOR
from console.actions.bulk.selection import Selection
from console.actions.guards import shown
from console.actions.requester import needed
from console.actions.requests import Asked
from console.actions.rules import SPENDING
from console.errors import Invalid, NotAllowed, SimNotFound
from console.facts.actions import ActionKind
from console.facts.bulk_actions import BulkAction, BulkState
from console.organizations.rules import Caller
from console.sims import reads as sim_reads
from console.sms.parts import SmsTooLong, parts_of
from console.sms.variables import filled, variables

BODIES: Mapping[ActionKind, type[Struct]] = {
    ActionKind.TOP_UP: NewTopUp,
    ActionKind.SMS: NewSms,
    ActionKind.RESET: NewReset,
    ActionKind.STATUS: NewStatus,
    ActionKind.IMEI_LOCK: NewImeiLock,
    ActionKind.LABEL: NewLabel,
}
NO_SIM = ""


def template(kind: str, parameters: Mapping[str, Any], reason: str | None, now: datetime) -> Asked:
    """The action that each SIM gets, of no SIM yet. Raises Invalid for what can't be."""
    try:
        body = BODIES[ActionKind(kind)]
    except (ValueError, KeyError) as error:
        raise Invalid(f"action is one of {', '.join(BODIES)}", action=kind[:40]) from error
    if refused := {"reason", "repeat"} & set(parameters):
        raise Invalid(f"{min(refused)} is no parameter of a bulk action", parameter=min(refused))
    try:
        given: Any = msgspec.convert(parameters, body)
    except msgspec.ValidationError as error:
        raise Invalid(f"parameters: {error}") from error
    return _MADE[ActionKind(kind)](given, reason, now)


def may_ask(caller: Caller, kind: ActionKind) -> None:
    """Raises NotAllowed for a caller who may not do this to a single SIM."""
    if not caller.may(permission := needed(kind)):
        raise NotAllowed(f"This needs the permission {permission}")


def may_begin(caller: Caller, kind: ActionKind) -> None:
    """Raises as `may_ask` does, and ProofNeeded for what costs money."""
    may_ask(caller, kind)
    if kind is ActionKind.TOP_UP:
        need_proof(caller, "sim.top_up")


async def for_sim(connection: AsyncConnection, organization_id: int, bulk: BulkAction, iccid: str) -> Asked:
    """The action of one SIM of a bulk action. Raises Invalid where a text has variables that the SIM lacks."""
    parameters = dict(bulk.parameters)
    if parameters.pop("fill", False):
        sim = await sim_reads.one(connection, organization_id, iccid)
        if sim is None:
            raise SimNotFound(iccid)
        text = parameters["payload"]
        try:
            parts_of(filled(text, sim))
        except SmsTooLong as error:
            raise Invalid(str(error)) from error
        parameters |= {"payload": filled(text, sim), "template": text}
    kind = ActionKind(bulk.kind)
    price = shown(bulk.price_minor, bulk.currency) if kind in SPENDING else None  # of the plan, which was approved
    return Asked(
        kind=kind,
        iccid=iccid,
        parameters=parameters,
        reason=bulk.reason,
        bulk_action_id=bulk.id,
        shown_price=price,
    )


def planned(caller: Caller, asked: Asked, selection: Selection, now: datetime) -> dict[str, Any]:
    """The columns of a bulk action that is planned."""
    return {
        "organization_id": caller.organization_id,
        "kind": asked.kind.value,
        "state": BulkState.PLANNED.value,
        "parameters": asked.parameters,
        "selection": selection.text,
        "reason": asked.reason,
        "caller": caller.handle,
        "requested_by": caller.name,
        "requested_at": now,
        "changed_at": now,
        "expires_at": now + PLAN_GOOD_FOR,
    }


def asked_approval(caller: Caller, decider: Decider, why: str, reason: str | None, now: datetime) -> dict[str, Any]:
    """The columns of an approval that is asked for."""
    return {
        "organization_id": caller.organization_id,
        "why": why,
        "reason": reason,
        "caller": decider.handle,
        "person": decider.person,
        "requested_by": caller.name,
        "requested_at": now,
        "expires_at": now + GOOD_FOR,
    }


def _sms(given: NewSms, reason: str | None, now: datetime) -> Asked:
    address, expires_at = given.source_address, given.expires_at
    asked = requests.sms(NO_SIM, given.payload, now, source_address=address, expires_at=expires_at, reason=reason)
    fill = {"fill": True} if given.fill and variables(given.payload) else {}
    return structs.replace(asked, parameters=asked.parameters | fill)


def _top_up(given: NewTopUp, reason: str | None, now: datetime) -> Asked:
    return requests.top_up(NO_SIM, given.payment_method, reason=reason)


def _reset(given: NewReset, reason: str | None, now: datetime) -> Asked:
    return requests.reset(NO_SIM, reason=reason)


def _status(given: NewStatus, reason: str | None, now: datetime) -> Asked:
    return requests.status(NO_SIM, enabled=given.enabled, reason=reason)


def _imei_lock(given: NewImeiLock, reason: str | None, now: datetime) -> Asked:
    return requests.imei_lock(NO_SIM, locked=given.locked, reason=reason)


def _label(given: NewLabel, reason: str | None, now: datetime) -> Asked:
    return requests.label(NO_SIM, given.label, reason=reason)


_MADE: Mapping[ActionKind, Callable[[Any, str | None, datetime], Asked]] = {
    ActionKind.TOP_UP: _top_up,
    ActionKind.SMS: _sms,
    ActionKind.RESET: _reset,
    ActionKind.STATUS: _status,
    ActionKind.IMEI_LOCK: _imei_lock,
    ActionKind.LABEL: _label,
}

"""An action as the command of curl that asks for the same by the API: to be copied into a script or a ticket."""

from collections.abc import Mapping
from shlex import quote
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.bulk.reads import results
from console.facts.actions import Action, ActionKind, ActionState
from console.facts.bulk_actions import BulkAction
from console.organizations.rules import Caller, Permission

K = ActionKind
PATHS: Mapping[str, str] = {
    K.TOP_UP: "topup",
    K.SMS: "sms",
    K.RESET: "reset",
    K.STATUS: "status",
    K.IMEI_LOCK: "imei-lock",
    K.LABEL: "label",
    K.REPLACE: "replace",
}
NO_PARAMETERS = frozenset({"label", "template"})  # of a replacement, and of a text: they were filled in
OF_A_RULE = "only_below_bytes"  # of an automatic top-up
MOST_SIMS = 100
CHOSEN = frozenset({"not_started", *ActionState})  # of a bulk action, the SIMs that were not left out


def of_action(caller: Caller, action: Action, origin: str) -> str | None:
    """The command; None for who may not act. It has a new idempotency key: what is sent twice by it is done once."""
    if not _may(caller):
        return None
    given = action.parameters
    if action.kind == K.CANCEL_SMS:
        return _command(origin, "DELETE", f"/sims/{action.iccid}/sms/{given['sms_id']}", None)
    reason = {"reason": action.reason} if action.reason else {}
    if action.kind == K.TICKET:
        facts = {"facts": "facts" in given, "mask": "ICCID: …" in given.get("facts", "")}
        body = {"iccid": action.iccid, **{name: given[name] for name in ("subject", "text", "reply_to")}, **facts}
        return _command(origin, "POST", "/tickets", body | reason)
    return _command(origin, "POST", f"/sims/{action.iccid}/{PATHS[action.kind]}", parameters(given) | reason)


async def of_bulk_action(connection: AsyncConnection, caller: Caller, bulk: BulkAction, origin: str) -> str | None:
    """The command that plans the same for the SIMs that it is for; None for more than a hundred."""
    if not _may(caller) or bulk.counts.sims > MOST_SIMS:
        return None
    found, _ = await results(connection, caller.organization_id, bulk.id, wanted=CHOSEN, limit=MOST_SIMS)
    reason = {"reason": bulk.reason} if bulk.reason else {}
    body = {"action": bulk.kind, "parameters": parameters(bulk.parameters), "iccids": [one.iccid for one in found]}
    return _command(origin, "POST", "/sims/bulk", body | {"stop_percent": bulk.stop_percent} | reason)


def parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the body of a request has them: a filled text as its template."""
    if "template" in given:
        return {"payload": given["template"], "fill": True}
    filled = NO_PARAMETERS if "by" in given else frozenset()
    return {name: value for name, value in given.items() if name not in filled and name != OF_A_RULE}


def _may(caller: Caller) -> bool:
    return caller.may(Permission.SIMS_ACT) and caller.sees_identifiers


def _command(origin: str, method: str, path: str, body: Mapping[str, Any] | None) -> str:
    lines = [f"curl -X {method} {quote(origin + '/api/v1' + path)}", '-H "X-API-Key: $CONSOLE_KEY"']
    lines.append(f"-H 'Idempotency-Key: {uuid4()}'")
    if body is not None:
        lines += ["-H 'Content-Type: application/json'", f"--data-raw {quote(msgspec.json.encode(body).decode())}"]
    return " \\\n  ".join(lines)

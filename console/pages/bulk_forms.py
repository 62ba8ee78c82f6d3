"""The form of a bulk action: which SIMs, which action, and what it needs to know."""

import asyncio
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.bulk.selection import Selection, identifiers_in, of_filter, of_identifiers
from console.actions.explanations import PAYMENT_NAMES
from console.errors import Invalid
from console.facts.actions import ActionKind

LONGEST_FILTER = 20_000  # characters
# What can be chosen: the action with its parameters that are not typed, and its words.
CHOICES: dict[str, tuple[ActionKind, dict[str, Any], str]] = {
    "reset": (ActionKind.RESET, {}, "Reset the connection"),
    "enable": (ActionKind.STATUS, {"enabled": True}, "Enable"),
    "disable": (ActionKind.STATUS, {"enabled": False}, "Disable"),
    "lock": (ActionKind.IMEI_LOCK, {"locked": True}, "Lock to the IMEI"),
    "unlock": (ActionKind.IMEI_LOCK, {"locked": False}, "Unlock the IMEI"),
    "label": (ActionKind.LABEL, {}, "Label"),
    "sms": (ActionKind.SMS, {}, "Send an SMS"),
    "topup": (ActionKind.TOP_UP, {}, "Top up, for money"),
}


class BulkForm(Struct, frozen=True):
    """`token` is minted with the form: a double click makes one plan. `filter`: a query of the list of SIMs."""

    token: str = ""
    choice: str = ""
    identifiers: str = ""
    filter: str = ""
    by: str = ""  # "filter" or "identifiers"
    payment_method: str = ""
    payload: str = ""
    fill: str = ""
    label: str = ""
    reason: str = ""


class TypedForm(Struct, frozen=True):
    """How many SIMs there are, typed by whoever lets it begin."""

    typed: str = ""


def chosen(form: BulkForm) -> tuple[ActionKind, dict[str, Any]]:
    """The action and its parameters. Raises Invalid for none of those that are offered."""
    if form.choice not in CHOICES:
        raise Invalid("Choose what the SIMs get")
    kind, parameters, _ = CHOICES[form.choice]
    typed: dict[ActionKind, dict[str, Any]] = {
        ActionKind.LABEL: {"label": form.label},
        ActionKind.SMS: {"payload": form.payload.replace("\r\n", "\n"), "fill": form.fill == "yes"},
        ActionKind.TOP_UP: {"payment_method": form.payment_method},
    }
    return kind, parameters | typed.get(kind, {})


async def selected(connection: AsyncConnection, organization_id: int, form: BulkForm) -> Selection:
    """The SIMs that are asked for. Raises Invalid."""
    if form.by == "filter":
        if len(form.filter) > LONGEST_FILTER:
            raise Invalid("This filter is too long")
        return of_filter(parse_qsl(form.filter))
    identifiers = await asyncio.to_thread(identifiers_in, form.identifiers)
    if not identifiers:
        raise Invalid("Paste the identifiers of SIMs: ICCID, IMSI, MSISDN or IMEI")
    return await of_identifiers(connection, organization_id, identifiers)


def offered(payment_names: dict[str, str] = PAYMENT_NAMES) -> dict[str, Any]:
    """What the form offers."""
    return {"choices": {name: text for name, (_, _, text) in CHOICES.items()}, "payment_methods": payment_names}

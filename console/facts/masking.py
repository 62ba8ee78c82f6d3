"""IMSI and MSISDN as those see them who may not read them: the last four digits.

Who may is one permission (`Caller.sees_identifiers`), asked for pages, API and sockets alike.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from msgspec import Struct, structs

from console.facts.actions import Action, ActionChanged
from console.facts.alerts import Alert, AlertChanged
from console.facts.approvals import Approval, ApprovalChanged
from console.facts.bulk_actions import BulkAction, BulkActionChanged
from console.facts.silences import SilenceChanged
from console.facts.sims import SimChanged
from console.facts.sms import Sms, SmsChanged

MASKED = ("imsi", "msisdn")  # fields of a SIM
NOTED = ("note", "custom_fields")  # that people fill; its label and tags name it, and are shown as they are
MASKED_KINDS = frozenset(
    {
        "bulk_action.changed",
        "sim.changed",
        "action.changed",
        "approval.changed",
        "sms.changed",
        "alert.changed",
        "silence.changed",
    }
)  # others name neither: network events are masked when stored
PROSE = MASKED_KINDS - {"sim.changed", "sms.changed"}  # name them in what people wrote alone, on any page
HIDDEN = "…"  # what stands for the others
LEFT_OPEN = 4
WRITTEN = re.compile(r"\b(IMSI|MSISDN): (\d+)")  # as the facts of a ticket name them
# As anybody may write one: 11 to 15 digits (E.164, 6.1; E.212, 2.2), but for an IMEI that is named so and for
# milliseconds since 1970, which no country code begins like.
NUMBER = re.compile(r"(?<!\d)(?<!IMEI: )(?!1\d{12}(?!\d))\d{11,15}(?!\d)")
LONG = re.compile(r"\d{11}")  # without such a run there is no NUMBER, and it is found five times sooner
# The same in a binary message, whose bytes are written as hex: ASCII digits, the last four of which stay.
BYTES = re.compile(r"(?<!3\d)(?:3\d){7,11}((?:3\d){4})(?!3\d)")
CUT = re.compile(r"^\d{3,}|\d{3,}$")  # where a part of a long message may have begun or ended within one
BINARY = 4  # of dcs
LONGEST_SHORT = 6  # digits of an address that is a service's own number
Fact = TypeVar("Fact")
Sim = TypeVar("Sim", bound=Struct)


_hidden: ContextVar[bool] = ContextVar("identifiers_hidden", default=False)


def hide(*, hidden: bool) -> None:
    """From here on, within this request, it is drawn for somebody from whom both are hidden, or for who may read."""
    _hidden.set(hidden)


@contextmanager
def hiding(*, hidden: bool) -> Iterator[None]:
    """What is drawn inside is for those from whom both are hidden, or for those who may read them."""
    token = _hidden.set(hidden)
    try:
        yield
    finally:
        _hidden.reset(token)


def written(text: str) -> str:
    """A text that somebody wrote, as whoever it is drawn for may read it."""
    return masked_text(text) if _hidden.get() else text


def masked(text: str) -> str:
    """All but the last four characters hidden."""
    return HIDDEN + text[-LEFT_OPEN:]


def masked_sim(sim: Sim) -> Sim:
    """The SIM, or what has some fields of one, with both masked, also in its note and custom fields."""
    found = {name: masked(value) for name in MASKED if (value := getattr(sim, name, None))}
    found |= {name: _masked_value(value) for name in NOTED if (value := getattr(sim, name, None))}
    return structs.replace(sim, **found) if found else sim


def masked_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A SIM by the names of its fields, or some of them, with both masked."""
    return {**row, **{name: masked(row[name]) for name in MASKED if row.get(name)}} | {
        name: _masked_value(row[name]) for name in NOTED if row.get(name)
    }


def masked_notes(sim: Sim) -> Sim:
    """The SIM, or what has some fields of one, with both masked in what people wrote about it."""
    found = {name: _masked_value(value) for name in NOTED if (value := getattr(sim, name, None))}
    return structs.replace(sim, **found) if found else sim


def masked_text(text: str) -> str:
    """A text with all masked that is or could be one of both: a text does not say which of its numbers is what."""
    if "IMSI: " in text or "MSISDN: " in text:
        text = WRITTEN.sub(lambda found: f"{found[1]}: {masked(found[2])}", text)
    return NUMBER.sub(lambda found: masked(found[0]), text) if LONG.search(text) else text


def masked_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name, however deep, with both masked in all texts."""
    return {name: _masked_value(value) for name, value in values.items()}


def _masked_value(value: Any) -> Any:
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return masked_values(value)
    return [_masked_value(one) for one in value] if isinstance(value, list) else value


def masked_action(action: Action) -> Action:
    """The action with both masked in its texts, and of a filled message with its template."""
    given = action.parameters
    texts = {"payload": str(given["template"])} if "template" in given else {}
    said = {
        name: _masked_value(getattr(action, name)) for name in ("reason", "message", "explanation", "request", "answer")
    }
    steps = [structs.replace(step, message=_masked_value(step.message)) for step in action.steps]
    return structs.replace(action, parameters=masked_values(given) | texts, steps=steps, **said)


def masked_bulk_action(bulk: BulkAction) -> BulkAction:
    """The bulk action with both masked in what was asked for and why; its selection names neither."""
    said = {name: _masked_value(getattr(bulk, name)) for name in ("reason", "message", "explanation")}
    return structs.replace(bulk, parameters=masked_values(bulk.parameters), **said)


def masked_approval(approval: Approval) -> Approval:
    """The approval with both masked in what was asked for, and in what people said of it."""
    said = {name: _masked_value(getattr(approval, name)) for name in ("reason", "decision_reason")}
    return structs.replace(approval, parameters=masked_values(approval.parameters), **said)


def masked_alert(alert: Alert) -> Alert:
    """The alert with both masked in what people noted."""
    return structs.replace(alert, note=_masked_value(alert.note), ticket=_masked_value(alert.ticket))


def masked_sms(message: Sms) -> Sms:
    """The message with both masked in its text and its addresses; of a part also what the next may complete."""
    source, dest = map(_masked_address, (message.source_address, message.dest_address))
    return structs.replace(message, payload=_masked_payload(message), source_address=source, dest_address=dest)


def _masked_address(address: str | None) -> str | None:
    number = (address or "").lstrip("+")
    return masked(number) if number.isdigit() and len(number) > LONGEST_SHORT else address


def _masked_payload(message: Sms) -> str | None:
    if message.payload is None:
        return None
    if message.dcs == BINARY:
        return BYTES.sub(lambda found: f"…{found[1]}", message.payload)
    text = masked_text(message.payload)
    return CUT.sub("…", text) if message.parts and message.parts > 1 else text


def masked_fact(fact: Fact) -> Fact:
    """The fact with both masked; the very same fact where it names neither."""
    if isinstance(fact, SimChanged):
        return structs.replace(fact, data=masked_sim(fact.data))
    if isinstance(fact, ActionChanged):
        return structs.replace(fact, data=masked_action(fact.data))
    if isinstance(fact, BulkActionChanged):
        return structs.replace(fact, data=masked_bulk_action(fact.data))
    if isinstance(fact, ApprovalChanged):
        return structs.replace(fact, data=masked_approval(fact.data))
    if isinstance(fact, AlertChanged):
        return structs.replace(fact, data=masked_alert(fact.data))
    if isinstance(fact, SilenceChanged):
        return structs.replace(fact, data=structs.replace(fact.data, text=masked_text(fact.data.text)))
    if isinstance(fact, SmsChanged):
        return structs.replace(fact, data=masked_sms(fact.data))
    return fact

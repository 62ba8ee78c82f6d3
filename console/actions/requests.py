"""What can be asked for, checked before an action is made of it: a refused request uses no idempotency key up."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct, structs

from console.actions.tickets import facts_text
from console.errors import BadRequest, Invalid
from console.facts.actions import ActionKind
from console.facts.sims import SimState
from console.sms.parts import SmsTooLong, parts_of
from console.unicode_text import is_visible

KEY = re.compile(r"[!-~]{1,255}")
SMS_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
LONGEST_REASON, LONGEST_LABEL, LONGEST_SUBJECT, LONGEST_TEXT = 500, 255, 200, 5000
MAIL_ADDRESS = re.compile(r"[^@\s<>,;]{1,64}@[A-Za-z0-9.-]{1,130}\.[A-Za-z]{2,}")
LONGEST_SMS_LIFE = timedelta(days=7)
SOURCE_ADDRESS = re.compile(r"\d{1,15}|[A-Za-z0-9 ]{1,11}")


class PaymentMethod(StrEnum):
    """How a top-up is paid. An account may use only some of them."""

    CREDIT_CARD = "creditcard"
    BANK_TRANSFER = "banktransfer"
    MONTHLY_INVOICE = "monthlyinvoice"
    BOLETO = "boleto"


class Asked(Struct, frozen=True, kw_only=True):
    """An action that is asked for.

    `repeat`: the caller knows of a top-up within the cool-down, and wants another. `shown_price`: what the form said.
    `bulk_action_id`: the bulk action that asks for it.
    """

    kind: ActionKind
    iccid: str
    parameters: dict[str, Any]
    reason: str | None = None
    repeat: bool = False
    bulk_action_id: int | None = None
    approval_until: datetime | None = None  # it waits so long for a second person's approval
    shown_price: str | None = None


def checked_key(key: str | None) -> str:
    """The idempotency key; BadRequest without a proper one."""
    if key is None or not KEY.fullmatch(key):
        raise BadRequest("Send an Idempotency-Key of 1 to 255 visible ASCII characters: repeats of it act once")
    return key


def top_up(
    iccid: str,
    payment_method: PaymentMethod,
    *,
    reason: str | None = None,
    repeat: bool = False,
    shown_price: str | None = None,
    only_below_bytes: int | None = None,
) -> Asked:
    """One more pack of data and messages, for money. `only_below_bytes`: if less is left when it is sent."""
    parameters: dict[str, Any] = {"payment_method": payment_method.value}
    parameters |= {} if only_below_bytes is None else {"only_below_bytes": only_below_bytes}
    found = _asked(ActionKind.TOP_UP, iccid, parameters, reason, repeat=repeat)
    return structs.replace(found, shown_price=shown_price)


def sms(
    iccid: str,
    payload: str,
    now: datetime,
    *,
    source_address: str | None = None,
    expires_at: datetime | None = None,
    reason: str | None = None,
    template: str | None = None,
) -> Asked:
    """A message to the device. Raises Invalid for one that is empty or too long, or that expires wrongly.

    `template`: the text with variables that the payload was made of.
    """
    try:
        parts_of(payload)
    except SmsTooLong as error:
        raise Invalid(str(error)) from error
    parameters: dict[str, Any] = {"payload": payload} | ({} if template is None else {"template": template})
    if source_address:
        if not SOURCE_ADDRESS.fullmatch(source_address):
            raise Invalid("source_address is a number of at most 15 digits, or at most 11 letters and digits")
        parameters["source_address"] = source_address
    if expires_at is not None:
        if expires_at.tzinfo is None or not now < expires_at <= now + LONGEST_SMS_LIFE:
            raise Invalid("expires_at lies ahead, by seven days at most, and has a zone")
        parameters["expires_at"] = expires_at.isoformat()
    return _asked(ActionKind.SMS, iccid, parameters, reason)


def cancel_sms(iccid: str, sms_id: str) -> Asked:
    """Withdraw a message that is pending. Raises Invalid for what can't be the id of one."""
    if not SMS_ID.fullmatch(sms_id):
        raise Invalid("This can't be the id of a message", sms_id=sms_id[:64])
    return _asked(ActionKind.CANCEL_SMS, iccid, {"sms_id": sms_id}, None)


def reset(iccid: str, *, reason: str | None = None) -> Asked:
    """Cut the connection, so that the device connects anew."""
    return _asked(ActionKind.RESET, iccid, {}, reason)


def status(iccid: str, *, enabled: bool, reason: str | None = None) -> Asked:
    """Enable or disable the SIM."""
    return _asked(ActionKind.STATUS, iccid, {"enabled": enabled}, reason)


def imei_lock(iccid: str, *, locked: bool, reason: str | None = None) -> Asked:
    """Lock the SIM to the device that it is in, or unlock it."""
    return _asked(ActionKind.IMEI_LOCK, iccid, {"locked": locked}, reason)


def label(iccid: str, text: str, *, reason: str | None = None) -> Asked:
    """Name the SIM at 1NCE; an empty text removes the label."""
    plain = _plain(text, "label", LONGEST_LABEL)
    return _asked(ActionKind.LABEL, iccid, {"label": plain}, reason)


def replace(sim: SimState, by: str, *, overwrite: bool = False, reason: str | None = None) -> Asked:
    """Let the SIM `by` (19 digits) take this one's place; this one is disabled."""
    return _asked(ActionKind.REPLACE, sim.iccid, {"by": by, "overwrite": overwrite, "label": sim.label or ""}, reason)


def ticket(
    sim: SimState, subject: str, text: str, reply_to: str, *, facts: bool, mask: bool, reason: str | None = None
) -> Asked:
    """A question to 1NCE's support about the SIM. Raises Invalid for an empty one, and for what is no mail address."""
    about, asked = _plain(subject, "subject", LONGEST_SUBJECT), text.strip()
    if not about or not 0 < len(asked) <= LONGEST_TEXT or "\0" in asked:
        raise Invalid(f"A ticket has a subject, and a text of at most {LONGEST_TEXT} characters")
    if not MAIL_ADDRESS.fullmatch(reply_to.strip()):
        raise Invalid("reply_to is a mail address: 1NCE answers to it")
    parameters = {"subject": about, "text": asked, "reply_to": reply_to.strip()}
    if facts:
        parameters["facts"] = facts_text(sim, mask=mask)
    return _asked(ActionKind.TICKET, sim.iccid, parameters, reason)


def repeats(asked: Asked, kind: str, iccid: str, parameters: dict[str, Any], reason: str | None) -> bool:
    """Whether this is asked for once more. What was filled in does not count: a text by its template, a SIM's label."""

    def wanted(some: dict[str, Any]) -> dict[str, Any]:
        filled = {"payload"} if "template" in some else {"label"} if "by" in some else set()
        return {name: one for name, one in some.items() if name not in filled}

    same = (kind, iccid, reason) == (asked.kind.value, asked.iccid, asked.reason)
    return same and wanted(parameters) == wanted(asked.parameters)


def _asked(
    kind: ActionKind, iccid: str, parameters: dict[str, Any], reason: str | None, *, repeat: bool = False
) -> Asked:
    text = _plain(reason, "reason", LONGEST_REASON) if reason else None
    return Asked(kind=kind, iccid=iccid, parameters=parameters, reason=text or None, repeat=repeat)


def _plain(text: str, name: str, longest: int) -> str:
    """On one line and without blanks around it."""
    found = " ".join(text.split())
    if len(found) > longest or not is_visible(found):
        raise Invalid(f"{name} has at most {longest} printable characters")
    return found

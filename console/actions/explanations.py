"""The state of an action in one sentence: why it is not confirmed yet, or what has become of it."""

from typing import Any

from console.facts.actions import ActionKind, ActionState
from console.facts.masking import masked_text

SLOW_PAYMENTS = frozenset({"banktransfer", "boleto"})

NAMES = {
    ActionKind.TOP_UP: "Top-up",
    ActionKind.SMS: "SMS",
    ActionKind.CANCEL_SMS: "Cancel SMS",
    ActionKind.RESET: "Connectivity reset",
    ActionKind.STATUS: "SIM status",
    ActionKind.IMEI_LOCK: "IMEI lock",
    ActionKind.LABEL: "Label",
    ActionKind.TICKET: "Ticket",
    ActionKind.REPLACE: "Replacement",
}

_PLAIN = {
    ActionState.AWAITING_APPROVAL: "It waits for a second person's approval.",
    ActionState.HELD: "It can still be undone, and is sent after that.",
    ActionState.QUEUED: "It waits for a worker to send it to 1NCE.",
    ActionState.SENDING: "A worker is sending it to 1NCE.",
    ActionState.REJECTED: "Its approval was rejected.",
    ActionState.REFUSED: "1NCE refused it: nothing was done.",
    ActionState.CANCELLED: "It was cancelled before it was sent.",
    ActionState.EXPIRED: "1NCE could not be asked in time: nothing was sent.",
    ActionState.FAILED: "It has not been done.",
}

# Where a person has caused the state, and not evidence or 1NCE.
BY_PEOPLE = {
    ActionState.REFUSED: "It was refused before anything was sent.",
    ActionState.CONFIRMED: "{by} has ended it.",
    ActionState.FAILED: "{by} has ended it.",
}

_LOST = {
    ActionKind.TOP_UP: "its order and the rise of the data quota are",
    ActionKind.SMS: "the message in 1NCE's list is",
    ActionKind.CANCEL_SMS: "the message in 1NCE's list is",
    ActionKind.RESET: "the network events of the reset are",
    ActionKind.TICKET: "the ticket in 1NCE's list is",
    ActionKind.REPLACE: "the settings of both SIMs are",
}

_ACCEPTED = {
    ActionKind.SMS: "1NCE has the message; it is not delivered yet.",
    ActionKind.CANCEL_SMS: "1NCE has cancelled the message; the list has not shown it yet.",
    ActionKind.RESET: "1NCE has queued the reset; the network has not reported it yet.",
    ActionKind.TICKET: "1NCE has taken the ticket; its list has not shown it yet.",
    ActionKind.REPLACE: "1NCE has taken it; the label and status of both SIMs have not been seen yet.",
}

_CONFIRMED = {
    ActionKind.TOP_UP: "The data quota has risen.",
    ActionKind.SMS: "The message was delivered.",
    ActionKind.CANCEL_SMS: "The message is no longer pending.",
    ActionKind.RESET: "The network has reported the reset.",
    ActionKind.TICKET: "1NCE lists the ticket.",
    ActionKind.REPLACE: "1NCE shows the SIM disabled; the other SIM has its place.",
}


def explanation(
    kind: ActionKind, state: ActionState, parameters: dict[str, Any], message: str | None, by: str | None = None
) -> str:
    """The sentence, with what 1NCE said or what was found (`message`) behind it. `by`: who has caused the state."""
    if by is not None and state in BY_PEOPLE:
        text = BY_PEOPLE[state].format(by=by)
    elif state is ActionState.UNKNOWN:
        sought = _LOST.get(kind, "the SIM's setting is")
        text = f"No clear answer came from 1NCE: it may have been done. It is not sent again; {sought} looked for."
    elif state is ActionState.CONFIRMED:
        text = _CONFIRMED.get(kind, "1NCE shows the new setting.")
    elif state is ActionState.ACCEPTED:
        text = _accepted(kind, parameters)
    else:
        text = _PLAIN[state]
    return f"{text} {message}" if message else text


def _accepted(kind: ActionKind, parameters: dict[str, Any]) -> str:
    if kind is not ActionKind.TOP_UP:
        return _ACCEPTED.get(kind, "1NCE has taken it; the new setting has not been seen yet.")
    if parameters.get("payment_method") in SLOW_PAYMENTS:
        return "1NCE has taken the order; the volume comes when 1NCE has the money, which can take days."
    return "1NCE has taken the order; the data quota has not risen yet."


def summary(kind: ActionKind, parameters: dict[str, Any]) -> str:
    """What is asked for, in a few words: `Disable the SIM`. Numbers in it are masked: rows are drawn for everybody."""
    if kind is ActionKind.TOP_UP:
        return f"Top-up by {PAYMENT_NAMES.get(str(parameters.get('payment_method')), 'an unknown method')}"
    if kind is ActionKind.STATUS:
        return "Enable the SIM" if parameters.get("enabled") else "Disable the SIM"
    if kind is ActionKind.IMEI_LOCK:
        return "Lock the SIM to its IMEI" if parameters.get("locked") else "Unlock the IMEI"
    if kind is ActionKind.LABEL:
        return f"Label: {masked_text(str(parameters.get('label') or 'none'))}"
    if kind is ActionKind.SMS:
        return f"SMS: {masked_text(str(parameters.get('payload', '')))}"
    if kind is ActionKind.TICKET:
        return f"Ticket: {masked_text(str(parameters.get('subject', '')))}"
    if kind is ActionKind.REPLACE:
        return f"Replace the SIM by {parameters.get('by')}"
    return NAMES[kind]


PAYMENT_NAMES = {
    "creditcard": "credit card",
    "banktransfer": "bank transfer",
    "monthlyinvoice": "monthly invoice",
    "boleto": "boleto",
}

"""What a page showed of a SIM when it offered an action, and what has changed of that since. No database.

A form carries it along, and a live page keeps it at what it shows. So a page that has missed a change, because it is
old, paused or cut off, is found out when its form is sent.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from console.facts.actions import ActionKind
from console.facts.sims import SimState

K = ActionKind
# Of each action, what of the SIM a person decides by.
MATTERS: Mapping[ActionKind, tuple[str, ...]] = {
    K.TOP_UP: ("status", "data_quota", "data_total_bytes"),
    K.SMS: ("status", "imei"),
    K.RESET: ("status", "connection"),
    K.STATUS: ("status",),
    K.IMEI_LOCK: ("imei", "imei_lock"),
    K.LABEL: ("label",),
    K.REPLACE: ("label", "status"),
}
NAMES = {
    "status": "SIM status",
    "data_quota": "data quota",
    "data_total_bytes": "data after the last top-up",
    "imei": "IMEI",
    "imei_lock": "IMEI lock",
    "connection": "connection",
    "label": "label",
}
UNSAID = "The form did not say what its page showed of the SIM."
NOT_LIVE = frozenset({"stale", "catching"})  # what a page says of itself: its badge


def seen(sim: SimState, kind: str) -> str:
    """What a form of this action carries: the values that matter, as JSON."""
    return msgspec.json.encode({name: getattr(sim, name) for name in _matters(kind)}).decode()


def differences(shown: str, sim: SimState, kind: str) -> list[str]:
    """A sentence for each value that is another one than the form's page showed, and one if it did not say all."""
    try:
        known = msgspec.json.decode(shown, type=dict[str, Any]) if shown else {}
    except (msgspec.DecodeError, RecursionError):
        return ["What the page showed can't be read."]
    unsaid = [f"{UNSAID} {as_it_is(sim, kind)}"] if _matters(kind) and not known.keys() >= set(_matters(kind)) else []
    return unsaid + [
        f"The {NAMES[name]} is {_word(name, getattr(sim, name))} now; the page showed {_word(name, known[name])}."
        for name in _matters(kind)
        if name in known and known[name] != getattr(sim, name)
    ]


def as_it_is(sim: SimState, kind: str) -> str:
    """What matters of the SIM, as it is now."""
    values = [f"{NAMES[name]} {_word(name, getattr(sim, name))}" for name in _matters(kind)]
    return f"As it is now: {', '.join(values)}." if values else ""


def _matters(kind: str) -> tuple[str, ...]:
    return MATTERS.get(ActionKind(kind), ()) if kind in set(ActionKind) else ()


def _word(name: str, value: Any) -> str:
    if value is None or value == "":
        return "not known" if name != "label" else "empty"
    if name == "imei_lock":
        return "on" if value is True else "off"
    return f"{value:,} bytes" if isinstance(value, int) else str(value)[:80]

"""The form of a JSON body without what is in it: keys and kinds stay, every value is hidden.

1NCE's own short words stay where only 1NCE writes them, such as the description of a status: their meaning is what is
asked for. Nothing that a customer, a device or a network can put in is ever kept.
"""

import re
from typing import Any

KINDS = (
    ("iccid", re.compile(r"89\d{17,18}")),
    ("time", re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")),
    ("number in a text", re.compile(r"-?\d+(\.\d+)?")),
    ("ip address", re.compile(r"\d{1,3}(\.\d{1,3}){3}")),
    ("address of a page", re.compile(r"https?://.*")),
    ("word", re.compile(r"[A-Za-z_]{1,24}")),
    ("empty text", re.compile(r"")),
)
WORD_LISTS = frozenset({
    "status", "quota_status", "quota_status_SMS", "data_traffic_limit_state", "sms_type", "source_address_type",
    "event_type", "event_severity", "event_source", "traffic_type", "rat_type",
})  # fmt: skip
WORDS = frozenset({"status", "order_type", "order_status", "error_token", "errorCode", "direction", "service"})
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ %./+-]{0,39}")
KEY = re.compile(r"[A-Za-z_][A-Za-z_-]*\d{0,2}[A-Za-z_-]*")
ITEMS = 3  # forms of a list's items that are kept: the others are of the same kind, or say nothing new


def shape(value: Any) -> Any:
    """The same with every value replaced by its kind: {"iccid": "8988…"} becomes {"iccid": "iccid"}."""
    return _shape(value, "", "")


def _shape(value: Any, key: str, above: str) -> Any:
    """`key` is the name of the value, `above` the name of what holds it."""
    if isinstance(value, dict):
        return {_name(str(name)): _shape(item, str(name), key) for name, item in value.items()}
    if isinstance(value, list):
        shapes: list[Any] = []
        for item in value:
            if len(shapes) < ITEMS and (found := _shape(item, key, above)) not in shapes:
                shapes.append(found)
        return shapes
    if isinstance(value, str):
        if (key in WORDS or (key == "description" and above in WORD_LISTS)) and PLAIN.fullmatch(value):
            return f"“{re.sub('[0-9]', '0', value)}”"
        return next((name for name, pattern in KINDS if pattern.fullmatch(value)), "text")
    if value is None:
        return None
    return "true or false" if isinstance(value, bool) else "number"


def _name(key: str) -> str:
    """A key, unless it holds a value itself, as that of a SIM would in an object of SIMs."""
    return key if KEY.fullmatch(key) and len(key) <= 40 else "(a key)"

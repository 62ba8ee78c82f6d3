"""Which network events are asked for, and which of a list say the same."""

from collections.abc import Iterable, Sequence
from hashlib import blake2s

from msgspec import Struct

from console.facts.network import NetworkEvent
from console.iccid import InvalidIccid, parse
from console.unicode_text import lower

FIELDS = {  # parameters of an address, and the field of an event that each asks about
    "severity": "severity",
    "type": "name",
    "operator": "operator",
    "country": "country",
    "cause": "cause",
    "sim": "iccid",
}
SEVERITIES = ("info", "warn", "error", "critical")
UNKNOWN = "unknown"  # asks for what 1NCE has not said
SAME = ("severity", "name", "operator", "country", "cause")
MOST_VALUES, LONGEST_VALUE = 20, 200
MOST_WORDS, LONGEST_SEARCH = 8, 200


class EventFilter(Struct, frozen=True, kw_only=True):
    """Of each field one of these values, in any case; every word somewhere in the event. Empty means all."""

    values: dict[str, tuple[str, ...]] = {}  # by parameter
    words: tuple[str, ...] = ()  # lower case

    @property
    def compared(self) -> dict[str, tuple[str, ...]]:
        """The values in lower case, as an event's are compared with them."""
        return {name: tuple(map(lower, values)) for name, values in self.values.items()}

    @property
    def active(self) -> bool:
        """Whether anything is left out."""
        return bool(self.values or self.words)


def read_filter(items: Iterable[tuple[str, str]], q: str) -> EventFilter:
    """What an address asks for. Values beyond the bounds are left out; `faults` names them."""
    values: dict[str, tuple[str, ...]] = {}
    for name, given in items:
        known = values.get(name, ())
        value = _written(name, given)
        if name in FIELDS and _can_be(given) and value not in known and len(known) < MOST_VALUES:
            values[name] = (*known, value)
    return EventFilter(values=values, words=tuple(q.replace("\0", "").lower().split())[:MOST_WORDS])


def faults(items: Sequence[tuple[str, str]], q: str) -> list[str]:
    """A sentence for each part of an address that `read_filter` left out."""
    found = []
    for field in FIELDS:
        given = [value for name, value in items if name == field and value]
        if len(dict.fromkeys(given)) > MOST_VALUES:
            found.append(f"“{field}” has more than {MOST_VALUES} values: the others were left out.")
        if not all(map(_can_be, given)):
            found.append(f"A value of “{field}” can't be: it was left out.")
    if len(q.split()) > MOST_WORDS:
        found.append(f"The search has more than {MOST_WORDS} words: the others were left out.")
    return found


def _can_be(value: str) -> bool:
    return 0 < len(value) <= LONGEST_VALUE and "\0" not in value


def _written(name: str, value: str) -> str:
    if name != "sim":
        return value
    try:
        return parse(value)
    except InvalidIccid:
        return value  # no event has it


class Line(Struct, frozen=True, kw_only=True):
    """An event of a list, and how many of the list say the same, where it is the latest of them."""

    event: NetworkEvent
    number: int = 1
    sims: int = 1
    folded: bool = False  # a later one that says the same stands for it


def same(event: NetworkEvent) -> str:
    """Equal for events that say the same of whatever SIM."""
    said = "\0".join(str(getattr(event, name)) for name in SAME)
    return blake2s(said.encode(), digest_size=6).hexdigest()


def folded(events: Sequence[NetworkEvent]) -> list[Line]:
    """The same events in their order; of those that say the same, all but the first are folded."""
    alike: dict[str, list[NetworkEvent]] = {}
    for event in events:
        alike.setdefault(same(event), []).append(event)
    return [
        Line(event=event, number=len(group), sims=len({one.iccid for one in group}))
        if group[0] is event
        else Line(event=event, folded=True)
        for event in events
        for group in (alike[same(event)],)
    ]

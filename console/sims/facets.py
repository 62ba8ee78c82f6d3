"""How many SIMs each value of a filter would show, beside the other filters that are chosen. No database."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from console.sims.counts_reads import COUNTED, Kind
from console.sims.rules import Criterion, SimFilter, spelled

FACETS = ("connection", "status", "quota", "country", "operator")
UNKNOWN = "unknown"
MOST_VALUES = 300  # of one field, those with most SIMs; there are fewer countries
Facets = Mapping[str, Mapping[str, int]]  # SIMs by field and value


def facets(found: Sequence[Kind], wanted: SimFilter) -> Facets:
    """By field and value, of the SIMs that the criteria of all other fields let through; empty where these are not
    counted by kind (a search, tags, labels ...)."""
    if not _is_counted(wanted):
        return {}
    return {field: _counted(found, field, [one for one in wanted.criteria if one.field != field]) for field in FACETS}


def matching(found: Sequence[Kind], wanted: SimFilter) -> int | None:
    """How many of these SIMs a filter lets through; None where they are not counted by what it asks."""
    if not _is_counted(wanted):
        return None
    return sum(kind.sims for kind in found if all(_lets_through(one, kind) for one in wanted.criteria))


def countries(found: Sequence[Kind]) -> list[str]:
    """The countries that these SIMs are in."""
    return sorted({kind.country for kind in found if kind.country is not None and kind.sims > 0})


def _is_counted(wanted: SimFilter) -> bool:
    return not wanted.q and all(one.field in COUNTED for one in wanted.criteria)


def _counted(found: Sequence[Kind], field: str, others: Sequence[Criterion]) -> Mapping[str, int]:
    spellings: dict[str, Counter[str]] = defaultdict(Counter)  # of what a filter holds for the same
    for kind in found:
        if all(_lets_through(one, kind) for one in others):
            spellings[spelled(field, value := _value(kind, field))][value] += kind.sims
    numbers = Counter({max(sorted(one), key=one.__getitem__): one.total() for one in spellings.values()})
    return {value: number for value, number in numbers.most_common(MOST_VALUES) if number}


def _lets_through(one: Criterion, kind: Kind) -> bool:
    value = spelled(one.field, _value(kind, one.field))
    return any(spelled(one.field, wanted) == value for wanted in one.values) is not one.excluded


def _value(kind: Kind, field: str) -> str:
    value: str | None = getattr(kind, field)
    return UNKNOWN if value is None else value

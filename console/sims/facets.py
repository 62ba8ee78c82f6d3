"""How many SIMs each value of a filter would show, beside the other filters that are chosen. No database."""

from collections import Counter
from collections.abc import Mapping, Sequence

from console.sims.counts_reads import COUNTED, Kind
from console.sims.rules import Criterion, SimFilter

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
    numbers: Counter[str] = Counter()
    for kind in found:
        if all(_lets_through(one, kind) for one in others):
            numbers[_value(kind, field)] += kind.sims
    return {value: number for value, number in numbers.most_common(MOST_VALUES) if number}


def _lets_through(one: Criterion, kind: Kind) -> bool:
    return (_value(kind, one.field) in one.values) is not one.excluded


def _value(kind: Kind, field: str) -> str:
    value: str | None = getattr(kind, field)
    return UNKNOWN if value is None else value

"""Which alerts a silence or a maintenance window hides: matchers over labels. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from console.errors import Invalid
from console.facts.alerts import Severity
from console.iccid import InvalidIccid, parse
from console.unicode_text import is_visible

LONGEST_OF_OPERATORS = timedelta(hours=24)
LONGEST = timedelta(days=90)
MOST_MATCHERS = 10
MOST_VALUES = 200
Labels = Mapping[str, Collection[str]]  # of an alert; a label that it has not is missing


class Label(StrEnum):
    """What an alert is distinguished by."""

    RULE = "rule"  # the rule's name
    KIND = "kind"  # the rule's kind
    SEVERITY = "severity"
    OPERATOR = "operator"
    COUNTRY = "country"
    TAG = "tag"  # each tag of its SIM
    ICCID = "iccid"


OF_SIMS = frozenset({Label.TAG, Label.ICCID})


class Matcher(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A label and values: an alert matches if the label has one of them, or none of them where it is `negated`."""

    label: Annotated[Label, Meta(description="Which label.", examples=["operator"])]
    values: Annotated[list[str], Meta(description="One of these.", examples=[["Deutsche Telekom"]])]
    negated: Annotated[bool, Meta(description="None of these.", examples=[False])] = False


class Hiding(Struct, frozen=True, kw_only=True):
    """A silence or a maintenance window that is active."""

    name: str  # silence:4, window:2
    matchers: list[Matcher]


def _is_iccid(text: str) -> bool:
    try:
        return parse(text) == text
    except InvalidIccid:
        return False


KNOWN: Mapping[Label, Callable[[str], bool]] = {Label.SEVERITY: {*Severity}.__contains__, Label.ICCID: _is_iccid}


def check_matchers(matchers: Sequence[Matcher]) -> None:
    """Raises Invalid for none, for too many, for values that no alert has, and if nothing but negated ones is there."""
    if not any(not one.negated for one in matchers):
        raise Invalid("Say what is to be hidden: at least one rule, severity, operator, country, tag or ICCID")
    if len(matchers) > MOST_MATCHERS:
        raise Invalid(f"At most {MOST_MATCHERS} matchers")
    for one in matchers:
        if not 0 < len(one.values) <= MOST_VALUES:
            raise Invalid(f"The matcher of {one.label} has 1 to {MOST_VALUES} values")
        if not all(0 < len(value) <= 200 and is_visible(value) for value in one.values):
            raise Invalid(f"A value of {one.label} has 1 to 200 visible characters")
        if one.label in KNOWN and not all(KNOWN[one.label](value) for value in one.values):
            raise Invalid(f"No alert has such a value of {one.label}", label=one.label, values=one.values[:20])


def check_span(begins_at: datetime, ends_at: datetime, now: datetime, *, longest: timedelta) -> None:
    """Raises Invalid for a silence that ends before it begins, that has ended, or that is longer than allowed."""
    if begins_at.tzinfo is None or ends_at.tzinfo is None:
        raise Invalid("Times need a zone: 2026-11-20T10:00:00Z")
    if ends_at <= max(begins_at, now):
        raise Invalid("A silence ends after it begins, and later than now")
    if ends_at - max(begins_at, now) > longest:
        hours = longest.total_seconds() / 3600
        raise Invalid(f"This silence may last {hours:g} hours at most", hours=hours)
    if begins_at > now + LONGEST:
        raise Invalid(f"A silence begins within {LONGEST.days} days")


def matches(matchers: Sequence[Matcher], labels: Labels) -> bool:
    """Whether an alert with these labels is hidden by these matchers: all of them match."""
    return bool(matchers) and all(
        set(labels.get(one.label.value, ())).isdisjoint(one.values) is one.negated for one in matchers
    )


def split(matchers: Sequence[Matcher]) -> tuple[list[Matcher], list[Matcher]]:
    """Those that an alert of many SIMs matches as a whole, and those that each of its SIMs must match."""
    parts: tuple[list[Matcher], list[Matcher]] = [], []
    for one in matchers:
        parts[one.label in OF_SIMS].append(one)
    return parts


def hidden_by(active: Sequence[Hiding], labels: Labels) -> str | None:
    """The first silence or maintenance window that hides an alert with these labels: `silence:4`; None: none."""
    return next((one.name for one in active if matches(one.matchers, labels)), None)

"""Where the fleet is online, by operator, country, RAT or tag, the greatest loss first."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from msgspec import Struct

from console.connectivity.groups import Group, by_rat
from console.connectivity.reads import OperatorSample
from console.facts.sims import Connection
from console.sims.counts_reads import Kind

By = Literal["operator", "country", "map", "radio", "tag"]
Of = tuple[str | None, str | None]  # an operator in a country; of all others the name alone
MOST_LINES = 10
MOST_COUNTRIES = 300  # beside the map; there are fewer
LEAST_LOST, LEAST_SHARE = 5, 0.05  # so many SIMs, and that part of those that were online, are a loss


class Line(Struct, frozen=True, kw_only=True):
    """An operator in a country, a country, a RAT or a tag. None: 1NCE has not said."""

    operator: str | None = None
    country: str | None = None
    name: str | None = None  # of a RAT or tag
    sims: int
    online: int
    difference: int | None  # of the SIMs online, to a quarter of an hour ago; None where that is not known
    href: str = ""

    @property
    def is_loss(self) -> bool:
        """Whether so many fewer are online that it is coloured."""
        lost = -(self.difference or 0)
        return lost >= LEAST_LOST and lost >= (self.online + lost) * LEAST_SHARE


class Places(Struct, frozen=True, kw_only=True):
    """The lines with the greatest loss, and all others in one."""

    as_of: datetime
    by: By
    lines: Sequence[Line]
    others: int  # how many lines are in `rest`, or are not shown
    rest: Line | None  # None also of tags: a SIM may have several


class Counted(Struct, frozen=True, kw_only=True):
    """SIMs of one of these, and how many of them are online."""

    of: Of
    sims: int
    online: int


def places(found: Sequence[Kind], before: Sequence[OperatorSample] | None, by: By, now: datetime) -> Places:
    """By operator or country; of a map all countries.

    A place that SIMs have left is shown as long as it is known that some were online there.
    """

    def of(one: Kind | OperatorSample) -> Of:
        return (one.operator if by == "operator" else None), one.country

    present = [
        Counted(of=of(one), sims=one.sims, online=one.sims if one.connection == Connection.ONLINE else 0)
        for one in found
    ]
    earlier = None if before is None else [Counted(of=of(one), sims=one.sims, online=one.online) for one in before]
    return _sorted(present, earlier, by, now)


def radios(found: Sequence[Kind], before: Sequence[Group] | None, now: datetime) -> Places:
    """By RAT."""
    return _sorted(_of_groups(by_rat(found)), None if before is None else _of_groups(before), "radio", now)


def tags(found: Sequence[Group], before: Sequence[Group] | None, now: datetime) -> Places:
    """By tag; of what a tag had before is shown only what still has a SIM."""
    known = {one.name for one in found}
    earlier = None if before is None else _of_groups(one for one in before if one.name in known)
    return _sorted(_of_groups(found), earlier, "tag", now)


def _of_groups(groups: Iterable[Group]) -> list[Counted]:
    return [Counted(of=(one.name, None), sims=one.sims, online=one.online) for one in groups]


def _sorted(present: Iterable[Counted], before: Iterable[Counted] | None, by: By, now: datetime) -> Places:
    """By how many fewer SIMs are online than before; of equal ones those with the most SIMs first."""
    sims: dict[Of, int] = {}
    online: dict[Of, int] = {}
    earlier: dict[Of, int] = {}
    for one in present:
        sims[one.of] = sims.get(one.of, 0) + one.sims
        online[one.of] = online.get(one.of, 0) + one.online
    for one in before or ():
        earlier[one.of] = earlier.get(one.of, 0) + one.online
    lines = [
        Line(
            operator=of[0] if by == "operator" else None,
            country=of[1],
            name=of[0] if by in ("radio", "tag") else None,
            sims=sims.get(of, 0),
            online=online.get(of, 0),
            difference=None if before is None else online.get(of, 0) - earlier.get(of, 0),
            href=_href(of, by),
        )
        for of in {**sims, **{of: 0 for of, number in earlier.items() if number}}
    ]
    lines.sort(key=lambda one: (one.difference or 0, -one.sims, one.operator or "", one.country or "", one.name or ""))
    most = MOST_COUNTRIES if by == "map" else MOST_LINES
    rest = lines[most:]
    return Places(
        as_of=now,
        by=by,
        lines=lines[:most],
        others=len(rest),
        rest=Line(
            sims=sum(line.sims for line in rest),
            online=sum(line.online for line in rest),
            difference=None if before is None else sum(line.difference or 0 for line in rest),
        )
        if rest and by != "tag"
        else None,
    )


def _href(of: Of, by: By) -> str:
    """The list of these SIMs."""
    match by:
        case "operator":
            asked = {"operator": of[0] or "unknown", "country": of[1] or "unknown"}
        case "country" | "map":
            asked = {"country": of[1] or "unknown"}
        case "radio":
            asked = {"rat": of[0] or "unknown"}
        case _:
            asked = {"tag": of[0] or ""}
    return "/sims?" + urlencode(asked)

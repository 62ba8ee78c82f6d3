"""Where the fleet is online, by operator or by country, the greatest loss first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from msgspec import Struct

from console.connectivity.reads import OperatorSample
from console.facts.sims import Connection
from console.sims.counts.reads import Kind

By = Literal["operator", "country"]
MOST_LINES = 10


class Line(Struct, frozen=True, kw_only=True):
    """An operator in a country, or a country. None: 1NCE has not said."""

    operator: str | None = None
    country: str | None = None
    sims: int
    online: int
    difference: int | None  # of the SIMs online, to a quarter of an hour ago; None where that is not known
    href: str = ""


class Places(Struct, frozen=True, kw_only=True):
    """The lines with the greatest loss, and all others in one."""

    as_of: datetime
    by: By
    lines: Sequence[Line]
    others: int  # how many lines are in `rest`
    rest: Line | None


Place = tuple[str | None, str | None]


def _place(one: Kind | OperatorSample, by: By) -> Place:
    return (one.operator if by == "operator" else None), one.country


def places(found: Sequence[Kind], before: Sequence[OperatorSample] | None, by: By, now: datetime) -> Places:
    """Sorted by how many fewer SIMs are online than before; of equal ones those with the most SIMs first.

    A place that SIMs have left is shown as long as it is known that some were online there.
    """
    sims: dict[Place, int] = {}
    online: dict[Place, int] = {}
    earlier: dict[Place, int] = {}
    for one in found:
        place = _place(one, by)
        sims[place] = sims.get(place, 0) + one.sims
        online[place] = online.get(place, 0) + (one.sims if one.connection == Connection.ONLINE else 0)
    for sample in before or ():
        place = _place(sample, by)
        earlier[place] = earlier.get(place, 0) + sample.online
    lines = [
        Line(
            operator=place[0],
            country=place[1],
            sims=sims.get(place, 0),
            online=online.get(place, 0),
            difference=None if before is None else online.get(place, 0) - earlier.get(place, 0),
            href=_href(place, by),
        )
        for place in {**sims, **{place: 0 for place, number in earlier.items() if number}}
    ]
    lines.sort(key=lambda line: (line.difference or 0, -line.sims, line.operator or "", line.country or ""))
    rest = lines[MOST_LINES:]
    return Places(
        as_of=now,
        by=by,
        lines=lines[:MOST_LINES],
        others=len(rest),
        rest=Line(
            sims=sum(line.sims for line in rest),
            online=sum(line.online for line in rest),
            difference=None if before is None else sum(line.difference or 0 for line in rest),
        )
        if rest
        else None,
    )


def _href(place: Place, by: By) -> str:
    """The list of these SIMs."""
    asked = {"operator": place[0] or "unknown"} if by == "operator" else {}
    return "/sims?" + urlencode({**asked, "country": place[1] or "unknown"})

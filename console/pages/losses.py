"""Operators that SIMs have left, in words: fewer are online than a while ago."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity import reads as connectivity_reads
from console.connectivity.reads import OperatorSample
from console.connectivity.usual import first_sample
from console.facts.sims import Connection
from console.sims.counts_reads import Kind

SPANS = (15, 60)  # minutes that the present is compared with
MISSED = timedelta(minutes=5)  # so much older the compared sample may be
LEAST_SIMS = 5
LEAST_SHARE = 0.05  # of those that were online
MOST = 2

Place = tuple[str | None, str | None]


class Before(Struct, frozen=True, kw_only=True):
    """How many SIMs were online where, so many minutes ago."""

    minutes: int
    places: Sequence[OperatorSample]


class Loss(Struct, frozen=True, kw_only=True):
    """An operator in a country, where fewer SIMs are online than before."""

    operator: str | None
    country: str | None
    fewer: int
    earlier: int  # that were online
    minutes: int
    elsewhere: bool  # most of them are online on other networks

    @property
    def title(self) -> str:
        """In a sentence."""
        where = (self.operator or "an unknown operator") + (f" ({self.country})" if self.country else "")
        what = "went to other networks" if self.elsewhere else "went off the air"
        span = {1: "minute", 60: "hour"}.get(self.minutes, f"{self.minutes} minutes")
        share = f"{round(self.fewer / self.earlier * 100)} % of those online"
        return f"{self.fewer:,} SIM{'' if self.fewer == 1 else 's'} of {where} {what} in the last {span}: {share}"

    @property
    def href(self) -> str:
        """The list of the SIMs there."""
        return "/sims?" + urlencode({"operator": self.operator or "unknown", "country": self.country or "unknown"})


def losses(found: Sequence[Kind], before: Sequence[Before], known: Collection[Place] = ()) -> list[Loss]:
    """Where so many fewer SIMs are online, the greatest loss first; each by the first comparison that shows it.

    `known`: operators and countries that an open alert names already.
    """
    online: Counter[Place] = Counter()
    for kind in found:
        if kind.connection == Connection.ONLINE:
            online[kind.operator, kind.country] += kind.sims
    lost: dict[Place, Loss] = {}
    for one in before:
        all_fewer = sum(place.online for place in one.places) - online.total()
        for then in one.places:
            place = then.operator, then.country
            fewer = then.online - online[place]
            if place in lost or place in known or fewer < max(LEAST_SIMS, LEAST_SHARE * then.online):
                continue
            lost[place] = Loss(
                operator=then.operator,
                country=then.country,
                fewer=fewer,
                earlier=then.online,
                minutes=one.minutes,
                elsewhere=all_fewer * 2 < fewer,
            )
    return sorted(lost.values(), key=lambda loss: (loss.elsewhere, -loss.fewer))[:MOST]


async def compared(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Before]:
    """The samples that the present is compared with; before there is one of SPANS[0] minutes ago, the oldest."""
    found = []
    for minutes in SPANS:
        latest = now - timedelta(minutes=minutes)
        places = await connectivity_reads.operators_at(connection, organization_id, latest - MISSED, latest)
        found += [Before(minutes=minutes, places=places)] if places else []
    if found:
        return found
    first = await first_sample(connection, organization_id, now - timedelta(minutes=SPANS[0]))
    if first is None or now - first < timedelta(minutes=1):
        return []
    places = await connectivity_reads.operators_at(connection, organization_id, first, first)
    return [Before(minutes=(now - first) // timedelta(minutes=1), places=places or ())]

"""Data quotas: how many are empty within which time, which those are, and what a top-up of them costs."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.products import TopUpPrice, top_up_price
from console.facts import Fact
from console.facts.sims import SimChanged
from console.live.pieces import Html, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller
from console.pages.address_faults import VALUES, OneOf
from console.pages.layout import layout_context
from console.pages.templating import Fragments
from console.quotas.bands import OTHERS, Outlook, QuotaOutlook
from console.quotas.forecast import held_percent
from console.quotas.outlook import of_sims, outlook, soonest, standing
from console.quotas.standing import Standing
from console.sims.days_left import BANDS, DAYS
from console.store.keyset import read_cursor

ROWS = 50
MOST_PROPOSED = 200  # SIMs that are named in the address of a plan
EVERY_SECONDS = 4.0
COUNTS = Refresh(part="counts")
TITLES = {
    "exhausted": "Exhausted",
    "expired": "Expired",
    **{str(days): f"{low}–{days} d" if low else "Under 1 d" for low, days in zip((0, *DAYS), DAYS, strict=False)},
    "later": f"Over {DAYS[-1]} d",
    "unmeasured": "Use not measured",
    "unknown": "Quota not known",
    "low": "Low",
    "expiring": "Expire in 90 d",
}
IN_LIST = {**{band: {"days_left": band} for band in BANDS}, "low": {"quota": "low"}}  # as the list of SIMs filters
OPTIONS = {VALUES: {"left": OneOf(*BANDS, *OTHERS)}}
Text = Annotated[str, QueryParameter(max_length=300)]
Band = Annotated[str, QueryParameter(max_length=20)]


class Proposal(Struct, frozen=True, kw_only=True):
    """A top-up of the SIMs that are listed: the address of its plan, and what it costs as far as that is known."""

    sims: int
    href: str
    price: TopUpPrice

    @property
    def total_minor(self) -> int | None:
        """In minor units of the price's currency."""
        return None if self.price.amount_minor is None else self.price.amount_minor * self.sims


class QuotasView:
    """The rows as their SIMs change; the counts every few seconds."""

    name = "quotas"
    receives = Receives(facts=(SimChanged,))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """The SIM's row, which needs its measured use."""
        if not isinstance(fact, SimChanged):
            return []
        iccid = fact.data.iccid
        return [Refresh(part="row", subject=iccid, topic=f"sim:{iccid}")]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """A row, or the counts."""
        now = datetime.now(UTC)
        if what.part == "row":
            rows = await of_sims(reading, organization_id, [what.subject], now)
            return [
                replace(
                    f"quota-{row.iccid}",
                    self._fragments.draw("quotas/_row.html", **drawn(row, now)),
                    revision=row.revision,
                )
                for row in rows
            ]
        found = await outlook(reading, organization_id, now)
        return [
            replace("quota-bands", self._fragments.draw("quotas/_bands.html", **counted(found))),
            replace("quota-counted", self._fragments.draw("quotas/_counted.html", counted_at=now)),
        ]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """The counts; changes of rows that were missed come again."""
        return [COUNTS]


def drawn(row: QuotaOutlook, now: datetime) -> dict[str, Any]:
    """What a row is drawn with."""
    empty_at = row.empty_at(now)
    expires_first = empty_at is not None and row.data_expires_at is not None and row.data_expires_at < empty_at
    return {
        "quota": row,
        # To the day: the mean use says no more, and the text changes only where the estimate does.
        "empty_on": empty_at.replace(hour=0, minute=0, second=0, microsecond=0) if empty_at else None,
        "expires_first": expires_first,
    }


def counted(found: Outlook) -> dict[str, Any]:
    """What the histogram is drawn with."""
    largest = max(found.bands.values(), default=0)
    bands = [
        {"name": band, "title": TITLES[band], "sims": sims, "share": sims / largest * 100 if largest else 0.0}
        for band, sims in found.bands.items()
    ]
    return {"outlook": found, "bands": bands, "titles": TITLES}


@get("/quotas", opt=OPTIONS)
async def quotas(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    left: Band = "",
    cursor: Text = "",
) -> Template:
    """Empty ones first. `left`: one band of the histogram."""
    now, organization_id = datetime.now(UTC), caller.organization_id
    wanted = left if left in (*BANDS, *OTHERS) else ""
    kept, after = await standing(reading, organization_id, now), read_cursor(cursor) if cursor else None
    found, more = await soonest(reading, organization_id, now, wanted=wanted, limit=ROWS, cursor=after, kept=kept)
    context = {
        **await layout_context(reading, caller, live_since, QuotasView),
        **counted(kept.outlook),
        "rows": [drawn(row, now) for row in found],
        "held_percent": await held_percent(reading, organization_id),
        "wanted": wanted,
        "first": _address(left=wanted),
        "file": _address("/quotas.csv", left=wanted),
        "in_list": f"/sims?{urlencode({**IN_LIST.get(wanted, {}), 'sort': 'days_left'})}"
        if wanted != "expiring"
        else "",
        "beyond": bool(cursor),
        "more": _address(left=wanted, cursor=more) if more else None,
        "proposal": await _proposal(reading, organization_id, now, wanted, kept),
        "as_of_time": now,
        "counted_at": now,
    }
    return Template("quotas/quotas.html", context=context)


def _address(path: str = "/quotas", **query: str | None) -> str:
    asked = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(asked)}" if asked else path


async def _proposal(
    reading: AsyncConnection, organization_id: int, now: datetime, wanted: str, kept: Standing
) -> Proposal | None:
    """For a chosen band of known quotas; else for what is exhausted."""
    band = wanted or "exhausted"
    if band == "unknown":
        return None
    if query := IN_LIST.get(band, {}):
        sims = kept.outlook.low if band == "low" else kept.outlook.bands[band]
    else:
        found, _ = await soonest(reading, organization_id, now, wanted=band, limit=MOST_PROPOSED, kept=kept)
        sims, query = len(found), {"iccids": ",".join(row.iccid for row in found)}
    if not sims:
        return None
    price = await top_up_price(reading, organization_id, now)
    return Proposal(sims=sims, href=f"/bulk-actions/new?{urlencode(query)}", price=price)


router = Router("/", route_handlers=[quotas], include_in_schema=False)

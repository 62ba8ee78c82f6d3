"""Quotas for programs."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.http.fields import FieldNames, selected
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller
from console.quotas import reads, reconciliation
from console.quotas.bands import Other
from console.quotas.forecast import held_percent
from console.quotas.outlook import soonest
from console.quotas.reads import Quota
from console.quotas.reconciliation import Difference
from console.sims.days_left import Band
from console.store.counting import Total


@get("/sims/{iccid:str}/quotas", operation_id="getSimQuotas", summary="What a SIM has left")
async def sim_quotas(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    fields: FieldNames = "",
) -> Listing[Quota]:
    """Data in bytes, SMS in messages. A quota that 1NCE has not reported yet is not in the list."""
    items = await reads.of_sim(reading, caller.organization_id, sim.iccid)
    asked = ListRequest(page_size=2, fields=fields)
    return asked.listing(Quota, items, None, Total(len(items)))


@get("/quotas", operation_id="listQuotas", summary="What the fleet has left")
async def fleet_quotas(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    asked: NamedDependency[ListRequest],
    service: FromQuery[Literal["data", "sms"] | None] = None,
) -> Listing[Quota]:
    """By ICCID."""
    items, more = await reads.of_fleet(
        reading,
        caller.organization_id,
        service=service,
        limit=asked.page_size,
        offset=asked.offset,
        cursor=asked.cursor,
    )
    total = await reads.count(reading, caller.organization_id, service, exact=asked.exact)
    return asked.listing(Quota, items, more, total)


@get("/quotas/reconciliation", operation_id="listDifferences", summary="SIMs whose usage records do not add up")
async def differing(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    asked: NamedDependency[ListRequest],
) -> Listing[Difference]:
    """SIMs whose data quota fell by another amount than 1NCE's usage records add up to, by ICCID: by more than 1 MB and
    5 %, and for longer than a record takes to come. Empty where the Data Streamer posts no usage records."""
    items, more = await reconciliation.differences(
        reading, caller.organization_id, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor
    )
    total = Total(await reconciliation.count(reading, caller.organization_id))
    return asked.listing(Difference, items, more, total)


class QuotaForecast(Struct, frozen=True, kw_only=True):
    """When a SIM's data quota is empty, by the forecast of its use."""

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    band: Annotated[str, Meta(description="As `left` asks for.", examples=["30"])]
    daily_bytes: Annotated[int | None, Meta(description="Expected a day; null: no forecast.", examples=[1048576])]
    seconds: Annotated[int | None, Meta(description="Until it is empty; null: no forecast.", examples=[1900800])]
    soonest_seconds: Annotated[
        int | None, Meta(description="Four of five lie from here; null: not enough is known.", examples=[1555200])
    ]
    latest_seconds: Annotated[int | None, Meta(description="And until here; null: open.", examples=[2332800])]
    days: Annotated[int | None, Meta(description="Whole days, UTC, that it is made of.", examples=[126])]
    found: Annotated[
        str | None,
        Meta(description="`changed`: it uses something else since a day; `silent`: nothing.", examples=[None]),
    ]
    since: Annotated[date | None, Meta(description="That day.", examples=[None])]


class QuotaForecasts(Struct, frozen=True, kw_only=True):
    """Forecasts of data quotas, and how well earlier ones held."""

    items: Annotated[list[QuotaForecast], Meta(description="What is empty first stands first.")]
    next_cursor: Annotated[str | None, Meta(description="For the next page; null: this is the last.", examples=[None])]
    held_percent: Annotated[
        int | None,
        Meta(
            description="Of a hundred earlier intervals, meant to hold in 80 cases, so many have; null: none is known.",
            examples=[79],
        ),
    ]


@get("/quotas/forecasts", operation_id="listQuotaForecasts", summary="When data quotas are empty")
async def list_forecasts(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    asked: NamedDependency[ListRequest],
    left: Annotated[Band | Other | None, QueryParameter(description="One band of days.")] = None,
) -> QuotaForecasts:
    """By the forecast of each SIM's use, that the job `forecast_quotas` makes each hour of whole days."""
    now, organization_id = datetime.now(UTC), caller.organization_id
    found, more = await soonest(
        reading, organization_id, now, wanted=left or "", limit=asked.page_size, cursor=asked.cursor
    )
    names = QuotaForecast.__struct_fields__
    items = [QuotaForecast(**{name: getattr(one, name) for name in names}) for one in found]
    return QuotaForecasts(
        items=selected(QuotaForecast, items, asked.fields),
        next_cursor=more,
        held_percent=await held_percent(reading, organization_id),
    )


router = Router(
    "/",
    route_handlers=[sim_quotas, fleet_quotas, list_forecasts, differing],
    tags=["Quotas"],
    dependencies={"asked": Provide(list_request)},
)

"""What a bulk action would do: to which SIMs, to which not and why, at what price, to which share of the fleet."""

from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.bulk.listing import TAC
from console.actions.bulk.rules import TEXTS, Exclusion
from console.actions.bulk.tables import bulk_items
from console.facts.actions import ActionKind
from console.facts.bulk_actions import BulkAction
from console.facts.masking import masked_text
from console.sims import reads as sim_reads
from console.sims.tables import annotations, is_watched, sims
from console.sms.parts import counted, parts_of
from console.sms.variables import filled, missing

SHOWN_TEXTS = 3
MOST_SHARES = 5  # of each of operator, country and tag: those that are hit most


class ExcludedCount(Struct, frozen=True, kw_only=True):
    """How many SIMs are left out for one reason."""

    reason: Annotated[
        str,
        Meta(
            description="`not_found`, `unwatched`, `not_listed`, `wrong_state`, `already_so`, `open_already`, "
            "`cool_down` or `lacks_value`.",
            examples=["already_so"],
        ),
    ]
    text: Annotated[str, Meta(description="The same in words.", examples=["Is so already"])]
    sims: Annotated[int, Meta(description="How many SIMs.", examples=[3])]


class HitShare(Struct, frozen=True, kw_only=True):
    """The share of the SIMs of one operator, country or tag that would be hit."""

    field: Annotated[str, Meta(description="`operator`, `country` or `tag`.", examples=["country"])]
    value: Annotated[str, Meta(description="Which.", examples=["DE"])]
    sims: Annotated[int, Meta(description="So many of its SIMs are in the list.", examples=[120])]
    of: Annotated[int, Meta(description="So many watched SIMs has it in all.", examples=[400])]
    percent: Annotated[float, Meta(description="The share in percent.", examples=[30.0])]


class CanarySim(Struct, frozen=True, kw_only=True):
    """A SIM that goes first, and what it stands for."""

    iccid: Annotated[str, Meta(description="19 digits.", examples=["8988228066600000001"])]
    operator: Annotated[str | None, Meta(description="Its operator.", examples=["Telekom"])]
    country: Annotated[str | None, Meta(description="Its country.", examples=["DE"])]
    tac: Annotated[str | None, Meta(description="The type of its device, by its IMEI.", examples=["86471504"])]


class FilledText(Struct, frozen=True, kw_only=True):
    """What one SIM would be sent, with its own values."""

    iccid: Annotated[str, Meta(description="19 digits.", examples=["8988228066600000001"])]
    text: Annotated[str, Meta(description="The text.", examples=["server=berlin.example.com"])]
    messages: Annotated[int, Meta(description="Messages that it takes from the quota.", examples=[1])]


class BulkPlan(Struct, frozen=True, kw_only=True):
    """What a bulk action would do."""

    action: Annotated[str, Meta(description="What each SIM would get.", examples=["reset"])]
    selection: Annotated[str, Meta(description="Which SIMs were asked for.", examples=["SIMs with country DE"])]
    asked: Annotated[int, Meta(description="SIMs that were asked for.", examples=[123])]
    sims: Annotated[int, Meta(description="SIMs that it would be done to.", examples=[120])]
    excluded: Annotated[list[ExcludedCount], Meta(description="The others, by reason.")]
    price_minor: Annotated[
        int | None, Meta(description="The net price of all, in minor units; null where it is not known.")
    ]
    currency: Annotated[str | None, Meta(description="ISO 4217; null where the price is not known.")]
    sms_messages: Annotated[
        int | None,
        Meta(
            description="Messages that an SMS would take from the quotas; null for other actions, and where each SIM "
            "gets a text of its own."
        ),
    ]
    shares: Annotated[list[HitShare], Meta(description="Of which operators, countries and tags, the most hit first.")]
    canary: Annotated[list[CanarySim], Meta(description="The SIMs that would go first, and alone.")]
    stop_percent: Annotated[int, Meta(description="It would stop when more than this have failed.", examples=[5])]
    texts: Annotated[
        list[FilledText], Meta(description="What the first SIMs would be sent, where a message has variables.")
    ]


async def plan_of(connection: AsyncConnection, organization_id: int, bulk: BulkAction, *, mask: bool) -> BulkPlan:
    """The plan of a bulk action, from its frozen list; with `mask` without IMSI and MSISDN in its texts."""
    i = bulk_items.c
    mine = sa.and_(i.organization_id == organization_id, i.bulk_action_id == bulk.id)
    reasons = sa.select(i.excluded, sa.func.count()).where(mine, i.excluded.is_not(None)).group_by(i.excluded)
    found = {row[0]: row[1] for row in (await connection.execute(reasons)).all()}
    number = bulk.counts.sims
    alike = bulk.kind == ActionKind.SMS and "fill" not in bulk.parameters
    messages = number * len(parts_of(bulk.parameters["payload"])) if alike else None
    return BulkPlan(
        action=bulk.kind,
        selection=bulk.selection,
        asked=number + bulk.counts.excluded,
        sims=number,
        excluded=[ExcludedCount(reason=one, text=TEXTS[one], sims=found[one]) for one in Exclusion if one in found],
        price_minor=None if bulk.price_minor is None else bulk.price_minor * number,
        currency=bulk.currency,
        sms_messages=messages,
        shares=await shares(connection, organization_id, bulk.id),
        canary=await _canary(connection, organization_id, bulk),
        stop_percent=bulk.stop_percent,
        texts=await _texts(connection, organization_id, bulk, mask=mask),
    )


async def shares(connection: AsyncConnection, organization_id: int, bulk_action_id: int) -> list[HitShare]:
    """The share of each operator, country and tag in the fleet that is in the list, the most hit first."""
    i, s, a = bulk_items.c, sims.c, annotations.c
    listed = sa.select(i.iccid).where(
        i.organization_id == organization_id, i.bulk_action_id == bulk_action_id, i.excluded.is_(None)
    )
    tagged = sa.select(a.iccid, sa.func.unnest(a.tags).label("value")).where(a.organization_id == organization_id)
    fleets = {
        "operator": sa.select(s.iccid, s.operator.label("value")).where(s.organization_id == organization_id),
        "country": sa.select(s.iccid, s.country.label("value")).where(s.organization_id == organization_id),
    }
    fleets = {name: query.where(is_watched(sims)) for name, query in fleets.items()} | {"tag": tagged}
    found: list[HitShare] = []
    for field, query in fleets.items():
        fleet, items = query.cte("fleet"), listed.cte("listed")
        hit: Any = sa.func.count(items.c.iccid)
        joined = fleet.outerjoin(items, items.c.iccid == fleet.c.iccid)
        grouped = sa.select(fleet.c.value, hit, sa.func.count()).select_from(joined).where(fleet.c.value.is_not(None))
        grouped = grouped.group_by(fleet.c.value).having(hit > 0)
        ordered = grouped.order_by((hit * 1.0 / sa.func.count()).desc(), hit.desc(), fleet.c.value).limit(MOST_SHARES)
        for value, number, of in (await connection.execute(ordered)).all():
            percent = round(100 * number / of, 1)
            found.append(HitShare(field=field, value=value, sims=number, of=of, percent=percent))
    return found


async def _canary(connection: AsyncConnection, organization_id: int, bulk: BulkAction) -> list[CanarySim]:
    i, s = bulk_items.c, sims.c
    same = sa.and_(s.organization_id == organization_id, s.iccid == i.iccid)
    query = sa.select(i.iccid, s.operator, s.country, sa.func.left(s.imei, TAC).label("tac"))
    query = query.select_from(bulk_items.outerjoin(sims, same)).where(
        i.organization_id == organization_id, i.bulk_action_id == bulk.id, i.excluded.is_(None)
    )
    rows = (await connection.execute(query.order_by(i.place).limit(bulk.canary))).all()
    return [CanarySim(**row._mapping) for row in rows]


async def _texts(
    connection: AsyncConnection, organization_id: int, bulk: BulkAction, *, mask: bool
) -> list[FilledText]:
    if "fill" not in bulk.parameters:
        return []
    i, found = bulk_items.c, []
    query = sa.select(i.iccid).where(
        i.organization_id == organization_id, i.bulk_action_id == bulk.id, i.excluded.is_(None)
    )
    for iccid in (await connection.execute(query.order_by(i.place).limit(SHOWN_TEXTS))).scalars().all():
        sim, text = await sim_reads.one(connection, organization_id, iccid), bulk.parameters["payload"]
        if sim is not None and not missing(text, sim):
            own = filled(text, sim)
            found.append(FilledText(iccid=iccid, text=masked_text(own) if mask else own, messages=counted(own).parts))
    return found

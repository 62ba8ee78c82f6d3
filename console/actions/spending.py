"""What is spent and reserved of the budgets: the sum of the top-ups that have been charged, or may be.

It is not stored a second time: an action that ends without a charge gives back what it had reserved by that alone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.approving import GOOD_FOR
from console.actions.budgets import (
    BudgetLimit,
    BudgetPeriod,
    BudgetScope,
    Spending,
    Used,
    day_of,
    span_of,
    used_by,
)
from console.actions.rules import NOT_CHARGED
from console.actions.tables import actions, budgets
from console.api_keys.reads import keys_of
from console.facts.actions import ActionState
from console.members.reads import members_of

TAKEN = frozenset({ActionState.ACCEPTED, ActionState.CONFIRMED})
c = actions.c
b = budgets.c


class BudgetUse(Struct, frozen=True, kw_only=True):
    """What of a budget is used. Null where the budget has no such limit."""

    subject: Annotated[str | None, Meta(description="Whose: `user:3`, `key:4`; null: all.", examples=["user:3"])]
    name: Annotated[str, Meta(description="For people.", examples=["otto"])]
    spent_minor: Annotated[int, Meta(description="1NCE has taken it: minor units.", examples=[2000])]
    reserved_minor: Annotated[int, Meta(description="Asked for, or unknown: minor units.", examples=[1000])]
    remaining_minor: Annotated[int | None, Meta(description="Minor units; null: no limit in money.", examples=[7000])]
    spent_top_ups: Annotated[int, Meta(description="Top-ups that 1NCE has taken.", examples=[2])]
    reserved_top_ups: Annotated[int, Meta(description="Top-ups asked for, or unknown.", examples=[1])]
    remaining_top_ups: Annotated[int | None, Meta(description="Top-ups; null: no limit of them.", examples=[7])]
    unpriced_top_ups: Annotated[
        int,
        Meta(
            description="Of those, top-ups whose price is not known, or in another currency: they are in no sum here, "
            "and count with the price of the next one when that is asked for.",
            examples=[0],
        ),
    ]


class Budget(Struct, frozen=True, kw_only=True):
    """A budget, and what of it is used in the present period."""

    limit: Annotated[BudgetLimit, Meta(description="How much may be spent.")]
    since: Annotated[datetime, Meta(description="When the period began.", examples=["2026-11-20T00:00:00Z"])]
    until: Annotated[datetime, Meta(description="When it ends.", examples=["2026-11-21T00:00:00Z"])]
    uses: Annotated[list[BudgetUse], Meta(description="By user or key; of one for each, those who have used any.")]


async def limits_of(connection: AsyncConnection, organization_id: int) -> list[BudgetLimit]:
    """The budgets of an organization, the oldest first."""
    columns = [b[name] for name in BudgetLimit.__struct_fields__]
    rows = await connection.execute(sa.select(*columns).where(b.organization_id == organization_id).order_by(b.id))
    return [
        BudgetLimit(
            scope=BudgetScope(row.scope),
            period=BudgetPeriod(row.period),
            subject=row.subject or None,
            limit_minor=row.limit_minor,
            currency=row.currency,
            limit_top_ups=row.limit_top_ups,
        )
        for row in rows.all()
    ]


async def spendings(
    connection: AsyncConnection, organization_id: int, now: datetime, *, but: int | None = None
) -> list[Spending]:
    """The top-ups of the present month that have been charged, or may be, summed up by caller, day and currency.

    `but`: without this action.
    """
    month, _ = span_of(BudgetPeriod.MONTH, now)
    counts_from = sa.func.coalesce(c.approved_at, c.requested_at)
    today = (counts_from >= day_of(now)).label("today")
    reserved = c.state.not_in(TAKEN).label("reserved")
    priced = c.price_minor.is_not(None).label("priced")
    group = (c.caller, today, reserved, priced, c.currency)
    query = sa.select(*group, sa.func.sum(c.price_minor).label("price_minor"), sa.func.count().label("top_ups"))
    query = query.where(
        c.organization_id == organization_id,
        sa.literal_column("actions.kind") == sa.literal_column("'topup'"),  # as the index has it
        c.requested_at >= month - GOOD_FOR,  # as the index has it: an approval comes so much later at most
        counts_from >= month,
        c.state.not_in(NOT_CHARGED),
    )
    if but is not None:
        query = query.where(c.id != but)
    return [
        Spending(
            caller=row.caller,
            today=row.today,
            reserved=row.reserved,
            price_minor=int(row.price_minor) if row.priced else None,
            currency=row.currency,
            top_ups=row.top_ups,
        )
        for row in (await connection.execute(query.group_by(*group))).all()
    ]


async def names_of(connection: AsyncConnection, organization_id: int, now: datetime) -> dict[str, str]:
    """The users and API keys of an organization by handle."""
    users = {f"user:{one.user_id}": one.name for one in await members_of(connection, organization_id, now)}
    return users | {f"key:{one.id}": one.name for one in await keys_of(connection, organization_id)}


async def listed(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Budget]:
    """The budgets of an organization, with what is used of each."""
    limits = await limits_of(connection, organization_id)
    if not limits:
        return []
    spent = await spendings(connection, organization_id, now)
    names = await names_of(connection, organization_id, now)
    own = {(limit.subject, limit.period) for limit in limits}
    found = []
    for limit in limits:
        since, until = span_of(limit.period, now)
        found.append(Budget(limit=limit, since=since, until=until, uses=_uses(limit, own, spent, names)))
    return found


def _uses(
    limit: BudgetLimit, own: set[tuple[str | None, BudgetPeriod]], spent: Sequence[Spending], names: dict[str, str]
) -> list[BudgetUse]:
    if limit.scope is BudgetScope.ORGANIZATION:
        return [_use(limit, None, "all", used_by(limit, None, spent))]
    if limit.subject is not None:
        handles = [limit.subject]
    else:
        prefix = "user:" if limit.scope is BudgetScope.USER else "key:"
        callers = {one.caller for one in spent if one.caller.startswith(prefix)}
        handles = sorted(one for one in callers if (one, limit.period) not in own)
    uses = [_use(limit, one, names.get(one, one), used_by(limit, {one}, spent)) for one in handles]
    return [one for one in uses if limit.subject or one.spent_top_ups or one.reserved_top_ups]


def _use(limit: BudgetLimit, subject: str | None, name: str, used: Used) -> BudgetUse:
    money_left = None if limit.limit_minor is None else limit.limit_minor - used.spent_minor - used.reserved_minor
    made = used.spent_top_ups + used.reserved_top_ups
    return BudgetUse(
        subject=subject,
        name=name,
        spent_minor=used.spent_minor,
        reserved_minor=used.reserved_minor,
        remaining_minor=money_left,
        spent_top_ups=used.spent_top_ups,
        reserved_top_ups=used.reserved_top_ups,
        remaining_top_ups=None if limit.limit_top_ups is None else limit.limit_top_ups - made,
        unpriced_top_ups=used.unpriced_top_ups,
    )

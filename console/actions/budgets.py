"""Budgets of top-ups: what may be spent in a day or month (UTC), and why a top-up is refused. No database, no clock.

A top-up counts in the period in which it was asked for, or approved by a second person. It is reserved with the action,
spent once 1NCE has taken it, and given back when it ends without a charge. Under a limit in money a top-up of unknown
price is refused, and earlier ones of unknown price or another currency count as much as the one that is asked for.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from console.carrier.money import CURRENCY, LARGEST_MINOR, money
from console.carrier.products import TopUpPrice
from console.errors import Invalid

MOST_BUDGETS, MOST_TOP_UPS = 200, 1_000_000


class BudgetScope(StrEnum):
    """Whose top-ups count together."""

    ORGANIZATION = "organization"
    USER = "user"
    API_KEY = "api_key"


class BudgetPeriod(StrEnum):
    """How long a budget lasts before it begins anew."""

    DAY = "day"
    MONTH = "month"


class BudgetLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be spent: in money, in top-ups, or both."""

    scope: Annotated[
        BudgetScope, Meta(description="Whose top-ups count together: all, a user's, an API key's.", examples=["user"])
    ]
    period: Annotated[BudgetPeriod, Meta(description="A day or a month, UTC.", examples=["day"])]
    subject: Annotated[
        Annotated[str, Meta(max_length=30)] | None,
        Meta(
            description="`user:3` or `key:4`, by number; null: each user or key that has no budget of its own.",
            examples=["user:3"],
        ),
    ] = None
    limit_minor: Annotated[int | None, Meta(description="Net, in minor units; null: no limit.", examples=[10000])] = (
        None
    )
    currency: Annotated[str | None, Meta(description="ISO 4217; of a limit in money.", examples=["EUR"])] = None
    limit_top_ups: Annotated[int | None, Meta(description="Top-ups; null: no limit.", examples=[10])] = None


class Spending(Struct, frozen=True, kw_only=True):
    """Top-ups of one caller that have been charged, or may be."""

    caller: str
    today: bool  # else earlier this month
    reserved: bool  # not taken by 1NCE yet, or not known to be
    price_minor: int | None  # of all of them
    currency: str | None
    top_ups: int


class Used(Struct, frozen=True, kw_only=True):
    """What of a budget is used up, as far as it is known in money."""

    spent_minor: int = 0
    reserved_minor: int = 0
    spent_top_ups: int = 0
    reserved_top_ups: int = 0
    unpriced_top_ups: int = 0  # of unknown price, or in another currency


def day_of(now: datetime) -> datetime:
    """When the day began."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def span_of(period: BudgetPeriod, now: datetime) -> tuple[datetime, datetime]:
    """When the present day or month began and ends, UTC."""
    day = day_of(now)
    if period is BudgetPeriod.DAY:
        return day, day + timedelta(days=1)
    month = day.replace(day=1)
    return month, (month + timedelta(days=32)).replace(day=1)


def used_by(limit: BudgetLimit, callers: Collection[str] | None, spendings: Sequence[Spending]) -> Used:
    """What these callers (None: all) have used of this budget in its period."""
    found = {"spent_minor": 0, "reserved_minor": 0, "spent_top_ups": 0, "reserved_top_ups": 0, "unpriced_top_ups": 0}
    for one in spendings:
        if (callers is not None and one.caller not in callers) or (limit.period is BudgetPeriod.DAY and not one.today):
            continue
        kind = "reserved" if one.reserved else "spent"
        found[f"{kind}_top_ups"] += one.top_ups
        if one.price_minor is None or (limit.currency is not None and one.currency != limit.currency):
            found["unpriced_top_ups"] += one.top_ups
        else:
            found[f"{kind}_minor"] += one.price_minor
    return Used(**found)


def limits_on(caller: str, limits: Sequence[BudgetLimit]) -> list[BudgetLimit]:
    """The budgets that this caller's top-ups count in. A budget of one's own stands in place of the one for each."""
    own = {(limit.scope, limit.period) for limit in limits if limit.subject == caller}
    scope = {"user": BudgetScope.USER, "key": BudgetScope.API_KEY}.get(caller.partition(":")[0])
    return [
        limit
        for limit in limits
        if limit.scope is BudgetScope.ORGANIZATION
        or limit.subject == caller
        or (limit.scope is scope and limit.subject is None and (limit.scope, limit.period) not in own)
    ]


def top_ups(number: int) -> str:
    """So many of them, in words."""
    return f"{number} top-up{'' if number == 1 else 's'}"


def refusal(
    caller: str, name: str, price: TopUpPrice, limits: Sequence[BudgetLimit], spendings: Sequence[Spending]
) -> str | None:
    """Why another top-up of this caller is not within the budgets, in a sentence; None if it is."""
    for limit in limits_on(caller, limits):
        used = used_by(limit, None if limit.scope is BudgetScope.ORGANIZATION else {caller}, spendings)
        whose = "your organization" if limit.scope is BudgetScope.ORGANIZATION else name
        anew = f"It begins anew at 00:00 UTC{' on the first' if limit.period is BudgetPeriod.MONTH else ''}."
        made = used.spent_top_ups + used.reserved_top_ups
        if limit.limit_top_ups is not None and made >= limit.limit_top_ups:
            return f"The budget of {whose}, {top_ups(limit.limit_top_ups)} a {limit.period}, is used up. {anew}"
        if limit.limit_minor is None:
            continue
        budget = f"the budget of {whose}, {money(limit.limit_minor, limit.currency)} a {limit.period}"
        if price.amount_minor is None:
            return f"The price of a top-up is not known, so {budget}, can't be kept: set a price under Actions."
        if price.currency != limit.currency:
            return f"A top-up costs {money(price.amount_minor, price.currency)}: {budget}, is in another currency."
        left = limit.limit_minor - used.spent_minor - used.reserved_minor - used.unpriced_top_ups * price.amount_minor
        if price.amount_minor > left:
            rest = money(max(0, left), limit.currency)
            cost = money(price.amount_minor, price.currency)
            return f"A top-up costs {cost}, and {budget}, has {rest} left. {anew}"
    return None


def checked(limits: Sequence[BudgetLimit], known: Collection[str]) -> list[BudgetLimit]:
    """The budgets, if they can be. `known`: handles of the users and keys. Raises Invalid."""
    if len(limits) > MOST_BUDGETS:
        raise Invalid(f"There are at most {MOST_BUDGETS} budgets")
    seen: set[tuple[str, str | None, str]] = set()
    for limit in limits:
        key = (limit.scope, limit.subject, limit.period)
        if key in seen:
            raise Invalid("Two budgets are for the same", scope=limit.scope, subject=limit.subject)
        seen.add(key)
        kind = {"user": BudgetScope.USER, "key": BudgetScope.API_KEY}.get((limit.subject or "").partition(":")[0])
        if limit.subject is not None and (kind is not limit.scope or limit.subject not in known):
            raise Invalid("There is no such user or API key in your organization", subject=limit.subject)
        if limit.limit_minor is None and limit.limit_top_ups is None:
            raise Invalid("A budget has a limit in money, in top-ups, or both")
        if (limit.limit_minor is None) != (limit.currency is None):
            raise Invalid("A limit in money has a currency")
        if limit.limit_minor is not None:
            check_money(limit.limit_minor, limit.currency)
        if limit.limit_top_ups is not None and not 0 <= limit.limit_top_ups <= MOST_TOP_UPS:
            raise Invalid(f"limit_top_ups is 0 to {MOST_TOP_UPS}")
    return list(limits)


def check_money(amount_minor: int, currency: str | None) -> None:
    """Raises Invalid for what can't be an amount of money."""
    if not 0 <= amount_minor <= LARGEST_MINOR or currency is None or not CURRENCY.fullmatch(currency):
        raise Invalid("Money is a whole number of minor units, with a currency of three capital letters")

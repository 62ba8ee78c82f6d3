"""Budgets of top-ups, and the organization's own price of one: what is used, and forms to change them."""

from datetime import UTC, datetime
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.actions.auto_top_ups import in_megabytes, listed
from console.actions.budgeting import budgets_of, described, replace_budgets
from console.actions.budgets import BudgetLimit, BudgetPeriod, BudgetScope
from console.actions.explanations import PAYMENT_NAMES
from console.actions.guards import lock_spending
from console.actions.spending import limits_of, names_of
from console.carrier.money import read_money
from console.carrier.products import price_setting
from console.errors import ConsoleError, Invalid, NotAllowed, NotFound
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page
from console.store.database import Database, Transaction

BACK = "/budgets"
WHOSE = {"organization": "The organization", "user": "Each user", "api_key": "Each API key"}


class BudgetForm(Struct):
    """One budget; without any limit it is removed. `whose` is a scope, or a user's or key's handle."""

    whose: str = ""
    period: str = ""
    limit: str = ""
    currency: str = ""
    limit_top_ups: str = ""


class PriceForm(Struct):
    """The organization's own price; empty: none."""

    price: str = ""
    currency: str = ""


async def _drawn(reading: AsyncConnection, caller: Caller, live_since: str, fault: str = "") -> Template:
    """The page, with the reason why something was refused."""
    names = await names_of(reading, caller.organization_id, datetime.now(UTC))
    return await page(
        reading,
        caller,
        live_since,
        "actions",
        "actions/change_budgets.html",
        status=422 if fault else 200,
        budgets=await budgets_of(reading, caller.organization_id),
        whose=WHOSE | names,
        auto_top_ups=await listed(reading, caller.organization_id, datetime.now(UTC)),
        in_megabytes=in_megabytes,
        payment_methods=PAYMENT_NAMES,
        may_change=caller.may(Permission.BUDGETS_WRITE),
        fault=fault,
    )


@get("/budgets")
async def budgets_page(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], live_since: NamedDependency[str]
) -> Template:
    """What is spent, reserved and left."""
    return await _drawn(reading, caller, live_since)


@post("/budgets", status_code=200, opt={"permission": Permission.BUDGETS_WRITE})
async def change(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    data: Form[BudgetForm],
) -> Response[Any]:
    """Back to the page; with the reason if something is refused."""

    async def changed(transaction: Transaction) -> None:
        organization_id = caller.organization_id
        wanted = _limit_of(data)
        limits = [
            limit
            for limit in await limits_of(transaction.connection, organization_id)
            if (limit.scope, limit.subject, limit.period) != (wanted.scope, wanted.subject, wanted.period)
        ]
        if wanted.limit_minor is not None or wanted.limit_top_ups is not None:
            limits.append(wanted)
        await replace_budgets(transaction, caller, limits, await price_setting(transaction.connection, organization_id))

    return await _change(caller, db, live_since, changed)


@post("/budgets/price", status_code=200, opt={"permission": Permission.BUDGETS_WRITE})
async def change_price(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    data: Form[PriceForm],
) -> Response[Any]:
    """Back to the page; with the reason if something is refused."""

    async def changed(transaction: Transaction) -> None:
        price = (_money(data.price, data.currency), data.currency.strip().upper()) if data.price.strip() else None
        await replace_budgets(
            transaction, caller, await limits_of(transaction.connection, caller.organization_id), price
        )

    return await _change(caller, db, live_since, changed)


async def _change(caller: Caller, db: Database, live_since: str, changed: Any) -> Response[Any]:
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "budget.change") as act:
            await lock_spending(transaction.connection, caller.organization_id)  # what is read now is what is replaced
            act.before = await described(transaction, caller.organization_id)
            await changed(transaction)
            act.after = await described(transaction, caller.organization_id)
    except ConsoleError as error:
        return await refused(db, caller, live_since, error)
    return Redirect(BACK, status_code=303)


async def refused(db: Database, caller: Caller, live_since: str, error: ConsoleError) -> Response[Any]:
    """The page with the reason; what is no matter of the form (a proof is needed, no such rule) is raised."""
    if isinstance(error, NotAllowed | NotFound):
        raise error
    async with db.reading() as reading:
        return await _drawn(reading, caller, live_since, error.message)


def _limit_of(form: BudgetForm) -> BudgetLimit:
    """The budget that the form names. Raises Invalid for what can't be."""
    prefix = form.whose.partition(":")[0]
    scope = {"user": BudgetScope.USER, "key": BudgetScope.API_KEY}.get(prefix)
    try:
        if ":" not in form.whose:
            scope = BudgetScope(form.whose)
        top_ups = int(form.limit_top_ups) if form.limit_top_ups.strip() else None
        return BudgetLimit(
            scope=scope or BudgetScope.ORGANIZATION,
            period=BudgetPeriod(form.period),
            subject=form.whose if ":" in form.whose else None,
            limit_minor=_money(form.limit, form.currency) if form.limit.strip() else None,
            currency=form.currency.strip().upper() if form.limit.strip() else None,
            limit_top_ups=top_ups,
        )
    except ValueError as error:
        raise Invalid("Choose one of the offered values; a limit of top-ups is a whole number") from error


def _money(text: str, currency: str) -> int:
    """In minor units. Raises Invalid for what can't be an amount."""
    found = read_money(text, currency.strip().upper())
    if found is None:
        raise Invalid("An amount is like 100 or 100.50, with a currency like EUR")
    return found


router = Router("/", route_handlers=[budgets_page, change, change_price], request_max_body_size=FORM_BYTES)

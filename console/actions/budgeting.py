"""Budgets of top-ups for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct, structs, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.actions import spending, writes
from console.actions.budgets import BudgetLimit, check_money
from console.actions.spending import Budget
from console.carrier import products
from console.carrier.products import TopUpPrice
from console.http.fields import FieldNames, selected
from console.organizations.rules import Caller, Permission
from console.organizations.writes import set_top_up_price
from console.store.database import Database, Transaction


class PriceSetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a top-up costs, as your organization has said it."""

    amount_minor: Annotated[int, Meta(description="Net, in minor units.", examples=[1000])]
    currency: Annotated[str, Meta(description="ISO 4217.", examples=["EUR"])]


class Budgets(Struct, frozen=True, kw_only=True):
    """The budgets of your organization, and what a top-up costs."""

    items: Annotated[list[Budget], Meta(description="The budgets; a top-up counts in each that it belongs to.")]
    top_up_price: Annotated[TopUpPrice, Meta(description="What a top-up costs, as far as anybody has said it.")]
    price_setting: Annotated[
        PriceSetting | None, Meta(description="Your own price, used where 1NCE's price list names none.")
    ]


class NewBudgets(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be in the place of all budgets, and of your own price."""

    items: Annotated[list[BudgetLimit], Meta(description="The budgets; none: top-ups have no limit.")]
    price_setting: Annotated[
        PriceSetting | None, Meta(description="Your own price, used where 1NCE's price list names none; null: none.")
    ] = None


@get("/budgets", operation_id="listBudgets", summary="List the budgets of top-ups, and what of them is used")
async def list_budgets(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], fields: FieldNames = ""
) -> Budgets:
    """Spent, reserved and left in the present day or month, UTC."""
    found = await budgets_of(reading, caller.organization_id)
    return structs.replace(found, items=selected(Budget, found.items, fields))


@put(
    "/budgets",
    operation_id="putBudgets",
    summary="Replace the budgets of top-ups",
    opt={"permission": Permission.BUDGETS_WRITE},
)
async def put_budgets(
    caller: NamedDependency[Caller], db: NamedDependency[Database], data: JSONBody[NewBudgets]
) -> Budgets:
    """What is already asked for stays as it is; the next top-up is held against the new budgets."""
    price = data.price_setting
    wanted = None if price is None else (price.amount_minor, price.currency)
    async with db.transaction() as transaction, acting(transaction, caller, "budget.change") as act:
        act.before = await described(transaction, caller.organization_id)
        await replace_budgets(transaction, caller, data.items, wanted)
        act.after = await described(transaction, caller.organization_id)
        return await budgets_of(transaction.connection, caller.organization_id)


async def replace_budgets(
    transaction: Transaction, caller: Caller, limits: list[BudgetLimit], price: tuple[int, str] | None
) -> None:
    """Replace budgets and price. Raises Invalid for what can't be."""
    if price is not None:
        check_money(*price)
    await writes.put_budgets(transaction, caller.organization_id, limits, datetime.now(UTC))
    await set_top_up_price(transaction, caller.organization_id, price)


async def budgets_of(connection: AsyncConnection, organization_id: int) -> Budgets:
    """Budgets and prices as they are now."""
    now = datetime.now(UTC)
    setting = await products.price_setting(connection, organization_id)
    return Budgets(
        items=await spending.listed(connection, organization_id, now),
        top_up_price=await products.top_up_price(connection, organization_id, now),
        price_setting=PriceSetting(amount_minor=setting[0], currency=setting[1]) if setting else None,
    )


async def described(transaction: Transaction, organization_id: int) -> dict[str, object]:
    """Budgets and price for the audit trail."""
    limits = await spending.limits_of(transaction.connection, organization_id)
    setting = await products.price_setting(transaction.connection, organization_id)
    return {"budgets": to_builtins(limits), "price": list(setting) if setting else None}


router = Router("/", route_handlers=[list_budgets, put_budgets], tags=["Actions"])

"""What the organization has ordered at 1NCE and asked its support; 1NCE's price list. As the workers read them last."""

from typing import Annotated, Any

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.orders_api import linked_orders, linked_tickets
from console.carrier import orders, products, reads, tickets
from console.organizations.rules import Caller
from console.pages.administration import page
from console.store.keyset import read_cursor

ROWS = 50
Before = Annotated[str, QueryParameter(max_length=300)]
By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]


@get("/orders")
async def orders_page(caller: By, reading: Reading, live_since: NamedDependency[str], before: Before = "") -> Template:
    """The latest orders, each with the action that made it, and what 1NCE sells."""
    cursor = read_cursor(before) if before else None
    found, older = await orders.page(reading, caller.organization_id, limit=ROWS, cursor=cursor)
    return await page(
        reading,
        caller,
        live_since,
        "orders",
        "orders/orders.html",
        orders=await linked_orders(reading, caller.organization_id, found),
        products=await products.listed(reading, caller.organization_id),
        orders_offered=await reads.operation(reading, caller.organization_id, "orders.list"),
        products_offered=await reads.operation(reading, caller.organization_id, "products.list"),
        **_pages("/orders", older, before),
    )


@get("/tickets")
async def tickets_page(caller: By, reading: Reading, live_since: NamedDependency[str], before: Before = "") -> Template:
    """The latest tickets, with what was written since. They are opened on a SIM's page."""
    cursor = read_cursor(before) if before else None
    found, older = await tickets.page(reading, caller.organization_id, limit=ROWS, cursor=cursor)
    return await page(
        reading,
        caller,
        live_since,
        "tickets",
        "orders/tickets.html",
        tickets=await linked_tickets(reading, caller, found),
        offered=await reads.operation(reading, caller.organization_id, "support.list"),
        **_pages("/tickets", older, before),
    )


def _pages(path: str, older: str | None, before: str) -> dict[str, Any]:
    return {"older": f"{path}?before={older}" if older else None, "newest": path if before else None}


router = Router("/", route_handlers=[orders_page, tickets_page])

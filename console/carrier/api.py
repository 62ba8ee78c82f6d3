"""The account at 1NCE for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier import products, reads
from console.carrier.products import Product, TopUpPrice
from console.facts.carrier import CarrierStatus
from console.http.fields import FieldNames, selected
from console.organizations.rules import Caller


class Products(Struct, frozen=True, kw_only=True):
    """1NCE's price list, as the workers read it last."""

    items: Annotated[list[Product], Meta(description="By number; empty where it has not been read.")]
    top_up_price: Annotated[TopUpPrice, Meta(description="What a top-up costs, as far as anybody has said it.")]
    unavailable_reason: Annotated[
        str | None, Meta(description="Why 1NCE does not list its products; null where it does.")
    ]


@get("/carrier", operation_id="getCarrier", summary="Whether 1NCE answers, and what it offers")
async def get_carrier(caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection]) -> CarrierStatus:
    """As the workers last found it: this calls nothing at 1NCE."""
    return await reads.status(reading, caller.organization_id)


@get("/products", operation_id="listProducts", summary="List what 1NCE sells, and what a top-up costs")
async def list_products(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], fields: FieldNames = ""
) -> Products:
    """Net prices. A top-up's is from this list, else your organization's own setting, else said to be unknown."""
    organization_id = caller.organization_id
    offered = await reads.operation(reading, organization_id, "products.list")
    return Products(
        items=selected(Product, await products.listed(reading, organization_id), fields),
        top_up_price=await products.top_up_price(reading, organization_id, datetime.now(UTC)),
        unavailable_reason=offered.unavailable_reason,
    )


router = Router("/", route_handlers=[get_carrier, list_products], tags=["Carrier"])

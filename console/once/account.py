"""What belongs to the account as a whole: orders, products, service requests. 1NCE documents them under v1 only.

Nobody knows what becomes of them when v1 ends: an account that does not offer one gets NotOffered.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from msgspec import Raw

from console.once import operations
from console.once.account_shapes import (
    Order,
    Page,
    Product,
    Ticket,
    read_order,
    read_product,
    read_ticket,
)
from console.once.caller import Caller
from console.once.decode import UNREADABLE, read_items
from console.once.errors import NotFound, Unexpected
from console.once.operations import Operation
from console.once.pace import Lane

ORDERS_PER_PAGE = 10  # 1NCE's most
TICKETS_PER_PAGE = 100  # 1NCE's most; it gives one if it is not told

Item = TypeVar("Item")


class AccountDesk:
    """Orders, products and service requests of one organization, as `OnceClient.account`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def orders(
        self, page: int = 1, page_size: int = ORDERS_PER_PAGE, *, newest_first: bool = True, lane: Lane = Lane.POLL
    ) -> Page[Order]:
        """One page of the orders, top-ups among them; empty past the end. Sorted by 1NCE; it can't filter by date."""
        sort = "-order_date" if newest_first else "order_number"
        params: dict[str, str | int] = {"page": page, "pageSize": page_size, "sort": sort}
        return await self._list(operations.ORDERS, read_order, page, params, lane)

    async def order(self, number: int, *, lane: Lane = Lane.POLL) -> Order:
        """One order."""
        answer = await self._caller.call(operations.ORDER, lane=lane, order_number=str(number))
        if answer.content.strip() in (b"", b"null"):
            raise NotFound(answer.status_code, f"1NCE has no order {number}.")
        return _read(answer, read_order)

    async def place_order(self, product_id: int, quantity: int, *, reference: str = "") -> int | None:
        """Order SIMs: real money. The order's number, if 1NCE tells it. Never repeated when the answer is lost."""
        body: dict[str, Any] = {"products": [{"productId": product_id, "quantity": quantity}]}
        if reference:
            body["customer_reference"] = reference
        answer = await self._caller.call(operations.PLACE_ORDER, lane=Lane.COMMAND, body=body)
        number = answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        return int(number) if number.isascii() and number.isdigit() else None

    async def products(self, *, lane: Lane = Lane.POLL) -> list[Product]:
        """What the account may order, with prices."""
        return (await self._list(operations.PRODUCTS, read_product, 1, {}, lane)).items

    async def tickets(
        self, page: int = 1, page_size: int = TICKETS_PER_PAGE, *, lane: Lane = Lane.POLL
    ) -> Page[Ticket]:
        """One page of the service requests, each with what was written; empty past the end."""
        return await self._list(operations.TICKETS, read_ticket, page, {"page": page, "pageSize": page_size}, lane)

    async def open_ticket(self, *, subject: str, text: str, sender: str, reply_to: str) -> None:
        """Write to 1NCE's support. Never repeated when the answer is lost: two people would answer."""
        body = {"subject": subject, "text": text, "senderName": sender, "replyToMail": reply_to}
        await self._caller.call(operations.OPEN_TICKET, lane=Lane.COMMAND, body=body)

    async def _list(
        self, operation: Operation, read: Callable[[Raw], Item], page: int, params: dict[str, Any], lane: Lane
    ) -> Page[Item]:
        answer = await self._caller.call(operation, lane=lane, params=params or None)
        items, unreadable = _read(answer, lambda body: read_items(body, read))
        return Page(items=items, unreadable=unreadable, page=page)


def _read(answer: httpx.Response, read: Callable[[Any], Item]) -> Item:
    """What an answer says, or Unexpected with the body kept."""
    try:
        return read(answer.content)
    except UNREADABLE as error:
        raise Unexpected(str(answer.url), str(error) or type(error).__name__, answer.content) from error

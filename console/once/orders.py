"""What belongs to no SIM: orders, products, service requests. 1NCE documents them under v1 only.

Nobody knows what becomes of them when v1 ends: an organization that is not offered one gets NotOffered.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Raw

from console.once import operations
from console.once.http.exchange import BeforeSending, send_at_once
from console.once.http.rate_limit import CallPriority
from console.once.http.requester import Params, Requester
from console.once.models import Page
from console.once.operations import Operation
from console.once.wire.decode import read_items
from console.once.wire.orders import Address, Order, Product, read_order, read_product
from console.once.wire.reading import created, number, read, read_one
from console.once.wire.tickets import Ticket, read_ticket

ORDERS_PER_PAGE = 10  # 1NCE's most
TICKETS_PER_PAGE = 100  # 1NCE's most; its default is one

Item = TypeVar("Item")


class OrderOperations:
    """Orders, products and service requests of one organization, as `OnceClient.orders`."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester

    async def orders(
        self,
        page: int = 1,
        page_size: int = ORDERS_PER_PAGE,
        *,
        newest_first: bool = True,
        priority: CallPriority = CallPriority.POLL,
    ) -> Page[Order]:
        """One page of the orders, top-ups among them; empty past the end. Sorted by 1NCE; it can't filter by date.

        `GET /v1/orders`: ten at most. That a hyphen sorts the other way is documented for SIMs alone.
        """
        sort = "-order_date" if newest_first else "order_number"
        return await self._list(
            operations.ORDERS, read_order, {"page": page, "pageSize": page_size, "sort": sort}, priority
        )

    async def order(self, number: int, *, priority: CallPriority = CallPriority.POLL) -> Order:
        """One order, by `GET /v1/orders/{order_number}`. NotFound if 1NCE does not know it."""
        return read_one(
            await self._requester.call(operations.ORDER, priority=priority, order_number=str(number)), read_order
        )

    async def place_order(
        self, quantities: Mapping[int, int], *, to: Address | None = None, reference: str = ""
    ) -> int | None:
        """Order so many packages of each product: real money. The order's number, if 1NCE returns it.

        `POST /v1/orders`. Without an address 1NCE takes the one that it knows. Never repeated when the answer is
        lost: the proof is a new order in the list.
        """
        ordered = [{"productId": product, "quantity": quantity} for product, quantity in quantities.items()]
        body: dict[str, Any] = {"products": ordered}
        if to is not None:
            body["delivery_address"] = to
        if reference:
            body["customer_reference"] = reference
        ordered_as = (
            created(await self._requester.call(operations.PLACE_ORDER, priority=CallPriority.COMMAND, body=body)) or ""
        )
        return int(ordered_as) if ordered_as.isascii() and ordered_as.isdigit() else None

    async def products(self, *, priority: CallPriority = CallPriority.POLL) -> list[Product]:
        """What may be ordered, with net prices, by `GET /v1/products`, which is not paged."""
        return (await self._list(operations.PRODUCTS, read_product, {}, priority)).items

    async def tickets(
        self, page: int = 1, page_size: int = TICKETS_PER_PAGE, *, priority: CallPriority = CallPriority.POLL
    ) -> Page[Ticket]:
        """One page of the service requests, each with what was written; empty past the end.

        `GET /v1/support`: 100 at most.
        """
        return await self._list(operations.TICKETS, read_ticket, {"page": page, "pageSize": page_size}, priority)

    async def open_ticket(
        self,
        *,
        subject: str,
        text: str,
        sender: str,
        reply_to: str,
        before_sending: BeforeSending = send_at_once,
    ) -> None:
        """Write to 1NCE's support, which answers to the mail address `reply_to`.

        `POST /v1/support`, which returns no number. Never repeated when the answer is lost: two people would answer.
        """
        body = {"subject": subject, "text": text, "senderName": sender, "replyToMail": reply_to}
        await self._requester.call(
            operations.OPEN_TICKET, priority=CallPriority.COMMAND, body=body, before_sending=before_sending
        )

    async def _list(
        self, operation: Operation, reader: Callable[[Raw], Item], params: Params, priority: CallPriority
    ) -> Page[Item]:
        answer = await self._requester.call(operation, priority=priority, params=params or None)
        items, unreadable = read(answer, lambda body: read_items(body, reader))
        return Page(
            items=items,
            unreadable=unreadable,
            page=int(params.get("page", 1)),
            pages=number(answer, "X-Total-Pages"),
            total=number(answer, "X-Total-Count"),
        )

"""What the customer has ordered and what it has come to: SIMs, and top-ups that wait for their money."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from simulator.fleet import operations
from simulator.orders.products import TOP_UP
from simulator.times import DAY

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.fleet import Fleet
    from simulator.ledger import Ledger

FIRST_NUMBER = 2_000_000_001
MOST_PAST = 40  # orders by which the fleet was bought
SMALLEST = 100  # SIMs in one of them
AFTER_TRANSFER = 2 * DAY  # simulated seconds until a bank transfer has arrived
DELIVERY = 3 * DAY  # simulated seconds from an order of goods to its end


class OrderStatus(StrEnum):
    """COMPLETED is 1NCE's word; no public page shows another one, so the rest is a guess."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"


class Order(Struct, kw_only=True):
    """One order: `items` are product ids and quantities, `sims` the places of its SIMs in the series."""

    number: int
    kind: str
    date: float  # wall clock
    items: list[tuple[int, int]]
    sims: range
    status: OrderStatus = OrderStatus.COMPLETED
    address: dict[str, Any] | None = None


class Orders:
    """All orders, oldest first: those by which the fleet was bought, and those since."""

    def __init__(self, fleet: Fleet, ledger: Ledger) -> None:
        self._fleet = fleet
        self._ledger = ledger
        self._unpaid: dict[int, tuple[Card, dict[str, Any]]] = {}
        self.all: dict[int, Order] = {}
        self.gone: set[int] = set()  # numbers that no answer has
        self._buy_the_fleet()

    def top_up(self, card: Card, method: str) -> Order:
        """A pack for a SIM. By card and invoice it is paid at once, by transfer days later."""
        order = self._new("TOPUP", [(TOP_UP.id, 1)], range(card.index, card.index + 1))
        detail = {"order": order.number, "payment_method": method, "paid": False}
        self._ledger.write("topup", self._fleet.series.iccid(card.index), detail)
        self._unpaid[order.number] = (card, detail)
        if method == "banktransfer":
            self._fleet.schedule.call_at(self._fleet.seconds + AFTER_TRANSFER, lambda: self.pay(order.number))
        else:
            self.pay(order.number)
        return order

    def pay(self, number: int) -> bool:
        """The money for a top-up has come, and its volume with it; False when no such order is unpaid."""
        card, detail = self._unpaid.pop(number, (None, {}))
        if card is None:
            return False
        detail["paid"] = True
        self._complete(number)
        operations.top_up(self._fleet, card)
        return True

    def drop(self, number: int, status: OrderStatus | None) -> bool:
        """1NCE waits for the money no longer; without a status the order is gone. False when none is unpaid."""
        if self._unpaid.pop(number, None) is None:
            return False
        if status is None:
            self.gone.add(number)
            self._ledger.write("order.gone", "", {"order": number})
        else:
            self.all[number].status = status
        return True

    def place(self, items: list[tuple[int, int]], address: dict[str, Any] | None) -> Order:
        """An order of goods; they are sent some days later, and are never put into this fleet."""
        order = self._new("ADDITIONAL_ORDER", items, range(0))
        order.address = address
        self._ledger.write("order", "", {"order": order.number, "products": [list(item) for item in items]})
        self._fleet.schedule.call_at(self._fleet.seconds + DELIVERY, lambda: self._complete(order.number))
        return order

    def _new(self, kind: str, items: list[tuple[int, int]], sims: range) -> Order:
        order = Order(
            number=FIRST_NUMBER + len(self.all), kind=kind, date=self._fleet.wall(), items=items, sims=sims,
            status=OrderStatus.OPEN,
        )  # fmt: skip
        self.all[order.number] = order
        return order

    def _complete(self, number: int) -> None:
        self.all[number].status = OrderStatus.COMPLETED

    def _buy_the_fleet(self) -> None:
        sims = len(self._fleet.cards)
        size = max(SMALLEST, -(-sims // MOST_PAST))
        began = self._fleet.started - 400 * DAY
        for nth, first in enumerate(range(0, sims, size)):
            bought = range(first, min(first + size, sims))
            order = self._new("ADDITIONAL_ORDER" if nth else "FIRST_ORDER", [(1001, len(bought))], bought)
            order.date, order.status = began + nth * 9 * DAY, OrderStatus.COMPLETED

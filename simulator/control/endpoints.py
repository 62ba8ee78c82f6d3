"""The routes under `/_sim`: for tests and demonstrations, open to everybody on this machine."""

from __future__ import annotations

from typing import Any

from simulator import answers
from simulator.answers import Answer, refusal
from simulator.clock import FleetClock
from simulator.control import actual, setting
from simulator.control.conditions import Conditions, object_of
from simulator.faults import Faults
from simulator.fleet.card import Card
from simulator.fleet.fleet import Fleet
from simulator.ledger import Ledger
from simulator.orders.orders import Orders, OrderStatus
from simulator.request_counts import RequestCounts
from simulator.requests import Request, Routes, number


class Control:
    """Looks at and changes all that is simulated."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        fleet_clock: FleetClock,
        faults: Faults,
        request_counts: RequestCounts,
        ledger: Ledger,
        orders: Orders,
        conditions: Conditions,
    ) -> None:
        self._fleet = fleet
        self._fleet_clock = fleet_clock
        self._faults = faults
        self._request_counts = request_counts
        self._ledger = ledger
        self._orders = orders
        self._conditions = conditions

    def routes(self) -> Routes:
        routes = Routes()
        for method, template, handler in (
            ("GET", "/_sim/fleet", self._see_fleet),
            ("GET", "/_sim/sims", self._see_sims),
            ("GET", "/_sim/sims/{iccid}", self._see_sim),
            ("POST", "/_sim/sims/{iccid}", self._set_sim),
            ("POST", "/_sim/step", self._step),
            ("POST", "/_sim/pause", self._pause),
            ("POST", "/_sim/resume", self._resume),
            ("GET", "/_sim/faults", self._see_faults),
            ("POST", "/_sim/faults", self._order_faults),
            ("DELETE", "/_sim/faults", self._end_faults),
            ("DELETE", "/_sim/faults/{id}", self._end_faults),
            ("GET", "/_sim/requests", self._see_requests),
            ("GET", "/_sim/writes", self._see_writes),
            ("GET", "/_sim/ledger", self._see_ledger),
            ("POST", "/_sim/orders/{order}/pay", self._pay),
            ("POST", "/_sim/orders/{order}/drop", self._drop),
        ):
            routes.add(method, template, handler)
        self._conditions.add_to(routes)
        return routes

    def _see_fleet(self, request: Request) -> Answer:
        return answers.json(
            {
                **actual.of_fleet(self._fleet),
                "speed": self._fleet_clock.speed,
                "still": self._fleet_clock.still,
            }  # and how it moves
        )

    def _card(self, request: Request) -> Card:
        card = self._fleet.card(request.values[0])
        if card is None:
            raise refusal(404, "There is no such SIM.")
        return card

    def _see_sims(self, request: Request) -> Answer:
        """All SIMs by number; `?page=` and `?size=` (1,000) for large fleets, `?connection=` for one sort of them."""
        query = request.query()
        page, size = number(query, "page", 1), number(query, "size", 1000)
        wanted = query.get("connection")
        cards = [card for card in self._fleet.cards if wanted in (None, card.connection)]
        return answers.json([actual.of_card(self._fleet, card) for card in cards[(page - 1) * size : page * size]])

    def _see_sim(self, request: Request) -> Answer:
        return answers.json(actual.of_card(self._fleet, self._card(request)))

    def _set_sim(self, request: Request) -> Answer:
        card = self._card(request)
        setting.apply(self._fleet, card, request.json())
        return answers.json(actual.of_card(self._fleet, card))

    def _step(self, request: Request) -> Answer:
        seconds = _number(object_of(request), "seconds", 1.0)
        steps = self._fleet.advance(seconds)
        return answers.json({"seconds": self._fleet.seconds, "steps": steps, "changes": self._fleet.changes})

    def _pause(self, request: Request) -> Answer:
        self._fleet_clock.still = True
        return self._see_fleet(request)

    def _resume(self, request: Request) -> Answer:
        self._fleet_clock.speed = _number(object_of(request), "speed", self._fleet_clock.speed)
        self._fleet_clock.still = False
        return self._see_fleet(request)

    def _see_faults(self, request: Request) -> Answer:
        return answers.json(self._faults.all())

    def _order_faults(self, request: Request) -> Answer:
        asked = request.json()
        if isinstance(asked, list):
            return answers.json([self._faults.order(one) for one in asked], 201)
        return answers.json(self._faults.order(asked), 201)

    def _end_faults(self, request: Request) -> Answer:
        id_ = int(request.values[0]) if request.values and request.values[0].isdigit() else None
        return answers.json({"ended": self._faults.end(id_)})

    def _see_requests(self, request: Request) -> Answer:
        since = request.query().get("since", "0")
        return answers.json(self._request_counts.as_json(float(since) if since.replace(".", "", 1).isdigit() else 0))

    def _see_writes(self, request: Request) -> Answer:
        return answers.json(list(self._request_counts.writes))

    def _see_ledger(self, request: Request) -> Answer:
        return answers.json(self._ledger.entries)

    def _pay(self, request: Request) -> Answer:
        order = request.values[0]
        if not order.isdigit() or not self._orders.pay(int(order)):
            raise refusal(404, "There is no such unpaid order.")
        return answers.json({"paid": int(order)})

    def _drop(self, request: Request) -> Answer:
        """`status`: CANCELLED or REJECTED; without one the order is gone."""
        order, status = request.values[0], object_of(request).get("status")
        if status not in (None, OrderStatus.CANCELLED, OrderStatus.REJECTED):
            raise refusal(400, "status must be CANCELLED or REJECTED.")
        wanted = None if status is None else OrderStatus(status)
        if not order.isdigit() or not self._orders.drop(int(order), wanted):
            raise refusal(404, "There is no such unpaid order.")
        return answers.json({"dropped": int(order)})


def _number(asked: dict[str, Any], name: str, default: float) -> float:
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise refusal(400, f"{name} must be a number, not less than 0.")
    return float(value)

"""The doors under `/_sim`: for tests and demonstrations, open to everybody on this machine."""

from __future__ import annotations

from typing import Any

from simulator import answers
from simulator.account.orders import Orders
from simulator.answers import Answer, refusal
from simulator.calls import Call, Doors, number
from simulator.control import setting, truth
from simulator.control.conditions import Conditions, object_of
from simulator.faults import Faults
from simulator.fleet.card import Card
from simulator.fleet.fleet import Fleet
from simulator.ledger import Ledger
from simulator.pulse import Pulse
from simulator.tally import Tally


class Control:
    """Looks at and changes all that is simulated."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        pulse: Pulse,
        faults: Faults,
        tally: Tally,
        ledger: Ledger,
        orders: Orders,
        conditions: Conditions,
    ) -> None:
        self._fleet = fleet
        self._pulse = pulse
        self._faults = faults
        self._tally = tally
        self._ledger = ledger
        self._orders = orders
        self._conditions = conditions

    def doors(self) -> Doors:
        doors = Doors()
        for method, template, door in (
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
            ("GET", "/_sim/ledger", self._see_ledger),
            ("POST", "/_sim/orders/{order}/pay", self._pay),
        ):
            doors.add(method, template, door)
        self._conditions.add_to(doors)
        return doors

    def _see_fleet(self, call: Call) -> Answer:
        return answers.json(
            {**truth.of_fleet(self._fleet), "speed": self._pulse.speed, "still": self._pulse.still}  # and how it moves
        )

    def _card(self, call: Call) -> Card:
        card = self._fleet.card(call.values[0])
        if card is None:
            raise refusal(404, "There is no such SIM.")
        return card

    def _see_sims(self, call: Call) -> Answer:
        """All SIMs by number; `?page=` and `?size=` (1,000) for large fleets, `?connection=` for one sort of them."""
        query = call.query()
        page, size = number(query, "page", 1), number(query, "size", 1000)
        wanted = query.get("connection")
        cards = [card for card in self._fleet.cards if wanted in (None, card.connection)]
        return answers.json([truth.of_card(self._fleet, card) for card in cards[(page - 1) * size : page * size]])

    def _see_sim(self, call: Call) -> Answer:
        return answers.json(truth.of_card(self._fleet, self._card(call)))

    def _set_sim(self, call: Call) -> Answer:
        card = self._card(call)
        setting.apply(self._fleet, card, call.json())
        return answers.json(truth.of_card(self._fleet, card))

    def _step(self, call: Call) -> Answer:
        seconds = _number(object_of(call), "seconds", 1.0)
        steps = self._fleet.advance(seconds)
        return answers.json({"seconds": self._fleet.seconds, "steps": steps, "changes": self._fleet.changes})

    def _pause(self, call: Call) -> Answer:
        self._pulse.still = True
        return self._see_fleet(call)

    def _resume(self, call: Call) -> Answer:
        self._pulse.speed = _number(object_of(call), "speed", self._pulse.speed)
        self._pulse.still = False
        return self._see_fleet(call)

    def _see_faults(self, call: Call) -> Answer:
        return answers.json(self._faults.all())

    def _order_faults(self, call: Call) -> Answer:
        asked = call.json()
        if isinstance(asked, list):
            return answers.json([self._faults.order(one) for one in asked], 201)
        return answers.json(self._faults.order(asked), 201)

    def _end_faults(self, call: Call) -> Answer:
        id_ = int(call.values[0]) if call.values and call.values[0].isdigit() else None
        return answers.json({"ended": self._faults.end(id_)})

    def _see_requests(self, call: Call) -> Answer:
        since = call.query().get("since", "0")
        return answers.json(self._tally.told(float(since) if since.replace(".", "", 1).isdigit() else 0))

    def _see_ledger(self, call: Call) -> Answer:
        return answers.json(self._ledger.entries)

    def _pay(self, call: Call) -> Answer:
        order = call.values[0]
        if not order.isdigit() or not self._orders.pay(int(order)):
            raise refusal(404, "There is no such unpaid order.")
        return answers.json({"paid": int(order)})


def _number(asked: dict[str, Any], name: str, default: float) -> float:
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise refusal(400, f"{name} must be a number, not less than 0.")
    return float(value)

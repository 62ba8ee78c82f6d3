"""What can be done to a SIM: change it, reset its connection, top it up. All that takes effect is in the ledger."""

from __future__ import annotations

from simulator.answers import Answer, Refused, json, refusal
from simulator.api.inventory import listed
from simulator.fleet import operations
from simulator.fleet.fleet import Fleet
from simulator.ledger import Ledger
from simulator.orders.orders import Orders
from simulator.requests import Request

METHODS = ("banktransfer", "creditcard", "monthlyinvoice", "boleto")
NOT_FOR_US = frozenset({"boleto"})  # a method that this account may not use
QUEUE = 2.0  # simulated seconds that a reset waits in its queue


class Changes:
    """`PUT /v2/sims/{iccid}`, `POST …/reset` and `POST …/topup`."""

    def __init__(self, fleet: Fleet, ledger: Ledger, orders: Orders) -> None:
        self._fleet = fleet
        self._ledger = ledger
        self._orders = orders

    def change(self, request: Request) -> Answer:
        """200 without a body. A key that is left out gets its declared default, and the label is then empty."""
        fleet, card = self._fleet, listed(self._fleet, request)
        label, lock, enabled = _wanted(request)
        if lock and card.imei is None:
            raise refusal(409, "A SIM that was never in a device cannot be locked to one.")
        before = {"label": card.label, "imei_lock": card.imei_lock, "status": _status(card.enabled)}
        card.label = label
        card.inventory_json = None
        operations.lock(fleet, card, lock)
        operations.enable(fleet, card, enabled)
        after = {"label": label, "imei_lock": lock, "status": _status(enabled)}
        changed = {name: value for name, value in after.items() if before[name] != value}
        if changed:
            self._ledger.write("change", fleet.series.iccid(card.index), changed)
        return Answer(200)

    def reset(self, request: Request) -> Answer:
        """201 without a body: queued, and done a little later."""
        fleet, card = self._fleet, listed(self._fleet, request)
        if not card.enabled:
            raise refusal(409, "A disabled SIM cannot be reset.")
        self._ledger.write("reset", fleet.series.iccid(card.index), {})
        fleet.schedule.call_at(fleet.seconds + QUEUE, lambda: operations.reset(fleet, card))
        return Answer(201)

    def top_up(self, request: Request) -> Answer:
        """201 with the order's address. By card and invoice it is paid at once, by transfer days later."""
        card = listed(self._fleet, request)
        method = request.query().get("payment_method", "")
        method = method if method in METHODS else METHODS[0]
        if method in NOT_FOR_US:
            raise Refused(json({"message": "Payment method used is not valid."}, 400))
        order = self._orders.top_up(card, method)
        return Answer(201, b"", [(b"location", request.address(f"/v2/orders/{order.number}"))])


def _status(enabled: bool) -> str:
    return "Enabled" if enabled else "Disabled"


def _wanted(request: Request) -> tuple[str | None, bool, bool]:
    """Label, IMEI lock and whether enabled; refused with 400 when the body is not of the documented shape."""
    body = request.json()
    if not isinstance(body, dict):
        raise refusal(400, "The body must be an object.")
    label, lock = body.get("label"), body.get("imei_lock", False)
    status, iccid = body.get("status", "Enabled"), body.get("iccid", request.values[0])
    if iccid != request.values[0]:
        raise refusal(400, "The ICCID of the body is not that of the path.")
    if status not in ("Enabled", "Disabled") or not isinstance(lock, bool) or not isinstance(label, str | None):
        raise refusal(400, "label is a text, imei_lock true or false, status Enabled or Disabled.")
    return label, lock, status == "Enabled"

"""The recorded history and the actions, compared with what 1NCE has received and done."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, field

from console.actions.rules import NOT_CHARGED
from console.actions.spending import listed
from tests.worst_hour.installation import PRICE, Installation
from tests.worst_hour.operators import Asked

ACTIONS = sa.text(
    "SELECT id, iccid, state, caller, idempotency_key, order_number, sent_at IS NOT NULL AS sent,"
    " parameters ->> 'payment_method' AS method,"
    " (SELECT array_agg(step ->> 'state' ORDER BY place)"
    "  FROM jsonb_array_elements(steps) WITH ORDINALITY AS s (step, place)) AS steps"
    " FROM actions ORDER BY id"
)
CERTAIN = ("accepted", "confirmed")
NOTHING_HAPPENED = ("401", "429")  # as 1NCE itself answers them


class Sim(Struct):
    """One SIM: its actions, the orders that 1NCE has charged, the requests that 1NCE has received."""

    actions: list[Any] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # by the status of their answer


class Record(Struct, frozen=True):
    """Everything that is known at one moment."""

    sims: dict[str, Sim]
    actions: Sequence[Any]
    spent: int
    reserved: int

    @property
    def states(self) -> Counter[str]:
        """How many actions are in each state."""
        return Counter(one.state for one in self.actions)

    @property
    def charged(self) -> int:
        """Top-ups that 1NCE has charged."""
        return sum(len(sim.orders) for sim in self.sims.values())


async def record(installation: Installation) -> Record:
    """What is so now."""
    sims = {iccid: Sim() for iccid in installation.iccids}
    async with installation.db.reading() as reading:
        actions = (await reading.execute(ACTIONS)).all()
        # Jumps of the clock move what was spent back by as much: at a month's beginning into the month before.
        begun = (await reading.execute(sa.text("SELECT now() - interval '12 hours'"))).scalar_one()
        (budget,) = await listed(reading, installation.cast.acme, begun)
    for action in actions:
        sims[action.iccid].actions.append(action)
    for entry in await installation.simulation.ask("GET", "ledger"):
        if entry["kind"] == "topup":
            sims[entry["iccid"]].orders.append(str(entry["detail"]["order"]))
    for write in await installation.simulation.ask("GET", "writes"):
        if write["path"].endswith("/topup"):
            sims[write["path"].split("/")[-2]].requests.append(write["status"])
    spent = sum(use.spent_minor for use in budget.uses)
    return Record(sims, actions, spent, sum(use.reserved_minor for use in budget.uses))


def wrong_now(found: Record) -> list[str]:
    """What is wrong at any moment at which nothing is being sent: nothing is charged that is said not to be.

    And nothing that may have been done was sent again.
    """
    faults = []
    for iccid, sim in found.sims.items():
        states = Counter(one.state for one in sim.actions)
        certain = sum(states[state] for state in CERTAIN)
        text = f"{iccid}: {[(one.id, one.steps) for one in sim.actions]}, {sim.orders}, {sim.requests}"
        if not certain <= len(sim.orders) <= certain + states["unknown"]:
            faults.append(f"charged {len(sim.orders)} times: {text}")
        known = [one.order_number for one in sim.actions if one.order_number is not None]
        if len(set(known)) != len(known) or not set(known) <= set(sim.orders):
            faults.append(f"orders {known}: {text}")
        may_have_happened = [one for one in sim.requests if one not in NOTHING_HAPPENED]
        sent = [one for one in sim.actions if one.sent]
        if len(may_have_happened) > len(sent):
            faults.append(f"sent again: {text}")
        if any(one.order_number is not None and one.state in NOT_CHARGED for one in sim.actions):
            faults.append(f"charged, and said not to be: {text}")
    return faults


def wrong_at_last(found: Record, *, paid: bool) -> list[str]:
    """What is wrong once every action must have ended; an unpaid bank transfer stays accepted."""
    faults = []
    for action in found.actions:
        waits = action.state == "accepted" and action.method == "banktransfer" and not paid
        if not (waits or action.state == "confirmed" or action.state in NOT_CHARGED):
            faults.append(f"action {action.id} has not ended: {action.steps}")
    if (found.spent, found.reserved) != (found.charged * PRICE, 0):
        faults.append(f"the budget says {found.spent} and {found.reserved}, 1NCE has charged {found.charged * PRICE}")
    return faults


def wrong_answers(history: Sequence[Asked], found: Record) -> list[str]:
    """What is wrong with what the clients were answered."""
    faults, by_id = [], {one.id: one for one in found.actions}
    keys = Counter((one.caller, one.idempotency_key) for one in found.actions)
    faults += [f"{key} has made {number} actions" for key, number in keys.items() if number > 1]
    for asked in history:
        if len(set(asked.actions)) > 1:
            faults.append(f"one request has made several actions: {asked}")
        if not asked.actions and not asked.refusals:
            faults.append(f"no answer: {asked}")
        for number in asked.actions:
            action = by_id.get(number)
            if action is None or action.iccid != asked.iccid:
                faults.append(f"action {number} was lost: {asked}")
            elif asked.cancelled and action.state != "cancelled":
                faults.append(f"action {number} was cancelled and is {action.state}: {action.steps}")
    answered = {number for asked in history for number in asked.actions}
    if unasked := set(by_id) - answered:
        faults.append(f"nobody was answered with the actions {sorted(unasked)}")
    return faults

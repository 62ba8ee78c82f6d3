"""What happens to some SIM or other, once in a while: a device sends a message, or the network refuses one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet import sms_delivery
from simulator.fleet.event_types import EventType
from simulator.times import DAY

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.fleet import Fleet

EVERY = 2 * DAY  # simulated seconds between two incidents of one SIM, in the mean
SHORTEST = 2.0  # simulated seconds between two of the fleet, in the mean, however large it is
PAYLOADS = ("ALARM handler open", "BATTERY low 11%", "HELLO fw 4.2.1", "TEMP 41.5", "TAMPER", "GEOFENCE left depot")
REFUSALS = ("ROAMING_NOT_ALLOWED", "RAT_NOT_ALLOWED", "NETWORK_FAILURE")


def begin(fleet: Fleet) -> None:
    """Let incidents happen for as long as the fleet moves."""
    if fleet.cards:
        _later(fleet)


def _later(fleet: Fleet) -> None:
    mean = max(SHORTEST, EVERY / len(fleet.cards))
    fleet.schedule.call_at(fleet.seconds + fleet.message_store.random.expovariate(1 / mean), lambda: _happen(fleet))


def _happen(fleet: Fleet) -> None:
    card = fleet.message_store.random.choice(fleet.cards)
    if card.acts:
        _incident(fleet, card)
    _later(fleet)


def _incident(fleet: Fleet, card: Card) -> None:
    """Mostly the device sends a message; now and then the network refuses its SIM or a location update."""
    random = fleet.message_store.random
    chance = random.random()
    if chance < 0.8:
        sms_delivery.send_from_device(fleet, card, random.choice(PAYLOADS))
    elif chance < 0.87:
        fleet.note(card, EventType.USER_REFUSED)
    elif chance < 0.92:
        fleet.note(card, EventType.APPLICATION_REFUSED)
    else:
        fleet.note(card, EventType.UPDATE_LOCATION, random.choice(REFUSALS))

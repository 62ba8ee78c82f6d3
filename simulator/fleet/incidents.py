"""What happens to some SIM or other, once in a while: a device speaks up, or the network turns one away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet import texting
from simulator.fleet.kinds import Kind
from simulator.times import DAY

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.fleet import Fleet

EVERY = 2 * DAY  # simulated seconds between two incidents of one SIM, in the mean
SHORTEST = 2.0  # simulated seconds between two of the fleet, in the mean, however large it is
SAYINGS = ("ALARM door open", "BATTERY low 11%", "HELLO fw 4.2.1", "TEMP 41.5", "TAMPER", "GEOFENCE left depot")
REFUSALS = ("ROAMING_NOT_ALLOWED", "RAT_NOT_ALLOWED", "NETWORK_FAILURE")


def begin(fleet: Fleet) -> None:
    """Let incidents happen for as long as the fleet lives."""
    if fleet.cards:
        _later(fleet)


def _later(fleet: Fleet) -> None:
    mean = max(SHORTEST, EVERY / len(fleet.cards))
    fleet.agenda.errand(fleet.seconds + fleet.mail.dice.expovariate(1 / mean), lambda: _happen(fleet))


def _happen(fleet: Fleet) -> None:
    card = fleet.mail.dice.choice(fleet.cards)
    if card.alive:
        _incident(fleet, card)
    _later(fleet)


def _incident(fleet: Fleet, card: Card) -> None:
    """Mostly the device has something to say; now and then its SIM or its network's leave is doubted."""
    dice = fleet.mail.dice
    chance = dice.random()
    if chance < 0.8:
        texting.say(fleet, card, dice.choice(SAYINGS))
    elif chance < 0.87:
        fleet.note(card, Kind.USER_REFUSED)
    elif chance < 0.92:
        fleet.note(card, Kind.APPLICATION_REFUSED)
    else:
        fleet.note(card, Kind.UPDATE_LOCATION, dice.choice(REFUSALS))

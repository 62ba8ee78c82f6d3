"""What a SIM did in the week before the simulation began: invented when it is asked for, and always the same."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from simulator.fleet.card import MB
from simulator.fleet.devices import DEVICES
from simulator.fleet.event_types import EventType
from simulator.fleet.events import NetworkEvent, past_id
from simulator.fleet.network import radios
from simulator.times import DAY, DAYS_KEPT

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.fleet import Fleet

SLOT = 7200  # seconds; a past session begins and ends within one, so that no two overlap
SLOTS = 7 * DAY // SLOT


def past(fleet: Fleet, card: Card, now: float) -> list[NetworkEvent]:
    """A few sessions on the days before the start, oldest first, no older than seven days at `now`.

    They follow from the seed, the SIM and the day of the start: a restart on the same day invents the same ones.
    """
    if card.home is None:
        return []
    first_day = int(fleet.started) // DAY * DAY - 7 * DAY
    random = Random(fleet.seed * 1_000_003 + card.index * 7919 + first_day)
    lac = 1000 + card.home * 900 + random.randrange(800)
    cell = random.randrange(1000, 60_000)
    network_events: list[NetworkEvent] = []
    for slot in sorted(random.sample(range(SLOTS), random.randint(2, 5))):
        begin = first_day + slot * SLOT + random.randrange(600)
        network_events += _session(random, card, begin, begin + random.randrange(60, SLOT - 700))
    for network_event in network_events:
        network_event.place, network_event.rat = card.home, int(radios(card.device, card.home)[0])
        network_event.lac, network_event.cell = lac, cell
    return [network_event for network_event in network_events if network_event.at > now - DAYS_KEPT]


def _session(random: Random, card: Card, begin: int, end: int) -> list[NetworkEvent]:
    """The device came, spoke and hung up; its place is filled in afterwards."""
    session = 60_000_000 + begin % DAY * 100 + card.index % 100
    amount = random.randrange(MB // 1024, 2 * MB)
    sent = amount * DEVICES[card.device].sends // 100
    moments = (
        (EventType.UPDATE_LOCATION, begin),
        (EventType.UPDATE_GPRS_LOCATION, begin + 1),
        (EventType.CREATE_PDP, begin + 3),
        (EventType.DELETE_PDP, end),
    )
    network_events = [NetworkEvent(past_id(at, card.index), kind, at, 0, session=session) for kind, at in moments]
    network_events[-1].sent, network_events[-1].received = sent, amount - sent
    return network_events

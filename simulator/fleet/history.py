"""What a SIM did in the week before the simulation began: invented when it is asked for, and always the same."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from simulator.fleet.card import MB
from simulator.fleet.devices import DEVICES
from simulator.fleet.diary import Happening, past_id
from simulator.fleet.kinds import Kind
from simulator.fleet.network import radios
from simulator.times import DAY, DAYS_KEPT

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.fleet import Fleet

SLOT = 7200  # seconds; a past session begins and ends within one, so that no two overlap
SLOTS = 7 * DAY // SLOT


def past(fleet: Fleet, card: Card, now: float) -> list[Happening]:
    """A few sessions on the days before the start, oldest first, no older than seven days at `now`.

    They follow from the seed, the SIM and the day of the start: a restart on the same day invents the same ones.
    """
    if card.home is None:
        return []
    first_day = int(fleet.started) // DAY * DAY - 7 * DAY
    dice = Random(fleet.seed * 1_000_003 + card.index * 7919 + first_day)
    lac = 1000 + card.home * 900 + dice.randrange(800)
    cell = dice.randrange(1000, 60_000)
    happenings: list[Happening] = []
    for slot in sorted(dice.sample(range(SLOTS), dice.randint(2, 5))):
        begin = first_day + slot * SLOT + dice.randrange(600)
        happenings += _session(dice, card, begin, begin + dice.randrange(60, SLOT - 700))
    for happening in happenings:
        happening.place, happening.rat = card.home, int(radios(card.device, card.home)[0])
        happening.lac, happening.cell = lac, cell
    return [happening for happening in happenings if happening.at > now - DAYS_KEPT]


def _session(dice: Random, card: Card, begin: int, end: int) -> list[Happening]:
    """The device came, spoke and hung up; its place is filled in afterwards."""
    session = 60_000_000 + begin % DAY * 100 + card.index % 100
    amount = dice.randrange(MB // 1024, 2 * MB)
    sent = amount * DEVICES[card.device].sends // 100
    moments = (
        (Kind.UPDATE_LOCATION, begin),
        (Kind.UPDATE_GPRS_LOCATION, begin + 1),
        (Kind.CREATE_PDP, begin + 3),
        (Kind.DELETE_PDP, end),
    )
    happenings = [Happening(past_id(at, card.index), kind, at, 0, session=session) for kind, at in moments]
    happenings[-1].sent, happenings[-1].received = sent, amount - sent
    return happenings

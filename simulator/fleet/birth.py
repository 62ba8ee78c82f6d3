"""The fleet as it stands at the start: what each SIM is in, where it is, what it has left, and what ails it."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from simulator.fleet import network
from simulator.fleet.card import MB, PACK, Card, Connection, Session
from simulator.fleet.devices import DEVICES, label
from simulator.fleet.devices import SHARES as DEVICE_SHARES
from simulator.fleet.diary import Happening, past_id
from simulator.fleet.kinds import Kind
from simulator.fleet.operators import SHARES as OPERATOR_SHARES
from simulator.times import DAY

if TYPE_CHECKING:
    from simulator.fleet.fleet import Fleet

FIRST_DAY = 1_640_995_200  # 2022-01-01: the earliest activation
OLD_DAY = 1_520_582_349  # 2018-03-09: when SIMs whose quota has expired were activated
_DEVICES = range(len(DEVICES))
_DEVICE_SUMS = list(accumulate(DEVICE_SHARES))
_OPERATORS = range(len(OPERATOR_SHARES))
_OPERATOR_SUMS = list(accumulate(OPERATOR_SHARES))


def born(fleet: Fleet, sims: int) -> list[Card]:
    """All cards of a new fleet, by index; the fleet has its clock and dice already."""
    dice = fleet.dice
    devices = dice.choices(_DEVICES, cum_weights=_DEVICE_SUMS, k=sims)
    places = dice.choices(_OPERATORS, cum_weights=_OPERATOR_SUMS, k=sims)
    cards = []
    for index in range(sims):
        card = Card(index, devices[index], places[index])
        card.activated = FIRST_DAY + dice.random() * 1200 * DAY
        if dice.random() < 0.88:
            card.label = label(dice.randrange(1000), DEVICES[card.device], index)
        _quota(dice, card)
        _lot(fleet, card)
        cards.append(card)
    return cards


def _quota(dice: Random, card: Card) -> None:
    """Most SIMs have used a part of their first pack; some are all but empty, some were topped up before."""
    chance = dice.random()
    card.sms_left -= dice.randrange(60)
    if chance < 0.06:
        card.packs = 2
        card.total = PACK + dice.randrange(30 * MB)
        card.left = card.total - dice.randrange(350 * MB)
        return
    if chance < 0.07:
        card.left = -dice.randrange(MB // 4)  # used up
    elif chance < 0.09:
        card.left = dice.randrange(MB // 50, MB)  # will be used up within the hour
    elif chance < 0.11:
        card.left = card.threshold + dice.randrange(1, MB // 2)  # will be warned of within the hour
    else:
        card.left = dice.randrange(20 * MB, PACK)


def _lot(fleet: Fleet, card: Card) -> None:
    """What state the SIM is in; `due` gets its first appointment."""
    dice = fleet.dice
    now = fleet.started
    chance = dice.random()
    if chance < 0.03:  # never been in a device
        card.left = PACK
        card.total = PACK
        card.packs = 1
        return
    network.insert(fleet, card)
    network.choose_cell(fleet, card)
    card.located_at = now - dice.random() * 6 * 3600
    card.imei_lock = dice.random() < 0.08
    if card.left <= card.threshold:
        card.threshold_at = now - DAY * (2 + dice.random() * 20)
    if card.left <= 0:
        card.exceeded_at = now - DAY * dice.random() * 5
        _past(fleet, card, Kind.DATA_USED_UP, card.exceeded_at)
    if chance < 0.045:
        card.enabled = False
        card.located_at = now - DAY * (1 + dice.random() * 90)
        return
    if chance < 0.048:
        card.blocked = True
        card.connection = Connection.BLOCKED
        _past(fleet, card, Kind.ENDPOINT_BLOCKED, now - DAY * dice.random() * 5)
        return
    if chance < 0.050:
        card.expired = True
        card.activated = OLD_DAY
    elif chance < 0.053:
        card.limited = True
    card.home = card.place
    _connection(fleet, card)


def _connection(fleet: Fleet, card: Card) -> None:
    """Online, attached, asleep or long gone, in the proportions that life will keep."""
    dice = fleet.dice
    device = DEVICES[card.device]
    card.due = dice.expovariate(1 / device.gap) * fleet.stretch
    if dice.random() < 0.03:  # long gone, not to be back soon
        card.located_at = fleet.started - DAY * (1 + dice.random() * 20)
        card.due = (3600 + dice.random() * 8 * 3600) * fleet.stretch
        return
    if card.refusal is None and dice.random() * (device.session + device.gap) < device.session:
        _online(fleet, card)
    elif dice.random() >= device.sleeps:
        card.connection = Connection.ATTACHED
        card.silent = dice.random() < 0.02


def _online(fleet: Fleet, card: Card) -> None:
    device = DEVICES[card.device]
    fleet.sessions += 1
    opened = fleet.started - 1 - fleet.dice.random() * device.session
    session = Session(fleet.sessions, opened, 0.0, network.pace(fleet, card))
    session.contexts = network.contexts(card)
    session.told_wall = fleet.started
    session.end_at = fleet.dice.expovariate(1 / device.session) * fleet.stretch
    if device.move:
        session.move_at = fleet.dice.expovariate(1 / device.move) * fleet.stretch
    card.session = session
    card.connection = Connection.ONLINE
    card.located_at = opened
    card.due = min(session.end_at, session.move_at, (60.0 + fleet.dice.random() * 840) * fleet.stretch)
    _past(fleet, card, Kind.CREATE_PDP, opened)


def _past(fleet: Fleet, card: Card, kind: Kind, at: float) -> None:
    """Something that happened to the SIM before the start."""
    happening = Happening(
        id=past_id(at, card.index), kind=kind, at=at, place=card.place, rat=card.rat, lac=card.lac, cell=card.cell,
        session=card.session.id if card.session else 0, left=card.left, total=card.total,
    )  # fmt: skip
    fleet.diary.keep(card, happening)

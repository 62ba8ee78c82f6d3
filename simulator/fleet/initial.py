"""The fleet as it stands at the start: what each SIM is in, where it is, what it has left, what is wrong with it."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from simulator.fleet import network
from simulator.fleet.card import MB, PACK, Card, Connection, Session
from simulator.fleet.devices import DEVICES, label
from simulator.fleet.devices import SHARES as DEVICE_SHARES
from simulator.fleet.event_types import EventType
from simulator.fleet.events import NetworkEvent, past_id
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


def initial_cards(fleet: Fleet, sims: int) -> list[Card]:
    """All cards of a new fleet, by index; the fleet has its clock and random numbers already."""
    random = fleet.random
    devices = random.choices(_DEVICES, cum_weights=_DEVICE_SUMS, k=sims)
    places = random.choices(_OPERATORS, cum_weights=_OPERATOR_SUMS, k=sims)
    cards = []
    for index in range(sims):
        card = Card(index, devices[index], places[index])
        card.activated = FIRST_DAY + random.random() * 1200 * DAY
        if random.random() < 0.88:
            card.label = label(random.randrange(1000), DEVICES[card.device], index)
        _quota(random, card)
        _initial_state(fleet, card)
        cards.append(card)
    return cards


def _quota(random: Random, card: Card) -> None:
    """Most SIMs have used a part of their first pack; some are all but empty, some were topped up before."""
    chance = random.random()
    card.sms_left -= random.randrange(60)
    if chance < 0.06:
        card.packs = 2
        card.total = PACK + random.randrange(30 * MB)
        card.left = card.total - random.randrange(350 * MB)
        return
    if chance < 0.07:
        card.left = -random.randrange(MB // 4)  # used up
    elif chance < 0.09:
        card.left = random.randrange(MB // 50, MB)  # will be used up within the hour
    elif chance < 0.11:
        card.left = card.threshold + random.randrange(1, MB // 2)  # will be warned of within the hour
    else:
        card.left = random.randrange(20 * MB, PACK)


def _initial_state(fleet: Fleet, card: Card) -> None:
    """What state the SIM is in; `due` gets its first appointment."""
    random = fleet.random
    now = fleet.started
    chance = random.random()
    if chance < 0.03:  # never been in a device
        card.left = PACK
        card.total = PACK
        card.packs = 1
        return
    network.insert(fleet, card)
    network.choose_cell(fleet, card)
    card.located_at = now - random.random() * 6 * 3600
    card.imei_lock = random.random() < 0.08
    if card.left <= card.threshold:
        card.threshold_at = now - DAY * (2 + random.random() * 20)
    if card.left <= 0:
        card.exceeded_at = now - DAY * random.random() * 5
        _past(fleet, card, EventType.DATA_USED_UP, card.exceeded_at)
    if chance < 0.045:
        card.enabled = False
        card.located_at = now - DAY * (1 + random.random() * 90)
        return
    if chance < 0.048:
        card.blocked = True
        card.connection = Connection.BLOCKED
        _past(fleet, card, EventType.ENDPOINT_BLOCKED, now - DAY * random.random() * 5)
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
    random = fleet.random
    device = DEVICES[card.device]
    card.due = random.expovariate(1 / device.gap) * fleet.stretch
    if random.random() < 0.03:  # long gone, not to be back soon
        card.located_at = fleet.started - DAY * (1 + random.random() * 20)
        card.due = (3600 + random.random() * 8 * 3600) * fleet.stretch
        return
    if card.refusal is None and random.random() * (device.session + device.gap) < device.session:
        _online(fleet, card)
    elif random.random() >= device.sleeps:
        card.connection = Connection.ATTACHED
        card.silent = random.random() < 0.02


def _online(fleet: Fleet, card: Card) -> None:
    device = DEVICES[card.device]
    fleet.sessions += 1
    opened = fleet.started - 1 - fleet.random.random() * device.session
    session = Session(fleet.sessions, opened, 0.0, network.data_rate(fleet, card))
    session.contexts = network.contexts(card)
    session.reported_wall = fleet.started
    session.end_at = fleet.random.expovariate(1 / device.session) * fleet.stretch
    if device.move:
        session.move_at = fleet.random.expovariate(1 / device.move) * fleet.stretch
    card.session = session
    card.connection = Connection.ONLINE
    card.located_at = opened
    card.due = min(session.end_at, session.move_at, (60.0 + fleet.random.random() * 840) * fleet.stretch)
    _past(fleet, card, EventType.CREATE_PDP, opened)


def _past(fleet: Fleet, card: Card, kind: EventType, at: float) -> None:
    """Something that happened to the SIM before the start."""
    network_event = NetworkEvent(
        id=past_id(at, card.index), kind=kind, at=at, place=card.place, rat=card.rat, lac=card.lac, cell=card.cell,
        session=card.session.id if card.session else 0, left=card.left, total=card.total,
    )  # fmt: skip
    fleet.event_log.keep(card, network_event)

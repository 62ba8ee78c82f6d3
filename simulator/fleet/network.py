"""What a mobile network does with a device: let it in, move it, open and close its data sessions, let it go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet import metering, sms_delivery
from simulator.fleet.activity import activity
from simulator.fleet.card import Card, Connection, Session
from simulator.fleet.devices import DEVICES
from simulator.fleet.event_types import EventType
from simulator.fleet.operators import OPERATORS, Rat

if TYPE_CHECKING:
    from simulator.fleet.fleet import Fleet

BYTE = 1_000_000 / 1_048_576  # in millionths of a MB


def insert(fleet: Fleet, card: Card) -> None:
    """The SIM is in a device from now on, if it was not before."""
    if card.imei is None:
        card.imei = fleet.series.imei(DEVICES[card.device].model, card.index)
        card.inventory_json = None


def radios(device: int, place: int) -> list[Rat]:
    """The kinds of radio that both a device and an operator know, the device's favourite first."""
    return [rat for rat in DEVICES[device].rats if rat in OPERATORS[place].rats]


def choose_cell(fleet: Fleet, card: Card) -> None:
    """Some cell of the operator, anywhere, and a kind of radio that both it and the device know."""
    known = radios(card.device, card.place)
    card.rat = int(known[0] if fleet.random.random() < 0.7 else fleet.random.choice(known))
    card.lac = 1000 + card.place * 900 + fleet.random.randrange(800)
    card.cell = fleet.random.randrange(1000, 60_000)


def attach(fleet: Fleet, card: Card, place: int | None = None) -> None:
    """The device is let into a network (the one it was in, or another)."""
    insert(fleet, card)
    if place is not None and place != card.place:
        card.place = place
        choose_cell(fleet, card)
    card.connection = Connection.ATTACHED
    card.silent = False
    card.located_at = fleet.wall()
    fleet.changes += 1
    fleet.note(card, EventType.UPDATE_LOCATION)
    fleet.note(card, EventType.UPDATE_GPRS_LOCATION)
    if card.messages:
        sms_delivery.reached(fleet, card)


def detach(fleet: Fleet, card: Card, cause: str | None = None) -> None:
    """The network no longer knows the device."""
    close(fleet, card, cause)
    card.connection = Connection.OFFLINE
    card.silent = False
    fleet.changes += 1
    fleet.note(card, EventType.PURGE_GPRS_LOCATION)
    fleet.note(card, EventType.PURGE_LOCATION)


def data_rate(fleet: Fleet, card: Card) -> float:
    """How fast the device uses data now, in millionths of a MB a simulated second."""
    low, high = DEVICES[card.device].rate
    return fleet.random.uniform(low, high) * BYTE * activity(fleet.hour, fleet.seconds, OPERATORS[card.place].country)


def open_(fleet: Fleet, card: Card) -> bool:
    """A data session, unless the network refuses one: then that is what is noted."""
    fleet.sessions += 1
    if card.refusal is not None:
        fleet.note(card, EventType.CREATE_PDP, cause=card.refusal, session=fleet.sessions)
        return False
    card.session = Session(fleet.sessions, fleet.wall(), fleet.seconds, data_rate(fleet, card))
    card.session.contexts = contexts(card)
    card.connection = Connection.ONLINE
    card.located_at = fleet.wall()
    fleet.changes += 1
    fleet.note(card, EventType.CREATE_PDP, session=fleet.sessions)
    return True


def contexts(card: Card) -> int:
    """How many PDP contexts its sessions have: one, save for a few gateways."""
    if DEVICES[card.device].name != "gateway":
        return 1
    return {0: 3, 1: 2, 2: 2}.get(card.index * 7919 % 29, 1)


def close(fleet: Fleet, card: Card, cause: str | None = None) -> None:
    """The data session ends, if one is open: the last usage is reported, then the end, with its whole volume."""
    session = card.session
    if session is None:
        return
    metering.settle(fleet, card)
    metering.round_up(card, session)
    metering.report(fleet, card, session)
    metering.watch(fleet, card)
    card.session = None
    card.connection = Connection.ATTACHED
    fleet.changes += 1
    sent, received = metering.shared(card, session.used)
    cause = cause or (card.refusal if card.exceeded_at is not None else None)
    fleet.note(card, EventType.DELETE_PDP, cause, session=session.id, sent=sent, received=received)


def move(fleet: Fleet, card: Card) -> None:
    """To a cell nearby, within the open session."""
    if card.session is None:
        return
    metering.settle(fleet, card)
    if fleet.random.random() < 0.2:
        card.lac += fleet.random.choice((-1, 1))
    card.cell = min(65_000, max(1, card.cell + fleet.random.randint(-40, 40) or 7))
    card.session.leg_start = fleet.seconds
    card.session.rate = data_rate(fleet, card)
    card.located_at = fleet.wall()
    fleet.changes += 1
    fleet.note(card, EventType.UPDATE_PDP, session=card.session.id)


def roam(fleet: Fleet, card: Card, place: int) -> None:
    """Over to another operator: the session ends there and begins again here."""
    close(fleet, card)
    attach(fleet, card, place)
    open_(fleet, card)

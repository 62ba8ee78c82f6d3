"""What each device does next, and when: it connects, sends, moves, disconnects, goes silent and returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet import metering, network
from simulator.fleet.activity import activity
from simulator.fleet.card import Card, Connection, Session
from simulator.fleet.devices import DEVICES
from simulator.fleet.operators import ABROAD, AT_HOME, OPERATORS

if TYPE_CHECKING:
    from simulator.fleet.fleet import Fleet

NEVER = float("inf")
SILENT = 0.004  # of the sessions, after how many nothing more comes for long
UNNOTICED = 3 * 3600.0  # mean seconds until the network notices
AWAY = 2 * 3600.0  # mean seconds until it comes back after that
REFUSED = 1800.0  # mean seconds until a device tries again after a refusal, at least
BORDER = 0.25  # of the changes of operator, how many lead abroad


def lasting(fleet: Fleet, card: Card, mean: float) -> float:
    """A drawn number of simulated seconds: shorter by day, longer in a large fleet."""
    drawn = min(mean * 4, max(mean * 0.1, fleet.random.expovariate(1 / mean)))
    return drawn * fleet.stretch / activity(fleet.hour, fleet.seconds, OPERATORS[card.place].country)


def wake(fleet: Fleet, card: Card) -> None:
    """The card's appointment has come: do what is due, and make the next one."""
    if not card.acts:
        fleet.schedule.put(card, NEVER)
    elif card.session is not None:
        _in_session(fleet, card, card.session)
    elif card.connection is Connection.ATTACHED:
        _rested(fleet, card)
    else:
        network.attach(fleet, card)
        fleet.schedule.put(card, fleet.seconds + fleet.random.uniform(2, 15))


def plan(fleet: Fleet, card: Card) -> None:
    """Make the card's next appointment after something outside of its own life has changed it."""
    if not card.acts:
        fleet.schedule.put(card, NEVER)
    elif card.session is not None:
        if card.session.end_at == NEVER:
            begun(fleet, card, card.session)
        follow(fleet, card, card.session)
    else:
        rest(fleet, card)


def begun(fleet: Fleet, card: Card, session: Session) -> None:
    """Decide how long a session that was just opened will last, and when its device moves."""
    device = DEVICES[card.device]
    session.end_at = fleet.seconds + lasting(fleet, card, device.session)
    session.move_at = fleet.seconds + lasting(fleet, card, device.move) if device.move else NEVER


def follow(fleet: Fleet, card: Card, session: Session) -> None:
    """Make the appointment for the next thing that happens in an open session."""
    due = min(session.end_at, session.move_at, metering.record_due(fleet, session), metering.quota_due(card, session))
    fleet.schedule.put(card, max(due, fleet.seconds))


def rest(fleet: Fleet, card: Card) -> None:
    """Make the appointment for the device's next session."""
    gap = DEVICES[card.device].gap
    fleet.schedule.put(card, fleet.seconds + lasting(fleet, card, gap))


def _in_session(fleet: Fleet, card: Card, session: Session) -> None:
    metering.settle(fleet, card)
    metering.watch(fleet, card)
    if card.exceeded_at is not None:
        network.close(fleet, card, "QUOTA_EXHAUSTED")
        rest(fleet, card)
        return
    if fleet.seconds >= session.end_at:
        network.close(fleet, card)
        _after_session(fleet, card)
        return
    if fleet.seconds >= metering.record_due(fleet, session):
        metering.report(fleet, card, session)
    if fleet.seconds >= session.move_at:
        _travel(fleet, card, session)
    if card.session is not None:
        follow(fleet, card, card.session)
    else:
        rest(fleet, card)


def _after_session(fleet: Fleet, card: Card) -> None:
    chance = fleet.random.random()
    if chance < SILENT:
        card.silent = True
        fleet.schedule.put(card, fleet.seconds + lasting(fleet, card, UNNOTICED))
        return
    if chance < SILENT + DEVICES[card.device].sleeps:
        network.detach(fleet, card)
    rest(fleet, card)


def _rested(fleet: Fleet, card: Card) -> None:
    if card.silent:
        network.detach(fleet, card)
        fleet.schedule.put(card, fleet.seconds + lasting(fleet, card, AWAY))
    elif network.open_(fleet, card) and card.session is not None:
        begun(fleet, card, card.session)
        follow(fleet, card, card.session)
    else:
        fleet.schedule.put(card, fleet.seconds + lasting(fleet, card, max(REFUSED, DEVICES[card.device].gap * 5)))


def _travel(fleet: Fleet, card: Card, session: Session) -> None:
    elsewhere = AT_HOME[card.place]
    if card.place in ABROAD and (not elsewhere or fleet.random.random() < BORDER):
        elsewhere = ABROAD[card.place]
    if elsewhere and fleet.random.random() < DEVICES[card.device].roams:
        end_at = session.end_at
        network.roam(fleet, card, fleet.random.choice(elsewhere))
        if card.session is not None:
            begun(fleet, card, card.session)
            card.session.end_at = end_at
    else:
        network.move(fleet, card)
        session.move_at = fleet.seconds + lasting(fleet, card, DEVICES[card.device].move)

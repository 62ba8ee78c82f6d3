"""How data use is counted: taken from the quota, reported in usage records, and noticed when the quota runs low."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet.card import MB, Card, Session
from simulator.fleet.devices import DEVICES
from simulator.fleet.event_types import EventType
from simulator.fleet.events import Usage

if TYPE_CHECKING:
    from simulator.fleet.fleet import Fleet

RECORD_EVERY = 900.0  # simulated seconds between two records of an open session, at least
RECORD_OVER = 100 * MB // 1024 + 1  # just over 100 kB: less is not worth a record while the session is open
KB_IN_MB = 1024


def settle(fleet: Fleet, card: Card) -> None:
    """Take what the open session has used so far from the quota."""
    session = card.session
    if session is not None:
        amount = session.running(fleet.seconds)
        _charge(card, session, amount)
        session.leg_start += amount / session.rate  # not "now": what is less than a millionth is not lost


def _charge(card: Card, session: Session, amount: int) -> None:
    session.used += amount
    card.used += amount
    card.left -= amount


def use(fleet: Fleet, card: Card, session: Session, amount: int) -> None:
    """The open session uses this much at one go, and a record reports it at once."""
    settle(fleet, card)
    _charge(card, session, amount)
    report(fleet, card, session)


def round_up(card: Card, session: Session) -> None:
    """A session that ends is charged to the next full kB."""
    kilobytes = -(-session.used * KB_IN_MB // MB)
    _charge(card, session, -(-kilobytes * MB // KB_IN_MB) - session.used)


def shared(card: Card, amount: int) -> tuple[int, int]:
    """An amount as (sent by the device, received by it)."""
    sent = amount * DEVICES[card.device].sends // 100
    return sent, amount - sent


def report(fleet: Fleet, card: Card, session: Session) -> None:
    """A usage record of what came since the last one, if anything came."""
    amount = session.used - session.reported
    now = fleet.wall()
    if amount > 0:
        session.reported = session.used
        card.reported += amount
        sent, received = shared(card, amount)
        if fleet.listener is not None:
            id_ = fleet.numbering.next()
            fleet.listener.on_usage(
                card, Usage(id_, session.reported_wall, now, sent, received, card.place, card.rat, session.id)
            )
    session.reported_wall = now
    session.metered_at = fleet.seconds


def record_due(fleet: Fleet, session: Session) -> float:
    """The simulated moment at which the open session is next worth a record.

    Half a millionth is added, here and below, so that rounding never wakes a card just before the mark.
    """
    missing = RECORD_OVER + 0.5 - (session.used - session.reported)
    return max(session.metered_at + RECORD_EVERY * fleet.stretch, session.leg_start + missing / session.rate)


def quota_due(card: Card, session: Session) -> float:
    """The simulated moment at which the quota next crosses a mark: a fifth left, or nothing left."""
    mark = card.threshold if card.threshold_at is None else 0
    return session.leg_start + (card.left - mark + 0.5) / session.rate


def watch(fleet: Fleet, card: Card) -> None:
    """Report that the quota is low or used up, once each."""
    if card.threshold_at is None and card.left <= card.threshold:
        card.threshold_at = fleet.wall()
        card.inventory_json = None
        fleet.note(card, EventType.DATA_THRESHOLD)
    if card.exceeded_at is None and card.left <= 0:
        card.exceeded_at = fleet.wall()
        card.inventory_json = None
        fleet.note(card, EventType.DATA_USED_UP)


def refill(card: Card, left: int) -> None:
    """Set what is left (millionths of a MB), and forget the marks that no longer hold; `watch` notices new ones."""
    card.left = left
    if left > 0:
        card.exceeded_at = None
    if left > card.threshold:
        card.threshold_at = None
    card.inventory_json = None

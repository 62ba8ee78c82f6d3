"""What the network does with short messages: it delivers them when the device can be reached, or gives them up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet.card import Card, Connection
from simulator.fleet.event_types import EventType
from simulator.fleet.events import Usage
from simulator.fleet.messages import WAITING, Draft, Message, MessageState
from simulator.fleet.operators import Rat
from simulator.times import DAY

if TYPE_CHECKING:
    from simulator.fleet.fleet import Fleet

LONGEST = 7 * DAY  # a message may wait, at most
UNLESS_SAID = DAY
ANSWERED = 0.4  # of the messages that arrive; a question always is
SHORT_CODE = "1234"  # what devices dial


def reachable(card: Card) -> bool:
    """Whether a message gets through to the device now. Nothing does over NB-IoT."""
    attached = card.connection in (Connection.ATTACHED, Connection.ONLINE)
    return attached and not card.silent and card.enabled and card.rat != Rat.NB_IOT


def barred(card: Card) -> str | None:
    """Why no message may be sent to or by the SIM, in a sentence; None when one may."""
    if not card.enabled or card.blocked:
        return "The SIM is disabled or blocked."
    if card.expired:
        return "The SMS quota has expired."
    return "The SMS quota is used up." if card.sms_left <= 0 else None


def send(fleet: Fleet, card: Card, draft: Draft) -> Message:
    """Take in a message to the device; that counts it, whatever becomes of it. See first that it is not `barred`."""
    message = _put(fleet, card, draft, from_device=False)
    _count(fleet, card, message)
    _try_soon(fleet, card, message)
    ends = fleet.seconds + max(0.0, draft.expires - fleet.wall())
    fleet.schedule.call_at(ends, lambda: _expire(fleet, card, message))
    return message


def send_from_device(fleet: Fleet, card: Card, payload: str, destination: str = SHORT_CODE) -> Message | None:
    """The device sends a message, if it can. It stays pending until the SMS Forwarder has taken it."""
    if barred(card) or not reachable(card):
        return None
    source = fleet.series.msisdn(card.index)
    draft = Draft(payload=payload, source=source, source_type=145, expires=fleet.wall() + LONGEST)
    message = _put(fleet, card, draft, from_device=True)
    message.destination = destination
    _count(fleet, card, message)
    for listener in fleet.message_store.listeners:
        listener.on_message(card, message)
    return message


def cancel(message: Message) -> bool:
    """Cancel a message to the device; False when it is too late for that."""
    if message.from_device or message.state not in WAITING:
        return False
    message.state = MessageState.CANCELLED
    return True


def reached(fleet: Fleet, card: Card) -> None:
    """The device has come back: what waits for it is tried again."""
    for message in card.messages or ():
        if message.state is MessageState.BUFFERED:
            _try_soon(fleet, card, message)


def spend(fleet: Fleet, card: Card, left: int) -> None:
    """Set how many messages are left, and report when that is a fifth of them, or none."""
    before, card.sms_left = card.sms_left, left
    for mark, kind in ((card.sms_threshold, EventType.SMS_THRESHOLD), (0, EventType.SMS_USED_UP)):
        if before > mark >= left:
            card.inventory_json = None
            fleet.note(card, kind)


def _put(fleet: Fleet, card: Card, draft: Draft, *, from_device: bool) -> Message:
    message = Message(
        id=fleet.numbering.next(), index=card.index, from_device=from_device, draft=draft, since=fleet.seconds,
        submitted=fleet.wall(),
    )  # fmt: skip
    fleet.message_store.keep(card, message)
    return message


def _count(fleet: Fleet, card: Card, message: Message) -> None:
    spend(fleet, card, card.sms_left - 1)
    if fleet.listener is not None:
        sent, received = (1, 0) if message.from_device else (0, 1)
        now = fleet.wall()
        reported = Usage(fleet.numbering.next(), now, now, sent, received, card.place, card.rat, 0, messages=True)
        fleet.listener.on_usage(card, reported)


def _try_soon(fleet: Fleet, card: Card, message: Message) -> None:
    fleet.schedule.call_at(fleet.seconds + fleet.message_store.random.uniform(1, 4), lambda: _try(fleet, card, message))


def _try(fleet: Fleet, card: Card, message: Message) -> None:
    if message.state not in WAITING:
        return
    message.tried = fleet.wall()
    if not card.enabled or card.blocked:
        _end(fleet, card, message, MessageState.FAILED, "CALL_BARRED")
    elif not reachable(card):
        message.state = MessageState.BUFFERED
        message.tries += 1
        message.error = "ABSENT_SUBSCRIBER"
    elif card.memory_full:
        _end(fleet, card, message, MessageState.FAILED, "MEMORY_CAPACITY_EXCEEDED")
    else:
        _end(fleet, card, message, MessageState.DELIVERED, None)
        _answer(fleet, card, message.draft)


def _expire(fleet: Fleet, card: Card, message: Message) -> None:
    if message.state in WAITING:
        _end(fleet, card, message, MessageState.EXPIRED, message.error)


def _end(fleet: Fleet, card: Card, message: Message, state: MessageState, error: str | None) -> None:
    message.state, message.error, message.ended = state, error, fleet.wall()
    for listener in fleet.message_store.listeners:
        listener.on_delivery_report(card, message)


def _answer(fleet: Fleet, card: Card, asked: Draft) -> None:
    """Some devices answer after a while."""
    random = fleet.message_store.random
    if asked.payload.endswith("?") or random.random() < ANSWERED:
        text = f"OK {asked.payload[:40]}" if asked.dcs == 0 else "OK"
        to = asked.source or SHORT_CODE
        fleet.schedule.call_at(fleet.seconds + random.uniform(3, 20), lambda: send_from_device(fleet, card, text, to))

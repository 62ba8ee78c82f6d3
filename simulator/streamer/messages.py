"""Short messages and delivery reports as 1NCE pushes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet.messages import MessageState
from simulator.fleet.records import ORGANISATION, Record
from simulator.times import spaced, zulu_millis

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.identity import Series
    from simulator.fleet.messages import Message


def from_device(series: Series, card: Card, message: Message) -> Record:
    """A message from the device, as the Data Streamer sends it."""
    return {
        "id": message.id,
        "payload": message.draft.payload,
        "submit_date": zulu_millis(message.submitted),
        "dest_address": message.destination,
        "source_address": message.draft.source,
        "dcs": message.draft.dcs,
        "pid": 0,
        "organisation": {"id": ORGANISATION["id"]},
        "endpoint": {"id": series.endpoint_id(card.index), "name": series.iccid(card.index)},
        "multi_part_info": {"identifier": str(message.id), "partno": 1, "total": 1},
    }


def forwarded(series: Series, card: Card, message: Message) -> Record:
    """The same as the SMS Forwarder posts it: a published recording has all its numbers as texts."""
    record = from_device(series, card, message)
    for name in ("id", "dcs", "pid"):
        record[name] = str(record[name])
    record["organisation"] = {"id": str(ORGANISATION["id"])}
    record["endpoint"] = {"id": str(series.endpoint_id(card.index)), "name": series.iccid(card.index)}
    record["submit_date"] = spaced(message.submitted)
    return record


def report(message: Message) -> Record:
    """What became of a message to the device. It names no SIM: only the id of the message."""
    state = MessageState(message.state)
    return {
        "id": message.id,
        "submit_date": zulu_millis(message.submitted),
        "final_date": zulu_millis(message.ended or message.submitted),
        "status": {"id": int(state), "status": state.name},
    }

"""Sending, seeing and calling back short messages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from simulator import answers
from simulator.answers import Answer, refusal
from simulator.api.inventory import listed
from simulator.api.quirks import ZERO_TIME, Quirks
from simulator.fleet import sms_delivery
from simulator.fleet.card import Card
from simulator.fleet.event_texts import node
from simulator.fleet.fleet import Fleet
from simulator.fleet.messages import Draft, Message, MessageState, kept
from simulator.fleet.sms_delivery import LONGEST, UNLESS_SAID
from simulator.ledger import Ledger
from simulator.requests import Request, number
from simulator.times import zulu_millis

PER_PAGE = 1000  # at most
ADDRESS_TYPES = {145: "International", 161: "National", 208: "Alphanumeric"}
FITS = {0: (160, 153), 4: (280, 268), 8: (70, 67)}  # signs by coding scheme: alone, and beside a user data header
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")


class _AddressType(Struct, frozen=True):
    id: int = 161


class _MessageRequest(Struct):
    payload: str
    source_address: str = ""
    source_address_type: _AddressType = _AddressType()
    dcs: int = 0
    udh: str = ""
    expiry_date: str | None = None


class MessageEndpoints:
    """`POST` and `GET /v2/sims/{iccid}/sms`, `GET` and `DELETE …/sms/{id}`."""

    def __init__(self, fleet: Fleet, ledger: Ledger, quirks: Quirks) -> None:
        self._fleet = fleet
        self._ledger = ledger
        self._quirks = quirks

    def send(self, request: Request) -> Answer:
        """201 with the id, as a text. 409 when the SIM may not send, or its messages are used up."""
        card = listed(self._fleet, request)
        draft = _draft(request, self._fleet.wall())
        reason = sms_delivery.barred(card)
        if reason is not None:
            raise refusal(409, reason)
        message = sms_delivery.send(self._fleet, card, draft)
        self._ledger.write("sms", request.values[0], {"id": message.id, "payload": draft.payload})
        return answers.json({"id": str(message.id)}, 201)

    def all(self, request: Request) -> Answer:
        """One page, the newest first, without headers that count."""
        card = listed(self._fleet, request)
        query = request.query()
        page, size = number(query, "page", 1), number(query, "per_page", 20, PER_PAGE)
        shown = kept(card, self._fleet.seconds)[(page - 1) * size : page * size]
        return answers.json([self._as_json(card, message) for message in shown])

    def one(self, request: Request) -> Answer:
        card, message = self._found(request)
        return answers.json(self._as_json(card, message))

    def cancel(self, request: Request) -> Answer:
        """200 with the id. What has been delivered is refused with 400: a guess, for no document says it."""
        _, message = self._found(request)
        if not sms_delivery.cancel(message):
            raise refusal(400, "Only a message to the device that is not delivered yet can be cancelled.")
        self._ledger.write("sms.cancel", request.values[0], {"id": message.id})
        return answers.json({"id": str(message.id)})

    def _found(self, request: Request) -> tuple[Card, Message]:
        card = listed(self._fleet, request)
        wanted = request.values[1]
        if not wanted.isdecimal():
            raise refusal(400, f'Cannot parse parameter id as Long: For input string "{wanted}"')
        for message in kept(card, self._fleet.seconds):
            if str(message.id) == wanted:
                return card, message
        raise refusal(404, f"SMS {wanted} not found")

    def _as_json(self, card: Card, message: Message) -> dict[str, Any]:
        """As in lists. A buffered message is called pending, as the document has it, unless the old word is on."""
        series, draft, state = self._fleet.series, message.draft, message.state
        if state is MessageState.BUFFERED and not self._quirks.buffered_shown:
            state = MessageState.PENDING
        reported: dict[str, Any] = {
            "id": None if self._quirks.unnumbered else message.id,
            "submit_date": ZERO_TIME if self._quirks.zero_times else zulu_millis(message.submitted),
            "expiry_date": zulu_millis(draft.expires),
            "retry_date": None,
            "retry_count": message.tries,
            "gsm_map_error": message.error,
            "dcs": draft.dcs,
            "pid": 0,
            "source_address": draft.source,
            "source_address_type": {"id": draft.source_type, "description": ADDRESS_TYPES[draft.source_type]},
            "endpoint": {"id": series.endpoint_id(card.index), "name": series.iccid(card.index)},
            "sim_id": series.sim_id(card.index),
            "iccid": series.iccid(card.index),
            "msisdn": series.msisdn(card.index),
            "imsi": series.imsi(card.index),
            "udh": draft.udh,
            "payload": draft.payload,
            "status": {"id": int(state), "description": state.name},
            "sms_type": {"id": 2, "description": "MO"} if message.from_device else {"id": 1, "description": "MT"},
        }
        if message.tried is not None:
            reported["last_delivery_attempt"] = zulu_millis(message.tried)
            reported["msc"] = int(node(card.place))
        if message.ended is not None:
            reported["final_date"] = zulu_millis(message.ended)
            if state is MessageState.DELIVERED:
                reported["delivery_date"] = zulu_millis(message.ended)
        return reported


def _draft(request: Request, now: float) -> Draft:
    """The message that the body asks for; refused with 400 when it is none."""
    try:
        asked = msgspec.convert(request.json(), _MessageRequest)
    except msgspec.ValidationError as error:
        raise refusal(400, str(error)) from error
    type_ = asked.source_address_type.id
    if asked.dcs not in FITS or type_ not in ADDRESS_TYPES or not _HEX.fullmatch(asked.udh):
        raise refusal(400, "dcs is 0, 4 or 8, source_address_type 145, 161 or 208, udh hexadecimal.")
    if asked.dcs == 4 and not _HEX.fullmatch(asked.payload):
        raise refusal(400, "A binary payload is hexadecimal.")
    if not 0 < len(asked.payload) <= FITS[asked.dcs][bool(asked.udh)]:
        raise refusal(400, "The payload is empty, or does not fit into one message.")
    return Draft(
        payload=asked.payload, source=asked.source_address, source_type=type_, dcs=asked.dcs, udh=asked.udh,
        expires=_expiry(asked.expiry_date, now),
    )  # fmt: skip


def _expiry(text: str | None, now: float) -> float:
    if text is None:
        return now + UNLESS_SAID
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise refusal(400, "expiry_date is no date.") from error
    expires = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not now < expires <= now + LONGEST:
        raise refusal(400, "expiry_date lies ahead, by seven days at most.")
    return expires

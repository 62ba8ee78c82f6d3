"""Service requests, as 1NCE has them on its first version's path."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from simulator.account.desk import Case, Communication, Desk
from simulator.answers import Answer, refusal
from simulator.api.paging import paged
from simulator.calls import Call, number
from simulator.times import offset_millis

PAGE_SIZE = 100  # at most; one unless more are asked for


class _Request(Struct):
    replyToMail: str  # 1NCE's spelling
    senderName: str
    subject: str
    text: str


class SupportDoors:
    """`GET` and `POST /v1/support`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def all(self, call: Call) -> Answer:
        """One page, the newest first."""
        query = call.query()
        page, size = number(query, "page", 1), number(query, "pageSize", 1, PAGE_SIZE)
        return paged(self._desk.cases[::-1], page, size, _told, call)

    def create(self, call: Call) -> Answer:
        """201 without a body: the new request has to be looked for in the list."""
        try:
            asked = msgspec.convert(call.json(), _Request)
        except msgspec.ValidationError as error:
            raise refusal(400, str(error)) from error
        if "@" not in asked.replyToMail or not asked.subject.strip() or not asked.text.strip():
            raise refusal(400, "A request has an address to reply to, a subject and a text.")
        self._desk.open(asked.senderName, asked.subject, asked.text)
        return Answer(201)


def _told(case: Case, _: Call) -> dict[str, Any]:
    told: dict[str, Any] = {
        "caseId": str(case.id),
        "status": case.status,
        "subject": case.subject,
        "text": case.text,
        "createDate": offset_millis(case.created),
        "communications": [_letter(case, nth, one) for nth, one in enumerate(case.letters, 1)],
    }
    if case.solved is not None:
        told["solvedDate"] = offset_millis(case.solved)
    return told


def _letter(case: Case, nth: int, letter: Communication) -> dict[str, Any]:
    return {
        "id": str(nth),
        "communicationDate": offset_millis(letter.at),
        "direction": "IN" if letter.incoming else "OUT",
        "type": letter.kind,
        "originator": case.sender if letter.incoming else "1NCE Support",
        "subject": case.subject,
        "text": letter.text,
    }

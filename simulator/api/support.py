"""Service requests, as 1NCE has them on its first version's path."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from simulator.answers import Answer, refusal
from simulator.api.paging import paged
from simulator.orders.support import Case, Communication, SupportCases
from simulator.requests import Request, number
from simulator.times import offset_millis

PAGE_SIZE = 100  # at most; one unless more are asked for


class _Request(Struct):
    replyToMail: str  # 1NCE's spelling
    senderName: str
    subject: str
    text: str


class SupportEndpoints:
    """`GET` and `POST /v1/support`."""

    def __init__(self, support_cases: SupportCases) -> None:
        self._support_cases = support_cases

    def all(self, request: Request) -> Answer:
        """One page, the newest first."""
        query = request.query()
        page, size = number(query, "page", 1), number(query, "pageSize", 1, PAGE_SIZE)
        return paged(self._support_cases.cases[::-1], page, size, _as_json, request)

    def create(self, request: Request) -> Answer:
        """201 without a body: the new request has to be looked for in the list."""
        try:
            asked = msgspec.convert(request.json(), _Request)
        except msgspec.ValidationError as error:
            raise refusal(400, str(error)) from error
        if "@" not in asked.replyToMail or not asked.subject.strip() or not asked.text.strip():
            raise refusal(400, "A request has an address to reply to, a subject and a text.")
        self._support_cases.open(asked.senderName, asked.subject, asked.text)
        return Answer(201)


def _as_json(case: Case, _: Request) -> dict[str, Any]:
    reported: dict[str, Any] = {
        "caseId": str(case.id),
        "status": case.status,
        "subject": case.subject,
        "text": case.text,
        "createDate": offset_millis(case.created),
        "communications": [_communication(case, nth, one) for nth, one in enumerate(case.communications, 1)],
    }
    if case.solved is not None:
        reported["solvedDate"] = offset_millis(case.solved)
    return reported


def _communication(case: Case, nth: int, queued: Communication) -> dict[str, Any]:
    return {
        "id": str(nth),
        "communicationDate": offset_millis(queued.at),
        "direction": "IN" if queued.incoming else "OUT",
        "type": queued.kind,
        "originator": case.sender if queued.incoming else "1NCE Support",
        "subject": case.subject,
        "text": queued.text,
    }

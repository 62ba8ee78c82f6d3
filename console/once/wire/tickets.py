"""Service requests as models. None is "1NCE did not say"."""

from datetime import datetime

from msgspec import Raw, Struct, json

from console.once.wire.shapes import Text
from console.once.wire.times import known_time


class Communication(Struct, frozen=True, kw_only=True):
    """Something that was written or said about a service request."""

    id: str | None
    at: datetime | None
    incoming: bool | None
    kind: str | None  # "portal", "phone_in", "mail_out", ...
    originator: str | None
    subject: str | None
    text: str | None


class Ticket(Struct, frozen=True, kw_only=True):
    """A service request. `status`: "open", "in_progress", "closed", or 1NCE's own word in lower case."""

    id: str
    status: str | None = None
    subject: str | None = None
    text: str | None = None
    opened_at: datetime | None = None
    solved_at: datetime | None = None
    communications: list[Communication] = []


class _Communication(Struct, rename={"at": "communicationDate"}):
    id: str | int | None = None
    at: Text = None
    direction: Text = None
    type: Text = None
    originator: Text = None
    subject: Text = None
    text: Text = None


class _Ticket(Struct, rename={"case": "caseId", "created": "createDate", "solved": "solvedDate"}):
    case: str | int
    status: Text = None
    subject: Text = None
    text: Text = None
    created: Text = None
    solved: Text = None
    communications: list[_Communication] | None = None


_ticket = json.Decoder(_Ticket, strict=False)


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None


def _maybe(value: str | int | None) -> str | None:
    return None if value is None or value == "" else str(value)


def read_ticket(body: bytes | Raw) -> Ticket:
    """A service request of the list."""
    raw = _ticket.decode(body)
    return Ticket(
        id=str(raw.case),
        status=_lower(raw.status),
        subject=raw.subject,
        text=raw.text,
        opened_at=known_time(raw.created),
        solved_at=known_time(raw.solved),
        communications=[
            Communication(
                id=_maybe(one.id),
                at=known_time(one.at),
                incoming=None if one.direction is None else one.direction.upper() == "IN",
                kind=_lower(one.type),
                originator=one.originator,
                subject=one.subject,
                text=one.text,
            )
            for one in raw.communications or []
        ],
    )

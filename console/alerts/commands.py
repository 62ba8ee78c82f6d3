"""What people do about alerts: acknowledge, assign, comment, resolve; and what the audit line says of it."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct, to_builtins

from console.acting import Act
from console.alerts import writes
from console.errors import Invalid, NotFound
from console.facts.alerts import Alert, AlertChange
from console.members.reads import names_of
from console.organizations.rules import Caller
from console.store.database import Transaction
from console.store.keyset import LARGEST

LONGEST_MINUTES = 7 * 24 * 60
NOTE = Annotated[
    Annotated[str, Meta(max_length=2_000)] | None,
    Meta(description="What is known, or done about it.", examples=["The operator is working on it"]),
]
AGAIN = "null: as it was noted before, empty: none."


class Acknowledgement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That somebody takes note of an alert. It ends when the alert does, or before."""

    minutes: Annotated[
        Annotated[int, Meta(ge=1, le=LONGEST_MINUTES)] | None,
        Meta(description="After how many it ends; null: with the alert.", examples=[30]),
    ] = None
    note: Annotated[
        Annotated[str, Meta(max_length=2_000)] | None,
        Meta(description=f"What is known, or done about it; {AGAIN}", examples=["The operator is working on it"]),
    ] = None
    ticket: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(description=f"A ticket's number or address; {AGAIN}", examples=["INC-4711"]),
    ] = None


class Assignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose an alert is."""

    assignee: Annotated[
        Annotated[str, Meta(max_length=100)] | None,
        Meta(
            description="The name of a member of your organization who is not disabled; null: nobody's.",
            examples=["otto"],
        ),
    ]


class Comment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to be known about an alert."""

    text: Annotated[str, Meta(min_length=1, max_length=2_000, description="In words.", examples=["Called the site"])]


class Resolution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an alert is resolved."""

    note: NOTE = None


def number_of(text: str, what: str = "alert") -> int:
    """The id in a path. Raises NotFound for what can't be one."""
    if len(text) > 19 or not (text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST):
        raise NotFound(f"There is no such {what}", **{what.replace(" ", "_"): text[:40]})
    return int(text)


async def acknowledge(
    transaction: Transaction, act: Act, caller: Caller, alert_id: str, asked: Acknowledgement, now: datetime
) -> Alert:
    """Acknowledge an open alert, or do it anew: what others have noted stays where nothing else is said.

    Raises NotFound, and Conflict once it is resolved.
    """
    until = None if asked.minutes is None else now + timedelta(minutes=asked.minutes)
    values: dict[str, Any] = {"acknowledged_at": now, "acknowledged_by": caller.name, "acknowledged_until": until}
    values |= {
        name: text or None for name, text in (("note", asked.note), ("ticket", asked.ticket)) if text is not None
    }
    act.after = to_builtins(asked)
    change, text = AlertChange.ACKNOWLEDGED, _said(asked.note, asked.ticket)
    return await writes.act(transaction, caller, number_of(alert_id), change, values, now, text=text)


async def unacknowledge(transaction: Transaction, act: Act, caller: Caller, alert_id: str, now: datetime) -> Alert:
    """End the acknowledgement of an open alert. Raises NotFound, and Conflict once it is resolved."""
    values = dict.fromkeys(("acknowledged_at", "acknowledged_by", "acknowledged_until"))
    change, act.after = AlertChange.ACKNOWLEDGEMENT_ENDED, {}
    return await writes.act(transaction, caller, number_of(alert_id), change, values, now)


async def assign(
    transaction: Transaction, act: Act, caller: Caller, alert_id: str, asked: Assignment, now: datetime
) -> Alert:
    """Say whose an open alert is. Raises NotFound, Invalid for whom nobody knows, and Conflict once it is resolved."""
    name = (asked.assignee or "").strip().lower() or None
    if name is not None and name not in await names_of(transaction.connection, caller.organization_id):
        raise Invalid("An alert is assigned to a member of your organization, by the name", parameter="assignee")
    act.after = {"assigned_to": name}
    change, values = AlertChange.ASSIGNED, {"assigned_to": name}
    return await writes.act(transaction, caller, number_of(alert_id), change, values, now, text=name or "nobody")


async def comment(
    transaction: Transaction, act: Act, caller: Caller, alert_id: str, asked: Comment, now: datetime
) -> Alert:
    """Add something to the history of an open alert. Raises NotFound, Invalid, and Conflict once it is resolved."""
    if not asked.text.strip():
        raise Invalid("A comment says something", parameter="text")
    act.after = {"text": asked.text}
    change = AlertChange.COMMENTED
    return await writes.act(transaction, caller, number_of(alert_id), change, {}, now, text=asked.text)


async def resolve(
    transaction: Transaction, act: Act, caller: Caller, alert_id: str, asked: Resolution, now: datetime
) -> Alert:
    """Resolve an alert whose condition has ended. Raises NotFound, and Conflict while it holds."""
    act.after = {"note": asked.note}
    return await writes.resolve(transaction, caller, number_of(alert_id), now, note=asked.note)


def _said(note: str | None, ticket: str | None) -> str | None:
    return " · ".join(part for part in (note, ticket) if part) or None

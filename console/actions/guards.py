"""What stops a top-up before anything is made of it or it is approved: another under way, the cool-down, the budgets.

And what stops a person from ending an action that is unknown, or a payment that is made later and was not.
"""

import re
from datetime import UTC, datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import reads
from console.actions.budgets import refusal
from console.actions.explanations import PAYMENT_NAMES, SLOW_PAYMENTS
from console.actions.replacing import may_replace
from console.actions.requests import LONGEST_REASON, Asked
from console.actions.rules import COOL_DOWN, SPENDING
from console.actions.sending_rules import NOT_DONE_AFTER
from console.actions.spending import limits_of, spendings
from console.carrier.products import top_up_price
from console.errors import Conflict, Invalid
from console.facts.actions import Action, ActionKind, ActionState
from console.organizations import reads as organization_reads
from console.organizations.flags import Flag, said_of
from console.organizations.rules import Caller
from console.store.locks import AdvisoryLock, transaction_lock
from console.unicode_text import is_visible

WORDS = re.compile(r"\w{3}")


class Price(Struct, frozen=True, kw_only=True):
    """What an action costs as far as it is known, and why the budgets do not allow it."""

    amount_minor: int | None = None
    currency: str | None = None
    refusal: str | None = None


async def lock_spending(connection: AsyncConnection, organization_id: int) -> datetime:
    """Wait until no other transaction asks for what the organization's budgets pay, and keep others waiting.

    The time by the database's clock then: by a process' own, which may be wrong, a budget's day would be another one.
    """
    lock = transaction_lock(AdvisoryLock.ACTION, organization_id).add_columns(sa.func.clock_timestamp())
    at: datetime = (await connection.execute(lock)).one()[1]
    return at.astimezone(UTC)


async def may_begin(connection: AsyncConnection, caller: Caller, asked: Asked, now: datetime) -> Price:
    """The price of what costs money. Raises as `may_spend` and `may_replace` do, each for its kind of action."""
    if asked.kind is ActionKind.REPLACE:
        await may_replace(connection, caller.organization_id, asked.iccid, asked.parameters)
    return await may_spend(connection, caller, asked, now) if asked.kind in SPENDING else Price()


async def may_spend(connection: AsyncConnection, caller: Caller, asked: Asked, now: datetime) -> Price:
    """The price, and whether the budgets allow it. The caller holds the organization's lock on spending.

    Raises Conflict while top-ups are stopped, while one of the SIM is under way, within the cool-down unless `repeat`
    is asked for, and when the price is no longer the one that the form has shown.
    """
    organization_id = caller.organization_id
    if (stop := await organization_reads.stopped(connection, organization_id, Flag.SPENDING)) is not None:
        raise Conflict(said_of(stop), flag=stop.name)
    under_way = await reads.open_top_up(connection, organization_id, asked.iccid)
    if under_way is not None:
        raise Conflict(
            f"A top-up of this SIM is under way since {under_way.requested_at:%H:%M} UTC by {under_way.requested_by}: "
            f"{under_way.state}",
            action=under_way.id,
            state=under_way.state,
        )
    last = await reads.last_top_up(connection, organization_id, asked.iccid, now - COOL_DOWN)
    if last is not None and not asked.repeat:
        latest = max(one for one in (last.requested_at, last.sent_at) if one is not None)
        minutes = max(1, round((now - latest).total_seconds() / 60))
        ago = "a minute" if minutes == 1 else f"{minutes} minutes"
        raise Conflict(
            f"Topped up {ago} ago by {last.requested_by}: once more only with “Again” ticked (a program: `repeat`)",
            action=last.id,
            repeat_with={"repeat": True},
        )
    price = await top_up_price(connection, organization_id, now)
    if asked.shown_price not in (None, shown(price.amount_minor, price.currency)):
        changed = "The price has changed since it was shown"
        why = changed if asked.shown_price else "The form did not say which price its page showed"
        raise Conflict(f"{why}. Now: {price.explanation}")
    limits = await limits_of(connection, organization_id)
    spent = await spendings(connection, organization_id, now) if limits else []
    return Price(
        amount_minor=price.amount_minor,
        currency=price.currency,
        refusal=refusal(caller.handle, caller.name, price, limits, spent),
    )


async def may_go_on(
    connection: AsyncConnection, organization_id: int, handle: str, action: Action, now: datetime
) -> None:
    """Raises Conflict where a top-up that was approved may not go on. The caller holds the lock on spending.

    That is while top-ups are stopped, at another price than the approved one, and beyond what the budgets of whoever
    asked for it (`handle`) have left now.
    """
    if (stop := await organization_reads.stopped(connection, organization_id, Flag.SPENDING)) is not None:
        raise Conflict(said_of(stop), flag=stop.name)
    price = await top_up_price(connection, organization_id, now)
    if (price.amount_minor, price.currency) != (action.price_minor, action.currency):
        raise Conflict(
            f"The price has changed since it was asked for: reject it, and ask anew. Now: {price.explanation}"
        )
    limits = await limits_of(connection, organization_id)
    spent = await spendings(connection, organization_id, now, but=action.id) if limits else []
    if (why := refusal(handle, action.requested_by, price, limits, spent)) is not None:
        raise Conflict(why)


def said_by_person(action: Action, now: datetime, *, happened: bool, reason: str) -> str:
    """What is noted of a person's word about an action that is unknown.

    Raises Conflict for an action in another state, and for "it did not happen" while 1NCE may still be doing it;
    Invalid for a reason that says nothing.
    """
    if action.state != ActionState.UNKNOWN:
        raise Conflict(f"It is not unknown: it is {action.state}", action=action.id, state=action.state)
    known_from = (action.sent_at or action.changed_at) + NOT_DONE_AFTER
    if not happened and now < known_from:
        raise Conflict(
            f"1NCE may still be doing it: look again at {known_from:%H:%M} UTC", action=action.id, retry_at=known_from
        )
    return f"It {'happened' if happened else 'did not happen'}: {_reason(reason)}"


def said_unpaid(action: Action, now: datetime, reason: str) -> str:
    """Why a person says that a bank transfer or boleto was not paid.

    Raises Conflict for any other action, for one in another state or without an order to ask 1NCE about, and while
    1NCE may not show its order yet; Invalid for a reason that says nothing.
    """
    method = action.parameters.get("payment_method") if action.kind == ActionKind.TOP_UP else None
    order = action.order_number or ""
    known = order.isascii() and order.isdigit()
    if method not in SLOW_PAYMENTS or action.state != ActionState.ACCEPTED or not known:
        what = f"a top-up by {PAYMENT_NAMES.get(str(method), 'an unknown method')}" if method else f"a {action.kind}"
        raise Conflict(
            "Only a bank transfer or boleto that 1NCE has accepted can be ended as not paid: "
            f"this is {what}, {action.state}",
            action=action.id,
            state=action.state,
        )
    known_from = (action.sent_at or action.changed_at) + NOT_DONE_AFTER
    if now < known_from:
        raise Conflict(
            f"1NCE may not show its order yet: ask again at {known_from:%H:%M} UTC",
            action=action.id,
            retry_at=known_from,
        )
    return _reason(reason)


def _reason(given: str) -> str:
    text = " ".join(given.split())
    if not (WORDS.search(text) and len(text) <= LONGEST_REASON and is_visible(text)):
        raise Invalid(f"Give a reason, at most {LONGEST_REASON} characters: how do you know?")
    return text


def shown(amount_minor: int | None, currency: str | None) -> str:
    """A price as a form carries it."""
    return "unknown" if amount_minor is None else f"{amount_minor} {currency}"

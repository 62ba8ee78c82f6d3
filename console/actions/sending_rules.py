"""What evidence ends an action that 1NCE has taken or may have done. No database, no clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from console.actions.explanations import SLOW_PAYMENTS
from console.facts.actions import ActionState
from console.facts.sms import SMS_OPEN

MB = 1 << 20
NOT_DONE_AFTER = timedelta(minutes=10)  # a lost request may still be under way for so long
NOT_RISEN_AFTER = timedelta(hours=1)  # by card the volume comes at once; only where orders can't be read
RESET_SEEN_WITHIN = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=8)  # 1NCE keeps messages and network events for seven days
SETTING_SEEN_WITHIN = timedelta(minutes=1)
TRY_AGAIN = "Try again?"
DROPPED = frozenset({"cancelled", "canceled", "rejected"})  # orders that nobody has to pay any more


class Finding(Struct, frozen=True, kw_only=True):
    """The state that the evidence leads to, and what was found. `ended`: nothing more is looked for."""

    state: ActionState
    message: str
    order_number: str | None = None
    sms_ids: Sequence[str] = ()
    ticket_id: str | None = None


class Pending(Struct, frozen=True, kw_only=True):
    """An action whose effect is looked for. `taken`: 1NCE has said that it would do it."""

    state: ActionState
    sent_at: datetime
    taken: bool = False
    payment_method: str | None = None
    noted_volume_bytes: int | None = None


class NamedOrder(Struct, frozen=True, kw_only=True):
    """What 1NCE says of the order that it named. `status`: its word in lower case; None where it says none.

    `gone`: it answers that there is no such order, and has others. `completed`: it has ever called it that.
    """

    number: str
    status: str | None = None
    gone: bool = False
    completed: bool = False


class OrderEvidence(Struct, frozen=True, kw_only=True):
    """What 1NCE's orders say: whether they could be read, and the order that this top-up has made."""

    readable: bool
    number: str | None = None
    completed: bool = False


def top_up(
    pending: Pending, accumulated_bytes: int | None, orders: OrderEvidence | None, now: datetime
) -> Finding | None:
    """Of a top-up, by the quota's accumulated volume and by the orders; None: it is looked for again."""
    noted, age = pending.noted_volume_bytes, now - pending.sent_at
    if noted is not None and accumulated_bytes is not None and accumulated_bytes > noted:
        number = orders.number if orders else None
        added = f"{(accumulated_bytes - noted) / MB:.0f} MB more."
        return Finding(state=ActionState.CONFIRMED, message=added, order_number=number)
    if orders is not None and orders.completed and (noted is None or accumulated_bytes is None):
        return Finding(state=ActionState.CONFIRMED, message=f"Order {orders.number} is completed.")
    if pending.state is not ActionState.UNKNOWN or orders is None:
        return None
    if orders.number is not None:
        found = f"Order {orders.number} was found."
        return Finding(state=ActionState.ACCEPTED, message=found, order_number=orders.number)
    if orders.readable and age >= NOT_DONE_AFTER and accumulated_bytes is not None:
        nothing = f"1NCE has no order of it, and the data quota has not risen. {TRY_AGAIN}"
        return Finding(state=ActionState.FAILED, message=nothing)
    measured = noted is not None and accumulated_bytes is not None
    if not orders.readable and measured and age >= NOT_RISEN_AFTER and pending.payment_method not in SLOW_PAYMENTS:
        nothing = f"The data quota has not risen within an hour; the orders can't be read. {TRY_AGAIN}"
        return Finding(state=ActionState.FAILED, message=nothing)
    return None


def unpaid(pending: Pending, accumulated_bytes: int | None, order: NamedOrder, now: datetime) -> Finding:
    """Of a bank transfer of which a person says that it was not paid, where the quota has not risen.

    It has failed where 1NCE has dropped the order. An order that is gone proves it only beside a quota that can be
    compared: what may have been charged stays `accepted`.
    """
    measured = pending.noted_volume_bytes is not None and accumulated_bytes is not None
    at = f"{now:%Y-%m-%d %H:%M} UTC"
    if order.completed and not measured:
        return Finding(state=ActionState.CONFIRMED, message=f"Order {order.number} is completed.")
    if order.completed:
        said = f"1NCE has called order {order.number} completed; the data quota has not risen by {at}."
    elif order.status in DROPPED:
        said = f"1NCE calls order {order.number} {order.status}."
        return Finding(state=ActionState.FAILED, message=said)
    elif order.gone and measured:
        said = f"1NCE no longer has order {order.number}, and the data quota has not risen."
        return Finding(state=ActionState.FAILED, message=said)
    elif order.gone:
        said = f"1NCE had no order {order.number} at {at}, but the data quota does not show whether it was charged."
    else:
        said = f"1NCE called order {order.number} {order.status or 'by no status'} at {at}."
    return Finding(state=ActionState.ACCEPTED, message=f"{said} It stays accepted.")


def sms(pending: Pending, statuses: Sequence[str | None], now: datetime) -> Finding | None:
    """Of a message that 1NCE has taken, by the statuses of its parts; None for one that is not in the list."""
    if any(status in ("failed", "expired") for status in statuses):
        how = "failed" if "failed" in statuses else "expired"
        return Finding(state=ActionState.FAILED, message=f"1NCE could not deliver it: {how}.")
    if statuses and all(status is not None and status not in SMS_OPEN for status in statuses):
        return Finding(state=ActionState.CONFIRMED, message="")
    if now - pending.sent_at >= GIVEN_UP_AFTER:
        return Finding(state=ActionState.UNKNOWN, message="1NCE no longer lists the message.")
    return None


def lost_sms(pending: Pending, found: Sequence[str], missing: int, now: datetime) -> Finding | None:
    """Of a message without an answer, by the parts that stand in 1NCE's list and the number of those that don't."""
    if not missing:
        return Finding(state=ActionState.ACCEPTED, message="It was found in 1NCE's list.", sms_ids=found)
    if now - pending.sent_at >= NOT_DONE_AFTER:
        parts = "It is" if missing == 1 else f"{missing} parts are"
        return Finding(state=ActionState.FAILED, message=f"{parts} not in 1NCE's list. {TRY_AGAIN}", sms_ids=found)
    return None


def cancelled_sms(pending: Pending, status: str | None, now: datetime) -> Finding | None:
    """Of a cancelled message, by its status in the list; None if the list no longer has it."""
    if status is None:
        return Finding(state=ActionState.CONFIRMED, message="")
    if status not in SMS_OPEN:
        return Finding(state=ActionState.FAILED, message=f"The message is {status}.")
    if now - pending.sent_at >= NOT_DONE_AFTER:
        return Finding(state=ActionState.FAILED, message=f"The message is still pending. {TRY_AGAIN}")
    return None


def reset(pending: Pending, *, reported: bool, all_read: bool, now: datetime) -> Finding | None:
    """Of a reset, by whether the network has reported it since. `all_read`: no event is left that may be of it."""
    age = now - pending.sent_at
    if reported:
        return Finding(state=ActionState.CONFIRMED, message="")
    if age < RESET_SEEN_WITHIN:
        return None
    if pending.state is ActionState.ACCEPTED or age >= GIVEN_UP_AFTER:
        return Finding(state=ActionState.UNKNOWN, message="The network has not reported it within an hour.")
    if pending.taken or not all_read:
        return None
    return Finding(state=ActionState.FAILED, message=f"The network has reported no reset. {TRY_AGAIN}")


def ticket(pending: Pending, ticket_id: str | None, now: datetime) -> Finding | None:
    """Of a ticket, by the one in 1NCE's list that has its reference; None in place of it: the list has none."""
    if ticket_id is not None:
        return Finding(state=ActionState.CONFIRMED, message=f"Case {ticket_id}.", ticket_id=ticket_id)
    age = now - pending.sent_at
    if pending.state is ActionState.UNKNOWN and not pending.taken and age >= NOT_DONE_AFTER:
        return Finding(state=ActionState.FAILED, message=f"1NCE's list has no such ticket. {TRY_AGAIN}")
    if age >= GIVEN_UP_AFTER:
        return Finding(state=ActionState.UNKNOWN, message="1NCE does not list the ticket.")
    return None


def setting(pending: Pending, *, seen: bool, now: datetime) -> Finding | None:
    """Of a changed setting, by whether 1NCE shows it."""
    if seen:
        return Finding(state=ActionState.CONFIRMED, message="")
    within = NOT_DONE_AFTER if pending.state is ActionState.UNKNOWN else SETTING_SEEN_WITHIN
    if now - pending.sent_at >= within:
        return Finding(state=ActionState.FAILED, message=f"1NCE shows another setting. {TRY_AGAIN}")
    return None

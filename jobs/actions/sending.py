"""The requests of each kind of action, and what their answers prove."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs

from console.actions.rules import LEASE, SendResult
from console.actions.sending_writes import Claim, Sent, note_volume
from console.actions.tickets import whole_text
from console.facts.actions import ActionKind
from console.facts.masking import masked_text
from console.once.commands import Payment, SourceAddressType
from console.once.errors import OnceError, Refused, SignInRefused, Throttled, Unavailable
from console.once.http.rate_limit import CallPriority
from console.sims.writes import record_inventory
from console.sms.parts import parts_of
from jobs.actions.gate import Gate, NotSent, Stopped
from jobs.actions.replacing import replace
from jobs.actions.settings import as_wanted, changes_of
from jobs.polling.rows import inventory_row
from jobs.run import Run

NOW = CallPriority.COMMAND
MB = 1 << 20
RECORDING_SECONDS = 30.0  # of a claim, left for recording the answer
SOURCE_ADDRESS = "SIMconsole"


async def send(run: Run, claimed: Claim) -> Sent:
    """Carry out the action as far as 1NCE lets us; what is known then. Raises nothing of 1NCE's."""
    action = claimed.action
    kind = ActionKind(action.kind)
    gate = Gate(run, claimed, request_text(kind, action.parameters))
    taken: list[str] = []
    try:
        async with asyncio.timeout(LEASE.total_seconds() - RECORDING_SECONDS):
            sent = await KINDS[kind](run, claimed, gate, taken)
    except OnceError as error:
        sent = outcome_of(error, opened=gate.opened)
    except NotSent as error:
        sent = Sent(result=SendResult.NOT_SENT, message=str(error))
    except Stopped as error:
        sent = Sent(result=SendResult.REFUSED, message=str(error))
    except TimeoutError:
        sent = Sent(result=SendResult.LOST if gate.opened else SendResult.NOT_SENT, message="1NCE took too long.")
    return structs.replace(sent, sms_ids=taken, request=request_text(kind, action.parameters))


def outcome_of(error: OnceError, *, opened: bool) -> Sent:
    """What an error proves. `opened`: the request may have been written."""
    message = str(error)
    own = not error.maybe_done or not opened
    if isinstance(error, Refused) and not isinstance(error, SignInRefused) and own:
        return Sent(result=SendResult.REFUSED, message=_sentence(error.message), answer=f"{error.status} {message}")
    if own:
        wait = error.retry_after if isinstance(error, Throttled | Unavailable) else None
        return Sent(result=SendResult.NOT_SENT, message=_sentence(message), answer=message, retry_after=wait)
    return Sent(result=SendResult.LOST, message=_sentence(message), answer=message)


def request_text(kind: ActionKind, parameters: dict[str, Any]) -> str:
    """The request as it is shown to people: without the SIM's number, a message's text or addresses."""
    path = {
        ActionKind.TOP_UP: f"POST /v2/sims/…/topup?payment_method={parameters.get('payment_method')}",
        ActionKind.SMS: "POST /v2/sims/…/sms",
        ActionKind.CANCEL_SMS: "DELETE /v2/sims/…/sms/…",
        ActionKind.RESET: "POST /v2/sims/…/reset",
        ActionKind.TICKET: "POST /v1/support",
        ActionKind.REPLACE: "PUT /v2/sims/… twice: the label, and Disabled",
    }.get(kind)
    return path or f"PUT /v2/sims/… {masked_text(msgspec.json.encode(parameters).decode())}"


async def _top_up(run: Run, claimed: Claim, gate: Gate, taken: list[str]) -> Sent:
    """The quota's volume is noted first: its rise is the proof where the answer is lost."""
    action = claimed.action
    quota = await run.client.data_quota(action.iccid, priority=NOW)
    below = action.parameters.get("only_below_bytes")
    if below is not None and (quota.left is None or quota.left >= below):
        left = "An unknown volume is" if quota.left is None else f"{quota.left / MB:,.0f} MB are"
        return Sent(result=SendResult.REFUSED, message=f"{left} left by now: it was not topped up.")
    async with run.db.transaction() as transaction:
        await note_volume(transaction, claimed, quota.accumulated)
    payment = Payment(action.parameters["payment_method"])
    number = await run.client.commands.top_up(action.iccid, payment, before_sending=gate)
    if number is None:
        return Sent(result=SendResult.LOST, message="1NCE named no order.", answer="2xx without an order")
    return Sent(result=SendResult.TAKEN, order_number=number, answer=f"201, order {number}")


async def _sms(run: Run, claimed: Claim, gate: Gate, taken: list[str]) -> Sent:
    """One request for each part that was not taken before."""
    action = claimed.action
    parameters = action.parameters
    address = str(parameters.get("source_address") or SOURCE_ADDRESS)
    type_ = SourceAddressType.NATIONAL if address.isdigit() else SourceAddressType.ALPHANUMERIC
    expires_at = parameters.get("expires_at")
    for part in parts_of(parameters["payload"], action.id)[claimed.parts_taken :]:
        sms_id = await run.client.commands.send_sms(
            action.iccid,
            part.payload,
            source_address=address,
            source_address_type=type_,
            dcs=part.dcs,
            udh=part.udh,
            expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
            before_sending=gate,
        )
        taken.append(sms_id)
        gate.next_part()
    return Sent(result=SendResult.TAKEN, answer=f"201, message {', '.join(taken)}")


async def _cancel_sms(run: Run, claimed: Claim, gate: Gate, taken: list[str]) -> Sent:
    action = claimed.action
    await run.client.commands.cancel_sms(action.iccid, action.parameters["sms_id"], before_sending=gate)
    return Sent(result=SendResult.TAKEN, answer="200")


async def _reset(run: Run, claimed: Claim, gate: Gate, taken: list[str]) -> Sent:
    await run.client.commands.reset(claimed.action.iccid, before_sending=gate)
    return Sent(result=SendResult.TAKEN, answer="201")


async def _ticket(run: Run, claimed: Claim, gate: Gate, taken: list[str]) -> Sent:
    """1NCE answers without a number: the reference in the text is what the ticket is found by."""
    action = claimed.action
    await run.client.orders.open_ticket(
        subject=action.parameters["subject"],
        text=whole_text(action.parameters, action.id),
        sender=action.requested_by,
        reply_to=action.parameters["reply_to"],
        before_sending=gate,
    )
    return Sent(result=SendResult.TAKEN, answer="201")


async def _setting(run: Run, claimed: Claim, gate: Gate, taken: list[str]) -> Sent:
    """The SIM is read first, for all its settings are sent; what it has already is not sent at all."""
    action = claimed.action
    kind = ActionKind(action.kind)
    current = await run.client.sim(action.iccid, priority=NOW)
    if as_wanted(current, kind, action.parameters):
        return Sent(result=SendResult.SEEN, message="It was so already.")
    if current.status not in ("enabled", "disabled") and kind is not ActionKind.STATUS:
        return Sent(result=SendResult.REFUSED, message=f"1NCE calls the SIM {current.status}.")
    await gate()
    await run.client.commands.configure(current, **changes_of(kind, action.parameters))
    try:
        seen = await run.client.sim(action.iccid, priority=NOW)
    except OnceError:  # it has been done: what 1NCE shows of it is looked for later
        return Sent(result=SendResult.TAKEN, answer="200")
    async with run.db.transaction() as transaction:
        await record_inventory(transaction, run.organization_id, [inventory_row(seen)], run.now())
    shown = as_wanted(seen, kind, action.parameters)
    return Sent(result=SendResult.SEEN if shown else SendResult.TAKEN, answer="200")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


KINDS: dict[ActionKind, Callable[[Run, Claim, Gate, list[str]], Awaitable[Sent]]] = {
    ActionKind.TOP_UP: _top_up,
    ActionKind.SMS: _sms,
    ActionKind.CANCEL_SMS: _cancel_sms,
    ActionKind.RESET: _reset,
    ActionKind.STATUS: _setting,
    ActionKind.IMEI_LOCK: _setting,
    ActionKind.LABEL: _setting,
    ActionKind.TICKET: _ticket,
    ActionKind.REPLACE: replace,
}

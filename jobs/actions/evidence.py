"""What 1NCE shows of an action's effect: the quota, the orders, the messages, the network events, the SIM."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from console.actions import sending_rules as rules
from console.actions.rules import CLOCK_TOLERANCE
from console.actions.sending_reads import Sought, linked_messages
from console.actions.sending_rules import Finding, NamedOrder, OrderEvidence
from console.actions.tickets import reference
from console.carrier.listed_writes import record_orders
from console.carrier.order_readings import is_completed
from console.facts.actions import ActionKind, ActionState
from console.once.client import OnceClient
from console.once.errors import NotFound, Refused
from console.once.http.rate_limit import CallPriority
from console.once.models import Sms
from console.once.orders import TICKETS_PER_PAGE
from console.once.queries import EVENTS_PER_PAGE, SMS_PER_PAGE
from console.sms.parts import parts_of
from console.sms.writes import record_messages
from jobs.actions.order_search import OrderSearch
from jobs.actions.replacing import both, is_replaced
from jobs.actions.settings import as_wanted
from jobs.intake.records import listed_message
from jobs.polling.rows import order_rows
from jobs.run import Run

NOW = CallPriority.COMMAND
PAGES = 5  # of a list: 1NCE promises no order, so only all of it proves that something is not there
RESET_EVENTS = frozenset({8, 9})  # activation and suspension: what a reset is made of


class Evidence:
    """Asks 1NCE about effects, for one run: about the orders once for all of them. `now`: by the database's clock."""

    def __init__(self, run: Run, client: OnceClient, now: Callable[[], datetime]) -> None:
        self._run = run
        self._client = client
        self._now = now
        self._orders = OrderSearch(run, client, now)

    async def of(self, sought: Sought) -> Finding | None:
        """What the evidence leads to; None: it is looked for again. Raises an OnceError when 1NCE can't be asked."""
        kind = ActionKind(sought.action.kind)
        if kind is ActionKind.TOP_UP:
            return await self._top_up(sought)
        if kind in (ActionKind.SMS, ActionKind.CANCEL_SMS):
            return await self._sms(sought, kind)
        if kind is ActionKind.RESET:
            return await self._reset(sought)
        if kind is ActionKind.TICKET:
            return await self._ticket(sought)
        if kind is ActionKind.REPLACE:
            sims = await both(self._client, sought.action.iccid, sought.action.parameters)
            replaced = is_replaced(*sims, sought.action.parameters)
            return rules.setting(sought.pending, seen=replaced, now=self._now())
        sim = await self._client.sim(sought.action.iccid, priority=NOW)
        seen = as_wanted(sim, kind, sought.action.parameters)
        return rules.setting(sought.pending, seen=seen, now=self._now())

    async def _top_up(self, sought: Sought) -> Finding | None:
        quota = await self._client.data_quota(sought.action.iccid, priority=NOW)
        finding = rules.top_up(sought.pending, quota.accumulated, None, self._now())
        if finding is not None:
            return finding
        if sought.unpaid is not None:
            return rules.unpaid(sought.pending, quota.accumulated, await self._named(sought), self._now())
        of_order = self._orders.of if sought.pending.state is ActionState.UNKNOWN else self._own
        orders = await of_order(sought)
        return rules.top_up(sought.pending, quota.accumulated, orders, self._now())

    async def _own(self, sought: Sought) -> OrderEvidence | None:
        """The order that 1NCE has named: where it says no volume, that is all that shows the end."""
        number = sought.action.order_number
        if number is None:
            return None
        async with self._run.db.reading() as connection:
            completed = await is_completed(connection, self._run.organization_id, number)
        return OrderEvidence(readable=True, number=number, completed=completed)

    async def _named(self, sought: Sought) -> NamedOrder:
        """What 1NCE says now of the order that it named. Raises an OnceError when it can't be asked."""
        number, organization_id = str(sought.action.order_number), self._run.organization_id
        gone = False
        try:
            order = await self._client.orders.order(int(number), priority=NOW)
        except NotFound:
            listed = await self._client.orders.orders(priority=NOW)
            orders = [one for one in listed.items if str(one.number) == number]
            known = [one.number for one in listed.items]  # where it names its orders, it is that one which is gone
            gone = bool(known) and None not in known and not listed.unreadable and not orders
        else:
            orders = [order]
        async with self._run.db.transaction() as transaction:
            await record_orders(transaction, organization_id, order_rows(orders), self._now())
            completed = await is_completed(transaction.connection, organization_id, number)
        status = orders[0].status if orders else None
        return NamedOrder(number=number, status=status, gone=gone, completed=completed)

    async def _sms(self, sought: Sought, kind: ActionKind) -> Finding | None:
        action = sought.action
        listed, all_readable = await self._listed(action.iccid)
        now = self._now()
        await self._record(action.iccid, listed, now)
        statuses = {message.id: message.status for message in listed}
        if kind is ActionKind.CANCEL_SMS:
            sms_id = action.parameters["sms_id"]
            if sms_id not in statuses and not all_readable:  # it may be there yet
                return None
            return rules.cancelled_sms(sought.pending, statuses.get(sms_id), now)
        if sought.pending.state is not ActionState.UNKNOWN or sought.pending.taken:
            return rules.sms(sought.pending, [statuses.get(one) for one in action.sms_ids], now)
        async with self._run.db.reading() as connection:
            linked = await linked_messages(connection, self._run.organization_id, action.iccid)
        candidates = [one for one in listed if one.id not in linked and self._since(one, sought)]
        undated = {one.payload for one in listed if one.id not in linked and self._undated(one)}
        found, missing = list(action.sms_ids), 0
        for part in parts_of(action.parameters["payload"], action.id)[len(action.sms_ids) :]:
            match = next((one for one in candidates if one.payload == part.payload), None)
            if match is None and (part.payload in undated or not all_readable):  # one may be this, and proves nothing
                return None
            if match is None:
                missing += 1
            else:
                candidates.remove(match)
                found.append(match.id)
        return rules.lost_sms(sought.pending, found, missing, now)

    async def _listed(self, iccid: str) -> tuple[list[Sms], bool]:
        """The SIM's messages, and whether these are all that 1NCE has."""
        listed: list[Sms] = []
        all_readable = True
        with suppress(NotFound):
            for number in range(1, PAGES + 1):
                page = await self._client.sms_list(iccid, number, priority=NOW)
                listed += page.items
                all_readable &= not page.unreadable
                if len(page.items) + len(page.unreadable) < SMS_PER_PAGE:
                    return listed, all_readable
            return listed, False
        return listed, all_readable

    async def _record(self, iccid: str, listed: Sequence[Sms], now: datetime) -> None:
        """Keep what was read: else a message that was just sent is in no conversation until its SIM is polled."""
        async with self._run.db.transaction() as transaction:
            messages = [listed_message(one, iccid, now) for one in listed]
            await record_messages(transaction, self._run.organization_id, messages, now)

    def _undated(self, message: Sms) -> bool:
        return message.direction == "mt" and message.submitted_at is None

    def _since(self, message: Sms, sought: Sought) -> bool:
        since = sought.pending.sent_at - CLOCK_TOLERANCE
        return message.direction == "mt" and message.submitted_at is not None and message.submitted_at >= since

    async def _ticket(self, sought: Sought) -> Finding | None:
        """The ticket with its reference. Where not all can be read nothing is known."""
        action, since = sought.action, sought.pending.sent_at - CLOCK_TOLERANCE
        all_read, number, more = True, 0, True
        while more and number < PAGES:
            number += 1
            try:
                listed = await self._client.orders.tickets(number, priority=NOW)
            except Refused:  # not offered to this organization
                return None
            for ticket in listed.items:
                named = reference(action.id) in (ticket.text or "") and ticket.subject == action.parameters["subject"]
                if named and (ticket.opened_at is None or ticket.opened_at >= since):
                    return rules.ticket(sought.pending, ticket.id, self._now())
            all_read &= not listed.unreadable
            more = len(listed.items) + len(listed.unreadable) >= TICKETS_PER_PAGE
        return rules.ticket(sought.pending, None, self._now()) if all_read and not more else None

    async def _reset(self, sought: Sought) -> Finding | None:
        since, all_read = sought.pending.sent_at - CLOCK_TOLERANCE, True
        for number in range(1, PAGES + 1):
            batch = await self._client.events(sought.action.iccid, number, priority=NOW)
            reported = any(event.type_id in RESET_EVENTS and event.time >= since for event in batch.events)
            all_read &= not batch.unknown
            more = len(batch) >= EVENTS_PER_PAGE
            if reported or not more:
                break
        return rules.reset(sought.pending, reported=reported, all_read=all_read and not more, now=self._now())

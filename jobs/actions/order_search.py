"""Looks for the order of a top-up of which nobody knows whether it was done, and proves that there is none."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from console.actions.rules import CLOCK_TOLERANCE
from console.actions.sending_reads import Sought, done_without_order, linked_orders, oldest_unproved
from console.actions.sending_rules import NOT_DONE_AFTER, OrderEvidence
from console.carrier.listed_writes import begin_reading, go_on_reading, record_orders
from console.carrier.order_readings import TOP_UP, OrderReading, reading_of, top_ups_of
from console.once.client import OnceClient
from console.once.errors import Refused
from console.once.http.rate_limit import CallPriority
from console.once.models import Page
from console.once.wire.orders import Order
from jobs.polling.rows import order_rows
from jobs.run import Run

PAGES = 10  # in a run: 1NCE allows 100 calls in five minutes


class OrderSearch:
    """1NCE's orders in one run of a job: its newest are read once, and the reading of the past goes on.

    That nothing was ordered is proved by a reading that began when no request could be under way any more, and has
    come back to the moment at which the request was sent. It takes as many runs as it needs.
    """

    def __init__(self, run: Run, client: OnceClient, now: Callable[[], datetime]) -> None:
        self._run = run
        self._client = client
        self._now = now
        self._lock = asyncio.Lock()
        self._pages_left = PAGES
        self._newest_read = False
        self._reading: OrderReading | None = None
        self._stopped = False  # what comes next can't be read in this run

    async def of(self, sought: Sought) -> OrderEvidence | None:
        """The top-up's order: of this SIM, not before it was sent, and not another action's.

        None if one of these has no readable time, or may be another's that was done about then: it proves nothing.
        """
        since = sought.pending.sent_at - CLOCK_TOLERANCE
        async with self._lock:
            proved = await self._read(sought.pending.sent_at, since)
        async with self._run.db.reading() as connection:
            organization_id = self._run.organization_id
            linked = await linked_orders(connection, organization_id, since)
            found = await top_ups_of(connection, organization_id, sought.action.iccid, since)
            others = await done_without_order(connection, organization_id, sought)
        mine = [order for order in found if str(order.number) not in linked]
        dated = next((order for order in mine if order.ordered_at is not None), None)
        if dated is not None and len(mine) > others:  # the latest: of one SIM one top-up follows the other
            return OrderEvidence(readable=True, number=str(dated.number))
        return None if mine else OrderEvidence(readable=proved)

    async def _read(self, sent_at: datetime, since: datetime) -> bool:
        """Read on; whether every order since then was read, as of a moment when no request was under way any more."""
        try:
            if not self._newest_read:
                await self._read_newest()
            final = sent_at + NOT_DONE_AFTER
            if final > self._now():
                return False
            if (self._reading is None or self._reading.began_at < final) and not await self._begin_anew():
                return False
            await self._read_back_to(since)
        except Refused:  # not offered to this organization
            self._newest_read, self._pages_left = True, 0
        return self._reading is not None and self._reading.began_at >= final and self._reading.reaches(since)

    async def _read_newest(self) -> None:
        """Those that are not known yet, on as many pages as have any."""
        async with self._run.db.reading() as connection:
            self._reading = await reading_of(connection, self._run.organization_id)
        number = 0
        while self._pages_left:
            number += 1
            page = await self._page(number)
            async with self._run.db.transaction() as transaction:
                rows = order_rows(page.items)
                changed = await record_orders(transaction, self._run.organization_id, rows, self._now())
            moments = [order.ordered_at for order in page.items if order.ordered_at is not None]
            known = bool(page.items) and not changed and moments == sorted(moments, reverse=True)
            if known or not (page.items or page.unreadable):
                break
        self._newest_read = True

    async def _begin_anew(self) -> bool:
        """Begin another reading, unless the last is still read on for others; False: not in this run."""
        if not self._pages_left:
            return False
        if self._reading is not None and not self._stopped:
            async with self._run.db.reading() as connection:
                oldest = await oldest_unproved(connection, self._run.organization_id, self._reading.began_at)
            if oldest is not None:
                await self._read_back_to(oldest)
                if not self._stopped and not self._reading.reaches(oldest):
                    return False
        now = self._now()
        async with self._run.db.transaction() as transaction:
            if not await begin_reading(transaction, self._run.organization_id, self._reading, now):
                self._pages_left = 0
                return False
        self._reading, self._stopped = OrderReading(began_at=now), False
        return True

    async def _read_back_to(self, since: datetime) -> None:
        while self._reading is not None and not self._stopped and self._pages_left:
            if self._reading.reaches(since):
                return
            await self._read_next(self._reading)

    async def _read_next(self, before: OrderReading) -> None:
        """One more page, if all of it is readable: an order that is not, or that does not say its type or SIMs, may be
        the one that is looked for.
        """
        page = await self._page(before.pages + 1)
        rows = order_rows(page.items)
        after = before.after([(order.number, order.ordered_at) for order in page.items])
        known = all(order.type is not None and (order.iccids or order.type != TOP_UP) for order in page.items)
        whole = known and not page.unreadable and len(rows) == len(page.items)
        async with self._run.db.transaction() as transaction:
            await record_orders(transaction, self._run.organization_id, rows, self._now())
            noted = whole and await go_on_reading(transaction, self._run.organization_id, before, after)
        self._reading, self._stopped = (after, False) if noted else (before, True)

    async def _page(self, number: int) -> Page[Order]:
        page = await self._client.orders.orders(number, priority=CallPriority.COMMAND)
        self._pages_left -= 1  # one that fails is read by the next that asks: none is passed over
        return page

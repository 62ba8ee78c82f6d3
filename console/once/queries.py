"""Reading operations on SIMs. Each result is 1NCE's current answer, in our own units."""

from collections.abc import Callable
from typing import TypeVar

from console import iccid as iccids
from console.once import operations
from console.once.errors import Unexpected
from console.once.http.rate_limit import CallPriority
from console.once.http.requester import Requester
from console.once.models import Quota, Sim, SimPage, Sms, SmsPage, Status
from console.once.operations import Operation
from console.once.streamer.records import Batch, read_batch
from console.once.wire import decode
from console.once.wire.daily_usage import DailyUsage, read_daily_usage
from console.once.wire.reading import as_part, number, read, read_one
from console.once.wire.status import read_status

SIMS_PER_PAGE = 100  # 1NCE's most
EVENTS_PER_PAGE = 1000  # 1NCE's most
SMS_PER_PAGE = 1000  # 1NCE's most

Thing = TypeVar("Thing")


class Queries:
    """The reading operations of one organization, inherited by `OnceClient`; polls unless `priority` says otherwise."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester

    async def sims(
        self,
        page: int,
        page_size: int = SIMS_PER_PAGE,
        *,
        priority: CallPriority = CallPriority.POLL,
        force: bool = False,
    ) -> SimPage:
        """One page of the inventory, from 1; past the end it is empty. The order of SIMs is 1NCE's own.

        `GET /v2/sims`: 100 at most. With `force` it is asked for even while the circuit is open.
        """
        params = {"page": page, "pageSize": page_size}
        answer = await self._requester.call(operations.SIMS, priority=priority, params=params, force=force)
        items, unreadable = read(answer, lambda body: decode.read_items(body, decode.read_sim))
        return SimPage(
            items=items,
            unreadable=unreadable,
            page=page,
            pages=number(answer, "X-Total-Pages"),
            total=number(answer, "X-Total-Count"),
        )

    async def sim(self, iccid: str, *, priority: CallPriority = CallPriority.POLL) -> Sim:
        """One SIM of the inventory, by `GET /v2/sims/{iccid}`: its quotas are what was set, not what is left."""
        sim = await self._one(operations.SIM, decode.read_sim, iccid, priority)
        if sim.iccid != iccids.parse(iccid):
            raise Unexpected(operations.SIM.url(iccid=iccid), f"this is SIM {sim.iccid}", b"")
        return sim

    async def status(self, iccid: str, *, priority: CallPriority = CallPriority.POLL) -> Status:
        """Where the SIM is and whether it is online, by `GET /v2/sims/{iccid}/status`."""
        return await self._one(operations.STATUS, read_status, iccid, priority)

    async def data_quota(self, iccid: str, *, priority: CallPriority = CallPriority.POLL) -> Quota:
        """The SIM's data quota, in bytes, by `GET /v2/sims/{iccid}/quota/data`."""
        return await self._one(operations.DATA_QUOTA, decode.read_data_quota, iccid, priority)

    async def sms_quota(self, iccid: str, *, priority: CallPriority = CallPriority.POLL) -> Quota:
        """The SIM's SMS quota, in messages, by `GET /v2/sims/{iccid}/quota/sms`."""
        return await self._one(operations.SMS_QUOTA, decode.read_sms_quota, iccid, priority)

    async def events(
        self, iccid: str, page: int = 1, page_size: int = EVENTS_PER_PAGE, *, priority: CallPriority = CallPriority.POLL
    ) -> Batch:
        """One page of the SIM's network events of the last seven days, in no promised order; empty past the end.

        `GET /v2/sims/{iccid}/events`: 1,000 at most.
        """
        params = {"page": page, "pageSize": page_size}
        answer = await self._requester.call(
            operations.EVENTS, priority=priority, params=params, iccid=iccids.parse(iccid)
        )
        return read(answer, read_batch)

    async def sms_list(
        self, iccid: str, page: int = 1, page_size: int = SMS_PER_PAGE, *, priority: CallPriority = CallPriority.POLL
    ) -> SmsPage:
        """One page of the SIM's messages, both ways, of the last seven days; empty past the end.

        `GET /v2/sims/{iccid}/sms`: 1,000 at most.
        """
        params = {"page": page, "per_page": page_size}
        answer = await self._requester.call(
            operations.SMS_LIST, priority=priority, params=params, iccid=iccids.parse(iccid)
        )
        items, unreadable = read(answer, lambda body: decode.read_items(body, decode.read_sms))
        return SmsPage(items=items, unreadable=unreadable, page=page)

    async def sms(self, iccid: str, sms_id: str, *, priority: CallPriority = CallPriority.POLL) -> Sms:
        """One message of a SIM, by the id that its list shows, by `GET /v2/sims/{iccid}/sms/{id}`.

        NotFound when it is older than seven days.
        """
        answer = await self._requester.call(
            operations.SMS, priority=priority, iccid=iccids.parse(iccid), id=as_part(sms_id)
        )
        return read_one(answer, decode.read_sms)

    async def daily_usage(self, iccid: str, *, priority: CallPriority = CallPriority.POLL) -> list[DailyUsage]:
        """What the SIM used on each UTC day, in bytes and messages. Path and form are not documented.

        Nothing may depend on it: usage comes from the Data Streamer and from the fall of quotas. NotOffered until
        `probe` has received an answer.
        """
        answer = await self._requester.call(operations.USAGE, priority=priority, iccid=iccids.parse(iccid))
        return read_one(answer, read_daily_usage)

    async def _one(
        self, operation: Operation, reader: Callable[[bytes], Thing], iccid: str, priority: CallPriority
    ) -> Thing:
        """One thing of one SIM."""
        return read_one(await self._requester.call(operation, priority=priority, iccid=iccids.parse(iccid)), reader)

"""Everything that can be asked of 1NCE for one organization, and how it is asked for.

async with OnceClient(url, client_id, client_secret, redis=redis, organization="acme") as once:
    async for page in once.walk_sims():
        ...
"""

from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import httpx
from redis.asyncio import Redis

from console.once import decode, operations
from console.once import iccid as iccids
from console.once.account import AccountDesk
from console.once.caller import OWNER_HINT, Caller, Observe
from console.once.commands import Commands
from console.once.daily_usage import DailyUsage, read_daily_usage
from console.once.errors import NotFound, Refused, SignInRefused, Unexpected
from console.once.models import Quota, Sim, SimPage, Sms, SmsPage, Status
from console.once.notices import LineState, Noticed
from console.once.operations import Operation
from console.once.pace import Lane, Pace
from console.once.records import Batch, read_batch
from console.once.retry import Retries
from console.once.standing import Standing, Stands
from console.once.whereabouts import read_status

BASE_URL = "https://api.1nce.com/management-api"
SIMS_PER_PAGE = 100  # 1NCE's most
EVENTS_PER_PAGE = 1000  # 1NCE's most
TIMEOUT = httpx.Timeout(15.0, connect=5.0)

Thing = TypeVar("Thing")


def observe_nothing(operation: str, outcome: str, seconds: float) -> None:
    """Where nobody counts."""


class OnceClient:
    """1NCE's Management API for one organization: one of these per worker, for as long as the worker lives.

    `commands` has what changes a SIM, `account` what belongs to the account as a whole. All methods raise the errors of
    `console.once.errors`, and InvalidIccid for what is no ICCID (19 digits, or 20 with the check digit). `organization`
    names the organization in Redis keys: all workers that ask for it must give the same. `lane` says whether a person
    is waiting. `observe(operation, outcome, seconds)` hears of every exchange, `noticed` of every change in how the
    account stands.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        redis: Redis,
        organization: str,
        requests_per_second: float = 10.0,
        max_wait_seconds: float = 30.0,
        retries: Retries | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        limits: httpx.Limits | None = None,
        user_agent: str = "sim-console",
        observe: Observe = observe_nothing,
        noticed: Noticed | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout,
            limits=limits or httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=30.0),
            headers={"User-Agent": user_agent, "Accept": "application/json"},
        )
        pace = Pace(redis, organization, requests_per_second=requests_per_second, max_wait_seconds=max_wait_seconds)
        self._caller = Caller(
            self._http,
            redis,
            client_id=client_id,
            client_secret=client_secret,
            pace=pace,
            retries=retries or Retries(),
            observe=observe,
            standing=Standing(redis, organization, noticed),
        )
        self.commands = Commands(self._caller)
        self.account = AccountDesk(self._caller)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def check(self) -> int | None:
        """Sign in anew and look at the inventory: how many SIMs the account has, None if 1NCE does not say.

        Raises SignInRefused, with a message for the person who set the credentials.
        """
        await self._caller.tokens.fresh()
        try:
            return (await self.sims(1, page_size=1, lane=Lane.COMMAND, whatever=True)).total
        except Refused as error:
            if error.status == httpx.codes.FORBIDDEN:
                raise SignInRefused(error.status, OWNER_HINT, code=error.code, token=error.token) from error
            raise

    async def renew_token(self) -> None:
        """Make sure that the token which all workers share is good for a while; asks 1NCE only if it is not."""
        if (await self.standing()).line is LineState.CLOSED:
            await self._caller.tokens.get()

    async def ask(
        self, operation: Operation, *, params: dict[str, str | int] | None, lane: Lane, **parts: str
    ) -> httpx.Response:
        """1NCE's bare answer, for whoever wants to see its form: asked even of what was seen not to be offered."""
        return await self._caller.call(operation, lane=lane, params=params, whatever=True, **parts)

    async def standing(self) -> Stands:
        """Whether 1NCE is asked at all now, and what it does not offer to this account."""
        return await self._caller.standing.now()

    async def sims(
        self, page: int, page_size: int = SIMS_PER_PAGE, *, lane: Lane = Lane.POLL, whatever: bool = False
    ) -> SimPage:
        """One page of the inventory, from 1; past the end it is empty. The order of SIMs is 1NCE's own.

        With `whatever` 1NCE is asked even while it is left alone because it does not answer.
        """
        params = {"page": page, "pageSize": page_size}
        answer = await self._caller.call(operations.SIMS, lane=lane, params=params, whatever=whatever)
        items, unreadable = _read(answer, lambda body: decode.read_items(body, decode.read_sim))
        return SimPage(
            items=items,
            unreadable=unreadable,
            page=page,
            pages=_number(answer, "X-Total-Pages"),
            total=_number(answer, "X-Total-Count"),
        )

    async def walk_sims(
        self, start_page: int = 1, page_size: int = SIMS_PER_PAGE, *, lane: Lane = Lane.POLL
    ) -> AsyncIterator[SimPage]:
        """All pages of the inventory from `start_page`, one at a time, to the last or the first empty one.

        1NCE promises no order: a SIM may come twice or slip between two pages, so one walk alone proves no SIM gone.
        """
        before: list[str] = []
        while True:
            page = await self.sims(start_page, page_size, lane=lane)
            if not page.items and not page.unreadable:
                return
            iccids = [sim.iccid for sim in page.items]
            if iccids and iccids == before:
                raise Unexpected(operations.SIMS.path, f"page {page.page} is the page before it once more", b"")
            yield page
            if page.pages is not None and page.page >= page.pages:
                return
            before, start_page = iccids, start_page + 1

    async def sim(self, iccid: str, *, lane: Lane = Lane.POLL) -> Sim:
        """One SIM of the inventory."""
        sim = await self._one(operations.SIM, decode.read_sim, iccid, lane)
        if sim.iccid != iccids.parse(iccid):
            raise Unexpected(operations.SIM.url(iccid=iccid), f"this is SIM {sim.iccid}", b"")
        return sim

    async def status(self, iccid: str, *, lane: Lane = Lane.POLL) -> Status:
        """Where the SIM is and whether it is online."""
        return await self._one(operations.STATUS, read_status, iccid, lane)

    async def data_quota(self, iccid: str, *, lane: Lane = Lane.POLL) -> Quota:
        """What the SIM may still use of data, in bytes."""
        return await self._one(operations.DATA_QUOTA, decode.read_data_quota, iccid, lane)

    async def sms_quota(self, iccid: str, *, lane: Lane = Lane.POLL) -> Quota:
        """How many messages the SIM may still use."""
        return await self._one(operations.SMS_QUOTA, decode.read_sms_quota, iccid, lane)

    async def events(
        self, iccid: str, page: int = 1, page_size: int = EVENTS_PER_PAGE, *, lane: Lane = Lane.POLL
    ) -> Batch:
        """One page of what happened to the SIM in the last seven days, in no promised order; empty past the end."""
        params = {"page": page, "pageSize": page_size}
        answer = await self._caller.call(operations.EVENTS, lane=lane, params=params, iccid=iccids.parse(iccid))
        return _read(answer, read_batch)

    async def sms_list(self, iccid: str, page: int = 1, page_size: int = 1000, *, lane: Lane = Lane.POLL) -> SmsPage:
        """One page of the SIM's messages, both ways, of the last seven days; empty past the end."""
        params = {"page": page, "per_page": page_size}
        answer = await self._caller.call(operations.SMS_LIST, lane=lane, params=params, iccid=iccids.parse(iccid))
        items, unreadable = _read(answer, lambda body: decode.read_items(body, decode.read_sms))
        return SmsPage(items=items, unreadable=unreadable, page=page)

    async def sms(self, iccid: str, sms_id: str, *, lane: Lane = Lane.POLL) -> Sms:
        """One message of a SIM, by the id that its list shows. NotFound when it is older than seven days."""
        number = quote(sms_id, safe="")
        answer = await self._caller.call(operations.SMS, lane=lane, iccid=iccids.parse(iccid), id=number)
        return _thing(answer, operations.SMS, decode.read_sms)

    async def daily_usage(self, iccid: str, *, lane: Lane = Lane.POLL) -> list[DailyUsage]:
        """What the SIM used on each UTC day. 1NCE has such a call, but its path and shape are a guess of ours.

        Nothing may rest on it: usage comes from the Data Streamer and from the fall of quotas.
        """
        answer = await self._caller.call(operations.USAGE, lane=lane, iccid=iccids.parse(iccid))
        return _read(answer, read_daily_usage)

    async def _one(self, operation: Operation, read: Callable[[bytes], Thing], iccid: str, lane: Lane) -> Thing:
        """One thing of one SIM."""
        return _thing(await self._caller.call(operation, lane=lane, iccid=iccids.parse(iccid)), operation, read)


def _thing(answer: httpx.Response, operation: Operation, read: Callable[[bytes], Thing]) -> Thing:
    """What an answer says of one thing. 1NCE has answered for unknown SIMs with 200 and nothing: "not found"."""
    if answer.content.strip() in (b"", b"null"):
        raise NotFound(answer.status_code, f"1NCE has nothing under {answer.url.path} ({operation.metric}).")
    return _read(answer, read)


def _read(answer: httpx.Response, read: Callable[[bytes], Thing]) -> Thing:
    """What an answer says, or Unexpected with the body kept."""
    try:
        return read(answer.content)
    except decode.UNREADABLE as error:
        raise Unexpected(str(answer.url), str(error) or type(error).__name__, answer.content) from error


def _number(answer: httpx.Response, header: str) -> int | None:
    text = answer.headers.get(header, "").strip()
    return int(text) if text.isascii() and text.isdigit() else None
